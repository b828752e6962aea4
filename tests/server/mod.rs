//! The server API: apps that keep accounts of their own (docs/server-api.md).

mod api_keys;
mod assertions;
mod cross_origin;
mod frameworks;
mod once;
mod subjects;
mod verifications;
mod webhooks;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::client::{Answer, Call, Challenge, Client, Install, SignedIn};
use crate::support::gateway::TestGateway;
use crate::support::socket::Socket;

const EVERYTHING: [&str; 4] = ["verifications:write", "verifications:read", "subjects:write", "subjects:read"];
pub const IP: &str = "203.0.113.7";

/// An app's server: it has an API key.
pub struct AppServer {
    pub client: Client,
    pub key: String,
    pub key_id: String,
}

impl AppServer {
    pub async fn new(gateway: &TestGateway) -> Self {
        Self::with_scopes(gateway, &EVERYTHING).await
    }

    async fn with_scopes(gateway: &TestGateway, scopes: &[&str]) -> Self {
        let body = json!({ "name": "shop", "scopes": scopes });
        let made = gateway.operator().send(Method::POST, "/admin/api-keys", None, Some(body)).await.expect(201);
        Self::of(gateway, &made)
    }

    /// The one whose key was just made.
    pub fn of(gateway: &TestGateway, made: &Value) -> Self {
        let text = |name: &str| made[name].as_str().expect("text").to_owned();
        Self { client: gateway.client(), key: text("key"), key_id: text("id") }
    }

    /// A call that creates something, with this idempotency key.
    pub async fn create_as(&self, once: &str, path: &str, body: Value) -> Answer {
        let call = Call { method: Method::POST, path, token: Some(&self.key) };
        self.client.send_with(&call, &[("idempotency-key", once)], Some(body)).await
    }

    /// A call that creates something.
    pub async fn create(&self, path: &str, body: Value) -> Answer {
        self.create_as(&Uuid::now_v7().to_string(), path, body).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.client.get(path, &self.key).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.client.send(Method::PUT, path, Some(&self.key), Some(body)).await
    }

    /// The app checked a password and asks for the second step.
    pub async fn begin(&self, subject: &str, install: &Install, trust_token: Option<&str>) -> Answer {
        self.create("/v1/verifications", sign_in(subject, install, trust_token)).await
    }

    /// Begins one that needs a code.
    pub async fn begin_challenge(&self, subject: &str, install: &Install) -> Challenge {
        Challenge::new(&self.begin(subject, install, None).await.expect(202))
    }

    async fn vouch(&self, subject: &str, install: &Install) -> SignedIn {
        let body = json!({ "device": install.json(), "ip": IP });
        let made = self.create(&format!("/v1/subjects/{subject}/devices"), body).await.expect(201);
        SignedIn::new(install, &made)
    }

    /// A subject with two-step verification on and a trusted, connected device.
    pub async fn protected(&self, subject: &str) -> (SignedIn, Socket) {
        let body = json!({ "email": format!("{subject}@example.com"), "two_step_enabled": true });
        self.put(&format!("/v1/subjects/{subject}"), body).await.expect(200);
        let device = self.vouch(subject, &Install::new("First")).await;
        let socket = self.client.connect(&device).await;
        (device, socket)
    }

    async fn status(&self, challenge: &Challenge) -> Value {
        self.get(&format!("/v1/verifications/{}", challenge.id)).await.expect(200)
    }
}

pub fn sign_in(subject: &str, install: &Install, trust_token: Option<&str>) -> Value {
    let mut body = json!({ "subject": subject, "device": install.json(), "ip": IP });
    if let Some(token) = trust_token {
        body["trust_token"] = json!(token);
    }
    body
}
