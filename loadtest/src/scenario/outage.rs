//! `outage`: whole sign-ins while something that the gateway needs stands still for a time, and after it is back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use clap::{Args, ValueEnum};

use super::fallback::{Providers, Sleepers};
use super::stream::{Away, Flow, Pace, Stream};
use crate::accounts::Wanted;
use crate::crowd::{Crowd, Pushes, Service, Way};
use crate::machine::{Frozen, Sampler, raise_open_files};
use crate::report::{Check, Report, Run};
use crate::stage::Stage;

/// A sign-in may be under way when the outage begins.
const UNDER_WAY: Duration = Duration::from_secs(1);
/// How often the gateway is asked whether it is ready.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// At the end it may take longer where it recovers late.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// What a gateway does whose providers do not answer; it is ready all the same.
const WAITS: &str = "waiting for providers";

/// What goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dependency {
    /// PostgreSQL stands still.
    Database,
    /// FCM and APNs answer nothing; a device of each account is asleep.
    Providers,
    /// NATS stands still between the nodes (with --bus and --nodes).
    Bus,
}

/// What the scenario can be told.
#[derive(Args)]
pub(crate) struct Options {
    /// What goes away.
    #[arg(long, value_enum, default_value_t = Dependency::Database)]
    of: Dependency,
    /// Seconds before it goes away.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    before: u64,
    /// Seconds that it is away.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    away: u64,
    /// Seconds after it is back.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(2..=3600))]
    after: u64,
    /// Seconds after its return within which the gateway must be as before.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    recovers_within: u64,
    /// Sign-ins a second.
    #[arg(long, default_value_t = 10.0)]
    rate: f64,
    /// Accounts that sign in, each once at a time.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    accounts: u32,
    /// Trusted devices of each.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(2..=10))]
    devices: u32,
    /// Let it not come back before the end, to see that it is found.
    #[arg(long)]
    inject_no_return: bool,
}

impl Options {
    /// Something that only the gateway knows must be started first.
    pub(crate) fn needs_providers(&self) -> bool {
        self.of == Dependency::Providers
    }
}

/// Runs it.
///
/// # Errors
/// When the gateway does not answer where it must, or what is to go away is not in the harness's hands.
pub(crate) async fn run(
    stage: &Stage,
    options: &Options,
    providers: Option<&Providers>,
    report: &mut Report,
) -> anyhow::Result<()> {
    ensure!(options.recovers_within < options.after, "--recovers-within must be less than --after");
    ensure!(stage.runs == 1, "an outage is played once: leave --runs out");
    stage.spawned()?;
    raise_open_files(u64::from(3 * options.accounts * options.devices))?;
    let accounts =
        stage.accounts(Wanted { accounts: options.accounts as usize, devices: options.devices as usize }).await?;
    let asleep = usize::from(providers.is_some());
    let pushes = match providers {
        Some(providers) => {
            let sleepers = Sleepers { asleep, services: &Service::ALL, misroute: false };
            Some(Arc::new(Pushes::new(providers.put_to_sleep(&accounts, &sleepers).await?)))
        }
        None => None,
    };
    let _watchers = providers.zip(pushes.as_ref()).map(|(providers, pushes)| providers.watch(pushes));
    let way = Way { targets: stage.seen_through(None), asleep, ..Way::default() };
    let crowd = Arc::new(Crowd::connect(accounts, &way, &stage.progress).await?);
    let times = Times::from_now(options);
    let mut stream = Stream::new(Arc::clone(&crowd)).with_away(times.covered(options));
    if let Some(pushes) = &pushes {
        stream = stream.with_pushes(Arc::clone(pushes));
    }
    let stream = Arc::new(stream);
    let sampler = Sampler::start(stage.processes.clone(), times.began);
    let pace = Pace { rate: options.rate, warm_up: Duration::ZERO, span: times.end - times.began };
    let (flow, readiness) = tokio::try_join!(stream.run(pace), watch(stage, options, providers, &times))?;
    judge_readiness(options.of, &readiness, report);
    if let Some(took) = flow.first_through_after(times.back) {
        report.figure("first sign-in through after its return", "ms", took.as_secs_f64() * 1000.0);
    }
    report.figure("sign-ins refused meanwhile", "", flow.refused() as f64);
    report.figure("code on a screen, p99", "ms", flow.shown.quantile_ms(0.99));
    let [from, back] = [times.from, times.back].map(|moment| (moment - times.began).as_secs_f64());
    report.runs.push(Run {
        name: "gateway".to_owned(),
        latencies: flow.latencies(),
        samples: sampler.samples(),
        counts: flow.counts(),
        phases: vec![("away".to_owned(), from, back)],
    });
    stream.judge(Flow::failed(&flow), report).await?;
    for (name, count) in pushes.iter().flat_map(|pushes| pushes.verdict()) {
        report.check(Check::new(name, count == 0, format!("{count} wrong")));
    }
    Ok(())
}

/// When what happens.
struct Times {
    began: Instant,
    from: Instant,
    back: Instant,
    end: Instant,
}

impl Times {
    fn from_now(options: &Options) -> Self {
        let [before, away, after] = [options.before, options.away, options.after].map(Duration::from_secs);
        let began = Instant::now();
        Self { began, from: began + before, back: began + before + away, end: began + before + away + after }
    }

    fn covered(&self, options: &Options) -> Away {
        Away {
            from: self.from.checked_sub(UNDER_WAY).unwrap_or(self.from),
            until: self.back + Duration::from_secs(options.recovers_within),
            forgives_codes: options.of != Dependency::Database,
        }
    }
}

/// What the gateways said of themselves.
struct Readiness {
    /// While it was away.
    meanwhile: Vec<String>,
    /// In the end.
    after: String,
}

/// Lets it go away and come back, and looks at the gateway's readiness meanwhile.
async fn watch(
    stage: &Stage,
    options: &Options,
    providers: Option<&Providers>,
    times: &Times,
) -> anyhow::Result<Readiness> {
    tokio::time::sleep_until(times.from.into()).await;
    stage.progress.say(&format!("{:?} is away for {} s", options.of, options.away));
    let gone = Gone::begin(stage, options.of, providers)?;
    let requests = providers.map_or(0, Providers::requests);
    let mut meanwhile = Vec::new();
    while Instant::now() < times.back {
        tokio::time::sleep(LOOK_EVERY).await;
        let mut said = stage.operators[0].readiness().await?;
        if providers.is_some_and(|providers| providers.requests() > requests) {
            said = WAITS.to_owned();
        }
        if meanwhile.last() != Some(&said) {
            meanwhile.push(said);
        }
    }
    if options.inject_no_return {
        tokio::time::sleep_until(times.end.into()).await;
    }
    drop(gone);
    stage.progress.say("it is back");
    let until = Instant::now() + READY_WITHIN;
    loop {
        let after = stage.operators[0].readiness().await?;
        if after == "ready" || Instant::now() > until {
            return Ok(Readiness { meanwhile, after });
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// What is away until this is dropped.
enum Gone<'a> {
    Frozen(#[expect(dead_code, reason = "it lasts as long as this")] Frozen),
    Providers(&'a Providers),
}

impl<'a> Gone<'a> {
    fn begin(stage: &Stage, dependency: Dependency, providers: Option<&'a Providers>) -> anyhow::Result<Self> {
        Ok(match (dependency, providers) {
            (Dependency::Providers, Some(providers)) => {
                providers.hang(true);
                Self::Providers(providers)
            }
            (Dependency::Providers, None) => bail!("the providers were not started"),
            (Dependency::Bus, _) => Self::Frozen(stage.spawned()?.freeze_bus()?),
            (Dependency::Database, _) => Self::Frozen(stage.spawned()?.freeze_database()?),
        })
    }
}

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        if let Self::Providers(providers) = self {
            providers.hang(false);
        }
    }
}

fn judge_readiness(dependency: Dependency, readiness: &Readiness, report: &mut Report) {
    let expected = match dependency {
        Dependency::Database => "unavailable",
        Dependency::Providers => WAITS,
        Dependency::Bus => "degraded",
    };
    let seen = readiness.meanwhile.join(", then ");
    let name = format!("while it is away the gateway is: {expected}");
    report.check(Check::new(name, readiness.meanwhile.iter().any(|said| said == expected), seen));
    let after = &readiness.after;
    report.check(Check::new("when it is back the gateway is ready", after == "ready", after));
}
