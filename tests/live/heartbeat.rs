//! Connections whose other end is gone or silent.

use crate::support::gateway::TestGateway;
use crate::support::raw_socket::{PING, PONG, RawSocket, TEXT};

async fn restless_gateway() -> TestGateway {
    TestGateway::start_with(|settings| {
        settings.connections.heartbeat_seconds = 1;
        settings.connections.pong_timeout_seconds = 1;
    })
    .await
}

#[actix_web::test]
async fn a_device_that_answers_no_ping_is_let_go() {
    let gateway = restless_gateway().await;
    let client = gateway.client();
    let first = client.new_protected_account("anna@example.com").await;
    let mut socket = RawSocket::connect(client.base(), &first.access_token).await;
    assert_eq!(socket.frame().await.expect("a ping").first, PING);
    assert_eq!(socket.close_code().await, 4003);
    socket.end().await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_device_that_answers_pings_stays() {
    let gateway = restless_gateway().await;
    let client = gateway.client();
    let first = client.new_protected_account("anna@example.com").await;
    let mut socket = RawSocket::connect(client.base(), &first.access_token).await;
    // A silent device is let go within two heartbeats; this one outlives three.
    for _ in 0..3 {
        let ping = socket.frame().await.expect("a ping");
        assert_eq!(ping.first, PING);
        socket.send(PONG, &ping.payload).await;
    }
    socket.send(TEXT, br#"{"type":"ping"}"#).await;
    let answer = socket.frame().await.expect("a frame");
    assert_eq!((answer.first, answer.payload.as_slice()), (TEXT, br#"{"type":"pong"}"#.as_slice()));
    gateway.stop().await;
}

/// A pong may take longer than the next ping: every ping that was answered is settled.
#[actix_web::test]
async fn a_late_pong_in_time_settles_every_ping_before_it() {
    let gateway = TestGateway::start_with(|settings| {
        settings.connections.heartbeat_seconds = 1;
        settings.connections.pong_timeout_seconds = 3;
    })
    .await;
    let client = gateway.client();
    let first = client.new_protected_account("anna@example.com").await;
    let mut socket = RawSocket::connect(client.base(), &first.access_token).await;
    // Answers after two pings, and then each one until any deadline of the first two is over.
    for _ in 0..2 {
        assert_eq!(socket.frame().await.expect("a ping").first, PING);
    }
    socket.send(PONG, b"").await;
    for _ in 0..4 {
        assert_eq!(socket.frame().await.expect("a ping").first, PING);
        socket.send(PONG, b"").await;
    }
    gateway.stop().await;
}
