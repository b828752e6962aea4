//! Login activity: the durable, user-visible record of every sign-in attempt and security change.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::challenge::Method;
use crate::domain::device::Platform;
use crate::domain::value::id::ActivityId;
use crate::domain::value::string_enum::words;

words! {
    /// What happened.
    ActivityKind("activity kind") {
        /// The account was made and its address confirmed.
        AccountCreated = "account_created",
        /// Somebody signed in, or tried to, with the right password.
        SignIn = "sign_in",
        /// A session ended because its owner said so.
        SignOut = "sign_out",
        /// A session was ended from another one.
        SessionEnded = "session_ended",
        /// An old refresh token came back, so the session family was ended.
        RefreshTokenReused = "refresh_token_reused",
        /// An old trust token came back, so the device is no longer trusted.
        TrustTokenReused = "trust_token_reused",
        /// New devices may sign in again: a trusted device said so.
        SignInsUnfrozen = "sign_ins_unfrozen",
        /// Two-step verification was turned on.
        TwoStepEnabled = "two_step_enabled",
        /// Two-step verification was turned off.
        TwoStepDisabled = "two_step_disabled",
        /// Codes by email go to another mailbox: the app said so.
        MailboxChanged = "mailbox_changed",
        /// A trusted device gets its notifications, and the codes in them, at another address.
        PushAddressChanged = "push_address_changed",
        /// The password was changed.
        PasswordChanged = "password_changed",
        /// A new password was set by a link that was mailed.
        PasswordReset = "password_reset",
        /// Recovery codes were made; those from before are worth nothing.
        RecoveryCodesMade = "recovery_codes_made",
        /// A recovery code stood in the place of a code.
        RecoveryCodeUsed = "recovery_code_used",
        /// An authenticator app was set up.
        AuthenticatorAdded = "authenticator_added",
        /// It was forgotten.
        AuthenticatorRemoved = "authenticator_removed",
        /// Its code stood in the place of a code.
        AuthenticatorUsed = "authenticator_used",
        /// Somebody with the right password asked for the last resort.
        RecoveryAsked = "recovery_asked",
        /// It was cancelled by somebody with a session.
        RecoveryCancelled = "recovery_cancelled",
        /// It was used.
        RecoveryUsed = "recovery_used",
        /// A device is no longer trusted.
        DeviceRemoved = "device_removed",
        /// A device made room for a newer one: the account had as many trusted devices as it may.
        DeviceEvicted = "device_evicted",
        /// A trusted device got another name.
        DeviceRenamed = "device_renamed",
    }
}

words! {
    /// How it ended.
    ActivityOutcome("activity outcome") {
        /// A code was asked for and nobody typed it yet.
        CodeRequired = "code_required",
        /// It was done: signed in, changed, ended.
        Succeeded = "succeeded",
        /// A trusted device said "this wasn't me".
        Denied = "denied",
        /// The password was right, but no new device may sign in at the moment.
        Frozen = "frozen",
        /// The password was right, but as many codes are asked for, or were typed wrong, as may be: later.
        Refused = "refused",
        /// The code ran out.
        Expired = "expired",
        /// Too many wrong codes.
        AttemptsExhausted = "attempts_exhausted",
        /// The same installation started again.
        Superseded = "superseded",
    }
}

impl From<crate::domain::challenge::Outcome> for ActivityOutcome {
    fn from(outcome: crate::domain::challenge::Outcome) -> Self {
        use crate::domain::challenge::Outcome;
        match outcome {
            Outcome::Verified => Self::Succeeded,
            Outcome::Denied => Self::Denied,
            Outcome::Expired => Self::Expired,
            Outcome::AttemptsExhausted => Self::AttemptsExhausted,
            Outcome::Superseded => Self::Superseded,
        }
    }
}

/// The device of an entry, kept as it was then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityDevice {
    /// As its owner called it.
    pub name: String,
    /// As its maker calls it.
    pub model: String,
    /// What it ran on.
    pub platform: Platform,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityEntry {
    /// Its id.
    pub id: ActivityId,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: ActivityKind,
    /// How it ended.
    pub outcome: ActivityOutcome,
    /// How the code travelled; `None` where none was needed.
    pub method: Option<Method>,
    /// On which device; `None` for what an operator did.
    pub device: Option<ActivityDevice>,
    /// From which address.
    pub ip: Option<String>,
    /// Where that address seemed to be.
    pub location: Option<String>,
    /// When its owner said "this wasn't me".
    pub reported_at: Option<Timestamp>,
    /// No code was asked for, but one would be with two-step verification on: the rollout is tried in shadow mode.
    pub would_need_code: bool,
    /// The session that reads did it.
    pub by_this_session: bool,
    /// The name of the device that it is about, where another one did it.
    pub about: Option<String>,
    /// How often it happened again within the hour; it stands for all of them.
    pub repeats: u32,
}
