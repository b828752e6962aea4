//! `/v1/challenges/{id}` and what hangs on it.

mod budget;
mod deny;
mod freeze;
mod guesses;
mod resend;
mod rules;
mod status;
mod support;
mod unfinished;
mod verify;

use super::{ANNA, BEN, assert_goes_on, count, expire, stored, wait_out_resend};
use crate::support::client::{Challenge, Client, Install, SignedIn};
use crate::support::gateway::TestGateway;
use crate::support::socket::Socket;

/// A protected account whose trusted device is connected, and a new device that waits for its code.
struct Scene {
    gateway: TestGateway,
    client: Client,
    trusted: SignedIn,
    screen: Socket,
    install: Install,
    challenge: Challenge,
    code: String,
}

impl Scene {
    async fn new() -> Self {
        Self::on(TestGateway::start().await).await
    }

    async fn on(gateway: TestGateway) -> Self {
        let client = gateway.client();
        let trusted = client.new_protected_account(ANNA).await;
        let mut screen = client.connect(&trusted).await;
        let install = Install::new("New");
        let challenge = client.begin_sign_in(ANNA, &install).await;
        let code = screen.code_of(&challenge.id).await;
        Self { gateway, client, trusted, screen, install, challenge, code }
    }

    async fn state(&self) -> serde_json::Value {
        self.client.state(&self.challenge).await["state"].clone()
    }
}
