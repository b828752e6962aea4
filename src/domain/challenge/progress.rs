//! How far a challenge is, and what may happen to it next.

use jiff::{SignedDuration, Timestamp};

use super::{Lifetimes, Method, Outcome, Purpose, SupersededBy};
use crate::domain::challenge::limits::{MAX_ATTEMPTS, MAX_RESENDS, resend_wait};

/// What of a challenge changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How the current code travels.
    pub method: Method,
    /// Which of the successive codes is the right one, from 1.
    pub generation: u32,
    /// Comparisons made, over all generations.
    pub attempts: u16,
    /// Codes asked for after the first.
    pub resends: u16,
    /// From when the next resend is allowed.
    pub resend_at: Timestamp,
    /// Until when the current code is good.
    pub expires_at: Timestamp,
    /// How it ended; `None` while nobody closed it.
    pub outcome: Option<Outcome>,
    /// Why it was superseded; `None` when it was not, or an earlier version did not write why.
    pub superseded_by: Option<SupersededBy>,
    /// Its code went by another method before.
    pub changed_method: bool,
}

/// Why a call on a challenge was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is closed: verified, denied, expired or superseded.
    #[error("the challenge is closed")]
    Closed(Outcome),
    /// It was superseded, and it is known why.
    #[error("the challenge is closed")]
    Superseded(SupersededBy),
    /// All its attempts are used up.
    #[error("the challenge has no attempts left")]
    TooManyAttempts,
    /// A resend comes too early, or was the last one.
    #[error("a new code can be asked for later")]
    ResendTooSoon {
        /// Wait this long.
        retry_after: SignedDuration,
    },
    /// The method is not offered for this challenge.
    #[error("the method is not offered")]
    MethodNotOffered,
}

/// What one attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Close it as verified.
    Right,
    /// Say so; others may follow.
    Wrong {
        /// Comparisons still allowed.
        attempts_left: u16,
    },
    /// Close it as exhausted.
    LastWrong,
}

impl Progress {
    /// A challenge that begins at `now`.
    #[must_use]
    pub fn start(purpose: Purpose, method: Method, lifetimes: &Lifetimes, now: Timestamp) -> Self {
        Self {
            method,
            generation: 1,
            attempts: 0,
            resends: 0,
            resend_at: now + resend_wait(0),
            expires_at: now + lifetimes.of(purpose, method),
            outcome: None,
            superseded_by: None,
            changed_method: false,
        }
    }

    /// How it stands at `now`: time closes it even before a sweeper writes that down.
    #[must_use]
    pub fn outcome_at(&self, now: Timestamp) -> Option<Outcome> {
        self.outcome.or((now >= self.expires_at).then_some(Outcome::Expired))
    }

    /// Comparisons still allowed.
    #[must_use]
    pub fn attempts_left(&self) -> u16 {
        MAX_ATTEMPTS.saturating_sub(self.attempts)
    }

    /// Counts one attempt, before anything is compared.
    ///
    /// # Errors
    /// [`Refusal::TooManyAttempts`] when none is left, [`Refusal::Closed`] when it ended otherwise.
    pub fn count_attempt(self, now: Timestamp) -> Result<Self, Refusal> {
        self.require_open(now)?;
        if self.attempts_left() == 0 {
            return Err(Refusal::TooManyAttempts);
        }
        Ok(Self { attempts: self.attempts + 1, ..self })
    }

    /// Judges the attempt that was counted last.
    #[must_use]
    pub fn judge(&self, is_right: bool) -> Verdict {
        match (is_right, self.attempts_left()) {
            (true, _) => Verdict::Right,
            (false, 0) => Verdict::LastWrong,
            (false, attempts_left) => Verdict::Wrong { attempts_left },
        }
    }

    /// Replaces the code by the next generation, perhaps by another method.
    ///
    /// The first change to another method may come at once: somebody who sees that no trusted device is
    /// reachable need not wait for a code that cannot arrive. Every later one keeps the distance.
    ///
    /// # Errors
    /// [`Refusal::ResendTooSoon`] before `resend_at`, or until the challenge ends when all resends are used;
    /// [`Refusal::MethodNotOffered`] for a method outside `offered`; otherwise as [`Self::count_attempt`].
    pub fn resend(
        self,
        purpose: Purpose,
        method: Option<Method>,
        offered: &[Method],
        lifetimes: &Lifetimes,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        self.require_open(now)?;
        if self.attempts_left() == 0 {
            return Err(Refusal::TooManyAttempts);
        }
        let method = method.unwrap_or(self.method);
        if !offered.contains(&method) {
            return Err(Refusal::MethodNotOffered);
        }
        if self.resends >= MAX_RESENDS {
            return Err(Refusal::ResendTooSoon { retry_after: self.expires_at.duration_since(now) });
        }
        let is_change = method != self.method;
        let is_first_change = is_change && !self.changed_method;
        if now < self.resend_at && !is_first_change {
            return Err(Refusal::ResendTooSoon { retry_after: self.resend_at.duration_since(now) });
        }
        Ok(Self {
            method,
            generation: self.generation + 1,
            resends: self.resends + 1,
            changed_method: self.changed_method || is_change,
            resend_at: now + resend_wait(self.resends + 1),
            expires_at: now + lifetimes.of(purpose, method),
            ..self
        })
    }

    /// Replaces a code that a removed device may have seen. Not a resend: it costs the user nothing.
    ///
    /// # Errors
    /// [`Refusal`] when the challenge is closed.
    pub fn reissue(self, now: Timestamp) -> Result<Self, Refusal> {
        self.require_open(now)?;
        Ok(Self { generation: self.generation + 1, ..self })
    }

    /// Ends it.
    ///
    /// # Errors
    /// [`Refusal::Closed`] with the outcome it already had: the first one stays.
    pub fn close(self, outcome: Outcome, now: Timestamp) -> Result<Self, Refusal> {
        let earlier = if outcome == Outcome::Expired { self.outcome } else { self.outcome_at(now) };
        earlier.map_or(Ok(Self { outcome: Some(outcome), ..self }), |earlier| Err(Refusal::Closed(earlier)))
    }

    fn require_open(&self, now: Timestamp) -> Result<(), Refusal> {
        match self.outcome_at(now) {
            None => Ok(()),
            Some(Outcome::AttemptsExhausted) => Err(Refusal::TooManyAttempts),
            Some(outcome) => Err(self.superseded_by.map_or(Refusal::Closed(outcome), Refusal::Superseded)),
        }
    }
}
