//! The page's files, and its tokens in cookies.

use std::collections::BTreeMap;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ANNA, BEN};
use crate::support::client::{Client, Install, PASSWORD};
use crate::support::gateway::{TestGateway, operator_token_file};

/// What our page says, and what the browser adds.
pub(super) const OWN: [(&str, &str); 2] = [("x-twostep-page", "1"), ("sec-fetch-site", "same-origin")];

/// A page with its cookies, as a browser keeps them.
pub(super) struct Page {
    base: String,
    pub(super) http: reqwest::Client,
    pub(super) cookies: BTreeMap<String, String>,
}

impl Page {
    pub(super) fn new(gateway: &TestGateway) -> Self {
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("a client");
        Self { base: gateway.url(), http, cookies: BTreeMap::new() }
    }

    pub(super) async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Value,
        headers: &[(&str, &str)],
    ) -> (StatusCode, Value) {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request =
            self.http.request(method, format!("{}{path}", self.base)).header("cookie", cookies.join("; "));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("an answer");
        self.keep(answer.headers());
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(
            !["ts_at_", "ts_rt_", "ts_tt_", "ts_ct_"].iter().any(|token| text.contains(&format!("\"{token}"))),
            "{text}"
        );
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all("set-cookie") {
            let cookie = cookie.to_str().expect("a text");
            for rule in ["; HttpOnly", "; Secure", "; SameSite=Strict", "; Path=/"] {
                assert!(cookie.contains(rule) && cookie.starts_with("__Host-ts_"), "{cookie}");
            }
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a pair");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub(super) async fn call(&mut self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        self.send(method, path, body, &OWN).await
    }

    /// Makes a protected account; the browser is trusted for it.
    pub(super) async fn protected(&mut self, client: &Client, email: &str) {
        let account = json!({ "email": email, "password": PASSWORD, "device": Install::new("Page").json() });
        let (status, body) = self.call(Method::POST, "/v1/accounts", account).await;
        assert_eq!(status, 202, "{body}");
        self.verify(&body, &client.mailed_code(email, "Confirm").await).await;
        let (_, body) = self.call(Method::POST, "/v1/login-security/two-step", json!({ "enabled": true })).await;
        self.verify(&body, &client.mailed_code(email, "Turn on").await).await;
    }

    async fn verify(&mut self, body: &Value, code: &str) {
        let path = format!("/v1/challenges/{}/verify", body["challenge"]["id"].as_str().expect("an id"));
        let (status, body) = self.call(Method::POST, &path, json!({ "code": code })).await;
        assert_eq!(status, 200, "{body}");
    }

    fn trusted_accounts(&self) -> usize {
        self.cookies.keys().filter(|name| name.starts_with("__Host-ts_tt_")).count()
    }
}

#[actix_web::test]
async fn a_page_gets_its_tokens_as_cookies_and_signs_in_with_them() {
    let gateway = TestGateway::start().await;
    let mut page = Page::new(&gateway);
    page.protected(&gateway.client(), ANNA).await;
    assert_eq!(page.trusted_accounts(), 1);
    let (status, body) = page.call(Method::GET, "/v1/login-security", Value::Null).await;
    assert_eq!((status.as_u16(), &body["two_step"]["enabled"]), (200, &json!(true)));

    gateway.database.execute("UPDATE sessions SET access_expires_at = now()").await;
    assert_eq!(page.call(Method::GET, "/v1/login-security", Value::Null).await.0, 401);
    assert_eq!(page.call(Method::POST, "/v1/sessions/refresh", Value::Null).await.0, 200);
    assert_eq!(page.call(Method::GET, "/v1/login-security", Value::Null).await.0, 200);
    assert_eq!(page.call(Method::POST, "/v1/connect/ticket", Value::Null).await.0, 200);

    assert_eq!(page.call(Method::DELETE, "/v1/sessions/current", Value::Null).await.0, 204);
    assert_eq!(page.cookies.len(), 1, "only the trust stays");
    gateway.stop().await;
}

#[actix_web::test]
async fn trust_is_kept_for_each_account_apart() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let mut page = Page::new(&gateway);
    page.protected(&client, ANNA).await;
    let install = Install::new("Page");
    // The address of somebody else brings no trust of Anna's with it.
    client.new_protected_account(BEN).await;
    let body = |email: &str| json!({ "email": email, "password": PASSWORD, "device": install.json() });
    let (status, answer) = page.call(Method::POST, "/v1/sign-in", body(BEN)).await;
    assert_eq!((status.as_u16(), &answer["status"]), (202, &json!("verification_required")));
    assert_eq!(page.trusted_accounts(), 1);
    // Another six accounts push out the oldest trust, never beyond five.
    for number in 0..6 {
        page.protected(&client, &format!("account{number}@example.com")).await;
    }
    assert_eq!(page.trusted_accounts(), 5);
    gateway.stop().await;
}

#[actix_web::test]
async fn cookies_are_nothing_without_the_proof_that_our_page_calls() {
    let gateway = TestGateway::start().await;
    let mut page = Page::new(&gateway);
    page.protected(&gateway.client(), ANNA).await;
    let own = gateway.url();
    let cases: [(&[(&str, &str)], u16); 7] = [
        (&[], 401),
        (&[("sec-fetch-site", "same-origin")], 401),
        (&[("x-twostep-page", "1")], 403),
        (&[("x-twostep-page", "1"), ("sec-fetch-site", "cross-site")], 403),
        (&[("x-twostep-page", "1"), ("sec-fetch-site", "same-site"), ("origin", &own)], 403),
        (&[("x-twostep-page", "1"), ("origin", "https://evil.example")], 403),
        (&[("x-twostep-page", "1"), ("origin", &own)], 200),
    ];
    for (headers, expected) in cases {
        let (status, body) = page.send(Method::GET, "/v1/login-security", Value::Null, headers).await;
        assert_eq!(status.as_u16(), expected, "{headers:?} {body}");
    }
    // Cookies are no bearer token, and a bearer token is nothing to the page.
    let (name, value) = page.cookies.iter().find(|(name, _)| *name == "__Host-ts_at").expect("a session");
    let token = format!("Bearer {}", value.split('.').next().expect("a token"));
    assert_eq!(name, "__Host-ts_at");
    page.cookies.clear();
    let headers = [OWN[0], OWN[1], ("authorization", token.as_str())];
    assert_eq!(page.send(Method::GET, "/v1/login-security", Value::Null, &headers).await.0, 401);
    gateway.stop().await;
}

/// Somebody who signs a browser in as themselves would read what its user then does (login CSRF), and who sets its cookies before
/// would know its session (fixation).
#[actix_web::test]
async fn another_site_neither_signs_a_browser_in_nor_chooses_its_session() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let intruder = client.new_account(ANNA).await;
    let mut page = Page::new(&gateway);
    let body = json!({ "email": ANNA, "password": PASSWORD, "device": Install::new("Page").json() });
    let cross = [("x-twostep-page", "1"), ("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    assert_eq!(page.send(Method::POST, "/v1/sign-in", body.clone(), &cross).await.0, 403);
    assert!(page.cookies.is_empty());
    let url = format!("{}/v1/sign-in", gateway.url());
    let form = page.http.post(url).header("content-type", "text/plain").header("origin", "https://evil.example");
    let refused = form.body(body.to_string()).send().await.expect("an answer");
    assert_eq!((refused.status().as_u16(), refused.headers().contains_key("set-cookie")), (400, false));

    page.cookies.insert("__Host-ts_at".to_owned(), intruder.access_token.clone());
    assert_eq!(page.call(Method::POST, "/v1/sign-in", body).await.0, 200);
    let own = page.cookies["__Host-ts_at"].clone();
    assert!(!own.starts_with(&intruder.access_token), "signing in makes a session of its own");
    gateway.stop().await;
}

#[actix_web::test]
async fn files_are_kept_for_ever_and_the_page_is_asked_for_anew() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let page = client.send(Method::GET, "/", None, None).await;
    assert_eq!(page.headers["cache-control"], "no-cache");
    let policy = page.headers["content-security-policy"].to_str().expect("a text");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(page.headers[name], value);
    }
    let text = page.body.as_str().expect("a page").to_owned();
    assert!(!text.contains("<style") && !text.contains("style=") && !text.contains("{assets}"), "{text}");
    let script = text.split('"').find(|part| part.ends_with("/app.js")).expect("its script");
    let script = client.send(Method::GET, script, None, None).await;
    assert_eq!(script.headers["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(script.headers["content-type"], "text/javascript; charset=utf-8");

    let http = reqwest::Client::new();
    let again = http.get(gateway.url()).header("if-none-match", &page.headers["etag"]).send().await.expect("an answer");
    assert_eq!(again.status(), 304);
    let packed = http.get(gateway.url()).header("accept-encoding", "gzip").send().await.expect("an answer");
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    client.send(Method::GET, "/assets/0000000000000000/app.js", None, None).await.expect_problem(404, "not_found");
    gateway.stop().await;
}

#[actix_web::test]
async fn the_worker_is_one_script_at_the_root_and_the_manifest_names_pictures_that_are_there() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let get = async |path: &str| client.send(Method::GET, path, None, None).await;
    let page = get("/").await;
    assert!(
        page.body.as_str().is_some_and(|text| text.contains(r#"<link rel="manifest" href="/manifest.webmanifest">"#))
    );
    let policy = page.headers["content-security-policy"].to_str().expect("a text");
    assert!(policy.contains("worker-src 'self'; manifest-src 'self'"), "{policy}");

    let worker = get("/sw.js").await;
    assert_eq!(worker.status, 200);
    assert_eq!(worker.headers["content-type"], "text/javascript; charset=utf-8");
    for header in ["cache-control", "content-security-policy", "x-content-type-options"] {
        assert_eq!(worker.headers[header], page.headers[header]);
    }
    let script = worker.body.as_str().expect("a script");
    let is_module = |line: &str| line.starts_with("export ") || line.starts_with("import ");
    assert!(!script.lines().any(is_module) && !script.contains("importScripts") && !script.contains("{assets}"));
    assert!(script.contains("function handlePush(") && script.contains(r#"addEventListener("push""#));

    let manifest = get("/manifest.webmanifest").await;
    assert_eq!(manifest.headers["content-type"], "application/manifest+json");
    assert_eq!(manifest.headers["cache-control"], "no-cache");
    let manifest: Value = match &manifest.body {
        Value::String(text) => serde_json::from_str(text).expect("JSON"),
        parsed => parsed.clone(),
    };
    assert_eq!((&manifest["start_url"], &manifest["display"]), (&json!("/"), &json!("standalone")));
    let icons: Vec<&str> = script.split('"').filter(|part| part.ends_with(".png")).collect();
    assert_eq!(icons.len(), 2, "icon and badge of notifications: {icons:?}");
    let icons = icons
        .into_iter()
        .chain(manifest["icons"].as_array().into_iter().flatten().filter_map(|icon| icon["src"].as_str()));
    for icon in icons {
        let picture = reqwest::get(format!("{}{icon}", gateway.url())).await.expect("an answer");
        let kind = if icon.ends_with(".svg") { "image/svg+xml" } else { "image/png" };
        assert_eq!(
            (picture.status().as_u16(), picture.headers()["content-type"].to_str().ok()),
            (200, Some(kind)),
            "{icon}"
        );
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn only_the_live_view_itself_moves_the_rollout_from_a_browser() {
    let gateway = TestGateway::start().await;
    let http = reqwest::Client::new();
    let token = std::fs::read_to_string(operator_token_file()).expect("a token");
    let put = async |headers: &[(&str, &str)]| {
        let url = format!("{}/admin/rollout", gateway.operator_url());
        let mut request = http.put(url).bearer_auth(token.trim()).json(&json!({ "percent": 50 }));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("an answer").status().as_u16()
    };
    let own = gateway.operator_url();
    assert_eq!(put(&[("origin", &own), ("x-twostep-page", "1")]).await, 200);
    assert_eq!(put(&[("origin", &own)]).await, 403);
    assert_eq!(put(&[("origin", "https://evil.example"), ("x-twostep-page", "1")]).await, 403);
    assert_eq!(put(&[("sec-fetch-site", "cross-site")]).await, 403);
    let rebound = [("origin", "http://evil.example"), ("host", "evil.example"), ("x-twostep-page", "1")];
    assert_eq!(put(&rebound).await, 403);
    gateway.stop().await;
}
