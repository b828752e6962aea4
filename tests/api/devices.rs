//! `PATCH /v1/devices/current`.

use serde_json::{Value, json};

use super::{ANNA, BEN};
use crate::support::client::{Answer, Client, Install, SignedIn};
use crate::support::database::TestDatabase;
use crate::support::event_stream::EventStream;
use crate::support::gateway::TestGateway;

async fn patch(client: &Client, device: &SignedIn, body: Value) -> Answer {
    client.patch("/v1/devices/current", &device.access_token, body).await
}

/// Kind, address and environment of a device's push address.
async fn push_address(database: &TestDatabase, device: &SignedIn) -> [Option<String>; 3] {
    let query = format!(
        "SELECT push_kind, push_address, push_environment FROM devices WHERE device_id = '{}'",
        device.device_id
    );
    let row = database.connect().await.query_one(&query, &[]).await.expect("a row");
    [row.get(0), row.get(1), row.get(2)]
}

#[actix_web::test]
async fn what_a_device_says_of_itself_is_kept_and_the_rest_stays() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let body = json!({ "name": "  Anna's phone ", "app_version": "2.0", "os_version": "16" });
    let device = patch(&client, &first, body).await.expect(200)["device"].clone();
    assert_eq!([&device["id"], &device["name"]], [first.device_id.as_str(), "Anna's phone"]);
    assert_eq!(device["trusted"], true);
    assert!(device.get("trust_token").is_none(), "{device}");
    patch(&client, &first, json!({})).await.expect(200);
    let listed = client.get("/v1/trusted-devices", &first.access_token).await.expect(200)["devices"][0].clone();
    let fields = ["name", "model", "os_version", "app_version"].map(|field| listed[field].clone());
    assert_eq!(fields, ["Anna's phone", "Model", "16", "2.0"]);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_push_address_is_kept_with_its_kind() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let some = |text: &str| Some(text.to_owned());
    for (push, stored) in [
        (json!({ "provider": "fcm", "token": "f:1" }), [some("fcm_token"), some("f:1"), None]),
        (json!({ "provider": "apns", "token": "0aF1" }), [some("apns_token"), some("0aF1"), some("production")]),
        (
            json!({ "provider": "apns", "token": "0aF2", "environment": "sandbox" }),
            [some("apns_token"), some("0aF2"), some("sandbox")],
        ),
    ] {
        patch(&client, &first, json!({ "push": push })).await.expect(200);
        assert_eq!(push_address(&gateway.database, &first).await, stored);
    }
    gateway.stop().await;
}

/// A push address of Web Push needs an endpoint at a service that is called, and keys that something can be sealed with.
#[actix_web::test]
async fn an_endpoint_is_taken_with_its_keys_and_at_a_listed_service_only() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let key = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    let keys = json!({ "p256dh": key, "auth": "BTBZMqHH6r4Tts7J_aSIgg" });
    let endpoint = "https://updates.push.services.mozilla.com/wpush/v2/gAAAAAB";
    let good = json!({ "provider": "webpush", "endpoint": endpoint, "keys": keys });
    patch(&client, &first, json!({ "push": good })).await.expect(200);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(push_address(&gateway.database, &first).await, [some("web_push"), some(endpoint), None]);
    let stored = "SELECT octet_length(push_keys)::bigint FROM devices WHERE push_kind = 'web_push'";
    assert_eq!(gateway.database.count(stored).await, 81);

    let with = |field: &str, value: Value| {
        let mut push = good.clone();
        push[field] = value;
        push
    };
    // The last letter of a point is changed: it is no longer on the curve.
    let beside = format!("{}8", &key[..key.len() - 1]);
    for wrong in [
        json!({ "provider": "webpush", "endpoint": endpoint }),
        json!({ "provider": "webpush", "token": endpoint, "keys": keys }),
        json!({ "provider": "fcm", "endpoint": endpoint, "keys": keys }),
        with("environment", json!("sandbox")),
        with("keys", json!({ "p256dh": key })),
        with("keys", json!({ "p256dh": beside, "auth": "BTBZMqHH6r4Tts7J_aSIgg" })),
        with("keys", json!({ "p256dh": key, "auth": "AAAA" })),
        with("keys", json!([key, "BTBZMqHH6r4Tts7J_aSIgg"])),
        with("endpoint", json!("http://updates.push.services.mozilla.com/wpush/v2/gAAAAAB")),
        with("endpoint", json!("https://push.evil.example/wpush/v2/gAAAAAB")),
        with("endpoint", json!("https://127.0.0.1/")),
        with("endpoint", json!("https://updates.push.services.mozilla.com:8443/")),
        with("endpoint", json!(format!("{endpoint}{}", "x".repeat(2048)))),
    ] {
        patch(&client, &first, json!({ "push": wrong })).await.expect_problem(400, "invalid_request");
    }
    assert_eq!(push_address(&gateway.database, &first).await[1], some(endpoint), "nothing was lost");
    // Keys go with any provider.
    let sealed = json!({ "provider": "fcm", "token": "f:1", "keys": keys });
    patch(&client, &first, json!({ "push": sealed })).await.expect(200);
    gateway.stop().await;
}

/// One phone may hold several accounts, and who only knows an address takes it from nobody.
#[actix_web::test]
async fn a_push_address_stays_with_every_device_that_registered_it() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let devices = [client.new_account(ANNA).await, client.new_account(BEN).await];
    for device in &devices {
        patch(&client, device, json!({ "push": { "provider": "fcm", "token": "one" } })).await.expect(200);
    }
    for device in &devices {
        assert_eq!(push_address(&gateway.database, device).await[1].as_deref(), Some("one"));
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn a_device_without_notifications_is_said_to_be_so() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let body = json!({ "notifications_allowed": false, "push": { "provider": "fcm", "token": "one" } });
    patch(&client, &first, body).await.expect(200);
    let challenge = client.begin_sign_in(ANNA, &Install::new("New")).await;
    let mut events = EventStream::open(&client, &challenge).await;
    let status = events.until(|status| status["deliveries"][0]["state"] == "unreachable").await;
    assert_eq!(status["deliveries"][0]["reason"], "notifications_off");
    drop(events);
    gateway.stop().await;
}

#[actix_web::test]
async fn what_does_not_fit_changes_nothing() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    for body in [
        json!({ "name": 7 }),
        json!({ "os_version": 15 }),
        json!({ "model": "Another" }),
        json!({ "notifications_allowed": "no" }),
        json!({ "push": { "provider": "pigeon", "token": "one" } }),
        json!({ "push": { "provider": "fcm" } }),
        json!({ "push": { "provider": "fcm", "token": "" } }),
        json!({ "push": { "provider": "fcm", "token": "with space" } }),
        json!({ "push": { "provider": "fcm", "token": "x".repeat(4097) } }),
        json!({ "push": { "provider": "fcm", "token": "one", "environment": "sandbox" } }),
        json!({ "push": { "provider": "apns", "token": "not hexadecimal" } }),
        json!({ "name": "Fine", "push": { "provider": "apns", "token": "xyz" } }),
    ] {
        patch(&client, &first, body).await.expect_problem(400, "invalid_request");
    }
    assert_eq!(patch(&client, &first, json!({})).await.expect(200)["device"]["name"], "First");
    assert_eq!(push_address(&gateway.database, &first).await, [None, None, None]);
    gateway.stop().await;
}

/// Another push address of a trusted device is another place where codes go.
#[actix_web::test]
async fn another_push_address_replaces_open_codes_and_is_told() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let register = async |token: &str| {
        let push = json!({ "push": { "provider": "fcm", "token": token } });
        client.patch("/v1/devices/current", &first.access_token, push).await.expect(200);
    };
    // The first, and the same again: nothing changes.
    register("old").await;
    register("old").await;
    let mut screen = client.connect(&first).await;
    let challenge = client.begin_sign_in(ANNA, &Install::new("Second")).await;
    let code = screen.code_of(&challenge.id).await;
    register("new").await;
    let next = screen.code_of(&challenge.id).await;
    client.verify(&challenge, &code).await.expect_problem(422, "wrong_code");
    client.verify(&challenge, &next).await.expect(200);
    let told = client.await_mail(ANNA, "notifications elsewhere", 1).await;
    assert!(told.contains(&first.install.name), "{told}");
    let changes = "SELECT count(*) FROM login_activity WHERE kind = 'push_address_changed'";
    assert_eq!(gateway.database.count(changes).await, 1);

    // A provider said that it was dead: nobody got codes there.
    gateway.database.execute("UPDATE devices SET push_expired_at = now() WHERE push_address = 'new'").await;
    register("newest").await;
    assert_eq!(gateway.database.count(changes).await, 1);
    gateway.stop().await;
}
