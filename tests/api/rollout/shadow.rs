//! Shadow mode: nobody is challenged, everything is counted, and nobody's protection goes.

use serde_json::{Value, json};

use super::super::{ANNA, BEN};
use super::nodes::node;
use super::{begin_turning_on, is_available, list, set};
use crate::support::child::ChildGateway;
use crate::support::client::{Challenge, Client, Install, PASSWORD, SignedIn};
use crate::support::database::TestDatabase;
use crate::support::gateway::operator_token_file;

/// One node as a process of its own, whose metrics nobody else counts in.
struct Scene {
    node: ChildGateway,
    database: TestDatabase,
    client: Client,
    operator: Client,
}

impl Scene {
    async fn start() -> Self {
        let database = TestDatabase::new().await;
        let node = node(&database).await;
        let client = Client::new(&node.url);
        let operator = Client::operator(&node.operator_url, &operator_token_file());
        Self { node, database, client, operator }
    }

    /// So many sign-ins were counted, by whether a device could have shown the code.
    async fn expect_counted(&self, reachable: f64, unreachable: f64) {
        let name = "twostep_shadow_challenges_total";
        let counted = async |reach: &str| self.node.metric(name, &format!("reach=\"{reach}\"")).await;
        assert_eq!((counted("reachable").await, counted("unreachable").await), (reachable, unreachable));
    }

    /// Signs a new device in without a code.
    async fn sign_in(&self, email: &str, name: &str) -> SignedIn {
        let install = Install::new(name);
        SignedIn::new(&install, &self.client.sign_in(email, PASSWORD, &install, None).await.expect(200))
    }

    async fn newest(&self, device: &SignedIn) -> Value {
        self.client.activity(device).await[0].clone()
    }
}

#[actix_web::test]
async fn shadow_mode_challenges_nobody_and_counts_who_would_have_been() {
    let scene = Scene::start().await;
    scene.client.new_account(ANNA).await;
    let before = scene.sign_in(ANNA, "Before").await;
    assert_eq!(scene.newest(&before).await["would_need_code"], false);
    scene.expect_counted(0.0, 0.0).await;

    set(&scene.operator, json!({ "mode": "shadow" })).await;
    let second = scene.sign_in(ANNA, "Second").await;
    let entry = scene.newest(&second).await;
    let told = [&entry["kind"], &entry["outcome"], &entry["method"], &entry["would_need_code"]];
    assert_eq!(told, [&json!("sign_in"), &json!("succeeded"), &Value::Null, &json!(true)]);
    scene.expect_counted(0.0, 1.0).await;

    let push = json!({ "push": { "provider": "fcm", "token": "second" } });
    scene.client.patch("/v1/devices/current", &second.access_token, push).await.expect(200);
    let third = scene.sign_in(ANNA, "Third").await;
    assert_eq!(scene.newest(&third).await["would_need_code"], true);
    scene.expect_counted(1.0, 1.0).await;

    // The only device with an address is the one that signs in, refuses notifications, or signed out.
    scene.client.sign_in(ANNA, PASSWORD, &second.install, None).await.expect(200);
    scene.expect_counted(1.0, 2.0).await;
    let quiet = json!({ "notifications_allowed": false });
    let second = scene.client.sign_in(ANNA, PASSWORD, &second.install, None).await.expect(200);
    let token = second["session"]["access_token"].as_str().expect("a token");
    scene.client.patch("/v1/devices/current", token, quiet).await.expect(200);
    scene.sign_in(ANNA, "Fourth").await;
    scene.expect_counted(1.0, 4.0).await;
    let marked = "SELECT count(*) FROM login_activity WHERE shadow_reach = 'unreachable'";
    assert_eq!(scene.database.count(marked).await, 4);
}

#[actix_web::test]
async fn shadow_mode_counts_only_whom_the_share_and_the_lists_select() {
    let scene = Scene::start().await;
    for email in [ANNA, BEN] {
        scene.client.new_account(email).await;
    }
    set(&scene.operator, json!({ "percent": 0, "mode": "shadow" })).await;
    list(&scene.operator, BEN, "allow").await;
    let anna = scene.sign_in(ANNA, "Second").await;
    assert_eq!(scene.newest(&anna).await["would_need_code"], false);
    scene.sign_in(BEN, "Second").await;
    scene.expect_counted(0.0, 1.0).await;
    set(&scene.operator, json!({ "percent": 100 })).await;
    list(&scene.operator, BEN, "deny").await;
    scene.sign_in(BEN, "Third").await;
    scene.expect_counted(0.0, 1.0).await;
    scene.sign_in(ANNA, "Third").await;
    scene.expect_counted(0.0, 2.0).await;
}

#[actix_web::test]
async fn shadow_mode_takes_protection_from_nobody_and_offers_it_to_the_allow_list_only() {
    let scene = Scene::start().await;
    let anna = scene.client.new_protected_account(ANNA).await;
    let ben = scene.client.new_account(BEN).await;
    set(&scene.operator, json!({ "percent": 100, "mode": "shadow" })).await;
    scene.client.sign_in(ANNA, PASSWORD, &Install::new("Second"), None).await.expect(202);
    assert_eq!(scene.newest(&anna).await["would_need_code"], false, "a code was asked for");
    scene.expect_counted(0.0, 0.0).await;

    assert!(!is_available(&scene.client, &ben).await);
    begin_turning_on(&scene.client, &ben).await.expect_problem(403, "two_step_unavailable");
    list(&scene.operator, BEN, "allow").await;
    assert!(is_available(&scene.client, &ben).await);
    let challenge = Challenge::new(&begin_turning_on(&scene.client, &ben).await.expect(202));
    let code = scene.client.mailed_code(BEN, "Turn on").await;
    scene.client.verify(&challenge, &code).await.expect(200);
    scene.client.sign_in(BEN, PASSWORD, &Install::new("Second"), None).await.expect(202);
    scene.expect_counted(0.0, 0.0).await;
}
