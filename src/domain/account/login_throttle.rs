//! Waits after wrong passwords: for an account from one network, for one network over all accounts, and for a trusted device on
//! its own.
//!
//! Each guess is counted before it is compared and given back when it was right: of many that come at once no more pass than of
//! as many in a row. Kept in memory by each node: what it forgets by a restart costs a guesser a restart. Where a second step is
//! on, a guessed password alone opens nothing.

use core::net::IpAddr;
use std::collections::HashMap;
use std::hash::Hash;

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};

use crate::domain::value::id::DeviceId;

/// The first wait; each further one is twice as long.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(5);
/// No wait is longer.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(15);
/// After so long without a wrong one nothing is remembered.
const MEMORY: SignedDuration = SignedDuration::from_hours(1);
/// Entries of each kind. When there are more, and all are fresh, all are forgotten: memory stays bounded.
const MAX_ENTRIES: usize = 100_000;
/// From this wrong password of a trusted device on each one is followed by a wait.
const DEVICE_WAIT_FROM: u32 = 10;

/// How far somebody's addresses reach, with what is allowed there. Who has an IPv6 network has as many smaller ones in it as they
/// like: a host has a /64, a site a /56 or a /48 (RFC 6177 section 2). An IPv4 address is the same network at each.
struct Reach {
    ipv6_bits: u8,
    /// From this wrong password for one account on each one is followed by a wait.
    wait_from: u32,
    /// Wrong passwords in an hour over all accounts (design section 9).
    wrong_an_hour: u32,
}

const REACHES: [Reach; 3] = [
    Reach { ipv6_bits: 64, wait_from: 10, wrong_an_hour: 100 },
    Reach { ipv6_bits: 56, wait_from: 15, wrong_an_hour: 200 },
    Reach { ipv6_bits: 48, wait_from: 20, wrong_an_hour: 300 },
];

/// Who types a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typist {
    /// A device that the account trusts, known by its trust token or its session. What strangers did is none of its business,
    /// however many share its network.
    Device(DeviceId),
    /// Anybody at this address.
    Stranger {
        /// The address.
        ip: IpAddr,
        /// Their network has no bound over all accounts: a developer on this machine.
        is_exempt: bool,
    },
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    failures: u32,
    first: Timestamp,
    last: Timestamp,
}

/// What is remembered. `Subject` stands for the address that was typed, whether it has an account or not.
#[derive(Debug)]
pub struct PasswordWaits<Subject> {
    pairs: HashMap<(Subject, IpNet), Entry>,
    networks: HashMap<IpNet, Entry>,
    devices: HashMap<(Subject, DeviceId), Entry>,
}

impl<Subject> Default for PasswordWaits<Subject> {
    fn default() -> Self {
        Self { pairs: HashMap::new(), networks: HashMap::new(), devices: HashMap::new() }
    }
}

impl<Subject: Copy + Eq + Hash> PasswordWaits<Subject> {
    /// Counts one guess at `now`, before it is compared. [`Self::right`] must follow when it was right, and [`Self::give_back`]
    /// when nothing was compared after all.
    ///
    /// # Errors
    /// How long to wait; then nothing is counted.
    pub fn begin(&mut self, subject: Subject, typist: Typist, now: Timestamp) -> Result<(), SignedDuration> {
        self.check(subject, typist, now)?;
        match typist {
            Typist::Device(device) => count(&mut self.devices, (subject, device), now, |entry| entry.last),
            Typist::Stranger { ip, .. } => {
                for network in networks(ip) {
                    count(&mut self.pairs, (subject, network), now, |entry| entry.last);
                    count(&mut self.networks, network, now, |entry| entry.first);
                }
            }
        }
        Ok(())
    }

    /// Whether a password may be tried at `now`.
    ///
    /// # Errors
    /// How long to wait.
    pub fn check(&self, subject: Subject, typist: Typist, now: Timestamp) -> Result<(), SignedDuration> {
        let until = match typist {
            Typist::Device(device) => {
                let entry = self.devices.get(&(subject, device));
                entry.map(|entry| entry.last + wait_after(entry.failures, DEVICE_WAIT_FROM))
            }
            Typist::Stranger { ip, is_exempt } => {
                let until = REACHES.iter().zip(all_networks(ip)).flat_map(|(reach, network)| {
                    let pair = self.pairs.get(&(subject, network));
                    let pair = pair.map(|entry| entry.last + wait_after(entry.failures, reach.wait_from));
                    let full = self.networks.get(&network).filter(|entry| entry.failures >= reach.wrong_an_hour);
                    [pair, full.filter(|_| !is_exempt).map(|entry| entry.first + MEMORY)]
                });
                until.flatten().max()
            }
        };
        match until.map(|until| until.duration_since(now)) {
            Some(wait) if wait.is_positive() => Err(wait),
            _ => Ok(()),
        }
    }

    /// The password was right: forgets the wrong ones before it that came from as near, and gives this one back.
    pub fn right(&mut self, subject: Subject, typist: Typist) {
        self.give_back(subject, typist);
        match typist {
            Typist::Device(device) => drop(self.devices.remove(&(subject, device))),
            // A site may have others in it, whose guesses stay counted.
            Typist::Stranger { ip, .. } => drop(self.pairs.remove(&(subject, all_networks(ip)[0]))),
        }
    }

    /// Nothing was compared after all.
    pub fn give_back(&mut self, subject: Subject, typist: Typist) {
        match typist {
            Typist::Device(device) => take_back(&mut self.devices, &(subject, device)),
            Typist::Stranger { ip, .. } => {
                for network in networks(ip) {
                    take_back(&mut self.pairs, &(subject, network));
                    take_back(&mut self.networks, &network);
                }
            }
        }
    }
}

/// The network of an address at each reach.
fn all_networks(ip: IpAddr) -> [IpNet; 3] {
    let ip = ip.to_canonical();
    REACHES.each_ref().map(|reach| {
        let bits = if ip.is_ipv4() { 32 } else { reach.ipv6_bits };
        IpNet::new(ip, bits).map_or_else(|_| IpNet::from(ip), |network| network.trunc())
    })
}

/// Those of [`all_networks`] that differ.
fn networks(ip: IpAddr) -> impl Iterator<Item = IpNet> {
    let mut all = all_networks(ip).to_vec();
    all.dedup();
    all.into_iter()
}

/// `since` says from when on an entry is remembered for [`MEMORY`].
fn count<Key: Eq + Hash>(entries: &mut HashMap<Key, Entry>, key: Key, now: Timestamp, since: fn(&Entry) -> Timestamp) {
    let is_fresh = |entry: &Entry| now < since(entry) + MEMORY;
    if entries.len() >= MAX_ENTRIES {
        entries.retain(|_, entry| is_fresh(entry));
        if entries.len() >= MAX_ENTRIES {
            entries.clear();
        }
    }
    let new = Entry { failures: 0, first: now, last: now };
    let entry = entries.entry(key).or_insert(new);
    if !is_fresh(entry) {
        *entry = new;
    }
    entry.failures += 1;
    entry.last = now;
}

fn take_back<Key: Eq + Hash>(entries: &mut HashMap<Key, Entry>, key: &Key) {
    if let Some(entry) = entries.get_mut(key) {
        entry.failures = entry.failures.saturating_sub(1);
        if entry.failures == 0 {
            entries.remove(key);
        }
    }
}

fn wait_after(failures: u32, wait_from: u32) -> SignedDuration {
    match failures.checked_sub(wait_from) {
        Some(doublings) => FIRST_WAIT.saturating_mul(1 << doublings.min(20)).min(LONGEST_WAIT),
        None => SignedDuration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use core::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn stranger(text: &str) -> Typist {
        Typist::Stranger { ip: text.parse().expect("an address"), is_exempt: false }
    }

    fn device(number: u128) -> Typist {
        Typist::Device(DeviceId::new(uuid::Uuid::from_u128(number)))
    }

    /// How many of so many guesses at the same moment are compared.
    fn compared(waits: &mut PasswordWaits<u64>, subject: u64, typists: impl Iterator<Item = Typist>) -> usize {
        typists.filter(|typist| waits.begin(subject, *typist, at(0)).is_ok()).count()
    }

    #[test]
    fn the_tenth_wrong_password_of_a_pair_is_followed_by_a_wait_that_doubles() {
        let (mut waits, here) = (PasswordWaits::default(), stranger("192.0.2.1"));
        let mut now = at(0);
        let mut seconds = Vec::new();
        for _ in 0..19 {
            assert_eq!(waits.begin(1, here, now), Ok(()), "who waited as long as told may try");
            let wait = waits.check(1, here, now).err().unwrap_or_default();
            seconds.push(wait.as_secs());
            now += wait;
        }
        assert_eq!(seconds[..9], [0; 9]);
        assert_eq!(seconds[9..], [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
        assert_eq!(waits.check(2, here, at(0)), Ok(()), "another account");
        assert_eq!(waits.check(1, stranger("192.0.2.2"), at(0)), Ok(()), "from elsewhere");
        waits.right(1, here);
        assert_eq!(waits.check(1, here, at(0)), Ok(()));
    }

    #[test]
    fn of_sixty_at_once_ten_are_compared() {
        let mut waits = PasswordWaits::default();
        assert_eq!(compared(&mut waits, 1, (0..60).map(|_| stranger("192.0.2.1"))), 10);
        assert_eq!(compared(&mut waits, 2, (0..60).map(|_| device(7))), 10);
    }

    #[test]
    fn right_ones_cost_nothing_however_many_come() {
        let (mut waits, here) = (PasswordWaits::default(), stranger("192.0.2.1"));
        for subject in 0..1000 {
            assert_eq!(waits.begin(subject, here, at(0)), Ok(()));
            waits.right(subject, here);
        }
        assert!(waits.pairs.is_empty() && waits.networks.is_empty());
    }

    #[test]
    fn a_network_has_a_hundred_an_hour_and_a_developers_machine_as_many_as_it_likes() {
        for (text, is_exempt) in
            [("192.0.2.1", false), ("2001:db8::1", false), ("127.0.0.1", false), ("127.0.0.1", true)]
        {
            let typist = Typist::Stranger { ip: text.parse().expect("an address"), is_exempt };
            let mut waits = PasswordWaits::default();
            for subject in 0..100 {
                assert_eq!(waits.begin(subject, typist, at(60)), Ok(()));
            }
            let refused = waits.check(1000, typist, at(120)).err();
            assert_eq!(refused, (!is_exempt).then_some(SignedDuration::from_mins(59)), "{text}");
            assert_eq!(waits.check(1000, typist, at(3660)), Ok(()));
        }
    }

    /// An address in the host, /64 or /56 of this number, within one /48.
    fn within(bits: u32, number: u32) -> Typist {
        let ip = Ipv6Addr::from_bits((0x2001_0db8_u128 << 96) | (u128::from(number) << bits));
        Typist::Stranger { ip: ip.into(), is_exempt: false }
    }

    #[test]
    fn who_has_a_48_has_no_more_guesses_at_an_account_than_twenty() {
        for (bits, most) in [(0, 10), (64, 15), (72, 20)] {
            let hosts = (0..200).map(|number| within(bits, number));
            assert_eq!(compared(&mut PasswordWaits::default(), 1, hosts), most, "{bits}");
        }
    }

    #[test]
    fn who_has_a_48_has_three_hundred_an_hour_over_all_accounts() {
        for (bits, most) in [(0, 100), (64, 200), (72, 300)] {
            let mut waits = PasswordWaits::default();
            let tries = (0..1000_u32)
                .filter(|number| waits.begin(u64::from(*number), within(bits, number % 200), at(0)).is_ok());
            assert_eq!(tries.count(), most, "{bits}");
        }
    }

    #[test]
    fn what_strangers_did_is_nothing_to_a_trusted_device() {
        let mut waits = PasswordWaits::default();
        compared(&mut waits, 1, (0..60).map(|_| stranger("192.0.2.1")));
        assert_eq!(waits.begin(1, device(1), at(0)), Ok(()));
        assert!(waits.check(1, stranger("192.0.2.1"), at(0)).is_err());
        compared(&mut waits, 1, (0..60).map(|_| device(1)));
        assert!(waits.check(1, device(1), at(0)).is_err() && waits.check(1, device(2), at(0)).is_ok());
    }

    #[test]
    fn memory_is_bounded() {
        let mut waits = PasswordWaits::default();
        let mut wrong = |subject: usize, second| {
            let ip = Ipv4Addr::from_bits(u32::try_from(subject).expect("small"));
            let _ = waits.begin(subject, Typist::Stranger { ip: ip.into(), is_exempt: false }, at(second));
            (waits.pairs.len(), waits.networks.len())
        };
        for subject in 0..MAX_ENTRIES {
            wrong(subject, 0);
        }
        assert_eq!(wrong(MAX_ENTRIES, 0), (1, 1));
        for subject in 1..MAX_ENTRIES {
            wrong(subject, 1);
        }
        assert_eq!(wrong(0, 4000), (1, 1), "what is old goes first");
    }
}
