//! What devices say of pushes without a session: from a closed browser, or a phone that was woken.

use std::num::NonZeroU32;

use reqwest::Method;
use serde_json::{Value, json};

use super::sealed::{configure, push_service, pushed};
use super::stage::{Stage, of_channel, texts};
use crate::support::client::{Answer, Challenge, Client, DEADLINE, SignedIn};
use crate::support::gateway::TestGateway;
use twostep_simulators::WebPushSimulator;

/// A browser whose page is closed.
async fn with_browser() -> (WebPushSimulator, Stage) {
    let service = push_service().await;
    let stage = Stage::start_with(|settings| configure(settings, &service)).await;
    let owner = &stage.owner;
    subscribe(&service, &stage, owner).await;
    (service, stage)
}

async fn subscribe(service: &WebPushSimulator, stage: &Stage, device: &SignedIn) {
    let key = stage.client.send(Method::GET, "/v1/push/web", None, None).await.expect(200)["public_key"].clone();
    let subscription = service.subscribe(key.as_str());
    let keys = json!({ "p256dh": subscription.p256dh, "auth": subscription.auth });
    let push = json!({ "provider": "webpush", "endpoint": subscription.endpoint, "keys": keys });
    stage.change(device, json!({ "push": push, "notifications_allowed": true })).await;
}

async fn say(client: &Client, receipt: &Value, what: Value) -> Answer {
    let mut body = what;
    body["receipt"] = receipt.clone();
    client.send(Method::POST, "/v1/receipts", None, Some(body)).await
}

#[actix_web::test]
async fn a_closed_browser_shows_the_code_and_whoever_waits_hears_of_it() {
    let (service, stage) = with_browser().await;
    let challenge = stage.ask().await;
    let inside = pushed(&service, &challenge, "code").await;
    stage.status_when(&challenge, "webpush", "accepted").await;
    let receipt = &inside["receipt"];
    say(&stage.client, receipt, json!({ "shown": false })).await.expect(204);
    stage.status_when(&challenge, "webpush", "not_shown").await;
    say(&stage.client, receipt, json!({ "shown": true })).await.expect(204);
    let status = stage.status_when(&challenge, "webpush", "shown").await;
    assert!(texts(&status).contains(&"Trusted device 1: shown"), "{status}");
    assert_eq!(status["hints"][0]["code"], "shown_on_trusted_device");
    // "Shown" is never undone, and the same twice is fine.
    say(&stage.client, receipt, json!({ "shown": false })).await.expect(204);
    say(&stage.client, receipt, json!({ "shown": true })).await.expect(204);
    assert_eq!(of_channel(&stage.client.state(&challenge).await, "webpush")[0]["state"], "shown");

    let code = inside["code"].as_str().expect("a code");
    stage.client.verify(&challenge, code).await.expect(200);
    assert_eq!(pushed(&service, &challenge, "withdraw").await["title"], "Sign-in code no longer needed");
    say(&stage.client, receipt, json!({ "shown": true })).await.expect_problem(410, "challenge_closed");
    say(&stage.client, receipt, json!({ "deny": true })).await.expect_problem(410, "challenge_closed");
    assert!(service.received().iter().all(|request| request.refusal.is_none()));
    stage.end().await;
}

#[actix_web::test]
async fn a_closed_browser_says_that_nobody_here_asked() {
    let (service, stage) = with_browser().await;
    let challenge = stage.ask().await;
    let inside = pushed(&service, &challenge, "code").await;
    for _ in 0..2 {
        say(&stage.client, &inside["receipt"], json!({ "deny": true })).await.expect(204);
    }
    assert_eq!(stage.client.state(&challenge).await["state"], "denied");
    stage
        .client
        .verify(&challenge, inside["code"].as_str().expect("a code"))
        .await
        .expect_problem(410, "challenge_closed");
    let security = stage.client.get("/v1/login-security", &stage.owner.access_token).await.expect(200);
    assert!(security["sign_ins_frozen_at"].is_string(), "{security}");
    let told = stage.client.activity(&stage.owner).await;
    assert_eq!(told[0]["outcome"], "denied", "{told:?}");
    stage.end().await;
}

/// A provider reads what is not sealed: it may tell no more than that a code is shown.
#[actix_web::test]
async fn what_a_provider_can_read_denies_nothing() {
    let stage = Stage::start().await;
    stage.register(&stage.owner, "fcm", "plain").await;
    let challenge = stage.ask().await;
    let pushed = stage.providers.wait_for_fcm(&challenge, "code", 1).await;
    let receipt = Value::from(pushed[0].data("receipt").expect("a receipt"));
    say(&stage.client, &receipt, json!({ "deny": true })).await.expect_problem(401, "unauthorized");
    assert_eq!(stage.client.state(&challenge).await["state"], "open");
    say(&stage.client, &receipt, json!({ "shown": true })).await.expect(204);
    stage.status_when(&challenge, "fcm", "shown").await;
    stage.end().await;
}

#[actix_web::test]
async fn a_receipt_is_good_for_its_own_push_and_while_its_device_is_trusted() {
    let (service, stage) = with_browser().await;
    let other = stage.trust("Other").await;
    let challenge = stage.ask().await;
    let inside = pushed(&service, &challenge, "code").await;
    let receipt = inside["receipt"].as_str().expect("a receipt").to_owned();
    for wrong in ["", "ts_pr_", "ts_pr_AAAA", &receipt[..receipt.len() - 1], &receipt.replace("ts_pr_", "ts_ct_")] {
        say(&stage.client, &wrong.into(), json!({ "shown": true })).await.expect_problem(401, "unauthorized");
    }
    for wrong in
        [json!({}), json!({ "shown": null }), json!({ "deny": false }), json!({ "shown": "yes" }), json!({ "x": 1 })]
    {
        say(&stage.client, &inside["receipt"], wrong).await.expect_problem(400, "invalid_request");
    }
    stage
        .client
        .delete(&format!("/v1/trusted-devices/{}", stage.owner.device_id), &other.access_token)
        .await
        .expect(204);
    say(&stage.client, &inside["receipt"], json!({ "shown": true })).await.expect_problem(401, "unauthorized");
    say(&stage.client, &inside["receipt"], json!({ "deny": true })).await.expect_problem(401, "unauthorized");
    assert_eq!(stage.client.state(&challenge).await["state"], "open");
    stage.end().await;
}

/// A newer code: what is said of the earlier one changes nothing, and it may still be denied.
#[actix_web::test]
async fn an_earlier_code_is_shown_no_more_and_may_be_denied() {
    let (service, stage) = with_browser().await;
    let challenge = stage.ask().await;
    let earlier = pushed(&service, &challenge, "code").await;
    stage.gateway.database.execute("UPDATE challenges SET resend_at = now()").await;
    stage.client.resend(&challenge, json!({})).await.expect(202);
    let newer = |inside: &Value| inside["challenge_id"] == challenge.id.as_str() && inside["generation"] == 2;
    let seen = service.wait_for(DEADLINE, |all| all.iter().filter_map(|one| one.json()).any(|inside| newer(&inside)));
    seen.await.expect("the newer code is pushed");
    stage.status_when(&challenge, "webpush", "accepted").await;
    say(&stage.client, &earlier["receipt"], json!({ "shown": true })).await.expect(204);
    assert_eq!(of_channel(&stage.client.state(&challenge).await, "webpush")[0]["state"], "accepted");
    say(&stage.client, &earlier["receipt"], json!({ "deny": true })).await.expect(204);
    assert_eq!(stage.client.state(&challenge).await["state"], "denied");
    stage.end().await;
}

/// Whichever node a receipt reaches.
#[actix_web::test]
async fn another_node_takes_a_receipt_and_a_denial() {
    let (service, stage) = with_browser().await;
    let second = TestGateway::on(stage.gateway.database.clone(), |settings| configure(settings, &service)).await;
    for (said, state) in [(json!({ "shown": true }), "open"), (json!({ "deny": true }), "denied")] {
        let challenge: Challenge = stage.ask().await;
        let inside = pushed(&service, &challenge, "code").await;
        say(&second.client(), &inside["receipt"], said.clone()).await.expect(204);
        let status = stage.client.state(&challenge).await;
        assert_eq!(status["state"], state);
        if state == "open" {
            assert_eq!(of_channel(&status, "webpush")[0]["state"], "shown", "{status}");
        }
    }
    second.stop().await;
    stage.end().await;
}

/// "Send me a test": what the provider says of it, to the device that asks alone.
#[actix_web::test]
async fn a_test_reaches_the_own_device_by_the_way_of_codes() {
    let (service, stage) = with_browser().await;
    let test = async |device: &SignedIn| {
        stage.client.send(Method::POST, "/v1/push/test", Some(&device.access_token), None).await
    };
    assert_eq!(test(&stage.owner).await.expect(200), json!({ "outcome": "accepted" }));
    let inside = service.received().last().and_then(|request| request.json()).expect("a message");
    assert_eq!((inside["type"].as_str(), inside["kind"].as_str()), (Some("alert"), Some("test")));
    assert_eq!(inside["title"], "Notifications work");
    let other = stage.trust("Other").await;
    test(&other).await.expect_problem(404, "not_found");
    let subscription = service.received().last().expect("a request").endpoint.clone();
    service.unsubscribe(&subscription);
    assert_eq!(test(&stage.owner).await.expect(200), json!({ "outcome": "token_dead" }));
    stage.end().await;
}

/// Whoever waits for the code, and strangers who make receipts up, spend nothing that a denial needs.
#[actix_web::test]
async fn nobody_uses_up_what_a_denial_needs() {
    let service = push_service().await;
    let stage = Stage::start_with(|settings| {
        configure(settings, &service);
        settings.http.trusted_proxies = vec!["127.0.0.1/32".parse().expect("a network")];
        settings.limits.calls_per_minute = NonZeroU32::new(5).expect("five");
        settings.limits.strangers_per_minute = NonZeroU32::new(5).expect("five");
    })
    .await;
    subscribe(&service, &stage, &stage.owner).await;
    let challenge = stage.ask().await;
    let inside = pushed(&service, &challenge, "code").await;
    let network = "198.51.100.7";
    let mut refused = 0;
    for _ in 0..10 {
        let path = format!("/v1/challenges/{}", challenge.id);
        let answer = stage.client.send_for(network, Method::GET, &path, Some(&challenge.token), None).await;
        refused += usize::from(answer.status == 429);
        let body = json!({ "receipt": "ts_pr_AAAA", "deny": true });
        let answer = stage.client.send_for(network, Method::POST, "/v1/receipts", None, Some(body)).await;
        refused += usize::from(answer.status == 429);
    }
    assert!(refused >= 10, "{refused}");
    let body = json!({ "receipt": inside["receipt"], "deny": true });
    stage.client.send_for(network, Method::POST, "/v1/receipts", None, Some(body)).await.expect(204);
    let ended =
        format!("SELECT count(*) FROM challenges WHERE challenge_id = '{}' AND outcome = 'denied'", challenge.id);
    assert_eq!(stage.gateway.database.count(&ended).await, 1);
    stage.end().await;
}
