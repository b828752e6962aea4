//! `idle` and `storm`: what a connection costs while nothing happens, and what it costs when all come back at once.

use std::time::{Duration, Instant};

use clap::Args;

use crate::accounts::{Account, Wanted};
use crate::crowd::{Crowd, Way};
use crate::inject::{Fault, Proxy};
use crate::machine::{Sampler, raise_open_files};
use crate::report::{Check, Report, Run};
use crate::stage::{Stage, Stages};

/// Connections without which an allocator has what it needs.
const WARM_UP: usize = 20;
/// An allocator gives back in this time what ended connections had (docs/decisions/0013-allocator.md).
const REST: Duration = Duration::from_secs(8);

/// What the scenarios can be told.
#[derive(Args)]
pub(crate) struct Options {
    /// Accounts.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    accounts: u32,
    /// Connected devices of each.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=10))]
    devices: u32,
    /// Seconds that connections are held.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// Let a proxy end some connections, to see that it is found.
    #[arg(long)]
    inject_cut: bool,
}

/// Holds connections, and measures memory.
///
/// # Errors
/// When a connection is refused.
pub(crate) async fn idle(stages: &Stages, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    play(stages, options, report, false).await
}

/// Ends all connections, lets all come back, and measures processor time.
///
/// # Errors
/// When a connection is refused.
pub(crate) async fn storm(stages: &Stages, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    play(stages, options, report, true).await
}

async fn play(stages: &Stages, options: &Options, report: &mut Report, is_storm: bool) -> anyhow::Result<()> {
    raise_open_files(u64::from(options.accounts * options.devices))?;
    let wanted = Wanted { accounts: options.accounts as usize, devices: options.devices as usize };
    let mut prepared = Vec::new();
    for stage in stages.all() {
        let accounts = stage.accounts(wanted).await?;
        let some = accounts.iter().take(WARM_UP).cloned().collect();
        drop(Crowd::connect(some, &Way::default(), &stage.progress).await?);
        prepared.push((stage, accounts));
    }
    for number in 1..=stages.runs() {
        for (stage, accounts) in &prepared {
            one(stage, accounts.clone(), options, number, report, is_storm).await?;
        }
    }
    Ok(())
}

async fn one(
    stage: &Stage,
    accounts: Vec<Account>,
    options: &Options,
    number: u32,
    report: &mut Report,
    is_storm: bool,
) -> anyhow::Result<()> {
    stage.progress.wait("resting", REST).await;
    let proxy = Proxy::start(&stage.targets[0], options.inject_cut.then_some(Fault::Cut)).await?;
    let way = Way { targets: stage.seen_through(proxy.as_ref()), ..Way::default() };
    let sampler = Sampler::start(stage.processes.clone(), Instant::now());
    let name = stage.name();
    let connections = f64::from(options.accounts * options.devices);
    let before = stage.memory_mib();
    let mut crowd = Crowd::connect(accounts, &way, &stage.progress).await?;
    if is_storm {
        crowd.cut().await;
        // Connections that ended are no part of those that begin.
        stage.progress.wait("resting", REST).await;
        come_back(stage, &mut crowd, &way, connections, report).await?;
    }
    stage.progress.wait("holding", Duration::from_secs(options.seconds)).await;
    let ended = crowd.ledger.ended();
    report.check(Check::new("every connection stays", ended == 0, format!("{ended} of {connections} ended")));
    if stage.usage().is_some() {
        let grown = stage.memory_mib() - before;
        report.figure(format!("{name}: memory of a connection"), "KiB", grown * 1024.0 / connections);
        report.figure(format!("{name}: memory before"), "MiB", before);
    }
    report.runs.push(Run { name: format!("{name} {number}"), samples: sampler.samples(), ..Run::default() });
    Ok(())
}

/// All connect at once.
async fn come_back(
    stage: &Stage,
    crowd: &mut Crowd,
    way: &Way,
    connections: f64,
    report: &mut Report,
) -> anyhow::Result<()> {
    let name = stage.name();
    let cpu = stage.usage();
    let began = Instant::now();
    let ended = crowd.ledger.ended();
    crowd.connect_all(way, &stage.progress).await?;
    report.figure(format!("{name}: connections"), "1/s", connections / began.elapsed().as_secs_f64());
    if let (Some(before), Some(after)) = (cpu, stage.usage()) {
        let each = 1e6 * (after.cpu_seconds - before.cpu_seconds) / connections;
        report.figure(format!("{name}: CPU of 1,000 connections"), "ms", each);
    }
    let ended = crowd.ledger.ended() - ended;
    report.check(Check::new("nobody is thrown out meanwhile", ended == 0, format!("{ended} of {connections} ended")));
    Ok(())
}
