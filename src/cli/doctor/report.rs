//! What the doctor prints.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

/// What a check found: a word about it, or what is wrong and how to mend it.
pub(super) type Finding = Result<String, Complaint>;

/// Something that is wrong.
pub(super) struct Complaint {
    pub(super) what: String,
    pub(super) mend: String,
}

impl Complaint {
    pub(super) fn new(what: impl std::fmt::Display, mend: impl Into<String>) -> Self {
        Self { what: what.to_string(), mend: mend.into() }
    }
}

/// Prints findings as they come and remembers whether one was bad.
pub(super) struct Report {
    colours: bool,
    complaints: usize,
}

impl Report {
    pub(super) fn new() -> Self {
        let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { colours, complaints: 0 }
    }

    pub(super) fn add(&mut self, name: &str, finding: Finding) {
        match finding {
            Ok(word) => self.line(&self.paint("✔", 32), name, &word),
            Err(complaint) => {
                self.complaints += 1;
                self.line(&self.paint("✘", 31), name, &complaint.what);
                self.line(" ", "", &format!("→ {}", complaint.mend));
            }
        }
    }

    /// Something that the settings leave off.
    pub(super) fn off(&self, name: &str, why: &str) {
        self.line("–", name, &format!("off: {why}"));
    }

    pub(super) fn conclude(&self) -> ExitCode {
        match self.complaints {
            0 => {
                self.line(" ", "", "all is well");
                ExitCode::SUCCESS
            }
            1 => self.failed("1 thing to mend"),
            count => self.failed(&format!("{count} things to mend")),
        }
    }

    fn failed(&self, what: &str) -> ExitCode {
        self.line(" ", "", what);
        ExitCode::FAILURE
    }

    fn line(&self, mark: &str, name: &str, text: &str) {
        // Nobody reads any more: the exit status still tells.
        let _ = writeln!(std::io::stdout(), "{mark} {name:<14} {text}");
    }

    fn paint(&self, text: &str, code: u8) -> String {
        if self.colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
