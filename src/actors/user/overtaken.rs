//! Telling what is under way for a challenge that it is worth nothing any more.

use tokio::sync::watch;

use super::User;
use super::deliver::SentCode;
use crate::domain::id::ChallengeId;
use crate::traces::Trace;

/// Comes when the challenge closed or has a newer code. Taken before the database is asked, so that nothing falls between
/// what was read and what is done about it.
pub(super) type Overtaken = watch::Receiver<()>;

/// Whether it came already.
pub(super) fn is_overtaken(overtaken: &Overtaken) -> bool {
    overtaken.has_changed().is_err()
}

/// What is under way for the codes of a challenge so far, its pushes above all.
pub(super) struct AtWork {
    /// Dropping it stops that.
    stop: watch::Sender<()>,
    /// The newest code among them, once it is known.
    generation: Option<u32>,
    /// The trace of the request that its code was issued for.
    trace: Trace,
}

impl User {
    pub(super) fn overtaken(&mut self, challenge: ChallengeId) -> Overtaken {
        let begin = || AtWork { stop: watch::channel(()).0, generation: None, trace: Trace::current() };
        self.at_work.entry(challenge).or_insert_with(begin).stop.subscribe()
    }

    /// Says which code is under way.
    pub(super) fn works_on(&mut self, sent: SentCode) {
        if let Some(at_work) = self.at_work.get_mut(&sent.challenge) {
            at_work.generation = Some(sent.generation);
        }
    }

    /// The trace that what is under way for a challenge belongs to.
    pub(super) fn trace_of(&self, challenge: ChallengeId) -> Trace {
        self.at_work.get(&challenge).map_or(Trace::NONE, |at_work| at_work.trace)
    }

    /// Whatever is under way for the codes of a challenge so far is worth nothing any more.
    pub(super) fn drop_older_codes(&mut self, challenge: ChallengeId) {
        // Receivers see the sender go.
        self.at_work.remove(&challenge);
        self.awaited.retain(|sent, _| sent.challenge != challenge);
        self.elsewhere.drop_challenge(challenge);
    }

    /// The same if the database holds a newer code than the one under way; what is read just now may be older too.
    pub(super) fn drop_codes_before(&mut self, current: SentCode) {
        let is_current = |at_work: &AtWork| at_work.generation == Some(current.generation);
        if self.at_work.get(&current.challenge).is_some_and(|at_work| !is_current(at_work)) {
            self.drop_older_codes(current.challenge);
        }
    }
}
