//! `twostep rollout` moves the switch of a running gateway.

use serde_json::{Value, json};

use super::say;
use crate::support::client::{Client, Install, PASSWORD};
use crate::support::gateway::TestGateway;

const ANNA: &str = "anna@example.com";
const BEN: &str = "ben@example.com";

/// As [`say`], to this gateway, answered in JSON.
async fn ask(gateway: &TestGateway, arguments: &[&str]) -> Value {
    let url = gateway.operator_url();
    let mut all = vec!["rollout", "--json", "--url", &url];
    all.extend(arguments);
    serde_json::from_str(&say(&all, &[]).await.well()).expect("JSON")
}

async fn is_available(client: &Client, token: &str) -> bool {
    client.get("/v1/login-security", token).await.expect(200)["two_step"]["available"] == true
}

#[actix_web::test]
async fn the_share_and_the_mode_are_moved_and_shown() {
    let gateway = TestGateway::start().await;
    let moved = ask(&gateway, &["percent", "12.5%"]).await;
    assert_eq!((&moved["percent"], &moved["mode"]), (&json!(12.5), &json!("on")));
    let moved = ask(&gateway, &["mode", "shadow"]).await;
    assert_eq!((&moved["percent"], &moved["mode"]), (&json!(12.5), &json!("shadow")));
    assert_eq!(ask(&gateway, &["show"]).await, moved);
    let shown = say(&["rollout", "show", "--url", &gateway.operator_url()], &[]).await.well();
    for line in ["percent  12.5", "mode     shadow: only counted", "allowed  0", "denied   0", "changed  20"] {
        assert!(shown.contains(line), "{line} is missing:\n{shown}");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn a_rollout_that_stopped_itself_says_why_and_goes_on_by_command() {
    let gateway = TestGateway::start().await;
    ask(&gateway, &["percent", "5"]).await;
    ask(&gateway, &["percent", "25"]).await;
    let held = "UPDATE rollout SET held_at = now(), held_batch = batch_id, held_percent = 5, held_cause = 'abandoned',
            held_newest_count = 212, held_newest_of = 431, held_before_count = 19, held_before_of = 402
        FROM rollout_batches WHERE from_percent = 5";
    gateway.database.execute(held).await;
    let figures = "INSERT INTO rollout_figures SELECT batch_id, 48, 900, 9, 431, 8, 212 FROM rollout_batches WHERE from_percent = 5";
    gateway.database.execute(figures).await;
    let url = gateway.operator_url();
    let shown = say(&["rollout", "show", "--url", &url], &[]).await.well();
    for line in [
        "at 5.0 %: nobody new is offered it",
        "because  212 of 431 accounts (49.2 %) did not finish their sign-in in the newest batch",
        "before   19 of 402 accounts (4.7 %) did not finish",
        "twostep rollout resume",
    ] {
        assert!(shown.contains(line), "{line} is missing:\n{shown}");
    }
    let batches = say(&["rollout", "batches", "--url", &url], &[]).await.well();
    let rows: Vec<&str> = batches.lines().collect();
    assert!(rows.len() == 3 && rows[1].starts_with("5.0 to 25.0 %") && rows[1].contains("49.2 %"), "{batches}");
    assert!(rows[2].starts_with("0.0 to 5.0 %") && rows[2].trim_end().ends_with('-'), "{batches}");
    let refused = say(&["rollout", "percent", "26", "--url", &url], &[]).await.failure();
    assert!(refused.contains("twostep rollout resume"), "{refused}");
    assert_eq!(ask(&gateway, &["resume"]).await["held"], Value::Null);
    assert_eq!(ask(&gateway, &["percent", "26"]).await["percent"], 26.0);
    gateway.stop().await;
}

#[actix_web::test]
async fn accounts_are_listed_by_address_or_id_and_taken_off_again() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let (anna, ben) = (client.new_account(ANNA).await, client.new_account(BEN).await);
    ask(&gateway, &["percent", "0"]).await;
    let allowed = ask(&gateway, &["allow", ANNA, BEN]).await;
    assert_eq!((&allowed[0]["listed"], &allowed[1]["email"]), (&json!("allow"), &json!("b•••@example.com")));
    assert!(is_available(&client, &anna.access_token).await && is_available(&client, &ben.access_token).await);

    let id = allowed[1]["id"].as_str().expect("an id");
    assert_eq!(ask(&gateway, &["deny", id]).await[0]["listed"], "deny");
    assert!(!is_available(&client, &ben.access_token).await);
    assert_eq!(ask(&gateway, &["list"]).await.as_array().map(Vec::len), Some(2));
    let shown = say(&["rollout", "list", "--url", &gateway.operator_url()], &[]).await.well();
    assert!(shown.contains(&format!("deny   {id}  b•••@example.com")) && !shown.contains(ANNA), "{shown}");

    assert_eq!(ask(&gateway, &["unlist", ANNA, id]).await[1], json!({ "id": id, "listed": null }));
    assert_eq!(ask(&gateway, &["list"]).await, json!([]));
    assert!(!is_available(&client, &anna.access_token).await);
    gateway.stop().await;
}

#[actix_web::test]
async fn the_gateway_is_found_by_the_configuration() {
    let gateway = TestGateway::start().await;
    let address = gateway.app.operator_address().to_string();
    let shown = say(&["rollout", "show"], &[("TWOSTEP__OPERATOR__ADDRESS", &address)]).await.well();
    assert!(shown.contains("percent  100"), "{shown}");
    gateway.stop().await;
}

#[actix_web::test]
async fn what_cannot_be_done_is_said_with_what_to_do_next() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.new_account(ANNA).await;
    let (operator, public) = (gateway.operator_url(), gateway.url());
    let unknown = say(&["rollout", "--url", &operator, "allow", ANNA, "nobody@example.com"], &[]).await.failure();
    assert!(unknown.contains("no account has the address nobody@example.com"), "{unknown}");
    assert_eq!(ask(&gateway, &["list"]).await, json!([]), "a slip of the pen lists nobody");
    let unknown =
        say(&["rollout", "--url", &operator, "deny", "01900000-0000-7000-8000-000000000000"], &[]).await.failure();
    assert!(unknown.contains("there is no account with the id 01900000"), "{unknown}");

    for command in [&["show"][..], &["allow", ANNA], &["percent", "1"]] {
        let mut all = vec!["rollout", "--url", &public];
        all.extend(command);
        let wrong_side = say(&all, &[]).await.failure();
        assert!(wrong_side.contains("name the operator's address with --url"), "{wrong_side}");
    }
    let away = say(&["rollout", "show"], &[("TWOSTEP__OPERATOR__ADDRESS", "127.0.0.1:1")]).await.failure();
    assert!(away.contains("http://127.0.0.1:1 does not answer") && away.contains("start the gateway"), "{away}");
    let any = say(&["rollout", "show"], &[("TWOSTEP__OPERATOR__ADDRESS", "127.0.0.1:0")]).await.failure();
    assert!(any.contains("--url"), "{any}");
    gateway.stop().await;
}

#[actix_web::test]
async fn arguments_that_mean_nothing_change_nothing() {
    let gateway = TestGateway::start().await;
    let url = gateway.operator_url();
    for command in [&["percent", "101"][..], &["percent", "-1"], &["mode", "off"], &["allow"], &["allow", "anna"]] {
        let mut all = vec!["rollout", "--url", &url];
        all.extend(command);
        let refused = say(&all, &[]).await;
        assert!(!refused.is_well && refused.errors.contains("--help"), "{command:?}: {}", refused.errors);
    }
    let shown = ask(&gateway, &["show"]).await;
    assert_eq!((&shown["percent"], &shown["mode"]), (&json!(100.0), &json!("on")));
    gateway.stop().await;
}

#[actix_web::test]
async fn an_owner_who_turned_it_on_stays_protected_whatever_the_command() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.new_protected_account(ANNA).await;
    for command in [&["percent", "0"][..], &["deny", ANNA], &["mode", "shadow"]] {
        ask(&gateway, command).await;
        client.sign_in(ANNA, PASSWORD, &Install::new("Second"), None).await.expect(202);
    }
    gateway.stop().await;
}
