//! Waits after wrong passwords: for an address of an account from one network, and for one network over all accounts.
//!
//! Kept in memory by each node: what it forgets by a restart costs a guesser a restart. Where a second step is on, a guessed
//! password alone opens nothing.

use std::collections::HashMap;
use std::hash::Hash;

use jiff::{SignedDuration, Timestamp};

use super::network::Network;

/// From this wrong password on each one is followed by a wait.
const WAIT_FROM: u32 = 10;
/// The first wait; each further one is twice as long.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(5);
/// No wait is longer.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(15);
/// Wrong passwords in an hour from one network (design section 9).
const WRONG_AN_HOUR: u32 = 100;
/// After so long without a wrong one nothing is remembered.
const MEMORY: SignedDuration = SignedDuration::from_hours(1);
/// Entries of each kind. When there are more, and all are fresh, all are forgotten: memory stays bounded.
const MAX_ENTRIES: usize = 100_000;

#[derive(Debug, Clone, Copy)]
struct Entry {
    failures: u32,
    first: Timestamp,
    last: Timestamp,
    /// One is being compared; kept where each is followed by a wait.
    is_comparing: bool,
}

/// What is remembered. `Subject` stands for the address that was typed, whether it has an account or not.
#[derive(Debug)]
pub struct PasswordWaits<Subject> {
    pairs: HashMap<(Subject, Network), Entry>,
    networks: HashMap<Network, Entry>,
}

impl<Subject> Default for PasswordWaits<Subject> {
    fn default() -> Self {
        Self { pairs: HashMap::new(), networks: HashMap::new() }
    }
}

impl<Subject: Copy + Eq + Hash> PasswordWaits<Subject> {
    /// Takes the right to compare one password at `now`; [`Self::record_wrong`], [`Self::record_right`] or [`Self::give_back`]
    /// must follow. Where waits have begun, one is compared at a time: many at once would all pass before the first is counted.
    ///
    /// # Errors
    /// How long to wait.
    pub fn begin(&mut self, subject: Subject, network: Network, now: Timestamp) -> Result<(), SignedDuration> {
        self.check(subject, network, now)?;
        match self.pairs.get_mut(&(subject, network)).filter(|entry| entry.failures >= WAIT_FROM) {
            Some(entry) if entry.is_comparing => Err(FIRST_WAIT),
            Some(entry) => {
                entry.is_comparing = true;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Nothing was compared after all.
    pub fn give_back(&mut self, subject: Subject, network: Network) {
        if let Some(entry) = self.pairs.get_mut(&(subject, network)) {
            entry.is_comparing = false;
        }
    }

    /// Whether a password may be tried at `now`.
    ///
    /// # Errors
    /// How long to wait.
    pub fn check(&self, subject: Subject, network: Network, now: Timestamp) -> Result<(), SignedDuration> {
        let pair = self.pairs.get(&(subject, network)).map(|entry| entry.last + wait_after(entry.failures));
        let full = self.networks.get(&network).filter(|entry| entry.failures >= WRONG_AN_HOUR);
        let network = full.filter(|_| !network.is_loopback()).map(|entry| entry.first + MEMORY);
        let until = pair.into_iter().chain(network).max();
        match until.map(|until| until.duration_since(now)) {
            Some(wait) if wait.is_positive() => Err(wait),
            _ => Ok(()),
        }
    }

    /// Remembers a wrong password.
    pub fn record_wrong(&mut self, subject: Subject, network: Network, now: Timestamp) {
        remember(&mut self.pairs, (subject, network), now, |entry| entry.last);
        remember(&mut self.networks, network, now, |entry| entry.first);
    }

    /// The password was right: forgets the wrong ones before it.
    pub fn record_right(&mut self, subject: Subject, network: Network) {
        self.pairs.remove(&(subject, network));
    }
}

/// `since` says from when on an entry is remembered for [`MEMORY`].
fn remember<Key: Eq + Hash>(
    entries: &mut HashMap<Key, Entry>,
    key: Key,
    now: Timestamp,
    since: fn(&Entry) -> Timestamp,
) {
    let is_fresh = |entry: &Entry| now < since(entry) + MEMORY;
    if entries.len() >= MAX_ENTRIES {
        entries.retain(|_, entry| is_fresh(entry));
        if entries.len() >= MAX_ENTRIES {
            entries.clear();
        }
    }
    let new = Entry { failures: 0, first: now, last: now, is_comparing: false };
    let entry = entries.entry(key).or_insert(new);
    if !is_fresh(entry) {
        *entry = new;
    }
    entry.failures += 1;
    entry.last = now;
    entry.is_comparing = false;
}

fn wait_after(failures: u32) -> SignedDuration {
    match failures.checked_sub(WAIT_FROM) {
        Some(doublings) => FIRST_WAIT.saturating_mul(1 << doublings.min(20)).min(LONGEST_WAIT),
        None => SignedDuration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn network(text: &str) -> Network {
        Network::of(text.parse().expect("an address"))
    }

    #[test]
    fn the_tenth_wrong_password_of_a_pair_is_followed_by_a_wait_that_doubles() {
        let (mut waits, here) = (PasswordWaits::default(), network("192.0.2.1"));
        let mut now = at(0);
        let mut seconds = Vec::new();
        for _ in 0..19 {
            waits.record_wrong(1, here, now);
            let wait = waits.check(1, here, now).err().unwrap_or_default();
            seconds.push(wait.as_secs());
            now += wait;
            assert_eq!(waits.check(1, here, now), Ok(()), "who waited as long as told may try");
        }
        assert_eq!(seconds[..9], [0; 9]);
        assert_eq!(seconds[9..], [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
        assert_eq!(waits.check(2, here, at(0)), Ok(()), "another account");
        assert_eq!(waits.check(1, network("192.0.2.2"), at(0)), Ok(()), "from elsewhere");
        waits.record_right(1, here);
        assert_eq!(waits.check(1, here, at(0)), Ok(()));
    }

    #[test]
    fn a_network_has_a_hundred_an_hour_and_this_machine_as_many_as_it_likes() {
        for (text, is_bounded) in [("192.0.2.1", true), ("2001:db8::1", true), ("127.0.0.1", false), ("::1", false)] {
            let mut waits = PasswordWaits::default();
            for subject in 0..100 {
                assert_eq!(waits.check(subject, network(text), at(60)), Ok(()));
                waits.record_wrong(subject, network(text), at(60));
            }
            let refused = waits.check(1000, network(text), at(120)).err();
            assert_eq!(refused, is_bounded.then_some(SignedDuration::from_mins(59)), "{text}");
            assert_eq!(waits.check(1000, network(text), at(3660)), Ok(()));
        }
    }

    #[test]
    fn where_waits_have_begun_one_is_compared_at_a_time() {
        let (mut waits, here) = (PasswordWaits::default(), network("192.0.2.1"));
        for _ in 0..10 {
            assert_eq!(waits.begin(1, here, at(0)), Ok(()));
            waits.record_wrong(1, here, at(0));
        }
        assert_eq!(waits.begin(1, here, at(5)), Ok(()));
        assert!(waits.begin(1, here, at(5)).is_err());
        waits.give_back(1, here);
        assert_eq!(waits.begin(1, here, at(5)), Ok(()));
        waits.record_wrong(1, here, at(5));
        assert_eq!(waits.begin(1, here, at(5)), Err(SignedDuration::from_secs(10)));
    }

    #[test]
    fn memory_is_bounded() {
        let mut waits = PasswordWaits::default();
        for subject in 0..=MAX_ENTRIES {
            waits.record_wrong(subject, network("192.0.2.1"), at(0));
        }
        assert_eq!(waits.pairs.len(), 1);
        for subject in 1..MAX_ENTRIES {
            waits.record_wrong(subject, network("192.0.2.1"), at(1));
        }
        waits.record_wrong(0, network("192.0.2.1"), at(4000));
        assert_eq!(waits.pairs.len(), 1, "what is old goes first");
    }
}
