//! Problems (RFC 9457): the only place with status codes. docs/errors.md lists them, and a test compares the two.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use jiff::SignedDuration;
use serde::Serialize;
use tracing::error;
use utoipa::ToSchema;

use crate::domain::challenge::{Outcome, Refusal, SupersededBy};
use crate::domain::value::string_enum::words;
use crate::service::VerificationError;
use crate::store::StoreError;
use crate::telemetry::count_refusal;

/// Come back after this long when the database is away or too many sign-ins come at once.
const UNAVAILABLE_RETRY: SignedDuration = SignedDuration::from_secs(2);

words! {
    /// A stable word for each problem; clients decide by it.
    ProblemCode("problem code") {
        /// The request is malformed.
        InvalidRequest = "invalid_request",
        /// The new password is one of those that are tried first.
        CommonPassword = "common_password",
        /// The address is unknown or the password wrong.
        InvalidCredentials = "invalid_credentials",
        /// No valid token.
        Unauthorized = "unauthorized",
        /// Not allowed.
        Forbidden = "forbidden",
        /// Only a trusted device may do that.
        DeviceNotTrusted = "device_not_trusted",
        /// No new device may sign in to this account at the moment.
        AccountFrozen = "account_frozen",
        /// Two-step verification is not offered to this account yet.
        TwoStepUnavailable = "two_step_unavailable",
        /// The password has to be typed again.
        PasswordNeeded = "password_needed",
        /// Two-step verification must stay on.
        TwoStepRequired = "two_step_required",
        /// The API key may not be used for that.
        ScopeMissing = "scope_missing",
        /// A call that creates something has no `Idempotency-Key`.
        IdempotencyKeyMissing = "idempotency_key_missing",
        /// The `Idempotency-Key` came before, with another request.
        IdempotencyKeyReused = "idempotency_key_reused",
        /// The same request is being carried out.
        RequestUnderWay = "request_under_way",
        /// A device cannot be vouched for before its user typed a code.
        VerificationNeeded = "verification_needed",
        /// Whom the request was about was deleted since.
        Erased = "erased",
        /// There is no such thing.
        NotFound = "not_found",
        /// The address does not take this method.
        MethodNotAllowed = "method_not_allowed",
        /// The challenge is over.
        ChallengeClosed = "challenge_closed",
        /// The body is too large.
        PayloadTooLarge = "payload_too_large",
        /// The code is wrong.
        WrongCode = "wrong_code",
        /// The challenge has no attempts left.
        TooManyAttempts = "too_many_attempts",
        /// A new code was asked for too early.
        ResendTooSoon = "resend_too_soon",
        /// Too much of something.
        TooManyRequests = "too_many_requests",
        /// Our fault.
        InternalError = "internal_error",
        /// Come back later.
        ServiceUnavailable = "service_unavailable",
    }
}

impl ProblemCode {
    /// The status it is answered with.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest | Self::CommonPassword | Self::IdempotencyKeyMissing => StatusCode::BAD_REQUEST,
            Self::InvalidCredentials | Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden
            | Self::DeviceNotTrusted
            | Self::AccountFrozen
            | Self::TwoStepUnavailable
            | Self::TwoStepRequired
            | Self::PasswordNeeded
            | Self::VerificationNeeded
            | Self::ScopeMissing => StatusCode::FORBIDDEN,
            Self::RequestUnderWay => StatusCode::CONFLICT,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::ChallengeClosed | Self::Erased => StatusCode::GONE,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongCode | Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyAttempts | Self::ResendTooSoon | Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::InvalidRequest => "The request is malformed",
            Self::CommonPassword => "The new password is too common",
            Self::InvalidCredentials => "The email address or the password is wrong",
            Self::Unauthorized => "A valid token is needed",
            Self::Forbidden => "Not allowed",
            Self::DeviceNotTrusted => "Only a trusted device may do that",
            Self::AccountFrozen => "No new device can sign in to this account",
            Self::TwoStepUnavailable => "Two-step verification is not offered to this account yet",
            Self::PasswordNeeded => "The password is needed",
            Self::TwoStepRequired => "Two-step verification is required",
            Self::VerificationNeeded => "A code of a trusted device is needed first",
            Self::Erased => "The subject was deleted",
            Self::ScopeMissing => "The API key may not be used for that",
            Self::IdempotencyKeyMissing => "A call that creates something needs an Idempotency-Key",
            Self::IdempotencyKeyReused => "The Idempotency-Key was used for another request",
            Self::RequestUnderWay => "The same request is being carried out",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::ChallengeClosed => "The challenge is over",
            Self::PayloadTooLarge => "The request body is too large",
            Self::WrongCode => "The code is wrong",
            Self::TooManyAttempts => "Too many wrong codes",
            Self::ResendTooSoon => "A new code can be sent a little later",
            Self::TooManyRequests => "Too many requests",
            Self::InternalError => "Something went wrong on our side",
            Self::ServiceUnavailable => "The service is not available right now",
        }
    }
}

/// A problem, as it is answered.
#[derive(Debug, Clone)]
pub struct Problem {
    code: ProblemCode,
    detail: String,
    retry_after: Option<u64>,
    attempts_left: Option<u16>,
    earlier_code: bool,
    header: Option<(HeaderName, &'static str)>,
}

/// Its body.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProblemBody {
    /// A URI that names the kind of problem.
    r#type: String,
    /// The kind of problem, for people.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What to do about it.
    detail: String,
    /// The kind of problem, for programs.
    code: ProblemCode,
    /// Seconds to wait; also the `Retry-After` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    /// Comparisons that the challenge still allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts_left: Option<u16>,
    /// With `wrong_code`: it is an earlier code of the challenge, which a newer one replaced, and no attempt was used.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    earlier_code: bool,
}

impl Problem {
    /// A problem; `detail` tells its reader what to do.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), retry_after: None, attempts_left: None, earlier_code: false, header: None }
    }

    /// Our fault; what went wrong was logged where it was seen.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(ProblemCode::InternalError, "Try again. If it stays, tell the people who run this service.")
    }

    /// Too many requests; `detail` says whose.
    pub(super) fn too_many_requests(detail: impl Into<String>, wait: SignedDuration) -> Self {
        Self::new(ProblemCode::TooManyRequests, detail).retry_after(wait)
    }

    /// Its kind.
    pub(super) fn code(&self) -> ProblemCode {
        self.code
    }

    pub(super) fn retry_after(self, wait: SignedDuration) -> Self {
        // Rounded up: who waits as long as told is not refused again.
        let seconds = u64::try_from(wait.as_millis().max(0)).unwrap_or(u64::MAX).div_ceil(1000).max(1);
        Self { retry_after: Some(seconds), ..self }
    }

    /// With another header that tells programs what to do.
    pub(super) fn header(self, name: HeaderName, value: &'static str) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    fn attempts_left(self, attempts_left: u16) -> Self {
        Self { attempts_left: Some(attempts_left), ..self }
    }

    fn response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.code.status());
        response.content_type("application/problem+json");
        if let Some(seconds) = self.retry_after {
            response.insert_header((RETRY_AFTER, seconds));
        }
        if let Some(header) = self.header.clone() {
            response.insert_header(header);
        }
        if self.code == ProblemCode::PayloadTooLarge {
            // Nobody waits for the rest (RFC 9110 section 15.5.14).
            response.force_close();
        }
        if self.code == ProblemCode::Unauthorized {
            response.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        response.json(ProblemBody {
            r#type: format!("/docs#problem-{}", self.code),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: self.detail.clone(),
            code: self.code,
            retry_after: self.retry_after,
            attempts_left: self.attempts_left,
            earlier_code: self.earlier_code,
        })
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.response()
    }
}

impl Responder for Problem {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.response()
    }
}

impl From<VerificationError> for Problem {
    fn from(error: VerificationError) -> Self {
        match error {
            VerificationError::InvalidCredentials => {
                Self::new(ProblemCode::InvalidCredentials, "Check both, and try again.")
            }
            VerificationError::Unauthorized => {
                Self::new(ProblemCode::Unauthorized, "The token is unknown, used or out of date. Sign in again.")
            }
            VerificationError::DeviceNotTrusted => {
                Self::new(ProblemCode::DeviceNotTrusted, "Sign in on this device with a code, and trust it.")
            }
            VerificationError::NotFound => Self::new(ProblemCode::NotFound, "There is no such thing in this account."),
            VerificationError::WrongCode { attempts_left } => wrong_code(attempts_left),
            VerificationError::NotACode(error) => Self::new(ProblemCode::InvalidRequest, format!("`code` {error}.")),
            VerificationError::NoRecoveryCode(error) => {
                Self::new(ProblemCode::InvalidRequest, format!("`recovery_code` {error}."))
            }
            VerificationError::EarlierCode { attempts_left } => {
                let detail = "That is an earlier code of this challenge, and no attempt was used. Look for the newest one: it replaced the others.";
                let problem = Self::new(ProblemCode::WrongCode, detail).attempts_left(attempts_left);
                Self { earlier_code: true, ..problem }
            }
            VerificationError::Refused(refusal) => refused(refusal),
            VerificationError::TooManyOpenChallenges { retry_after } => {
                count_refusal("open_challenges");
                let detail = "Other devices wait for a code of this account. Finish or deny those, or wait.";
                Self::new(ProblemCode::TooManyRequests, detail).retry_after(retry_after)
            }
            VerificationError::TooManyWrongCodes { retry_after } => {
                count_refusal("wrong_codes");
                let detail = "Too many wrong codes were typed for this account. Wait, then sign in again.";
                Self::new(ProblemCode::TooManyRequests, detail).retry_after(retry_after)
            }
            VerificationError::TooManyWrongPasswords { retry_after } => {
                count_refusal("wrong_passwords");
                let detail = "Too many wrong passwords were typed. Wait, then try again.";
                Self::new(ProblemCode::TooManyRequests, detail).retry_after(retry_after)
            }
            VerificationError::TooManyMails { retry_after } => {
                count_refusal("mails");
                let detail = "As many codes were mailed to this address as may be. Look for the newest one, also in the spam folder, or wait.";
                Self::new(ProblemCode::TooManyRequests, detail).retry_after(retry_after)
            }
            VerificationError::AccountFrozen => Self::new(
                ProblemCode::AccountFrozen,
                "Its owner said that a sign-in was not theirs, or too many wrong codes were typed. Allow new devices again on a trusted device, or change the password there.",
            ),
            VerificationError::OnlyNewPasswordUnfreezes => Self::new(
                ProblemCode::AccountFrozen,
                "So many wrong codes were typed that only a new password lets new devices sign in again. Change it now.",
            ),
            VerificationError::OnlyNewPasswordHelps => Self::new(
                ProblemCode::AccountFrozen,
                "So many wrong codes were typed that no further one is accepted. Change your password, then begin again.",
            ),
            VerificationError::TwoStepUnavailable => Self::new(
                ProblemCode::TwoStepUnavailable,
                "It comes to accounts step by step, and has not come to yours yet. There is nothing to do: it will be there without an update of the app.",
            ),
            VerificationError::PasswordMissing => {
                Self::new(ProblemCode::InvalidRequest, "missing field `password`. See /docs.")
            }
            VerificationError::PasswordNeeded => Self::new(
                ProblemCode::PasswordNeeded,
                "Send `password` as well: this session began more than ten minutes ago.",
            ),
            VerificationError::TwoStepRequired => Self::new(
                ProblemCode::TwoStepRequired,
                "Whoever runs this service, or the app, requires it of this account: it cannot be turned off.",
            ),
            VerificationError::RolloutHeld => Self::new(
                ProblemCode::Forbidden,
                "The rollout stopped itself, so its share is not raised: see why with GET /admin/rollout. POST /admin/rollout/resume (twostep rollout resume) lets it go on.",
            ),
            VerificationError::VerificationNeeded => Self::new(
                ProblemCode::VerificationNeeded,
                "Two-step verification is on and devices are trusted. Begin a verification for this device and have its user type the code, then vouch within 10 minutes. `override` vouches without it, and its owner is told.",
            ),
            VerificationError::OtherSubjects => {
                Self::new(ProblemCode::ScopeMissing, "This API key is for other subjects: see its subject prefix.")
            }
            VerificationError::AudienceTaken => Self::new(
                ProblemCode::InvalidRequest,
                "Another app's key has this `audience`: choose another, or name one of the same app's keys in `same_app_as`.",
            ),
            VerificationError::Erased => Self::new(
                ProblemCode::Erased,
                "The subject that this request was about was deleted since. If it shall be made anew, use another Idempotency-Key.",
            ),
            VerificationError::KeptByApp => {
                Self::new(ProblemCode::Forbidden, "The app keeps this account. Change that in the app.")
            }
            VerificationError::LastResortOff => Self::new(
                ProblemCode::Forbidden,
                "This service lets nobody in without a code. Use a recovery code, or ask the people who run it.",
            ),
            VerificationError::NoMailbox => Self::new(
                ProblemCode::Forbidden,
                "This account has no address that a code could go to. Give it one, or let the app turn it on.",
            ),
            VerificationError::AlreadySo(what) => {
                Self::new(ProblemCode::InvalidRequest, format!("Nothing to do: {what}."))
            }
            VerificationError::CommonPassword => Self::new(
                ProblemCode::CommonPassword,
                "It is one of those that are tried first. Choose another, for instance several words that have nothing to do with each other.",
            ),
            VerificationError::Busy => many_sign_in(UNAVAILABLE_RETRY),
            VerificationError::Overloaded { retry_after } => many_sign_in(retry_after),
            VerificationError::CodeKeyMissing => {
                error!(
                    "a challenge was made with a code key that this node lacks: give every node the same codes.keys"
                );
                Self::new(ProblemCode::ServiceUnavailable, "Codes cannot be checked right now. Try again later.")
                    .retry_after(UNAVAILABLE_RETRY)
            }
            VerificationError::Store(error) => stored(&error),
        }
    }
}

fn many_sign_in(retry_after: SignedDuration) -> Problem {
    let detail = "Many sign in right now. Try again in a moment.";
    Problem::new(ProblemCode::ServiceUnavailable, detail).retry_after(retry_after)
}

fn wrong_code(attempts_left: u16) -> Problem {
    let detail = match attempts_left {
        0 => "That was the last attempt. Begin again to get a new code.".to_owned(),
        1 => "Look for the newest code. One attempt is left.".to_owned(),
        left => format!("Look for the newest code. {left} attempts are left."),
    };
    Problem::new(ProblemCode::WrongCode, detail).attempts_left(attempts_left)
}

fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Closed(outcome) => Problem::new(ProblemCode::ChallengeClosed, closed_detail(outcome)),
        Refusal::Superseded(cause) => Problem::new(ProblemCode::ChallengeClosed, superseded_detail(cause)),
        Refusal::TooManyAttempts => {
            count_refusal("attempts");
            let detail = "No code of this challenge is accepted any more. Sign in again to get a new one.";
            // Nothing to wait for: the next sign-in may come at once.
            Problem::new(ProblemCode::TooManyAttempts, detail)
                .retry_after(SignedDuration::from_secs(1))
                .attempts_left(0)
        }
        Refusal::ResendTooSoon { retry_after } => {
            count_refusal("resends");
            let problem =
                Problem::new(ProblemCode::ResendTooSoon, "No new code was sent. The latest one is still good.");
            problem.retry_after(retry_after)
        }
        Refusal::MethodNotOffered => {
            Problem::new(ProblemCode::InvalidRequest, "`method` must be one of the challenge's `methods`.")
        }
    }
}

fn closed_detail(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Verified => "Its code was used. Sign in again if you need another session.",
        Outcome::Denied => "The sign-in was denied on a trusted device.",
        Outcome::Expired => "Its code is too old. Sign in again to get a new one.",
        Outcome::AttemptsExhausted => "Too many wrong codes were typed. Sign in again to get a new one.",
        Outcome::Superseded => "Something newer took its place. Sign in again.",
    }
}

fn superseded_detail(cause: SupersededBy) -> &'static str {
    match cause {
        SupersededBy::NewerRequest => "The same installation asked again: the newest challenge is good.",
        SupersededBy::RecoveryEnded => {
            "The request to sign in without a device was cancelled or used since. Sign in again."
        }
        SupersededBy::OtherRequests => "As many others asked since as may at the same time. Sign in again.",
        SupersededBy::PasswordChanged => "The password was changed. Sign in with the new one.",
        SupersededBy::Frozen => {
            "No new device may sign in: a sign-in was reported, or too many wrong codes were typed. A trusted device can allow it again."
        }
        SupersededBy::AccountDeleted => "The account was deleted.",
        SupersededBy::Cancelled => "Whoever asked for it cancelled it. Start again.",
        SupersededBy::AddressConfirmed => "Another request confirmed this address. Sign in with the password.",
    }
}

fn stored(error: &StoreError) -> Problem {
    match error {
        StoreError::Unavailable(_) | StoreError::Conflict => {
            error!(error = error as &dyn std::error::Error, "the database did not answer in time");
            Problem::new(ProblemCode::ServiceUnavailable, "Nothing was done. Try again in a moment.")
                .retry_after(UNAVAILABLE_RETRY)
        }
        StoreError::Refused(_) | StoreError::Corrupt(_) | StoreError::Settings(_) => {
            error!(error = error as &dyn std::error::Error, "the database refused a statement of ours");
            Problem::internal()
        }
    }
}
