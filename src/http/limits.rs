//! Requests a minute from one network, before anything costly is done (GCRA, by the crate governor).
//!
//! What must hold across nodes and restarts is counted in the database; this stands in front of it.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use jiff::SignedDuration;

use super::problem::Problem;
use crate::domain::network::Network;
use crate::telemetry::count_refusal;
use crate::verification::Origin;

/// Networks remembered at the same time, for each limit; what is as good as new is forgotten.
const MAX_NETWORKS: usize = 100_000;

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limited {
    SignIn,
    Accounts,
    Refresh,
    Connect,
    PasswordStrength,
    /// Calls with a token that cost something or tell somebody something.
    Calls,
}

impl Limited {
    /// What it is counted as.
    fn name(self) -> &'static str {
        match self {
            Self::SignIn => "network_sign_in",
            Self::Accounts => "network_accounts",
            Self::Refresh => "network_refresh",
            Self::Connect => "network_connect",
            Self::PasswordStrength => "network_password_strength",
            Self::Calls => "network_calls",
        }
    }
}

/// Estimates of passwords a minute: they cost more than most calls.
const STRENGTHS: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);

/// Requests a minute from one network; as many may come at once.
#[derive(Debug, Clone, Copy)]
pub struct LimitSettings {
    /// Sign-ins.
    pub sign_in: NonZeroU32,
    /// Accounts.
    pub accounts: NonZeroU32,
    /// Refreshed sessions.
    pub refresh: NonZeroU32,
    /// Tickets and connections.
    pub connect: NonZeroU32,
    /// Other calls with a token.
    pub calls: NonZeroU32,
}

/// The limits of this node, which may be replaced.
pub struct Limits(RwLock<Arc<Rates>>);

struct Rates {
    sign_in: DefaultKeyedRateLimiter<Network>,
    accounts: DefaultKeyedRateLimiter<Network>,
    refresh: DefaultKeyedRateLimiter<Network>,
    connect: DefaultKeyedRateLimiter<Network>,
    password_strength: DefaultKeyedRateLimiter<Network>,
    calls: DefaultKeyedRateLimiter<Network>,
}

impl Rates {
    fn new(settings: LimitSettings) -> Self {
        let a_minute = |number| RateLimiter::keyed(Quota::per_minute(number));
        Self {
            sign_in: a_minute(settings.sign_in),
            accounts: a_minute(settings.accounts),
            refresh: a_minute(settings.refresh),
            connect: a_minute(settings.connect),
            password_strength: a_minute(STRENGTHS),
            calls: a_minute(settings.calls),
        }
    }

    fn of(&self, what: Limited) -> &DefaultKeyedRateLimiter<Network> {
        match what {
            Limited::SignIn => &self.sign_in,
            Limited::Accounts => &self.accounts,
            Limited::Refresh => &self.refresh,
            Limited::Connect => &self.connect,
            Limited::PasswordStrength => &self.password_strength,
            Limited::Calls => &self.calls,
        }
    }
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

    /// Counts a request. This machine is not limited: it is a reverse proxy that nobody listed, so everybody, or a developer.
    ///
    /// # Errors
    /// 429 with how long to wait.
    pub(super) fn check(&self, what: Limited, origin: &Origin) -> Result<(), Problem> {
        let network = Network::of(origin.ip);
        if network.is_loopback() {
            return Ok(());
        }
        let rates = self.rates();
        let limiter = rates.of(what);
        if limiter.len() >= MAX_NETWORKS {
            limiter.retain_recent();
        }
        // More than that in a minute is an attack from everywhere: who is not known by then shares one place.
        let network = if limiter.len() < MAX_NETWORKS { network } else { Network::of(IpAddr::from([0, 0, 0, 0])) };
        let refused = limiter.check_key(&network).err();
        refused.map_or(Ok(()), |until| {
            count_refusal(what.name());
            let wait = until.wait_time_from(DefaultClock::default().now());
            Err(Problem::too_many_requests(SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX)))
        })
    }

    /// Forgets networks that are as good as new. Call it every minute.
    pub fn forget(&self) {
        let rates = self.rates();
        for limiter in
            [&rates.sign_in, &rates.accounts, &rates.refresh, &rates.connect, &rates.password_strength, &rates.calls]
        {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        let three = NonZeroU32::new(3).expect("not zero");
        Limits::new(LimitSettings { sign_in: three, accounts: three, refresh: three, connect: three, calls: three })
    }

    fn origin(ip: &str) -> Origin {
        Origin { ip: ip.parse().expect("an address"), location: None, locale: None }
    }

    #[test]
    fn a_network_gets_no_more_than_its_share_and_others_theirs() {
        let limits = limits();
        let here = origin("192.0.2.1");
        for _ in 0..3 {
            assert!(limits.check(Limited::SignIn, &here).is_ok());
        }
        assert!(limits.check(Limited::SignIn, &here).is_err());
        assert!(limits.check(Limited::Accounts, &here).is_ok());
        assert!(limits.check(Limited::SignIn, &origin("192.0.2.2")).is_ok());
        let neighbours = ["2001:db8::1", "2001:db8::2", "2001:db8::3"].map(origin);
        assert!(neighbours.iter().all(|one| limits.check(Limited::SignIn, one).is_ok()));
        assert!(limits.check(Limited::SignIn, &origin("2001:db8::4")).is_err());
    }

    #[test]
    fn this_machine_is_not_limited() {
        let limits = limits();
        assert!((0..100).all(|_| limits.check(Limited::SignIn, &origin("127.0.0.1")).is_ok()));
        assert!((0..100).all(|_| limits.check(Limited::SignIn, &origin("::1")).is_ok()));
    }
}
