//! Bodies: their time, their size, their encoding.

use super::{Line, hurried};
use crate::support::gateway::TestGateway;

const SIGN_IN: &str = "POST /v1/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

#[actix_web::test]
async fn a_body_that_drips_in_is_given_up() {
    let gateway = TestGateway::start_with(|settings| {
        hurried(settings);
        settings.http.head_timeout_ms = 1000;
    })
    .await;
    for framing in ["Content-Length: 1000\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"] {
        let mut line = Line::open(&gateway).await;
        line.send(format!("{SIGN_IN}{framing}")).await;
        let answer = line.answer().await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("took too long"), "{framing:?}: {answer}");
        line.end().await;
    }
    gateway.stop().await;
}

/// A few kilobytes of gzip can be megabytes of body, before anybody counts them.
#[actix_web::test]
async fn a_compressed_body_is_refused_before_it_is_unpacked() {
    let gateway = TestGateway::start().await;
    for encoding in ["gzip", "identity, gzip", "br", "x"] {
        let mut line = Line::open(&gateway).await;
        line.send(format!("{SIGN_IN}Content-Encoding: {encoding}\r\nContent-Length: 2\r\n\r\n\x1f{{")).await;
        let answer = line.answer().await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("Content-Encoding"), "{answer}");
    }
    let mut line = Line::open(&gateway).await;
    line.send(format!("{SIGN_IN}Content-Encoding: identity\r\nContent-Length: 2\r\n\r\n{{}}")).await;
    let answer = line.answer().await.expect("an answer");
    assert!(answer.contains("missing field"), "{answer}");
    gateway.stop().await;
}

/// One answer, and then the end: what is left of the body is read so that no reset takes the answer away, but not for ever.
#[actix_web::test]
async fn a_body_over_the_limit_gets_one_answer_and_the_end() {
    let gateway = TestGateway::start().await;
    let most = gateway_limit();
    let chunk = |size: usize| format!("{size:x}\r\n{}\r\n", "x".repeat(size));
    for (framing, body) in [
        (format!("Content-Length: {}", most + 1), "x".repeat(most + 1)),
        (format!("Content-Length: {}", 3 * most), "x".repeat(3 * most)),
        ("Content-Length: 99999999".to_owned(), "x".repeat(2 * most)),
        ("Transfer-Encoding: chunked".to_owned(), chunk(1000).repeat(most / 500) + "0\r\n\r\n"),
        ("Transfer-Encoding: chunked".to_owned(), chunk(1000).repeat(most / 500)),
    ] {
        let mut line = Line::open(&gateway).await;
        line.send(format!("{SIGN_IN}{framing}\r\n\r\n{body}")).await;
        let answer = line.answer().await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 413 "), "{framing}: {answer}");
        assert!(answer.to_ascii_lowercase().contains("\r\nconnection: close\r\n"), "{framing}: {answer}");
        line.finish().await;
        assert_eq!(line.end().await, "", "{framing}");
    }
    gateway.stop().await;
}

/// `http.max_body_bytes`, unless it is set.
fn gateway_limit() -> usize {
    16 * 1024
}
