//! What handlers take out of requests.

mod asking;

use std::future::{Ready, ready};
use std::net::IpAddr;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::{JsonPayloadError, PathError, PayloadError, QueryPayloadError};
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION};
use actix_web::web::{Bytes, Data, JsonConfig, PathConfig, PayloadConfig, QueryConfig, ServiceConfig};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde::de::DeserializeOwned;

use super::client::client_of;
use super::json::Object;
use crate::domain::account::locale::{Language, Locale};
use crate::domain::device::session::ActiveSession;
use crate::domain::device::token::{Token, TokenKind};
use crate::domain::value::id::ChallengeId;
use crate::domain::value::network::Network;
use crate::http::Api;
use crate::http::middleware::security_log;
use crate::http::problem::{Problem, ProblemCode};
use crate::http::request::rate_limits::{Limited, Spender};
use crate::http::site::session_cookies::{Page, is_of_page};
use crate::service::Origin;
pub(in crate::http) use asking::Asking;

/// What is called to sign out.
pub(in crate::http) const SIGN_OUT: &str = "/v1/sessions/current";

/// What is said of a body that broke off.
const UNREAD: &str = "The request body could not be read.";

/// Bounds bodies, and answers what does not parse with a problem.
pub(in crate::http) fn limits(config: &mut ServiceConfig, max_body_bytes: usize) {
    config
        .app_data(JsonConfig::default().limit(max_body_bytes).error_handler(|error, _| body_problem(&error).into()))
        .app_data(PayloadConfig::new(max_body_bytes))
        .app_data(PathConfig::default().error_handler(|error, _| path_problem(&error).into()))
        .app_data(QueryConfig::default().error_handler(|error, _| query_problem(&error).into()));
}

fn body_problem(error: &JsonPayloadError) -> Problem {
    match error {
        JsonPayloadError::Overflow { limit } | JsonPayloadError::OverflowKnownLength { limit, .. } => {
            Problem::new(ProblemCode::PayloadTooLarge, format!("A request body may have {limit} bytes."))
        }
        JsonPayloadError::ContentType => {
            Problem::new(ProblemCode::InvalidRequest, "Send JSON, with `Content-Type: application/json`.")
        }
        JsonPayloadError::Payload(error) => unread_body(error),
        JsonPayloadError::Deserialize(error) => Problem::new(ProblemCode::InvalidRequest, json_detail(error)),
        _ => Problem::new(ProblemCode::InvalidRequest, UNREAD),
    }
}

/// Where the JSON is wrong. What was sent is not repeated: it may be a password.
pub(in crate::http) fn json_detail(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    let line = error.line();
    let column = error.column();
    match error.classify() {
        Category::Data => {
            let text = error.to_string();
            // serde names fields in backticks, and values without or in quotes.
            let is_about_fields = text.starts_with("unknown field") || text.starts_with("missing field");
            let detail = if is_about_fields {
                text
            } else {
                format!("A value has the wrong type or form at line {line} column {column}")
            };
            format!("{detail}. See /docs.")
        }
        _ => format!("The body is not valid JSON at line {line} column {column}."),
    }
}

fn path_problem(_: &PathError) -> Problem {
    no_uuid()
}

fn no_uuid() -> Problem {
    Problem::new(ProblemCode::NotFound, "The address holds an id that is not a UUID.")
}

fn query_problem(_: &QueryPayloadError) -> Problem {
    Problem::new(ProblemCode::InvalidRequest, "The query part of the address is malformed. See /docs.")
}

/// A JSON body that may be left out: then it is the default of its type.
pub(in crate::http) struct OptionalBody<T>(pub(in crate::http) T);

impl<T: DeserializeOwned + Default + 'static> FromRequest for OptionalBody<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let content_type = request.content_type().to_owned();
        let bytes = Bytes::from_request(request, payload);
        Box::pin(async move {
            let bytes = bytes.await.map_err(|error| unread_problem(&error))?;
            if bytes.is_empty() { Ok(Self(T::default())) } else { read_json(&content_type, &bytes).map(Self) }
        })
    }
}

/// Reads a body that is there as a whole.
pub(in crate::http) fn read_json<T: DeserializeOwned>(content_type: &str, bytes: &[u8]) -> Result<T, Problem> {
    if content_type != "application/json" {
        return Err(body_problem(&JsonPayloadError::ContentType));
    }
    let body = serde_json::from_slice(bytes);
    body.map(|Object(body)| body).map_err(|error| body_problem(&JsonPayloadError::Deserialize(error)))
}

pub(in crate::http) fn unread_problem(error: &actix_web::Error) -> Problem {
    error.as_error().map_or_else(|| Problem::new(ProblemCode::InvalidRequest, UNREAD), unread_body)
}

fn unread_body(error: &PayloadError) -> Problem {
    match error {
        PayloadError::Overflow => Problem::new(ProblemCode::PayloadTooLarge, "Send less."),
        PayloadError::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            Problem::new(ProblemCode::InvalidRequest, "The request body took too long. Send it in one go.")
        }
        _ => Problem::new(ProblemCode::InvalidRequest, UNREAD),
    }
}

/// A field that does not fit, as a problem.
pub(in crate::http) fn invalid(field: &str, error: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemCode::InvalidRequest, format!("`{field}` {error}."))
}

/// Where the request came from: the client's address, and the place that it suggests.
impl FromRequest for Origin {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match (client_of(request), request.app_data::<Data<Api>>()) {
            (Some(client), Some(api)) => Ok(Self {
                ip: client.ip,
                is_exempt: client.is_exempt,
                location: api.places.lookup(client.ip),
                locale: accepted_locale(request),
            }),
            _ => Err(Problem::internal()),
        })
    }
}

impl Origin {
    /// The network that limits count it by; `None` when none holds for it.
    pub(in crate::http) fn network(&self) -> Option<Network> {
        (!self.is_exempt).then(|| Network::of(self.ip))
    }

    /// Where a user is, as an app's server says: a claim, which exempts nobody.
    pub(in crate::http) fn claimed(api: &Api, ip: IpAddr) -> Self {
        Self { ip, is_exempt: false, location: api.places.lookup(ip), locale: None }
    }
}

/// The language that a request likes best of those that there are texts in.
pub(in crate::http) struct AcceptedLocale {
    locale: Option<Locale>,
    /// Its user chose it, on our page: other clients may send what their system was made with.
    is_chosen: bool,
}

impl AcceptedLocale {
    /// The language to answer in, where the device said one of its own.
    pub(in crate::http) fn language(&self, of_device: Option<&Locale>) -> Language {
        let accepted = self.locale.as_ref();
        Language::of(if self.is_chosen { accepted.or(of_device) } else { of_device.or(accepted) })
    }
}

impl FromRequest for AcceptedLocale {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self { locale: accepted_locale(request), is_chosen: is_of_page(request) }))
    }
}

fn accepted_locale(request: &HttpRequest) -> Option<Locale> {
    let header = request.headers().get(ACCEPT_LANGUAGE)?;
    header.to_str().ok().and_then(Locale::accepted)
}

/// The session that a call is made with.
pub(in crate::http) struct Session(pub(in crate::http) ActiveSession);

impl FromRequest for Session {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let asking = Asking::of(&request)?;
            let token = token(&request, TokenKind::Access).map_err(|problem| asking.refusal(problem))?;
            let session = asking.resolve(&token, asking.api.use_cases.devices.authenticate(&token)).await?;
            security_log::made_with(&request, &session);
            if asking.network.is_some() {
                spend(&asking.api, &request, &session)?;
            }
            Ok(Self(session))
        })
    }
}

/// Counts a call of a session, and what it changes. To sign out costs nothing: nobody may be kept from it, and it can be done once.
fn spend(api: &Api, request: &HttpRequest, session: &ActiveSession) -> Result<(), Problem> {
    if *request.method() == Method::DELETE && request.path() == SIGN_OUT {
        return Ok(());
    }
    api.limits.spend(Limited::Calls, Spender::Session(session.session_id))?;
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(());
    }
    api.limits.spend_write(session)
}

/// The token of a challenge that a call is made with.
pub(in crate::http) struct ChallengeToken(pub(in crate::http) Token);

impl FromRequest for ChallengeToken {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let asking = Asking::of(&request)?;
            let id = request.match_info().get("id").and_then(|id| id.parse().ok());
            let id = id.map(ChallengeId::new).ok_or_else(|| asking.refusal(no_uuid()))?;
            let token = token(&request, TokenKind::Challenge).map_err(|problem| asking.refusal(problem))?;
            let Api { use_cases, limits, tokens, .. } = &**asking.api;
            // What the call does looks again. So one that was good lately is not looked up twice.
            if asking.network.is_some() && !tokens.knows(&token, id) {
                let look = use_cases.challenges.check_challenge_token(id, &token);
                tokens.resolve_for(limits, asking.network, (&token, id), look).await?;
            }
            if asking.network.is_some() {
                limits.spend(Limited::Calls, Spender::Challenge(id))?;
            }
            Ok(Self(token))
        })
    }
}

/// The token of a request: in a cookie when our own page calls, otherwise as a bearer token.
pub(in crate::http) fn token(request: &HttpRequest, kind: TokenKind) -> Result<Token, Problem> {
    match Page::of(request)? {
        Some(page) => page.token(kind).ok_or_else(|| {
            Problem::new(
                ProblemCode::Unauthorized,
                "This browser is not signed in, or its token is for something else.",
            )
        }),
        None => bearer(request, kind),
    }
}

/// The bearer token of a request (RFC 6750 section 2.1).
pub(in crate::http) fn bearer(request: &HttpRequest, kind: TokenKind) -> Result<Token, Problem> {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let text = header.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
    });
    text.and_then(|text| Token::parse(kind, text)).ok_or_else(|| {
        let detail = format!("Send `Authorization: Bearer {kind}…`.");
        Problem::new(ProblemCode::Unauthorized, detail)
    })
}
