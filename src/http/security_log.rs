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

use super::extract::client_of;
use super::problem::Problem;
use crate::domain::id::{AccountId, ApiKeyId, ChallengeId};
use crate::domain::network::Network;
use crate::domain::session::ActiveSession;

/// Where operators look at accounts and change them.
const ACCOUNTS: &str = "/admin/accounts";

/// Whose account an answer is about, where the call names no session.
struct About(AccountId);

static CLIENT_KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Says whose account an answer is about.
pub(super) fn about(mut response: HttpResponse, account: AccountId) -> HttpResponse {
    response.extensions_mut().insert(About(account));
    response
}

/// Remembers the session that a call is made with.
pub(super) fn made_with(request: &HttpRequest, session: &ActiveSession) {
    request.extensions_mut().insert(session.clone());
}

/// Writes the line of a call.
///
/// # Errors
/// Those of what it wraps.
pub(super) async fn note(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let answer = next.call(request).await?;
    if is_decision(answer.request(), answer.status()) {
        write(&answer);
    }
    Ok(answer)
}

/// Remembers the API key that a call is made with.
pub(super) fn made_with_key(request: &HttpRequest, key: ApiKeyId) {
    request.extensions_mut().insert(key);
}

/// What changes something, opens a connection, shows an account to others, or is refused.
fn is_decision(request: &HttpRequest, status: StatusCode) -> bool {
    let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS];
    !matches!(*request.method(), Method::GET | Method::HEAD)
        || status == StatusCode::SWITCHING_PROTOCOLS
        || request.path().starts_with(ACCOUNTS)
        || request.path().ends_with("/export")
        || refused.contains(&status)
}

fn write(answer: &ServiceResponse<impl MessageBody>) {
    let (request, response) = (answer.request(), answer.response());
    let asked = request.extensions();
    let session = asked.get::<ActiveSession>();
    let about = response.extensions().get::<About>().map(|About(account)| *account).or(named_account(request));
    let problem = response.error().and_then(|error| error.as_error::<Problem>());
    // The pattern, not the path: the path is the client's to choose.
    let route = request.match_pattern();
    info!(
        target: "twostep::security",
        {
            http.method = request.method().as_str(),
            http.route = route.as_deref(),
            http.status = answer.status().as_u16(),
            problem.code = problem.map(|problem| display(problem.code())),
            account.id = about.or(session.map(|session| session.account_id)).map(display),
            api_key.id = asked.get::<ApiKeyId>().map(|key| display(*key)),
            session.id = session.map(|session| display(session.session_id)),
            device.id = session.map(|session| display(session.device_id)),
            challenge.id = challenge(request).map(display),
            client = client(request),
        },
        "a call was {}",
        if answer.status().is_client_error() { "refused" } else { "answered" }
    );
}

/// The account of an operator's call on one.
fn named_account(request: &HttpRequest) -> Option<AccountId> {
    let is_on_account = request.path().starts_with(ACCOUNTS);
    request.match_info().get("id").filter(|_| is_on_account)?.parse().ok().map(AccountId::new)
}

/// The challenge of a call on one.
fn challenge(request: &HttpRequest) -> Option<ChallengeId> {
    let is_on_challenge = request.path().starts_with("/v1/challenges/");
    request.match_info().get("id").filter(|_| is_on_challenge)?.parse().ok().map(ChallengeId::new)
}

fn client(request: &HttpRequest) -> Option<String> {
    client_of(request).map(|client| format!("{:016x}", CLIENT_KEY.hash_one(Network::of(client.ip))))
}
