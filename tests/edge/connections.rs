//! How many connections there may be: from one network, in all, and of one account.

use super::proxy::with_proxy_header;
use super::{ASK, Line};
use crate::support::gateway::TestGateway;

async fn open_for(gateway: &TestGateway, client: &str) -> Line<tokio::net::TcpStream> {
    let mut line = Line::open(gateway).await;
    line.send(format!("PROXY TCP6 {client} ::1 4096 80\r\n{ASK}")).await;
    line
}

#[actix_web::test]
async fn a_network_has_so_many_connections_and_others_theirs() {
    let gateway = TestGateway::start_with(|settings| {
        with_proxy_header(settings);
        settings.http.max_connections_per_network = 2;
        settings.http.idle_timeout_ms = 60_000;
    })
    .await;
    let mut first = open_for(&gateway, "2001:db8::1").await;
    let mut second = open_for(&gateway, "2001:db8::2").await;
    for line in [&mut first, &mut second] {
        assert!(line.answer().await.is_some());
    }
    assert_eq!(open_for(&gateway, "2001:db8::3").await.answer().await, None);
    assert!(open_for(&gateway, "2001:db8:0:1::1").await.answer().await.is_some());
    first.ask().await;
    drop(second);
    // The gateway notices in a moment that it is gone.
    while open_for(&gateway, "2001:db8::3").await.answer().await.is_none() {}
    gateway.stop().await;
}

#[actix_web::test]
async fn one_more_than_all_waits_until_another_ends() {
    let gateway = TestGateway::start_with(|settings| {
        settings.http.workers = 1;
        settings.http.max_connections = 2;
        settings.http.idle_timeout_ms = 60_000;
    })
    .await;
    let (mut first, mut second) = (Line::open(&gateway).await, Line::open(&gateway).await);
    first.ask().await;
    second.ask().await;
    let mut third = Line::open(&gateway).await;
    third.send(ASK).await;
    for _ in 0..10 {
        first.ask().await;
        second.ask().await;
    }
    assert!(third.is_silent());
    drop(first);
    assert!(third.answer().await.is_some());
    gateway.stop().await;
}
