//! The head of a request: its size and its time, of the first request of a connection and of later ones.

use super::{ASK, Line, hurried};
use crate::support::gateway::TestGateway;

/// A request with a header of so many bytes.
fn with_header(bytes: usize) -> String {
    format!("{}X-Filler: {}\r\n\r\n", ASK.trim_end_matches("\r\n").to_owned() + "\r\n", "x".repeat(bytes))
}

#[actix_web::test]
async fn a_head_of_eight_kib_is_the_most() {
    let gateway = TestGateway::start().await;
    let mut line = Line::open(&gateway).await;
    line.send(with_header(7 * 1024)).await;
    assert!(line.answer().await.expect("an answer").starts_with("HTTP/1.1 200 "));
    // Also after a request that was fine.
    line.send(with_header(9 * 1024)).await;
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

/// Whoever keeps requests waiting for their bodies, or for the rest of their heads, loses them to whoever comes from the same network.
#[actix_web::test]
async fn what_waits_for_its_client_gives_way_to_others_of_its_network() {
    let gateway = TestGateway::start_with(|settings| {
        // One thread reads what comes in the order in which it came: who waits longest is known.
        settings.http.workers = 1;
        settings.http.max_request_memory_per_network = 60 * 1024;
        settings.http.head_timeout_ms = 60_000;
        settings.http.body_timeout_ms = 60_000;
        settings.http.idle_timeout_ms = 60_000;
    })
    .await;
    let body = "POST /v1/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 16384\r\n\r\n{";
    let head = format!("GET /{} HTTP/1.1\r\nX-Slow: ", "x".repeat(7000));
    for begun in [body, &head] {
        let mut waiting = Vec::new();
        for _ in 0..12 {
            let mut line = Line::open(&gateway).await;
            line.send(begun).await;
            waiting.push(line);
            // The same network, and one answer after the other: each finds room.
            Line::open(&gateway).await.ask().await;
        }
        let last = waiting.pop().expect("a line");
        assert!(last.is_silent(), "the longest wait ends first");
        assert_eq!(waiting.swap_remove(0).end().await, "");
        drop(waiting);
    }
    let metrics = gateway.operator().send(reqwest::Method::GET, "/metrics", None, None).await.expect(200);
    let metrics = metrics.as_str().expect("a text");
    assert!(metrics.contains(r#"twostep_limit_refusals_total{limit="request_memory_waiting"}"#), "{metrics}");
    assert!(!metrics.contains(r#"twostep_limit_refusals_total{limit="request_memory"}"#), "{metrics}");
    gateway.stop().await;
}
