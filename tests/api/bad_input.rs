//! What does not fit, on every call that takes it: the documented problem, and never a panic.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ANNA, assert_goes_on};
use crate::support::client::{Call, Challenge, Client, Install, PASSWORD, SignedIn};
use crate::support::gateway::TestGateway;

const MAX_BODY_BYTES: usize = 16 * 1024;

/// A call that takes a body, with one that fits.
struct WithBody {
    method: Method,
    path: String,
    token: Option<String>,
    body: Value,
    /// Fields that may be left out.
    optional: &'static [&'static str],
}

impl WithBody {
    fn post(path: impl Into<String>, token: Option<&str>, body: Value, optional: &'static [&'static str]) -> Self {
        Self { method: Method::POST, path: path.into(), token: token.map(str::to_owned), body, optional }
    }

    fn call(&self) -> Call<'_> {
        Call { method: self.method.clone(), path: &self.path, token: self.token.as_deref() }
    }

    async fn refused(&self, client: &Client, body: impl Into<reqwest::Body>) {
        let answer = client.send_raw(&self.call(), "application/json", body).await;
        answer.expect_problem(400, "invalid_request");
    }
}

/// A signed-in device, an open challenge of its account, and every call with a body.
struct Scene {
    gateway: TestGateway,
    client: Client,
    first: SignedIn,
    challenge: Challenge,
    calls: Vec<WithBody>,
}

impl Scene {
    async fn new() -> Self {
        let gateway = TestGateway::start().await;
        let client = gateway.client();
        let first = client.new_protected_account(ANNA).await;
        let challenge = client.begin_sign_in(ANNA, &Install::new("New")).await;
        let calls = calls(&first, &challenge);
        Self { gateway, client, first, challenge, calls }
    }

    /// Everything still works, and nothing was changed.
    async fn end(self) {
        assert_goes_on(&self.client, &self.first).await;
        assert_eq!(self.client.state(&self.challenge).await["challenge"]["attempts_left"], 5);
        let (install, trust_token) = (&self.first.install, self.first.trust_token.as_deref());
        self.client.sign_in(ANNA, PASSWORD, install, trust_token).await.expect(200);
        self.gateway.stop().await;
    }
}

fn calls(first: &SignedIn, challenge: &Challenge) -> Vec<WithBody> {
    let session = Some(first.access_token.as_str());
    let holder = Some(challenge.token.as_str());
    let device = Install::new("Other").json();
    let create = json!({ "email": "new@example.com", "password": PASSWORD, "device": device });
    let sign_in = json!({ "email": ANNA, "password": "wrong", "device": device, "trust_token": "ts_tt_x" });
    // Too short to be a code, so that nothing is counted.
    let verify = json!({ "code": "12345", "trust_device": true });
    let refresh = json!({ "refresh_token": "ts_rt_x" });
    // Nobody needs a password to turn it on, and it is on: refused whichever field is missing.
    let two_step = json!({ "enabled": true, "password": "x" });
    let password = json!({ "current": "wrong", "new": "long enough", "forget_devices": true });
    let update = json!({ "name": "Mine", "push": { "provider": "fcm", "token": "one" }, "notifications_allowed": true,
        "app_version": "1", "os_version": "2", "locale": "hu" });
    let optional = &["name", "push", "notifications_allowed", "app_version", "os_version", "locale"];
    vec![
        WithBody::post("/v1/accounts", None, create, &[]),
        WithBody::post("/v1/sign-in", None, sign_in, &["trust_token"]),
        WithBody::post(challenge.path("/verify"), holder, verify, &["trust_device"]),
        WithBody::post(challenge.path("/resend"), holder, json!({ "method": "app" }), &["method"]),
        WithBody::post("/v1/sessions/refresh", None, refresh, &[]),
        WithBody::post("/v1/login-security/two-step", session, two_step, &[]),
        WithBody::post("/v1/login-security/password", session, password, &["forget_devices"]),
        WithBody { method: Method::PATCH, ..WithBody::post("/v1/devices/current", session, update, optional) },
    ]
}

#[actix_web::test]
async fn a_body_that_is_not_json_is_refused() {
    let scene = Scene::new().await;
    for call in &scene.calls {
        let text = call.body.to_string();
        // A resend may have no body at all.
        if !call.path.ends_with("/resend") {
            call.refused(&scene.client, "").await;
        }
        for body in
            ["{", "nonsense", "null", "[[]]", "\"text\"", "{}{}", &text[..text.len() - 1], "{\"a\":\"\\ud800\"}"]
        {
            call.refused(&scene.client, body.to_owned()).await;
        }
        call.refused(&scene.client, b"{\"\xff\xfe\": 1}".to_vec()).await;
        call.refused(&scene.client, "[".repeat(8000)).await;
        let form = scene.client.send_raw(&call.call(), "application/x-www-form-urlencoded", text).await;
        form.expect_problem(400, "invalid_request");
    }
    scene.end().await;
}

/// serde would take the values of an object in their order.
#[actix_web::test]
async fn a_list_is_no_object() {
    let scene = Scene::new().await;
    let device = Install::new("Other").json();
    let values = ["install_id", "name", "model", "platform", "os_version", "app_version"].map(|name| &device[name]);
    let call = |path: &str| scene.calls.iter().find(|call| call.path == path).expect("a call");
    let update = call("/v1/devices/current");
    for body in [json!([]), json!([null, null]), json!({ "push": ["fcm", "one"] })] {
        update.refused(&scene.client, body.to_string()).await;
    }
    let create = call("/v1/accounts");
    create.refused(&scene.client, json!(["new@example.com", PASSWORD, device]).to_string()).await;
    let nested = json!({ "email": "new@example.com", "password": PASSWORD, "device": values });
    create.refused(&scene.client, nested.to_string()).await;
    scene.end().await;
}

#[actix_web::test]
async fn unknown_fields_are_refused_and_named() {
    let scene = Scene::new().await;
    for call in &scene.calls {
        let mut body = call.body.clone();
        body["surprise"] = json!(1);
        let answer = scene.client.send_raw(&call.call(), "application/json", body.to_string()).await;
        let problem = answer.expect_problem(400, "invalid_request");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("surprise")), "{problem}");
        for nested in ["device", "push"].into_iter().filter(|nested| call.body.get(nested).is_some()) {
            let mut body = call.body.clone();
            body[nested]["surprise"] = json!(1);
            call.refused(&scene.client, body.to_string()).await;
        }
    }
    scene.end().await;
}

#[actix_web::test]
async fn a_field_of_the_wrong_type_is_refused_and_not_repeated() {
    let scene = Scene::new().await;
    for call in &scene.calls {
        for name in call.body.as_object().expect("an object").keys() {
            for wrong in [json!({ "secret": "sesame" }), json!([["sesame"]]), json!(-1.5e300)] {
                let mut body = call.body.clone();
                body[name] = wrong;
                let answer = scene.client.send_raw(&call.call(), "application/json", body.to_string()).await;
                let problem = answer.expect_problem(400, "invalid_request");
                assert!(!problem.to_string().contains("sesame"), "{problem}");
            }
        }
    }
    scene.end().await;
}

#[actix_web::test]
async fn a_missing_field_is_refused() {
    let scene = Scene::new().await;
    for call in &scene.calls {
        for name in call.body.as_object().expect("an object").keys() {
            if !call.optional.contains(&name.as_str()) {
                let mut body = call.body.clone();
                body.as_object_mut().expect("an object").remove(name);
                call.refused(&scene.client, body.to_string()).await;
            }
        }
    }
    scene.end().await;
}

#[actix_web::test]
async fn a_body_over_16_kib_is_too_large_however_it_is_sent() {
    let scene = Scene::new().await;
    for call in &scene.calls {
        let padded = |bytes: usize| format!("{:bytes$}", call.body.to_string());
        let whole = scene.client.send_raw(&call.call(), "application/json", padded(MAX_BODY_BYTES + 1)).await;
        whole.expect_problem(413, "payload_too_large");
        let fits = scene.client.send_raw(&call.call(), "application/json", padded(MAX_BODY_BYTES)).await;
        assert_ne!(fits.status, 413, "{}", fits.body);
        assert!(!fits.status.is_server_error(), "{}", fits.body);
    }
    scene.gateway.stop().await;
}

/// The creation of an account with one value replaced, at a path such as `/device/name`.
fn creation_with(path: &str, value: &str) -> WithBody {
    let mut body = json!({ "email": "new@example.com", "password": PASSWORD, "device": Install::new("Other").json() });
    *body.pointer_mut(path).expect("a field") = json!(value);
    WithBody::post("/v1/accounts", None, body, &[])
}

#[actix_web::test]
async fn over_long_and_unfit_texts_are_refused() {
    let scene = Scene::new().await;
    let (local, domain) = ("a".repeat(65), "example.".repeat(32));
    let unfit: Vec<(String, String)> = [
        ("/email", ""),
        ("/email", "a"),
        ("/email", "@example.com"),
        ("/email", "a@"),
        ("/email", "a b@example.com"),
        ("/email", "a@b@c.com"),
        ("/email", "a\u{0}@b.com"),
        ("/email", &format!("{local}@example.com")),
        ("/email", &format!("a@{domain}com")),
        ("/password", "1234567"),
        ("/password", &"x".repeat(129)),
        ("/device/platform", "beos"),
        ("/device/install_id", "not a UUID"),
    ]
    .map(|(path, text)| (path.to_owned(), text.to_owned()))
    .into();
    for (path, text) in unfit {
        let call = creation_with(&path, &text);
        call.refused(&scene.client, call.body.to_string()).await;
    }
    assert!(scene.client.mails("new@example.com", "").await.is_empty());
    scene.end().await;
}

#[actix_web::test]
async fn calls_on_a_challenge_need_its_own_token() {
    let scene = Scene::new().await;
    let other = scene.client.begin_sign_in(ANNA, &Install::new("Third")).await;
    for (tail, body) in [("/verify", json!({ "code": "000000" })), ("/resend", json!({}))] {
        let path = scene.challenge.path(tail);
        for token in [&other.token, &scene.first.access_token, "", "ts_ct_x"] {
            scene.client.post(&path, token, body.clone()).await.expect_problem(401, "unauthorized");
        }
        for id in [Uuid::now_v7().to_string(), "not-a-uuid".to_owned(), "%00".to_owned()] {
            let path = format!("/v1/challenges/{id}{tail}");
            scene.client.post(&path, &scene.challenge.token, body.clone()).await.expect_problem(404, "not_found");
        }
    }
    scene.end().await;
}

#[actix_web::test]
async fn an_address_that_is_nothing_and_a_method_it_does_not_take_are_told_apart() {
    let scene = Scene::new().await;
    for path in [
        "/index.html",
        "/assets/x",
        "/v1",
        "/v1/account",
        "/v1/accounts/",
        "/v2/accounts",
        "/admin/rollout",
        "/metrics",
    ] {
        scene.client.send(Method::GET, path, None, None).await.expect_problem(404, "not_found");
    }
    for (method, path) in [
        (Method::POST, "/"),
        (Method::POST, "/assets/0/app.js"),
        (Method::POST, "/docs"),
        (Method::GET, "/v1/accounts"),
        (Method::GET, "/v1/sign-in"),
        (Method::GET, "/v1/sessions/refresh"),
        (Method::POST, "/v1/sessions/current"),
        (Method::PUT, "/v1/login-security"),
        (Method::GET, "/v1/devices/current"),
        (Method::PUT, "/v1/trusted-devices"),
    ] {
        scene.client.send(method, path, None, None).await.expect_problem(405, "method_not_allowed");
    }
    scene.end().await;
}
