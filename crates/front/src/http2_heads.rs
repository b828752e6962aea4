//! Heads and bodies of HTTP/2, as actix knows them: it is on an older version of the crate `http`.

use actix_http::{BoxedPayloadStream, HttpMessage, Request, ResponseHead};
use actix_web::body::BodySize;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{
    CONNECTION, CONTENT_LENGTH, DATE, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE,
};
use actix_web::http::{Method, Uri, Version};
use futures_util::stream;
use h2::RecvStream;
use jiff::Timestamp;

use super::peer::Peer;

/// A request as actix takes it; `None` when it cannot be one.
pub(super) fn request_of(request: http::Request<RecvStream>, peer: Peer) -> Option<Request> {
    let (parts, body) = request.into_parts();
    // Nobody reads what `GET` carries: it is not kept while the answer is under way.
    let body = has_body(&parts.method).then(|| Box::pin(body_of(body)) as BoxedPayloadStream);
    request_with(parts, body.map_or(Payload::None, Into::into), peer)
}

/// [`request_of`] with a body of any kind.
pub(super) fn request_with(mut parts: http::request::Parts, body: Payload, peer: Peer) -> Option<Request> {
    let mut request = Request::with_payload(body);
    let head = request.head_mut();
    head.method = Method::from_bytes(parts.method.as_str().as_bytes()).ok()?;
    head.uri = parts.uri.to_string().parse::<Uri>().ok()?;
    head.version = Version::HTTP_2;
    head.peer_addr = Some(peer.address());
    // Taken out, so that it is in memory once.
    for (name, value) in &std::mem::take(&mut parts.headers) {
        head.headers_mut().append(header_name(name.as_str())?, HeaderValue::from_bytes(value.as_bytes()).ok()?);
    }
    // What HTTP/1.1 calls `Host` (RFC 9113 section 8.3.1).
    if let Some(authority) = parts.uri.authority() {
        head.headers_mut().insert(HOST, HeaderValue::from_str(authority.as_str()).ok()?);
    }
    request.extensions_mut().insert(peer);
    Some(request)
}

/// Whether requests of this method have a body that somebody reads.
pub(super) fn has_body(method: &http::Method) -> bool {
    !matches!(*method, http::Method::GET | http::Method::HEAD | http::Method::OPTIONS)
}

fn header_name(name: &str) -> Option<HeaderName> {
    HeaderName::from_bytes(name.as_bytes()).ok()
}

/// The body as it comes; what was taken makes room for more.
fn body_of(body: RecvStream) -> impl futures_util::Stream<Item = Result<bytes::Bytes, PayloadError>> {
    stream::unfold(body, |mut body| async move {
        let chunk = body.data().await?;
        let chunk = chunk.and_then(|chunk| body.flow_control().release_capacity(chunk.len()).map(|()| chunk));
        Some((chunk.map_err(|error| PayloadError::Io(std::io::Error::other(error))), body))
    })
}

/// An answer's head; `None` when it cannot be one.
pub(super) fn response_of(head: &ResponseHead, size: BodySize) -> Option<http::Response<()>> {
    let mut response = http::Response::builder().status(head.status.as_u16()).version(http::Version::HTTP_2);
    for (name, value) in head.headers() {
        // These are about the line of HTTP/1.1, and forbidden here (RFC 9113 section 8.2.2).
        if ![CONNECTION, TRANSFER_ENCODING, UPGRADE, CONTENT_LENGTH].contains(name) {
            response = response.header(name.as_str(), value.as_bytes());
        }
    }
    if let BodySize::Sized(length) = size
        && head.status.as_u16() != 204
    {
        response = response.header(http::header::CONTENT_LENGTH, length);
    }
    if !head.headers().contains_key(DATE) {
        let now = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        response = response.header(http::header::DATE, now);
    }
    response.body(()).ok()
}
