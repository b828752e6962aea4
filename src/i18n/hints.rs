//! "Did not receive a code?", in words.

use super::bundle::words;
use super::text::Text;
use crate::domain::account::locale::Language;
use crate::domain::challenge::status_messages::Hint;
use crate::domain::challenge::{Outcome, SupersededBy};

/// What a user reads of a hint.
#[must_use]
pub fn hint_text(language: Language, hint: &Hint) -> String {
    let text = match hint {
        Hint::NoTrustedDeviceReachable => Text::HintNoTrustedDeviceReachable,
        Hint::ShownOnTrustedDevice { devices } => Text::HintShownOnTrustedDevice { devices: *devices },
        Hint::WaitingForDevice => Text::HintWaitingForDevice,
        Hint::HandedToProvider { seconds } => Text::HintHandedToProvider { seconds: *seconds },
        Hint::AlertsPaused => Text::HintAlertsPaused,
        Hint::NotificationsOff => Text::HintNotificationsOff,
        Hint::PushTokenExpired => Text::HintPushTokenExpired,
        Hint::MailAccepted { sender } => Text::HintMailAccepted { sender },
        Hint::MailPending => Text::HintMailPending,
        Hint::MailDelayed => Text::HintMailDelayed,
        Hint::MailRefused => Text::HintMailRefused,
        Hint::MailboxFull => Text::HintMailboxFull,
        Hint::MailMessageRefused => Text::HintMailMessageRefused,
        Hint::MailAddressUnsupported => Text::HintMailAddressUnsupported,
        Hint::MailFailed => Text::HintMailFailed,
        Hint::EmailOffered => Text::HintEmailOffered,
        Hint::ResendPossible => Text::HintResendPossible,
        Hint::ResendLater { seconds } => Text::HintResendLater { seconds: *seconds },
        Hint::Closed(Outcome::Verified) => Text::HintClosedVerified,
        Hint::Closed(Outcome::Denied) => Text::HintClosedDenied,
        Hint::Closed(Outcome::Expired) => Text::HintClosedExpired,
        Hint::Closed(Outcome::AttemptsExhausted) => Text::HintClosedAttemptsExhausted,
        Hint::Closed(Outcome::Superseded) => Text::HintClosedSuperseded,
        Hint::Superseded(SupersededBy::NewerRequest) => Text::HintSupersededNewerRequest,
        Hint::Superseded(SupersededBy::OtherRequests) => Text::HintSupersededOtherRequests,
        Hint::Superseded(SupersededBy::PasswordChanged) => Text::HintSupersededPasswordChanged,
        Hint::Superseded(SupersededBy::Frozen) => Text::HintSupersededFrozen,
        Hint::Superseded(SupersededBy::AccountDeleted) => Text::HintSupersededAccountDeleted,
        Hint::Superseded(SupersededBy::Cancelled) => Text::HintSupersededCancelled,
        Hint::Superseded(SupersededBy::RecoveryEnded) => Text::HintSupersededRecoveryEnded,
        Hint::Superseded(SupersededBy::AddressConfirmed) => Text::HintSupersededAddressConfirmed,
    };
    words(language, text)
}

/// What to show beside locations: why they may be far from the truth.
#[must_use]
pub fn location_note(language: Language) -> String {
    words(language, Text::LocationNote)
}
