//! Requests a minute, before anything costly is done (GCRA, by the crate governor).
//!
//! Each budget says who spends it. Calls that anybody can make are counted by network, and so are those with a token that is none.
//! Calls with a good token are counted by session, challenge, device or account, apart from the network they come from: whoever
//! shares a network with somebody cannot spend what they need. What must hold across nodes and restarts is counted in the
//! database; this stands in front of it.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use jiff::SignedDuration;

use crate::domain::device::session::ActiveSession;
use crate::domain::value::id::{AccountId, ChallengeId, DeviceId, DrillId, SessionId};
use crate::domain::value::network::Network;
use crate::http::problem::Problem;
use crate::telemetry::count_refusal;

/// Spenders remembered at the same time, for each limit; what is as good as new is forgotten.
const MAX_SPENDERS: usize = 100_000;

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Limited {
    /// By network.
    SignIn,
    /// By network.
    Accounts,
    /// By network.
    PasswordResets,
    /// By network.
    PasswordStrength,
    /// Calls that need no token and cost little, by network.
    Open,
    /// Calls without a token where one is needed, or with one that is not good, by network.
    Strangers,
    /// Sign-ins of a device that shows a good trust token while its network's sign-ins are spent, by device.
    TrustedSignIn,
    /// By session.
    Refresh,
    /// By session.
    Connect,
    /// Calls with a good token, by session or challenge.
    Calls,
    /// What devices say of pushes of a challenge, by challenge. Whoever waits for the code spends another budget: they must not stop a denial.
    Receipts,
    /// Calls of a session that change something: of a trusted device by device, of all others of an account by account.
    Writes,
    /// A few changes that each session may make before it spends what others share.
    OwnWrites,
}

impl Limited {
    const ALL: [Self; 13] = [
        Self::SignIn,
        Self::Accounts,
        Self::PasswordResets,
        Self::PasswordStrength,
        Self::Open,
        Self::Strangers,
        Self::TrustedSignIn,
        Self::Refresh,
        Self::Connect,
        Self::Calls,
        Self::Receipts,
        Self::Writes,
        Self::OwnWrites,
    ];

    /// What it is counted as.
    fn name(self) -> &'static str {
        match self {
            Self::SignIn => "network_sign_in",
            Self::Accounts => "network_accounts",
            Self::PasswordResets => "network_password_resets",
            Self::PasswordStrength => "network_password_strength",
            Self::Open => "network_open_calls",
            Self::Strangers => "network_bad_tokens",
            Self::TrustedSignIn => "device_sign_in",
            Self::Refresh => "session_refresh",
            Self::Connect => "session_connect",
            Self::Calls => "token_calls",
            Self::Receipts => "challenge_receipts",
            Self::Writes | Self::OwnWrites => "account_writes",
        }
    }
}

/// Who spends a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::http) enum Spender {
    Network(Network),
    Session(SessionId),
    Challenge(ChallengeId),
    Drill(DrillId),
    Device(DeviceId),
    Account(AccountId),
}

/// Estimates of passwords a minute: they cost more than most calls.
const STRENGTHS: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);
/// Sign-ins a minute of a trusted device while strangers spend its network's.
const TRUSTED_SIGN_INS: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
/// Receipts a minute of one challenge: ten devices say it once or twice for each of its codes.
const RECEIPTS: NonZeroU32 = NonZeroU32::MIN.saturating_add(99);
/// Changes a minute of each session that is not of a trusted device, before it spends its account's budget: another session of the
/// same account cannot spend these.
const OWN_WRITES: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);

/// Requests a minute; as many may come at once, where nothing else is said.
#[derive(Debug, Clone, Copy)]
pub struct LimitSettings {
    /// Sign-ins from one network.
    pub sign_in: NonZeroU32,
    /// Accounts from one network.
    pub accounts: NonZeroU32,
    /// Calls from one network without a good token.
    pub strangers: NonZeroU32,
    /// Times that one session is refreshed.
    pub refresh: NonZeroU32,
    /// Tickets and connections of one session.
    pub connect: NonZeroU32,
    /// Other calls with one good token.
    pub calls: NonZeroU32,
    /// Changes by one trusted device, or by all other sessions of one account; half as many may come at once.
    pub writes: NonZeroU32,
}

#[cfg(test)]
impl LimitSettings {
    /// So many of everything.
    pub(in crate::http) fn all(limit: u32) -> Self {
        let limit = NonZeroU32::new(limit).expect("not zero");
        Self {
            sign_in: limit,
            accounts: limit,
            strangers: limit,
            refresh: limit,
            connect: limit,
            calls: limit,
            writes: limit,
        }
    }
}

/// The limits of this node, which may be replaced.
pub struct Limits(RwLock<Arc<Rates>>);

struct Rates([DefaultKeyedRateLimiter<Spender>; Limited::ALL.len()]);

impl Rates {
    fn new(settings: LimitSettings) -> Self {
        Self(Limited::ALL.map(|what| RateLimiter::keyed(quota(what, settings))))
    }

    fn of(&self, what: Limited) -> &DefaultKeyedRateLimiter<Spender> {
        &self.0[what as usize]
    }

    /// How long to wait, if it must.
    fn spend(&self, what: Limited, spender: Spender) -> Option<SignedDuration> {
        let limiter = self.of(what);
        if limiter.len() >= MAX_SPENDERS {
            limiter.retain_recent();
        }
        // More than that in a minute is an attack from everywhere: who is not known by then shares one place.
        let everybody = Spender::Network(Network::of(IpAddr::from([0, 0, 0, 0])));
        let spender = if limiter.len() < MAX_SPENDERS { spender } else { everybody };
        let until = limiter.check_key(&spender).err()?;
        let wait = until.wait_time_from(DefaultClock::default().now());
        Some(SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX))
    }
}

fn quota(what: Limited, settings: LimitSettings) -> Quota {
    let a_minute = match what {
        Limited::SignIn => settings.sign_in,
        Limited::Accounts | Limited::PasswordResets => settings.accounts,
        Limited::PasswordStrength => STRENGTHS,
        Limited::Open | Limited::Strangers => settings.strangers,
        Limited::TrustedSignIn => TRUSTED_SIGN_INS,
        Limited::Refresh => settings.refresh,
        Limited::Connect => settings.connect,
        Limited::Calls => settings.calls,
        Limited::Receipts => RECEIPTS,
        Limited::OwnWrites => OWN_WRITES,
        Limited::Writes => {
            let half = NonZeroU32::new(settings.writes.get() / 2).unwrap_or(NonZeroU32::MIN);
            return Quota::per_minute(settings.writes).allow_burst(half);
        }
    };
    Quota::per_minute(a_minute)
}

impl Limits {
    /// Nothing was asked for yet.
    #[must_use]
    pub fn new(settings: LimitSettings) -> Self {
        Self(RwLock::new(Arc::new(Rates::new(settings))))
    }

    /// Takes other rates from now on; what was asked for is forgotten.
    pub fn replace(&self, settings: LimitSettings) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Rates::new(settings));
    }

    fn rates(&self) -> Arc<Rates> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts a request from a network; `None` is exempt.
    ///
    /// # Errors
    /// 429 with how long to wait.
    pub(in crate::http) fn check(&self, what: Limited, network: Option<Network>) -> Result<(), Problem> {
        network.map_or(Ok(()), |network| self.spend(what, Spender::Network(network)))
    }

    /// Counts a request of whoever spends this budget.
    ///
    /// # Errors
    /// 429 with how long to wait.
    pub(in crate::http) fn spend(&self, what: Limited, spender: Spender) -> Result<(), Problem> {
        let refused = self.rates().spend(what, spender);
        refused.map_or(Ok(()), |wait| {
            count_refusal(what.name());
            Err(Problem::too_many_requests(detail(spender), wait))
        })
    }

    /// Counts a change that a session makes. Trusted devices have a budget each: neither a stranger's session nor another device
    /// that was stolen stops one that denies, reports or removes. All other sessions of an account share one, which bounds what they
    /// write, and have a few changes of their own.
    ///
    /// # Errors
    /// 429 with how long to wait.
    pub(in crate::http) fn spend_write(&self, session: &ActiveSession) -> Result<(), Problem> {
        if session.device_trusted {
            return self.spend(Limited::Writes, Spender::Device(session.device_id));
        }
        if self.rates().spend(Limited::OwnWrites, Spender::Session(session.session_id)).is_none() {
            return Ok(());
        }
        self.spend(Limited::Writes, Spender::Account(session.account_id))
    }

    /// Forgets spenders that are as good as new. Call it every minute.
    pub fn forget(&self) {
        for limiter in &self.rates().0 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

/// What is told to whom a limit refuses.
fn detail(spender: Spender) -> &'static str {
    match spender {
        Spender::Network(_) => "Too many requests come from your network. Wait a little.",
        Spender::Session(_) => "Too many requests were made in this session. Wait a little.",
        Spender::Drill(_) => "This was said many times. Once is enough.",
        Spender::Challenge(_) => "Too many requests were made about this challenge. Wait a little.",
        Spender::Device(_) => "Too many requests were made on this device. Wait a little.",
        Spender::Account(_) => "Too many changes were made in this account. Wait a little, or use a trusted device.",
    }
}

#[cfg(test)]
mod tests;
