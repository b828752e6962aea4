//! Connections that leave HTTP: a handler answers 101 and says what goes on with the line (RFC 9110 section 7.8).
//!
//! HTTP ends there, and with it what it keeps for each connection, buffers of 64 KiB among it.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use actix_codec::Framed;
use actix_http::body::{BodySize, BoxBody, MessageBody};
use actix_http::h1::{Codec, Message};
use actix_http::{ConnectionType, HttpMessage, Request, Response};
use actix_service::{Service, ServiceFactory, fn_factory, fn_service};
use futures_util::SinkExt;
use futures_util::future::LocalBoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::application::Application;
use super::stream::Stream;

/// How long a client may take to end a connection that the server ends, and what it may still say meanwhile in pieces of 4 KiB.
const LINGER: Duration = Duration::from_secs(1);
const LAST_PIECES: usize = 64;

/// What goes on with a connection, kept in the extensions of the answer that ends HTTP on it.
pub struct TakeOver(Box<dyn FnOnce(Stream) -> LocalBoxFuture<'static, ()>>);

impl TakeOver {
    /// `serve` gets the line when the answer is on it, and has it until its future ends.
    pub fn new<F: Future<Output = ()> + 'static>(serve: impl FnOnce(Stream) -> F + 'static) -> Self {
        Self(Box::new(move |stream| Box::pin(serve(stream))))
    }
}

/// Marks the requests whose connection can leave HTTP: an answer with a [`TakeOver`] to another one would be a promise that
/// nobody keeps, and what the client says next would be read as HTTP (request smuggling).
#[derive(Debug, Clone, Copy)]
pub struct MayLeaveHttp(());

/// The service of requests that ask for a WebSocket.
pub(super) fn upgrades(
    app: Application,
) -> impl ServiceFactory<
    (Request, Framed<Stream, Codec>),
    Config = (),
    Response = (),
    Error = actix_web::Error,
    InitError = (),
> {
    fn_factory(move || {
        let app = app.new_service(());
        async move {
            let app = Rc::new(app.await?);
            Ok(fn_service(move |(request, framed): (Request, Framed<Stream, Codec>)| {
                let app = Rc::clone(&app);
                async move {
                    // A line that breaks is its client's business.
                    let _ = answer(&*app, request, framed).await;
                    Ok(())
                }
            }))
        }
    })
}

/// Answers a request that asks for a WebSocket. The connection ends here, or goes on as its answer says.
///
/// # Errors
/// When the line breaks.
async fn answer(
    app: &impl Service<Request, Response = Response<BoxBody>, Error = Response<BoxBody>>,
    request: Request,
    mut framed: Framed<Stream, Codec>,
) -> io::Result<()> {
    request.extensions_mut().insert(MayLeaveHttp(()));
    let (Ok(mut response) | Err(mut response)) = app.call(request).await;
    let progress = framed.io_ref().progress();
    let Some(TakeOver(serve)) = response.extensions_mut().remove() else {
        if response.body().size() == BodySize::Stream {
            // It would go on for as long as its client likes, and nobody here looks whether there still is one.
            response = Response::bad_request();
        }
        response.head_mut().set_connection_type(ConnectionType::Close);
        send(&mut framed, response).await?;
        end(framed.into_parts().io).await;
        return Ok(());
    };
    let (head, body) = response.into_parts();
    framed.send(Message::Item((head, BodySize::None))).await?;
    let parts = framed.into_parts();
    let mut stream = parts.io;
    stream.leave_http(&parts.read_buf);
    progress.go_on(Box::pin(async move {
        serve(stream).await;
        // With it the request ends.
        drop(body);
    }));
    Ok(())
}

async fn send(framed: &mut Framed<Stream, Codec>, response: Response<BoxBody>) -> io::Result<()> {
    let (head, body) = response.into_parts();
    let size = body.size();
    // Not sent at once: a short answer is one packet.
    framed.feed(Message::Item((head, size))).await?;
    let mut body = pin!(body);
    while let Some(piece) = poll_fn(|context| body.as_mut().poll_next(context)).await {
        framed.feed(Message::Chunk(Some(piece.map_err(|_| io::ErrorKind::BrokenPipe)?))).await?;
    }
    if !size.is_eof() {
        framed.feed(Message::Chunk(None)).await?;
    }
    framed.flush().await
}

/// Ends a line so that what was said last arrives: one that is closed with unread bytes in it is reset.
pub async fn end(mut stream: Stream) {
    let said = async {
        stream.shutdown().await?;
        let mut bytes = [0; 4096];
        for _ in 0..LAST_PIECES {
            if stream.read(&mut bytes).await? == 0 {
                break;
            }
        }
        Ok::<_, io::Error>(())
    };
    // Whether its client ends it too makes no difference.
    let _ = timeout(LINGER, said).await;
}
