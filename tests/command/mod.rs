//! The command line, as a process of its own.

mod doctor;
mod keys;
mod production;
mod rollout;
mod settings;

use std::path::Path;
use std::process::{Command, Output};

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
