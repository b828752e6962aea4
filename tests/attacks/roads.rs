//! State changes and the roads to them: whoever makes a change, by whatever call, it has the same consequences.

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::AppServer;
use crate::support::client::{Challenge, Client, Install, PASSWORD, SignedIn, code_in};
use crate::support::gateway::TestGateway;
use crate::support::socket::Socket;

const EMAIL: &str = "ann@example.com";

/// An account with a trusted, connected device, another trusted one, and a guest: let in once, and not trusted.
struct Scene {
    gateway: TestGateway,
    client: Client,
    /// The app's server, where an app keeps the account.
    app: Option<AppServer>,
    account: String,
    owner: SignedIn,
    screen: Socket,
    tablet: SignedIn,
    guest: SignedIn,
}

/// What a change must leave behind.
struct Consequences {
    change: &'static str,
    entry: &'static str,
    notice: &'static str,
    /// What ends besides.
    ends: Ends,
}

#[derive(Clone, Copy, PartialEq)]
enum Ends {
    Nothing,
    /// Sessions that began without a second step.
    TheGuest,
    /// The device that it is about.
    TheTablet,
}

/// A road: who says so, by which call.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Road {
    Page,
    PageWithCode,
    PageAllOthers,
    NewPassword,
    Report,
    Server,
    Operator,
    OperatorReset,
}

const TABLE: &[(Consequences, &[Road])] = &[
    (
        Consequences {
            change: "two-step on",
            entry: "two_step_enabled",
            notice: "two_step_enabled",
            ends: Ends::TheGuest,
        },
        &[Road::Page, Road::Server],
    ),
    (
        Consequences {
            change: "two-step off",
            entry: "two_step_disabled",
            notice: "two_step_disabled",
            ends: Ends::Nothing,
        },
        &[Road::Page, Road::PageWithCode, Road::Server, Road::OperatorReset],
    ),
    (
        Consequences {
            change: "device removed",
            entry: "device_removed",
            notice: "device_removed",
            ends: Ends::TheTablet,
        },
        &[Road::Page, Road::PageAllOthers, Road::Server, Road::Operator],
    ),
    (
        Consequences {
            change: "device removed",
            entry: "device_removed",
            notice: "sign_in_reported",
            ends: Ends::TheTablet,
        },
        &[Road::Report],
    ),
    (
        Consequences {
            change: "device removed",
            entry: "device_removed",
            notice: "password_changed",
            ends: Ends::TheTablet,
        },
        &[Road::NewPassword],
    ),
    (
        Consequences {
            change: "unfrozen",
            entry: "sign_ins_unfrozen",
            notice: "sign_ins_unfrozen",
            ends: Ends::Nothing,
        },
        &[Road::Page, Road::NewPassword, Road::Operator, Road::OperatorReset],
    ),
];

impl Scene {
    async fn new(of_app: bool) -> Self {
        let gateway = TestGateway::start().await;
        let client = gateway.client();
        let app = if of_app { Some(AppServer::new(&gateway).await) } else { None };
        let (owner, mut screen) = match &app {
            Some(app) => app.protected("ann").await,
            None => {
                let owner = client.new_protected_account(EMAIL).await;
                let screen = client.connect(&owner).await;
                (owner, screen)
            }
        };
        let tablet = Self::join(&client, app.as_ref(), &mut screen, "Tablet", true).await;
        let guest = Self::join(&client, app.as_ref(), &mut screen, "Guest", false).await;
        let row = gateway.database.connect().await.query_one("SELECT account_id::text FROM accounts", &[]).await;
        let account = row.expect("one account").get(0);
        Self { gateway, client, app, account, owner, screen, tablet, guest }
    }

    async fn join(client: &Client, app: Option<&AppServer>, screen: &mut Socket, name: &str, trust: bool) -> SignedIn {
        let install = Install::new(name);
        let challenge = match app {
            Some(app) => app.begin_challenge("ann", &install).await,
            None => client.begin_sign_in(EMAIL, &install).await,
        };
        let code = screen.code_of(&challenge.id).await;
        client.sign_in_with_code(&challenge, &code, &install, trust).await
    }

    async fn post(&self, by: &SignedIn, path: &str, body: Value) -> Value {
        let answer = self.client.post(path, &by.access_token, body).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.body);
        answer.body
    }

    async fn operator(&self, method: Method, tail: &str) {
        let path = format!("/admin/accounts/{}{tail}", self.account);
        self.gateway.operator().send(method, &path, None, None).await.expect(204);
    }

    async fn put(&self, body: Value) {
        self.app.as_ref().expect("an app's").put("/v1/subjects/ann", body).await.expect(200);
    }

    /// Brings the account to where the change can be made.
    async fn prepare(&self, change: &str) {
        let sql = match change {
            // The guest's session began while it was off.
            "two-step on" => "UPDATE accounts SET two_step_enabled_at = NULL",
            "unfrozen" => "UPDATE accounts SET sign_ins_frozen_at = now()",
            _ => "SELECT 1",
        };
        self.gateway.database.execute(sql).await;
        self.gateway.database.execute("DELETE FROM notices; DELETE FROM login_activity WHERE kind <> 'sign_in'").await;
    }

    async fn take(&mut self, road: Road, change: &str) {
        let two_step = "/v1/login-security/two-step";
        match (change, road) {
            ("two-step on", Road::Page) => {
                let begun = self.post(&self.owner, two_step, json!({ "enabled": true })).await;
                let text = self.client.await_mail(EMAIL, "Turn on", 2).await;
                let code = code_in(&text).expect("a code");
                self.client.verify(&Challenge::new(&begun), &code).await.expect(200);
            }
            ("two-step on", Road::Server) => self.put(json!({ "two_step_enabled": true })).await,
            ("two-step off", Road::Page) => {
                drop(self.post(&self.owner, two_step, json!({ "enabled": false, "password": PASSWORD })).await);
            }
            ("two-step off", Road::PageWithCode) => {
                let begun = self.post(&self.guest, two_step, json!({ "enabled": false, "password": PASSWORD })).await;
                let challenge = Challenge::new(&begun);
                let code = self.screen.code_of(&challenge.id).await;
                self.client.verify(&challenge, &code).await.expect(200);
            }
            ("two-step off", Road::Server) => self.put(json!({ "two_step_enabled": false })).await,
            (_, Road::OperatorReset) => self.operator(Method::POST, "/reset-two-step").await,
            ("device removed", Road::Page) => {
                let path = format!("/v1/trusted-devices/{}", self.tablet.device_id);
                self.client.delete(&path, &self.owner.access_token).await.expect(204);
            }
            ("device removed", Road::PageAllOthers) => {
                drop(self.client.delete("/v1/trusted-devices", &self.owner.access_token).await.expect(200));
            }
            ("device removed", Road::Server) => {
                let app = self.app.as_ref().expect("an app's");
                let path = format!("/v1/subjects/ann/devices/{}", self.tablet.device_id);
                app.client.delete(&path, &app.key).await.expect(204);
            }
            ("device removed", Road::Operator) => {
                self.operator(Method::DELETE, &format!("/devices/{}", self.tablet.device_id)).await;
            }
            ("device removed", Road::Report) => {
                let entries = self.client.activity(&self.owner).await;
                let entry = entries.iter().find(|entry| entry["device"]["name"] == "Tablet").expect("its sign-in");
                super::report(&self.client, &self.owner, entry).await.expect(204);
            }
            (_, Road::NewPassword) => {
                let body = json!({ "current": PASSWORD, "new": "another battery staple", "forget_devices": true });
                drop(self.post(&self.owner, "/v1/login-security/password", body).await);
            }
            ("unfrozen", Road::Page) => {
                super::unfreeze(&self.client, &self.owner).await.expect(204);
            }
            ("unfrozen", Road::Operator) => self.operator(Method::POST, "/unfreeze").await,
            other => panic!("no such road: {other:?}"),
        }
    }

    async fn goes_on(&self, device: &SignedIn) -> bool {
        self.client.get("/v1/login-security", &device.access_token).await.status == 200
    }
}

#[actix_web::test]
async fn every_road_to_a_change_has_the_same_consequences() {
    for (expected, roads) in TABLE {
        for road in *roads {
            let mut scene = Scene::new(*road == Road::Server).await;
            scene.prepare(expected.change).await;
            scene.take(*road, expected.change).await;
            let what = format!("{} by {road:?}", expected.change);
            let entries = format!(
                "SELECT count(*) FROM login_activity WHERE kind = '{}' AND outcome = 'succeeded'",
                expected.entry
            );
            assert_eq!(scene.gateway.database.count(&entries).await, 1, "{what}: entries");
            let notices = format!("SELECT count(*) FROM notices WHERE kind = '{}'", expected.notice);
            assert_eq!(scene.gateway.database.count(&notices).await, 1, "{what}: notices");
            assert!(scene.goes_on(&scene.owner).await, "{what}: the owner's session");
            if expected.ends == Ends::TheGuest {
                assert!(!scene.goes_on(&scene.guest).await, "{what}: the guest's session");
            }
            if expected.ends == Ends::TheTablet {
                assert!(!scene.goes_on(&scene.tablet).await, "{what}: the tablet's session");
                let trusted = format!(
                    "SELECT count(*) FROM devices WHERE device_id = '{}' AND trusted_at IS NOT NULL",
                    scene.tablet.device_id
                );
                assert_eq!(scene.gateway.database.count(&trusted).await, 0, "{what}: the tablet's trust");
            }
            scene.gateway.stop().await;
        }
    }
}
