//! A challenge, as the one who waits for its code sees it.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

use super::SentToken;
use crate::domain::challenge::{Method, OfferedMethod, Purpose};
use crate::domain::device::token::{Token, TokenKind};
use crate::domain::value::id::ChallengeId;
use crate::domain::value::moment;
use crate::http::site::session_cookies::HoldsTokens;
use crate::service::{ChallengeView, Destination};

/// Where the code goes: a masked address, or the count of trusted devices.
#[derive(Serialize)]
#[serde(untagged)]
pub(in crate::http) enum DestinationAnswer {
    /// So many trusted devices.
    TrustedDevices(u64),
    /// The account's mailbox, masked.
    Mailbox(String),
}

/// One schema of two types. Of two schemas some readers find that a number fits both, because they would take it for a text as well.
fn count_or_address() -> Object {
    ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Integer, Type::String])).build()
}

/// A challenge.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct ChallengeAnswer {
    id: ChallengeId,
    /// Send it as `Authorization: Bearer` with every call on the challenge. Only in the answer that starts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    token: Option<SentToken>,
    purpose: Purpose,
    /// How the current code travels.
    method: Method,
    /// What helps: `app` and `email` are ways that a code can travel, which `resend` takes; with `authenticator` a code of the owner's
    /// authenticator app can be typed instead.
    methods: Vec<OfferedMethod>,
    /// Digits of the code.
    code_length: u8,
    /// Until when the current code is good.
    #[serde(serialize_with = "moment::write")]
    expires_at: Timestamp,
    /// From when a new code can be asked for. The first change to another method need not wait.
    #[serde(serialize_with = "moment::write")]
    resend_at: Timestamp,
    /// Comparisons still allowed; a new code gives none back.
    attempts_left: u16,
    /// Where the code goes: a masked address, or the count of trusted devices.
    #[schema(schema_with = count_or_address)]
    destination: DestinationAnswer,
}

impl From<ChallengeView> for ChallengeAnswer {
    fn from(view: ChallengeView) -> Self {
        Self {
            id: view.id,
            token: view.token.map(SentToken),
            purpose: view.purpose,
            method: view.progress.method,
            methods: {
                let travel = view.offered.methods.iter().copied().map(OfferedMethod::from);
                travel.chain(view.offered.has_authenticator.then_some(OfferedMethod::Authenticator)).collect()
            },
            code_length: view.digits,
            expires_at: view.progress.expires_at,
            resend_at: view.progress.resend_at,
            attempts_left: view.progress.attempts_left(),
            destination: match view.destination {
                Destination::TrustedDevices(count) => DestinationAnswer::TrustedDevices(count),
                Destination::Mailbox(masked) => DestinationAnswer::Mailbox(masked),
            },
        }
    }
}

impl HoldsTokens for ChallengeAnswer {
    fn take_tokens(&mut self) -> Vec<(TokenKind, Token)> {
        self.token.take().map(|token| (TokenKind::Challenge, token.0)).into_iter().collect()
    }
}

/// An answer that holds a challenge.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct ChallengeEnvelope {
    challenge: ChallengeAnswer,
}

impl From<ChallengeView> for ChallengeEnvelope {
    fn from(view: ChallengeView) -> Self {
        Self { challenge: view.into() }
    }
}

impl HoldsTokens for ChallengeEnvelope {
    fn take_tokens(&mut self) -> Vec<(TokenKind, Token)> {
        self.challenge.take_tokens()
    }
}
