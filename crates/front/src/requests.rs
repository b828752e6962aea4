//! Every request passes here: its connection learns when it begins and ends, and its body has a deadline.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpResponse};
use futures_util::Stream;
use tokio::time::{Sleep, sleep};

use super::memory::{Holding, cost_of_answer, cost_of_request};
use super::stream::{Progress, UnderWay};
use super::turns::Turn;

/// What holds for requests.
#[derive(Debug, Clone, Copy)]
pub struct RequestRules {
    /// How long a body may take.
    pub body_timeout: Duration,
    /// Largest body in bytes.
    pub max_body_bytes: usize,
    /// What a request is answered that there is no room for.
    pub no_room: fn() -> HttpResponse,
}

/// Middleware of the public side.
///
/// # Errors
/// Those of the handler.
pub async fn watch<B: MessageBody + 'static>(
    rules: RequestRules,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    // A request of HTTP/2 was counted before it came here, and has no progress of its own.
    let mut holding = request.extensions_mut().remove::<Rc<Holding>>();
    let progress = request.conn_data::<Progress>().cloned();
    let body = body_of(&request);
    let under_way = progress.as_ref().map(|progress| progress.begin(body));
    if let Some(progress) = &progress {
        let cost = cost(&request, body, rules.max_body_bytes);
        holding = progress.memory().hold(cost, progress.gives_way()).map(Rc::new);
        if holding.is_none() {
            let response = request.into_response((rules.no_room)());
            return Ok(response.map_body(|_, body| Watched { body, _holding: None, _under_way: under_way }.boxed()));
        }
    }
    // What `GET` carries is not read, or is a WebSocket, which lives as long as it likes.
    if !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        let body = request.take_payload();
        let timed: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> =
            Box::pin(TimedBody { body, deadline: Box::pin(sleep(rules.body_timeout)), holding: holding.clone() });
        request.set_payload(timed.into());
    }
    let response = next.call(request).await?;
    if let Some(holding) = &holding
        && progress.is_some()
    {
        // Only what is left of it counts from now on. A connection of HTTP/1.1 has one answer: where there is no room for a longer one,
        // it is counted for what its request was.
        let _ = holding.resize(left_of(&response));
        waits_to_be_read(holding, response.response().body().size());
    }
    let watched = |body: B| Watched { body: body.boxed(), _holding: holding, _under_way: under_way };
    Ok(response.map_body(|_, body| watched(body).boxed()))
}

/// An answer lasts for as long as its client takes to read it. One without an end lasts by itself: how many there are is bounded
/// where they begin.
pub(super) fn waits_to_be_read(holding: &Holding, size: BodySize) {
    if size != BodySize::Stream {
        holding.waits_for_client();
    }
}

/// What a request costs until it is answered.
fn cost(request: &ServiceRequest, body: Turn, max_body_bytes: usize) -> usize {
    let body = match body {
        Turn::Body(length) => usize::try_from(length).unwrap_or(usize::MAX).min(max_body_bytes),
        Turn::Chunked(_) => max_body_bytes,
        Turn::Head(_) | Turn::Nothing | Turn::Everything => 0,
    };
    let fields = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
    let address = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    cost_of_request(address, fields, body)
}

/// What an answer costs until it is sent: nothing where HTTP ends with it.
fn left_of(response: &ServiceResponse<impl MessageBody>) -> usize {
    let response = response.response();
    match response.status() {
        StatusCode::SWITCHING_PROTOCOLS => 0,
        _ => cost_of_answer(response.body().size(), &response.extensions()),
    }
}

/// What of a connection belongs to a request whose head was read (RFC 9112 section 6.3).
fn body_of(request: &ServiceRequest) -> Turn {
    if request.headers().contains_key(TRANSFER_ENCODING) {
        return Turn::chunked();
    }
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    length.filter(|length| *length > 0).map_or(Turn::Nothing, Turn::Body)
}

/// A request body that comes in time or breaks.
struct TimedBody {
    body: Payload,
    deadline: Pin<Box<Sleep>>,
    holding: Option<Rc<Holding>>,
}

impl Stream for TimedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        // The deadline first: bytes that drip in all the time must not hide it.
        if this.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(PayloadError::Io(std::io::ErrorKind::TimedOut.into()))));
        }
        let next = Pin::new(&mut this.body).poll_next(context);
        match &this.holding {
            Some(holding) if next.is_pending() => holding.waits_for_client(),
            Some(holding) => holding.is_worked_on(),
            None => {}
        }
        next
    }
}

/// The body of an answer; with it ends its request.
struct Watched {
    body: BoxBody,
    _holding: Option<Rc<Holding>>,
    _under_way: Option<UnderWay>,
}

impl MessageBody for Watched {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.get_mut().body.as_pin_mut().poll_next(context)
    }
}
