//! Which codes must come to whom, and which came.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

use super::record::{Asked, FirstCode, Seat, Seen, State};
use super::verdict::Verdict;

/// What became of a code that was asked for.
pub(crate) struct Asking {
    /// The first device of the account that shows it.
    pub(crate) first: oneshot::Receiver<FirstCode>,
    /// When the last device that must show it did.
    pub(crate) everywhere: oneshot::Receiver<Instant>,
}

/// Everything that was asked for and seen.
#[derive(Default)]
pub(crate) struct Ledger {
    state: Mutex<State>,
    /// Told of each code that was still missing.
    arrived: Notify,
}

impl Ledger {
    /// A challenge was made: the devices, one bit each, of this account must see its code.
    pub(crate) fn ask(&self, challenge: Uuid, account: u32, devices: u32) -> Asking {
        let ((tell, first), (tell_last, everywhere)) = (oneshot::channel(), oneshot::channel());
        let mut state = self.lock();
        let entry = state.entries.entry(challenge).or_default();
        entry.asked = Some(Asked { account, devices });
        entry.complete = Some(tell_last);
        entry.tell_if_complete();
        let missing = i64::from(entry.missing().count_ones());
        match entry.seen.iter().find(|seen| seen.seat.account == account) {
            Some(seen) => drop(tell.send(FirstCode { code: seen.code.clone(), at: seen.at })),
            None => entry.waiter = Some(tell),
        }
        state.outstanding += missing;
        Asking { first, everywhere }
    }

    /// A sign-in was sent and its answer did not come.
    pub(crate) fn unanswered(&self) {
        self.lock().unanswered += 1;
    }

    /// A device saw a code.
    pub(super) fn saw(&self, challenge: Uuid, seen: Seen) {
        let mut state = self.lock();
        let entry = state.entries.entry(challenge).or_default();
        let is_missing = entry.asked.is_some_and(|asked| asked.includes(seen.seat)) && entry.is_first(seen.seat);
        if entry.asked.is_some_and(|asked| asked.account == seen.seat.account)
            && let Some(waiter) = entry.waiter.take()
        {
            // Who waited may have given up.
            let _ = waiter.send(FirstCode { code: seen.code.clone(), at: seen.at });
        }
        entry.seen.push(seen);
        entry.tell_if_complete();
        if is_missing {
            state.outstanding -= 1;
            self.arrived.notify_waiters();
        }
    }

    /// The device is removed from its account: no code may come to it from now on.
    pub(crate) fn removed(&self, seat: Seat) {
        self.lock().removed.insert(seat, Instant::now());
    }

    /// A device's connection ended though nobody ended it here: with a close code, or `None` where the line broke without.
    pub(super) fn closed(&self, seat: Seat, code: Option<u16>) {
        let mut state = self.lock();
        *state.closed.entry(seat).or_default() += 1;
        *state.close_codes.entry(code).or_default() += 1;
        drop(state);
        self.arrived.notify_waiters();
    }

    /// A device whose connection had ended is back.
    pub(super) fn came_back(&self) {
        self.lock().came_back.push(Instant::now());
    }

    /// When devices came back whose connection had ended.
    pub(crate) fn returns(&self) -> Vec<Instant> {
        self.lock().came_back.clone()
    }

    /// Connections that ended though nobody ended them here.
    pub(crate) fn ended(&self) -> u64 {
        self.lock().closed.values().map(|count| u64::from(*count)).sum()
    }

    /// How they ended, by close code.
    pub(crate) fn close_codes(&self) -> BTreeMap<Option<u16>, u64> {
        self.lock().close_codes.clone()
    }

    /// Waits until this device's connection ended, for a while.
    pub(crate) async fn until_closed(&self, seat: Seat, patience: Duration) -> bool {
        self.until(patience, |state| state.closed.contains_key(&seat)).await
    }

    /// Waits until nothing is missing any more, for a while; then says what is wrong.
    pub(crate) async fn settle(&self, patience: Duration) -> Verdict {
        self.until(patience, |state| state.outstanding <= 0).await;
        Verdict::of(&self.lock())
    }

    async fn until(&self, patience: Duration, is_so: impl Fn(&State) -> bool) -> bool {
        let until = tokio::time::Instant::now() + patience;
        loop {
            let arrived = self.arrived.notified();
            if is_so(&self.lock()) {
                return true;
            }
            if tokio::time::timeout_at(until, arrived).await.is_err() {
                return is_so(&self.lock());
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(account: u32, device: u8) -> Seat {
        Seat { account, device }
    }

    fn seen(seat: Seat, code: &str) -> Seen {
        Seen { seat, connection: 1, generation: 1, code: code.into(), at: Instant::now() }
    }

    #[tokio::test]
    async fn a_code_that_came_before_the_answer_counts() {
        let ledger = Ledger::default();
        let id = Uuid::from_u128(1);
        ledger.saw(id, seen(seat(7, 0), "123456"));
        let mut asking = ledger.ask(id, 7, 0b11);
        assert_eq!(&*asking.first.await.unwrap().code, "123456");
        assert!(asking.everywhere.try_recv().is_err());
        ledger.saw(id, seen(seat(7, 1), "123456"));
        asking.everywhere.await.unwrap();
        let verdict = ledger.settle(Duration::from_secs(5)).await;
        assert!(verdict.all().iter().all(|(_, count)| *count == 0), "{verdict:?}");
        assert_eq!((verdict.challenges, verdict.expected), (1, 2));
    }

    #[tokio::test]
    async fn every_kind_of_mistake_is_told_apart() {
        let ledger = Ledger::default();
        let ids: Vec<Uuid> = (0..6).map(Uuid::from_u128).collect();
        for id in &ids[..5] {
            drop(ledger.ask(*id, 1, 0b1));
        }
        // 0 is lost. 1 comes twice.
        ledger.saw(ids[1], seen(seat(1, 0), "111111"));
        ledger.saw(ids[1], seen(seat(1, 0), "111111"));
        // 2 goes to somebody else as well, and to nobody's surprise with the right code.
        ledger.saw(ids[2], seen(seat(1, 0), "222222"));
        ledger.saw(ids[2], seen(seat(2, 0), "222222"));
        // 3 differs between devices; 4 comes to a device after its removal; nobody asked for 5.
        ledger.saw(ids[3], seen(seat(1, 0), "333333"));
        ledger.saw(ids[3], seen(seat(1, 1), "333334"));
        ledger.removed(seat(1, 2));
        ledger.saw(ids[4], seen(seat(1, 0), "444444"));
        ledger.saw(ids[4], seen(seat(1, 2), "444444"));
        ledger.saw(ids[5], seen(seat(3, 0), "555555"));
        let verdict = ledger.settle(Duration::ZERO).await;
        let Verdict { lost, twice, wrong_account, differing, after_removal, unknown, .. } = verdict;
        assert_eq!([lost, twice, wrong_account, differing, after_removal, unknown], [1; 6]);
    }
}
