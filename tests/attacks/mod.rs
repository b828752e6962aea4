//! What an intruder would try: each test is an attack that worked once.

mod addresses;
mod apps;
mod bounds;
mod enrolment;
mod matrix;
mod passwords;
mod presence;
mod reports;
mod roads;
mod tokens;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::{Answer, Client, Install, PASSWORD, SignedIn};
use crate::support::gateway::TestGateway;

const ANNA: &str = "anna@example.com";

/// A gateway behind a reverse proxy on this machine: clients are who `X-Forwarded-For` says.
async fn behind_a_proxy() -> (TestGateway, Client) {
    let gateway = TestGateway::start_with(|settings| {
        settings.http.trusted_proxies = vec!["127.0.0.1/32".parse().expect("a network")];
    });
    let gateway = gateway.await;
    let client = gateway.client();
    (gateway, client)
}

/// A sign-in that comes from an address.
async fn sign_in_from(client: &Client, ip: &str, password: &str, install: &Install, trust: Option<&str>) -> Answer {
    let mut body = json!({ "email": ANNA, "password": password, "device": install.json() });
    if let Some(token) = trust {
        body["trust_token"] = json!(token);
    }
    client.send_for(ip, Method::POST, "/v1/sign-in", None, Some(body)).await
}

async fn report(client: &Client, by: &SignedIn, entry: &Value) -> Answer {
    let path = format!("/v1/login-activity/{}/report", entry["id"].as_str().expect("an id"));
    client.send(Method::POST, &path, Some(&by.access_token), None).await
}

async fn unfreeze(client: &Client, by: &SignedIn) -> Answer {
    client.send(Method::POST, "/v1/login-security/unfreeze", Some(&by.access_token), None).await
}

/// The newest entry of a kind.
async fn entry(client: &Client, by: &SignedIn, kind: &str) -> Value {
    let entries = client.activity(by).await;
    entries.iter().find(|entry| entry["kind"] == kind).unwrap_or_else(|| panic!("no {kind} in {entries:?}")).clone()
}

async fn trusted_devices(client: &Client, by: &SignedIn) -> Vec<Value> {
    let list = client.get("/v1/trusted-devices", &by.access_token).await.expect(200);
    list["devices"].as_array().expect("a list").clone()
}

async fn assert_ended(client: &Client, device: &SignedIn) {
    client.get("/v1/login-security", &device.access_token).await.expect_problem(401, "unauthorized");
    let body = json!({ "refresh_token": device.refresh_token });
    client.send(Method::POST, "/v1/sessions/refresh", None, Some(body)).await.expect_problem(401, "unauthorized");
}

/// Changes the password, which brings back what only a proof of it does.
async fn change_password(client: &Client, by: &SignedIn, new: &str) -> Answer {
    client.post("/v1/login-security/password", &by.access_token, json!({ "current": PASSWORD, "new": new })).await
}
