//! A device's WebSocket.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::client::{DEADLINE, expect_readable_times};

pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// Why a handshake was refused: status and problem code.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    pub status: u16,
    pub code: String,
}

impl Socket {
    /// Connects and reads the welcome.
    pub async fn connect(base: &str, access_token: &str) -> Self {
        let mut socket =
            Self::open(base, "", &[("authorization", &format!("Bearer {access_token}"))]).await.expect("let in");
        assert_eq!(socket.next().await["type"], "welcome");
        socket
    }

    /// A handshake with any query and headers.
    pub async fn open(base: &str, query: &str, headers: &[(&str, &str)]) -> Result<Self, Refused> {
        let url = format!("{}/v1/connect{query}", base.replacen("http", "ws", 1));
        let mut request = url.into_client_request().expect("a valid address");
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("twostep.v1"));
        for (name, value) in headers {
            let name: tungstenite::http::HeaderName = name.parse().expect("a valid name");
            request.headers_mut().insert(name, value.parse().expect("a valid value"));
        }
        match tokio::time::timeout(DEADLINE, connect_async(request)).await.expect("an answer in time") {
            Ok((stream, _)) => Ok(Self { stream }),
            Err(tungstenite::Error::Http(response)) => {
                let body: Value =
                    serde_json::from_slice(response.body().as_deref().unwrap_or_default()).unwrap_or_default();
                let code = body["code"].as_str().unwrap_or_default().to_owned();
                Err(Refused { status: response.status().as_u16(), code })
            }
            Err(error) => panic!("the handshake broke: {error}"),
        }
    }

    /// The next frame as it is.
    pub async fn frame(&mut self) -> Option<Result<Message, tungstenite::Error>> {
        tokio::time::timeout(DEADLINE, self.stream.next()).await.expect("a frame in time")
    }

    /// The next message; pings are answered on the way.
    pub async fn next(&mut self) -> Value {
        loop {
            match self.frame().await {
                Some(Ok(Message::Text(text))) => {
                    let message = serde_json::from_str(&text).expect("JSON");
                    expect_readable_times(&message);
                    return message;
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("no message but {other:?}"),
            }
        }
    }

    /// The next message of a type; others are passed over.
    pub async fn next_of(&mut self, kind: &str) -> Value {
        self.next_of_any(&[kind]).await
    }

    /// The next message of one of some types; others are passed over.
    pub async fn next_of_any(&mut self, kinds: &[&str]) -> Value {
        loop {
            let message = self.next().await;
            if kinds.iter().any(|kind| message["type"] == *kind) {
                return message;
            }
        }
    }

    /// Waits until a sign-in of another device is over here: its challenge is closed, and the alert came. In either order: another
    /// node looks each up by itself.
    pub async fn sign_in_over(&mut self) {
        let first = self.next_of_any(&["challenge_closed", "security_alert"]).await;
        let other = if first["type"] == "challenge_closed" { "security_alert" } else { "challenge_closed" };
        self.next_of(other).await;
    }

    /// What comes next, but for alerts: another node looks each up by itself, so they come before or after what happened with them.
    pub async fn next_but_alerts(&mut self) -> Value {
        loop {
            let message = self.next().await;
            if message["type"] != "security_alert" {
                return message;
            }
        }
    }

    /// The next alert of a kind; everything else is passed over.
    pub async fn alert(&mut self, kind: &str) -> Value {
        loop {
            let alert = self.next_of("security_alert").await;
            if alert["kind"] == kind {
                return alert;
            }
        }
    }

    /// A later code of a challenge, with a receipt for it; earlier ones are passed over.
    pub async fn code_of_generation(&mut self, challenge_id: &str, generation: u32) -> String {
        loop {
            let message = self.next_of("code").await;
            if message["challenge_id"] == challenge_id && message["generation"] == generation {
                self.send(
                    json!({ "type": "receipt", "challenge_id": challenge_id, "generation": generation, "shown": true }),
                )
                .await;
                return message["code"].as_str().expect("a code").to_owned();
            }
        }
    }

    /// The code of a challenge, with a receipt for it.
    pub async fn code_of(&mut self, challenge_id: &str) -> String {
        loop {
            let message = self.next_of("code").await;
            if message["challenge_id"] == challenge_id {
                let generation = &message["generation"];
                self.send(
                    json!({ "type": "receipt", "challenge_id": challenge_id, "generation": generation, "shown": true }),
                )
                .await;
                return message["code"].as_str().expect("a code").to_owned();
            }
        }
    }

    pub async fn send(&mut self, message: Value) {
        self.send_frame(Message::text(message.to_string())).await;
    }

    pub async fn send_frame(&mut self, frame: Message) {
        self.stream.send(frame).await.expect("sent");
    }

    /// Asserts that nothing came before now: a ping sent now is answered next.
    pub async fn expect_nothing(&mut self) {
        self.send(json!({ "type": "ping" })).await;
        let message = self.next().await;
        assert_eq!(message["type"], "pong", "{message}");
    }

    /// The code with which the gateway closes; messages before it are passed over.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            match self.frame().await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(Message::Text(_) | Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("no close but {other:?}"),
            }
        }
    }
}
