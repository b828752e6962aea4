//! Telling what is under way for a challenge that it is worth nothing any more.

use tokio::sync::watch;

use super::User;
use crate::domain::id::ChallengeId;

/// Comes when the challenge closed or has a newer code. Taken before the database is asked, so that nothing falls between
/// what was read and what is done about it.
pub(super) type Overtaken = watch::Receiver<()>;

/// Whether it came already.
pub(super) fn is_overtaken(overtaken: &Overtaken) -> bool {
    overtaken.has_changed().is_err()
}

impl User {
    pub(super) fn overtaken(&mut self, challenge: ChallengeId) -> Overtaken {
        self.at_work.entry(challenge).or_insert_with(|| watch::channel(()).0).subscribe()
    }

    /// Stops what is under way for a challenge that closed or has a newer code.
    pub(super) fn overtake(&mut self, challenge: ChallengeId) {
        // Receivers see the sender go.
        self.at_work.remove(&challenge);
    }
}
