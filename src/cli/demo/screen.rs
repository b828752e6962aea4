//! The screen of a trusted device: its WebSocket.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::websocket_protocol::SUBPROTOCOL;

/// How long the demo waits for a message.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Screen {
    pub(super) name: &'static str,
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Screen {
    pub(super) async fn connect(name: &'static str, base: &str, access_token: &str) -> anyhow::Result<Self> {
        let mut request = format!("{}/v1/connect", base.replacen("http", "ws", 1)).into_client_request()?;
        request.headers_mut().insert("authorization", format!("Bearer {access_token}").parse()?);
        request.headers_mut().insert("sec-websocket-protocol", SUBPROTOCOL.parse()?);
        let (stream, _) = connect_async(request).await.context("the WebSocket was refused")?;
        let mut screen = Self { name, stream };
        screen.wait_for("welcome").await?;
        Ok(screen)
    }

    /// The next message of a type; others are passed over.
    pub(super) async fn wait_for(&mut self, kind: &str) -> anyhow::Result<Value> {
        let wait = async {
            while let Some(frame) = self.stream.next().await {
                let Message::Text(text) = frame? else { continue };
                let message: Value = serde_json::from_str(&text)?;
                if message["type"] == kind {
                    return Ok(message);
                }
            }
            bail!("the connection of {} closed", self.name)
        };
        tokio::time::timeout(PATIENCE, wait).await.with_context(|| format!("no `{kind}` came to {}", self.name))?
    }

    /// Shows the code of a challenge and says so.
    pub(super) async fn show_code(&mut self, challenge_id: &str) -> anyhow::Result<String> {
        let message = self.wait_for("code").await?;
        ensure!(message["challenge_id"] == challenge_id, "{} got the code of another challenge", self.name);
        let generation = &message["generation"];
        self.say(json!({ "type": "receipt", "challenge_id": challenge_id, "generation": generation, "shown": true }))
            .await?;
        super::api::text(&message["code"])
    }

    pub(super) async fn say(&mut self, message: Value) -> anyhow::Result<()> {
        Ok(self.stream.send(Message::text(message.to_string())).await?)
    }
}
