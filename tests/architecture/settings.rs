//! Settings that documents and deployment pieces name.

use std::collections::BTreeSet;

use super::{all_files, read, root};

/// `section.key` of every setting in config/default.toml, also of those that are commented out.
fn settings() -> BTreeSet<String> {
    let (mut section, mut settings) = (String::new(), BTreeSet::new());
    for line in read(&root().join("config/default.toml")).lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = format!("{name}.");
        } else if let Some((key, _)) = line.trim_start_matches("# ").split_once(" = ")
            && key.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
        {
            settings.insert(format!("{section}{key}"));
        }
    }
    settings
}

/// Every name such as `TWOSTEP__SECTION__KEY` in a text.
fn variables(text: &str) -> BTreeSet<String> {
    let names = text.split("TWOSTEP__").skip(1).map(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_uppercase() && !letter.is_ascii_digit() && letter != '_');
        rest[..end.unwrap_or(rest.len())].to_owned()
    });
    names.collect()
}

#[test]
fn every_variable_that_is_named_is_a_setting() {
    let settings = settings();
    assert!(settings.contains("database.url") && settings.contains("bus.subject_prefix"), "{settings:?}");
    let mut paths = vec![root().join("README.md"), root().join("docs/operations.md")];
    paths.extend(all_files("deploy"));
    let mut seen = 0;
    for path in paths {
        for variable in variables(&read(&path)) {
            if variable.starts_with("SECTION__KEY") {
                // What stands for every name.
                continue;
            }
            let key = variable.to_lowercase().replace("__", ".");
            let is_file_of = key.strip_suffix("_file").is_some_and(|secret| settings.contains(secret));
            assert!(settings.contains(&key) || is_file_of, "{}: TWOSTEP__{variable} is no setting", path.display());
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} names were found");
}
