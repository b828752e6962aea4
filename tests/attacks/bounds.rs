//! What one session may make of anything.

use serde_json::json;

use super::ANNA;
use crate::support::client::{PASSWORD, SignedIn};
use crate::support::gateway::TestGateway;

#[actix_web::test]
async fn a_device_has_few_live_sessions_and_a_session_few_tickets() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let mut device = client.new_protected_account(ANNA).await;
    for _ in 0..8 {
        let body = client.sign_in(ANNA, PASSWORD, &device.install, device.trust_token.as_deref()).await.expect(200);
        device = SignedIn::new(&device.install, &body);
    }
    assert_eq!(gateway.database.count("SELECT count(*) FROM sessions WHERE ended_at IS NULL").await, 5);
    client.get("/v1/login-security", &device.access_token).await.expect(200);

    let mut tickets = Vec::new();
    for _ in 0..8 {
        let ticket = client.post("/v1/connect/ticket", &device.access_token, json!({})).await.expect(200);
        tickets.push(ticket["ticket"].as_str().expect("a ticket").to_owned());
    }
    assert_eq!(gateway.database.count("SELECT count(*) FROM connect_tickets").await, 5);
    gateway.stop().await;
}

#[actix_web::test]
async fn renames_and_refused_sign_ins_do_not_bury_what_else_happened() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let device = client.new_protected_account(ANNA).await;
    let path = format!("/v1/trusted-devices/{}", device.device_id);
    for number in 0..20 {
        let name = json!({ "name": format!("Name {number}") });
        client.patch(&path, &device.access_token, name).await.expect(200);
    }
    let entries = client.activity(&device).await;
    let renames: Vec<_> = entries.iter().filter(|entry| entry["kind"] == "device_renamed").collect();
    assert_eq!((renames.len(), &renames[0]["repeats"]), (1, &json!(19)));
    assert_eq!(renames[0]["about"], "Name 19");

    gateway.database.execute("UPDATE accounts SET sign_ins_frozen_at = now()").await;
    for _ in 0..20 {
        let install = crate::support::client::Install::new("Stranger");
        client.sign_in(ANNA, PASSWORD, &install, None).await.expect_problem(403, "account_frozen");
    }
    let entries = client.activity(&device).await;
    let refused: Vec<_> = entries.iter().filter(|entry| entry["outcome"] == "frozen").collect();
    assert_eq!((refused.len(), &refused[0]["repeats"]), (1, &json!(19)));
    gateway.stop().await;
}
