//! `GET /v1/support` and `GET /v1/challenges/{id}/support`.

use serde_json::{Value, json};

use super::{ANNA, BEN, Scene};
use crate::support::client::{Challenge, Client, SignedIn};

async fn of_challenge(client: &Client, challenge: &Challenge) -> Value {
    client.get(&challenge.path("/support"), &challenge.token).await.expect(200)
}

async fn of_session(client: &Client, device: &SignedIn) -> Value {
    client.get("/v1/support", &device.access_token).await.expect(200)
}

#[actix_web::test]
async fn who_waits_for_a_code_gets_the_trace_without_names() {
    let scene = Scene::new().await;
    scene.client.resend(&scene.challenge, json!({ "method": "email" })).await.expect(202);
    scene.client.mailed_code(ANNA, "sign-in code").await;
    scene.client.await_delivery(&scene.challenge, "accepted").await;
    let bundle = of_challenge(&scene.client, &scene.challenge).await;
    assert_eq!(bundle["account"], json!({ "email": "a•••@example.com" }));
    let device = json!({ "model": "Model", "platform": "android", "os_version": "15", "app_version": "1.0.0" });
    assert_eq!(bundle["device"], device);
    assert_eq!(bundle["gateway_version"], env!("CARGO_PKG_VERSION"));
    let challenge = &bundle["challenges"][0];
    assert_eq!([&challenge["id"], &challenge["state"], &challenge["method"]], [&scene.challenge.id, "open", "email"]);
    assert_eq!((&challenge["attempts_left"], &challenge["resends"]), (&json!(5), &json!(1)));
    let trace = challenge["deliveries"].as_array().expect("a list");
    let steps: Vec<_> =
        trace.iter().map(|step| (&step["generation"], &step["channel"], step.get("device_name"))).collect();
    assert_eq!(steps, [(&json!(1), &json!("websocket"), None), (&json!(2), &json!("email"), None)]);
    assert!(trace[1]["accepted_at"].is_string() && trace[1]["tries"] == 1, "{}", trace[1]);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_signed_in_user_gets_the_account_and_its_newest_challenges() {
    let scene = Scene::new().await;
    let bundle = of_session(&scene.client, &scene.trusted).await;
    let account = &bundle["account"];
    assert_eq!((&account["email"], &account["trusted_devices"]), (&json!("a•••@example.com"), &json!(1)));
    assert_eq!(account["two_step_enabled"], true);
    let purposes: Vec<_> = bundle["challenges"].as_array().expect("a list").iter().map(|one| &one["purpose"]).collect();
    assert_eq!(purposes, ["sign_in", "enable_two_step", "create_account"]);
    assert_eq!(bundle["challenges"][0]["deliveries"][0]["device_name"], "First");

    let stranger = scene.client.new_account(BEN).await;
    let text = of_session(&scene.client, &stranger).await.to_string();
    assert!(!text.contains(&scene.challenge.id), "{text}");
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn an_untrusted_device_is_told_no_names() {
    let scene = Scene::new().await;
    let guest = scene.client.sign_in_with_code(&scene.challenge, &scene.code, &scene.install, false).await;
    let bundle = of_session(&scene.client, &guest).await;
    assert!(bundle["challenges"][0]["deliveries"][0].get("device_name").is_none(), "{bundle}");
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn no_bundle_holds_a_code_a_token_or_an_address() {
    let scene = Scene::new().await;
    let secrets = [
        scene.code.clone(),
        scene.challenge.token.clone(),
        scene.trusted.access_token.clone(),
        scene.trusted.trust_token.clone().expect("a token"),
        ANNA.to_owned(),
    ];
    for bundle in [of_challenge(&scene.client, &scene.challenge).await, of_session(&scene.client, &scene.trusted).await]
    {
        let text = bundle.to_string();
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "{text}");
        assert!(!text.contains("127.0.0.1") && !text.contains("hash"), "{text}");
    }
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_bundle_needs_its_token() {
    let scene = Scene::new().await;
    let path = scene.challenge.path("/support");
    scene.client.get(&path, &scene.trusted.access_token).await.expect_problem(401, "unauthorized");
    scene.client.get("/v1/support", &scene.challenge.token).await.expect_problem(401, "unauthorized");
    let other = scene.client.begin_sign_in(ANNA, &crate::support::client::Install::new("Other")).await;
    scene.client.get(&path, &other.token).await.expect_problem(401, "unauthorized");
    scene.gateway.stop().await;
}
