//! The load-testing harness. It speaks the public HTTP and WebSocket contract only.

mod accounts;
mod arguments;
mod client;
mod crowd;
mod machine;
mod measure;
mod report;
mod scenario;
mod stage;

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, Parser};
use twostep_simulators::{ProvidersOptions, run_providers};

use self::arguments::{Arguments, Command, Scenario};
use self::report::Report;
use self::stage::Stage;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    match runtime.block_on(Box::pin(run(Arguments::parse().command))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "twostep-loadtest: {error:#}");
    ExitCode::FAILURE
}

/// `false` when something did not hold.
async fn run(command: Command) -> anyhow::Result<bool> {
    use scenario::{guess, hostile, timing};
    match command {
        Command::Timing(scenario) => play("timing", &scenario, timing::run).await,
        Command::Guess(scenario) => play("guess", &scenario, guess::run).await,
        Command::Hostile(scenario) => play("hostile", &scenario, hostile::run).await,
        Command::Providers { fcm, apns, directory } => {
            let options =
                ProvidersOptions { fcm_address: fcm, apns_address: apns, directory, ..ProvidersOptions::default() };
            run_providers(options).await?;
            Ok(true)
        }
    }
}

async fn play<Own: Args>(
    name: &str,
    scenario: &Scenario<Own>,
    run: impl AsyncFn(&Stage, &Own, &mut Report) -> anyhow::Result<()>,
) -> anyhow::Result<bool> {
    let common = &scenario.common;
    let mut report = Report::begin(name);
    let stage = Box::pin(Stage::open(common)).await?;
    tokio::select! {
        played = Box::pin(run(&stage, &scenario.own, &mut report)) => played?,
        _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
    }
    report.machine.load_after = machine::load_average();
    drop(stage);
    report::deliver(&report, common.json.as_deref(), common.html.as_deref())?;
    Ok(report.passed())
}
