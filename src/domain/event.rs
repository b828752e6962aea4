//! What the nodes tell one another about an account: ids and facts, never codes or addresses.

use serde::{Deserialize, Serialize};

use super::challenge::Outcome;
use super::id::{ChallengeId, DeviceId, SessionId};
use super::words::words;

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
        /// New devices may sign in again.
        SignInsUnfrozen = "sign_ins_unfrozen",
        /// Two-step verification was turned off.
        TwoStepDisabled = "two_step_disabled",
        /// The password was changed.
        PasswordChanged = "password_changed",
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

/// A fact about an account, already committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum AccountEvent {
    /// A challenge started or has a new code: show it.
    CodeIssued {
        /// Which.
        challenge_id: ChallengeId,
    },
    /// A challenge ended.
    ChallengeClosed {
        /// Which.
        challenge_id: ChallengeId,
        /// How.
        outcome: Outcome,
    },
    /// A delivery of a challenge came further.
    DeliveryChanged {
        /// Of which challenge.
        challenge_id: ChallengeId,
    },
    /// A session is over.
    SessionEnded {
        /// Which.
        session_id: SessionId,
    },
    /// A device is no longer trusted.
    DeviceRemoved {
        /// Which.
        device_id: DeviceId,
    },
    /// The owner should know.
    SecurityAlert {
        /// What about.
        kind: AlertKind,
    },
}

impl AlertKind {
    /// Whether it is pushed to the trusted devices as well. Not what anybody can cause who knows an address, or an address and
    /// the password: those would be ways to wear an owner out.
    #[must_use]
    pub fn is_pushed(self) -> bool {
        match self {
            Self::SignInDenied
            | Self::SignInReported
            | Self::TooManyWrongCodes
            | Self::SignInsUnfrozen
            | Self::TwoStepDisabled
            | Self::PasswordChanged
            | Self::TokenReused
            | Self::DeviceRemoved
            | Self::DeviceEvicted
            | Self::DisablingDenied => true,
            Self::SignInUnfinished | Self::AddressTaken => false,
        }
    }

    /// What a connected device shows, in English.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::SignInDenied => {
                "A sign-in to your account was denied, and no new device can sign in until you allow it again on a trusted device. If it was not you who tried, somebody knows your password: change it now. A good password is long, is used nowhere else, and comes from a password manager or is made of several random words."
            }
            Self::SignInReported => {
                "An entry of your login activity was reported as not yours. If it was not you: change your password now, and remove devices that you do not know. A good password is long, is used nowhere else, and comes from a password manager or is made of several random words."
            }
            Self::SignInUnfinished => {
                "Somebody typed the right password of your account on a new device, but not the code. If it was you, there is nothing to do. If not, somebody knows your password: change it now."
            }
            Self::TooManyWrongCodes => {
                "Too many wrong codes were typed for your account, so no new device can sign in until you allow it again on a trusted device. If it was not you, somebody knows your password: change it now."
            }
            Self::SignInsUnfrozen => {
                "New devices can sign in to your account again. If it was not you who allowed it, change your password."
            }
            Self::TwoStepDisabled => {
                "Two-step verification was turned off for your account. If it was not you, change your password and turn it on again."
            }
            Self::PasswordChanged => "The password of your account was changed. If it was not you, ask for help now.",
            Self::TokenReused => {
                "A sign-in key of one of your devices was used twice, so that device was signed out. If you did not restore it from a backup, change your password."
            }
            Self::DeviceRemoved => {
                "A trusted device was removed from your account. If it was not you, change your password."
            }
            Self::DeviceEvicted => {
                "Your account had as many trusted devices as it may have, so the one that was unused the longest is no longer trusted. If you did not sign in on a new device, change your password."
            }
            Self::DisablingDenied => {
                "Somebody tried to turn off two-step verification, and a trusted device denied it. The device that tried was signed out. If it was not you who tried, somebody knows your password: change it now."
            }
            Self::AddressTaken => {
                "Somebody tried to create an account with your address. You already have one; nothing was changed."
            }
        }
    }
}
