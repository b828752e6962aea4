//! A gateway with both providers, and devices that are connected or asleep.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use twostep::settings::Settings;
use twostep_simulators::providers::write_environment;
use twostep_simulators::{ApnsRequest, ApnsSimulator, FcmRequest, FcmSimulator};

use crate::support::child::ChildGateway;
use crate::support::client::{Challenge, Client, DEADLINE, Install, SignedIn};
use crate::support::database::TestDatabase;
use crate::support::event_stream::EventStream;
use crate::support::gateway::TestGateway;
use crate::support::socket::Socket;

pub const EMAIL: &str = "anna@example.com";
/// So short that a test may wait for its end, and long enough for a receipt over loopback.
const RECEIPT_WINDOW_MS: u64 = 200;
const REQUEST_TIMEOUT_MS: u64 = 60_000;

/// Both providers, on loopback.
pub struct Providers {
    pub fcm: FcmSimulator,
    pub apns: ApnsSimulator,
}

/// They play, and one gateway with one account plays along.
pub struct Stage {
    pub providers: Providers,
    pub gateway: TestGateway,
    pub client: Client,
    /// The account's first trusted device.
    pub owner: SignedIn,
}

impl Providers {
    pub async fn start() -> Self {
        let any_port = "127.0.0.1:0".parse().expect("an address");
        let fcm = FcmSimulator::start(any_port).await.expect("FCM plays");
        let apns = ApnsSimulator::start(any_port).await.expect("APNs plays");
        Self { fcm, apns }
    }

    /// Points a gateway at both.
    pub fn configure(&self, settings: &mut Settings) {
        settings.delivery.receipt_window_ms = RECEIPT_WINDOW_MS;
        // A busy machine must not make a second try of one that is only slow.
        settings.fcm.request_timeout_ms = REQUEST_TIMEOUT_MS;
        settings.apns.request_timeout_ms = REQUEST_TIMEOUT_MS;
        settings.fcm.base_url = self.fcm.base_url().to_owned();
        settings.fcm.service_account_file = Some(self.fcm.service_account_file().to_owned());
        settings.apns.base_url = self.apns.base_url();
        settings.apns.sandbox_base_url = self.apns.base_url();
        settings.apns.trust_root_file = Some(self.apns.ca_file().to_owned());
        settings.apns.signing_key_file = Some(self.apns.signing_key_file().to_owned());
        settings.apns.key_id = self.apns.key_id().to_owned();
        settings.apns.team_id = self.apns.team_id().to_owned();
        settings.apns.topic = self.apns.topic().to_owned();
    }

    /// A node of its own process on a database, with both.
    pub async fn start_node(&self, database: &TestDatabase, settings: &[(&str, &str)]) -> ChildGateway {
        let mut text = Vec::new();
        write_environment(&mut text, &self.fcm, &self.apns).expect("memory takes it");
        let text = String::from_utf8(text).expect("UTF-8");
        let mut environment = vec![
            ("TWOSTEP__DATABASE__URL".to_owned(), database.url.clone()),
            ("TWOSTEP__DELIVERY__RECEIPT_WINDOW_MS".to_owned(), RECEIPT_WINDOW_MS.to_string()),
        ];
        let lines = text.lines().filter_map(|line| line.split_once('=')).chain(settings.iter().copied());
        environment.extend(lines.map(|(name, value)| (name.to_owned(), value.to_owned())));
        ChildGateway::start(env!("CARGO_BIN_EXE_twostep"), &environment).await
    }

    /// What FCM received of a kind for a challenge, in order.
    pub fn at_fcm(&self, challenge: &Challenge, kind: &str) -> Vec<Arc<FcmRequest>> {
        let mut received = self.fcm.received();
        received.retain(|request| is_at_fcm(request, challenge, kind));
        received
    }

    /// What APNs received of a kind for a challenge, in order.
    pub fn at_apns(&self, challenge: &Challenge, kind: &str) -> Vec<Arc<ApnsRequest>> {
        let mut received = self.apns.received();
        received.retain(|request| is_at_apns(request, challenge, kind));
        received
    }

    /// Waits until FCM received something of a kind for a challenge, `count` times.
    pub async fn wait_for_fcm(&self, challenge: &Challenge, kind: &str, count: usize) -> Vec<Arc<FcmRequest>> {
        let seen = |received: &[Arc<FcmRequest>]| {
            received.iter().filter(|request| is_at_fcm(request, challenge, kind)).count() >= count
        };
        self.fcm.wait_for(DEADLINE, seen).await.unwrap_or_else(|error| panic!("FCM, {kind}: {error}"));
        self.at_fcm(challenge, kind)
    }

    /// Waits until APNs received something of a kind for a challenge, `count` times.
    pub async fn wait_for_apns(&self, challenge: &Challenge, kind: &str, count: usize) -> Vec<Arc<ApnsRequest>> {
        let seen = |received: &[Arc<ApnsRequest>]| {
            received.iter().filter(|request| is_at_apns(request, challenge, kind)).count() >= count
        };
        self.apns.wait_for(DEADLINE, seen).await.unwrap_or_else(|error| panic!("APNs, {kind}: {error}"));
        self.at_apns(challenge, kind)
    }

    /// Nothing that either received was out of order.
    pub fn expect_only_legal_requests(&self) {
        for request in self.fcm.received() {
            assert_eq!(request.refusal, None, "{}", request.body);
        }
        for request in self.apns.received() {
            assert_eq!(request.refusal, None, "{:?}", request.headers);
            assert!(request.unknown_headers.is_empty(), "{:?}", request.unknown_headers);
        }
        assert_eq!(self.apns.early_streams(), 0, "one stream until the first success");
    }
}

fn is_at_fcm(request: &FcmRequest, challenge: &Challenge, kind: &str) -> bool {
    request.data("challenge_id") == Some(&challenge.id) && request.data("type") == Some(kind)
}

fn is_at_apns(request: &ApnsRequest, challenge: &Challenge, kind: &str) -> bool {
    request.payload["challenge_id"] == challenge.id.as_str() && request.payload["type"] == kind
}

impl Stage {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts with settings that the test changes first.
    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let providers = Providers::start().await;
        let configure = |settings: &mut Settings| {
            providers.configure(settings);
            change(settings);
        };
        let gateway = TestGateway::start_with(configure).await;
        let client = gateway.client();
        let owner = client.new_protected_account(EMAIL).await;
        settle_notices(&gateway.database).await;
        Self { providers, gateway, client, owner }
    }

    /// Another trusted device; it is not connected.
    pub async fn trust(&self, name: &str) -> SignedIn {
        let mut screen = self.client.connect(&self.owner).await;
        let trusted = self.client.trust_another(EMAIL, &mut screen, name).await;
        settle_notices(&self.gateway.database).await;
        trusted
    }

    /// Registers a device for push.
    pub async fn register(&self, device: &SignedIn, provider: &str, token: &str) {
        let push = json!({ "provider": provider, "token": token });
        self.change(device, json!({ "push": push, "notifications_allowed": true })).await;
    }

    /// Changes what a device says of itself.
    pub async fn change(&self, device: &SignedIn, change: Value) {
        let path = "/v1/devices/current";
        self.client.send(Method::PATCH, path, Some(&device.access_token), Some(change)).await.expect(200);
    }

    /// A sign-in on a device that the account does not know.
    pub async fn ask(&self) -> Challenge {
        self.client.begin_sign_in(EMAIL, &Install::new("New")).await
    }

    /// How a challenge stands, once `holds` says so of it.
    pub async fn status(&self, challenge: &Challenge, holds: impl Fn(&Value) -> bool) -> Value {
        EventStream::open(&self.client, challenge).await.until(holds).await
    }

    /// How a challenge stands once its deliveries by a channel are in a state.
    pub async fn status_when(&self, challenge: &Challenge, channel: &str, state: &str) -> Value {
        self.status(challenge, |status| {
            let mut found = of_channel(status, channel).into_iter().peekable();
            found.peek().is_some() && found.all(|delivery| delivery["state"] == state)
        })
        .await
    }

    /// The provider's word for what became of the pushes of a challenge.
    pub async fn details(&self, challenge: &Challenge) -> Vec<Option<String>> {
        let sql = "SELECT detail FROM deliveries WHERE challenge_id = $1::text::uuid AND is_push(channel)";
        let rows = self.gateway.database.connect().await.query(sql, &[&challenge.id]).await.expect("rows");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Whether the gateway knows a push address of the device.
    pub async fn has_address(&self, device: &SignedIn) -> bool {
        let sql = "SELECT push_address IS NOT NULL FROM devices WHERE device_id = $1::text::uuid";
        let row = self.gateway.database.connect().await.query_one(sql, &[&device.device_id]).await;
        row.expect("the device").get(0)
    }

    /// Ends a sign-in and makes room for the next, without a further push: neither an alert nor a withdrawal. The next
    /// one rings, however many nobody answered.
    pub async fn expire(&self, challenge: &Challenge) {
        let it = format!("WHERE challenge_id = '{}'", challenge.id);
        self.gateway.database.execute(&format!("UPDATE deliveries SET withdrawn_at = now() {it}")).await;
        self.gateway.database.execute(&format!("UPDATE challenges SET expires_at = now() {it}")).await;
        self.gateway.database.execute("UPDATE accounts SET unanswered_alerts = 0").await;
    }

    /// Denies a sign-in, and lets new devices sign in again.
    pub async fn deny(&self, challenge: &Challenge) {
        self.client.deny(challenge, &self.owner).await.expect(204);
        self.client.unfreeze(&self.owner).await;
    }

    /// Ends the play; whatever the providers received must have been in order.
    pub async fn end(self) {
        self.providers.expect_only_legal_requests();
        self.gateway.app.stop().await;
    }
}

/// Waits until every notice that waits for no sign-in was told, or has chosen whom it is pushed to: before, it would go to
/// the address registered next, and take what a test has scripted for a code.
pub async fn settle_notices(database: &TestDatabase) {
    let undecided = "SELECT count(*) FROM notices
        WHERE due_at IS NOT NULL AND pushed_at IS NULL AND install_id IS NULL";
    database.await_count(undecided, 0).await;
}

/// The deliveries of a status by a channel.
pub fn of_channel<'a>(status: &'a Value, channel: &str) -> Vec<&'a Value> {
    let deliveries = status["deliveries"].as_array().expect("a list");
    deliveries.iter().filter(|delivery| delivery["channel"] == channel).collect()
}

/// The texts of a status's deliveries.
pub fn texts(status: &Value) -> Vec<&str> {
    let deliveries = status["deliveries"].as_array().expect("a list");
    deliveries.iter().map(|delivery| delivery["text"].as_str().expect("a text")).collect()
}

/// The codes of a status's hints.
pub fn hints(status: &Value) -> Vec<&str> {
    status["hints"].as_array().expect("a list").iter().map(|hint| hint["code"].as_str().expect("a code")).collect()
}

/// A device token of APNs that ends in a number.
pub fn apns_token(number: usize) -> String {
    format!("{number:064x}")
}

/// The next code on a screen, without a receipt for it.
pub async fn silent_code(screen: &mut Socket, challenge: &Challenge) -> Value {
    let message = screen.next_of("code").await;
    assert_eq!(message["challenge_id"], challenge.id.as_str(), "{message}");
    message
}

/// Says whether a code is on the screen.
pub async fn say_shown(screen: &mut Socket, code: &Value, shown: bool) {
    let (challenge, generation) = (&code["challenge_id"], &code["generation"]);
    let receipt = json!({ "type": "receipt", "challenge_id": challenge, "generation": generation, "shown": shown });
    screen.send(receipt).await;
}
