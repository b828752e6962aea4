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
mod progress;
pub mod send_quota;
pub mod status_messages;
#[cfg(test)]
mod tests;

use jiff::SignedDuration;

use crate::domain::value::string_enum::words;
pub use progress::{Progress, Refusal, Verdict};

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
        /// The mailbox exists and is read, so it may become the account's.
        ChangeEmail = "change_email",
        /// The mailbox exists and is read, so the account may be made.
        CreateAccount = "create_account",
    }
}

impl Purpose {
    /// Whether something else than the challenge's own code can stand in its place: a recovery code, or one of an authenticator app. The
    /// others confirm an address, which nothing else can.
    #[must_use]
    pub fn takes_other_codes(self) -> bool {
        matches!(self, Self::SignIn | Self::DisableTwoStep)
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
    /// What helps the holder of a challenge.
    OfferedMethod("offered method") {
        /// A code that travels to the account's trusted devices.
        App = "app",
        /// A code that travels to the account's mailbox.
        Email = "email",
        /// A code that the owner's authenticator app makes by itself.
        Authenticator = "authenticator",
    }
}

impl From<Method> for OfferedMethod {
    fn from(method: Method) -> Self {
        match method {
            Method::App => Self::App,
            Method::Email => Self::Email,
        }
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
        /// The last resort that the account waited for was cancelled, or used by another sign-in.
        RecoveryEnded = "recovery_ended",
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
            (Purpose::SignIn | Purpose::DisableTwoStep, Method::Email) | (Purpose::ChangeEmail, _) => self.email,
        }
    }
}
