//! `soak`: sign-ins, looks and reconnections for long. The gateway must stay as it is, and let go of everything in the end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;

use super::stream::{Errand, Flow, Pace, Stream};
use crate::accounts::Wanted;
use crate::crowd::{Crowd, Way};
use crate::machine::{Sampler, Samples, raise_open_files};
use crate::measure::median;
use crate::report::{Check, Report, Run};
use crate::stage::Stage;

/// What counts things that live; all must be 0 when nobody is connected.
const GAUGES: [&str; 4] =
    ["twostep_connections_open", "twostep_user_actors", "twostep_http_connections_open", "twostep_pushes_held"];
/// The pool opens as many as were ever needed at once, and keeps them.
const POOLED: &str = "twostep_database_connections_open";
/// Idle HTTP connections and user actors end by themselves within this time.
const QUIET_WITHIN: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Memory at a moment is the median of this share of the whole before it.
const WINDOW: f64 = 1.0 / 30.0;
const SHORTEST_WINDOW: f64 = 2.0;

/// What the scenario can be told.
#[derive(Args)]
pub(crate) struct Options {
    /// Seconds of it.
    #[arg(long, default_value_t = 1800, value_parser = clap::value_parser!(u64).range(5..=604_800))]
    seconds: u64,
    /// Seconds after which memory must not grow any more.
    #[arg(long, default_value_t = 300)]
    settled: u64,
    /// How much more memory there may be at the end than when it was settled, in percent.
    #[arg(long, default_value_t = 2.0)]
    growth: f64,
    /// Whole sign-ins a second.
    #[arg(long, default_value_t = 60.0)]
    rate: f64,
    /// Reconnections, and looks at the Login Security page's lists, a second.
    #[arg(long, default_value_t = 5.0)]
    others: f64,
    /// Accounts.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    accounts: u32,
    /// Connected trusted devices of each.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(2..=10))]
    devices: u32,
    /// Let one device stay connected in the end, to see that it is found.
    #[arg(long)]
    inject_stay: bool,
}

/// Runs it.
///
/// # Errors
/// When the gateway does not answer, or cannot be watched.
pub(crate) async fn run(stage: &Stage, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    ensure!(options.settled < options.seconds, "--settled must be less than --seconds");
    ensure!(!stage.operators.is_empty() && !stage.processes.is_empty(), "--spawn, or --url with --pid and --operator");
    raise_open_files(u64::from(3 * options.accounts * options.devices))?;
    let accounts =
        stage.accounts(Wanted { accounts: options.accounts as usize, devices: options.devices as usize }).await?;
    let mut stays = if options.inject_stay { accounts[..1].to_vec() } else { Vec::new() };
    // The last device is removed before.
    stays.iter_mut().for_each(|account| account.devices.truncate(1));
    quiet(stage).await?;
    let before = open_files(stage).await?;
    let way = Way { targets: stage.seen_through(None), ..Way::default() };
    let crowd = Arc::new(Crowd::connect(accounts, &way, &stage.progress).await?);
    let stream = Arc::new(Stream::new(Arc::clone(&crowd)));
    let failed = play(stage, &stream, options, report).await?;
    stream.judge(failed, report).await?;
    drop((stream, crowd));
    let _stays = Crowd::connect(stays, &way, &stage.progress).await?;
    judge_leftovers(stage, before, report).await
}

/// Everything for long; answers with the errands that failed.
async fn play(stage: &Stage, stream: &Arc<Stream>, options: &Options, report: &mut Report) -> anyhow::Result<u64> {
    let span = Duration::from_secs(options.seconds);
    let pace = |rate| Pace { rate, warm_up: Duration::ZERO, span };
    let sampler = Sampler::start(stage.processes.clone(), Instant::now());
    let before = stage.usage().unwrap_or_default();
    let (sign_ins, looks, returns, ()) = tokio::try_join!(
        stream.run_errands(Errand::SignIn, pace(options.rate)),
        stream.run_errands(Errand::Look, pace(options.others)),
        stream.run_errands(Errand::Return, pace(options.others)),
        async {
            stage.progress.wait("soaking", span).await;
            Ok(())
        },
    )?;
    let after = stage.usage().unwrap_or_default();
    let samples = sampler.samples();
    judge_memory(&samples, options, report);
    let each = 1000.0 * (after.cpu_seconds - before.cpu_seconds) / sign_ins.all().max(1) as f64;
    report.figure("CPU a sign-in, with all else", "ms", each);
    report.figure("threads", "", after.threads as f64);
    let flows = [&sign_ins, &looks, &returns];
    report.runs.push(Run {
        name: "gateway".to_owned(),
        latencies: flows.iter().flat_map(|flow| flow.latencies()).collect(),
        samples,
        counts: flows.iter().flat_map(|flow| flow.counts()).collect(),
        ..Run::default()
    });
    Ok(flows.iter().map(|flow| Flow::failed(flow)).sum())
}

fn judge_memory(samples: &Samples, options: &Options, report: &mut Report) {
    let settled = memory_before(samples, options.settled as f64, options.seconds);
    let end = memory_before(samples, options.seconds as f64, options.seconds);
    let growth = 100.0 * (end / settled - 1.0);
    report.figure("memory when settled", "MiB", settled);
    report.figure("memory at the end", "MiB", end);
    let name = format!("memory grows by at most {} % from second {} on", options.growth, options.settled);
    report.check(Check::new(name, growth <= options.growth, format!("{growth:+.2} %")));
}

/// The median of what was seen in a while before a moment; NaN, which is never little, when nothing was.
fn memory_before(samples: &Samples, moment: f64, seconds: u64) -> f64 {
    let window = (seconds as f64 * WINDOW).max(SHORTEST_WINDOW);
    let seen = samples.memory_mib.iter().filter(|(at, _)| (moment - window..=moment).contains(at));
    let seen: Vec<f64> = seen.map(|(_, memory)| *memory).collect();
    if seen.is_empty() { f64::NAN } else { median(&seen) }
}

/// A sum of a metric over all nodes.
async fn gauge(stage: &Stage, name: &str) -> anyhow::Result<f64> {
    let mut sum = 0.0;
    for operator in &stage.operators {
        sum += operator.gauge(name).await?;
    }
    Ok(sum)
}

/// The files that the gateways have open, without the connections of their database pools.
async fn open_files(stage: &Stage) -> anyhow::Result<f64> {
    let pooled = gauge(stage, POOLED).await?;
    let usage = stage.usage().context("a gateway is gone")?;
    Ok(usage.open_files as f64 - pooled)
}

/// Waits until nothing lives any more, for a while. Answers with what still does.
async fn quiet(stage: &Stage) -> anyhow::Result<Vec<(&'static str, f64)>> {
    let until = Instant::now() + QUIET_WITHIN;
    loop {
        let mut alive = Vec::new();
        for name in GAUGES {
            let count = gauge(stage, name).await?;
            if count != 0.0 {
                alive.push((name, count));
            }
        }
        if alive.is_empty() || Instant::now() > until {
            return Ok(alive);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn judge_leftovers(stage: &Stage, open_before: f64, report: &mut Report) -> anyhow::Result<()> {
    stage.progress.say("waiting until nothing lives any more");
    let alive = quiet(stage).await?;
    let seen = match alive.as_slice() {
        [] => GAUGES.join(", ") + ": 0",
        alive => alive.iter().map(|(name, count)| format!("{name}: {count}")).collect::<Vec<_>>().join(", "),
    };
    report.check(Check::new("no connection and no actor is left", alive.is_empty(), seen));
    let open = open_files(stage).await?;
    let seen = format!("{open} open, {open_before} before, without pooled database connections");
    report.check(Check::new("no open file is left", open <= open_before, seen));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_what_it_was_for_a_while() {
        let memory_mib = (0..60).map(|second| (f64::from(second), f64::from(second / 10))).collect();
        let samples = Samples { memory_mib, ..Samples::default() };
        assert_eq!(memory_before(&samples, 10.0, 60), 0.0);
        assert_eq!(memory_before(&samples, 60.0, 60), 5.0);
        assert!(memory_before(&samples, 600.0, 60).is_nan());
    }
}
