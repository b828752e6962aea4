//! The handshake of a WebSocket (RFC 6455 section 4.2).

use std::rc::Rc;

use actix_http::ws;
use actix_web::http::Version;
use actix_web::http::header::{CONTENT_LENGTH, HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use twostep_front::{MayLeaveHttp, TakeOver};

use super::connection::{Connection, ConnectionSettings};
use crate::actors::Directory;
use crate::domain::device::session::ActiveSession;
use crate::websocket::transport::{Driver, Line};
use crate::websocket_protocol::SUBPROTOCOL;

/// The request is no WebSocket handshake (RFC 6455 section 4.2.1), or its framing leaves open where it ends.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("no WebSocket handshake")]
pub struct NoHandshake;

/// Answers the handshake of an authenticated, trusted device; the connection begins when the answer is on the line.
///
/// # Errors
/// [`NoHandshake`].
pub fn accept(
    request: &HttpRequest,
    session: ActiveSession,
    directory: Directory,
    settings: ConnectionSettings,
) -> Result<HttpResponse, NoHandshake> {
    let has_body = |length: &HeaderValue| length.as_bytes() != b"0";
    if request.extensions().get::<MayLeaveHttp>().is_none()
        || request.version() != Version::HTTP_11
        || request.headers().get_all(CONTENT_LENGTH).any(has_body)
    {
        return Err(NoHandshake);
    }
    let mut answer = ws::handshake(request.head()).map_err(|_| NoHandshake)?;
    if request.headers().contains_key(SEC_WEBSOCKET_PROTOCOL) {
        answer.insert_header((SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL));
    }
    let mut answer = HttpResponse::from(answer.finish().map_into_boxed_body());
    answer.extensions_mut().insert(TakeOver::new(move |stream| {
        let line = Line::new(stream);
        Driver::new(Rc::clone(&line), Connection::new(line, session, directory, settings)).run()
    }));
    Ok(answer)
}
