//! The state of a challenge, live: Server-Sent Events (WHATWG HTML section 9.2).

use std::time::Duration;

use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpResponse, Responder};
use futures_util::stream;
use tokio::time::timeout;

use super::ChallengeStatusAnswer;
use super::streams::Place;
use crate::bus::{GoesAway, Watcher};
use crate::domain::device::token::Token;
use crate::domain::value::id::ChallengeId;
use crate::http::Api;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::request::extract::{AcceptedLocale, ChallengeToken};
use crate::service::{ChallengeStatus, Origin, UseCases, VerificationError};

/// A comment this often keeps proxies from closing a quiet stream, and is a chance to see that time ran out.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How a challenge stands, now and whenever it changes, until it is over. Each event is named `state`.
#[utoipa::path(
    get, path = "/v1/challenges/{id}/events", operation_id = "watchChallenge", tag = "challenges",
    params(("id" = ChallengeId, Path, description = "The challenge")), security(("challenge_token" = [])),
    responses(
        (status = 200, description = "Events named `state`; the data of each is how it stands", body = ChallengeStatusAnswer, content_type = "text/event-stream"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn events(
    api: Data<Api>,
    origin: Origin,
    id: Path<ChallengeId>,
    ChallengeToken(token): ChallengeToken,
    accepted: AcceptedLocale,
) -> Result<impl Responder, Problem> {
    // Watched before the first look, so that nothing falls between the two.
    let changes = api.bus.watch(*id);
    let first = api.use_cases.challenges.status(*id, &token).await?;
    let place = api.streams.open(*id, origin.network())?;
    let watch = Watch {
        use_cases: api.use_cases.clone(),
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
    use_cases: UseCases,
    id: ChallengeId,
    token: Token,
    /// The language that the request likes.
    accepted: AcceptedLocale,
    changes: Watcher,
    is_over: bool,
    /// Something changed that was not told yet.
    has_news: bool,
    /// What was found before the stream began.
    first: Option<ChallengeStatus>,
    /// Makes room for another stream when this one ends.
    _place: Place,
}

impl Watch {
    /// The next event, or `None` when the challenge is over and that was said.
    async fn next_event(&mut self) -> Option<String> {
        if let Some(first) = self.first.take() {
            return Some(event(first, &self.accepted));
        }
        if self.is_over {
            return None;
        }
        match timeout(KEEP_ALIVE, self.changes.changed()).await {
            Ok(Ok(())) => self.has_news = true,
            // The client comes back to another node.
            Ok(Err(GoesAway)) => return None,
            Err(_) => {}
        }
        match self.use_cases.challenges.status(self.id, &self.token).await {
            Ok(status) if self.has_news || status.outcome.is_some() => {
                self.has_news = false;
                self.is_over = status.outcome.is_some();
                Some(event(status, &self.accepted))
            }
            Err(VerificationError::NotFound | VerificationError::Unauthorized) => None,
            // Nothing new, or the database is away: then the news is told at the next look.
            Ok(_) | Err(_) => Some(": keep-alive\n\n".to_owned()),
        }
    }
}

fn event(status: ChallengeStatus, accepted: &AcceptedLocale) -> String {
    let data = serde_json::to_string(&ChallengeStatusAnswer::new(status, accepted));
    format!("event: state\ndata: {}\n\n", data.expect("an answer has string keys and no value that JSON lacks"))
}
