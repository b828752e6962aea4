//! `signin`: whole sign-ins at a fixed rate, however long each takes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use super::stream::{Pace, Stream};
use crate::accounts::Wanted;
use crate::crowd::{Crowd, Way};
use crate::inject::{Fault, Proxy};
use crate::machine::{Sampler, raise_open_files};
use crate::report::{Check, Report, Run};
use crate::stage::{Stage, Stages};

/// What the scenario can be told.
#[derive(Args)]
pub(crate) struct Options {
    /// Sign-ins a second.
    #[arg(long, default_value_t = 50.0)]
    rate: f64,
    /// Seconds that count.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// Seconds before that.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(0..=600))]
    warm_up: u64,
    /// Accounts that sign in, each once at a time.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    accounts: u32,
    /// Connected trusted devices of each.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=10))]
    devices: u32,
    /// Sign-ins come from the server of an app that keeps the accounts: the gateway hashes no password.
    #[arg(long)]
    by_app: bool,
    /// More is asked for than the gateway can do: it may turn sign-ins away, at once and saying when to come again.
    #[arg(long)]
    overload: bool,
    /// Let a proxy make mistakes with codes, to see that they are found.
    #[arg(long)]
    inject: Option<Fault>,
}

/// Runs it.
///
/// # Errors
/// When the gateway does not answer.
pub(crate) async fn run(stages: &Stages, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    require_accounts(options, stages.runs())?;
    raise_open_files(u64::from(3 * options.accounts * options.devices))?;
    let mut played = Vec::new();
    for stage in stages.all() {
        let wanted = Wanted { accounts: options.accounts as usize, devices: options.devices as usize };
        let accounts = match options.by_app {
            true => stage.accounts_of_app(wanted, false).await?,
            false => stage.accounts(wanted).await?,
        };
        let proxy = Proxy::start(&stage.targets[0], options.inject).await?;
        let way = Way { targets: stage.seen_through(proxy.as_ref()), ..Way::default() };
        let crowd = Arc::new(Crowd::connect(accounts, &way, &stage.progress).await?);
        played.push((stage, Arc::new(Stream::new(crowd).with_overload(options.overload)), proxy));
    }
    let mut failed = vec![0; played.len()];
    for number in 1..=stages.runs() {
        for (failed, (stage, stream, _)) in failed.iter_mut().zip(&played) {
            *failed += once(stage, stream, options, number, report).await?;
        }
    }
    for (failed, (stage, stream, _)) in failed.iter().zip(&played) {
        if !stage.is_floor {
            let closed = stream.closed();
            report.check(Check::new("no connection of a device ends", closed.is_none(), closed.unwrap_or_default()));
            stream.judge(*failed, report).await?;
        }
    }
    Ok(())
}

/// Each code is confirmed by its devices, which may send so many messages at once, and so many a second (design section 5): with too
/// few accounts the gateway would rightly end their connections.
const MESSAGES_AT_ONCE: f64 = 20.0;
const MESSAGES_A_SECOND: f64 = 1.0;

/// Makes sure that no device has to confirm more codes than it may.
fn require_accounts(options: &Options, runs: u32) -> anyhow::Result<()> {
    let seconds = (options.seconds + options.warm_up) as f64 * f64::from(runs);
    let codes = options.rate * seconds;
    let needed = (codes / (MESSAGES_AT_ONCE + MESSAGES_A_SECOND * seconds)).ceil();
    anyhow::ensure!(
        f64::from(options.accounts) >= needed,
        "{} sign-ins a second for {seconds:.0} s are more codes than the devices of {} accounts may confirm: use --accounts {needed}",
        options.rate,
        options.accounts,
    );
    Ok(())
}

/// One run; answers with the sign-ins that failed.
async fn once(
    stage: &Stage,
    stream: &Arc<Stream>,
    options: &Options,
    number: u32,
    report: &mut Report,
) -> anyhow::Result<u64> {
    let warm_up = Duration::from_secs(options.warm_up);
    let span = Duration::from_secs(options.seconds);
    let sampler = Sampler::start(stage.processes.clone(), Instant::now() + warm_up);
    let before = stage.usage();
    stage.progress.say(&format!(
        "{} {number}: {} sign-ins a second for {} s",
        stage.name(),
        options.rate,
        options.seconds
    ));
    let flow = stream.run(Pace { rate: options.rate, warm_up, span }).await?;
    let name = stage.name();
    report.figure(format!("{name}: whole sign-in, p50"), "ms", flow.whole.quantile_ms(0.5));
    report.figure(format!("{name}: whole sign-in, p99"), "ms", flow.whole.quantile_ms(0.99));
    report.figure(format!("{name}: code on a screen, p99"), "ms", flow.shown.quantile_ms(0.99));
    if flow.everywhere.count() > 0 {
        report.figure(format!("{name}: code on every screen, p99"), "ms", flow.everywhere.quantile_ms(0.99));
    }
    report.figure(format!("{name}: sign-ins through"), "1/s", flow.rate());
    if options.overload {
        let share = 100.0 * flow.refused() as f64 / flow.all().max(1) as f64;
        report.figure(format!("{name}: sign-ins turned away"), "%", share);
    }
    if let (Some(before), Some(after)) = (before, stage.usage()) {
        let carried_out = flow.all() - flow.refused();
        let each = 1000.0 * (after.cpu_seconds - before.cpu_seconds) / carried_out.max(1) as f64;
        report.figure(format!("{name}: CPU a sign-in"), "ms", each);
        report.figure(format!("{name}: memory"), "MiB", after.memory_kib / 1024.0);
    }
    report.runs.push(Run {
        name: format!("{name} {number}"),
        latencies: flow.latencies(),
        samples: sampler.samples(),
        counts: flow.counts(),
        ..Run::default()
    });
    Ok(flow.failed())
}
