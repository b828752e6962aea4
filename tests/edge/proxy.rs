//! Behind proxies: what they may say, and what nobody else may.

use serde_json::{Value, json};
use twostep::settings::{ProxyProtocol, Settings};

use super::{ASK, Line};
use crate::support::gateway::TestGateway;

/// The tests are the proxy.
fn behind_a_proxy(settings: &mut Settings) {
    settings.http.trusted_proxies = vec!["127.0.0.1/32".parse().expect("a network")];
}

pub(super) fn with_proxy_header(settings: &mut Settings) {
    behind_a_proxy(settings);
    settings.http.proxy_protocol = ProxyProtocol::Required;
}

fn body(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").expect("a body").1).expect("JSON")
}

/// Version 2 with an IPv4 address.
fn binary_header(source: [u8; 4]) -> Vec<u8> {
    [b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".as_slice(), &source, &[127, 0, 0, 1, 0x10, 0, 0, 80]].concat()
}

#[actix_web::test]
async fn the_gateway_tells_which_address_it_sees() {
    let gateway = TestGateway::start_with(behind_a_proxy).await;
    let forwarded = ASK.replace("\r\n\r\n", "\r\nX-Forwarded-For: 198.51.100.1, 192.0.2.7\r\n\r\n");
    let mut proxy = Line::open(&gateway).await;
    assert_eq!(body(&proxy.ask().await), json!({ "ip": "127.0.0.1", "peer": "127.0.0.1", "trusted_proxy": true }));
    proxy.send(&forwarded).await;
    let answer = proxy.answer().await.expect("an answer");
    assert_eq!(body(&answer), json!({ "ip": "192.0.2.7", "peer": "127.0.0.1", "trusted_proxy": true }));
    let mut stranger = Line::open_from(&gateway, "127.0.0.2").await;
    stranger.send(&forwarded).await;
    let answer = stranger.answer().await.expect("an answer");
    assert_eq!(body(&answer), json!({ "ip": "127.0.0.2", "peer": "127.0.0.2", "trusted_proxy": false }));
    gateway.stop().await;
}

#[actix_web::test]
async fn a_proxy_header_names_the_client_for_the_whole_connection() {
    let gateway = TestGateway::start_with(with_proxy_header).await;
    let text = b"PROXY TCP4 192.0.2.7 127.0.0.1 4096 80\r\n".to_vec();
    for header in [text, binary_header([192, 0, 2, 7])] {
        let mut line = Line::open(&gateway).await;
        line.send(&header).await;
        for _ in 0..2 {
            let seen = body(&line.ask().await);
            assert_eq!(seen, json!({ "ip": "192.0.2.7", "peer": "192.0.2.7", "trusted_proxy": false }));
        }
        // The client's own claim counts for nothing.
        line.send(ASK.replace("\r\n\r\n", "\r\nX-Forwarded-For: 198.51.100.1\r\n\r\n")).await;
        assert_eq!(body(&line.answer().await.expect("an answer"))["ip"], "192.0.2.7");
    }
    let mut health_check = Line::open(&gateway).await;
    health_check.send("PROXY UNKNOWN\r\n").await;
    assert_eq!(body(&health_check.ask().await)["ip"], "127.0.0.1");
    gateway.stop().await;
}

#[actix_web::test]
async fn without_a_proxy_header_from_a_trusted_proxy_nothing_is_answered() {
    let gateway = TestGateway::start_with(|settings| {
        with_proxy_header(settings);
        settings.http.head_timeout_ms = 300;
    })
    .await;
    let mut stranger = Line::open_from(&gateway, "127.0.0.2").await;
    stranger.send([&binary_header([192, 0, 2, 7]), ASK.as_bytes()].concat()).await;
    assert_eq!(stranger.end().await, "");
    let mut bare = Line::open(&gateway).await;
    bare.send(ASK).await;
    assert_eq!(bare.end().await, "");
    let mut slow = Line::open(&gateway).await;
    slow.send("PROXY TCP4 ").await;
    assert_eq!(slow.end().await, "");
    gateway.stop().await;
}

/// `LOCAL` and `UNKNOWN`: the proxy speaks for itself, so it has nobody to name.
#[actix_web::test]
async fn a_proxy_that_speaks_for_itself_names_nobody_in_a_header_unless_told_so() {
    for (may_forward, ip) in [(false, "127.0.0.1"), (true, "192.0.2.7")] {
        let gateway = TestGateway::start_with(|settings| {
            with_proxy_header(settings);
            settings.http.forwarded_by_local = may_forward;
        })
        .await;
        let local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
        let without_address = b"\r\n\r\n\0\r\nQUIT\n\x21\0\0\0";
        for header in [b"PROXY UNKNOWN\r\n".as_slice(), local, without_address] {
            let mut line = Line::open(&gateway).await;
            line.send(header).await;
            line.send(ASK.replace("\r\n\r\n", "\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n")).await;
            let seen = body(&line.answer().await.expect("an answer"));
            assert_eq!(seen, json!({ "ip": ip, "peer": "127.0.0.1", "trusted_proxy": may_forward }));
        }
        gateway.stop().await;
    }
}

#[actix_web::test]
async fn a_loopback_address_in_a_proxy_header_is_limited_like_any() {
    let gateway = TestGateway::start_with(|settings| {
        with_proxy_header(settings);
        settings.limits.strangers_per_minute = 3.try_into().expect("not zero");
        settings.http.max_connections_per_network = 2;
    })
    .await;
    for header in ["PROXY TCP4 127.0.0.9 127.0.0.1 4096 80\r\n", "PROXY TCP6 ::1 ::1 4096 80\r\n"] {
        let mut lines = Vec::new();
        for _ in 0..2 {
            let mut line = Line::open(&gateway).await;
            line.send(header).await;
            line.ask().await;
            lines.push(line);
        }
        lines[0].ask().await;
        lines[0].send(ASK).await;
        assert!(lines[0].answer().await.expect("an answer").starts_with("HTTP/1.1 429 "), "{header}");
        let mut third = Line::open(&gateway).await;
        third.send(format!("{header}{ASK}")).await;
        assert_eq!(third.answer().await, None, "{header}");
    }
    gateway.stop().await;
}
