//! Every text by name, with what it takes: a key or an argument that is not in the files cannot be written.

use fluent_bundle::FluentArgs;

/// Declares the texts: variant, what it takes, and its key in the files.
macro_rules! texts {
    ($($variant:ident $({ $($argument:ident: $kind:ty),+ })? = $key:literal),+ $(,)?) => {
        /// A text. Not `Debug`: it may hold a code.
        #[derive(Clone, Copy)]
        pub(super) enum Text<'a> { $( $variant $({ $($argument: $kind),+ })? ),+ }

        impl<'a> Text<'a> {
            /// Its key in the files.
            pub(super) fn key(self) -> &'static str {
                match self { $( Self::$variant { .. } => $key ),+ }
            }

            /// What it takes, by the names in the files.
            pub(super) fn arguments(self) -> FluentArgs<'a> {
                let mut arguments = FluentArgs::new();
                match self {
                    $( Self::$variant $({ $($argument),+ })? => { $($( arguments.set(stringify!($argument), $argument); )+)? } ),+
                }
                arguments
            }
        }

        /// Every key with the names of what it takes.
        #[cfg(test)]
        pub(super) const KEYS: &[(&str, &[&str])] = &[ $( ($key, &[ $($( stringify!($argument) ),+)? ]) ),+ ];
    };
}

texts! {
    MailSignInSubject { service: &'a str } = "mail-sign-in-subject",
    MailSignInUse { service: &'a str } = "mail-sign-in-use",
    MailSignInAdvice = "mail-sign-in-advice",
    MailEnableTwoStepSubject { service: &'a str } = "mail-enable-two-step-subject",
    MailEnableTwoStepUse = "mail-enable-two-step-use",
    MailEnableTwoStepAdvice = "mail-enable-two-step-advice",
    MailDisableTwoStepSubject { service: &'a str } = "mail-disable-two-step-subject",
    MailDisableTwoStepUse = "mail-disable-two-step-use",
    MailDisableTwoStepAdvice = "mail-disable-two-step-advice",
    MailChangeEmailSubject { service: &'a str } = "mail-change-email-subject",
    MailChangeEmailUse = "mail-change-email-use",
    MailChangeEmailAdvice = "mail-change-email-advice",
    MailCreateAccountSubject { service: &'a str } = "mail-create-account-subject",
    MailCreateAccountUse = "mail-create-account-use",
    MailCreateAccountAdvice = "mail-create-account-advice",
    MailSubjectAgain { subject: &'a str, number: i64 } = "mail-subject-again",
    MailExpiresMinutes { minutes: i64, clock: &'a str } = "mail-expires-minutes",
    MailExpiresHours { hours: i64, time: &'a str } = "mail-expires-hours",
    MailClockOwn { clock: &'a str } = "mail-clock-own",
    MailSent { time: &'a str } = "mail-sent",
    MailSentAgain { number: i64, time: &'a str } = "mail-sent-again",
    MailFactDevice = "mail-fact-device",
    MailFactPlace = "mail-fact-place",
    MailFactAddress = "mail-fact-address",
    MailFactTime = "mail-fact-time",
    MailPlaceNear { place: &'a str } = "mail-place-near",
    MailPlatform { platform: &'a str } = "mail-platform",
    MailButtonNotMe = "mail-button-not-me",
    MailButtonReview = "mail-button-review",
    MailButtonNewPassword = "mail-button-new-password",
    MailButtonUndoAddress = "mail-button-undo-address",
    MailNeverShare { service: &'a str } = "mail-never-share",
    MailWhy { service: &'a str } = "mail-why",
    MailWhyAddress { service: &'a str } = "mail-why-address",
    MailHelp { support: &'a str } = "mail-help",
    Time { year: i64, month: i64, day: i64, clock: &'a str, zone: &'a str } = "time",

    NoticeSignInDeniedTitle = "notice-sign-in-denied-title",
    NoticeSignInDeniedBody = "notice-sign-in-denied-body",
    NoticeSignInReportedTitle = "notice-sign-in-reported-title",
    NoticeSignInReportedBody = "notice-sign-in-reported-body",
    NoticeSignInUnfinishedTitle = "notice-sign-in-unfinished-title",
    NoticeSignInUnfinishedBody = "notice-sign-in-unfinished-body",
    NoticeTooManyWrongCodesTitle = "notice-too-many-wrong-codes-title",
    NoticeTooManyWrongCodesBody = "notice-too-many-wrong-codes-body",
    NoticeNewDeviceSignedInTitle = "notice-new-device-signed-in-title",
    NoticeNewDeviceSignedInBody = "notice-new-device-signed-in-body",
    NoticeSignInsUnfrozenTitle = "notice-sign-ins-unfrozen-title",
    NoticeSignInsUnfrozenBody = "notice-sign-ins-unfrozen-body",
    NoticeTwoStepEnabledTitle = "notice-two-step-enabled-title",
    NoticeTwoStepEnabledBody = "notice-two-step-enabled-body",
    NoticeTwoStepDisabledTitle = "notice-two-step-disabled-title",
    NoticeTwoStepDisabledBody = "notice-two-step-disabled-body",
    NoticeMailboxChangedTitle = "notice-mailbox-changed-title",
    NoticeMailboxChangedBody = "notice-mailbox-changed-body",
    NoticePushAddressChangedTitle = "notice-push-address-changed-title",
    NoticePushAddressChangedBody = "notice-push-address-changed-body",
    NoticePasswordChangedTitle = "notice-password-changed-title",
    NoticePasswordChangedBody = "notice-password-changed-body",
    NoticePasswordResetAskedTitle = "notice-password-reset-asked-title",
    NoticePasswordResetAskedBody = "notice-password-reset-asked-body",
    NoticePasswordResetAskedFrozenTitle = "notice-password-reset-asked-frozen-title",
    NoticePasswordResetAskedFrozenBody = "notice-password-reset-asked-frozen-body",
    NoticePasswordResetTitle = "notice-password-reset-title",
    NoticePasswordResetBody = "notice-password-reset-body",
    NoticeRecoveryCodesMadeTitle = "notice-recovery-codes-made-title",
    NoticeRecoveryCodesMadeBody = "notice-recovery-codes-made-body",
    NoticeRecoveryCodeUsedTitle = "notice-recovery-code-used-title",
    NoticeRecoveryCodeUsedBody = "notice-recovery-code-used-body",
    NoticeRecoveryCodesLowTitle = "notice-recovery-codes-low-title",
    NoticeRecoveryCodesLowBody = "notice-recovery-codes-low-body",
    NoticeEmailChangedTitle = "notice-email-changed-title",
    NoticeEmailChangedBody = "notice-email-changed-body",
    NoticeEmailChangeUndoneTitle = "notice-email-change-undone-title",
    NoticeEmailChangeUndoneBody = "notice-email-change-undone-body",
    NoticeTokenReusedTitle = "notice-token-reused-title",
    NoticeTokenReusedBody = "notice-token-reused-body",
    NoticeDeviceRemovedTitle = "notice-device-removed-title",
    NoticeDeviceRemovedBody = "notice-device-removed-body",
    NoticeDeviceEvictedTitle = "notice-device-evicted-title",
    NoticeDeviceEvictedBody = "notice-device-evicted-body",
    NoticeDisablingDeniedTitle = "notice-disabling-denied-title",
    NoticeDisablingDeniedBody = "notice-disabling-denied-body",
    NoticeAddressTakenTitle = "notice-address-taken-title",
    NoticeAddressTakenBody = "notice-address-taken-body",

    PushCodeTitle = "push-code-title",
    PushDisableTwoStepTitle = "push-disable-two-step-title",
    PushCodeBody { code: &'a str, device: &'a str } = "push-code-body",
    PushWakeBody = "push-wake-body",
    PushOverTitle = "push-over-title",
    PushOverBody = "push-over-body",
    PushTestTitle = "push-test-title",
    PushTestBody = "push-test-body",

    HintNoTrustedDeviceReachable = "hint-no-trusted-device-reachable",
    HintShownOnTrustedDevice { devices: u64 } = "hint-shown-on-trusted-device",
    HintWaitingForDevice = "hint-waiting-for-device",
    HintHandedToProvider { seconds: i64 } = "hint-handed-to-provider",
    HintAlertsPaused = "hint-alerts-paused",
    HintNotificationsOff = "hint-notifications-off",
    HintPushTokenExpired = "hint-push-token-expired",
    HintMailAccepted { sender: &'a str } = "hint-mail-accepted",
    HintMailPending = "hint-mail-pending",
    HintMailDelayed = "hint-mail-delayed",
    HintMailRefused = "hint-mail-refused",
    HintMailboxFull = "hint-mailbox-full",
    HintMailMessageRefused = "hint-mail-message-refused",
    HintMailAddressUnsupported = "hint-mail-address-unsupported",
    HintMailFailed = "hint-mail-failed",
    HintEmailOffered = "hint-email-offered",
    HintResendPossible = "hint-resend-possible",
    HintResendLater { seconds: i64 } = "hint-resend-later",
    HintClosedVerified = "hint-closed-verified",
    HintClosedDenied = "hint-closed-denied",
    HintClosedExpired = "hint-closed-expired",
    HintClosedAttemptsExhausted = "hint-closed-attempts-exhausted",
    HintClosedSuperseded = "hint-closed-superseded",
    HintSupersededNewerRequest = "hint-superseded-newer-request",
    HintSupersededOtherRequests = "hint-superseded-other-requests",
    HintSupersededPasswordChanged = "hint-superseded-password-changed",
    HintSupersededFrozen = "hint-superseded-frozen",
    HintSupersededAccountDeleted = "hint-superseded-account-deleted",
    HintSupersededCancelled = "hint-superseded-cancelled",
    HintSupersededAddressConfirmed = "hint-superseded-address-confirmed",
    LocationNote = "location-note",

    DeliveryToDevice { number: u64, state: &'a str } = "delivery-to-device",
    DeliveryToMailbox { state: &'a str } = "delivery-to-mailbox",
    DeliveryShown = "delivery-shown",
    DeliveryNotShown = "delivery-not-shown",
    DeliveryConnectionPending = "delivery-connection-pending",
    DeliveryConnectionAccepted = "delivery-connection-accepted",
    DeliveryConnectionFailed = "delivery-connection-failed",
    DeliveryConnectionCancelled = "delivery-connection-cancelled",
    DeliveryPushPending { provider: &'a str } = "delivery-push-pending",
    DeliveryPushAccepted { provider: &'a str } = "delivery-push-accepted",
    DeliveryPushShownMeanwhile { provider: &'a str } = "delivery-push-shown-meanwhile",
    DeliveryPushFailed { provider: &'a str } = "delivery-push-failed",
    DeliveryPushCancelled = "delivery-push-cancelled",
    DeliveryMailPending = "delivery-mail-pending",
    DeliveryMailAccepted = "delivery-mail-accepted",
    DeliveryMailFailed = "delivery-mail-failed",
    DeliveryMailCancelled = "delivery-mail-cancelled",
    DeliveryNotificationsOff = "delivery-notifications-off",
    DeliveryNoPushToken = "delivery-no-push-token",
    DeliveryTokenExpired = "delivery-token-expired",
    DeliveryUnreachable = "delivery-unreachable",

    PasswordCommon = "password-common",
    PasswordWord = "password-word",
    PasswordName = "password-name",
    PasswordKeyboard = "password-keyboard",
    PasswordRepeat = "password-repeat",
    PasswordSequence = "password-sequence",
    PasswordDate = "password-date",
    PasswordMoreWords = "password-more-words",
    PasswordFewTricks = "password-few-tricks",
    PasswordNoPatterns = "password-no-patterns",
    PasswordNoDates = "password-no-dates",
}
