//! NATS away: what goes on, what is said, and how it ends.

use std::time::Instant;

use twostep_simulators::NatsServer;

use super::revoking::expect_close;
use super::stage::{Cluster, EMAIL};
use crate::support::chaos_proxy::ChaosProxy;
use crate::support::client::Install;

#[actix_web::test]
async fn a_node_starts_without_nats_and_joins_when_it_comes() {
    let mut nats = NatsServer::start().await.expect("nats-server starts");
    nats.stop().expect("it ends");
    let url = nats.url();
    let mut cluster = Cluster::without_nodes(nats).await;
    cluster.add(&url, |_| {}).await;
    let answer = cluster.await_status_of(0, "degraded").await;
    assert!(answer["bus"].as_str().is_some_and(|reason| !reason.is_empty()), "{answer}");
    cluster.client(0).new_protected_account(EMAIL).await;
    cluster.nats.start_again().await.expect("it starts again");
    cluster.await_status_of(0, "ready").await;
    cluster.stop().await;
}

#[actix_web::test]
async fn without_nats_codes_still_reach_every_node_and_removals_take_effect_within_a_second() {
    let mut cluster = Cluster::start(2).await;
    let mut devices = cluster.devices().await;
    cluster.nats.stop().expect("it ends");
    cluster.await_status("degraded").await;

    let install = Install::new("New");
    let challenge = cluster.client(0).begin_sign_in(EMAIL, &install).await;
    let code = devices[0].1.code_of(&challenge.id).await;
    assert_eq!(devices[1].1.code_of(&challenge.id).await, code, "the other node found it in the database");
    cluster.client(1).sign_in_with_code(&challenge, &code, &install, false).await;
    for (_, screen) in &mut devices {
        assert_eq!(screen.next_of("challenge_closed").await["outcome"], "verified");
    }
    let begun = Instant::now();
    cluster.client(0).delete("/v1/sessions/current", &devices[1].0.access_token).await.expect(204);
    expect_close(&mut devices[1].1, 4401, begun).await;

    cluster.nats.start_again().await.expect("it starts again");
    cluster.await_status("ready").await;
    let challenge = cluster.client(1).begin_sign_in(EMAIL, &Install::new("Newer")).await;
    devices[0].1.code_of(&challenge.id).await;
    cluster.stop().await;
}

/// No byte passes and no connection ends, as behind a firewall that forgot them: nobody is told that the node is cut off.
#[actix_web::test]
async fn what_a_cut_off_node_misses_takes_effect_there_all_the_same() {
    let mut cluster = Cluster::start(1).await;
    let line = ChaosProxy::before_nats(cluster.nats.address()).await;
    cluster.add(line.url(), |_| {}).await;
    cluster.await_status("ready").await;
    let mut devices = cluster.devices().await;
    line.stall();
    // The line still counts as good: the look that every node takes each second finds what was said on it.
    cluster.client(0).delete("/v1/sessions/current", &devices[1].0.access_token).await.expect(204);
    assert_eq!(devices[1].1.close_code().await, 4401);
    cluster.await_status_of(1, "degraded").await;
    line.cut();
    line.pass();
    cluster.await_status_of(1, "ready").await;
    let challenge = cluster.client(1).begin_sign_in(EMAIL, &Install::new("New")).await;
    devices[0].1.code_of(&challenge.id).await;
    cluster.stop().await;
}
