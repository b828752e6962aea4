//! What is wrong with the codes that came.

use std::collections::HashMap;

use super::record::{Asked, Entry, State};

/// How many of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Challenges that were made.
    pub(crate) challenges: u64,
    /// Codes that must come: one a challenge and device.
    pub(crate) expected: u64,
    /// Codes that came.
    pub(crate) came: u64,
    /// A device never saw the code.
    pub(crate) lost: u64,
    /// The same code came twice over one connection.
    pub(crate) twice: u64,
    /// A code came to a device of another account.
    pub(crate) wrong_account: u64,
    /// One generation had several codes.
    pub(crate) differing: u64,
    /// A code came to a device after it was removed.
    pub(crate) after_removal: u64,
    /// A code came for a challenge that nobody here made.
    pub(crate) unknown: u64,
}

impl Verdict {
    pub(super) fn of(state: &State) -> Self {
        let mut verdict = Self::default();
        for entry in state.entries.values() {
            verdict.came += entry.seen.len() as u64;
            match entry.asked {
                Some(asked) => verdict.add(entry, asked, state),
                None => verdict.unknown += 1,
            }
        }
        verdict.unknown = verdict.unknown.saturating_sub(state.unanswered);
        verdict
    }

    fn add(&mut self, entry: &Entry, asked: Asked, state: &State) {
        self.challenges += 1;
        self.expected += u64::from(asked.devices.count_ones());
        let mut codes = HashMap::new();
        let mut devices = 0_u32;
        let mut times = HashMap::new();
        for seen in &entry.seen {
            if state.removed.get(&seen.seat).is_some_and(|removed| seen.at > *removed) {
                self.after_removal += 1;
                continue;
            }
            if seen.seat.account != asked.account {
                self.wrong_account += 1;
                continue;
            }
            devices |= 1 << seen.seat.device;
            let count: &mut u64 = times.entry((seen.seat, seen.connection, seen.generation)).or_default();
            *count += 1;
            self.twice += u64::from(*count > 1);
            let known = codes.entry(seen.generation).or_insert(&seen.code);
            self.differing += u64::from(**known != seen.code);
        }
        self.lost += u64::from((asked.devices & !devices).count_ones());
    }

    /// Everything that must be none.
    pub(crate) fn all(&self) -> [(&'static str, u64); 6] {
        [
            ("no code is lost", self.lost),
            ("no code comes twice", self.twice),
            ("no code comes to another account", self.wrong_account),
            ("every device sees the same code", self.differing),
            ("no code comes after a removal", self.after_removal),
            ("no code comes that nobody asked for", self.unknown),
        ]
    }
}
