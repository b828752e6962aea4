//! Every request passes here: its connection learns when it begins and ends, and its body has a deadline.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use futures_util::Stream;
use tokio::time::{Sleep, sleep};

use super::stream::{Progress, UnderWay};
use super::turns::Turn;

/// Middleware of the public side.
///
/// # Errors
/// Those of the handler.
pub async fn watch<B: MessageBody + 'static>(
    body_timeout: Duration,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let under_way = request.conn_data::<Progress>().map(|progress| progress.begin(body_of(&request)));
    // What `GET` carries is not read, or is a WebSocket, which lives as long as it likes.
    if !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        let body = request.take_payload();
        let timed: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> =
            Box::pin(TimedBody { body, deadline: Box::pin(sleep(body_timeout)) });
        request.set_payload(timed.into());
    }
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| Watched { body: body.boxed(), _under_way: under_way }.boxed()))
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
}

impl Stream for TimedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        // The deadline first: bytes that drip in all the time must not hide it.
        if this.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(PayloadError::Io(std::io::ErrorKind::TimedOut.into()))));
        }
        Pin::new(&mut this.body).poll_next(context)
    }
}

/// The body of an answer; with it ends its request.
struct Watched {
    body: BoxBody,
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
