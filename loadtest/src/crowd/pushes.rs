//! Which pushes must come to the providers, and which came.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::ValueEnum;
use tokio::sync::Notify;
use uuid::Uuid;

/// Who carries pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Service {
    /// Firebase Cloud Messaging.
    Fcm,
    /// Apple Push Notification service.
    Apns,
    /// Web Push.
    Webpush,
}

impl Service {
    /// All, in the order of their numbers.
    pub(crate) const ALL: [Self; 3] = [Self::Fcm, Self::Apns, Self::Webpush];

    /// Its word in the API, and on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Fcm => "fcm",
            Self::Apns => "apns",
            Self::Webpush => "webpush",
        }
    }

    /// What the time to it is called in reports.
    pub(crate) fn latency(self) -> &'static str {
        match self {
            Self::Fcm => "push at FCM after it",
            Self::Apns => "push at APNs after it",
            Self::Webpush => "push at Web Push after it",
        }
    }
}

/// Where a device that is asleep gets its pushes.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    /// The account's number in the crowd.
    pub(crate) account: u32,
    /// What the provider knows the device by.
    pub(crate) token: String,
}

/// A code at a provider.
#[derive(Debug, Clone)]
pub(crate) struct Push {
    /// Which provider.
    pub(crate) service: Service,
    /// Where it is to go.
    pub(crate) token: String,
    /// Its digits.
    pub(crate) code: String,
    /// When it came.
    pub(crate) at: Instant,
    /// The provider found the request out of order.
    pub(crate) refused: bool,
}

/// Everything that was asked for and came.
pub(crate) struct Pushes {
    addresses: Vec<Address>,
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Default)]
struct State {
    /// The account of each challenge, and the code on its screens.
    asked: HashMap<Uuid, (u32, String)>,
    /// Challenges whose pushes may be late, missing, or tried again.
    forgiven: HashSet<Uuid>,
    came: HashMap<Uuid, Vec<Push>>,
}

impl Pushes {
    /// Nothing yet.
    pub(crate) fn new(addresses: Vec<Address>) -> Self {
        Self { addresses, state: Mutex::default(), arrived: Notify::new() }
    }

    /// A provider got a code.
    pub(crate) fn saw(&self, challenge: Uuid, push: Push) {
        self.lock().came.entry(challenge).or_default().push(push);
        self.arrived.notify_waiters();
    }

    /// The code of a challenge may come late, not at all, or be tried several times; to others it must not go.
    pub(crate) fn forgive(&self, challenge: Uuid, account: u32, code: &str) {
        let mut state = self.lock();
        state.asked.insert(challenge, (account, code.to_owned()));
        state.forgiven.insert(challenge);
    }

    /// Waits until the code of a challenge is at the provider for every device of the account that is asleep.
    ///
    /// # Errors
    /// When one is missing for longer than `patience`.
    pub(crate) async fn all(
        &self,
        challenge: Uuid,
        account: u32,
        code: &str,
        patience: Duration,
    ) -> anyhow::Result<Vec<Push>> {
        self.lock().asked.insert(challenge, (account, code.to_owned()));
        let until = tokio::time::Instant::now() + patience;
        loop {
            let arrived = self.arrived.notified();
            let came = self.lock().came.get(&challenge).cloned().unwrap_or_default();
            if self.tokens(account).all(|token| came.iter().any(|push| push.token == token)) {
                return Ok(came);
            }
            if tokio::time::timeout_at(until, arrived).await.is_err() {
                bail!("no push came");
            }
        }
    }

    /// How many of each mistake there are.
    pub(crate) fn verdict(&self) -> [(&'static str, u64); 6] {
        let state = self.lock();
        let [mut lost, mut twice, mut astray, mut differing, mut refused, mut unknown] = [0; 6];
        for (challenge, (account, code)) in &state.asked {
            let came = state.came.get(challenge).map(Vec::as_slice).unwrap_or_default();
            let own: HashSet<&str> = self.tokens(*account).collect();
            let strict = own.iter().filter(|_| !state.forgiven.contains(challenge));
            for token in strict {
                let count = came.iter().filter(|push| push.token == *token).count() as u64;
                lost += u64::from(count == 0);
                twice += count.saturating_sub(1);
            }
            astray += came.iter().filter(|push| !own.contains(push.token.as_str())).count() as u64;
            differing += came.iter().filter(|push| push.code != *code).count() as u64;
            refused += came.iter().filter(|push| push.refused).count() as u64;
        }
        unknown += state.came.keys().filter(|challenge| !state.asked.contains_key(challenge)).count() as u64;
        [
            ("every sleeping device gets its code by push", lost),
            ("no push comes twice", twice),
            ("no push goes to another account's token", astray),
            ("a pushed code is the code on the screens", differing),
            ("no push is refused as out of order", refused),
            ("no push comes that nobody asked for", unknown),
        ]
    }

    fn tokens(&self, account: u32) -> impl Iterator<Item = &str> {
        self.addresses.iter().filter(move |address| address.account == account).map(|address| address.token.as_str())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(token: &str, code: &str) -> Push {
        let token = token.to_owned();
        let code = code.to_owned();
        Push { service: Service::Fcm, token, code, at: Instant::now(), refused: false }
    }

    #[tokio::test]
    async fn every_kind_of_mistake_is_told_apart() {
        let address = |account, token: &str| Address { account, token: token.to_owned() };
        let pushes = Pushes::new(vec![address(0, "a"), address(1, "b")]);
        let ids: Vec<Uuid> = (0..4).map(Uuid::from_u128).collect();
        // 0 comes twice and astray as well; 1 is lost; 2 differs; nobody asked for 3.
        for token in ["a", "a", "b"] {
            pushes.saw(ids[0], push(token, "1"));
        }
        pushes.saw(ids[2], push("a", "2"));
        pushes.saw(ids[3], push("a", "3"));
        assert_eq!(pushes.all(ids[0], 0, "1", Duration::ZERO).await.unwrap().len(), 3);
        assert!(pushes.all(ids[1], 0, "1", Duration::ZERO).await.is_err());
        assert!(pushes.all(ids[2], 0, "1", Duration::ZERO).await.is_ok());
        assert_eq!(pushes.verdict().map(|(_, count)| count), [1, 1, 1, 1, 0, 1]);
    }
}
