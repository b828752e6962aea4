//! One connection of the APNs simulator.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::header::RETRY_AFTER;
use http::request::Parts;
use http::{Request, Response};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::behaviour::ApnsBehaviour;
use super::behaviour::Reply;
use super::check;
use super::failure::ApnsFailure;
use super::frames::{Framed, Orders};
use super::shared::{ApnsRequest, Shared};

/// A provider token may be replaced after this time, not earlier.
const TOKEN_UPDATE_GAP: Duration = Duration::from_secs(20 * 60);
/// Longest payload that is read; what is longer is refused as too large anyway.
const MAX_REQUEST_BYTES: usize = 64 * 1024;

/// What the streams of a connection share.
struct Connection {
    shared: Arc<Shared>,
    number: usize,
    orders: Orders,
    cut: Notify,
    /// Whether a request was accepted: until then there may be one stream only.
    unlocked: AtomicBool,
    open_streams: AtomicUsize,
    /// Streams after this one are not looked at any more.
    last_stream: AtomicU32,
    token: Mutex<Option<(String, Instant)>>,
}

struct OpenStream<'a>(&'a Connection);

/// Serves one connection until it ends or is cut.
pub(super) async fn serve(stream: TcpStream, tls: TlsAcceptor, shared: Arc<Shared>) {
    let Ok(stream) = tls.accept(stream).await else {
        return;
    };
    let orders = Orders::default();
    let framed = Framed::new(stream, 1, orders.clone());
    let server =
        h2::server::Builder::new().max_concurrent_streams(shared.most_streams).handshake::<_, Bytes>(framed).await;
    let Ok(mut server) = server else {
        return;
    };
    let connection = Arc::new(Connection {
        number: shared.connections.fetch_add(1, Ordering::Relaxed),
        shared,
        orders,
        cut: Notify::new(),
        unlocked: AtomicBool::new(false),
        open_streams: AtomicUsize::new(0),
        last_stream: AtomicU32::new(u32::MAX),
        token: Mutex::default(),
    });
    let mut streams = JoinSet::new();
    loop {
        tokio::select! {
            accepted = server.accept() => match accepted {
                Some(Ok((request, respond))) => {
                    let connection = Arc::clone(&connection);
                    streams.spawn(async move { connection.serve(request, respond).await });
                }
                Some(Err(_)) | None => return,
            },
            () = connection.cut.notified() => return,
            Some(_) = streams.join_next() => {}
        }
    }
}

impl Connection {
    async fn serve(&self, request: Request<RecvStream>, mut respond: SendResponse<Bytes>) {
        let open = OpenStream::new(self);
        let stream = u32::from(respond.stream_id());
        if stream > self.last_stream.load(Ordering::Acquire) {
            return idle(&mut respond).await;
        }
        if open.breaks_the_limit() {
            self.shared.early_streams.fetch_add(1, Ordering::Relaxed);
            respond.send_reset(Reason::REFUSED_STREAM);
            return;
        }
        let (parts, body) = request.into_parts();
        // A client may give a request up before it is whole: then there is nothing to answer or to remember.
        let Some(payload) = read(body).await else { return };
        let refusal = self.refuse(&parts, &payload);
        let token = check::device_token(parts.uri.path()).unwrap_or_default().to_owned();
        self.record(&parts, &payload, &token, refusal);
        let behaviour = unwrap_slow(self.shared.script.next(&token)).await;
        self.act(behaviour, refusal, &parts, respond).await;
    }

    async fn act(
        &self,
        behaviour: ApnsBehaviour,
        refusal: Option<ApnsFailure>,
        parts: &Parts,
        mut respond: SendResponse<Bytes>,
    ) {
        let stream = u32::from(respond.stream_id());
        match (behaviour, refusal) {
            (ApnsBehaviour::Hang, _) => idle(&mut respond).await,
            (ApnsBehaviour::CutLine, _) => {
                self.cut.notify_one();
                idle(&mut respond).await;
            }
            (ApnsBehaviour::RefuseStream, _) => respond.send_reset(Reason::REFUSED_STREAM),
            (ApnsBehaviour::GoAway, _) => {
                self.go_away(stream.saturating_sub(2));
                idle(&mut respond).await;
            }
            (_, Some(failure)) => self.answer(&Reply::refused(failure, self.now_ms()), parts, respond),
            (ApnsBehaviour::AcceptThenGoAway, None) => {
                self.answer(&Reply::accepted(), parts, respond);
                self.go_away(stream);
            }
            (behaviour, None) => self.answer(&self.reply(behaviour), parts, respond),
        }
    }

    fn reply(&self, behaviour: ApnsBehaviour) -> Reply {
        match behaviour {
            ApnsBehaviour::Fail(failure) => Reply::refused(failure, self.now_ms()),
            ApnsBehaviour::FailSince(failure, since_ms) => Reply::refused(failure, since_ms),
            ApnsBehaviour::FailWithRetryAfter(failure, seconds) => {
                Reply { retry_after: Some(seconds), ..Reply::refused(failure, self.now_ms()) }
            }
            ApnsBehaviour::Answer { status, body } => Reply { status, retry_after: None, body },
            ApnsBehaviour::Accept
            | ApnsBehaviour::Hang
            | ApnsBehaviour::CutLine
            | ApnsBehaviour::GoAway
            | ApnsBehaviour::AcceptThenGoAway
            | ApnsBehaviour::RefuseStream
            | ApnsBehaviour::Slow(..) => Reply::accepted(),
        }
    }

    /// Sends an answer; a client that is gone does not get it.
    fn answer(&self, reply: &Reply, parts: &Parts, mut respond: SendResponse<Bytes>) {
        if reply.status == 200 && !self.unlocked.swap(true, Ordering::AcqRel) {
            self.orders.limit_streams(self.shared.most_streams);
        }
        let mut response = Response::builder().status(reply.status);
        if let Some(id) = parts.headers.get("apns-id") {
            response = response.header("apns-id", id);
        }
        if let Some(seconds) = reply.retry_after {
            response = response.header(RETRY_AFTER, seconds);
        }
        let Ok(response) = response.body(()) else {
            return respond.send_reset(Reason::INTERNAL_ERROR);
        };
        if let Ok(mut stream) = respond.send_response(response, reply.body.is_empty())
            && !reply.body.is_empty()
        {
            let _ = stream.send_data(Bytes::from(reply.body.clone()), true);
        }
    }

    fn go_away(&self, last_stream: u32) {
        self.last_stream.fetch_min(last_stream, Ordering::AcqRel);
        self.orders.go_away(last_stream);
    }

    fn refuse(&self, parts: &Parts, payload: &[u8]) -> Option<ApnsFailure> {
        let path = parts.uri.path();
        let authorization = parts.headers.get("authorization").map(|value| value.to_str().unwrap_or(""));
        check::check_form(&parts.method, path, &parts.headers)
            .and_then(|()| self.shared.team.check(authorization, self.shared.clock.now_seconds()))
            .and_then(|()| self.check_update(authorization.unwrap_or_default()))
            .and_then(|()| check::check_content(&self.shared.topic, path, &parts.headers, payload))
            .err()
    }

    /// One connection may not change its provider token more often than every 20 minutes.
    fn check_update(&self, authorization: &str) -> Result<(), ApnsFailure> {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now() + self.shared.clock.ahead();
        match token.as_mut() {
            Some((present, since)) if present != authorization => {
                if now.duration_since(*since) < TOKEN_UPDATE_GAP {
                    return Err(ApnsFailure::TooManyProviderTokenUpdates);
                }
                *token = Some((authorization.to_owned(), now));
            }
            Some(_) => {}
            None => *token = Some((authorization.to_owned(), now)),
        }
        Ok(())
    }

    fn record(&self, parts: &Parts, payload: &[u8], token: &str, refusal: Option<ApnsFailure>) {
        let headers = parts.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        self.shared.requests.record(ApnsRequest {
            at: Instant::now(),
            connection: self.number,
            headers: headers.collect::<HashMap<_, _>>(),
            unknown_headers: check::unknown_headers(&parts.headers),
            payload: serde_json::from_slice(payload).unwrap_or(Value::Null),
            device_token: token.to_owned(),
            refusal,
        });
    }

    fn now_ms(&self) -> i64 {
        self.shared.clock.now_seconds().saturating_mul(1000)
    }
}

impl<'a> OpenStream<'a> {
    fn new(connection: &'a Connection) -> Self {
        let open = connection.open_streams.fetch_add(1, Ordering::AcqRel) + 1;
        connection.shared.most_open_streams.fetch_max(open, Ordering::Relaxed);
        Self(connection)
    }

    fn breaks_the_limit(&self) -> bool {
        let open = self.0.open_streams.load(Ordering::Acquire);
        open > 1 && !self.0.unlocked.load(Ordering::Acquire)
    }
}

impl Drop for OpenStream<'_> {
    fn drop(&mut self) {
        self.0.open_streams.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Does nothing until the client gives the stream up.
async fn idle(respond: &mut SendResponse<Bytes>) {
    let _ = poll_fn(|context| respond.poll_reset(context)).await;
}

/// Waits as long as the script says.
async fn unwrap_slow(mut behaviour: ApnsBehaviour) -> ApnsBehaviour {
    while let ApnsBehaviour::Slow(delay, then) = behaviour {
        tokio::time::sleep(delay).await;
        behaviour = *then;
    }
    behaviour
}

/// `None` when the client ended the stream before the body was whole.
async fn read(mut body: RecvStream) -> Option<Vec<u8>> {
    let mut payload = BytesMut::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk.ok()?;
        let _ = body.flow_control().release_capacity(chunk.len());
        if payload.len() < MAX_REQUEST_BYTES {
            payload.extend_from_slice(&chunk);
        }
    }
    Some(payload.to_vec())
}
