//! The push message subscriptions (RFC 8030 section 4), and how many messages each may get.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng;

use super::refusal::Refusal;
use super::user_agent::UserAgent;

const MINUTE: Duration = Duration::from_secs(60);

/// The subscriptions by id.
#[derive(Debug)]
pub(super) struct Subscriptions {
    /// Messages a minute to each.
    quota: Option<u32>,
    by_id: Mutex<HashMap<String, Subscription>>,
}

#[derive(Debug)]
struct Subscription {
    terms: Terms,
    has_ended: bool,
    /// When messages of the last minute came; empty without a quota.
    recent: VecDeque<Instant>,
}

/// What a subscription was made with.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    /// The only application server key that may send, in base64url.
    pub(super) vapid_public_key: Option<String>,
    /// The keys; `None` when somebody else has them.
    pub(super) user_agent: Option<Arc<UserAgent>>,
}

impl Subscriptions {
    pub(super) fn new(quota: Option<u32>) -> Self {
        Self { quota, by_id: Mutex::default() }
    }

    /// Adds one, and gives its id back.
    pub(super) fn add(&self, terms: Terms) -> String {
        let mut random = [0; 24];
        rand::rng().fill_bytes(&mut random);
        let id = URL_SAFE_NO_PAD.encode(random);
        self.lock().insert(id.clone(), Subscription { terms, has_ended: false, recent: VecDeque::new() });
        id
    }

    /// Ends one; `false` when there is none.
    pub(super) fn end(&self, id: &str) -> bool {
        let mut by_id = self.lock();
        let found = by_id.get_mut(id);
        found.map(|subscription| subscription.has_ended = true).is_some()
    }

    /// One that has not ended.
    pub(super) fn find(&self, id: &str) -> Result<Terms, Refusal> {
        match self.lock().get(id) {
            None => Err(Refusal::new(404, "There is no such subscription.")),
            Some(subscription) if subscription.has_ended => Err(Refusal::new(410, "The subscription has ended.")),
            Some(subscription) => Ok(subscription.terms.clone()),
        }
    }

    /// Counts a message, unless there were too many within a minute.
    pub(super) fn count(&self, id: &str, now: Instant) -> Result<(), Refusal> {
        let Some(quota) = self.quota else {
            return Ok(());
        };
        let mut by_id = self.lock();
        let Some(subscription) = by_id.get_mut(id) else {
            return Ok(());
        };
        let recent = &mut subscription.recent;
        while recent.front().is_some_and(|at| now.duration_since(*at) >= MINUTE) {
            recent.pop_front();
        }
        if recent.len() < usize::try_from(quota).unwrap_or(usize::MAX) {
            recent.push_back(now);
            return Ok(());
        }
        let oldest = recent.front().map_or(Duration::ZERO, |at| now.duration_since(*at));
        let refusal = Refusal::new(429, "The subscription's quota of messages a minute is used up.");
        Err(Refusal { retry_after: Some((MINUTE - oldest).as_secs() + 1), ..refusal })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Subscription>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_counts_the_last_minute_of_one_subscription() {
        let subscriptions = Subscriptions::new(Some(2));
        let [first, second] = [0, 1].map(|_| subscriptions.add(Terms { vapid_public_key: None, user_agent: None }));
        let start = Instant::now();
        let at = |id: &str, seconds| {
            let counted = subscriptions.count(id, start + Duration::from_secs(seconds));
            counted.map_err(|refusal| (refusal.status, refusal.retry_after))
        };
        assert_eq!((at(&first, 0), at(&first, 10)), (Ok(()), Ok(())));
        assert_eq!(at(&first, 50), Err((429, Some(11))));
        assert_eq!(at(&second, 50), Ok(()));
        assert_eq!((at(&first, 60), at(&first, 60).is_err()), (Ok(()), true));
    }

    #[test]
    fn what_ended_differs_from_what_never_was() {
        let subscriptions = Subscriptions::new(None);
        let id = subscriptions.add(Terms { vapid_public_key: None, user_agent: None });
        assert!(subscriptions.find(&id).is_ok());
        assert!(subscriptions.end(&id) && !subscriptions.end("none"));
        let status = |id: &str| subscriptions.find(id).unwrap_err().status;
        assert_eq!((status(&id), status("none")), (410, 404));
    }
}
