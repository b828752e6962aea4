//! `fallback`: whole sign-ins while some devices of each account are asleep and get their codes by push.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use clap::Args;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use twostep_simulators::providers::{write_environment, write_webpush_environment};
use twostep_simulators::{
    ApnsBehaviour, ApnsOptions, ApnsSimulator, FcmBehaviour, FcmOptions, FcmSimulator, WebPushBehaviour,
    WebPushOptions, WebPushSimulator, WebPushSubscription,
};
use uuid::Uuid;

use super::stream::{Flow, Pace, Stream};
use crate::accounts::{Account, Wanted};
use crate::crowd::{Address, Crowd, Push, Pushes, Service, Way};
use crate::machine::{Sampler, raise_open_files};
use crate::options::Common;
use crate::report::{Check, Report, Run};
use crate::stage::Stage;

/// Requests that each simulator keeps: far more than come between two looks at them.
const KEEP: usize = 100_000;
/// The simulators are asked for news without an end; each wait ends after this and begins again.
const NEWS_WITHIN: Duration = Duration::from_secs(3600);

/// What the scenario can be told.
#[derive(Args)]
pub(crate) struct Options {
    /// Sign-ins a second.
    #[arg(long, default_value_t = 20.0)]
    rate: f64,
    /// Seconds that count.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// Seconds before that.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(0..=600))]
    warm_up: u64,
    /// Accounts that sign in, each once at a time.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    accounts: u32,
    /// Trusted devices of each.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..=10))]
    devices: u32,
    /// How many of them are asleep; at least one stays awake.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=9))]
    asleep: u32,
    /// By which channel they are reached; may be said several times. All, one after the other, when nothing is said.
    #[arg(long, value_name = "CHANNEL")]
    channel: Vec<Service>,
    /// Let two accounts give each other's push tokens, to see that it is found.
    #[arg(long)]
    inject_misroute: bool,
}

/// All providers, simulated.
pub(crate) struct Providers {
    fcm: Arc<FcmSimulator>,
    apns: Arc<ApnsSimulator>,
    webpush: Arc<WebPushSimulator>,
}

/// Which devices are put to sleep, and how they are reached then.
pub(super) struct Sleepers<'a> {
    /// How many of each account, the first ones.
    pub(super) asleep: usize,
    /// By these services in turn.
    pub(super) services: &'a [Service],
    /// The first two accounts give each other's addresses.
    pub(super) misroute: bool,
}

impl Providers {
    /// Starts them, and points the gateway that will be started at them.
    ///
    /// # Errors
    /// When one does not start, or no gateway is to be started.
    pub(crate) async fn start(common: &mut Common) -> anyhow::Result<Self> {
        ensure!(common.spawn.is_some(), "the gateway must be set up for the simulated providers: use --spawn");
        let any = std::net::SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, 0));
        let fcm = FcmSimulator::start_with(any, FcmOptions { keep: KEEP, ..FcmOptions::default() }).await?;
        let apns = ApnsSimulator::start_with(any, ApnsOptions { keep: KEEP, ..ApnsOptions::default() }).await?;
        let webpush = WebPushOptions { keep: KEEP, ..WebPushOptions::default() };
        let webpush = WebPushSimulator::start_with(any, webpush).await?;
        let mut text = Vec::new();
        write_environment(&mut text, &fcm, &apns)?;
        write_webpush_environment(&mut text, &webpush)?;
        let text = String::from_utf8(text)?;
        let lines = text.lines().filter_map(|line| line.trim_start_matches("TWOSTEP__").split_once('='));
        common.settings.extend(lines.map(|(key, value)| (key.to_owned(), value.to_owned())));
        Ok(Self { fcm: Arc::new(fcm), apns: Arc::new(apns), webpush: Arc::new(webpush) })
    }

    /// Lets all of them answer nothing, or as they should.
    pub(super) fn hang(&self, is_hanging: bool) {
        self.fcm.always_all(is_hanging.then_some(FcmBehaviour::Hang));
        self.apns.always_all(is_hanging.then_some(ApnsBehaviour::Hang));
        self.webpush.always_all(is_hanging.then_some(WebPushBehaviour::Hang));
    }

    /// Requests that came to all of them so far.
    pub(super) fn requests(&self) -> u64 {
        self.fcm.journal().count() + self.apns.journal().count() + self.webpush.journal().count()
    }

    /// Tells of every code that comes, until the answer is dropped.
    pub(super) fn watch(&self, pushes: &Arc<Pushes>) -> JoinSet<()> {
        let mut watchers = JoinSet::new();
        watchers.spawn(watch_fcm(Arc::clone(&self.fcm), Arc::clone(pushes)));
        watchers.spawn(watch_apns(Arc::clone(&self.apns), Arc::clone(pushes)));
        watchers.spawn(watch_webpush(Arc::clone(&self.webpush), Arc::clone(pushes)));
        watchers
    }

    /// Gives every device that is asleep a push address.
    pub(super) async fn put_to_sleep(
        &self,
        accounts: &[Account],
        sleepers: &Sleepers<'_>,
    ) -> anyhow::Result<Vec<Address>> {
        let own: Vec<Vec<Registration>> = (0..accounts.len())
            .map(|number| {
                // Two of the accounts that trade addresses must have the same services.
                let service = |device| sleepers.services[(number / 2 + device) % sleepers.services.len()];
                (0..sleepers.asleep).map(|device| self.register(service(device), number * 10 + device)).collect()
            })
            .collect();
        let mut addresses = Vec::new();
        for (number, account) in accounts.iter().enumerate() {
            let giver = if sleepers.misroute && number < 2 { 1 - number } else { number };
            for (device, given) in own[giver].iter().enumerate() {
                let body = json!({ "push": given.push, "notifications_allowed": true });
                let session = &account.devices[device].session.access_token;
                let answer = account.person.http.patch("/v1/devices/current", session, &body).await?;
                ensure!(answer.status == StatusCode::OK, "a push address is not taken: {}", answer.text());
                addresses.push(Address { account: number as u32, token: own[number][device].token.clone() });
            }
        }
        Ok(addresses)
    }

    /// A push address of a service.
    fn register(&self, service: Service, number: usize) -> Registration {
        let token = match service {
            Service::Fcm => format!("load-{number:0>140}"),
            Service::Apns => format!("{number:064x}"),
            Service::Webpush => {
                let WebPushSubscription { endpoint, p256dh, auth } = self.webpush.subscribe(None);
                let keys = json!({ "p256dh": p256dh, "auth": auth });
                let push = json!({ "provider": service.word(), "endpoint": endpoint, "keys": keys });
                return Registration { token: endpoint, push };
            }
        };
        let push = json!({ "provider": service.word(), "token": token });
        Registration { token, push }
    }
}

/// A push address, and how it is given to the gateway.
struct Registration {
    token: String,
    push: Value,
}

async fn watch_fcm(fcm: Arc<FcmSimulator>, pushes: Arc<Pushes>) {
    let mut seen = 0;
    loop {
        // Nothing for so long is no mistake.
        let _ = fcm.journal().wait_for_count(seen + 1, NEWS_WITHIN).await;
        for request in fcm.journal().after(seen) {
            seen += 1;
            let is_code = request.data("type") == Some("code");
            let id = request.data("challenge_id").and_then(|id| Uuid::parse_str(id).ok());
            let Some(id) = id.filter(|_| is_code) else { continue };
            let token = request.target.clone();
            let code = request.data("code").unwrap_or_default().to_owned();
            let refused = request.refusal.is_some();
            pushes.saw(id, Push { service: Service::Fcm, token, code, at: request.at, refused });
        }
    }
}

async fn watch_apns(apns: Arc<ApnsSimulator>, pushes: Arc<Pushes>) {
    let mut seen = 0;
    loop {
        // Nothing for so long is no mistake.
        let _ = apns.journal().wait_for_count(seen + 1, NEWS_WITHIN).await;
        for request in apns.journal().after(seen) {
            seen += 1;
            let text = |key: &str| request.payload[key].as_str().unwrap_or_default();
            let is_code = text("type") == "code";
            let id = Uuid::parse_str(text("challenge_id"));
            let Some(id) = id.ok().filter(|_| is_code) else { continue };
            let token = request.device_token.clone();
            let code = text("code").to_owned();
            let refused = request.refusal.is_some();
            pushes.saw(id, Push { service: Service::Apns, token, code, at: request.at, refused });
        }
    }
}

async fn watch_webpush(webpush: Arc<WebPushSimulator>, pushes: Arc<Pushes>) {
    let mut seen = 0;
    loop {
        // Nothing for so long is no mistake.
        let _ = webpush.journal().wait_for_count(seen + 1, NEWS_WITHIN).await;
        for request in webpush.journal().after(seen) {
            seen += 1;
            let Some(inside) = request.json() else { continue };
            let text = |key: &str| inside[key].as_str().unwrap_or_default();
            let id = Uuid::parse_str(text("challenge_id"));
            let Some(id) = id.ok().filter(|_| text("type") == "code") else { continue };
            let token = request.endpoint.clone();
            let code = text("code").to_owned();
            let refused = request.refusal.is_some();
            pushes.saw(id, Push { service: Service::Webpush, token, code, at: request.at, refused });
        }
    }
}

/// Runs it.
///
/// # Errors
/// When the gateway does not answer.
pub(crate) async fn run(
    stage: &Stage,
    options: &Options,
    providers: &Providers,
    report: &mut Report,
) -> anyhow::Result<()> {
    ensure!(options.asleep < options.devices, "--asleep must be less than --devices: one stays awake");
    raise_open_files(u64::from(3 * options.accounts * options.devices))?;
    let wanted = Wanted { accounts: options.accounts as usize, devices: options.devices as usize };
    let accounts = stage.accounts(wanted).await?;
    let services = if options.channel.is_empty() { &Service::ALL } else { options.channel.as_slice() };
    let sleepers = Sleepers { asleep: options.asleep as usize, services, misroute: options.inject_misroute };
    let pushes = Arc::new(Pushes::new(providers.put_to_sleep(&accounts, &sleepers).await?));
    let _watchers = providers.watch(&pushes);
    let way = Way { asleep: options.asleep as usize, ..Way::default() };
    let crowd = Arc::new(Crowd::connect(accounts, &way, &stage.progress).await?);
    let stream = Arc::new(Stream::new(crowd).with_pushes(Arc::clone(&pushes)));
    let mut failed = 0;
    for number in 1..=stage.runs {
        failed += once(stage, &stream, options, number, report).await?;
    }
    stream.judge(failed, report).await?;
    for (name, count) in pushes.verdict() {
        report.check(Check::new(name, count == 0, format!("{count} wrong")));
    }
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
    stage.progress.say(&format!("run {number}: {} sign-ins a second for {} s", options.rate, options.seconds));
    let flow = stream.run(Pace { rate: options.rate, warm_up, span }).await?;
    add_figures(&flow, report);
    report.runs.push(Run {
        name: format!("{} {number}", stage.name()),
        latencies: flow.latencies(),
        samples: sampler.samples(),
        counts: flow.counts(),
        ..Run::default()
    });
    Ok(flow.failed())
}

fn add_figures(flow: &Flow, report: &mut Report) {
    let has_any = |service: &Service| flow.pushed(*service).count() > 0;
    for service in Service::ALL.into_iter().filter(has_any) {
        for (word, quantile) in [("p50", 0.5), ("p99", 0.99)] {
            let took = flow.pushed(service).quantile_ms(quantile);
            report.figure(format!("{}, {word}", service.latency()), "ms", took);
        }
    }
}
