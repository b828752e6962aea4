//! A stream of whole sign-ins at a fixed rate: sign-in, the code on the account's screens, the code typed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use futures_util::stream::{self, StreamExt};
use http::StatusCode;
use tokio::sync::{Mutex as AsyncMutex, mpsc};

use crate::client::{Begun, Install};
use crate::crowd::{Crowd, Pushes, Seat, Service, Verdict};
use crate::measure::{Recorder, arrivals};
use crate::report::{Check, Latencies, Report};

/// A code that is not on a screen by now is lost.
const CODE_WITHIN: Duration = Duration::from_secs(10);
/// What is still under way when the stream ends gets this long.
const END_WITHIN: Duration = Duration::from_secs(40);
/// A removed device's connection ends within 1 s (design section 5); a busy machine may be late.
const CLOSED_WITHIN: Duration = Duration::from_secs(5);
/// Accounts whose login activity is compared, and that lose a device at the end.
const SAMPLE: usize = 20;
/// Calls under way in the checks.
const AT_ONCE: usize = 8;

/// How fast and how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Sign-ins a second.
    pub(crate) rate: f64,
    /// Not counted, before the rest.
    pub(crate) warm_up: Duration,
    /// Counted.
    pub(crate) span: Duration,
}

/// Sign-ins of a crowd. Several streams may follow one another.
pub(crate) struct Stream {
    crowd: Arc<Crowd>,
    /// One app for each account, that asks for its codes.
    installs: Vec<Install>,
    free: Free,
    attempts: Vec<AtomicU32>,
    /// Where devices that are asleep get their codes.
    pushes: Option<Arc<Pushes>>,
}

/// Accounts without a sign-in under way: each has one at a time, as an app supersedes its own.
struct Free {
    give: mpsc::UnboundedSender<u32>,
    take: AsyncMutex<mpsc::UnboundedReceiver<u32>>,
}

/// How one stream went.
pub(crate) struct Flow {
    /// From when it was to begin until the gateway asked for a code.
    pub(crate) answered: Recorder,
    /// From when the code was asked for until it was on a screen.
    pub(crate) shown: Recorder,
    /// From when it was to begin until it was through.
    pub(crate) whole: Recorder,
    /// From when the code was asked for until its push was at FCM, and at APNs.
    pushed: [Recorder; 2],
    counts: Mutex<BTreeMap<String, u64>>,
}

impl Flow {
    fn new(began: Instant) -> Self {
        Self {
            answered: Recorder::new("sign-in answered", began),
            shown: Recorder::new("code on a screen after it", began),
            whole: Recorder::new("whole sign-in", began),
            pushed: Service::ALL.map(|service| Recorder::new(service.latency(), began)),
            counts: Mutex::default(),
        }
    }

    /// What became of the sign-ins, warm-up included.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sign-ins that did not go through.
    pub(crate) fn failed(&self) -> u64 {
        self.counts().iter().filter(|(name, _)| *name != THROUGH).map(|(_, count)| count).sum()
    }

    /// How long pushes took to this service.
    pub(crate) fn pushed(&self, service: Service) -> &Recorder {
        &self.pushed[service as usize]
    }

    /// All of them, for the report.
    pub(crate) fn latencies(&self) -> Vec<Latencies> {
        let pushed = self.pushed.iter().filter(|recorder| recorder.count() > 0);
        [&self.answered, &self.shown, &self.whole].into_iter().chain(pushed).map(Recorder::finish).collect()
    }
}

const THROUGH: &str = "sign-ins through";

impl Stream {
    /// Everybody is free.
    pub(crate) fn new(crowd: Arc<Crowd>) -> Self {
        let (give, take) = mpsc::unbounded_channel();
        let count = crowd.accounts.len();
        for number in 0..count as u32 {
            // Its receiver is in this function.
            let _ = give.send(number);
        }
        let attempts = crowd.accounts.iter().map(|account| AtomicU32::new(account.devices.len() as u32 - 1));
        Self {
            installs: (0..count).map(|_| Install::new()).collect(),
            attempts: attempts.collect(),
            free: Free { give, take: AsyncMutex::new(take) },
            crowd,
            pushes: None,
        }
    }

    /// Devices that are asleep get their codes here; a code is typed when it came to all of them.
    pub(crate) fn with_pushes(mut self, pushes: Arc<Pushes>) -> Self {
        self.pushes = Some(pushes);
        self
    }

    /// Lets sign-ins arrive, and waits for the last.
    ///
    /// # Errors
    /// When one neither goes through nor fails in time.
    pub(crate) async fn run(self: &Arc<Self>, pace: Pace) -> anyhow::Result<Arc<Flow>> {
        let began = Instant::now() + pace.warm_up;
        let flow = Arc::new(Flow::new(began));
        self.run_into(&flow, Instant::now(), pace).await?;
        Ok(flow)
    }

    async fn run_into(self: &Arc<Self>, flow: &Arc<Flow>, first: Instant, pace: Pace) -> anyhow::Result<()> {
        let mut arriving = arrivals(pace.rate, first, pace.warm_up + pace.span);
        let mut under_way = tokio::task::JoinSet::new();
        while let Some(intended) = arriving.recv().await {
            let (stream, flow) = (Arc::clone(self), Arc::clone(flow));
            under_way.spawn(async move { stream.one(intended, &flow).await });
            // Those that are done go, so that a long stream does not keep them.
            while under_way.try_join_next().is_some() {}
        }
        let ended = tokio::time::timeout(END_WITHIN, under_way.join_all()).await;
        ended.map(drop).context("sign-ins hang")
    }

    async fn one(&self, intended: Instant, flow: &Flow) {
        let Some(account) = self.free.take.lock().await.recv().await else { return };
        let outcome = match self.sign_in(account, intended, flow).await {
            Ok(()) => THROUGH.to_owned(),
            Err(error) => format!("failed: {error}"),
        };
        *flow.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(outcome).or_default() += 1;
        // The receiver lives as long as this.
        let _ = self.free.give.send(account);
    }

    async fn sign_in(&self, account: u32, intended: Instant, flow: &Flow) -> anyhow::Result<()> {
        let person = &self.crowd.accounts[account as usize].person;
        let begun =
            person.begin(&self.installs[account as usize]).await.inspect_err(|_| self.crowd.ledger.unanswered())?;
        let Begun::Challenge(challenge) = begun else { anyhow::bail!("{}", begun.text()) };
        self.attempts[account as usize].fetch_add(1, Ordering::Relaxed);
        let (asked, asked_at) = (Instant::now(), SystemTime::from(jiff::Timestamp::now()));
        flow.answered.done(intended);
        let first = self.crowd.ledger.ask(challenge.id, account, self.crowd.devices_of(account));
        let shown = tokio::time::timeout(CODE_WITHIN, first).await.context("no code came")??;
        flow.shown.record(intended, shown.at.saturating_duration_since(asked));
        if let Some(pushes) = &self.pushes {
            for push in pushes.all(challenge.id, account, &shown.code, CODE_WITHIN).await? {
                let took = push.at.duration_since(asked_at).unwrap_or_default();
                flow.pushed(push.service).record(intended, took);
            }
        }
        let answer = person.verify(&challenge, &shown.code, Some(false)).await?;
        anyhow::ensure!(answer.status == StatusCode::OK, "verify: {}", answer.text());
        flow.whole.done(intended);
        Ok(())
    }

    /// Adds all that must hold of the codes to the report.
    ///
    /// # Errors
    /// When the gateway does not answer.
    pub(crate) async fn judge(&self, failed: u64, report: &mut Report) -> anyhow::Result<()> {
        let numbers = self.removable();
        let count = numbers.len();
        let wrong = self.remove_devices(numbers).await;
        let seen = wrong.first().map_or_else(|| format!("{count} devices"), |error| format!("{error:#}"));
        if count > 0 {
            report.check(Check::new("a removed device is shut out, and others go on", wrong.is_empty(), seen));
        }
        let verdict = self.crowd.ledger.settle(CODE_WITHIN).await;
        report_verdict(&verdict, report);
        report.check(Check::new("every sign-in goes through", failed == 0, format!("{failed} failed")));
        let different = self.compare_activity().await?;
        report.check(Check::new(
            "the login activity has every attempt once",
            different.is_empty(),
            if different.is_empty() { format!("{SAMPLE} accounts at most") } else { different.join(", ") },
        ));
        Ok(())
    }

    /// Some accounts that have another connected device when they lose one.
    fn removable(&self) -> Vec<u32> {
        let numbers = 0..self.crowd.accounts.len() as u32;
        numbers.filter(|number| self.crowd.devices_of(*number).count_ones() > 1).take(SAMPLE).collect()
    }

    /// Removes a device of these accounts, and signs in once more: its code must not come to the removed device. Answers with what
    /// went wrong.
    async fn remove_devices(&self, numbers: Vec<u32>) -> Vec<anyhow::Error> {
        let removals = stream::iter(numbers).map(|number| self.remove_one(number)).buffer_unordered(AT_ONCE);
        removals.filter_map(async |removed| removed.err()).collect().await
    }

    async fn remove_one(&self, number: u32) -> anyhow::Result<()> {
        let account = &self.crowd.accounts[number as usize];
        let last = account.devices.len() - 1;
        let seat = Seat { account: number, device: last as u8 };
        let ledger = &self.crowd.ledger;
        let token = &account.devices[0].session.access_token;
        let path = format!("/v1/trusted-devices/{}", account.devices[last].device.id);
        let answer = account.person.http.delete(&path, token).await?;
        anyhow::ensure!(answer.status == StatusCode::NO_CONTENT, "a device cannot be removed: {}", answer.text());
        ledger.removed(seat);
        let begun = account.person.begin(&self.installs[number as usize]).await?;
        let Begun::Challenge(challenge) = begun else { anyhow::bail!("after a removal: {}", begun.text()) };
        self.attempts[number as usize].fetch_add(1, Ordering::Relaxed);
        let first = ledger.ask(challenge.id, number, self.crowd.devices_of(number) & !(1 << last));
        let closed = ledger.until_closed(seat, CLOSED_WITHIN).await;
        anyhow::ensure!(closed, "a removed device stays connected for {CLOSED_WITHIN:?}");
        let shown = tokio::time::timeout(CODE_WITHIN, first).await.context("after a removal no code came")??;
        if let Some(pushes) = &self.pushes {
            pushes.all(challenge.id, number, &shown.code, CODE_WITHIN).await?;
        }
        let answer = account.person.verify(&challenge, &shown.code, Some(false)).await?;
        anyhow::ensure!(answer.status == StatusCode::OK, "after a removal: {}", answer.text());
        Ok(())
    }

    /// Accounts whose login activity has another number of sign-ins than were made.
    async fn compare_activity(&self) -> anyhow::Result<Vec<String>> {
        let mut different = Vec::new();
        for (account, attempts) in self.crowd.accounts.iter().zip(&self.attempts).take(SAMPLE) {
            let made = u64::from(attempts.load(Ordering::Relaxed));
            let written = account.person.count_attempts(&account.devices[0].session.access_token).await?;
            if made != written {
                different.push(format!("{made} made and {written} written"));
            }
        }
        Ok(different)
    }
}

/// Adds what must hold of the codes.
pub(crate) fn report_verdict(verdict: &Verdict, report: &mut Report) {
    let of = format!("of {} codes for {} challenges", verdict.expected, verdict.challenges);
    for (name, count) in verdict.all() {
        report.check(Check::new(name, count == 0, format!("{count} {of}")));
    }
}
