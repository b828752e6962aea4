//! The HTTP side: push resources, and the making and ending of subscriptions.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use http::header::{AUTHORIZATION, CONTENT_TYPE, LINK};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

use super::behaviour::{Reply, WebPushBehaviour};
use super::check;
use super::refusal::Refusal;
use super::shared::{Shared, WebPushRequest};
use super::subscribe::{self, PUSH_PATH, SUBSCRIPTION_PATH};
use super::subscriptions::Terms;
use super::vapid::Credentials;

/// Longest body that is kept; what is longer is refused as too large anyway.
const MAX_REQUEST_BYTES: usize = 64 * 1024;

/// The answer to one request, or what is done to the line instead.
enum Deed {
    Reply(Reply),
    Hang,
    Cut,
}

/// Serves one connection, in HTTP/1.1 or HTTP/2, until it ends or is cut.
pub(super) async fn serve(stream: TcpStream, tls: TlsAcceptor, shared: Arc<Shared>) {
    let Ok(stream) = tls.accept(stream).await else {
        return;
    };
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
    // A client may give a request up before it is whole: then there is nothing to answer or to remember.
    let Some(body) = read(body).await else {
        return std::future::pending().await;
    };
    let path = parts.uri.path();
    let deed = if let Some(id) = path.strip_prefix(PUSH_PATH) {
        push(&shared, &parts, body, id).await
    } else if parts.method == Method::POST && path == "/subscribe" {
        Deed::Reply(make_subscription(&shared, &body))
    } else if let (&Method::DELETE, Some(id)) = (&parts.method, path.strip_prefix(SUBSCRIPTION_PATH)) {
        Deed::Reply(end_subscription(&shared, id))
    } else {
        Deed::Reply(Reply::refused(&Refusal::new(404, "There is nothing here.")))
    };
    match deed {
        Deed::Reply(reply) => response(reply),
        Deed::Hang => std::future::pending().await,
        Deed::Cut => {
            cut.notify_one();
            std::future::pending().await
        }
    }
}

fn response(reply: Reply) -> Result<Response<Full<Bytes>>, http::Error> {
    let mut response = Response::builder().status(reply.status).header(CONTENT_TYPE, reply.content_type);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Full::from(reply.body))
}

async fn push(shared: &Shared, parts: &Parts, body: Vec<u8>, id: &str) -> Deed {
    let endpoint = format!("{}{}", shared.origin, parts.uri.path());
    let authorization = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credentials = Credentials::parse(authorization);
    let public_key = credentials.as_ref().ok().map(|credentials| credentials.public_key.to_owned());
    let admitted = admit(shared, parts, &body, id, credentials);
    let (message, complaint) = match admitted.as_ref().map(|terms| decrypt(terms, &body)) {
        Ok(Ok(message)) => (message, None),
        Ok(Err(reason)) => (None, Some(reason.to_owned())),
        Err(refusal) => (None, Some(refusal.reason.clone())),
    };
    shared.requests.record(WebPushRequest {
        at: Instant::now(),
        endpoint: endpoint.clone(),
        headers: pairs(&parts.headers),
        body,
        message,
        public_key,
        refusal: complaint,
    });
    match (shared.script.next(&endpoint), admitted) {
        (WebPushBehaviour::Hang, _) => Deed::Hang,
        (WebPushBehaviour::Cut, _) => Deed::Cut,
        (_, Err(refusal)) => Deed::Reply(Reply::refused(&refusal)),
        (behaviour, Ok(_)) => Deed::Reply(reply(shared, behaviour).await),
    }
}

async fn reply(shared: &Shared, behaviour: WebPushBehaviour) -> Reply {
    match behaviour {
        WebPushBehaviour::Fail(failure) => return failure.reply(),
        WebPushBehaviour::Answer { status, content_type, body } => {
            return Reply { status, content_type, headers: Vec::new(), body };
        }
        WebPushBehaviour::Slow(delay) => tokio::time::sleep(delay).await,
        WebPushBehaviour::Accept | WebPushBehaviour::Hang | WebPushBehaviour::Cut => {}
    }
    let number = shared.accepted.fetch_add(1, Ordering::Relaxed);
    Reply::created(format!("{}/message/{number:016x}", shared.origin), String::new())
}

/// What a push service refuses: the resource comes first, then the credentials, then the content.
fn admit(
    shared: &Shared,
    parts: &Parts,
    body: &[u8],
    id: &str,
    credentials: Result<Credentials<'_>, Refusal>,
) -> Result<Terms, Refusal> {
    check::check_method(&parts.method)?;
    let terms = shared.subscriptions.find(id)?;
    let credentials = credentials?;
    credentials.check(&shared.origin, shared.clock.now_seconds())?;
    // RFC 8292 section 4.2.
    if terms.vapid_public_key.as_deref().is_some_and(|key| key != credentials.public_key) {
        return Err(Refusal::new(403, "The subscription is restricted to another key than k."));
    }
    check::check_content(&parts.headers, body)?;
    shared.subscriptions.count(id, Instant::now() + shared.clock.ahead())?;
    Ok(terms)
}

/// As the user agent; `None` when the simulator does not have the keys.
fn decrypt(terms: &Terms, body: &[u8]) -> Result<Option<Vec<u8>>, &'static str> {
    terms.user_agent.as_ref().map(|user_agent| user_agent.decrypt(body)).transpose()
}

/// RFC 8030 section 4. The body of the answer is what `PushSubscription.toJSON()` gives in a browser.
fn make_subscription(shared: &Shared, body: &[u8]) -> Reply {
    match subscribe::from_request(shared, body) {
        Err(refusal) => Reply::refused(&refusal),
        Ok(made) => {
            let keys = json!({"p256dh": made.p256dh, "auth": made.auth});
            let body = json!({"endpoint": made.endpoint, "keys": keys});
            let resource = made.endpoint.replacen(PUSH_PATH, SUBSCRIPTION_PATH, 1);
            let mut reply = Reply::created(resource, body.to_string());
            reply.headers.push((LINK, format!("<{}>; rel=\"urn:ietf:params:push\"", made.endpoint)));
            reply
        }
    }
}

/// RFC 8030 section 7.3.
fn end_subscription(shared: &Shared, id: &str) -> Reply {
    match shared.subscriptions.end(id) {
        true => Reply { status: 204, content_type: "application/json", headers: Vec::new(), body: String::new() },
        false => Reply::refused(&Refusal::new(404, "There is no such subscription.")),
    }
}

/// `None` when the client ended the request before the body was whole.
async fn read(mut body: Incoming) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(chunk) = frame.ok()?.into_data() else { continue };
        let room = MAX_REQUEST_BYTES - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Some(bytes)
}

fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}
