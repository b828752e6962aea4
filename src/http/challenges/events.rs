//! The state of a challenge, live: Server-Sent Events (WHATWG HTML section 9.2).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpResponse, Responder};
use futures_util::stream;
use jiff::SignedDuration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use super::ChallengeStatusAnswer;
use crate::bus::Envelope;
use crate::domain::event::AccountEvent;
use crate::domain::id::{AccountId, ChallengeId};
use crate::domain::locale::Locale;
use crate::domain::token::Token;
use crate::http::Api;
use crate::http::extract::{AcceptedLocale, ChallengeToken};
use crate::http::problem::{Problem, ProblemBody};
use crate::verification::{ChallengeStatus, Verification, VerificationError};

/// A comment this often keeps proxies from closing a quiet stream, and is a chance to see that time ran out.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Streams of one challenge on one node: a device needs one, and a second while it reconnects.
const MAX_STREAMS: usize = 4;

/// The streams of this node, by challenge.
#[derive(Default)]
pub struct Streams(Mutex<HashMap<ChallengeId, usize>>);

/// One of them; it makes room when it goes.
struct Place {
    streams: Arc<Streams>,
    id: ChallengeId,
}

impl Streams {
    /// `None` when the challenge has as many as it may.
    fn open(self: &Arc<Self>, id: ChallengeId) -> Option<Place> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(id).or_default();
        if *count >= MAX_STREAMS {
            return None;
        }
        *count += 1;
        Some(Place { streams: Arc::clone(self), id })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = open.entry(self.id) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// How a challenge stands, now and whenever it changes, until it is over. Each event is named `state`.
#[utoipa::path(
    get, path = "/v1/challenges/{id}/events", tag = "challenges",
    params(("id" = ChallengeId, Path, description = "The challenge")), security(("challenge_token" = [])),
    responses(
        (status = 200, description = "Events named `state`; the data of each is how it stands", body = ChallengeStatusAnswer, content_type = "text/event-stream"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn events(
    api: Data<Api>,
    id: Path<ChallengeId>,
    ChallengeToken(token): ChallengeToken,
    AcceptedLocale(accepted): AcceptedLocale,
) -> Result<impl Responder, Problem> {
    // Watched before the first look, so that nothing falls between the two.
    let changes = api.verification.bus().watch();
    let first = api.verification.status(*id, &token).await?;
    let place = api.streams.open(*id).ok_or_else(|| {
        Problem::too_many_requests(
            "As many streams of this challenge are open as may be.",
            SignedDuration::from_secs(1),
        )
    })?;
    let watch = Watch {
        verification: Arc::clone(&api.verification),
        account_id: first.account_id,
        id: *id,
        token,
        accepted,
        changes,
        is_over: first.outcome.is_some(),
        has_news: false,
        first: Some(first),
        _place: place,
    };
    let events = stream::unfold(watch, |mut watch| async move {
        let event = watch.next_event().await?;
        Some((Ok::<_, std::convert::Infallible>(Bytes::from(event)), watch))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(events))
}

struct Watch {
    verification: Arc<Verification>,
    account_id: AccountId,
    id: ChallengeId,
    token: Token,
    /// The language that the request likes.
    accepted: Option<Locale>,
    changes: Receiver<Envelope>,
    is_over: bool,
    /// Something changed that was not told yet.
    has_news: bool,
    /// What was found before the stream began.
    first: Option<ChallengeStatus>,
    /// Makes room for another stream when this one ends.
    _place: Place,
}

/// Why a watcher looks again.
enum Change {
    Seen,
    NodeGoesAway,
}

impl Watch {
    /// The next event, or `None` when the challenge is over and that was said.
    async fn next_event(&mut self) -> Option<String> {
        if let Some(first) = self.first.take() {
            return Some(event(first, self.accepted.as_ref()));
        }
        if self.is_over {
            return None;
        }
        match timeout(KEEP_ALIVE, self.change()).await {
            Ok(Change::Seen) => self.has_news = true,
            Ok(Change::NodeGoesAway) => return None,
            Err(_) => {}
        }
        match self.verification.status(self.id, &self.token).await {
            Ok(status) if self.has_news || status.outcome.is_some() => {
                self.has_news = false;
                self.is_over = status.outcome.is_some();
                Some(event(status, self.accepted.as_ref()))
            }
            Err(VerificationError::NotFound | VerificationError::Unauthorized) => None,
            // Nothing new, or the database is away: then the news is told at the next look.
            Ok(_) | Err(_) => Some(": keep-alive\n\n".to_owned()),
        }
    }

    async fn change(&mut self) -> Change {
        loop {
            match self.changes.recv().await {
                Ok(envelope) if self.concerns(&envelope) => return Change::Seen,
                Ok(_) => {}
                // Something was missed: look.
                Err(RecvError::Lagged(_)) => return Change::Seen,
                // The client comes back to another node.
                Err(RecvError::Closed) => return Change::NodeGoesAway,
            }
        }
    }

    fn concerns(&self, envelope: &Envelope) -> bool {
        let challenge = match envelope.event {
            AccountEvent::CodeIssued { challenge_id }
            | AccountEvent::ChallengeClosed { challenge_id, .. }
            | AccountEvent::DeliveryChanged { challenge_id } => challenge_id,
            AccountEvent::SessionEnded { .. }
            | AccountEvent::DeviceRemoved { .. }
            | AccountEvent::CodeSent { .. }
            | AccountEvent::ReceiptCame { .. }
            | AccountEvent::DeviceConnected { .. }
            | AccountEvent::LanguageChanged { .. }
            | AccountEvent::SecurityAlert { .. } => {
                return false;
            }
        };
        envelope.account_id == self.account_id && challenge == self.id
    }
}

fn event(status: ChallengeStatus, accepted: Option<&Locale>) -> String {
    let data = serde_json::to_string(&ChallengeStatusAnswer::new(status, accepted));
    format!("event: state\ndata: {}\n\n", data.expect("an answer has string keys and no value that JSON lacks"))
}
