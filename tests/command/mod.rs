//! The command line, as a process of its own.

mod admin;
mod code_keys;
mod doctor;
mod log;
mod migrate;
mod operator_token;
mod outgoing;
mod production;
mod push_keys;
mod reach;
mod reload;
mod rollout;
mod service_manager;
mod settings;

use std::path::Path;
use std::process::{Command, Output};

use crate::support::gateway::operator_token_file;

/// Runs `twostep` with this environment and nothing of ours, in an empty folder.
fn run(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twostep"));
    command.current_dir(folder).args(arguments);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TWOSTEP__")) {
        command.env_remove(name);
    }
    command.envs(environment.iter().copied()).output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// What a command said, and whether it succeeded.
struct Said {
    is_well: bool,
    output: String,
    errors: String,
}

impl Said {
    #[track_caller]
    fn well(self) -> String {
        assert!(self.is_well, "{}", self.errors);
        self.output
    }

    /// The one line of a failure.
    #[track_caller]
    fn failure(self) -> String {
        assert!(!self.is_well, "{}", self.output);
        assert_eq!(self.errors.trim_end().lines().count(), 1, "one readable line: {}", self.errors);
        self.errors
    }
}

/// Runs `twostep` as a process with these arguments and this environment, beside a gateway in this one, whose token it knows.
async fn say(arguments: &[&str], environment: &[(&str, &str)]) -> Said {
    let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    let token_file = operator_token_file();
    let token_file = ("TWOSTEP__OPERATOR__TOKEN_FILE", token_file.to_str().expect("UTF-8"));
    // What a test says of it goes before.
    let environment: Vec<(String, String)> =
        [token_file].iter().chain(environment).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let output = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().expect("a folder");
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let environment: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        run(folder.path(), &arguments, &environment)
    });
    let output = output.await.expect("it ran");
    Said { is_well: output.status.success(), output: text(&output.stdout), errors: text(&output.stderr) }
}
