//! How a challenge stands, as it is told.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::account::last_resort::RecoveryState;
use crate::domain::challenge::status_messages::{Hint, HintCode};
use crate::domain::challenge::{ChallengeState, Outcome};
use crate::domain::delivery::{Channel, DeliveryState, UnreachableReason};
use crate::domain::value::id::RecoveryId;
use crate::domain::value::moment;
use crate::http::request::dto::ChallengeAnswer;
use crate::http::request::extract::AcceptedLocale;
use crate::i18n::{delivery_texts, hint_text};
use crate::service::{ChallengeStatus, LastResort};

/// A delivery of the current code. Devices are counted, not named. That it was handed on and that the device said
/// something are two facts.
#[derive(Serialize, PartialEq, Eq, ToSchema)]
pub(in crate::http) struct DeliveryAnswer {
    /// Which trusted device, by number; the mailbox is 1.
    destination: u16,
    channel: Channel,
    state: DeliveryState,
    /// Why it did not come further.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<UnreachableReason>,
    /// When it was handed on: written to the device's connection, or taken by the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(serialize_with = "moment::write_optional")]
    accepted_at: Option<Timestamp>,
    /// When the device said whether it shows the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(serialize_with = "moment::write_optional")]
    receipt_at: Option<Timestamp>,
    /// What a user reads.
    text: String,
}

/// Something that is known, in words that help.
#[derive(Serialize, PartialEq, Eq, ToSchema)]
pub(in crate::http) struct HintAnswer {
    code: HintCode,
    /// What a user reads.
    text: String,
}

/// How a challenge stands.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct ChallengeStatusAnswer {
    challenge: ChallengeAnswer,
    state: ChallengeState,
    /// The right code was typed, or a trusted device said "this wasn't me".
    answered: bool,
    deliveries: Vec<DeliveryAnswer>,
    hints: Vec<HintAnswer>,
    /// The last resort of an owner who has no other way in. Left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_resort: Option<LastResortAnswer>,
}

/// The last resort: `POST /v1/recoveries` asks for it.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct LastResortAnswer {
    /// How long the wait is.
    wait_hours: i64,
    /// What was asked for; null when nothing is waited for.
    recovery: Option<AskedAnswer>,
}

/// A request that is waited for, or may be used.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct AskedAnswer {
    id: RecoveryId,
    state: RecoveryState,
    /// From then on a code may go by email, once.
    #[serde(serialize_with = "moment::write")]
    ready_at: Timestamp,
}

impl From<LastResort> for LastResortAnswer {
    fn from(of: LastResort) -> Self {
        let recovery = of.asked.map(|(id, state, ready_at)| AskedAnswer { id, state, ready_at });
        Self { wait_hours: of.wait.as_hours(), recovery }
    }
}

impl ChallengeStatusAnswer {
    pub(super) fn new(status: ChallengeStatus, accepted: &AcceptedLocale) -> Self {
        let language = accepted.language(status.locale.as_ref());
        let texts = delivery_texts(language, &status.deliveries);
        let hint = |hint: &Hint| HintAnswer { code: hint.code(), text: hint_text(language, hint) };
        let deliveries = status.deliveries.iter().zip(texts).map(|(delivery, text)| DeliveryAnswer {
            destination: delivery.destination,
            channel: delivery.channel,
            state: delivery.state,
            reason: delivery.reason,
            accepted_at: delivery.accepted_at,
            receipt_at: delivery.receipt_at,
            text,
        });
        Self {
            state: status.outcome.into(),
            answered: status.outcome.is_some_and(Outcome::is_answer),
            deliveries: deliveries.collect(),
            hints: status.hints.iter().map(hint).collect(),
            challenge: status.challenge.into(),
            last_resort: status.last_resort.map(LastResortAnswer::from),
        }
    }
}
