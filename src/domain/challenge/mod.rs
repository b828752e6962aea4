//! The life of a challenge: one state machine, pure, mirrored by the conditional updates under `sql/queries/challenge`.
//!
//! ```text
//!            attempt (wrong, some left) · resend · reissue
//!                 ┌─────┐
//!                 ▼     │
//!   start ──▶  open ────┘
//!                 ├── attempt (right) ───────▶ verified
//!                 ├── attempt (last one wrong) ▶ attempts_exhausted
//!                 ├── deny ──────────────────▶ denied
//!                 ├── newer sign-in ─────────▶ superseded
//!                 └── time ──────────────────▶ expired
//! ```
//! A closed challenge never opens again, a generation never goes down, and nothing gives attempts back.

pub mod guess_budget;
pub mod limits;
pub mod send_quota;
pub mod status_messages;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};

use crate::domain::challenge::limits::{MAX_ATTEMPTS, MAX_RESENDS, resend_wait};
use crate::domain::value::string_enum::words;

words! {
    /// What a challenge proves.
    Purpose("purpose") {
        /// A new device may sign in.
        SignIn = "sign_in",
        /// The account's mailbox is its owner's, so two-step verification may be turned on.
        EnableTwoStep = "enable_two_step",
        /// Somebody who holds a trusted device, or the mailbox, wants two-step verification off, although the device that asks
        /// is not trusted.
        DisableTwoStep = "disable_two_step",
        /// The mailbox exists and is read, so the account may be made.
        CreateAccount = "create_account",
    }
}

words! {
    /// How a code travels.
    Method("method") {
        /// To the account's trusted devices.
        App = "app",
        /// To the account's mailbox.
        Email = "email",
    }
}

words! {
    /// How a challenge ended.
    Outcome("outcome") {
        /// The right code was typed.
        Verified = "verified",
        /// A trusted device said "this wasn't me".
        Denied = "denied",
        /// Nobody typed the right code in time.
        Expired = "expired",
        /// Too many wrong codes.
        AttemptsExhausted = "attempts_exhausted",
        /// The same installation started a newer one.
        Superseded = "superseded",
    }
}

words! {
    /// How a challenge stands.
    ChallengeState("challenge state") {
        /// A code is good.
        Open = "open",
        /// The right code was typed.
        Verified = "verified",
        /// A trusted device said "this wasn't me".
        Denied = "denied",
        /// Nobody typed the right code in time.
        Expired = "expired",
        /// Too many wrong codes.
        AttemptsExhausted = "attempts_exhausted",
        /// The same installation started a newer one.
        Superseded = "superseded",
    }
}

words! {
    /// Why a challenge was superseded.
    SupersededBy("cause of supersession") {
        /// The same installation asked again.
        NewerRequest = "newer_request",
        /// As many others asked as may at the same time.
        OtherRequests = "other_requests",
        /// The password that began it was changed.
        PasswordChanged = "password_changed",
        /// No new device may sign in: the owner said that it was not them, or too many wrong codes were typed.
        Frozen = "frozen",
        /// The account was deleted.
        AccountDeleted = "account_deleted",
        /// Another request confirmed the address first.
        AddressConfirmed = "address_confirmed",
        /// Whoever asked for it gave up.
        Cancelled = "cancelled",
    }
}

impl Outcome {
    /// Somebody answered: typed the right code, or said that it was not them.
    #[must_use]
    pub fn is_answer(self) -> bool {
        matches!(self, Self::Verified | Self::Denied)
    }
}

impl From<Option<Outcome>> for ChallengeState {
    fn from(outcome: Option<Outcome>) -> Self {
        match outcome {
            None => Self::Open,
            Some(Outcome::Verified) => Self::Verified,
            Some(Outcome::Denied) => Self::Denied,
            Some(Outcome::Expired) => Self::Expired,
            Some(Outcome::AttemptsExhausted) => Self::AttemptsExhausted,
            Some(Outcome::Superseded) => Self::Superseded,
        }
    }
}

/// How long codes live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// A sign-in code shown on a trusted device: 300 s by default.
    pub app: SignedDuration,
    /// A sign-in code by email: 600 s by default and at most (NIST SP 800-63B-4 section 3.1.3.2).
    pub email: SignedDuration,
    /// A code that confirms an address: 24 h (NIST SP 800-63A-4 section 3.8; design section 9).
    pub confirmation: SignedDuration,
}

impl Lifetimes {
    /// How long the next code of such a challenge lives.
    #[must_use]
    pub fn of(&self, purpose: Purpose, method: Method) -> SignedDuration {
        match (purpose, method) {
            (Purpose::EnableTwoStep | Purpose::CreateAccount, _) => self.confirmation,
            (Purpose::SignIn | Purpose::DisableTwoStep, Method::App) => self.app,
            (Purpose::SignIn | Purpose::DisableTwoStep, Method::Email) => self.email,
        }
    }
}

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
