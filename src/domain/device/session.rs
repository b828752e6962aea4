//! Sessions: authenticated sign-ins of a device.

use jiff::{SignedDuration, Timestamp};

use crate::domain::account::locale::Locale;
use crate::domain::value::id::{AccountId, DeviceId, SessionId};
use crate::domain::value::string_enum::words;

/// For so long after it began a session proves its owner as the password does, which was typed then (ASVS 7.5.1 asks for it before ways in
/// change; OWASP Session Management Cheat Sheet, re-authentication).
pub const FRESH_FOR: SignedDuration = SignedDuration::from_mins(10);
/// A connection outlives its access token by this much, so that a `refresh` can still keep it.
pub const CONNECTION_EXPIRY_GRACE: SignedDuration = SignedDuration::from_secs(25);

words! {
    /// Why a session ended.
    SessionEnd("session end") {
        /// Its owner signed out.
        SignedOut = "signed_out",
        /// An old refresh token came back.
        RefreshTokenReused = "refresh_token_reused",
        /// An old trust token of its device came back.
        TrustTokenReused = "trust_token_reused",
        /// Two-step verification was turned on, and it began without a second step.
        TwoStepEnabled = "two_step_enabled",
        /// A trusted device denied what it asked for.
        Denied = "denied",
        /// Its device was removed.
        DeviceRemoved = "device_removed",
        /// Its device began as many others as may go on.
        MadeRoom = "made_room",
        /// An operator ended every session of the account.
        EndedByOperator = "ended_by_operator",
        /// The account's owner ended it from another session.
        EndedByOwner = "ended_by_owner",
        /// The account was deleted.
        AccountDeleted = "account_deleted",
        /// The password was changed elsewhere.
        PasswordChanged = "password_changed",
    }
}

/// A session that may make calls: it exists, has not ended, and its access token is in date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveSession {
    /// The account that it belongs to.
    pub account_id: AccountId,
    /// The session.
    pub session_id: SessionId,
    /// Of which device.
    pub device_id: DeviceId,
    /// The device is trusted.
    pub device_trusted: bool,
    /// Until when the access token is good.
    pub access_expires_at: Timestamp,
    /// Which language the device's user reads.
    pub locale: Option<Locale>,
}
