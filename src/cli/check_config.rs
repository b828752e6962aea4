//! What is wrong with a configuration: for `twostep check-config`, and before the gateway starts.

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;

use crate::app;
use crate::settings::{self, Settings};

/// What keeps a gateway from starting; and, if asked, what keeps it from working as it should.
#[must_use]
pub fn wrong_with(config: Option<&Path>, with_cautions: bool) -> (Option<Settings>, Vec<String>) {
    let (settings, mistakes) = settings::read_all(config);
    let mut wrong: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    if let Some(settings) = &settings {
        wrong.extend(app::problems(settings));
        if with_cautions {
            wrong.extend(app::cautions(settings));
        }
    }
    // A file that is missing may be missed by several who need it.
    let mut said = HashSet::new();
    wrong.retain(|line| said.insert(line.clone()));
    (settings, wrong)
}

/// Prints them to standard error, one line each.
pub fn complain(wrong: &[String]) {
    for line in wrong {
        let _ = writeln!(std::io::stderr(), "twostep: {}", line.replace('\n', " "));
    }
}
