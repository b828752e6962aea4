//! Every call as every caller, against a real gateway, held to the table in docs/threat-model.md.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::architecture;
use crate::server::{AppServer, IP};
use crate::support::client::{Call, Challenge, Client, Install, PASSWORD, SignedIn};
use crate::support::gateway::{TestGateway, operator_token_file};
use crate::support::socket::Socket;

const EMAIL: &str = "anna@example.com";
/// The columns of the table.
const CALLERS: [&str; 9] = [
    "nobody",
    "challenge",
    "session",
    "trusted",
    "verifications:write",
    "verifications:read",
    "subjects:write",
    "subjects:read",
    "operator",
];
/// What leaves nothing to go on with, once it was done: the next call gets a scene of its own.
const SPOILS: [&str; 23] = [
    "DELETE /v1/sessions/current",
    "DELETE /v1/sessions",
    "DELETE /v1/sessions/{id}",
    "DELETE /v1/trusted-devices",
    "DELETE /v1/trusted-devices/{id}",
    "POST /v1/login-security/password",
    "POST /v1/login-security/two-step",
    "POST /v1/challenges/{id}/deny",
    "POST /v1/challenges/{id}/cancel",
    "POST /v1/login-activity/{id}/report",
    "DELETE /v1/subjects/{subject}",
    "DELETE /v1/subjects/{subject}/devices/{device}",
    "DELETE /admin/accounts/{id}",
    "DELETE /admin/accounts/{id}/devices/{device}",
    "POST /admin/accounts/{id}/reset-two-step",
    "POST /admin/accounts/{id}/sign-out-everywhere",
    "POST /admin/sign-out-everywhere",
    "DELETE /admin/api-keys/{id}",
    "POST /admin/drain",
    "PUT /admin/rollout",
    "POST /v1/sessions/refresh",
    "DELETE /v1/recoveries/{id}",
    "DELETE /admin/accounts/{id}/recovery",
];

/// Every call there is, read from where the routes are.
fn calls() -> BTreeSet<String> {
    let mut calls = BTreeSet::new();
    for path in architecture::files("src/http", "rs") {
        let text = architecture::read(&path);
        let is_of_operator =
            path.components().any(|part| part.as_os_str() == "operator" || part.as_os_str() == "operator.rs");
        for piece in text.split("resource(").skip(1) {
            let Some((address, rest)) = piece.split_once(", \"") else { continue };
            let Some((methods, _)) = rest.split_once('"') else { continue };
            let address = if address == "SIGN_OUT" { "/v1/sessions/current" } else { address.trim_matches('"') };
            let is_health = ["/healthz", "/livez", "/readyz", "/metrics", "/version"].contains(&address);
            let prefix = if is_of_operator && !is_health { "/admin" } else { "" };
            if !address.starts_with('/') {
                continue; // The page's own files.
            }
            calls.extend(methods.split(", ").map(|method| format!("{method} {prefix}{address}")));
        }
    }
    assert!(calls.len() > 50, "{calls:?}");
    calls
}

/// The table: for each call who may make it.
fn table() -> BTreeMap<String, Vec<bool>> {
    let page = architecture::read(&architecture::root().join("docs/threat-model.md"));
    let section = page.split("## Every call, and who may make it").nth(1).expect("the section");
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), CALLERS.len() + 2, "{row}");
        let may = cells[1..=CALLERS.len()].iter().map(|cell| match *cell {
            "yes" => true,
            "–" => false,
            other => panic!("{other:?} in {row}"),
        });
        assert!(!cells[CALLERS.len() + 1].is_empty(), "what it may change is missing: {row}");
        (cells[0].trim_matches('`').to_owned(), may.collect())
    })
    .collect()
}

struct Scene {
    gateway: TestGateway,
    client: Client,
    app: AppServer,
    keys: BTreeMap<&'static str, String>,
    account: String,
    trusted: SignedIn,
    tablet: SignedIn,
    tablet_session: String,
    guest: SignedIn,
    challenge: Challenge,
    recovery: String,
    entry: String,
    verification: String,
    vouched: String,
    _screens: [Socket; 2],
}

impl Scene {
    async fn new() -> Self {
        let gateway = TestGateway::start().await;
        let client = gateway.client();
        let trusted = client.new_protected_account(EMAIL).await;
        let mut screen = client.connect(&trusted).await;
        let tablet = client.trust_another(EMAIL, &mut screen, "Tablet").await;
        let sessions = client.get("/v1/sessions", &tablet.access_token).await.expect(200)["sessions"].clone();
        let own = sessions.as_array().expect("a list").iter().find(|session| session["this_session"] == true);
        let tablet_session = own.expect("its own")["id"].as_str().expect("an id").to_owned();
        let install = Install::new("Guest");
        let begun = client.begin_sign_in(EMAIL, &install).await;
        let code = screen.code_of(&begun.id).await;
        let guest = client.sign_in_with_code(&begun, &code, &install, false).await;
        let challenge = client.begin_sign_in(EMAIL, &Install::new("New")).await;
        let recovery = client.post("/v1/recoveries", &challenge.token, json!({ "email": EMAIL })).await.expect(202);
        let recovery = recovery["recovery"]["id"].as_str().expect("an id").to_owned();
        let entry = client.activity(&trusted).await[0]["id"].as_str().expect("an id").to_owned();
        let find = gateway.operator().send(Method::GET, "/admin/accounts?email=anna@example.com", None, None).await;
        let account = find.expect(200)["id"].as_str().expect("an id").to_owned();

        let app = AppServer::new(&gateway).await;
        let (vouched, app_screen) = app.protected("ann").await;
        let verification = app.begin_challenge("ann", &Install::new("Phone")).await.id;
        let mut keys = BTreeMap::new();
        for scope in &CALLERS[4..8] {
            let body = json!({ "name": scope, "scopes": [scope], "same_app_as": app.key_id });
            let made = gateway.operator().send(Method::POST, "/admin/api-keys", None, Some(body)).await.expect(201);
            keys.insert(*scope, made["key"].as_str().expect("a key").to_owned());
        }
        let screens = [screen, app_screen];
        let vouched = vouched.device_id;
        Self {
            gateway,
            client,
            app,
            keys,
            account,
            trusted,
            tablet,
            tablet_session,
            guest,
            challenge,
            recovery,
            entry,
            verification,
            vouched,
            _screens: screens,
        }
    }

    fn token(&self, caller: &str) -> Option<String> {
        match caller {
            "nobody" => None,
            "challenge" => Some(self.challenge.token.clone()),
            "session" => Some(self.guest.access_token.clone()),
            "trusted" => Some(self.trusted.access_token.clone()),
            "operator" => {
                let token = std::fs::read_to_string(operator_token_file()).expect("made in development");
                Some(token.trim().to_owned())
            }
            scope => Some(self.keys[scope].clone()),
        }
    }

    fn path(&self, call: &str) -> String {
        let address = call.split_once(' ').expect("a method").1;
        let id = match address {
            _ if address.starts_with("/v1/challenges") => &self.challenge.id,
            _ if address.starts_with("/v1/recoveries") => &self.recovery,
            _ if address.starts_with("/v1/login-activity") => &self.entry,
            _ if address.starts_with("/v1/verifications") => &self.verification,
            _ if address.starts_with("/v1/sessions") => &self.tablet_session,
            _ if address.starts_with("/v1/trusted-devices") => &self.tablet.device_id,
            _ if address.starts_with("/admin/api-keys") => &self.app.key_id,
            _ => &self.account,
        };
        let device = if address.starts_with("/admin") { &self.tablet.device_id } else { &self.vouched };
        let path = address.replace("{id}", id).replace("{subject}", "ann").replace("{device}", device);
        if path == "/admin/accounts" { format!("{path}?email={EMAIL}") } else { path }
    }

    /// A body that would do, so that nothing but the caller decides.
    fn body(&self, call: &str) -> Option<Value> {
        let device = Install::new("Matrix").json();
        Some(match call {
            "POST /v1/accounts" => {
                json!({ "email": format!("{}@example.com", Uuid::now_v7()), "password": PASSWORD, "device": device })
            }
            "POST /v1/sign-in" => {
                let trust = self.trusted.trust_token.as_deref();
                json!({ "email": EMAIL, "password": PASSWORD, "device": self.trusted.install.json(), "trust_token": trust })
            }
            "POST /v1/sessions/refresh" => json!({ "refresh_token": self.tablet.refresh_token }),
            "POST /v1/login-security/email" => json!({ "email": "new@example.com", "password": PASSWORD }),
            "POST /v1/email-changes/{id}/undo" => json!({ "secret": "ts_ua_AAAA" }),
            "POST /v1/password-resets" => json!({ "email": EMAIL }),
            "POST /v1/login-security/authenticator" => json!({ "password": PASSWORD }),
            "POST /v1/login-security/authenticator/confirm" => json!({ "code": "000000" }),
            "POST /v1/recoveries" => json!({ "email": EMAIL }),
            // Nor is it a link that was mailed.
            "POST /v1/password-resets/{id}" => json!({ "secret": "ts_pw_AAAA", "password": "another battery staple" }),
            "POST /v1/login-security/recovery-codes" => json!({ "password": PASSWORD }),
            // A bearer token is none of a push.
            "POST /v1/receipts" => json!({ "receipt": "ts_pr_AAAA", "shown": true }),
            "POST /v1/password-strength" => json!({ "password": "a good long one" }),
            "POST /v1/challenges/{id}/verify" => json!({ "code": "000000" }),
            "POST /v1/challenges/{id}/resend" => json!({ "method": "email" }),
            "POST /v1/login-security/two-step" => json!({ "enabled": false, "password": PASSWORD }),
            "POST /v1/login-security/password" => json!({ "current": PASSWORD, "new": "another battery staple" }),
            "PATCH /v1/trusted-devices/{id}" | "PATCH /v1/devices/current" => json!({ "name": "Renamed" }),
            "POST /v1/verifications" => json!({ "subject": "ben", "device": device, "ip": IP }),
            "PUT /v1/subjects/{subject}" => json!({ "locale": "hu" }),
            "POST /v1/subjects/{subject}/devices" => json!({ "device": device, "ip": IP, "override": true }),
            "POST /admin/api-keys" => json!({ "name": Uuid::now_v7(), "scopes": ["subjects:read"] }),
            "POST /admin/api-keys/{id}/rotate" => json!({ "grace_seconds": 3600 }),
            "PUT /admin/rollout" => json!({ "percent": 100 }),
            "PUT /admin/rollout/accounts/{id}" => json!({ "listed": "allow" }),
            _ => return None,
        })
    }

    /// Makes a call; whether it was let through, whatever came of it.
    async fn may(&self, call: &str, caller: &str) -> bool {
        let (method, address) = call.split_once(' ').expect("a method");
        let is_operators = ["/admin", "/healthz", "/livez", "/readyz", "/metrics", "/version"]
            .iter()
            .any(|prefix| address.starts_with(prefix));
        let client = if is_operators { Client::new(&self.gateway.operator_url()) } else { self.client.clone() };
        let (path, token) = (self.path(call), self.token(caller));
        let sent = Call { method: method.parse().expect("a method"), path: &path, token: token.as_deref() };
        let once = Uuid::now_v7().to_string();
        let wishes = async { while self.gateway.app.reload_asked().await.send(Err("nothing".to_owned())).is_ok() {} };
        let headers = [("idempotency-key", once.as_str())];
        let answer = tokio::select! {
            answer = client.send_with(&sent, &headers, self.body(call)) => answer,
            () = wishes => unreachable!("a wish is answered and the next awaited"),
        };
        assert!(answer.status.as_u16() < 500, "{call} by {caller}: {}", answer.body);
        ![401, 403].contains(&answer.status.as_u16())
    }
}

#[actix_web::test]
async fn every_call_lets_those_through_that_the_table_names() {
    let (calls, table) = (calls(), table());
    let listed: BTreeSet<String> = table.keys().cloned().collect();
    assert_eq!(calls, listed, "docs/threat-model.md lists every call and no other");
    let (mut scene, mut differ) = (Scene::new().await, Vec::new());
    for (call, may) in &table {
        // A stream of events never ends by itself; who may open one is who may see the same without it.
        if call == "GET /v1/challenges/{id}/events" {
            assert_eq!(may, &table["GET /v1/challenges/{id}"]);
            continue;
        }
        for (caller, expected) in CALLERS.iter().zip(may) {
            let let_through = scene.may(call, caller).await;
            if let_through != *expected {
                differ.push(format!("{call} as {caller}: {}", if let_through { "let through" } else { "refused" }));
            }
            if let_through && SPOILS.contains(&call.as_str()) {
                scene.gateway.stop().await;
                scene = Scene::new().await;
            }
        }
    }
    scene.gateway.stop().await;
    assert!(differ.is_empty(), "{differ:#?}");
}
