//! What is written down of each challenge.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use tokio::sync::oneshot;
use uuid::Uuid;

/// A device of the crowd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Seat {
    /// The account's number in the crowd.
    pub(crate) account: u32,
    /// The device's number in the account.
    pub(crate) device: u8,
}

/// A code on a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) seat: Seat,
    /// Grows with each connection of the device.
    pub(super) connection: u32,
    pub(super) generation: u32,
    pub(super) code: Box<str>,
    pub(super) at: Instant,
}

/// The first code of a challenge on a device of the account that it is for.
#[derive(Debug, Clone)]
pub(crate) struct FirstCode {
    /// Its digits.
    pub(crate) code: Box<str>,
    /// When it came.
    pub(crate) at: Instant,
}

/// Who must get the codes of a challenge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) account: u32,
    /// One bit a device.
    pub(super) devices: u32,
}

#[derive(Default)]
pub(super) struct Entry {
    pub(super) asked: Option<Asked>,
    pub(super) seen: Vec<Seen>,
    pub(super) waiter: Option<oneshot::Sender<FirstCode>>,
    /// Told when no device lacks the code.
    pub(super) complete: Option<oneshot::Sender<Instant>>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) entries: HashMap<Uuid, Entry>,
    /// Devices that must see a code and did not yet.
    pub(super) outstanding: i64,
    pub(super) removed: HashMap<Seat, Instant>,
    pub(super) closed: HashMap<Seat, u32>,
    pub(super) close_codes: BTreeMap<Option<u16>, u64>,
    /// When devices came back whose connection had ended.
    pub(super) came_back: Vec<Instant>,
    /// Sign-ins whose answer did not come: a challenge that nobody knows may be of one of them.
    pub(super) unanswered: u64,
}

impl Asked {
    pub(super) fn includes(self, seat: Seat) -> bool {
        seat.account == self.account && self.devices & (1 << seat.device) != 0
    }
}

impl Entry {
    pub(super) fn is_first(&self, seat: Seat) -> bool {
        !self.seen.iter().any(|seen| seen.seat == seat)
    }

    /// Devices that must show the code and did not yet, one bit each.
    pub(super) fn missing(&self) -> u32 {
        let Some(asked) = self.asked else { return 0 };
        let here = self.seen.iter().filter(|seen| seen.seat.account == asked.account);
        here.fold(asked.devices, |missing, seen| missing & !(1 << seen.seat.device))
    }

    pub(super) fn tell_if_complete(&mut self) {
        if self.missing() == 0
            && let Some(complete) = self.complete.take()
            && let Some(last) = self.seen.iter().map(|seen| seen.at).max()
        {
            // Nobody may wait for it.
            let _ = complete.send(last);
        }
    }
}
