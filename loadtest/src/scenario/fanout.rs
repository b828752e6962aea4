//! `fanout`: what one more code on one more device costs.
//!
//! Codes are asked for by sign-ins, as nothing else is public. So two crowds sign in equally often, one with one device an
//! account and one with ten: what the second costs more is the nine deliveries, with their receipts.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use super::stream::{Pace, Stream, report_verdict};
use crate::accounts::Wanted;
use crate::crowd::{Crowd, Way};
use crate::inject::{Fault, Proxy};
use crate::machine::raise_open_files;
use crate::report::{Check, Report, Run};
use crate::stage::{Stage, Stages};

/// Devices of an account in the two crowds: the most that it may have, and one.
const MANY: usize = 10;
/// Codes come within this time after the last sign-in.
const SETTLED_WITHIN: Duration = Duration::from_secs(10);
const WARM_UP: Duration = Duration::from_secs(3);

/// What the scenario can be told.
#[derive(Args)]
pub(crate) struct Options {
    /// Accounts of each crowd.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    accounts: u32,
    /// Sign-ins a second.
    #[arg(long, default_value_t = 30.0)]
    rate: f64,
    /// Seconds of each run.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Let a proxy make mistakes with codes, to see that they are found.
    #[arg(long)]
    inject: Option<Fault>,
}

/// Runs it.
///
/// # Errors
/// When the gateway does not answer, or what it uses is unknown.
pub(crate) async fn run(stages: &Stages, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    raise_open_files(u64::from(options.accounts) * (MANY as u64 + 3))?;
    let mut played = Vec::new();
    let mut proxies = Vec::new();
    for stage in stages.all() {
        let proxy = Proxy::start(&stage.targets[0], options.inject).await?;
        let way = Way { targets: stage.seen_through(proxy.as_ref()), ..Way::default() };
        played.push((stage, crowd(stage, options, &way, 1).await?, crowd(stage, options, &way, MANY).await?));
        proxies.extend(proxy);
    }
    for number in 1..=stages.runs() {
        for (stage, few, many) in &played {
            let name = stage.name();
            let cheap = cpu_seconds(stage, few, options, &format!("{name} {number}, 1 device"), report).await?;
            let dear = cpu_seconds(stage, many, options, &format!("{name} {number}, {MANY} devices"), report).await?;
            let more =
                options.rate * (Duration::from_secs(options.seconds) + WARM_UP).as_secs_f64() * (MANY - 1) as f64;
            report.figure(format!("{name}: CPU of 1,000 deliveries"), "ms", 1e6 * (dear - cheap) / more);
        }
    }
    Ok(())
}

async fn crowd(stage: &Stage, options: &Options, way: &Way, devices: usize) -> anyhow::Result<Arc<Crowd>> {
    let accounts = stage.accounts(Wanted { accounts: options.accounts as usize, devices }).await?;
    Ok(Arc::new(Crowd::connect(accounts, way, &stage.progress).await?))
}

async fn cpu_seconds(
    stage: &Stage,
    crowd: &Arc<Crowd>,
    options: &Options,
    name: &str,
    report: &mut Report,
) -> anyhow::Result<f64> {
    let before = stage.usage().context("processor time is needed: --spawn, or --pid")?;
    stage.progress.say(&format!("{name}: {} s", options.seconds));
    let pace = Pace { rate: options.rate, warm_up: WARM_UP, span: Duration::from_secs(options.seconds) };
    let flow = Arc::new(Stream::new(Arc::clone(crowd))).run(pace).await?;
    let verdict = crowd.ledger.settle(SETTLED_WITHIN).await;
    let after = stage.usage().context("the gateway is gone")?;
    report_verdict(&verdict, report);
    let failed = flow.failed();
    report.check(Check::new("every sign-in goes through", failed == 0, format!("{failed} failed")));
    let counts = [("codes shown, all runs".to_owned(), verdict.came)].into();
    report.runs.push(Run { name: name.to_owned(), latencies: vec![flow.shown.finish()], counts, ..Run::default() });
    Ok(after.cpu_seconds - before.cpu_seconds)
}
