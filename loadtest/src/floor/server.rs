//! A map of users, tokio and tokio-tungstenite, and nothing else.

use std::io::Write;
use std::net::Ipv4Addr;
use std::sync::{Arc, PoisonError};

use anyhow::Context;
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::unbounded_channel;
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use uuid::Uuid;

use super::http;
use super::users::Users;

/// Read buffer of a connection in bytes.
const READ_BUFFER: usize = 4096;

/// Serves on a free port until the process ends.
///
/// # Errors
/// When nothing can be listened at.
pub(crate) async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    writeln!(std::io::stdout(), "listening on http://{}", listener.local_addr()?)?;
    let users = Arc::<Users>::default();
    loop {
        let (stream, _) = listener.accept().await?;
        let users = Arc::clone(&users);
        // One connection's end is nobody else's.
        tokio::spawn(async move { one(stream, &users).await });
    }
}

async fn one(stream: TcpStream, users: &Users) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut first = [0; 4];
    stream.peek(&mut first).await?;
    if &first == b"GET " { connection(stream, users).await } else { http::answer(stream, users).await }
}

async fn connection(stream: TcpStream, users: &Users) -> anyhow::Result<()> {
    let mut user = None;
    #[expect(clippy::result_large_err, reason = "the signature is the library's")]
    let look = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        let token = request.headers().get("authorization").and_then(|token| token.to_str().ok());
        user = token.and_then(|token| token.split('-').nth(1)?.parse::<u32>().ok());
        response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("twostep.v1"));
        Ok(response)
    };
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER).write_buffer_size(0);
    let mut socket = accept_hdr_async_with_config(stream, look, Some(config)).await?;
    let user = user.context("no token")?;
    let welcome = format!(r#"{{"type":"welcome","connection_id":"{}","heartbeat_seconds":25}}"#, Uuid::now_v7());
    socket.send(Message::text(welcome)).await?;
    let (own, mut inbox) = unbounded_channel();
    users.connected.lock().unwrap_or_else(PoisonError::into_inner).entry(user).or_default().push(own.clone());
    loop {
        tokio::select! {
            Some(text) = inbox.recv() => socket.send(Message::Text(text)).await?,
            message = socket.next() => if !matches!(message, Some(Ok(_))) { break },
        }
    }
    let mut connected = users.connected.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(devices) = connected.get_mut(&user) {
        devices.retain(|device| !device.same_channel(&own));
    }
    Ok(())
}
