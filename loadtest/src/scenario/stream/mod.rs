//! Errands of a crowd at a fixed rate, first of all whole sign-ins: sign-in, the code on the account's screens, the code typed.

pub(super) mod errands;
mod flow;
mod judge;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::sync::{Mutex as AsyncMutex, mpsc};

pub(crate) use self::flow::Flow;
pub(crate) use self::judge::report_verdict;
use crate::client::{Http, Install};
use crate::crowd::{Crowd, Pushes};
use crate::measure::arrivals;

/// A code that is not on a screen by now is lost.
const CODE_WITHIN: Duration = Duration::from_secs(10);
/// What is still under way when the stream ends gets this long.
const END_WITHIN: Duration = Duration::from_secs(40);

/// A stream that has no end of its own ends after a day.
const LONGEST: Duration = Duration::from_secs(86_400);

/// How fast and how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Errands a second.
    pub(crate) rate: f64,
    /// Not counted, before the rest.
    pub(crate) warm_up: Duration,
    /// Counted.
    pub(crate) span: Duration,
}

/// What somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Signs in at an app that is not trusted, with the code from a screen.
    SignIn,
    /// The same, after a wrong code.
    WrongCode,
    /// Looks at the trusted devices and the login activity.
    Look,
    /// Loses the connection of a device, and comes back.
    Return,
}

impl Errand {
    /// What it is called in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SignIn => "whole sign-in",
            Self::WrongCode => "sign-in with a wrong code first",
            Self::Look => "look at devices and activity",
            Self::Return => "device back on line",
        }
    }
}

/// A time in which something that the gateway needs is away, with what it takes to recover.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Away {
    /// From when.
    pub(crate) from: Instant,
    /// Until when.
    pub(crate) until: Instant,
    /// Codes of sign-ins begun meanwhile need not come to every device.
    pub(crate) forgives_codes: bool,
}

impl Away {
    fn covers(&self, moment: Instant) -> bool {
        (self.from..self.until).contains(&moment)
    }
}

/// Errands of a crowd. Several streams may follow one another, or go side by side.
pub(crate) struct Stream {
    crowd: Arc<Crowd>,
    /// One app for each account, that asks for its codes.
    installs: Vec<Install>,
    free: Free,
    /// Sign-ins of each account that were answered.
    attempts: Vec<AtomicU32>,
    /// Sign-ins of each account whose answer did not come, or was that the gateway cannot serve now.
    unanswered: Vec<AtomicU32>,
    /// Where devices that are asleep get their codes.
    pushes: Option<Arc<Pushes>>,
    away: Option<Away>,
    /// More is asked for than the gateway can do: it may say so.
    may_be_turned_away: bool,
    /// Every node: where one does not answer, the next is asked.
    nodes: Vec<Http>,
    /// A code that is not on a screen by now is lost.
    code_within: Duration,
    under_way: AtomicU64,
}

/// Accounts without an errand under way: each has one at a time, as an app supersedes its own sign-ins.
struct Free {
    give: mpsc::UnboundedSender<u32>,
    take: AsyncMutex<mpsc::UnboundedReceiver<u32>>,
}

impl Stream {
    /// Everybody is free.
    pub(crate) fn new(crowd: Arc<Crowd>) -> Self {
        let (give, take) = mpsc::unbounded_channel();
        let count = crowd.accounts.len();
        for number in 0..count as u32 {
            // Its receiver is in this function.
            let _ = give.send(number);
        }
        let attempts = crowd.accounts.iter().map(|account| {
            // The first device of the gateway's own account made it, and signed in nowhere.
            AtomicU32::new(account.devices.len() as u32 - u32::from(account.person.app.is_none()))
        });
        Self {
            installs: (0..count).map(|_| Install::new()).collect(),
            attempts: attempts.collect(),
            unanswered: (0..count).map(|_| AtomicU32::default()).collect(),
            free: Free { give, take: AsyncMutex::new(take) },
            crowd,
            pushes: None,
            away: None,
            may_be_turned_away: false,
            nodes: Vec::new(),
            code_within: CODE_WITHIN,
            under_way: AtomicU64::default(),
        }
    }

    /// Devices that are asleep get their codes here; a code is typed when it came to all of them.
    pub(crate) fn with_pushes(mut self, pushes: Arc<Pushes>) -> Self {
        self.pushes = Some(pushes);
        self
    }

    /// Something is away for a time: then the gateway may say that it cannot serve, and is asked again.
    pub(crate) fn with_away(mut self, away: Away) -> Self {
        self.away = Some(away);
        self
    }

    /// More is asked for than the gateway can do: then it may say that it cannot serve.
    pub(crate) fn with_overload(mut self, may_be_turned_away: bool) -> Self {
        self.may_be_turned_away = may_be_turned_away;
        self
    }

    /// Nodes end and start: where one does not answer the next is asked, and a code is typed when it is on every screen, which may
    /// take a while.
    pub(crate) fn with_nodes(mut self, nodes: Vec<Http>, code_within: Duration) -> Self {
        self.nodes = nodes;
        self.code_within = code_within;
        self
    }

    /// Errands that began and did not end.
    pub(crate) fn under_way(&self) -> u64 {
        self.under_way.load(Ordering::Relaxed)
    }

    /// Lets sign-ins arrive, and waits for the last.
    ///
    /// # Errors
    /// When one neither goes through nor fails in time.
    pub(crate) async fn run(self: &Arc<Self>, pace: Pace) -> anyhow::Result<Arc<Flow>> {
        self.run_errands(Errand::SignIn, pace).await
    }

    /// Lets errands arrive, and waits for the last.
    ///
    /// # Errors
    /// When one neither goes through nor fails in time.
    pub(crate) async fn run_errands(self: &Arc<Self>, errand: Errand, pace: Pace) -> anyhow::Result<Arc<Flow>> {
        let (flow, _) = self.run_until(errand, pace, std::future::pending::<()>()).await?;
        Ok(flow)
    }

    /// Lets sign-ins arrive while something else is done, and waits for the last.
    ///
    /// # Errors
    /// When one neither goes through nor fails in time.
    pub(crate) async fn run_while<T>(
        self: &Arc<Self>,
        rate: f64,
        other: impl Future<Output = T>,
    ) -> anyhow::Result<(Arc<Flow>, T)> {
        let pace = Pace { rate, warm_up: Duration::ZERO, span: LONGEST };
        let (flow, other) = self.run_until(Errand::SignIn, pace, other).await?;
        Ok((flow, other.context("it took longer than a day")?))
    }

    /// Until the span is over or something else is done.
    async fn run_until<T>(
        self: &Arc<Self>,
        errand: Errand,
        pace: Pace,
        other: impl Future<Output = T>,
    ) -> anyhow::Result<(Arc<Flow>, Option<T>)> {
        let mut other = std::pin::pin!(other);
        let mut done = None;
        let first = Instant::now();
        let flow = Arc::new(Flow::new(errand, first + pace.warm_up, pace.span));
        let mut arriving = arrivals(pace.rate, first, pace.warm_up + pace.span);
        let mut under_way = tokio::task::JoinSet::new();
        loop {
            let intended = tokio::select! {
                intended = arriving.recv() => intended,
                other = &mut other => {
                    done = Some(other);
                    None
                }
            };
            let Some(intended) = intended else { break };
            let stream = Arc::clone(self);
            let flow = Arc::clone(&flow);
            under_way.spawn(async move { stream.one(errand, intended, &flow).await });
            // Those that are done go, so that a long stream does not keep them.
            while under_way.try_join_next().is_some() {}
        }
        let ended = tokio::time::timeout(END_WITHIN + self.code_within, under_way.join_all()).await;
        ended.context("errands hang")?;
        Ok((flow, done))
    }

    async fn one(&self, errand: Errand, intended: Instant, flow: &Arc<Flow>) {
        let Some(account) = self.free.take.lock().await.recv().await else { return };
        self.under_way.fetch_add(1, Ordering::Relaxed);
        let outcome = match errand {
            Errand::SignIn | Errand::WrongCode => self.sign_in(account, errand, intended, flow).await,
            Errand::Look => self.look(account).await,
            Errand::Return => self.come_back(account).await,
        };
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        flow.ended(errand, intended, &outcome);
        // The receiver lives as long as this.
        let _ = self.free.give.send(account);
    }
}
