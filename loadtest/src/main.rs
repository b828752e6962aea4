//! The load-testing harness. It speaks the public HTTP and WebSocket contract only.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

/// Load-tests a running Twostep gateway over its public contract.
///
/// It has no scenarios yet.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {}

fn main() -> ExitCode {
    let Arguments {} = Arguments::parse();
    match Arguments::command().print_help() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
