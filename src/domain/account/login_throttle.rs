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
mod tests;
