//! `delivery.email_fallback = "recovery_only"`: absence is a time, not an instant.

use serde_json::{Value, json};
use twostep::domain::delivery::EmailFallback;

use super::ANNA;
use crate::support::client::{Challenge, Client, DEADLINE, Install, SignedIn};
use crate::support::gateway::TestGateway;

struct Scene {
    gateway: TestGateway,
    client: Client,
    owner: SignedIn,
}

impl Scene {
    async fn new() -> Self {
        let strict = |settings: &mut twostep::settings::Settings| {
            settings.delivery.email_fallback = EmailFallback::RecoveryOnly;
        };
        let gateway = TestGateway::start_with(strict).await;
        let client = gateway.client();
        let owner = client.new_protected_account(ANNA).await;
        Self { gateway, client, owner }
    }

    /// The owner's device was connected, and its line broke.
    async fn disconnected(&self) {
        let screen = self.client.connect(&self.owner).await;
        let held = "SELECT count(*) FROM devices WHERE connected_node IS NOT NULL";
        self.gateway.database.await_count(held, 1).await;
        drop(screen);
        self.gateway.database.await_count(held, 0).await;
    }

    /// A sign-in whose one delivery came to its end.
    async fn undelivered(&self) -> (Challenge, Value) {
        let challenge = self.client.begin_sign_in(ANNA, &Install::new("New")).await;
        self.client.await_delivery(&challenge, "unreachable").await;
        let state = self.client.state(&challenge).await;
        (challenge, state)
    }

    async fn age_presence(&self, seconds: u32) {
        self.gateway.database.age("devices", "last_connected_at", seconds, "last_connected_at IS NOT NULL").await;
    }
}

fn offers_email(challenge: &Value) -> bool {
    challenge["methods"].as_array().expect("a list").contains(&json!("email"))
}

#[actix_web::test]
async fn a_device_that_was_there_a_moment_ago_leaves_nothing_to_recover() {
    let scene = Scene::new().await;
    scene.disconnected().await;
    let (challenge, state) = scene.undelivered().await;
    assert!(!offers_email(&state["challenge"]), "{state}");
    scene.client.resend(&challenge, json!({ "method": "email" })).await.expect_problem(400, "invalid_request");
    scene.age_presence(899).await;
    assert!(!offers_email(&scene.client.state(&challenge).await["challenge"]));
    scene.age_presence(2).await;
    assert!(offers_email(&scene.client.state(&challenge).await["challenge"]));
    scene.client.resend(&challenge, json!({ "method": "email" })).await.expect(202);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_node_that_goes_away_takes_no_device_out_of_reach() {
    let scene = Scene::new().await;
    let _screen = scene.client.connect(&scene.owner).await;
    let held = "SELECT count(*) FROM devices WHERE connected_node IS NOT NULL";
    scene.gateway.database.await_count(held, 1).await;
    let database = scene.gateway.database.clone();
    scene.gateway.stop().await;
    assert_eq!(database.count(held).await, 0);
    let strict = |settings: &mut twostep::settings::Settings| {
        settings.delivery.email_fallback = EmailFallback::RecoveryOnly;
    };
    let gateway = TestGateway::on(database, strict).await;
    let client = gateway.client();
    let scene = Scene { client, gateway, owner: scene.owner };
    let (_, state) = scene.undelivered().await;
    assert!(!offers_email(&state["challenge"]), "{state}");
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_device_that_comes_back_sees_a_mailed_challenge_takes_the_offer_back_and_may_deny_it() {
    let scene = Scene::new().await;
    let (challenge, state) = scene.undelivered().await;
    assert!(offers_email(&state["challenge"]), "it never was connected: {state}");
    scene.client.resend(&challenge, json!({ "method": "email" })).await.expect(202);
    let code = scene.client.mailed_code(ANNA, "sign-in code").await;

    let mut screen = scene.client.connect(&scene.owner).await;
    assert_eq!(screen.code_of(&challenge.id).await, code);
    let deadline = std::time::Instant::now() + DEADLINE;
    while offers_email(&scene.client.state(&challenge).await["challenge"]) {
        assert!(std::time::Instant::now() < deadline, "still offered");
    }
    scene.gateway.database.execute("UPDATE challenges SET resend_at = now()").await;
    scene.client.resend(&challenge, json!({ "method": "email" })).await.expect_problem(400, "invalid_request");
    scene.client.deny(&challenge, &scene.owner).await.expect(204);
    scene.client.verify(&challenge, &code).await.expect_problem(410, "challenge_closed");
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_new_device_is_told_on_the_screens_that_are_there() {
    let scene = Scene::new().await;
    let mut screen = scene.client.connect(&scene.owner).await;
    scene.client.trust_another(ANNA, &mut screen, "New").await;
    screen.alert("new_device_signed_in").await;
    scene.gateway.stop().await;
}
