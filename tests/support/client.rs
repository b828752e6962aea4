//! A client of the public contract: JSON in, JSON out, and the steps that most tests begin with.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::socket::Socket;

/// Every wait of a test ends by then.
pub const DEADLINE: Duration = Duration::from_secs(60);
pub const PASSWORD: &str = "correct horse battery staple";

/// An answer.
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

/// Three digits of a second in whatever is a time: some readers take no others.
#[track_caller]
pub fn expect_readable_times(value: &Value) {
    match value {
        Value::String(text) if text.len() >= 20 && text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok() => {
            assert!(text.len() == 24 && text.as_bytes()[19] == b'.', "{text}");
        }
        Value::Array(values) => values.iter().for_each(expect_readable_times),
        Value::Object(fields) => fields.values().for_each(expect_readable_times),
        _ => {}
    }
}

impl Answer {
    /// The body, if the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }

    /// Asserts a problem: its status, its code, and the shape that all have.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.body);
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["status"], status);
        for field in ["type", "title", "detail"] {
            assert!(body[field].is_string(), "{field} of {body}");
        }
        body
    }
}

/// Where a request goes.
pub struct Call<'a> {
    pub method: Method,
    pub path: &'a str,
    pub token: Option<&'a str>,
}

#[derive(Clone)]
pub struct Client {
    base: String,
    /// Sent where a call names no token.
    token: Option<String>,
    http: reqwest::Client,
}

/// An installation of the app: makes its id once.
#[derive(Clone)]
pub struct Install {
    pub id: Uuid,
    pub name: String,
    /// The language that its user reads, if it says so.
    pub locale: Option<&'static str>,
}

impl Install {
    pub fn new(name: &str) -> Self {
        Self { id: Uuid::now_v7(), name: name.to_owned(), locale: None }
    }

    /// One whose user reads this language.
    pub fn reading(name: &str, locale: &'static str) -> Self {
        Self { locale: Some(locale), ..Self::new(name) }
    }

    pub fn json(&self) -> Value {
        let mut device = json!({
            "install_id": self.id, "name": self.name, "model": "Model", "platform": "android",
            "os_version": "15", "app_version": "1.0.0",
        });
        if let Some(locale) = self.locale {
            device["locale"] = json!(locale);
        }
        device
    }
}

/// A signed-in device.
#[derive(Clone)]
pub struct SignedIn {
    pub install: Install,
    pub device_id: String,
    pub access_token: String,
    pub refresh_token: String,
    pub trust_token: Option<String>,
}

impl SignedIn {
    pub fn new(install: &Install, body: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{body}")).to_owned();
        Self {
            install: install.clone(),
            device_id: text(&body["device"]["id"]),
            access_token: text(&body["session"]["access_token"]),
            refresh_token: text(&body["session"]["refresh_token"]),
            trust_token: body["device"]["trust_token"].as_str().map(str::to_owned),
        }
    }
}

/// An open challenge in the hands of its holder.
#[derive(Clone)]
pub struct Challenge {
    pub id: String,
    pub token: String,
    pub body: Value,
}

impl Challenge {
    pub fn new(body: &Value) -> Self {
        let challenge = &body["challenge"];
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{body}")).to_owned();
        Self { id: text(&challenge["id"]), token: text(&challenge["token"]), body: challenge.clone() }
    }

    pub fn path(&self, tail: &str) -> String {
        format!("/v1/challenges/{}{tail}", self.id)
    }
}

impl Client {
    pub fn new(base: &str) -> Self {
        Self::build(base, reqwest::Client::builder())
    }

    /// A client of an operator's side, with the token of this file.
    pub fn operator(base: &str, token_file: &std::path::Path) -> Self {
        let token = std::fs::read_to_string(token_file).expect("the operator's token");
        Self { token: Some(token.trim().to_owned()), ..Self::new(base) }
    }

    /// A client whose requests come from this address.
    pub fn from_address(base: &str, address: &str) -> Self {
        let address: std::net::IpAddr = address.parse().expect("an address");
        Self::build(base, reqwest::Client::builder().local_address(address))
    }

    /// A client that trusts this certificate and no other.
    pub fn trusting(base: &str, pem: &str) -> Self {
        let certificate = reqwest::Certificate::from_pem(pem.as_bytes()).expect("a certificate");
        Self::build(base, reqwest::Client::builder().tls_certs_only([certificate]))
    }

    fn build(base: &str, builder: reqwest::ClientBuilder) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        // No idle connections: a gateway that stops would wait a second for them.
        let http = builder.timeout(DEADLINE).pool_max_idle_per_host(0).build().expect("a client");
        Self { base: base.to_owned(), token: None, http }
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    /// Any request; bodies that are not JSON come back as a string.
    pub async fn send(&self, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = token.or(self.token.as_deref()) {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Self::answer(request).await
    }

    /// A request as a reverse proxy passes it on for somebody at this address.
    pub async fn send_for(
        &self,
        address: &str,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).header("x-forwarded-for", address);
        if let Some(token) = token.or(self.token.as_deref()) {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Self::answer(request).await
    }

    /// A request with headers besides the usual ones.
    pub async fn send_with(&self, call: &Call<'_>, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        let mut request = self.http.request(call.method.clone(), format!("{}{}", self.base, call.path));
        if let Some(token) = call.token.or(self.token.as_deref()) {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Self::answer(request).await
    }

    /// A body as it is, for malformed ones.
    pub async fn send_raw(&self, call: &Call<'_>, content_type: &str, body: impl Into<reqwest::Body>) -> Answer {
        let mut request = self.http.request(call.method.clone(), format!("{}{}", self.base, call.path));
        if let Some(token) = call.token.or(self.token.as_deref()) {
            request = request.bearer_auth(token);
        }
        Self::answer(request.header("content-type", content_type).body(body)).await
    }

    async fn answer(request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("a body");
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        expect_readable_times(&body);
        Answer { status, headers, body }
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.send(Method::GET, path, Some(token), None).await
    }

    pub async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(token), Some(body)).await
    }

    pub async fn delete(&self, path: &str, token: &str) -> Answer {
        self.send(Method::DELETE, path, Some(token), None).await
    }

    pub async fn patch(&self, path: &str, token: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(token), Some(body)).await
    }

    pub async fn create_account(&self, email: &str, install: &Install) -> Answer {
        let body = json!({ "email": email, "password": PASSWORD, "device": install.json() });
        self.send(Method::POST, "/v1/accounts", None, Some(body)).await
    }

    pub async fn sign_in(&self, email: &str, password: &str, install: &Install, trust_token: Option<&str>) -> Answer {
        let mut body = json!({ "email": email, "password": password, "device": install.json() });
        if let Some(token) = trust_token {
            body["trust_token"] = json!(token);
        }
        self.send(Method::POST, "/v1/sign-in", None, Some(body)).await
    }

    pub async fn verify(&self, challenge: &Challenge, code: &str) -> Answer {
        self.post(&challenge.path("/verify"), &challenge.token, json!({ "code": code })).await
    }

    /// Signs a device in with the right code, trusted if it likes.
    pub async fn sign_in_with_code(
        &self,
        challenge: &Challenge,
        code: &str,
        install: &Install,
        trust_device: bool,
    ) -> SignedIn {
        let body = json!({ "code": code, "trust_device": trust_device });
        let signed_in = self.post(&challenge.path("/verify"), &challenge.token, body).await.expect(200);
        SignedIn::new(install, &signed_in)
    }

    /// Asks for a new code; `body` may name the method.
    pub async fn resend(&self, challenge: &Challenge, body: Value) -> Answer {
        self.post(&challenge.path("/resend"), &challenge.token, body).await
    }

    /// Says "this wasn't me".
    pub async fn deny(&self, challenge: &Challenge, device: &SignedIn) -> Answer {
        self.send(Method::POST, &challenge.path("/deny"), Some(&device.access_token), None).await
    }

    pub async fn cancel(&self, challenge: &Challenge, token: &str) -> Answer {
        self.send(Method::POST, &challenge.path("/cancel"), Some(token), None).await
    }

    /// Lets new devices sign in again after a denial.
    pub async fn unfreeze(&self, device: &SignedIn) {
        let path = "/v1/login-security/unfreeze";
        self.send(Method::POST, path, Some(&device.access_token), None).await.expect(204);
    }

    /// The newest entries of the login activity.
    pub async fn activity(&self, device: &SignedIn) -> Vec<Value> {
        let page = self.get("/v1/login-activity", &device.access_token).await.expect(200);
        page["entries"].as_array().expect("a list").clone()
    }

    /// The mails to an address whose subject holds `subject`, newest first.
    pub async fn mails(&self, email: &str, subject: &str) -> Vec<Value> {
        let outbox = self.send(Method::GET, "/dev/outbox.json", None, None).await.expect(200);
        let is_it =
            |mail: &&Value| mail["to"] == email && mail["subject"].as_str().is_some_and(|text| text.contains(subject));
        outbox["messages"].as_array().expect("a list").iter().filter(is_it).cloned().collect()
    }

    /// The newest of at least `count` such mails; waits for them.
    pub async fn await_mail(&self, email: &str, subject: &str, count: usize) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let mails = self.mails(email, subject).await;
            if mails.len() >= count {
                return mails[0]["text"].as_str().expect("text").to_owned();
            }
            assert!(Instant::now() < deadline, "{} mails of {count} with {subject:?}", mails.len());
            tokio::task::yield_now().await;
        }
    }

    /// The code in the newest such mail; waits for it.
    pub async fn mailed_code(&self, email: &str, subject: &str) -> String {
        code_in(&self.await_mail(email, subject, 1).await).expect("a code")
    }

    /// A confirmed account with two-step verification off; its device has a session and is not trusted.
    pub async fn new_account(&self, email: &str) -> SignedIn {
        let install = Install::new("First");
        let challenge = Challenge::new(&self.create_account(email, &install).await.expect(202));
        let code = self.mailed_code(email, "Confirm").await;
        SignedIn::new(&install, &self.verify(&challenge, &code).await.expect(200))
    }

    /// An account with two-step verification on; its device is trusted.
    pub async fn new_protected_account(&self, email: &str) -> SignedIn {
        let mut first = self.new_account(email).await;
        let path = "/v1/login-security/two-step";
        let begun = self.post(path, &first.access_token, json!({ "enabled": true })).await.expect(202);
        let challenge = Challenge::new(&begun);
        let code = self.mailed_code(email, "Turn on").await;
        let body = self.verify(&challenge, &code).await.expect(200);
        assert_eq!(body["status"], "two_step_enabled");
        first.trust_token = body["device"]["trust_token"].as_str().map(str::to_owned);
        assert!(first.trust_token.is_some(), "{body}");
        first
    }

    /// Begins a sign-in on a new device.
    pub async fn begin_sign_in(&self, email: &str, install: &Install) -> Challenge {
        let body = self.sign_in(email, PASSWORD, install, None).await.expect(202);
        assert_eq!(body["status"], "verification_required");
        Challenge::new(&body)
    }

    /// Signs a new device in with the code that a connected trusted device shows.
    pub async fn trust_another(&self, email: &str, socket: &mut Socket, name: &str) -> SignedIn {
        let install = Install::new(name);
        let challenge = self.begin_sign_in(email, &install).await;
        let code = socket.code_of(&challenge.id).await;
        SignedIn::new(&install, &self.verify(&challenge, &code).await.expect(200))
    }

    /// How a challenge stands, for its holder.
    pub async fn state(&self, challenge: &Challenge) -> Value {
        self.get(&challenge.path(""), &challenge.token).await.expect(200)
    }

    /// Waits until the one delivery of a challenge came this far.
    pub async fn await_delivery(&self, challenge: &Challenge, state: &str) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let deliveries = self.state(challenge).await["deliveries"].clone();
            if deliveries[0]["state"] == state {
                return;
            }
            assert!(Instant::now() < deadline, "not {state} but {deliveries}");
        }
    }

    pub async fn connect(&self, device: &SignedIn) -> Socket {
        Socket::connect(&self.base, &device.access_token).await
    }
}

/// A line of six to ten digits in groups.
pub fn code_in(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let digits: String = line.split(' ').collect();
        let is_code = (6..=10).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then_some(digits)
    })
}

/// A code that is certainly not this one.
pub fn wrong(code: &str) -> String {
    let first = if code.starts_with('0') { '1' } else { '0' };
    format!("{first}{}", &code[1..])
}
