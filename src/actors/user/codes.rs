//! The codes that this node works: where each stands on the ladder, and what stops the work.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use super::super::messages::Place;
use super::User;
use crate::domain::delivery::CodeToDeliver;
use crate::domain::delivery::ladder::Ladder;
use crate::domain::value::id::{ChallengeId, DeviceId};
use crate::telemetry::traces::Trace;

/// Answers of other nodes that may come before the code is read from the database.
const MAX_EARLY: usize = 64;

/// A code of a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SentCode {
    pub(super) challenge: ChallengeId,
    pub(super) generation: u32,
}

/// Comes when the challenge closed or has a newer code. Taken before the database is asked, so that nothing falls between
/// what was read and what is done about it.
pub(super) type Cancelled = watch::Receiver<()>;

/// Whether it came already.
pub(super) fn is_cancelled(cancelled: &Cancelled) -> bool {
    cancelled.has_changed().is_err()
}

/// What is under way for the codes of a challenge so far, its pushes above all.
pub(super) struct AtWork {
    /// Dropping it stops that.
    stop: watch::Sender<()>,
    /// The newest code among them, once it is known.
    generation: Option<u32>,
    /// What other nodes said before it was: of which code, and which device.
    early: Vec<(u32, DeviceId)>,
    pub(super) ladder: Ladder,
    /// What is delivered, once it is known.
    pub(super) code: Option<Arc<CodeToDeliver>>,
    /// When the code was written to connections whose receipts are awaited.
    pub(super) sent_at: Option<Instant>,
    /// Held until only providers are waited for.
    pub(super) place: Option<Place>,
    /// The trace of the request that its code was issued for.
    trace: Trace,
}

/// The codes under way, by challenge.
pub(super) type Codes = HashMap<ChallengeId, AtWork>;

impl AtWork {
    fn begin() -> Self {
        Self {
            stop: watch::channel(()).0,
            generation: None,
            early: Vec::new(),
            ladder: Ladder::default(),
            code: None,
            sent_at: None,
            place: None,
            trace: Trace::current(),
        }
    }

    /// Another node said that it holds the device; it is heard once the code is known.
    pub(super) fn hear_early(&mut self, generation: u32, device: DeviceId) {
        if self.generation.is_none() && self.early.len() < MAX_EARLY {
            self.early.push((generation, device));
        }
    }
}

impl User {
    pub(super) fn cancellation(&mut self, challenge: ChallengeId) -> Cancelled {
        self.codes.entry(challenge).or_insert_with(AtWork::begin).stop.subscribe()
    }

    /// Says which code is under way; returns the devices that other nodes spoke up for before.
    pub(super) fn works_on(&mut self, sent: SentCode, code: &Arc<CodeToDeliver>) -> Vec<DeviceId> {
        let Some(at_work) = self.codes.get_mut(&sent.challenge) else { return Vec::new() };
        at_work.generation = Some(sent.generation);
        at_work.code = Some(Arc::clone(code));
        let early = std::mem::take(&mut at_work.early).into_iter();
        early.filter(|(generation, _)| *generation == sent.generation).map(|(_, device)| device).collect()
    }

    /// Whether a newer code of the challenge is under way than this one.
    pub(super) fn has_newer(&self, sent: SentCode) -> bool {
        let generation = self.codes.get(&sent.challenge).and_then(|at_work| at_work.generation);
        generation.is_some_and(|generation| generation > sent.generation)
    }

    /// The work on this code, if it still is the one under way.
    pub(super) fn at_work(&mut self, sent: SentCode) -> Option<&mut AtWork> {
        self.codes.get_mut(&sent.challenge).filter(|at_work| at_work.generation == Some(sent.generation))
    }

    /// The trace that what is under way for a challenge belongs to.
    pub(super) fn trace_of(&self, challenge: ChallengeId) -> Trace {
        self.codes.get(&challenge).map_or(Trace::NONE, |at_work| at_work.trace)
    }

    /// Whatever is under way for the codes of a challenge so far is worth nothing any more.
    pub(super) fn drop_older_codes(&mut self, challenge: ChallengeId) {
        // Receivers see the sender go.
        self.codes.remove(&challenge);
    }

    /// The same if the database holds a newer code than the one under way; what is read just now may be older too.
    pub(super) fn drop_codes_before(&mut self, current: SentCode) {
        let is_current = |at_work: &AtWork| at_work.generation == Some(current.generation);
        if self.codes.get(&current.challenge).is_some_and(|at_work| !is_current(at_work)) {
            self.drop_older_codes(current.challenge);
        }
    }
}
