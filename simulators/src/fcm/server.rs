//! The FCM simulator's routes: `POST /token` and `POST /v1/projects/{project}/messages:send`.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::behaviour::Reply;
use super::behaviour::{FcmBehaviour, FcmFailure, TokenBehaviour};
use super::check;
use super::shared::{FcmRequest, Shared, TokenRequest};
use super::workload::{EXCHANGE, GENERATE, Workload};

/// Longest request that is read.
const MAX_REQUEST_BYTES: usize = 256 * 1024;
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The answer to one request, or what is done to the line instead.
enum Deed {
    Reply(Reply),
    Hang,
    CutLine,
}

/// Serves one connection, in HTTP/1.1 or HTTP/2, until it ends or is cut.
pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let cut = Arc::new(Notify::new());
    let service = service_fn(|request| answer(request, Arc::clone(&shared), Arc::clone(&cut)));
    let server = auto::Builder::new(TokioExecutor::new());
    let connection = server.serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = connection => {}
        () = cut.notified() => {}
    }
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    cut: Arc<Notify>,
) -> Result<Response<Full<Bytes>>, http::Error> {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, MAX_REQUEST_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return response(Reply::json(413, &json!({"error": {"code": 413}}))),
    };
    let deed = match (parts.method == Method::POST, parts.uri.path()) {
        (true, "/token") => token(&shared, &body).await,
        (true, EXCHANGE) => exchange(&shared, &body),
        (true, GENERATE) => generate(&shared, &parts.headers, &body),
        (true, path) if path == shared.send_path => send(&shared, &parts.headers, &body).await,
        _ => Deed::Reply(FcmFailure::NotFound.reply()),
    };
    match deed {
        Deed::Reply(reply) => response(reply),
        Deed::Hang => std::future::pending().await,
        Deed::CutLine => {
            cut.notify_one();
            std::future::pending().await
        }
    }
}

fn response(reply: Reply) -> Result<Response<Full<Bytes>>, http::Error> {
    let mut response = Response::builder().status(reply.status).header(CONTENT_TYPE, reply.content_type);
    if let Some(seconds) = reply.retry_after {
        response = response.header(RETRY_AFTER, seconds);
    }
    response.body(Full::from(reply.body))
}

async fn send(shared: &Shared, headers: &HeaderMap, body: &Bytes) -> Deed {
    let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
    let target = check::target_of(&parsed).unwrap_or_default().to_owned();
    let refusal = refuse(shared, headers, &parsed);
    shared.requests.record(FcmRequest {
        at: Instant::now(),
        headers: pairs(headers),
        body: parsed,
        target: target.clone(),
        refusal: refusal.as_ref().map(|(text, _)| text.clone()),
    });
    let behaviour = unwrap_slow(shared.script.next(&target)).await;
    match (behaviour, refusal) {
        (FcmBehaviour::Hang, _) => Deed::Hang,
        (FcmBehaviour::CutLine, _) => Deed::CutLine,
        (_, Some((_, reply))) => Deed::Reply(reply),
        (behaviour, None) => Deed::Reply(reply(shared, behaviour)),
    }
}

/// Waits as long as the script says.
async fn unwrap_slow(mut behaviour: FcmBehaviour) -> FcmBehaviour {
    while let FcmBehaviour::Slow(delay, then) = behaviour {
        tokio::time::sleep(delay).await;
        behaviour = *then;
    }
    behaviour
}

fn reply(shared: &Shared, behaviour: FcmBehaviour) -> Reply {
    match behaviour {
        FcmBehaviour::Fail(failure) => failure.reply(),
        FcmBehaviour::FailWithRetryAfter(failure, seconds) => Reply { retry_after: Some(seconds), ..failure.reply() },
        FcmBehaviour::Answer { status, content_type, body } => Reply { status, content_type, retry_after: None, body },
        FcmBehaviour::BadGateway => Reply::bad_gateway(),
        FcmBehaviour::Accept | FcmBehaviour::Hang | FcmBehaviour::CutLine | FcmBehaviour::Slow(..) => accepted(shared),
    }
}

fn accepted(shared: &Shared) -> Reply {
    let number = shared.accepted.fetch_add(1, Ordering::Relaxed);
    let name = format!("projects/{}/messages/0:{number:016x}", shared.project);
    Reply::json(200, &json!({ "name": name }))
}

/// What the real API refuses, in its order: credentials, then the body.
fn refuse(shared: &Shared, headers: &HeaderMap, body: &Value) -> Option<(String, Reply)> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if !shared.account.accepts(bearer, shared.clock.now_seconds()) {
        return Some(("access token".to_owned(), FcmFailure::Unauthenticated.reply()));
    }
    let violation = check::check(body).err()?;
    Some((violation.description.clone(), Reply::refused(&violation)))
}

async fn token(shared: &Shared, body: &Bytes) -> Deed {
    let form = std::str::from_utf8(body).unwrap_or_default();
    let refusal = refuse_grant(shared, form).err();
    shared.token_requests.record(TokenRequest { at: Instant::now(), refusal });
    let mut behaviour = shared.token_script.next("");
    while let TokenBehaviour::Slow(delay, then) = behaviour {
        tokio::time::sleep(delay).await;
        behaviour = *then;
    }
    match (behaviour, refusal) {
        (TokenBehaviour::Hang, _) => Deed::Hang,
        (TokenBehaviour::CutLine, _) => Deed::CutLine,
        (TokenBehaviour::Fail { status, error }, _) => oauth_error(status, error, "Scripted."),
        (TokenBehaviour::Garbage(body), _) => {
            Deed::Reply(Reply { body: body.to_owned(), ..Reply::json(200, &Value::Null) })
        }
        (_, Some(text)) => oauth_error(400, "invalid_grant", text),
        (_, None) => issue(shared),
    }
}

/// Exchanges a machine's token.
fn exchange(shared: &Shared, body: &Bytes) -> Deed {
    let form = std::str::from_utf8(body).unwrap_or_default();
    let checked = Workload::check(|name| form_field(form, name));
    shared.token_requests.record(TokenRequest { at: Instant::now(), refusal: checked.err() });
    match checked {
        Err(text) => oauth_error(400, "invalid_grant", text),
        // It may send.
        Ok(true) => issue(shared),
        Ok(false) => {
            let token = format!("ya29.d.sim-{}", shared.token_requests.count());
            shared.workload.remember(&token);
            let kind = "urn:ietf:params:oauth:token-type:access_token";
            let answer =
                json!({"access_token": token, "issued_token_type": kind, "token_type": "Bearer", "expires_in": 3599});
            Deed::Reply(Reply::json(200, &answer))
        }
    }
}

/// Makes a token of the service account.
fn generate(shared: &Shared, headers: &HeaderMap, body: &Bytes) -> Deed {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if !bearer.is_some_and(|bearer| shared.workload.may_make(bearer, body)) {
        return Deed::Reply(Reply::json(403, &json!({"error": {"code": 403, "status": "PERMISSION_DENIED"}})));
    }
    let life = i64::try_from(shared.token_life.as_secs()).unwrap_or(i64::MAX);
    let now = shared.clock.now_seconds();
    match shared.account.issue(life, now) {
        Ok(token) => {
            let end = jiff::Timestamp::from_second(now + life).map(|end| end.to_string()).unwrap_or_default();
            Deed::Reply(Reply::json(200, &json!({"accessToken": token, "expireTime": end})))
        }
        Err(_) => oauth_error(500, "internal_failure", "No randomness."),
    }
}

fn form_field(form: &str, name: &str) -> Option<String> {
    let mut pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| percent_decoded(value))
}

fn refuse_grant(shared: &Shared, form: &str) -> Result<(), &'static str> {
    let field = |name: &str| form_field(form, name);
    if field("grant_type").as_deref() != Some(GRANT_TYPE) {
        return Err("Invalid grant_type.");
    }
    let assertion = field("assertion").ok_or("Missing assertion.")?;
    shared.account.check_assertion(&assertion, shared.clock.now_seconds())
}

/// Decodes a form value; what is not decodable stays as it is and fails the checks.
fn percent_decoded(value: &str) -> String {
    let mut pieces = value.split('%');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let code = piece.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok());
        text.push(code.map_or('%', char::from));
        text.push_str(piece.get(2..).unwrap_or_default());
    }
    text
}

fn issue(shared: &Shared) -> Deed {
    let life = i64::try_from(shared.token_life.as_secs()).unwrap_or(i64::MAX);
    match shared.account.issue(life, shared.clock.now_seconds()) {
        Ok(token) => {
            Deed::Reply(Reply::json(200, &json!({"access_token": token, "expires_in": life, "token_type": "Bearer"})))
        }
        Err(_) => oauth_error(500, "internal_failure", "No randomness."),
    }
}

fn oauth_error(status: u16, error: &str, description: &str) -> Deed {
    let body = json!({"error": error, "error_description": description});
    Deed::Reply(Reply::json(status, &body))
}

fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

/// The life of access tokens unless a test says otherwise, as Google's.
pub(super) const TOKEN_LIFE: Duration = Duration::from_secs(3599);
