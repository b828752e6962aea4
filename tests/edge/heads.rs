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

#[actix_web::test]
async fn heads_and_bodies_under_way_have_so_much_memory_and_others_go_on() {
    let gateway = TestGateway::start_with(|settings| {
        settings.http.max_request_memory_per_network = 40 * 1024;
        settings.http.idle_timeout_ms = 60_000;
    })
    .await;
    let mut waiting = Vec::new();
    let begun = "POST /v1/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 16384\r\n\r\n{";
    let refused = loop {
        let mut line = Line::open(&gateway).await;
        line.send(begun).await;
        // Whoever has room waits for the rest; a request elsewhere shows that the gateway had the time.
        Line::open_from(&gateway, "127.0.0.2").await.ask().await;
        if !line.is_silent() {
            break line.answer().await.expect("an answer");
        }
        waiting.push(line);
        assert!(waiting.len() < 10, "no bound");
    };
    assert!(!waiting.is_empty());
    let lower = refused.to_ascii_lowercase();
    assert!(refused.starts_with("HTTP/1.1 503 ") && lower.contains("retry-after: 1"), "{refused}");
    assert!(refused.contains("service_unavailable"), "{refused}");
    drop(waiting);
    let mut halves = Vec::new();
    let half = format!("GET /{} HTTP/1.1\r\nX-Slow: ", "x".repeat(7000));
    let refused = loop {
        let mut line = Line::open_from(&gateway, "127.0.0.3").await;
        line.send(&half).await;
        Line::open_from(&gateway, "127.0.0.2").await.ask().await;
        if !line.is_silent() {
            break line.answer().await.expect("an answer");
        }
        halves.push(line);
        assert!(halves.len() < 10, "no bound");
    };
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    drop(halves);
    gateway.stop().await;
}
