//! The load-testing harness. It speaks the public HTTP and WebSocket contract only.

mod accounts;
mod arguments;
mod client;
mod crowd;
mod floor;
mod inject;
mod machine;
mod measure;
mod options;
mod report;
mod scenario;
mod stage;

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, Parser};
use twostep_simulators::{ProvidersOptions, run_providers};

use self::arguments::{Arguments, Command, Scenario};
use self::report::Report;
use self::stage::{Stage, Stages};

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
    use scenario::{emailed, fallback, fanout, guess, hostile, idle, mix, outage, restart, signin, soak, timing};
    match command {
        Command::Timing(scenario) => play("timing", &scenario, alone(timing::run)).await,
        Command::Guess(scenario) => play("guess", &scenario, alone(guess::run)).await,
        Command::Hostile(scenario) => play("hostile", &scenario, alone(hostile::run)).await,
        Command::Signin(scenario) => play("signin", &scenario, signin::run).await,
        Command::Emailed(mut scenario) => {
            let sink = emailed::mail_server(&mut scenario.common).await?;
            let run = async |stage: &Stage, own: &emailed::Options, report: &mut Report| {
                emailed::run(stage, own, &sink, report).await
            };
            play("emailed", &scenario, alone(run)).await
        }
        Command::Fallback(mut scenario) => {
            let providers = fallback::Providers::start(&mut scenario.common).await?;
            let run = async |stage: &Stage, own: &fallback::Options, report: &mut Report| {
                fallback::run(stage, own, &providers, report).await
            };
            play("fallback", &scenario, alone(run)).await
        }
        Command::Idle(scenario) => play("idle", &scenario, idle::idle).await,
        Command::Storm(scenario) => play("storm", &scenario, idle::storm).await,
        Command::Fanout(scenario) => play("fanout", &scenario, fanout::run).await,
        Command::Outage(mut scenario) => {
            let providers = match scenario.own.needs_providers() {
                true => Some(fallback::Providers::start(&mut scenario.common).await?),
                false => None,
            };
            let run = async |stage: &Stage, own: &outage::Options, report: &mut Report| {
                outage::run(stage, own, providers.as_ref(), report).await
            };
            play("outage", &scenario, alone(run)).await
        }
        Command::Restart(mut scenario) => {
            scenario.common.keeper = true;
            scenario.common.settings.push(scenario.own.setting());
            play("restart", &scenario, alone(restart::run)).await
        }
        Command::Soak(scenario) => play("soak", &scenario, alone(soak::run)).await,
        Command::Mix(scenario) => play("mix", &scenario, alone(mix::run)).await,
        Command::Compare { first, second, html } => report::compare(&first, &second, &html).map(|()| true),
        Command::FloorServer => floor::serve().await.map(|()| true),
        Command::Providers { fcm, apns, webpush, directory, faults } => {
            let options = ProvidersOptions {
                fcm_address: fcm,
                apns_address: apns,
                webpush_address: webpush,
                directory,
                faults,
                ..ProvidersOptions::default()
            };
            run_providers(options).await?;
            Ok(true)
        }
    }
}

/// A scenario that has no floor.
fn alone<Own: Args>(
    run: impl AsyncFn(&Stage, &Own, &mut Report) -> anyhow::Result<()>,
) -> impl AsyncFn(&Stages, &Own, &mut Report) -> anyhow::Result<()> {
    async move |stages, own, report| {
        anyhow::ensure!(stages.floor.is_none(), "this scenario has no floor: leave --floor out");
        run(&stages.gateway, own, report).await
    }
}

async fn play<Own: Args>(
    name: &str,
    scenario: &Scenario<Own>,
    run: impl AsyncFn(&Stages, &Own, &mut Report) -> anyhow::Result<()>,
) -> anyhow::Result<bool> {
    let common = &scenario.common;
    let mut report = Report::begin(name);
    let stages = Box::pin(Stages::open(common)).await?;
    tokio::select! {
        played = Box::pin(run(&stages, &scenario.own, &mut report)) => played?,
        _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
    }
    report.compare_with_floor();
    report.machine.load_after = machine::load_average();
    drop(stages);
    report::deliver(&report, common.json.as_deref(), common.html.as_deref())?;
    Ok(report.passed())
}
