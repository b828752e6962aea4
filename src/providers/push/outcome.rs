//! What a provider's answer means for the delivery.

use std::time::Duration;

use jiff::Timestamp;

/// What became of one push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushOutcome {
    /// The provider took it; whether the device shows it is another fact.
    Accepted {
        /// The provider's own id of the message.
        provider_message_id: Option<String>,
    },
    /// The address will never work again: forget it, if it was registered before `as_of` (or if that is unknown).
    TokenDead {
        /// When the provider learned that the address is dead.
        as_of: Option<Timestamp>,
    },
    /// This push cannot be taken as it is; trying again would not help, the address is not to blame.
    Rejected(RejectedReason),
    /// Not now: worth another try, `wait` from now at the soonest.
    RetryAfter {
        /// What stood in the way.
        cause: TransientCause,
        /// The shortest wait that the provider asks for.
        wait: Option<Duration>,
    },
    /// Not within this push's life: take the next channel.
    Unavailable(UnavailableReason),
    /// Ours to mend: raise an alarm, keep the address, do not try again.
    Misconfigured(MisconfiguredReason),
}

/// Why a push cannot be taken as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectedReason {
    /// The provider found a field that it does not accept.
    Malformed,
    /// More than the 4096 bytes that both providers take.
    PayloadTooLarge,
    /// The address belongs to another provider.
    WrongProvider,
    /// Web Push: the endpoint is not at a service that is called (`webpush.services`).
    UnknownService,
    /// Web Push: the service takes none of our keys for this endpoint: the browser subscribed with one that is gone.
    KeyRefused,
    /// The address is called dead, but so few sends were seen that it is kept until it is called dead again.
    DeadTokenKept,
    /// A status that the provider's documentation does not name.
    Undocumented {
        /// The HTTP status.
        status: u16,
    },
}

/// What stood in the way of an attempt, for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransientCause {
    /// Too many messages, says the provider.
    Throttled,
    /// The provider has a fault of its own.
    ServerError,
    /// No answer within the request timeout.
    TimedOut,
    /// No connection, or it broke before the answer came.
    ConnectionLost,
    /// An answer that makes no sense, for example a page of a proxy.
    Unintelligible,
    /// The circuit breaker is open: the provider fails right now, nothing was sent.
    BreakerOpen,
}

/// Why the provider cannot be used within this push's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnavailableReason {
    /// The push's life is over.
    Expired,
    /// As many pushes wait already as memory is set aside for.
    Overloaded,
    /// A fault for which the provider asks for a longer wait than a code lives (APNs: 15 minutes).
    ServerError,
    /// Retries would go past the push's life, or were all used.
    GivenUp(TransientCause),
}

/// What an operator has to mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MisconfiguredReason {
    /// FCM: the address belongs to another Firebase project.
    SenderIdMismatch,
    /// FCM: the service account may not send for this project.
    PermissionDenied,
    /// The provider does not know the project or the URL.
    WrongProjectOrUrl,
    /// FCM: the APNs or web push key inside the Firebase project is bad.
    ThirdPartyAuth,
    /// FCM: a fresh access token is refused.
    AccessTokenRefused,
    /// The token endpoint refuses the service account's key.
    ServiceAccountRefused,
    /// FCM: where the machine's own token comes from (`credential_source`) there is none.
    NoSubjectToken,
    /// The key on disk cannot sign.
    SigningFailed,
    /// APNs: the topic is missing, wrong, or not the one of the device token.
    TopicRefused,
    /// APNs: the key belongs to the other environment.
    EnvironmentMismatch,
    /// APNs: the provider token is not accepted (key, key id, team, or this machine's clock).
    ProviderTokenRefused,
    /// APNs: provider tokens changed more often than every 20 minutes; something else signs with the same key.
    ProviderTokenUpdatedTooOften,
    /// More addresses are called dead than is believable: none is forgotten until an operator looked.
    TooManyDeadTokens,
}

/// Why [`check`](super::PushProvider::check) found a provider unusable.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The provider did not answer.
    #[error("no usable answer from the provider: {}", .0.word())]
    Unreachable(TransientCause),
    /// The provider answered that our settings are wrong.
    #[error("the provider refuses our settings: {}", .0.word())]
    Misconfigured(MisconfiguredReason),
    /// The provider answered something that the check did not ask for.
    #[error("the provider answered out of order: {}", .0.word())]
    Unexpected(PushOutcome),
}

impl PushOutcome {
    /// The word for logs and metrics.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::TokenDead { .. } => "token_dead",
            Self::Rejected(reason) => reason.word(),
            Self::RetryAfter { cause, .. } => cause.word(),
            Self::Unavailable(reason) => reason.word(),
            Self::Misconfigured(reason) => reason.word(),
        }
    }
}

impl RejectedReason {
    /// The word for logs and metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::PayloadTooLarge => "payload_too_large",
            Self::WrongProvider => "wrong_provider",
            Self::UnknownService => "unknown_service",
            Self::KeyRefused => "key_refused",
            Self::DeadTokenKept => "dead_token_kept",
            Self::Undocumented { .. } => "undocumented",
        }
    }
}

impl TransientCause {
    /// The word for logs and metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::ServerError => "server_error",
            Self::TimedOut => "timed_out",
            Self::ConnectionLost => "connection_lost",
            Self::Unintelligible => "unintelligible",
            Self::BreakerOpen => "breaker_open",
        }
    }
}

impl UnavailableReason {
    /// The word for logs and metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Overloaded => "overloaded",
            Self::ServerError => "server_error",
            Self::GivenUp(_) => "given_up",
        }
    }
}

impl MisconfiguredReason {
    /// The word for logs and metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::SenderIdMismatch => "sender_id_mismatch",
            Self::PermissionDenied => "permission_denied",
            Self::WrongProjectOrUrl => "wrong_project_or_url",
            Self::ThirdPartyAuth => "third_party_auth",
            Self::AccessTokenRefused => "access_token_refused",
            Self::ServiceAccountRefused => "service_account_refused",
            Self::NoSubjectToken => "no_subject_token",
            Self::SigningFailed => "signing_failed",
            Self::TopicRefused => "topic_refused",
            Self::EnvironmentMismatch => "environment_mismatch",
            Self::ProviderTokenRefused => "provider_token_refused",
            Self::ProviderTokenUpdatedTooOften => "provider_token_updated_too_often",
            Self::TooManyDeadTokens => "too_many_dead_tokens",
        }
    }
}

impl From<PushOutcome> for CheckError {
    fn from(outcome: PushOutcome) -> Self {
        match outcome {
            PushOutcome::Misconfigured(reason) => Self::Misconfigured(reason),
            PushOutcome::RetryAfter { cause, .. } => Self::Unreachable(cause),
            other => Self::Unexpected(other),
        }
    }
}
