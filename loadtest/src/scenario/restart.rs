//! `restart`: nodes end and start again, or stand still, one after the other, while people sign in and all devices are connected.
//!
//! Every challenge that was answered must be on every screen of its account and verify, whatever ended meanwhile. With `drain` the
//! devices that come back must be spread over the time that the gateways are told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use clap::Args;

use super::stream::{Flow, Stream};
use crate::accounts::Wanted;
use crate::client::Http;
use crate::crowd::{Crowd, Way};
use crate::inject::{Fault, Proxy};
use crate::machine::{Interruption, raise_open_files};
use crate::measure::median;
use crate::report::{Check, Report, Run};
use crate::stage::Stage;

/// A drained gateway exits within this time (design section 12).
const EXIT_WITHIN: Duration = Duration::from_secs(30);
/// No second may see more times the mean of those that come back.
const MOST_IN_A_SECOND: f64 = 1.5;
/// Fewer that come back in a second are too few to say how they are spread.
const FEWEST_A_SECOND: f64 = 50.0;
/// What a device that lost its node needs to be back on another, at most.
const BACK_WITHIN: Duration = Duration::from_secs(30);

/// What the scenario can be told.
#[derive(Args)]
pub(crate) struct Options {
    /// How a node is interrupted.
    #[arg(long, value_enum, default_value_t = Interruption::Drain)]
    how: Interruption,
    /// How often, each node in turn.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: u32,
    /// Seconds between the return of one node with its devices and the next one's end; half as many to half as many again.
    #[arg(long, default_value_t = 5.0)]
    pause: f64,
    /// A drained node's devices are told to come back within so many seconds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=60))]
    spread: u32,
    /// Sign-ins a second.
    #[arg(long, default_value_t = 50.0)]
    rate: f64,
    /// Accounts that sign in, each once at a time.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    accounts: u32,
    /// Connected trusted devices of each.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=10))]
    devices: u32,
    /// Let a proxy make mistakes with codes, to see that they are found.
    #[arg(long)]
    inject: Option<Fault>,
}

impl Options {
    /// What the gateways must be told.
    pub(crate) fn setting(&self) -> (String, String) {
        ("SHUTDOWN__RECONNECT_SPREAD_MS".to_owned(), (self.spread * 1000).to_string())
    }

    /// Devices of a node that ended are back by then.
    fn back_within(&self) -> Duration {
        match self.how {
            Interruption::Drain => Duration::from_secs(self.spread.into()),
            Interruption::Kill | Interruption::Freeze => Duration::ZERO,
        }
    }
}

/// How one node's end and start went.
struct Round {
    /// When it was told to end.
    began: Instant,
    /// Until the process was gone.
    exit: Duration,
    /// Sign-ins that waited for an answer or a code then, at any node.
    under_way: u64,
}

/// Runs it.
///
/// # Errors
/// When the gateways were not started for it, or do not start again.
pub(crate) async fn run(stage: &Stage, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let gateway = stage.spawned()?;
    let nodes = stage.targets.len();
    ensure!(nodes > 1, "one node that restarts is an outage: use --nodes 3 --bus");
    // A proxy has two ends of each connection, and each call may be one.
    let each = if options.inject.is_some() { 3 } else { 1 };
    raise_open_files(u64::from(each * options.accounts * options.devices + options.accounts))?;
    let accounts =
        stage.accounts(Wanted { accounts: options.accounts as usize, devices: options.devices as usize }).await?;
    let proxy = Proxy::start(&stage.targets[0], options.inject).await?;
    let way = Way { targets: stage.seen_through(proxy.as_ref()), again: true, asleep: 0 };
    let crowd = Arc::new(Crowd::connect(accounts, &way, &stage.progress).await?);
    let clients: Vec<Http> = (0..nodes).map(|node| stage.client(node).clone()).collect();
    let code_within = Duration::from_secs(options.spread.into()) + BACK_WITHIN;
    let stream = Arc::new(Stream::new(Arc::clone(&crowd)).with_nodes(clients, code_within));
    let began = Instant::now();
    let rounds = async {
        let mut rounds = Vec::new();
        let bar = stage.progress.bar("restarts", options.rounds.into());
        for number in 0..options.rounds {
            // Any moment of a sign-in is as likely as any other.
            let pause = Duration::from_secs_f64(options.pause * (0.5 + rand::random::<f64>()));
            tokio::time::sleep(pause + options.back_within()).await;
            let began = Instant::now();
            let under_way = stream.under_way();
            let exit = gateway.interrupt(number as usize % nodes, options.how).await?;
            rounds.push(Round { began, exit, under_way });
            bar.set(rounds.len() as u64);
        }
        tokio::time::sleep(options.back_within()).await;
        bar.finish();
        anyhow::Ok(rounds)
    };
    let (flow, rounds) = stream.run_while(options.rate, rounds).await?;
    let rounds = rounds?;
    judge_rounds(&rounds, &crowd.ledger.returns(), options, report);
    report.runs.push(Run {
        name: "gateway".to_owned(),
        latencies: flow.latencies(),
        counts: flow.counts(),
        phases: rounds.iter().map(|round| phase(round, began)).collect(),
        ..Run::default()
    });
    stream.judge(Flow::failed(&flow), report).await
}

fn phase(round: &Round, began: Instant) -> (String, f64, f64) {
    let from = (round.began - began).as_secs_f64();
    ("interrupted".to_owned(), from, from + round.exit.as_secs_f64())
}

fn judge_rounds(rounds: &[Round], returns: &[Instant], options: &Options, report: &mut Report) {
    let exits: Vec<f64> = rounds.iter().map(|round| round.exit.as_secs_f64()).collect();
    let longest = exits.iter().copied().fold(0.0, f64::max);
    report.figure("interruptions", "", rounds.len() as f64);
    report.figure(
        "sign-ins under way then, all nodes, added up",
        "",
        rounds.iter().map(|round| round.under_way).sum::<u64>() as f64,
    );
    report.figure("devices that came back", "", returns.len() as f64);
    if options.how != Interruption::Freeze {
        report.figure("exit, median", "s", median(&exits));
        report.figure("exit, longest", "s", longest);
        report.check(Check::new(
            "every node exits within 30 s",
            longest <= EXIT_WITHIN.as_secs_f64(),
            format!("{longest:.1} s at most"),
        ));
    }
    if options.how != Interruption::Drain || options.spread == 0 {
        return;
    }
    let window = Duration::from_secs(options.spread.into());
    let shares: Vec<f64> = rounds.iter().filter_map(|round| busiest(returns, round.began, window)).collect();
    let most = shares.iter().copied().fold(0.0, f64::max);
    report.figure("busiest second of those that come back, to the mean", "", most);
    let seen = format!("{most:.2} times; {} of {} restarts had enough devices to say", shares.len(), rounds.len());
    report.check(Check::new("those that come back are spread", most <= MOST_IN_A_SECOND, seen));
}

/// How many times the mean the busiest second has, of those that come back in a while; `None` when they are too few to say.
fn busiest(returns: &[Instant], began: Instant, window: Duration) -> Option<f64> {
    let offsets = returns.iter().filter_map(|moment| moment.checked_duration_since(began));
    let mut seconds = vec![0_u32; window.as_secs() as usize];
    for offset in offsets {
        if let Some(count) = seconds.get_mut(offset.as_secs() as usize) {
            *count += 1;
        }
    }
    let mean = f64::from(seconds.iter().sum::<u32>()) / seconds.len() as f64;
    (mean >= FEWEST_A_SECOND).then(|| f64::from(seconds.into_iter().max().unwrap_or_default()) / mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_second_is_told_by_the_mean() {
        let began = Instant::now();
        let at = |millis: u64| began + Duration::from_millis(millis);
        let mut returns: Vec<Instant> = (0..400).map(|number| at(number * 5)).collect();
        assert_eq!(busiest(&returns, began, Duration::from_secs(2)), Some(1.0));
        returns.extend((0..400).map(|_| at(500)));
        assert_eq!(busiest(&returns, began, Duration::from_secs(2)), Some(1.5));
        assert_eq!(busiest(&returns[..50], began, Duration::from_secs(2)), None);
    }
}
