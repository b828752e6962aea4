//! Requests that are sent before the one ahead of them was answered.

use super::{ASK, Line};
use crate::support::gateway::TestGateway;

const POST: &str = "POST /v1/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

/// Requests with bodies of every framing, and what their answers tell of each.
fn requests() -> [(String, &'static str); 5] {
    let long = format!("{{\"x\":\"{}\"}}", "\r\n\r\n".repeat(2000));
    [
        (ASK.to_owned(), "\"ip\""),
        (format!("{POST}Content-Length: 7\r\n\r\n{{\"a\":1}}"), "unknown field `a`"),
        (
            format!("{POST}Transfer-Encoding: chunked\r\n\r\n3\r\n{{\"b\r\n4;x=y\r\n\":1}}\r\n0\r\nX: y\r\n\r\n"),
            "unknown field `b`",
        ),
        (format!("{POST}Content-Length: {}\r\n\r\n{long}", long.len()), "unknown field `x`"),
        (format!("\r\n{ASK}"), "\"ip\""),
    ]
}

#[actix_web::test]
async fn requests_sent_at_once_are_answered_in_their_order() {
    let gateway = TestGateway::start().await;
    let mut line = Line::open(&gateway).await;
    let all: String = requests().iter().map(|(request, _)| request.as_str()).collect();
    line.send(all.repeat(3)).await;
    for (_, answer) in requests().iter().cycle().take(15) {
        let said = line.answer().await.expect("an answer");
        assert!(said.contains(answer), "not {answer}: {said}");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn requests_that_come_byte_by_byte_are_answered_in_their_order() {
    let gateway = TestGateway::start().await;
    let mut line = Line::open(&gateway).await;
    for (request, answer) in requests().iter().take(3) {
        for byte in request.as_bytes() {
            line.send([*byte]).await;
        }
        let said = line.answer().await.expect("an answer");
        assert!(said.contains(answer), "not {answer}: {said}");
    }
    gateway.stop().await;
}

/// What follows a request that asks for a WebSocket where there are some could be another protocol, and is no request.
#[actix_web::test]
async fn who_asks_for_a_websocket_in_vain_gets_an_answer_and_the_end() {
    let gateway = TestGateway::start().await;
    let mut line = Line::open(&gateway).await;
    let connect = "GET /v1/connect HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nHost: localhost\r\n\r\n";
    line.send(connect.to_owned() + ASK + ASK).await;
    let answer = line.answer().await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert_eq!(line.end().await, "");
    gateway.stop().await;
}

/// What is behind a body that nobody read would be a request to some and a body to others (request smuggling).
#[actix_web::test]
async fn what_is_refused_before_its_body_came_leaves_no_request_behind() {
    let gateway = TestGateway::start().await;
    let mut line = Line::open(&gateway).await;
    let hidden = ASK.repeat(2);
    line.send(format!("POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{hidden}", hidden.len()))
        .await;
    assert!(line.answer().await.expect("an answer").starts_with("HTTP/1.1 404 "));
    // The connection is either closed or goes on behind the body.
    let _ = line.stream.try_write(ASK.as_bytes());
    let rest = line.answer().await;
    assert!(rest.as_ref().is_none_or(|answer| answer.starts_with("HTTP/1.1 200 ")), "{rest:?}");
    if rest.is_some() {
        line.ask().await;
        assert!(line.received.is_empty());
    }
    gateway.stop().await;
}

/// Where two readers could disagree about the end of a request nothing that follows is answered (RFC 9112 sections 6.1 and 6.3).
#[actix_web::test]
async fn a_body_whose_end_can_be_read_in_two_ways_is_refused_with_all_behind_it() {
    let gateway = TestGateway::start().await;
    for framing in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: +5",
        "Content-Length: 5, 5",
        "Content-Length: 0x5",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "X: y\r\n Content-Length: 5",
    ] {
        let mut line = Line::open(&gateway).await;
        line.send(format!("{POST}{framing}\r\n\r\n0\r\n\r\n{ASK}")).await;
        let all = line.end().await;
        assert!(all.starts_with("HTTP/1.1 400 "), "{framing}: {all}");
        assert_eq!(all.matches("HTTP/1.1 ").count(), 1, "{framing}: {all}");
    }
    gateway.stop().await;
}

/// A 101 that is followed by HTTP would let a client speak for others through a proxy that believed it.
#[actix_web::test]
async fn a_websocket_is_promised_only_where_http_ends() {
    let gateway = TestGateway::start().await;
    let device = gateway.client().new_protected_account("anna@example.com").await;
    let handshake = |protocol: &str, version: &str, more: &str| {
        format!(
            "GET /v1/connect HTTP/{version}\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nConnection: Upgrade\r\n\
             Upgrade: {protocol}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n",
            device.access_token
        )
    };
    for (protocol, version, more) in [
        ("websocket", "1.1", "Transfer-Encoding: chunked\r\n"),
        ("websocket", "1.1", "Content-Length: 5\r\n"),
        ("websocket", "1.0", ""),
        ("websocket, other", "1.1", ""),
        ("otherwebsocket", "1.1", ""),
    ] {
        let mut line = Line::open(&gateway).await;
        line.send(handshake(protocol, version, more)).await;
        let answer = line.answer().await.expect("an answer");
        assert!(
            answer.contains(" 400 ") && answer.contains("invalid_request"),
            "{protocol} {version} {more}: {answer}"
        );
    }
    let mut line = Line::open(&gateway).await;
    line.send(handshake("websocket", "1.1", "Content-Length: 0\r\n")).await;
    assert!(line.answer().await.expect("an answer").starts_with("HTTP/1.1 101 "), "the handshake itself is right");
    gateway.stop().await;
}
