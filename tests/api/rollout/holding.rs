//! The rollout stops itself, and goes on by hand.

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};

use super::super::ANNA;
use super::nodes::node;
use super::{call, is_available, list, set};
use crate::support::child::ChildGateway;
use crate::support::client::{Client, DEADLINE, Install, PASSWORD};
use crate::support::database::TestDatabase;
use crate::support::gateway::{TestGateway, operator_token_file};

/// Two batches of some 600 accounts each, of which each signed in once: one from 0 to 30, ten days old, and one from 30 to 60 that began
/// two days ago. `fails` is a condition on the number of an account of the newest one, whose code reached no device then.
async fn seed(database: &TestDatabase, fails: &str) {
    let seed = format!(
        "UPDATE rollout SET percent = 60, salt = 'the same every time';
         DELETE FROM rollout_batches;
         INSERT INTO rollout_batches (batch_id, from_percent, to_percent, began_at) VALUES
             (gen_random_uuid(), 0, 30, now() - interval '10 days'), (gen_random_uuid(), 30, 60, now() - interval '49 hours');
         CREATE TABLE seeded AS SELECT number, md5('account ' || number)::uuid AS account_id FROM generate_series(1, 2000) number;
         INSERT INTO accounts (account_id, email, email_verified_at, password_hash, two_step_enabled_at)
         SELECT account_id, 'user' || number || '@example.com', now(), 'none', began_at + interval '1 hour' * (number % 20)
         FROM seeded, rollout, rollout_batches
         WHERE rollout_place(salt, account_id) >= from_percent AND rollout_place(salt, account_id) < to_percent;
         INSERT INTO challenges (account_id, challenge_id, token_hash, purpose, method, key_id, digits, resend_at, created_at,
             expires_at, outcome, closed_at, install_id, requester, ip)
         SELECT account_id, account_id, sha256(uuid_send(account_id)), 'sign_in', 'app', 'k1', 6, now(),
             two_step_enabled_at + interval '1 hour', now(), CASE WHEN number % 10 = 0 THEN 'expired' ELSE 'verified' END,
             two_step_enabled_at + interval '2 hours', account_id, '{{}}', '192.0.2.1'
         FROM accounts JOIN seeded USING (account_id);
         INSERT INTO deliveries (account_id, challenge_id, delivery_id, generation, device_id, channel, state, accepted_at)
         SELECT account_id, account_id, gen_random_uuid(), 1, account_id, 'fcm', 'accepted', now()
         FROM accounts JOIN seeded USING (account_id), rollout
         WHERE number % 25 <> 0 AND NOT (rollout_place(salt, account_id) >= 30 AND ({fails}));"
    );
    database.execute(&seed).await;
}

async fn rollout(operator: &Client) -> Value {
    call(operator, Method::GET, "", None).await.expect(200)
}

/// Waits until the newest batch was counted.
async fn await_counted(operator: &Client) -> Value {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let batches = call(operator, Method::GET, "/batches", None).await.expect(200)["batches"].clone();
        if batches[0]["counted"].is_object() && batches[1]["counted"].is_object() {
            return batches;
        }
        assert!(Instant::now() < deadline, "not counted in time: {batches}");
    }
}

async fn await_held(operator: &Client) -> Value {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let state = rollout(operator).await;
        if state["held"].is_object() {
            return state;
        }
        assert!(Instant::now() < deadline, "it does not hold in time: {state}");
    }
}

/// Waits until the node's metric says whether it holds.
async fn await_metric(node: &ChildGateway, expected: f64) {
    let deadline = Instant::now() + DEADLINE;
    while (node.metric("twostep_rollout_held ", "").await - expected).abs() > 0.5 {
        assert!(Instant::now() < deadline, "the metric is not {expected}");
        tokio::task::yield_now().await;
    }
}

/// Moves the places of all accounts so that Anna's is between these two.
async fn place_anna(database: &TestDatabase, from: u32, to: u32) {
    let salt = format!(
        "UPDATE rollout SET salt = (SELECT 'salt ' || number FROM generate_series(1, 1000) number, accounts
             WHERE email = '{ANNA}' AND rollout_place('salt ' || number, account_id) >= {from}
                 AND rollout_place('salt ' || number, account_id) < {to} LIMIT 1)"
    );
    database.execute(&salt).await;
}

#[actix_web::test]
async fn a_batch_that_fails_holds_the_rollout_until_an_operator_lets_it_go_on() {
    let database = TestDatabase::new().await;
    seed(&database, "number % 2 = 0").await;
    let node = node(&database).await;
    let (operator, client) = (Client::operator(&node.operator_url, &operator_token_file()), Client::new(&node.url));
    let state = await_held(&operator).await;
    let held = &state["held"];
    assert_eq!(
        (&held["cause"], &held["percent"], &state["percent"]),
        (&json!("unreachable"), &json!(30.0), &json!(60.0))
    );
    let share = |of: &str| held[of]["percent"].as_f64().expect("a share");
    assert!(share("newest") > 45.0 && share("before") < 8.0, "{held}");
    await_metric(&node, 1.0).await;

    // Who is in the newest batch is not offered it any more, who is in the one before still is, and so is whom an operator allows.
    let anna = client.new_account(ANNA).await;
    place_anna(&database, 30, 50).await;
    assert!(!is_available(&client, &anna).await);
    place_anna(&database, 0, 30).await;
    assert!(is_available(&client, &anna).await);
    place_anna(&database, 30, 50).await;
    list(&operator, ANNA, "allow").await;
    assert!(is_available(&client, &anna).await);
    let id = super::id_of(&operator, ANNA).await;
    call(&operator, Method::DELETE, &format!("/accounts/{id}"), None).await.expect(204);

    for body in [json!({ "percent": 61 }), json!({ "percent": 100, "mode": "on" })] {
        let refused = call(&operator, Method::PUT, "", Some(body)).await.expect_problem(403, "forbidden");
        assert!(refused["detail"].as_str().is_some_and(|text| text.contains("twostep rollout resume")), "{refused}");
    }
    assert_eq!(set(&operator, json!({ "percent": 50 })).await["held"]["percent"], 30.0, "a lower share is no way out");
    call(&operator, Method::PUT, "", Some(json!({ "percent": 55 }))).await.expect_problem(403, "forbidden");

    let resumed = call(&operator, Method::POST, "/resume", None).await.expect(200);
    assert_eq!((&resumed["held"], &resumed["percent"]), (&Value::Null, &json!(50.0)));
    let batches = call(&operator, Method::GET, "/batches", None).await.expect(200)["batches"].clone();
    assert_eq!(
        (&batches[0]["from"], &batches[0]["counted"]),
        (&json!(30.0), &Value::Null),
        "it begins anew: {batches}"
    );
    assert!(is_available(&client, &anna).await);
    assert_eq!(set(&operator, json!({ "percent": 100 })).await["percent"], 100.0);
    call(&operator, Method::POST, "/resume", None).await.expect(200);
    await_metric(&node, 0.0).await;
}

#[actix_web::test]
async fn a_batch_that_fares_like_the_one_before_goes_on() {
    let database = TestDatabase::new().await;
    seed(&database, "false").await;
    let gateway = TestGateway::on(database, |_| {}).await;
    let batches = await_counted(&gateway.operator()).await;
    let newest = &batches[0]["counted"];
    assert_eq!((&newest["hours"], &batches[1]["counted"]["hours"]), (&json!(48), &json!(48)), "the same age");
    let seeded = "SELECT count(*) FROM accounts, rollout WHERE two_step_enabled_at IS NOT NULL
        AND rollout_place(salt, account_id) >= 30 AND rollout_place(salt, account_id) < 60";
    assert_eq!(newest["accounts"], gateway.database.count(seeded).await);
    assert_eq!(rollout(&gateway.operator()).await["held"], Value::Null);
    gateway.stop().await;
}

/// The batch before began so long ago that its challenges are forgotten.
const LONG_AGO: &str = "UPDATE rollout_batches SET began_at = now() - interval '60 days' WHERE from_percent = 0";

#[actix_web::test]
async fn a_batch_of_long_ago_is_compared_by_what_was_counted_then() {
    let database = TestDatabase::new().await;
    seed(&database, "true").await;
    database.execute(LONG_AGO).await;
    let then = "INSERT INTO rollout_figures (batch_id, hours, accounts, recovered, asked, unreachable, abandoned)
        SELECT batch_id, 48, 700, 3, 600, 24, 60 FROM rollout_batches WHERE from_percent = 0";
    database.execute(then).await;
    let gateway = TestGateway::on(database, |_| {}).await;
    let held = await_held(&gateway.operator()).await["held"].clone();
    assert_eq!((&held["before"]["count"], &held["before"]["of"]), (&json!(24), &json!(600)), "{held}");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_batch_of_long_ago_that_was_not_counted_is_no_measure() {
    let database = TestDatabase::new().await;
    seed(&database, "true").await;
    database.execute(LONG_AGO).await;
    let gateway = TestGateway::on(database, |_| {}).await;
    let done = "SELECT count(*) FROM shared_tasks WHERE task = 'watch_rollout' AND done_at IS NOT NULL";
    gateway.database.await_count(done, 1).await;
    let batches = call(&gateway.operator(), Method::GET, "/batches", None).await.expect(200)["batches"].clone();
    assert_eq!((&batches[0]["counted"]["hours"], &batches[1]["counted"]), (&json!(48), &Value::Null), "{batches}");
    assert_eq!(rollout(&gateway.operator()).await["held"], Value::Null);
    gateway.stop().await;
}

#[actix_web::test]
async fn where_it_is_not_to_stop_itself_it_is_counted_only() {
    let database = TestDatabase::new().await;
    seed(&database, "true").await;
    let gateway = TestGateway::on(database, |settings| settings.rollout.holds = false).await;
    let batches = await_counted(&gateway.operator()).await;
    assert_eq!(batches[0]["counted"]["unreachable"]["percent"], 100.0, "{batches}");
    // What is done after counting is done when the task is.
    gateway
        .database
        .await_count("SELECT count(*) FROM shared_tasks WHERE task = 'watch_rollout' AND done_at IS NOT NULL", 1)
        .await;
    assert_eq!(rollout(&gateway.operator()).await["held"], Value::Null);
    gateway.stop().await;
}

#[actix_web::test]
async fn who_has_it_on_keeps_it_while_the_rollout_holds() {
    let database = TestDatabase::new().await;
    seed(&database, "true").await;
    let gateway = TestGateway::on(database, |_| {}).await;
    let operator = gateway.operator();
    await_held(&operator).await;
    let client = gateway.client();
    client.new_account(ANNA).await;
    let on = format!("UPDATE accounts SET two_step_enabled_at = now() WHERE email = '{ANNA}'");
    gateway.database.execute(&on).await;
    client.sign_in(ANNA, PASSWORD, &Install::new("Second"), None).await.expect(202);
    gateway.stop().await;
}

#[actix_web::test]
async fn each_step_of_the_share_is_a_batch() {
    let gateway = TestGateway::start().await;
    let operator = gateway.operator();
    let steps = async || {
        let batches = call(&operator, Method::GET, "/batches", None).await.expect(200)["batches"].clone();
        let bounds = batches.as_array().expect("a list").iter();
        bounds
            .map(|batch| (batch["from"].as_f64().expect("a place"), batch["to"].as_f64().expect("a place")))
            .collect::<Vec<_>>()
    };
    assert_eq!(steps().await, [(0.0, 100.0)], "a new installation");
    for (body, expected) in [
        (json!({ "percent": 0 }), vec![]),
        (json!({ "percent": 5 }), vec![(0.0, 5.0)]),
        (json!({ "percent": 25 }), vec![(5.0, 25.0), (0.0, 5.0)]),
        (json!({ "percent": 25 }), vec![(5.0, 25.0), (0.0, 5.0)]),
        (json!({ "percent": 60.5 }), vec![(25.0, 60.5), (5.0, 25.0)]),
        (json!({ "percent": 30 }), vec![(25.0, 30.0), (5.0, 25.0)]),
        (json!({ "percent": 20 }), vec![(5.0, 20.0), (0.0, 5.0)]),
        (json!({ "mode": "shadow" }), vec![]),
        (json!({ "percent": 40 }), vec![]),
        (json!({ "mode": "on" }), vec![(0.0, 40.0)]),
    ] {
        set(&operator, body.clone()).await;
        assert_eq!(steps().await, expected, "after {body}");
    }
    gateway.stop().await;
}
