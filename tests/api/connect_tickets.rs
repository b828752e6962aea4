//! `POST /v1/connect/ticket`.

use reqwest::Method;

use super::ANNA;
use crate::support::client::{Answer, Client, SignedIn};
use crate::support::gateway::TestGateway;
use crate::support::socket::{Refused, Socket};

async fn ask(client: &Client, device: &SignedIn) -> Answer {
    client.send(Method::POST, "/v1/connect/ticket", Some(&device.access_token), None).await
}

async fn ticket(client: &Client, device: &SignedIn) -> String {
    let body = ask(client, device).await.expect(200);
    assert_eq!(body["expires_in"], 30);
    let ticket = body["ticket"].as_str().expect("a ticket");
    assert!(ticket.starts_with("ts_wt_"));
    ticket.to_owned()
}

async fn connect(client: &Client, ticket: &str) -> Result<Socket, Refused> {
    Socket::open(client.base(), &format!("?ticket={ticket}"), &[]).await
}

fn unauthorized() -> Option<Refused> {
    Some(Refused { status: 401, code: "unauthorized".to_owned() })
}

#[actix_web::test]
async fn a_ticket_opens_one_connection() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let ticket = ticket(&client, &first).await;
    let mut socket = connect(&client, &ticket).await.expect("let in");
    assert_eq!(socket.next().await["type"], "welcome");
    assert_eq!(connect(&client, &ticket).await.err(), unauthorized());
    gateway.stop().await;
}

#[actix_web::test]
async fn a_ticket_is_good_for_thirty_seconds() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let ticket = ticket(&client, &first).await;
    gateway.database.age("connect_tickets", "expires_at", 30, "true").await;
    assert_eq!(connect(&client, &ticket).await.err(), unauthorized());
    gateway.stop().await;
}

#[actix_web::test]
async fn a_ticket_ends_with_its_session() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let ticket = ticket(&client, &first).await;
    client.delete("/v1/sessions/current", &first.access_token).await.expect(204);
    assert_eq!(connect(&client, &ticket).await.err(), unauthorized());
    ask(&client, &first).await.expect_problem(401, "unauthorized");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_device_that_is_not_trusted_gets_no_ticket() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    ask(&client, &first).await.expect_problem(403, "device_not_trusted");
    gateway.stop().await;
}
