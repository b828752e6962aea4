//! "This wasn't me": who may say so, and what it ends.

use serde_json::json;

use super::{ANNA, assert_ended, entry, report, trusted_devices, unfreeze};
use crate::support::client::{Challenge, Client, Install, PASSWORD, SignedIn};
use crate::support::gateway::TestGateway;
use crate::support::socket::Socket;

struct Scene {
    gateway: TestGateway,
    client: Client,
    owner: SignedIn,
    screen: Socket,
}

impl Scene {
    async fn new() -> Self {
        let gateway = TestGateway::start().await;
        let client = gateway.client();
        let owner = client.new_protected_account(ANNA).await;
        let screen = client.connect(&owner).await;
        Self { gateway, client, owner, screen }
    }

    /// Somebody who was let in once, and is not trusted.
    async fn guest(&mut self) -> SignedIn {
        let install = Install::new("Guest");
        let challenge = self.client.begin_sign_in(ANNA, &install).await;
        let code = self.screen.code_of(&challenge.id).await;
        self.client.sign_in_with_code(&challenge, &code, &install, false).await
    }

    /// A second trusted device.
    async fn tablet(&mut self) -> SignedIn {
        self.client.trust_another(ANNA, &mut self.screen, "Tablet").await
    }

    /// Whoever has a copy of a device's trust token signs in with it.
    async fn thief_of(&self, device: &SignedIn) -> SignedIn {
        let token = device.trust_token.as_deref();
        let body = self.client.sign_in(ANNA, PASSWORD, &device.install, token).await.expect(200);
        SignedIn::new(&device.install, &body)
    }
}

#[actix_web::test]
async fn a_report_by_an_intruder_takes_nothing_from_the_owners() {
    let mut scene = Scene::new().await;
    let guest = scene.guest().await;
    let mine = entry(&scene.client, &guest, "sign_in").await;
    report(&scene.client, &guest, &mine).await.expect(204);
    assert!(entry(&scene.client, &guest, "sign_in").await["reported_at"].is_string());

    let seen = entry(&scene.client, &scene.owner, "sign_in").await;
    assert!(seen["id"] == mine["id"] && seen["reported_at"].is_null(), "the owner can still report it: {seen}");
    report(&scene.client, &scene.owner, &seen).await.expect(204);
    assert_ended(&scene.client, &guest).await;
    scene.client.sign_in(ANNA, PASSWORD, &Install::new("Next"), None).await.expect_problem(403, "account_frozen");
    // The intruder's report was told, and so is the owner's.
    scene.client.await_mail(ANNA, "reported", 2).await;
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn an_intruder_denies_nothing_by_a_report_and_ends_no_count_of_alerts() {
    let mut scene = Scene::new().await;
    let guest = scene.guest().await;
    scene.gateway.database.execute("UPDATE accounts SET unanswered_alerts = 3").await;
    let challenge = scene.client.begin_sign_in(ANNA, &Install::new("The owner's new phone")).await;
    let code = scene.screen.code_of(&challenge.id).await;
    let entry = entry(&scene.client, &guest, "sign_in").await;
    assert_eq!(entry["outcome"], "code_required");
    report(&scene.client, &guest, &entry).await.expect(204);
    assert_eq!(scene.client.state(&challenge).await["state"], "open");
    assert_eq!(scene.gateway.database.count("SELECT unanswered_alerts::bigint FROM accounts").await, 3);
    scene.client.verify(&challenge, &code).await.expect(200);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_report_ends_what_a_stolen_trust_token_let_in() {
    let mut scene = Scene::new().await;
    let tablet = scene.tablet().await;
    let thief = scene.thief_of(&tablet).await;
    let entry = entry(&scene.client, &scene.owner, "sign_in").await;
    report(&scene.client, &scene.owner, &entry).await.expect(204);
    assert_ended(&scene.client, &thief).await;
    assert_ended(&scene.client, &tablet).await;
    unfreeze(&scene.client, &thief).await.expect_problem(401, "unauthorized");
    assert_eq!(trusted_devices(&scene.client, &scene.owner).await.len(), 1);
    for token in [&tablet.trust_token, &thief.trust_token] {
        let again = scene.client.sign_in(ANNA, PASSWORD, &tablet.install, token.as_deref()).await;
        again.expect_problem(403, "account_frozen");
    }
    scene.gateway.stop().await;
}

/// Somebody who copied the tokens of the very device that reports: they are out, and the owner is not.
#[actix_web::test]
async fn a_report_from_the_device_whose_token_was_stolen_leaves_only_its_own_session() {
    let scene = Scene::new().await;
    let thief = scene.thief_of(&scene.owner).await;
    let entry = entry(&scene.client, &scene.owner, "sign_in").await;
    report(&scene.client, &scene.owner, &entry).await.expect(204);
    assert_ended(&scene.client, &thief).await;
    for token in [&scene.owner.trust_token, &thief.trust_token] {
        let again = scene.client.sign_in(ANNA, PASSWORD, &scene.owner.install, token.as_deref()).await;
        again.expect_problem(403, "account_frozen");
    }
    unfreeze(&scene.client, &scene.owner).await.expect(204);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_report_of_a_change_puts_out_who_made_it() {
    let mut scene = Scene::new().await;
    let tablet = scene.tablet().await;
    let path = format!("/v1/trusted-devices/{}", tablet.device_id);
    scene.client.patch(&path, &tablet.access_token, json!({ "name": "Mine now" })).await.expect(200);
    let entry = entry(&scene.client, &scene.owner, "device_renamed").await;
    report(&scene.client, &scene.owner, &entry).await.expect(204);
    assert_ended(&scene.client, &tablet).await;
    assert_eq!(trusted_devices(&scene.client, &scene.owner).await.len(), 1);
    scene.gateway.stop().await;
}

/// With two-step verification off for a moment, a session that was let in by the password alone is still nobody.
#[actix_web::test]
async fn without_two_step_who_is_not_trusted_removes_no_trusted_device_and_ends_no_session_by_a_report() {
    let scene = Scene::new().await;
    let off = json!({ "enabled": false, "password": PASSWORD });
    scene.client.post("/v1/login-security/two-step", &scene.owner.access_token, off).await.expect(204);
    let install = Install::new("Stranger");
    let body = scene.client.sign_in(ANNA, PASSWORD, &install, None).await.expect(200);
    let stranger = SignedIn::new(&install, &body);
    let path = format!("/v1/trusted-devices/{}", scene.owner.device_id);
    scene.client.delete(&path, &stranger.access_token).await.expect_problem(403, "device_not_trusted");
    for entry in scene.client.activity(&stranger).await {
        report(&scene.client, &stranger, &entry).await.expect(204);
    }
    assert_eq!(trusted_devices(&scene.client, &scene.owner).await.len(), 1);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_denial_needs_a_trusted_device_whatever_the_call() {
    let mut scene = Scene::new().await;
    let guest = scene.guest().await;
    let challenge = scene.client.begin_sign_in(ANNA, &Install::new("Another")).await;
    scene.screen.code_of(&challenge.id).await;
    scene.client.deny(&challenge, &guest).await.expect_problem(403, "device_not_trusted");
    let body = json!({ "enabled": false, "password": PASSWORD });
    let begun = scene.client.post("/v1/login-security/two-step", &guest.access_token, body).await.expect(202);
    let disabling = Challenge::new(&begun);
    scene.client.deny(&disabling, &guest).await.expect_problem(403, "device_not_trusted");
    assert_eq!(scene.client.state(&challenge).await["state"], "open");
    scene.gateway.stop().await;
}
