//! `POST /v1/challenges/{id}/resend`.

use futures_util::future::join;
use serde_json::json;
use twostep::settings::EmailFallback;

use super::{ANNA, BEN, Scene, expire, stored, wait_out_resend};
use crate::api::between;
use crate::support::client::{Challenge, Install, wrong};
use crate::support::gateway::TestGateway;

#[actix_web::test]
async fn a_new_code_replaces_the_old_one_and_gives_no_attempt_back() {
    let mut scene = Scene::new().await;
    let client = &scene.client;
    client.verify(&scene.challenge, &wrong(&scene.code)).await.expect_problem(422, "wrong_code");
    wait_out_resend(&scene.gateway.database, &scene.challenge).await;
    let body = client.resend(&scene.challenge, json!({})).await.expect(202);
    let challenge = &body["challenge"];
    assert_eq!((&challenge["attempts_left"], &challenge["destination"]), (&json!(4), &json!(1)));
    assert!(challenge.get("token").is_none(), "the token comes once: {body}");
    let shown = scene.screen.next_of("code").await;
    assert_eq!(shown["generation"], 2);
    client.verify(&scene.challenge, &scene.code).await.expect_problem(422, "wrong_code");
    client.verify(&scene.challenge, shown["code"].as_str().expect("a code")).await.expect(200);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_resend_that_comes_too_soon_sends_nothing() {
    let mut scene = Scene::new().await;
    let refused = scene.client.resend(&scene.challenge, json!({})).await;
    let header: u64 = refused.headers["retry-after"].to_str().expect("text").parse().expect("seconds");
    let body = refused.expect_problem(429, "resend_too_soon");
    assert_eq!(body["retry_after"], header);
    assert!((1..=30).contains(&header), "{header}");
    scene.screen.expect_nothing().await;
    assert_eq!(stored(&scene.gateway.database, &scene.challenge, "generation").await, 1);
    scene.client.verify(&scene.challenge, &scene.code).await.expect(200);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn each_wait_is_twice_the_one_before_and_five_are_all() {
    let scene = Scene::new().await;
    for seconds in [60, 120, 240, 480, 960] {
        scene.client.resend(&scene.challenge, json!({})).await.expect_problem(429, "resend_too_soon");
        wait_out_resend(&scene.gateway.database, &scene.challenge).await;
        let challenge = scene.client.resend(&scene.challenge, json!({})).await.expect(202)["challenge"].clone();
        // Both are counted from the same moment, and the code is good for 300 s from it.
        assert_eq!(between(&challenge["expires_at"], &challenge["resend_at"]).as_secs() + 300, seconds);
    }
    wait_out_resend(&scene.gateway.database, &scene.challenge).await;
    scene.client.resend(&scene.challenge, json!({})).await.expect_problem(429, "resend_too_soon");
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn the_first_change_to_email_comes_at_once_and_mails_a_new_code() {
    let scene = Scene::new().await;
    let client = &scene.client;
    let body = client.resend(&scene.challenge, json!({ "method": "email" })).await.expect(202);
    let challenge = &body["challenge"];
    assert_eq!([&challenge["method"], &challenge["destination"]], ["email", "a•••@example.com"]);
    assert_eq!(between(&challenge["resend_at"], &challenge["expires_at"]).as_secs(), 600 - 60);
    let mailed = client.mailed_code(ANNA, "Your sign-in code").await;
    client.verify(&scene.challenge, &scene.code).await.expect_problem(422, "wrong_code");
    client.resend(&scene.challenge, json!({ "method": "app" })).await.expect_problem(429, "resend_too_soon");
    client.verify(&scene.challenge, &mailed).await.expect(200);
    assert_eq!(client.activity(&scene.trusted).await[0]["method"], "email");
    scene.gateway.stop().await;
}

/// Somebody asked for another code first: the way by email is open at once all the same, and later changes wait.
#[actix_web::test]
async fn the_first_change_comes_at_once_also_after_a_resend() {
    let scene = Scene::new().await;
    let client = &scene.client;
    wait_out_resend(&scene.gateway.database, &scene.challenge).await;
    client.resend(&scene.challenge, json!({})).await.expect(202);
    client.resend(&scene.challenge, json!({})).await.expect_problem(429, "resend_too_soon");
    client.resend(&scene.challenge, json!({ "method": "email" })).await.expect(202);
    client.resend(&scene.challenge, json!({ "method": "app" })).await.expect_problem(429, "resend_too_soon");
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_method_that_is_not_offered_is_refused() {
    let gateway = TestGateway::start_with(|settings| settings.delivery.email_fallback = EmailFallback::Off).await;
    let scene = Scene::on(gateway).await;
    assert_eq!(scene.challenge.body["methods"], json!(["app"]));
    let refused = scene.client.resend(&scene.challenge, json!({ "method": "email" })).await;
    refused.expect_problem(400, "invalid_request");
    let begun = scene.client.create_account("new@example.com", &Install::new("First")).await.expect(202);
    let refused = scene.client.resend(&Challenge::new(&begun), json!({ "method": "app" })).await;
    refused.expect_problem(400, "invalid_request");
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_challenge_that_is_over_gets_no_new_code() {
    let scene = Scene::new().await;
    expire(&scene.gateway.database, &scene.challenge).await;
    scene.client.resend(&scene.challenge, json!({ "method": "email" })).await.expect_problem(410, "challenge_closed");
    assert!(scene.client.mails(ANNA, "Your sign-in code").await.is_empty());
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_resend_whose_code_was_replaced_meanwhile_is_tried_again() {
    let scene = Scene::new().await;
    let database = &scene.gateway.database;
    wait_out_resend(database, &scene.challenge).await;
    let mut other = database.connect().await;
    let replacing = other.transaction().await.expect("begun");
    replacing.execute("UPDATE challenges SET generation = generation + 1", &[]).await.expect("replaced");
    let release = async {
        database.await_blocked(1).await;
        replacing.commit().await.expect("committed");
    };
    let (resent, ()) = join(scene.client.resend(&scene.challenge, json!({})), release).await;
    resent.expect(202);
    assert_eq!(stored(database, &scene.challenge, "generation").await, 3);
    scene.gateway.stop().await;
}

/// As if so many new codes had been asked for with an earlier challenge, so many minutes ago.
async fn earlier(scene: &Scene, resends: u32, minutes_ago: u32) {
    let copy = format!(
        "INSERT INTO challenges (account_id, challenge_id, token_hash, purpose, method, key_id, digits, resends, resend_at,
            created_at, expires_at, outcome, closed_at, install_id, requester, ip)
        SELECT account_id, gen_random_uuid(), token_hash, purpose, method, key_id, digits, {resends}, resend_at,
            now() - interval '{minutes_ago} minutes', expires_at, 'superseded', now(), install_id, requester, ip
        FROM challenges WHERE challenge_id = '{}'",
        scene.challenge.id
    );
    scene.gateway.database.execute(&copy).await;
}

#[actix_web::test]
async fn an_account_gets_ten_new_codes_an_hour_and_twenty_a_day() {
    let scene = Scene::new().await;
    earlier(&scene, 5, 30).await;
    earlier(&scene, 5, 20).await;
    wait_out_resend(&scene.gateway.database, &scene.challenge).await;
    let refused = scene.client.resend(&scene.challenge, json!({})).await.expect_problem(429, "resend_too_soon");
    let wait = refused["retry_after"].as_u64().expect("seconds");
    assert!((29 * 60..=30 * 60).contains(&wait), "until the first leaves the hour: {wait}");
    scene.client.verify(&scene.challenge, &scene.code).await.expect(200);

    scene.gateway.database.age("challenges", "created_at", 3 * 3600, "resends > 0").await;
    let scene = Scene { challenge: scene.client.begin_sign_in(ANNA, &Install::new("Next")).await, ..scene };
    wait_out_resend(&scene.gateway.database, &scene.challenge).await;
    scene.client.resend(&scene.challenge, json!({})).await.expect(202);
    for _ in 0..2 {
        earlier(&scene, 5, 300).await;
    }
    wait_out_resend(&scene.gateway.database, &scene.challenge).await;
    scene.client.resend(&scene.challenge, json!({})).await.expect_problem(429, "resend_too_soon");
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn an_address_gets_five_codes_an_hour_and_strangers_do_not_use_up_its_owners() {
    let scene = Scene::new().await;
    for number in 0..5 {
        scene.client.create_account(BEN, &Install::new("Stranger")).await.expect(202);
        if number < 4 {
            // One mail was for the account itself.
            scene.client.create_account(ANNA, &Install::new("Stranger")).await.expect(202);
        }
    }
    let mut waits = Vec::new();
    for email in [BEN, ANNA] {
        let refused = scene.client.create_account(email, &Install::new("Stranger")).await;
        waits.push(refused.expect_problem(429, "too_many_requests")["retry_after"].as_u64().expect("seconds"));
    }
    assert!(waits.iter().all(|wait| (3500..=3600).contains(wait)), "{waits:?}");
    scene.client.resend(&scene.challenge, json!({ "method": "email" })).await.expect(202);
    scene.gateway.stop().await;
}
