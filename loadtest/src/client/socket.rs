//! A device's WebSocket, with buffers small enough for tens of thousands of them.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::Context;
use futures_util::StreamExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use uuid::Uuid;

use super::contract::ServerMessage;
use super::target::Target;

/// A handshake that takes longer is given up.
const OPEN_WITHIN: Duration = Duration::from_secs(60);
/// Read buffer of a connection in bytes: no message is longer than 4 KiB, most are shorter than 1.
const READ_BUFFER: usize = 1024;

/// An open connection.
pub(crate) type DeviceSocket = WebSocketStream<TcpStream>;

/// Connects a device and reads the welcome.
///
/// # Errors
/// When it is not let in.
pub(crate) async fn open_socket(target: &Target, source: Option<IpAddr>, token: &str) -> anyhow::Result<DeviceSocket> {
    let open = async {
        let mut request = format!("ws://{}/v1/connect", target.host).into_client_request()?;
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", HeaderValue::from_static("twostep.v1"));
        headers.insert("authorization", format!("Bearer {token}").parse()?);
        let stream = target.connect(source).await?;
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER).write_buffer_size(0);
        let (mut socket, _) = client_async_with_config(request, stream, Some(config)).await.map_err(explain)?;
        let first = socket.next().await.context("the connection ended before the welcome")?.map_err(explain)?;
        let Message::Text(text) = first else { anyhow::bail!("the first message is not text") };
        let message: ServerMessage = serde_json::from_str(&text)?;
        anyhow::ensure!(matches!(message, ServerMessage::Welcome {}), "the first message is not a welcome");
        Ok(socket)
    };
    let opened = tokio::time::timeout(OPEN_WITHIN, open).await;
    opened.with_context(|| format!("no connection within {OPEN_WITHIN:?}"))?
}

fn explain(error: Error) -> anyhow::Error {
    match error {
        Error::Http(response) => anyhow::anyhow!("the handshake was refused: {}", response.status()),
        other => other.into(),
    }
}

/// What a device says that shows a code.
pub(crate) fn receipt(challenge_id: Uuid, generation: u32) -> Message {
    let text =
        format!(r#"{{"type":"receipt","challenge_id":"{challenge_id}","generation":{generation},"shown":true}}"#);
    Message::text(text)
}
