//! Why a use case did not do what was asked.

use jiff::SignedDuration;

use crate::domain::account::recovery_code::NoRecoveryCode;
use crate::domain::challenge::Refusal;
use crate::domain::code::NotACode;
use crate::store::StoreError;

/// One variant for each cause that a caller answers differently.
#[derive(Debug, thiserror::Error)]
pub enum VerificationError {
    /// The address is unknown or the password is wrong: nobody is told which.
    #[error("the email address or the password is wrong")]
    InvalidCredentials,
    /// No token, or one that is unknown, expired, used or of another challenge.
    #[error("the token is not valid")]
    Unauthorized,
    /// Only a trusted device may do that.
    #[error("the device is not trusted")]
    DeviceNotTrusted,
    /// There is no such thing, or not for this account.
    #[error("not found")]
    NotFound,
    /// The code is not the right one.
    #[error("the code is wrong")]
    WrongCode {
        /// Comparisons still allowed.
        attempts_left: u16,
    },
    /// What was typed is no code of this challenge, whatever its digits: it is not counted.
    #[error("the code {0}")]
    NotACode(#[from] NotACode),
    /// What was typed is no recovery code, whatever its letters: it is not counted.
    #[error("the recovery code {0}")]
    NoRecoveryCode(#[from] NoRecoveryCode),
    /// It is an earlier code of this challenge: it is not counted.
    #[error("the code is an earlier one")]
    EarlierCode {
        /// Comparisons still allowed.
        attempts_left: u16,
    },
    /// The challenge does not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The account has as many open challenges as it may.
    #[error("too many open challenges")]
    TooManyOpenChallenges {
        /// Wait this long.
        retry_after: SignedDuration,
    },
    /// Too many wrong codes were typed for the account: nothing is compared for a while.
    #[error("too many wrong codes for this account")]
    TooManyWrongCodes {
        /// Wait this long.
        retry_after: SignedDuration,
    },
    /// Somebody said "this wasn't me": no new device may sign in.
    #[error("no new device may sign in")]
    AccountFrozen,
    /// Too many wrong passwords were typed, for this address from this network, or from this network at all.
    #[error("too many wrong passwords")]
    TooManyWrongPasswords {
        /// Wait this long.
        retry_after: SignedDuration,
    },
    /// As many codes were mailed to the address as may be.
    #[error("too many mails to this address")]
    TooManyMails {
        /// Wait this long.
        retry_after: SignedDuration,
    },
    /// As many wrong codes were typed as may be between two successes: no freeze is lifted without a new password.
    #[error("only a new password lets new devices sign in")]
    OnlyNewPasswordUnfreezes,
    /// As many wrong codes were typed as may be to turn two-step verification on.
    #[error("only a new password lets a code be typed again")]
    OnlyNewPasswordHelps,
    /// Two-step verification is not offered to this account yet.
    #[error("two-step verification is not offered to this account yet")]
    TwoStepUnavailable,
    /// No password was sent, and this account has one.
    #[error("the password is missing")]
    PasswordMissing,
    /// The password has to be typed again.
    #[error("the password is needed")]
    PasswordNeeded,
    /// Two-step verification must stay on.
    #[error("two-step verification is required")]
    TwoStepRequired,
    /// The rollout stopped itself: its share is not raised.
    #[error("the rollout holds")]
    RolloutHeld,
    /// A code of a trusted device is needed first.
    #[error("a code of a trusted device is needed first")]
    VerificationNeeded,
    /// Other subjects than this one are the key's.
    #[error("the key is for other subjects")]
    OtherSubjects,
    /// Another app's key has this audience.
    #[error("another key has this audience")]
    AudienceTaken,
    /// It was about somebody who was deleted since.
    #[error("whom it was about was deleted")]
    Erased,
    /// An app keeps this account and its password.
    #[error("the app keeps the password of this account")]
    KeptByApp,
    /// This service has no last resort.
    #[error("there is no last resort")]
    LastResortOff,
    /// The account has no mailbox that a code could go to.
    #[error("the account has no mailbox")]
    NoMailbox,
    /// It already is so.
    #[error("{0}")]
    AlreadySo(&'static str),
    /// The new password is one of those that are tried first.
    #[error("the new password is too common")]
    CommonPassword,
    /// More passwords wait to be hashed than this node takes on.
    #[error("too many sign-ins at once")]
    Busy,
    /// The database is so busy that a sign-in that begins now would wait for too long.
    #[error("too many calls wait for the database")]
    Overloaded {
        /// Come back in this long.
        retry_after: SignedDuration,
    },
    /// A challenge was made with a code key that this node does not hold.
    #[error("the code key of this challenge is not configured on this node")]
    CodeKeyMissing,
    /// The database did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
}
