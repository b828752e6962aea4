//! The head of a request: its size and its time, of the first request of a connection and of later ones.

use super::{ASK, Line, hurried};
use crate::support::gateway::TestGateway;

/// A request with a header of so many bytes.
fn with_header(bytes: usize) -> String {
    format!("{}X-Filler: {}\r\n\r\n", ASK.trim_end_matches("\r\n").to_owned() + "\r\n", "x".repeat(bytes))
}

#[actix_web::test]
async fn a_head_of_sixteen_kib_is_the_most() {
    let gateway = TestGateway::start().await;
    let mut line = Line::open(&gateway).await;
    line.send(with_header(15 * 1024)).await;
    assert!(line.answer().await.expect("an answer").starts_with("HTTP/1.1 200 "));
    // Also after a request that was fine.
    line.send(with_header(17 * 1024)).await;
    assert!(line.answer().await.expect("an answer").starts_with("HTTP/1.1 431 "));
    assert_eq!(line.end().await, "");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_head_without_an_end_is_refused_at_its_bound() {
    let gateway = TestGateway::start().await;
    let mut line = Line::open(&gateway).await;
    line.send(format!("GET /{}", "x".repeat(20 * 1024))).await;
    assert!(line.answer().await.expect("an answer").starts_with("HTTP/1.1 431 "));
    assert_eq!(line.end().await, "");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_connection_that_says_nothing_or_half_a_head_is_ended() {
    let gateway = TestGateway::start_with(hurried).await;
    for (beginning, answer) in [("", ""), ("GET / HTTP/1.1\r\nHost: ", "HTTP/1.1 408 ")] {
        let mut line = Line::open(&gateway).await;
        line.send(beginning).await;
        let said = line.end().await;
        assert!(said.starts_with(answer) && said.is_empty() == answer.is_empty(), "{said}");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn what_is_no_http_is_refused_without_waiting_for_more() {
    let gateway = TestGateway::start().await;
    let mut line = Line::open(&gateway).await;
    // The beginning of a TLS handshake.
    line.send("\x16\x03\x01\x02").await;
    assert!(line.answer().await.expect("an answer").starts_with("HTTP/1.1 400 "));
    gateway.stop().await;
}

#[actix_web::test]
async fn half_a_head_after_a_whole_request_is_ended_too() {
    let gateway = TestGateway::start_with(hurried).await;
    let mut line = Line::open(&gateway).await;
    line.ask().await;
    line.send("GET / HTTP/1.1\r\nHost: ").await;
    assert_eq!(line.end().await, "");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_connection_without_another_request_is_ended() {
    let gateway = TestGateway::start_with(hurried).await;
    let mut line = Line::open(&gateway).await;
    line.ask().await;
    line.ask().await;
    assert_eq!(line.end().await, "");
    gateway.stop().await;
}
