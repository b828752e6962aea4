//! Answers that get lost on their way, as in a lift: whoever sends the same request again is neither signed out nor taken for a thief.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::{Challenge, Client, Install, PASSWORD, SignedIn};
use crate::support::gateway::TestGateway;
use crate::support::lift::Lift;

const EMAIL: &str = "anna@example.com";

/// Rounds: `LOST_ANSWERS_ROUNDS=1000` for a long run.
fn rounds() -> usize {
    std::env::var("LOST_ANSWERS_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60)
}

/// A client as an app has it: it sends the same again until an answer comes.
struct Patient {
    http: reqwest::Client,
    base: String,
}

impl Patient {
    fn new(base: &str) -> Self {
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).no_proxy().build().expect("a client");
        Self { http, base: base.to_owned() }
    }

    async fn call(&self, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> (u16, Value) {
        for _ in 0..50 {
            let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
            request = request.header("connection", "close");
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            if let Some(body) = &body {
                request = request.json(body);
            }
            let Ok(answer) = request.send().await else { continue };
            let status = answer.status().as_u16();
            let Ok(bytes) = answer.bytes().await else { continue };
            return (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null));
        }
        panic!("{method} {path} was never answered");
    }

    async fn expect(&self, status: u16, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Value {
        let (came, answer) = self.call(method.clone(), path, token, body).await;
        assert_eq!(came, status, "{method} {path}: {answer}");
        answer
    }

    async fn sign_in(&self, device: &SignedIn) -> SignedIn {
        let body = json!({ "email": EMAIL, "password": PASSWORD, "device": device.install.json(), "trust_token": device.trust_token });
        SignedIn::new(&device.install, &self.expect(200, Method::POST, "/v1/sign-in", None, Some(body)).await)
    }

    async fn refresh(&self, device: &SignedIn) -> SignedIn {
        let body = json!({ "refresh_token": device.refresh_token });
        let answer = self.expect(200, Method::POST, "/v1/sessions/refresh", None, Some(body)).await;
        let text = |name: &str| answer["session"][name].as_str().expect("a token").to_owned();
        SignedIn { access_token: text("access_token"), refresh_token: text("refresh_token"), ..device.clone() }
    }

    async fn look(&self, device: &SignedIn) {
        self.expect(200, Method::GET, "/v1/login-security", Some(&device.access_token), None).await;
    }
}

const ALARMS: &str = "SELECT count(*) FROM login_activity WHERE kind IN ('refresh_token_reused', 'trust_token_reused')";

#[actix_web::test]
async fn nobody_is_signed_out_and_nobody_is_taken_for_a_thief_however_many_answers_are_lost() {
    let gateway = TestGateway::start().await;
    let direct = gateway.client();
    let lift = Lift::before(&gateway, &[""]).await;
    let seed = lift.seed;
    let app = Patient::new(&lift.url);
    let mut phone = direct.new_protected_account(EMAIL).await;
    let mut screen = direct.connect(&phone).await;
    for round in 0..rounds() {
        let trusted = app.sign_in(&phone).await;
        app.look(&trusted).await;
        let renewed = app.refresh(&trusted).await;
        app.look(&renewed).await;
        phone = SignedIn { trust_token: trusted.trust_token.clone(), ..renewed };
        if round % 10 == 0 {
            screen = direct.connect(&phone).await;
            new_device(&app, &direct, &mut screen, &phone).await;
            enabling(&app, &direct, round).await;
        }
    }
    assert!(lift.lost() > 10, "the lift lost nothing (seed {seed})");
    assert_eq!(gateway.database.count(ALARMS).await, 0, "an alarm (seed {seed})");
    drop(screen);
    gateway.stop().await;
}

/// A device that types a code, and is removed again.
async fn new_device(app: &Patient, direct: &Client, screen: &mut crate::support::socket::Socket, phone: &SignedIn) {
    let install = Install::new("New");
    let challenge = direct.begin_sign_in(EMAIL, &install).await;
    let code = screen.code_of(&challenge.id).await;
    let body = json!({ "code": code, "trust_device": true });
    let answer = app.expect(200, Method::POST, &challenge.path("/verify"), Some(&challenge.token), Some(body)).await;
    let new = SignedIn::new(&install, &answer);
    app.look(&new).await;
    let again = app.sign_in(&new).await;
    app.look(&again).await;
    direct.delete(&format!("/v1/trusted-devices/{}", again.device_id), &phone.access_token).await.expect(204);
}

/// Another account is made and turns two-step verification on.
async fn enabling(app: &Patient, direct: &Client, round: usize) {
    let (email, install) = (format!("user{round}@example.com"), Install::new("First"));
    let begun = Challenge::new(&direct.create_account(&email, &install).await.expect(202));
    let code = direct.mailed_code(&email, "Confirm").await;
    let body = Some(json!({ "code": code }));
    let made = app.expect(200, Method::POST, &begun.path("/verify"), Some(&begun.token), body).await;
    let first = SignedIn::new(&install, &made);
    let begun =
        direct.post("/v1/login-security/two-step", &first.access_token, json!({ "enabled": true })).await.expect(202);
    let begun = Challenge::new(&begun);
    let code = direct.mailed_code(&email, "Turn on").await;
    let body = Some(json!({ "code": code }));
    let on = app.expect(200, Method::POST, &begun.path("/verify"), Some(&begun.token), body).await;
    assert!(on["device"]["trust_token"].is_string(), "{on}");
}

/// A second client with an old token, after the successor was used: found each time, and the session ends.
#[actix_web::test]
async fn every_theft_is_found() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let mut owner = client.new_protected_account(EMAIL).await;
    let app = Patient::new(&gateway.url());
    let thefts = rounds() / 10;
    for number in 1..=thefts {
        let first = app.sign_in(&owner).await;
        owner.trust_token.clone_from(&first.trust_token);
        app.look(&first).await;
        let second = app.refresh(&first).await;
        app.look(&second).await;
        let used = "UPDATE sessions SET access_used_at = access_used_at - interval '31 s';
            UPDATE refresh_tokens SET accepted_at = accepted_at - interval '31 s'";
        gateway.database.execute(used).await;
        let body = Some(json!({ "refresh_token": first.refresh_token }));
        app.expect(401, Method::POST, "/v1/sessions/refresh", None, body).await;
        app.expect(401, Method::GET, "/v1/login-security", Some(&second.access_token), None).await;
        let found = i64::try_from(number).expect("few");
        let told = "SELECT count(*) FROM notices WHERE kind = 'token_reused'";
        assert_eq!((gateway.database.count(ALARMS).await, gateway.database.count(told).await), (found, found));
    }
    gateway.stop().await;
}
