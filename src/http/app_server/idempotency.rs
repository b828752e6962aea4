//! Calls that create something: sent twice with one `Idempotency-Key`, they are done once and answered alike
//! (draft-ietf-httpapi-idempotency-key-header).

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use jiff::SignedDuration;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::error;

use super::api_caller::ApiCaller;
use crate::domain::account::subject::Subject;
use crate::domain::app_server::api_key::Scope;
use crate::domain::app_server::idempotency::{IdempotencyKey, RequestHash};
use crate::domain::value::id::AccountId;
use crate::http::Api;
use crate::http::middleware::security_log::about;
use crate::http::problem::{Problem, ProblemCode};
use crate::http::request::extract::{read_json, unread_problem};
use crate::service::{KeptAnswer, Once, OnceRequest, VerificationError};
use crate::telemetry::traces;

const HEADER: &str = "idempotency-key";
/// Who sends a request again that is under way is told to come back so soon.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(1);

/// A call that creates something, with its body.
pub(in crate::http) struct Creating<T> {
    pub(in crate::http) body: T,
    pub(in crate::http) call: Call,
}

/// The call, once its body is read.
pub(in crate::http) struct Call {
    request: OnceRequest,
    caller: ApiCaller,
}

/// What was created, and for whom.
pub(in crate::http) struct Created<T> {
    pub(in crate::http) status: StatusCode,
    pub(in crate::http) answer: T,
    pub(in crate::http) account: AccountId,
}

impl<T: Serialize> Created<T> {
    /// The answer as it is kept; `None` if it cannot be written, which is a mistake of ours.
    pub(in crate::http) fn kept(&self) -> Option<KeptAnswer> {
        let body = serde_json::to_vec(&self.answer).ok()?;
        Some(KeptAnswer { status: self.status.as_u16(), body, account: Some(self.account) })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Creating<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = ApiCaller::from_request(request, payload);
        let bytes = Bytes::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let caller = caller.await?;
            let bytes = bytes.await.map_err(|error| unread_problem(&error))?;
            let key = idempotency_key(&request)?;
            let body = read_json(request.content_type(), &bytes)?;
            let hash = RequestHash::of(request.method().as_str(), request.path(), &bytes);
            let id = caller.key.id;
            let caller_token = caller.token.clone();
            let request = OnceRequest { caller: id, caller_token, key, request: hash };
            Ok(Self { body, call: Call { request, caller } })
        })
    }
}

fn idempotency_key(request: &HttpRequest) -> Result<IdempotencyKey, Problem> {
    let header = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
    header.and_then(IdempotencyKey::parse).ok_or_else(|| {
        let detail = "Send `Idempotency-Key` with 1 to 255 visible ASCII characters, for instance a new UUID: the same request sent again with the same key is done once.";
        Problem::new(ProblemCode::IdempotencyKeyMissing, detail)
    })
}

impl Call {
    /// The subject that it is about, if the caller's key may be used for something with it.
    ///
    /// # Errors
    /// `scope_missing`, `invalid_request`.
    pub(in crate::http) fn subject(&self, scope: Scope, text: &str) -> Result<Subject, Problem> {
        self.caller.subject(scope, text)
    }

    /// Whether the caller's key may be used for something besides.
    pub(in crate::http) fn allows(&self, scope: Scope) -> bool {
        self.caller.key.allows(scope)
    }

    /// Whom assertions are for that this caller asks for.
    pub(in crate::http) fn audience(&self) -> &str {
        &self.caller.key.audience
    }

    /// Does it, unless it was done before: then with the same answer. To the end, even if the client goes away.
    pub(in crate::http) async fn once<A: Serialize + 'static>(
        self,
        api: Data<Api>,
        work: impl Future<Output = Result<Created<A>, VerificationError>> + 'static,
    ) -> Result<HttpResponse, Problem> {
        let task = actix_web::rt::spawn(traces::carry(carry_out(api, self.request, work)));
        task.await.unwrap_or_else(|_| Err(Problem::internal()))
    }

    /// The same for what may be done and kept in one transaction: `at_once` does that, unless it takes more.
    pub(in crate::http) async fn at_once_or_once<A: Serialize + 'static>(
        self,
        api: Data<Api>,
        at_once: impl AsyncFnOnce(&OnceRequest) -> Result<Option<KeptAnswer>, VerificationError> + 'static,
        work: impl Future<Output = Result<Created<A>, VerificationError>> + 'static,
    ) -> Result<HttpResponse, Problem> {
        let request = self.request;
        let task = actix_web::rt::spawn(traces::carry(async move {
            match at_once(&request).await? {
                Some(kept) => Ok(response(&kept)),
                None => carry_out(api, request, work).await,
            }
        }));
        task.await.unwrap_or_else(|_| Err(Problem::internal()))
    }
}

async fn carry_out<A: Serialize>(
    api: Data<Api>,
    request: OnceRequest,
    work: impl Future<Output = Result<Created<A>, VerificationError>>,
) -> Result<HttpResponse, Problem> {
    match api.use_cases.app_servers.begin_once(&request).await? {
        Once::First => {}
        Once::Again(kept) => return Ok(response(&kept)),
        Once::UnderWay => {
            let detail = "Wait for the answer of the first, or send this one again a little later.";
            return Err(Problem::new(ProblemCode::RequestUnderWay, detail).retry_after(LOOK_AGAIN));
        }
        Once::Erased => return Err(VerificationError::Erased.into()),
        Once::Reused => {
            let detail = "Every new request needs a new `Idempotency-Key`.";
            return Err(Problem::new(ProblemCode::IdempotencyKeyReused, detail));
        }
    }
    match work.await {
        Ok(created) => {
            let kept = created.kept().ok_or_else(Problem::internal)?;
            // It was done: who does not get this answer sends the request again when its claim is over.
            if let Err(error) = api.use_cases.app_servers.keep_answer(&request, &kept).await {
                error!(error = &error as &dyn std::error::Error, "an answer was not kept for the same request");
            }
            Ok(response(&kept))
        }
        Err(problem) => {
            if let Err(error) = api.use_cases.app_servers.release_request(&request).await {
                error!(
                    error = &error as &dyn std::error::Error,
                    "a request was not let go of: it may come again in a minute"
                );
            }
            Err(problem.into())
        }
    }
}

fn response(kept: &KeptAnswer) -> HttpResponse {
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    let response = HttpResponse::build(status).content_type("application/json").body(kept.body.clone());
    match kept.account {
        Some(account) => about(response, account),
        None => response,
    }
}
