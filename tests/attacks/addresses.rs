//! Addresses: what a stranger can do to one that is not theirs.

use reqwest::Method;
use serde_json::{Value, json};

use super::behind_a_proxy;
use crate::support::client::{Answer, Challenge, Client, Install, PASSWORD, wrong};

const STRANGER: &str = "198.51.100.7";
const OWNER: &str = "203.0.113.9";

async fn register(client: &Client, from: &str, email: &str, install: &Install) -> Answer {
    let body = json!({ "email": email, "password": PASSWORD, "device": install.json() });
    client.send_for(from, Method::POST, "/v1/accounts", None, Some(body)).await
}

async fn mails(client: &Client) -> usize {
    let outbox = client.send(Method::GET, "/dev/outbox.json", None, None).await.expect(200);
    outbox["messages"].as_array().map_or(0, Vec::len)
}

#[actix_web::test]
async fn a_stranger_keeps_nobody_from_registering() {
    let (gateway, client) = behind_a_proxy().await;
    let (email, install) = ("new@example.com", Install::new("Owner"));
    let begun = Challenge::new(&register(&client, OWNER, email, &install).await.expect(202));
    let code = client.mailed_code(email, "Confirm").await;
    // All the mails that a network has, and all guesses of each challenge: even from the owner's installation.
    for number in 0..6 {
        let theirs = if number == 0 { install.clone() } else { Install::new("Stranger") };
        let answer = register(&client, STRANGER, email, &theirs).await;
        if answer.status == 202 {
            let challenge = Challenge::new(&answer.body);
            for _ in 0..5 {
                client.verify(&challenge, &wrong(&code)).await;
            }
        }
    }
    register(&client, STRANGER, email, &Install::new("Stranger")).await.expect_problem(429, "too_many_requests");
    assert_eq!(client.state(&begun).await["state"], "open", "nobody ended it");
    let again = Challenge::new(&register(&client, "203.0.113.10", email, &install).await.expect(202));
    assert_ne!(again.id, begun.id);
    client.verify(&begun, &code).await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn codes_that_confirm_an_address_become_too_long_to_be_guessed_and_no_budget_can_be_spent() {
    let (gateway, client) = behind_a_proxy().await;
    for email in ["new@example.com", "taken@example.com"] {
        if email == "taken@example.com" {
            client.new_account(email).await;
        }
        let mut lengths = Vec::new();
        for number in 0..6 {
            let from = format!("198.51.100.{number}");
            let begun = register(&client, &from, email, &Install::new("Stranger")).await.expect(202);
            let length = begun["challenge"]["code_length"].as_u64().expect("a number");
            lengths.push(length);
            let guess = if length == 6 { "123456" } else { "1234567890" };
            for _ in 0..5 {
                client.verify(&Challenge::new(&begun), guess).await.expect_problem(422, "wrong_code");
            }
        }
        assert_eq!(lengths, [6, 6, 6, 6, 10, 10], "{email}");
    }
    // Nobody guessed, but many may: what is open counts as well.
    let mut last = Value::Null;
    for number in 0..5 {
        let from = format!("198.51.100.{number}");
        last = register(&client, &from, "open@example.com", &Install::new("Stranger")).await.expect(202);
    }
    assert_eq!(last["challenge"]["code_length"], 10);
    assert_eq!(gateway.database.count("SELECT count(*) FROM code_budgets").await, 0);
    gateway.stop().await;
}

#[actix_web::test]
async fn tags_and_dots_make_no_second_mailbox() {
    for addresses in [
        (0..8).map(|number| format!("anna+{number}@example.com")).collect::<Vec<_>>(),
        ["a.nna", "an.na", "ann.a", "a.n.na", "a.nn.a", "an.n.a", "a.n.n.a"]
            .map(|name| format!("{name}@gmail.com"))
            .into(),
    ] {
        let (gateway, client) = behind_a_proxy().await;
        let mut sent = 0;
        for address in &addresses {
            let answer = register(&client, STRANGER, address, &Install::new("Stranger")).await;
            sent += usize::from(answer.status == 202);
        }
        assert_eq!(sent, 5, "{addresses:?}");
        // Whoever has another network is let through, for a mail or two.
        register(&client, OWNER, &addresses[0], &Install::new("Owner")).await.expect(202);
        gateway.database.await_count("SELECT count(*) FROM mailbox_sends", 6).await;
        gateway.stop().await;
    }
}

#[actix_web::test]
async fn what_strangers_cause_is_none_of_what_an_account_may_be_mailed() {
    let (gateway, client) = behind_a_proxy().await;
    let owner = client.new_account("anna@example.com").await;
    for _ in 0..5 {
        register(&client, STRANGER, "anna@example.com", &Install::new("Stranger")).await;
    }
    let on = json!({ "enabled": true });
    let begun: Value = client.post("/v1/login-security/two-step", &owner.access_token, on).await.expect(202);
    assert_eq!(begun["challenge"]["method"], "email");
    assert!(mails(&client).await >= 5);
    gateway.stop().await;
}
