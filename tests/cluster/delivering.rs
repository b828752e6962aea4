//! Codes, receipts and closings between nodes.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};
use twostep::settings::Settings;
use twostep_simulators::{NatsServer, WebPushSimulator};

use super::stage::{Cluster, EMAIL};
use crate::support::client::{Challenge, Client, DEADLINE, Install};
use crate::support::event_stream::EventStream;
use crate::support::socket::Socket;

/// The code of a challenge, with a receipt, and nothing else before it.
async fn code_once(screen: &mut Socket, challenge: &Challenge) -> String {
    let message = screen.next_but_alerts().await;
    assert_eq!((&message["type"], &message["challenge_id"]), (&json!("code"), &json!(challenge.id)), "{message}");
    let generation = &message["generation"];
    let receipt = json!({ "type": "receipt", "challenge_id": challenge.id, "generation": generation, "shown": true });
    screen.send(receipt).await;
    message["code"].as_str().expect("a code").to_owned()
}

/// How the deliveries of a challenge stand, once each is `state`.
async fn until_all(client: &Client, challenge: &Challenge, state: &str) -> Vec<Value> {
    let mut events = EventStream::open(client, challenge).await;
    let all = |found: &Value| {
        let deliveries = found["deliveries"].as_array().expect("a list");
        deliveries.iter().all(|delivery| delivery["state"] == state)
    };
    events.until(all).await["deliveries"].as_array().expect("a list").clone()
}

/// A closed browser may reach any node: whoever waits at another hears of it.
#[actix_web::test]
async fn a_receipt_without_a_session_is_heard_at_the_node_where_somebody_waits() {
    let service = WebPushSimulator::start("127.0.0.1:0".parse().expect("an address")).await.expect("it plays");
    let mut cluster = Cluster::without_nodes(NatsServer::start().await.expect("nats-server starts")).await;
    let url = cluster.nats.url();
    for _ in 0..2 {
        let join = |settings: &mut Settings| {
            settings.webpush.services = vec![service.host().to_owned()];
            settings.webpush.trust_root_file = Some(service.ca_file().to_owned());
            settings.delivery.receipt_window_ms = 200;
        };
        cluster.add(&url, join).await;
    }
    cluster.await_status("ready").await;
    let owner = cluster.client(0).new_protected_account(EMAIL).await;
    let subscription = service.subscribe(None);
    let keys = json!({ "p256dh": subscription.p256dh, "auth": subscription.auth });
    let push = json!({ "provider": "webpush", "endpoint": subscription.endpoint, "keys": keys });
    let body = json!({ "push": push, "notifications_allowed": true });
    cluster.client(0).patch("/v1/devices/current", &owner.access_token, body).await.expect(200);

    let challenge = cluster.client(0).begin_sign_in(EMAIL, &Install::new("New")).await;
    let mut events = EventStream::open(&cluster.client(0), &challenge).await;
    let is_code = |inside: &Value| inside["challenge_id"] == challenge.id.as_str() && inside["type"] == "code";
    let seen = service.wait_for(DEADLINE, |all| all.iter().filter_map(|one| one.json()).any(|inside| is_code(&inside)));
    let inside = seen.await.expect("pushed").iter().filter_map(|one| one.json()).find(is_code).expect("a code");
    let receipt = json!({ "receipt": inside["receipt"], "shown": true });
    cluster.client(1).send(Method::POST, "/v1/receipts", None, Some(receipt)).await.expect(204);
    let is_shown = |status: &Value| {
        let deliveries = status["deliveries"].as_array().expect("a list");
        deliveries.iter().any(|delivery| delivery["channel"] == "webpush" && delivery["state"] == "shown")
    };
    events.until(is_shown).await;
    drop(events);
    cluster.stop().await;
}

#[actix_web::test]
async fn a_code_of_any_node_reaches_the_devices_of_every_node_exactly_once() {
    let cluster = Cluster::start(3).await;
    let mut devices = cluster.devices().await;
    for origin in 0..3 {
        let client = cluster.client(origin);
        let install = Install::new(&format!("New {origin}"));
        let challenge = client.begin_sign_in(EMAIL, &install).await;
        let mut codes = HashSet::new();
        for (_, screen) in &mut devices {
            codes.insert(code_once(screen, &challenge).await);
        }
        assert_eq!(codes.len(), 1, "every device shows the same code");
        let deliveries = until_all(&client, &challenge, "shown").await;
        let channels: Vec<_> = deliveries.iter().map(|delivery| delivery["channel"].as_str()).collect();
        assert_eq!(channels, [Some("websocket"); 3], "nobody was pushed or written off");
        // Typed at yet another node, and not trusted, so that the devices stay three.
        let code = codes.into_iter().next().expect("a code");
        cluster.client((origin + 1) % 3).sign_in_with_code(&challenge, &code, &install, false).await;
        for (_, screen) in &mut devices {
            // Next comes the end: no screen got the code twice.
            let closed = screen.next_but_alerts().await;
            assert_eq!(closed["type"], "challenge_closed", "{closed}");
            assert_eq!((&closed["challenge_id"], &closed["outcome"]), (&json!(challenge.id), &json!("verified")));
        }
    }
    cluster.stop().await;
}

#[actix_web::test]
async fn a_new_code_replaces_the_old_one_on_every_node() {
    let cluster = Cluster::start(2).await;
    let mut devices = cluster.devices().await;
    let challenge = cluster.client(0).begin_sign_in(EMAIL, &Install::new("New")).await;
    let mut first = Vec::new();
    for (_, screen) in &mut devices {
        first.push(code_once(screen, &challenge).await);
    }
    let is_it = format!("challenge_id = '{}'", challenge.id);
    cluster.database.age("challenges", "resend_at", 60, &is_it).await;
    cluster.client(1).resend(&challenge, json!({})).await.expect(202);
    for (_, screen) in &mut devices {
        let again = screen.next().await;
        assert_eq!((&again["type"], &again["generation"]), (&json!("code"), &json!(2)), "{again}");
        screen.expect_nothing().await;
    }
    cluster.stop().await;
}

#[actix_web::test]
async fn a_denial_on_one_node_is_known_on_every_node() {
    let cluster = Cluster::start(2).await;
    let mut devices = cluster.devices().await;
    let (client, other) = (cluster.client(0), cluster.client(1));
    let challenge = client.begin_sign_in(EMAIL, &Install::new("New")).await;
    // Watched where neither the sign-in nor the denial happens is not possible with two; where the sign-in did is.
    let mut events = EventStream::open(&client, &challenge).await;
    let code = code_once(&mut devices[1].1, &challenge).await;
    devices[1].1.send(json!({ "type": "deny", "challenge_id": challenge.id })).await;
    assert_eq!(events.until(|state| state["state"] != "open").await["state"], "denied");
    for (_, screen) in &mut devices {
        // Another node looks both up, each for itself: either may be first.
        let mut told = [screen.next_of_any(&["challenge_closed", "security_alert"]).await, Value::Null];
        let other = if told[0]["type"] == "security_alert" { "challenge_closed" } else { "security_alert" };
        told[1] = screen.next_of(other).await;
        told.sort_by_key(|message| message["type"] == "security_alert");
        assert_eq!((&told[0]["outcome"], &told[1]["kind"]), (&json!("denied"), &json!("sign_in_denied")));
    }
    other.verify(&challenge, &code).await.expect_problem(410, "challenge_closed");
    cluster.stop().await;
}

#[actix_web::test]
async fn a_stream_on_one_node_tells_what_happens_on_another() {
    let cluster = Cluster::start(2).await;
    let mut devices = cluster.devices().await;
    let install = Install::new("New");
    let challenge = cluster.client(0).begin_sign_in(EMAIL, &install).await;
    let mut events = EventStream::open(&cluster.client(1), &challenge).await;
    let code = code_once(&mut devices[0].1, &challenge).await;
    let shown = |state: &Value| {
        let deliveries = state["deliveries"].as_array().expect("a list");
        deliveries.iter().any(|delivery| delivery["state"] == "shown")
    };
    events.until(shown).await;
    cluster.client(0).sign_in_with_code(&challenge, &code, &install, false).await;
    assert_eq!(events.until(|state| state["state"] != "open").await["state"], "verified");
    assert_eq!(events.next().await, None, "nothing follows");
    cluster.stop().await;
}

#[actix_web::test]
async fn a_device_that_moves_to_another_node_has_one_connection_and_each_code_once() {
    let cluster = Cluster::start(2).await;
    let first = cluster.client(0).new_protected_account(EMAIL).await;
    let mut older = cluster.client(0).connect(&first).await;
    let challenge = cluster.client(0).begin_sign_in(EMAIL, &Install::new("New")).await;
    let code = code_once(&mut older, &challenge).await;
    let mut newer = cluster.client(1).connect(&first).await;
    assert_eq!(older.close_code().await, 4409);
    assert_eq!(code_once(&mut newer, &challenge).await, code);
    newer.expect_nothing().await;
    cluster.stop().await;
}
