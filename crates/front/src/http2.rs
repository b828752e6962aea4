//! HTTP/2 (RFC 9113) with bounds: actix-http 3.20 sets none for streams and fields, so that one connection could hold
//! any number of requests with 16 MiB of fields each.
//!
//! `h2` 0.4.20 itself bounds `CONTINUATION` frames by the size of fields (since 0.4.4, CVE-2024-27316) and streams that it
//! resets because of the client's errors (1,024).
//!
//! WebSockets over HTTP/2 (RFC 8441) are not offered: browsers and apps open them over HTTP/1.1.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::HttpMessage as _;
use actix_http::{Request, Response};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Service;
use bytes::Bytes;
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream, SendStream};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};

use super::http2_heads::{has_body, request_of, response_of};
use super::memory::{Holding, MAX_FIELDS, cost_of_answer, cost_of_request};
use super::peer::Peer;
use super::requests::waits_to_be_read;
use super::stream::{MAX_HEAD_BYTES, Stream};
use super::turns::Turn;
use crate::metric_names::count_refusal;

/// Requests under way at once on a connection (RFC 9113 section 6.5.2 recommends no fewer than 100). Not a setting; docs/operations.md
/// names it, and `memory` reckons with it.
const MAX_STREAMS: u32 = 100;
/// Bytes of a body, and of all bodies of a connection, that may come before they are read: no connection has a smaller window than
/// 65,535 bytes (RFC 9113 section 6.9.2).
const STREAM_WINDOW: u32 = 32 * 1024;
const CONNECTION_WINDOW: u32 = 65_535;
/// Bytes of an answer that wait for the line.
const SEND_BUFFER: usize = 64 * 1024;
/// Requests that were taken back before anybody looked at them (CVE-2023-44487, rapid reset); one more ends the connection.
const MAX_PENDING_RESETS: usize = 20;
/// A client that takes nothing of an answer for this long gets no more of it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a client has to end a connection that it was told to end.
const GOODBYE: Duration = Duration::from_secs(1);

/// What holds for a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// How long it may take until it is set up.
    pub(super) head_timeout: Duration,
    /// How long it is kept without any request.
    pub(super) idle_timeout: Duration,
    /// Largest request body in bytes.
    pub(super) max_body_bytes: usize,
}

/// The requests of a connection.
struct Activity {
    under_way: Cell<usize>,
    last: Cell<Instant>,
}

/// Counts a request until it is dropped.
struct UnderWay(Rc<Activity>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.set(self.0.under_way.get() - 1);
        self.0.last.set(Instant::now());
    }
}

/// Serves a connection to its end, `stopping` included.
pub(super) async fn serve(
    stream: Stream,
    app: Rc<impl Service<Request, Response = Response<BoxBody>, Error = Response<BoxBody>> + 'static>,
    rules: Rules,
    stopping: impl Future<Output = ()>,
) {
    let peer = stream.peer();
    let progress = stream.progress();
    // Frames are bounded here, not heads between requests.
    let _under_way = progress.begin(Turn::Everything);
    let Ok(Ok(mut connection)) = timeout(rules.head_timeout, builder().handshake::<_, Bytes>(stream)).await else {
        return;
    };
    let activity = Rc::new(Activity { under_way: Cell::new(0), last: Cell::new(Instant::now()) });
    let mut stopping = pin!(stopping);
    let mut leaves_by = None;
    loop {
        let looks_at = leaves_by.unwrap_or(activity.last.get() + rules.idle_timeout);
        tokio::select! {
            next = connection.accept() => {
                let Some(Ok((request, mut respond))) = next else { return };
                // Before anything is done with it, so that the client may send it again (RFC 9113 section 8.7).
                let gives_way = Arc::new(Notify::new());
                let Some(holding) = progress.memory().hold(cost(&request, rules.max_body_bytes), &gives_way) else {
                    count_refusal("request_memory");
                    respond.send_reset(Reason::REFUSED_STREAM);
                    continue;
                };
                activity.under_way.set(activity.under_way.get() + 1);
                let app = Rc::clone(&app);
                let under_way = UnderWay(Rc::clone(&activity));
                actix_web::rt::spawn(async move {
                    tokio::select! {
                        () = answer(request, &mut respond, (peer, Rc::new(holding)), &*app) => {}
                        () = gives_way.notified() => respond.send_reset(Reason::ENHANCE_YOUR_CALM),
                    }
                    drop(under_way);
                });
            }
            () = &mut stopping, if leaves_by.is_none() => {
                connection.graceful_shutdown();
                leaves_by = Some(Instant::now() + GOODBYE);
            }
            () = sleep_until(looks_at) => match (activity.under_way.get(), leaves_by) {
                (0, Some(_)) => return,
                (0, None) if activity.last.get() + rules.idle_timeout <= Instant::now() => {
                    connection.graceful_shutdown();
                    leaves_by = Some(Instant::now() + GOODBYE);
                }
                (0, None) => {}
                (_, Some(_)) => leaves_by = Some(Instant::now() + GOODBYE),
                (_, None) => activity.last.set(Instant::now()),
            },
        }
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(u32::try_from(MAX_HEAD_BYTES).expect("a small constant"))
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buffer_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS);
    builder
}

/// What a request costs until it is answered.
fn cost(request: &http::Request<RecvStream>, max_body_bytes: usize) -> usize {
    let is_over = request.body().is_end_stream() || !has_body(request.method());
    let announced = request.headers().get(http::header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(usize::MAX);
    let body = if is_over { 0 } else { announced.min(max_body_bytes) };
    let fields = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
    let authority = request.uri().authority();
    let address = request.uri().path_and_query();
    let address = authority.map_or(0, |text| text.as_str().len()) + address.map_or(0, |text| text.as_str().len());
    cost_of_request(address, fields, body)
}

async fn answer(
    request: http::Request<RecvStream>,
    respond: &mut SendResponse<Bytes>,
    (peer, holding): (Peer, Rc<Holding>),
    app: &impl Service<Request, Response = Response<BoxBody>, Error = Response<BoxBody>>,
) {
    let is_head = request.method() == http::Method::HEAD;
    if request.headers().len() > MAX_FIELDS {
        let head = http::Response::builder().status(http::StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE).body(());
        // The client may be gone already.
        let _ = head.map(|head| respond.send_response(head, true));
        return;
    }
    let Some(request) = request_of(request, peer) else { return respond.send_reset(Reason::PROTOCOL_ERROR) };
    request.extensions_mut().insert(Rc::clone(&holding));
    let response = tokio::select! {
        response = app.call(request) => response.unwrap_or_else(|error| error),
        // Taken back, or the line broke.
        _ = poll_fn(|context| respond.poll_reset(context)) => return,
    };
    let cost = cost_of_answer(response.body().size(), &response.extensions());
    let (response, body) = response.into_parts();
    let ends = is_head || matches!(body.size(), BodySize::None | BodySize::Sized(0));
    // The request is gone, its memory with it. A long answer may find no room: its client sends for more than it takes.
    if !holding.resize(if ends { 0 } else { cost }) {
        count_refusal("request_memory");
        return respond.send_reset(Reason::ENHANCE_YOUR_CALM);
    }
    waits_to_be_read(&holding, body.size());
    let Some(head) = response_of(response.head(), body.size()) else {
        return respond.send_reset(Reason::INTERNAL_ERROR);
    };
    if let Ok(mut stream) = respond.send_response(head, ends)
        && !ends
        && send(&mut stream, body).await.is_err()
    {
        stream.send_reset(Reason::CANCEL);
    }
}

/// The client did not take it, or there was no more to send.
struct Unsent;

async fn send(stream: &mut SendStream<Bytes>, body: BoxBody) -> Result<(), Unsent> {
    let mut body = pin!(body);
    loop {
        let next = tokio::select! {
            next = poll_fn(|context| body.as_mut().poll_next(context)) => next,
            _ = poll_fn(|context| stream.poll_reset(context)) => return Err(Unsent),
        };
        let Some(chunk) = next else { break };
        send_chunk(stream, chunk.map_err(|_| Unsent)?).await?;
    }
    stream.send_data(Bytes::new(), true).map_err(|_| Unsent)
}

async fn send_chunk(stream: &mut SendStream<Bytes>, mut chunk: Bytes) -> Result<(), Unsent> {
    while !chunk.is_empty() {
        stream.reserve_capacity(chunk.len());
        let capacity = timeout(WRITE_TIMEOUT, poll_fn(|context| stream.poll_capacity(context)));
        let Ok(Some(Ok(capacity))) = capacity.await else { return Err(Unsent) };
        let part = chunk.split_to(capacity.min(chunk.len()));
        stream.send_data(part, false).map_err(|_| Unsent)?;
    }
    Ok(())
}
