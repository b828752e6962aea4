//! A node that is killed: another process on the same database sends what was due.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use twostep_simulators::{ApnsBehaviour, FcmBehaviour};

use super::stage::{EMAIL, Providers, apns_token, settle_notices, silent_code};
use crate::support::child::ChildGateway;
use crate::support::client::{Challenge, Client, Install, SignedIn};
use crate::support::database::TestDatabase;

/// Two nodes, and an account with a device that connects and two that sleep.
struct Scene {
    providers: Providers,
    database: TestDatabase,
    survivor: ChildGateway,
    owner: SignedIn,
}

impl Scene {
    async fn start() -> Self {
        let (providers, database) = (Providers::start().await, TestDatabase::new().await);
        let survivor = providers.start_node(&database, &[]).await;
        let client = Client::new(&survivor.url);
        let owner = client.new_protected_account(EMAIL).await;
        let mut screen = client.connect(&owner).await;
        let android = client.trust_another(EMAIL, &mut screen, "Android").await;
        let ios = client.trust_another(EMAIL, &mut screen, "iPhone").await;
        let ios_token = apns_token(1);
        settle_notices(&database).await;
        for (device, provider, token) in
            [(&owner, "fcm", "owner"), (&android, "fcm", "android"), (&ios, "apns", ios_token.as_str())]
        {
            let body = json!({ "push": { "provider": provider, "token": token } });
            let token = Some(device.access_token.as_str());
            client.send(Method::PATCH, "/v1/devices/current", token, Some(body)).await.expect(200);
        }
        Self { providers, database, survivor, owner }
    }

    async fn doomed(&self) -> ChildGateway {
        self.providers.start_node(&self.database, &[]).await
    }

    /// Every push of the code went out, at most twice to a device, and under one key; how long it took.
    async fn expect_taken_over(&self, challenge: &Challenge, due: Instant) -> Duration {
        let undone = format!(
            "SELECT count(*) FROM deliveries WHERE challenge_id = '{}' AND channel <> 'websocket' AND state = 'accepted'",
            challenge.id
        );
        self.database.await_count(&undone, 3).await;
        let mut last = due;
        for target in ["owner", "android"] {
            let mut pushes = self.providers.at_fcm(challenge, "code");
            pushes.retain(|push| push.target == target);
            assert!((1..=2).contains(&pushes.len()), "{} pushes to {target}", pushes.len());
            for push in &pushes {
                assert_eq!(push.body["message"]["android"]["collapse_key"], challenge.id.as_str());
                assert_eq!(push.data("code"), pushes[0].data("code"));
            }
            last = last.max(pushes[pushes.len() - 1].at);
        }
        let to_ios = self.providers.at_apns(challenge, "code");
        assert!((1..=2).contains(&to_ios.len()), "{} pushes to iOS", to_ios.len());
        assert!(to_ios.iter().all(|push| push.headers["apns-collapse-id"] == challenge.id));
        last.max(to_ios[to_ios.len() - 1].at).saturating_duration_since(due)
    }
}

#[actix_web::test]
async fn what_a_killed_node_had_begun_is_sent_by_another() {
    let scene = Scene::start().await;
    // The providers have the first requests and answer none: nobody knows what became of them.
    scene.providers.fcm.script("android", vec![FcmBehaviour::Hang]);
    scene.providers.apns.script(&apns_token(1), vec![ApnsBehaviour::Hang]);
    let mut doomed = scene.doomed().await;
    let client = Client::new(&doomed.url);
    let mut screen = client.connect(&scene.owner).await;
    let due = Instant::now();
    let challenge = client.begin_sign_in(EMAIL, &Install::new("New")).await;
    silent_code(&mut screen, &challenge).await;
    scene.providers.wait_for_apns(&challenge, "code", 1).await;
    doomed.kill();
    let took = scene.expect_taken_over(&challenge, due).await;
    println!("the last push went out {took:?} after it was due");
    assert_eq!(scene.providers.at_apns(&challenge, "code").len(), 2);
    scene.providers.expect_only_legal_requests();
}

#[actix_web::test]
async fn what_a_node_killed_right_after_its_answer_left_is_sent_by_another() {
    let scene = Scene::start().await;
    for round in 0..3 {
        let mut doomed = scene.doomed().await;
        let client = Client::new(&doomed.url);
        let due = Instant::now();
        let challenge = client.begin_sign_in(EMAIL, &Install::new(&format!("New {round}"))).await;
        doomed.kill();
        let took = scene.expect_taken_over(&challenge, due).await;
        println!("the last push went out {took:?} after it was due");
    }
}

#[actix_web::test]
async fn a_device_that_comes_to_another_node_has_the_code_and_is_pushed_if_it_stays_silent() {
    let scene = Scene::start().await;
    let mut doomed = scene.doomed().await;
    let client = Client::new(&doomed.url);
    let mut screen = client.connect(&scene.owner).await;
    let due = Instant::now();
    let challenge = client.begin_sign_in(EMAIL, &Install::new("New")).await;
    let code = silent_code(&mut screen, &challenge).await;
    doomed.kill();
    let mut again = Client::new(&scene.survivor.url).connect(&scene.owner).await;
    assert_eq!(silent_code(&mut again, &challenge).await["code"], code["code"]);
    let took = scene.expect_taken_over(&challenge, due).await;
    println!("the last push went out {took:?} after it was due");
}
