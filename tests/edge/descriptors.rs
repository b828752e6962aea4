//! More connections than file descriptors.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use tokio::net::TcpStream;

use super::Line;
use crate::support::child::ChildGateway;
use crate::support::database::TestDatabase;

/// The limit of the process, and how many connect. Some 60 of the former are left for connections.
const FILES: u32 = 256;
const CLIENTS: usize = 300;

/// Accepting stops instead of failing over and over; who is connected is served, and the database is reached.
#[actix_web::test]
async fn without_free_descriptors_the_connected_are_served_and_nothing_spins() {
    // Metrics are asked for with a client that wants one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let database = TestDatabase::new().await;
    let environment = [
        ("DATABASE__URL", database.url.as_str()),
        ("DATABASE__POOL_SIZE", "4"),
        ("HTTP__WORKERS", "1"),
        ("HTTP__HEAD_TIMEOUT_MS", "4000"),
        ("HTTP__IDLE_TIMEOUT_MS", "60000"),
    ];
    let environment = environment.map(|(key, value)| (format!("TWOSTEP__{key}"), value.to_owned()));
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("limited");
    std::fs::write(&program, format!("#!/bin/sh\nulimit -n {FILES}\nexec {}\n", env!("CARGO_BIN_EXE_twostep")))
        .expect("written");
    std::fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("runnable");
    let gateway = ChildGateway::start(program.to_str().expect("UTF-8"), &environment).await;
    let address = gateway.url.trim_start_matches("http://");
    let connect = async || Line::new(TcpStream::connect(address).await.expect("connected"));

    let mut kept = connect().await;
    kept.ask().await;
    let mut crowd = Vec::new();
    for _ in 0..CLIENTS {
        crowd.push(connect().await);
    }
    let before = gateway.processor_ticks();
    for _ in 0..20 {
        kept.ask().await;
        // It asks the database.
        kept.send("GET /v1/login-security HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ts_at_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n\r\n").await;
        assert!(kept.answer().await.expect("an answer").starts_with("HTTP/1.1 401 "));
    }
    // The rest waits to be accepted: what else needs descriptors has some left.
    let open = gateway.metric("twostep_http_connections_open", "").await;
    assert!(open < 100.0, "{open}");
    // Who says nothing is let go after four seconds: a loop that spins takes 400 ticks until then.
    crowd[0].end().await;
    let ticks = gateway.processor_ticks() - before;
    assert!(ticks < 150, "{ticks} ticks");
    drop(crowd);
    connect().await.ask().await;
    kept.ask().await;
}
