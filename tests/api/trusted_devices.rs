//! `/v1/trusted-devices`.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{ANNA, BEN, assert_ended, assert_goes_on};
use crate::support::client::{Answer, Client, Install, PASSWORD, SignedIn};
use crate::support::gateway::TestGateway;
use crate::support::socket::Socket;

/// A gateway with an account that trusts two connected devices.
struct Pair {
    gateway: TestGateway,
    client: Client,
    first: SignedIn,
    second: SignedIn,
    first_screen: Socket,
    second_screen: Socket,
}

impl Pair {
    async fn new() -> Self {
        let gateway = TestGateway::start().await;
        let client = gateway.client();
        let first = client.new_protected_account(ANNA).await;
        let mut first_screen = client.connect(&first).await;
        let second = client.trust_another(ANNA, &mut first_screen, "Second").await;
        first_screen.sign_in_over().await;
        let second_screen = client.connect(&second).await;
        Self { gateway, client, first, second, first_screen, second_screen }
    }

    async fn list(&self) -> Vec<Value> {
        let body = self.client.get("/v1/trusted-devices", &self.first.access_token).await.expect(200);
        body["devices"].as_array().expect("a list").clone()
    }
}

async fn remove(client: &Client, by: &SignedIn, id: &str) -> Answer {
    client.delete(&format!("/v1/trusted-devices/{id}"), &by.access_token).await
}

#[actix_web::test]
async fn the_list_tells_the_devices_and_which_one_asks() {
    let pair = Pair::new().await;
    let devices = pair.list().await;
    assert_eq!(devices.len(), 2);
    let newest = &devices[0];
    let fields = ["id", "name", "model", "platform", "os_version", "app_version"].map(|field| newest[field].clone());
    assert_eq!(fields, [pair.second.device_id.as_str(), "Second", "Model", "android", "15", "1.0.0"]);
    assert_eq!((&newest["trusted"], &newest["this_device"]), (&json!(true), &json!(false)));
    assert_eq!(devices[1]["this_device"], true);
    assert!(super::between(&newest["trusted_at"], &newest["last_seen_at"]).is_zero());
    pair.gateway.stop().await;
}

#[actix_web::test]
async fn a_removed_device_is_out_at_once() {
    let mut pair = Pair::new().await;
    remove(&pair.client, &pair.first, &pair.second.device_id).await.expect(204);
    assert_ended(&pair.client, &pair.second).await;
    let closed = tokio::time::timeout(Duration::from_secs(1), pair.second_screen.close_code());
    assert_eq!(closed.await, Ok(4403), "within a second");
    pair.first_screen.alert("device_removed").await;
    assert_eq!(pair.list().await.len(), 1);
    assert_goes_on(&pair.client, &pair.first).await;
    let (install, trust_token) = (&pair.second.install, pair.second.trust_token.as_deref());
    pair.client.sign_in(ANNA, PASSWORD, install, trust_token).await.expect(202);
    pair.client.await_mail(ANNA, "device was removed", 1).await;
    let entry = pair.client.activity(&pair.first).await[1].clone();
    assert_eq!([&entry["kind"], &entry["about"], &entry["device"]["name"]], ["device_removed", "Second", "First"]);
    pair.gateway.stop().await;
}

#[actix_web::test]
async fn a_code_that_a_removed_device_may_have_seen_is_replaced() {
    let mut pair = Pair::new().await;
    let challenge = pair.client.begin_sign_in(ANNA, &Install::new("New")).await;
    let seen = pair.second_screen.code_of(&challenge.id).await;
    assert_eq!(pair.first_screen.code_of(&challenge.id).await, seen);
    remove(&pair.client, &pair.first, &pair.second.device_id).await.expect(204);
    pair.client.verify(&challenge, &seen).await.expect_problem(422, "wrong_code");
    let shown = pair.first_screen.next_of("code").await;
    assert_eq!((&shown["challenge_id"], &shown["generation"]), (&json!(challenge.id), &json!(2)));
    pair.client.verify(&challenge, shown["code"].as_str().expect("a code")).await.expect(200);
    pair.gateway.stop().await;
}

#[actix_web::test]
async fn only_a_trusted_device_of_the_account_can_be_removed() {
    let pair = Pair::new().await;
    let stranger = pair.client.new_protected_account(BEN).await;
    let unknown = Uuid::now_v7().to_string();
    for id in [&stranger.device_id, &unknown, &"not a UUID".to_owned()] {
        remove(&pair.client, &pair.first, id).await.expect_problem(404, "not_found");
    }
    remove(&pair.client, &pair.first, &pair.second.device_id).await.expect(204);
    remove(&pair.client, &pair.first, &pair.second.device_id).await.expect_problem(404, "not_found");
    assert_goes_on(&pair.client, &stranger).await;
    pair.gateway.stop().await;
}

#[actix_web::test]
async fn a_device_may_remove_itself() {
    let pair = Pair::new().await;
    remove(&pair.client, &pair.first, &pair.first.device_id).await.expect(204);
    assert_ended(&pair.client, &pair.first).await;
    assert_goes_on(&pair.client, &pair.second).await;
    pair.gateway.stop().await;
}

#[actix_web::test]
async fn an_eleventh_device_takes_the_place_of_the_least_used() {
    let pair = Pair::new().await;
    let eight_more = "INSERT INTO devices (account_id, device_id, install_id, name, model, platform, os_version,
            app_version, trusted_at, last_seen_at)
        SELECT account_id, gen_random_uuid(), gen_random_uuid(), 'More', 'Model', 'ios', '18', '1.0.0', now(), now()
        FROM accounts, generate_series(1, 8)";
    pair.gateway.database.execute(eight_more).await;
    let second = format!("device_id = '{}'", pair.second.device_id);
    pair.gateway.database.age("devices", "last_seen_at", 3600, &second).await;
    assert_eq!(pair.list().await.len(), 10);

    let Pair { gateway, client, mut first_screen, first, second, .. } = pair;
    let eleventh = client.trust_another(ANNA, &mut first_screen, "Eleventh").await;
    let body = client.get("/v1/trusted-devices", &first.access_token).await.expect(200);
    let devices = body["devices"].as_array().expect("a list");
    assert_eq!((devices.len(), &devices[0]["id"]), (10, &json!(eleventh.device_id)));
    assert!(devices.iter().all(|device| device["id"] != second.device_id));
    assert_ended(&client, &second).await;
    first_screen.alert("device_evicted").await;
    client.await_mail(ANNA, "made room", 1).await;
    let is_it = |entry: &Value| entry["kind"] == "device_evicted" && entry["about"] == "Second";
    assert!(client.activity(&first).await.iter().any(is_it));
    gateway.stop().await;
}

#[actix_web::test]
async fn a_name_that_its_owner_gave_a_device_stays() {
    let pair = Pair::new().await;
    let path = format!("/v1/trusted-devices/{}", pair.second.device_id);
    let rename = async |name: &str| pair.client.patch(&path, &pair.first.access_token, json!({ "name": name })).await;
    rename(" ").await.expect_problem(400, "invalid_request");
    assert_eq!(rename(" Kitchen tablet ").await.expect(200)["device"]["name"], "Kitchen tablet");
    let entry = pair.client.activity(&pair.first).await[0].clone();
    assert_eq!([&entry["kind"], &entry["about"]], ["device_renamed", "Kitchen tablet"]);
    let (install, token) = (&pair.second.install, pair.second.trust_token.as_deref());
    let again = pair.client.sign_in(ANNA, PASSWORD, install, token).await.expect(200);
    assert_eq!(again["device"]["name"], "Kitchen tablet");
    assert!(pair.list().await.iter().any(|device| device["name"] == "Kitchen tablet"));

    let unknown = format!("/v1/trusted-devices/{}", Uuid::now_v7());
    let body = json!({ "name": "Nobody's" });
    pair.client.patch(&unknown, &pair.first.access_token, body.clone()).await.expect_problem(404, "not_found");
    let stranger = pair.client.new_protected_account(BEN).await;
    pair.client.patch(&path, &stranger.access_token, body).await.expect_problem(404, "not_found");
    pair.gateway.stop().await;
}

#[actix_web::test]
async fn all_other_devices_are_removed_at_once_and_their_codes_are_void() {
    let mut pair = Pair::new().await;
    let third = pair.client.trust_another(ANNA, &mut pair.first_screen, "Third").await;
    let challenge = pair.client.begin_sign_in(ANNA, &Install::new("New")).await;
    let seen = pair.second_screen.code_of(&challenge.id).await;
    pair.first_screen.code_of(&challenge.id).await;
    let removed = pair.client.delete("/v1/trusted-devices", &pair.first.access_token).await.expect(200);
    assert_eq!(removed, json!({ "removed": 2 }));
    assert_eq!(pair.second_screen.close_code().await, 4403);
    for gone in [&pair.second, &third] {
        assert_ended(&pair.client, gone).await;
    }
    assert_eq!(pair.list().await.len(), 1);
    pair.client.verify(&challenge, &seen).await.expect_problem(422, "wrong_code");
    let newest = async {
        loop {
            let shown = pair.first_screen.next_of("code").await;
            if shown["generation"] == 3 {
                return shown["code"].as_str().expect("a code").to_owned();
            }
        }
    };
    let code = newest.await;
    pair.client.verify(&challenge, &code).await.expect(200);
    let told = "SELECT count(*) FROM notices WHERE kind = 'device_removed'";
    assert_eq!(pair.gateway.database.count(told).await, 1);
    pair.gateway.stop().await;
}

#[actix_web::test]
async fn a_device_that_is_not_trusted_neither_renames_nor_removes_the_others() {
    let mut pair = Pair::new().await;
    let install = Install::new("Guest");
    let challenge = pair.client.begin_sign_in(ANNA, &install).await;
    let code = pair.first_screen.code_of(&challenge.id).await;
    let guest = pair.client.sign_in_with_code(&challenge, &code, &install, false).await;
    let path = format!("/v1/trusted-devices/{}", pair.first.device_id);
    let renamed = pair.client.patch(&path, &guest.access_token, json!({ "name": "Mine" })).await;
    renamed.expect_problem(403, "device_not_trusted");
    let removed = pair.client.delete("/v1/trusted-devices", &guest.access_token).await;
    removed.expect_problem(403, "device_not_trusted");
    for other in [&pair.first, &pair.second] {
        remove(&pair.client, &guest, &other.device_id).await.expect_problem(403, "device_not_trusted");
    }
    let body = json!({ "current": PASSWORD, "new": "another battery staple", "forget_devices": true });
    let forgotten = pair.client.post("/v1/login-security/password", &guest.access_token, body).await;
    forgotten.expect_problem(403, "device_not_trusted");
    assert_eq!(pair.list().await.len(), 2);
    pair.gateway.stop().await;
}
