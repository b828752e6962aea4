//! The security log: a line for every call that decides who somebody is or what they may do, for every one that is refused, and for
//! every look of an operator or an app's server into all that is kept about somebody (OWASP ASVS 5.0 section 16.3).
//!
//! It says when, what and who, by ids: no address of a person or machine is in a log. Those are in the login activity, under the
//! same ids. `client` tells calls of one network from those of others: a hash under a key of this process.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use tracing::info;

use crate::domain::device::session::ActiveSession;
use crate::domain::value::id::{AccountId, ApiKeyId, ChallengeId};
use crate::domain::value::network::Network;
use crate::http::problem::Problem;
use crate::http::request::client::client_of;

/// Where operators look at accounts and change them.
const ACCOUNTS: &str = "/admin/accounts";
/// Where devices call about one challenge.
const CHALLENGES: &str = "/v1/challenges/{id}";
/// What a method is called that is none of HTTP's: the client made the word up.
const OTHER_METHOD: &str = "other";

/// Whose account an answer is about, where the call names no session.
struct About(AccountId);

static CLIENT_KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Says whose account an answer is about.
pub(in crate::http) fn about(mut response: HttpResponse, account: AccountId) -> HttpResponse {
    response.extensions_mut().insert(About(account));
    response
}

/// Remembers the session that a call is made with.
pub(in crate::http) fn made_with(request: &HttpRequest, session: &ActiveSession) {
    request.extensions_mut().insert(session.clone());
}

/// Writes the line of a call.
///
/// # Errors
/// Those of what it wraps.
pub(in crate::http) async fn note(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let answer = next.call(request).await?;
    // The pattern, not the path: how that is spelled is the client's to choose.
    let route = answer.request().match_pattern();
    if is_decision(answer.request(), route.as_deref(), answer.status()) {
        write(&answer, route.as_deref());
    }
    Ok(answer)
}

/// Remembers the API key that a call is made with.
pub(in crate::http) fn made_with_key(request: &HttpRequest, key: ApiKeyId) {
    request.extensions_mut().insert(key);
}

/// What changes something, opens a connection, shows an account to others, or is refused.
fn is_decision(request: &HttpRequest, route: Option<&str>, status: StatusCode) -> bool {
    let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS];
    !matches!(*request.method(), Method::GET | Method::HEAD)
        || status == StatusCode::SWITCHING_PROTOCOLS
        || route.is_some_and(|route| route.starts_with(ACCOUNTS) || route.ends_with("/export"))
        || refused.contains(&status)
}

fn write(answer: &ServiceResponse<impl MessageBody>, route: Option<&str>) {
    let request = answer.request();
    let response = answer.response();
    let asked = request.extensions();
    let session = asked.get::<ActiveSession>();
    let about = response.extensions().get::<About>().map(|About(account)| *account).or(named_account(request, route));
    let problem = response.error().and_then(|error| error.as_error::<Problem>());
    info!(
        target: "twostep::security",
        {
            http.method = method(request),
            http.route = route,
            http.status = answer.status().as_u16(),
            problem.code = problem.map(|problem| display(problem.code())),
            account.id = about.or(session.map(|session| session.account_id)).map(display),
            api_key.id = asked.get::<ApiKeyId>().map(|key| display(*key)),
            session.id = session.map(|session| display(session.session_id)),
            device.id = session.map(|session| display(session.device_id)),
            challenge.id = challenge(request, route).map(display),
            client = client(request),
        },
        "a call was {}",
        if answer.status().is_client_error() { "refused" } else { "answered" }
    );
}

/// The method, if it is one of HTTP's (RFC 9110 section 9.1, RFC 5789): any other word could be made to look like something else.
fn method(request: &HttpRequest) -> &str {
    match *request.method() {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS
        | Method::TRACE
        | Method::CONNECT => request.method().as_str(),
        _ => OTHER_METHOD,
    }
}

/// The account of an operator's call on one.
fn named_account(request: &HttpRequest, route: Option<&str>) -> Option<AccountId> {
    let is_on_account = route.is_some_and(|route| route.starts_with(ACCOUNTS));
    request.match_info().get("id").filter(|_| is_on_account)?.parse().ok().map(AccountId::new)
}

/// The challenge of a call on one.
fn challenge(request: &HttpRequest, route: Option<&str>) -> Option<ChallengeId> {
    let is_on_challenge = route.is_some_and(|route| route.starts_with(CHALLENGES));
    request.match_info().get("id").filter(|_| is_on_challenge)?.parse().ok().map(ChallengeId::new)
}

fn client(request: &HttpRequest) -> Option<String> {
    client_of(request).map(|client| format!("{:016x}", CLIENT_KEY.hash_one(Network::of(client.ip))))
}
