//! Offers to go on in another protocol, which clients and proxies make by habit.

use serde_json::json;

use super::{ASK, Line};
use crate::support::client::{Install, PASSWORD};
use crate::support::event_stream::EventStream;
use crate::support::gateway::TestGateway;

/// As they come: the JDK's `HttpClient`, `curl --http2`, nginx with the lines for WebSockets in its `location /`, a browser's
/// WebSocket to the wrong address, and what nobody has ever heard of.
const OFFERS: [&str; 7] = [
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAA\r\n",
    "Connection: upgrade\r\n",
    "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n",
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "Connection: Upgrade\r\nUpgrade: TLS/1.3, HTTP/3.0\r\n",
    "Upgrade: websocket\r\n",
    "connection:UPGRADE\r\nconnection: x\r\nupgrade:\tWebSocket\r\n",
];

/// Each request is answered as if nothing had been offered, and the next one as well.
#[actix_web::test]
async fn an_offer_that_is_not_taken_is_ignored() {
    let gateway = TestGateway::start().await;
    let mut line = Line::open(&gateway).await;
    let body = json!({ "a": "\r\n\r\nUpgrade: x\r\n" }).to_string();
    for offer in OFFERS {
        let with = |request: &str| request.replacen("Host: localhost\r\n", &format!("Host: localhost\r\n{offer}"), 1);
        let post = "POST /v1/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        let post = format!("{post}Content-Length: {}\r\n\r\n{body}", body.len());
        let chunked =
            post.replace(&format!("Content-Length: {}\r\n\r\n", body.len()), "Transfer-Encoding: chunked\r\n\r\n");
        let chunked = chunked.replace(&body, &format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()));
        for (request, said) in [(ASK, "\"ip\""), (&post, "unknown field `a`"), (&chunked, "unknown field `a`")] {
            line.send(with(request)).await;
            let answer = line.answer().await.expect("an answer");
            assert!(answer.contains(said), "{offer:?}: {answer}");
            assert!(!answer.to_ascii_lowercase().contains("connection:"), "{offer:?}: {answer}");
        }
    }
    line.ask().await;
    gateway.stop().await;
}

/// A live state goes on without an end, as it does for who offers nothing.
#[actix_web::test]
async fn a_live_state_is_watched_whatever_is_offered() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.new_protected_account("anna@example.com").await;
    let install = Install::new("New");
    let challenge = client.begin_sign_in("anna@example.com", &install).await;
    let offer = [("connection", "upgrade"), ("upgrade", "websocket")];
    let mut events = EventStream::open_with(&client, &challenge, &offer).await;
    assert_eq!(events.next().await.expect("its state")["state"], "open");
    client.begin_sign_in("anna@example.com", &install).await;
    events.until(|state| state["state"] != "open").await;
    gateway.stop().await;
}

/// RFC 6455 section 4.4.
#[actix_web::test]
async fn another_version_of_websockets_is_told_which_one_is_spoken() {
    let gateway = TestGateway::start().await;
    for version in ["8", "0", "14", "13, 8", ""] {
        let mut line = Line::open(&gateway).await;
        line.send(format!(
            "GET /v1/connect HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: {version}\r\n\r\n"
        ))
        .await;
        let answer = line.answer().await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 400 "), "{version:?}: {answer}");
        assert!(answer.to_ascii_lowercase().contains("\r\nsec-websocket-version: 13\r\n"), "{version:?}: {answer}");
    }
    // Who asks without a handshake learns what is expected here.
    let client = gateway.client();
    let owner = client.new_protected_account("anna@example.com").await;
    let answer = client.get("/v1/connect", &owner.access_token).await;
    assert_eq!(answer.headers["sec-websocket-version"], "13");
    answer.expect_problem(400, "invalid_request");
    assert_eq!(client.sign_in("anna@example.com", PASSWORD, &Install::new("New"), None).await.status, 202);
    gateway.stop().await;
}
