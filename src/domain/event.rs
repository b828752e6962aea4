//! What happens to an account: facts that this node committed, and what nodes tell one another of theirs (ids, never codes or
//! addresses).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::challenge::Outcome;
use super::delivery::IssuedCode;
use crate::domain::account::locale::Language;
use crate::domain::account::mailed_link::MailedLink;
use crate::domain::value::id::{ChallengeId, ConnectionId, DeviceId, SessionId};
use crate::domain::value::string_enum::words;

words! {
    /// What a security alert is about.
    AlertKind("alert kind") {
        /// A trusted device denied a sign-in.
        SignInDenied = "sign_in_denied",
        /// The owner said of an entry of the login activity: this was not me.
        SignInReported = "sign_in_reported",
        /// Somebody typed the right password and then no code, or wrong ones.
        SignInUnfinished = "sign_in_unfinished",
        /// Too many wrong codes were typed, so no new device may sign in.
        TooManyWrongCodes = "too_many_wrong_codes",
        /// A new device signed in with a code: told by mail, which whoever made the owner pass the code on does not see
        /// (NIST SP 800-63B-4 sections 4.1.2.1 and 4.6).
        NewDeviceSignedIn = "new_device_signed_in",
        /// New devices may sign in again.
        SignInsUnfrozen = "sign_ins_unfrozen",
        /// Two-step verification was turned on.
        TwoStepEnabled = "two_step_enabled",
        /// Two-step verification was turned off.
        TwoStepDisabled = "two_step_disabled",
        /// Codes by email go to another mailbox.
        MailboxChanged = "mailbox_changed",
        /// The address of the account was changed: told to the address before, with a link to undo it.
        EmailChanged = "email_changed",
        /// A change of the address was undone by whoever reads the address before, and no new device may sign in.
        EmailChangeUndone = "email_change_undone",
        /// A trusted device gets its notifications, and the codes in them, at another address.
        PushAddressChanged = "push_address_changed",
        /// The password was changed.
        PasswordChanged = "password_changed",
        /// Somebody wants a new password: the mail brings the link for it.
        PasswordResetAsked = "password_reset_asked",
        /// The same while no new device may sign in.
        PasswordResetAskedFrozen = "password_reset_asked_frozen",
        /// A new password was set by such a link.
        PasswordReset = "password_reset",
        /// Recovery codes were made; those from before are worth nothing.
        RecoveryCodesMade = "recovery_codes_made",
        /// A recovery code was used.
        RecoveryCodeUsed = "recovery_code_used",
        /// A recovery code was used, and few are left.
        RecoveryCodesLow = "recovery_codes_low",
        /// An authenticator app was set up.
        AuthenticatorAdded = "authenticator_added",
        /// It was forgotten.
        AuthenticatorRemoved = "authenticator_removed",
        /// Somebody with the right password asked to come in without a device: after a wait the mailbox counts.
        RecoveryAsked = "recovery_asked",
        /// That wait goes on.
        RecoveryPending = "recovery_pending",
        /// That wait is over.
        RecoveryReady = "recovery_ready",
        /// That request was cancelled.
        RecoveryCancelled = "recovery_cancelled",
        /// Somebody came in by it.
        RecoveryUsed = "recovery_used",
        /// An old trust or refresh token came back.
        TokenReused = "token_reused",
        /// A trusted device was removed.
        DeviceRemoved = "device_removed",
        /// A trusted device made room for a newer one.
        DeviceEvicted = "device_evicted",
        /// Two-step verification was not turned off, because a trusted device denied it.
        DisablingDenied = "disabling_denied",
        /// Somebody tried to create an account with this address.
        AddressTaken = "address_taken",
    }
}

/// A fact about an account that this node committed.
#[derive(Debug, Clone)]
pub enum AccountEvent {
    /// A challenge started or has a new code: deliver it.
    CodeIssued(Arc<IssuedCode>),
    /// A challenge ended.
    ChallengeClosed {
        /// The challenge.
        challenge_id: ChallengeId,
        /// How it ended.
        outcome: Outcome,
    },
    /// A session is over.
    SessionEnded {
        /// The session.
        session_id: SessionId,
    },
    /// A device is no longer trusted.
    DeviceRemoved {
        /// The device.
        device_id: DeviceId,
    },
    /// A device reads another language.
    LanguageChanged {
        /// Which device.
        device_id: DeviceId,
        /// Which language.
        language: Language,
    },
    /// The owner should know.
    SecurityAlert {
        /// What about.
        kind: AlertKind,
    },
}

/// What one node tells the others about an account: ids only, and to be looked up before it is acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum NodeMessage {
    /// A challenge started or has a new code: show it.
    CodeIssued {
        /// The challenge.
        challenge_id: ChallengeId,
    },
    /// A node wrote a code to the connection that it holds of a device, because another node said that it was issued.
    CodeSent {
        /// Of which challenge.
        challenge_id: ChallengeId,
        /// Which of its codes.
        generation: u32,
        /// To which device.
        device_id: DeviceId,
    },
    /// A device said of a code that it got over its connection whether it shows it.
    ReceiptCame {
        /// Of which challenge.
        challenge_id: ChallengeId,
        /// Which of its codes.
        generation: u32,
        /// Which device.
        device_id: DeviceId,
        /// On the screen or not.
        shown: bool,
    },
    /// A challenge ended.
    ChallengeClosed {
        /// The challenge.
        challenge_id: ChallengeId,
        /// How it ended.
        outcome: Outcome,
    },
    /// A delivery of a challenge came further.
    DeliveryChanged {
        /// Of which challenge.
        challenge_id: ChallengeId,
    },
    /// A session is over.
    SessionEnded {
        /// The session.
        session_id: SessionId,
    },
    /// A device is no longer trusted.
    DeviceRemoved {
        /// The device.
        device_id: DeviceId,
    },
    /// A device connected; it has one connection, the newest.
    DeviceConnected {
        /// The device.
        device_id: DeviceId,
        /// Its connection; ids sort by time.
        connection_id: ConnectionId,
    },
    /// A device reads another language.
    LanguageChanged {
        /// Which device.
        device_id: DeviceId,
        /// Which language.
        language: Language,
    },
    /// The owner should know.
    SecurityAlert {
        /// What about.
        kind: AlertKind,
    },
}

impl From<&AccountEvent> for NodeMessage {
    fn from(event: &AccountEvent) -> Self {
        match *event {
            AccountEvent::CodeIssued(ref issued) => Self::CodeIssued { challenge_id: issued.code.challenge_id },
            AccountEvent::ChallengeClosed { challenge_id, outcome } => Self::ChallengeClosed { challenge_id, outcome },
            AccountEvent::SessionEnded { session_id } => Self::SessionEnded { session_id },
            AccountEvent::DeviceRemoved { device_id } => Self::DeviceRemoved { device_id },
            AccountEvent::LanguageChanged { device_id, language } => Self::LanguageChanged { device_id, language },
            AccountEvent::SecurityAlert { kind } => Self::SecurityAlert { kind },
        }
    }
}

impl NodeMessage {
    /// The challenge that stands otherwise since: those who watch it should look at it again.
    #[must_use]
    pub fn changed_challenge(&self) -> Option<ChallengeId> {
        match self {
            Self::CodeIssued { challenge_id }
            | Self::ChallengeClosed { challenge_id, .. }
            | Self::DeliveryChanged { challenge_id } => Some(*challenge_id),
            Self::SessionEnded { .. }
            | Self::DeviceRemoved { .. }
            | Self::CodeSent { .. }
            | Self::ReceiptCame { .. }
            | Self::DeviceConnected { .. }
            | Self::LanguageChanged { .. }
            | Self::SecurityAlert { .. } => None,
        }
    }
}

impl AlertKind {
    /// Whether it is pushed to the trusted devices as well. Not what anybody can cause who knows an address, or an address and
    /// the password: those would be ways to wear an owner out. Requests for the last resort are, at most once an hour: that the owner hears of
    /// them in time is what makes it safe.
    #[must_use]
    pub fn is_pushed(self) -> bool {
        match self {
            Self::SignInDenied
            | Self::SignInReported
            | Self::TooManyWrongCodes
            | Self::SignInsUnfrozen
            | Self::TwoStepEnabled
            | Self::TwoStepDisabled
            | Self::MailboxChanged
            | Self::EmailChangeUndone
            | Self::PushAddressChanged
            | Self::PasswordChanged
            | Self::PasswordReset
            | Self::RecoveryCodesMade
            | Self::RecoveryCodeUsed
            | Self::RecoveryCodesLow
            | Self::AuthenticatorAdded
            | Self::AuthenticatorRemoved
            | Self::RecoveryAsked
            | Self::RecoveryPending
            | Self::RecoveryReady
            | Self::RecoveryCancelled
            | Self::RecoveryUsed
            | Self::TokenReused
            | Self::DeviceRemoved
            | Self::DeviceEvicted
            | Self::DisablingDenied => true,
            // The trusted devices showed the code: the mailbox is the other channel.
            Self::NewDeviceSignedIn | Self::SignInUnfinished | Self::AddressTaken => false,
            // Anybody may cause them by an address.
            Self::PasswordResetAsked | Self::PasswordResetAskedFrozen => false,
            // The devices are told by `MailboxChanged`.
            Self::EmailChanged => false,
        }
    }
}

impl AlertKind {
    /// Anybody may cause it who knows an address: its mail must not carry their words.
    #[must_use]
    pub fn is_caused_by_anybody(self) -> bool {
        matches!(self, Self::AddressTaken | Self::PasswordResetAsked | Self::PasswordResetAskedFrozen)
    }

    /// What the link is for that its mail brings; its id is that of the notice.
    #[must_use]
    pub fn link(self) -> Option<MailedLink> {
        match self {
            Self::PasswordResetAsked | Self::PasswordResetAskedFrozen => Some(MailedLink::NewPassword),
            Self::EmailChanged => Some(MailedLink::UndoAddress),
            _ => None,
        }
    }
}
