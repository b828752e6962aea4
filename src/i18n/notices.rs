//! Security notices: what mails, notifications and alerts say about them.

use super::bundle::words;
use super::text::Text;
use crate::domain::account::locale::Language;
use crate::domain::event::AlertKind;

/// The subject of a notice's mail, and the title of its push.
#[must_use]
pub fn notice_title(language: Language, kind: AlertKind) -> String {
    let text = match kind {
        AlertKind::SignInDenied => Text::NoticeSignInDeniedTitle,
        AlertKind::SignInReported => Text::NoticeSignInReportedTitle,
        AlertKind::SignInUnfinished => Text::NoticeSignInUnfinishedTitle,
        AlertKind::TooManyWrongCodes => Text::NoticeTooManyWrongCodesTitle,
        AlertKind::NewDeviceSignedIn => Text::NoticeNewDeviceSignedInTitle,
        AlertKind::SignInsUnfrozen => Text::NoticeSignInsUnfrozenTitle,
        AlertKind::TwoStepEnabled => Text::NoticeTwoStepEnabledTitle,
        AlertKind::TwoStepDisabled => Text::NoticeTwoStepDisabledTitle,
        AlertKind::MailboxChanged => Text::NoticeMailboxChangedTitle,
        AlertKind::PushAddressChanged => Text::NoticePushAddressChangedTitle,
        AlertKind::PasswordChanged => Text::NoticePasswordChangedTitle,
        AlertKind::PasswordResetAsked => Text::NoticePasswordResetAskedTitle,
        AlertKind::PasswordResetAskedFrozen => Text::NoticePasswordResetAskedFrozenTitle,
        AlertKind::PasswordReset => Text::NoticePasswordResetTitle,
        AlertKind::RecoveryCodesMade => Text::NoticeRecoveryCodesMadeTitle,
        AlertKind::RecoveryCodeUsed => Text::NoticeRecoveryCodeUsedTitle,
        AlertKind::RecoveryCodesLow => Text::NoticeRecoveryCodesLowTitle,
        AlertKind::AuthenticatorAdded => Text::NoticeAuthenticatorAddedTitle,
        AlertKind::AuthenticatorRemoved => Text::NoticeAuthenticatorRemovedTitle,
        AlertKind::RecoveryAsked => Text::NoticeRecoveryAskedTitle,
        AlertKind::RecoveryPending => Text::NoticeRecoveryPendingTitle,
        AlertKind::RecoveryReady => Text::NoticeRecoveryReadyTitle,
        AlertKind::RecoveryCancelled => Text::NoticeRecoveryCancelledTitle,
        AlertKind::RecoveryUsed => Text::NoticeRecoveryUsedTitle,
        AlertKind::EmailChanged => Text::NoticeEmailChangedTitle,
        AlertKind::EmailChangeUndone => Text::NoticeEmailChangeUndoneTitle,
        AlertKind::TokenReused => Text::NoticeTokenReusedTitle,
        AlertKind::DeviceRemoved => Text::NoticeDeviceRemovedTitle,
        AlertKind::DeviceEvicted => Text::NoticeDeviceEvictedTitle,
        AlertKind::DisablingDenied => Text::NoticeDisablingDeniedTitle,
        AlertKind::AddressTaken => Text::NoticeAddressTakenTitle,
    };
    words(language, text)
}

/// What happened and what to do: in the mail, in the push, and as the alert of a connected device.
#[must_use]
pub fn notice_text(language: Language, kind: AlertKind) -> String {
    let text = match kind {
        AlertKind::SignInDenied => Text::NoticeSignInDeniedBody,
        AlertKind::SignInReported => Text::NoticeSignInReportedBody,
        AlertKind::SignInUnfinished => Text::NoticeSignInUnfinishedBody,
        AlertKind::TooManyWrongCodes => Text::NoticeTooManyWrongCodesBody,
        AlertKind::NewDeviceSignedIn => Text::NoticeNewDeviceSignedInBody,
        AlertKind::SignInsUnfrozen => Text::NoticeSignInsUnfrozenBody,
        AlertKind::TwoStepEnabled => Text::NoticeTwoStepEnabledBody,
        AlertKind::TwoStepDisabled => Text::NoticeTwoStepDisabledBody,
        AlertKind::MailboxChanged => Text::NoticeMailboxChangedBody,
        AlertKind::PushAddressChanged => Text::NoticePushAddressChangedBody,
        AlertKind::PasswordChanged => Text::NoticePasswordChangedBody,
        AlertKind::PasswordResetAsked => Text::NoticePasswordResetAskedBody,
        AlertKind::PasswordResetAskedFrozen => Text::NoticePasswordResetAskedFrozenBody,
        AlertKind::PasswordReset => Text::NoticePasswordResetBody,
        AlertKind::RecoveryCodesMade => Text::NoticeRecoveryCodesMadeBody,
        AlertKind::RecoveryCodeUsed => Text::NoticeRecoveryCodeUsedBody,
        AlertKind::RecoveryCodesLow => Text::NoticeRecoveryCodesLowBody,
        AlertKind::AuthenticatorAdded => Text::NoticeAuthenticatorAddedBody,
        AlertKind::AuthenticatorRemoved => Text::NoticeAuthenticatorRemovedBody,
        AlertKind::RecoveryAsked => Text::NoticeRecoveryAskedBody,
        AlertKind::RecoveryPending => Text::NoticeRecoveryPendingBody,
        AlertKind::RecoveryReady => Text::NoticeRecoveryReadyBody,
        AlertKind::RecoveryCancelled => Text::NoticeRecoveryCancelledBody,
        AlertKind::RecoveryUsed => Text::NoticeRecoveryUsedBody,
        AlertKind::EmailChanged => Text::NoticeEmailChangedBody,
        AlertKind::EmailChangeUndone => Text::NoticeEmailChangeUndoneBody,
        AlertKind::TokenReused => Text::NoticeTokenReusedBody,
        AlertKind::DeviceRemoved => Text::NoticeDeviceRemovedBody,
        AlertKind::DeviceEvicted => Text::NoticeDeviceEvictedBody,
        AlertKind::DisablingDenied => Text::NoticeDisablingDeniedBody,
        AlertKind::AddressTaken => Text::NoticeAddressTakenBody,
    };
    words(language, text)
}
