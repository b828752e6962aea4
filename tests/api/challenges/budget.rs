//! The guess budget of an account, over all its challenges, nodes and restarts.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use twostep::app::App;
use twostep::domain::challenge::guess_budget::BUDGET_RULES;

use super::{ANNA, BEN, Scene, expire};
use crate::support::client::{Answer, Challenge, Client, Install, PASSWORD, SignedIn, wrong};
use crate::support::database::TestDatabase;
use crate::support::gateway::TestGateway;

const FAILURES: &str = "SELECT coalesce(max(failures), 0)::bigint FROM code_budgets WHERE kind = 'account'";

/// As if so many codes had been guessed, and all waits were over.
async fn set_failures(database: &TestDatabase, failures: u32) {
    let set = format!("UPDATE code_budgets SET failures = {failures}, wait_until = NULL WHERE kind = 'account'");
    database.execute(&set).await;
}

/// All waits are over.
async fn wait_out(database: &TestDatabase) {
    database.execute("UPDATE code_budgets SET wait_until = now() WHERE wait_until IS NOT NULL").await;
}

async fn guess(client: &Client, challenge: &Challenge, code: &str, times: usize) {
    for _ in 0..times {
        client.verify(challenge, &wrong(code)).await.expect_problem(422, "wrong_code");
    }
}

async fn unfreeze(client: &Client, device: &SignedIn) -> Answer {
    client.send(Method::POST, "/v1/login-security/unfreeze", Some(&device.access_token), None).await
}

#[actix_web::test]
async fn the_tenth_wrong_code_of_an_account_is_followed_by_a_wait_and_a_success_ends_it() {
    let mut scene = Scene::new().await;
    let (second, third) = (Install::new("Second"), Install::new("Third"));
    let second = scene.client.begin_sign_in(ANNA, &second).await;
    let second_code = scene.screen.code_of(&second.id).await;
    let third = scene.client.begin_sign_in(ANNA, &third).await;
    let third_code = scene.screen.code_of(&third.id).await;
    guess(&scene.client, &scene.challenge, &scene.code, 5).await;
    guess(&scene.client, &second, &second_code, 5).await;

    let refused = scene.client.verify(&third, &third_code).await.expect_problem(429, "too_many_requests");
    assert!((1..=30).contains(&refused["retry_after"].as_u64().expect("seconds")), "{refused}");
    let elsewhere = scene.client.sign_in(ANNA, PASSWORD, &Install::new("Next"), None).await;
    elsewhere.expect_problem(429, "too_many_requests");
    assert_eq!(scene.client.state(&third).await["challenge"]["attempts_left"], 5, "what is refused is not counted");
    scene
        .client
        .sign_in(ANNA, PASSWORD, &scene.trusted.install, scene.trusted.trust_token.as_deref())
        .await
        .expect(200);

    wait_out(&scene.gateway.database).await;
    scene.client.verify(&third, &third_code).await.expect(200);
    assert_eq!(scene.gateway.database.count(FAILURES).await, 0);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn the_database_waits_as_long_as_the_rule_says() {
    let mut scene = Scene::new().await;
    guess(&scene.client, &scene.challenge, &scene.code, 1).await;
    scene.gateway.database.execute("UPDATE code_budgets SET allowed = 100").await;
    for failures in [8, 9, 10, 11, 16, 17, 18, 60, 98] {
        set_failures(&scene.gateway.database, failures - 1).await;
        let challenge = scene.client.begin_sign_in(ANNA, &scene.install).await;
        let code = scene.screen.code_of(&challenge.id).await;
        guess(&scene.client, &challenge, &code, 1).await;
        let wait = "SELECT coalesce(round(extract(epoch FROM wait_until - now())), 0)::bigint FROM code_budgets";
        let wait = scene.gateway.database.count(wait).await;
        let expected = BUDGET_RULES.wait_after(failures).map_or(0, |wait| wait.as_secs());
        assert!((expected - 5..=expected).contains(&wait), "{failures}: {wait} s, not {expected}");
    }
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn fifty_wrong_codes_freeze_new_devices_and_a_hundred_leave_only_a_new_password() {
    let mut scene = Scene::new().await;
    guess(&scene.client, &scene.challenge, &scene.code, 1).await;
    set_failures(&scene.gateway.database, 49).await;
    guess(&scene.client, &scene.challenge, &scene.code, 1).await;
    scene.screen.alert("too_many_wrong_codes").await;
    scene.client.await_mail(ANNA, "Too many wrong codes", 1).await;
    scene.client.verify(&scene.challenge, &scene.code).await.expect_problem(410, "challenge_closed");
    let sign_in = async |install: &Install| scene.client.sign_in(ANNA, PASSWORD, install, None).await;
    sign_in(&scene.install).await.expect_problem(403, "account_frozen");

    unfreeze(&scene.client, &scene.trusted).await.expect(204);
    let next = Challenge::new(&sign_in(&scene.install).await.expect(202));
    let code = scene.screen.code_of(&next.id).await;
    set_failures(&scene.gateway.database, 99).await;
    guess(&scene.client, &next, &code, 1).await;
    assert_eq!(scene.gateway.database.count(FAILURES).await, 100);
    unfreeze(&scene.client, &scene.trusted).await.expect_problem(403, "account_frozen");

    let body = json!({ "current": PASSWORD, "new": "another battery staple" });
    scene.client.post("/v1/login-security/password", &scene.trusted.access_token, body).await.expect(204);
    scene.client.sign_in(ANNA, "another battery staple", &scene.install, None).await.expect(202);
    scene.gateway.stop().await;
}

/// Whoever dies between the last comparison and the freeze leaves a spent budget: still nothing is compared.
#[actix_web::test]
async fn a_spent_budget_compares_nothing_even_where_nobody_froze_the_account() {
    let scene = Scene::new().await;
    guess(&scene.client, &scene.challenge, &scene.code, 1).await;
    set_failures(&scene.gateway.database, 50).await;
    scene.client.verify(&scene.challenge, &scene.code).await.expect_problem(403, "account_frozen");
    let frozen = "SELECT count(*) FROM accounts WHERE sign_ins_frozen_at IS NOT NULL";
    assert_eq!(scene.gateway.database.count(frozen).await, 1);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn sixty_four_guessers_on_two_nodes_compare_no_more_than_the_budget_has() {
    let scene = Scene::new().await;
    let settings = TestGateway::settings(&scene.gateway.database.url, |_| {});
    let other = App::start(&settings).await.expect("a second node");
    let nodes = [scene.client.clone(), Client::new(&format!("http://{}", other.address()))];
    let guessers = (0..64).map(|number| {
        let (client, database) = (&nodes[number % 2], &scene.gateway.database);
        async move {
            let mut compared = 0;
            // Time passes as fast as they can guess.
            for _ in 0..6 {
                wait_out(database).await;
                let begun = client.sign_in(ANNA, PASSWORD, &Install::new("Guesser"), None).await;
                if begun.status != 202 {
                    continue;
                }
                let challenge = Challenge::new(&begun.body);
                for _ in 0..5 {
                    compared += i64::from(client.verify(&challenge, "000000").await.status == 422);
                    wait_out(database).await;
                }
                expire(database, &challenge).await;
            }
            compared
        }
    });
    let compared: i64 = join_all(guessers).await.into_iter().sum();
    assert_eq!(scene.gateway.database.count(FAILURES).await, compared);
    assert!((5..=50).contains(&compared), "{compared} comparisons");
    other.stop().await;
    scene.gateway.stop().await;
}

/// The answers tell nobody whether an address is taken, and its owner's budget is not touched.
#[actix_web::test]
async fn guesses_at_a_taken_and_at_a_free_address_are_answered_alike_and_cost_its_owner_nothing() {
    let scene = Scene::new().await;
    for email in [ANNA, BEN] {
        let mut answers = Vec::new();
        for _ in 0..3 {
            let begun = scene.client.create_account(email, &Install::new("Stranger")).await.expect(202);
            let challenge = Challenge::new(&begun);
            for _ in 0..6 {
                answers.push(scene.client.verify(&challenge, "000000").await.status.as_u16());
            }
        }
        assert_eq!(answers, [422, 422, 422, 422, 422, 429].repeat(3), "{email}");
    }
    assert_eq!(scene.gateway.database.count(FAILURES).await, 0);
    scene.client.verify(&scene.challenge, &scene.code).await.expect(200);
    scene.gateway.stop().await;
}
