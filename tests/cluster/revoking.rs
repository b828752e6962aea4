//! What ends on one node ends on every node, at once.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use super::stage::{Cluster, EMAIL};
use crate::support::client::{PASSWORD, SignedIn};
use crate::support::socket::Socket;

/// Design section 5: removing a device or ending a session closes its socket within 1 s on whatever node it is.
pub const AT_ONCE: Duration = Duration::from_secs(1);

/// Asserts that the connection closed within a second of `begun`.
pub async fn expect_close(screen: &mut Socket, code: u16, begun: Instant) {
    assert_eq!(screen.close_code().await, code);
    assert!(begun.elapsed() < AT_ONCE, "it took {:?}", begun.elapsed());
}

/// Neither the token nor a ticket that was issued before opens anything, on any node.
async fn expect_refused(cluster: &Cluster, device: &SignedIn, ticket: &str) {
    for node in 0..cluster.nodes.len() {
        let client = cluster.client(node);
        client.get("/v1/login-security", &device.access_token).await.expect_problem(401, "unauthorized");
        let bearer = format!("Bearer {}", device.access_token);
        for (query, headers) in
            [("", vec![("authorization", bearer.as_str())]), (&*format!("?ticket={ticket}"), vec![])]
        {
            let refused = Socket::open(client.base(), query, &headers).await.err().expect("refused");
            assert_eq!(refused.status, 401);
        }
        let body = json!({ "refresh_token": device.refresh_token });
        client.send(Method::POST, "/v1/sessions/refresh", None, Some(body)).await.expect_problem(401, "unauthorized");
    }
}

async fn ticket(cluster: &Cluster, node: usize, device: &SignedIn) -> String {
    let answer = cluster.client(node).send(Method::POST, "/v1/connect/ticket", Some(&device.access_token), None).await;
    answer.expect(200)["ticket"].as_str().expect("a ticket").to_owned()
}

#[actix_web::test]
async fn a_device_removed_on_one_node_is_cut_off_on_every_node_within_a_second() {
    let cluster = Cluster::start(2).await;
    let mut devices = cluster.devices().await;
    for (here, there) in [(0, 1), (1, 0)] {
        let ticket = ticket(&cluster, there, &devices[there].0).await;
        let path = format!("/v1/trusted-devices/{}", devices[there].0.device_id);
        let begun = Instant::now();
        cluster.client(here).delete(&path, &devices[here].0.access_token).await.expect(204);
        expect_close(&mut devices[there].1, 4403, begun).await;
        expect_refused(&cluster, &devices[there].0, &ticket).await;
        devices[here].1.alert("device_removed").await;
        // Another takes its place for the other way round.
        let (first, rest) = devices.split_at_mut(1);
        let keeper = if here == 0 { &mut first[0].1 } else { &mut rest[0].1 };
        let another = cluster.client(there).trust_another(EMAIL, keeper, "Another").await;
        devices[here].1.next_of("challenge_closed").await;
        devices[there] = (another.clone(), cluster.client(there).connect(&another).await);
    }
    cluster.stop().await;
}

#[actix_web::test]
async fn a_session_that_ends_on_one_node_is_cut_off_on_every_node_within_a_second() {
    let cluster = Cluster::start(2).await;
    let mut devices = cluster.devices().await;
    let ended = ticket(&cluster, 0, &devices[1].0).await;
    let begun = Instant::now();
    cluster.client(0).delete("/v1/sessions/current", &devices[1].0.access_token).await.expect(204);
    expect_close(&mut devices[1].1, 4401, begun).await;
    expect_refused(&cluster, &devices[1].0, &ended).await;
    devices[0].1.expect_nothing().await;
    cluster.stop().await;
}

#[actix_web::test]
async fn other_sessions_end_on_every_node_when_the_password_changes() {
    let cluster = Cluster::start(3).await;
    let mut devices = cluster.devices().await;
    let body = json!({ "current": PASSWORD, "new": "another long enough password" });
    let begun = Instant::now();
    cluster.client(0).post("/v1/login-security/password", &devices[0].0.access_token, body).await.expect(204);
    for (_, screen) in &mut devices[1..] {
        expect_close(screen, 4401, begun).await;
    }
    assert_eq!(devices[0].1.next().await["kind"], "password_changed");
    cluster.stop().await;
}

#[actix_web::test]
async fn an_operator_of_any_node_signs_an_account_out_on_every_node() {
    let cluster = Cluster::start(2).await;
    let mut devices = cluster.devices().await;
    let operator = cluster.nodes[1].operator();
    let found = operator.send(Method::GET, &format!("/admin/accounts?email={EMAIL}"), None, None).await.expect(200);
    let path = format!("/admin/accounts/{}/sign-out-everywhere", found["id"].as_str().expect("an id"));
    let begun = Instant::now();
    operator.send(Method::POST, &path, None, None).await.expect(204);
    for (_, screen) in &mut devices {
        expect_close(screen, 4401, begun).await;
    }
    cluster.stop().await;
}
