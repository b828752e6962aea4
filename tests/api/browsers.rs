//! What answers tell browsers, so that pages of others get nothing of the gateway, and what nobody gets at all.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::json;
use twostep::settings::Settings;

use super::ANNA;
use crate::support::client::{Install, PASSWORD};
use crate::support::gateway::TestGateway;

/// The answer's headers to a call with these headers.
async fn headers_of(method: Method, url: String, headers: &[(&str, &str)]) -> HeaderMap {
    let mut request = reqwest::Client::new().request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer").headers().clone()
}

#[actix_web::test]
async fn no_answer_is_kept_run_framed_or_guessed_at() {
    let gateway = TestGateway::start().await;
    let (client, operator) = (gateway.client(), gateway.operator());
    let first = client.new_account(ANNA).await;
    let answers = [
        client.get("/v1/login-security", &first.access_token).await,
        client.get("/v1/login-activity", "nonsense").await,
        client.send(Method::GET, "/v1/openapi.json", None, None).await,
        client.send(Method::GET, "/nothing", None, None).await,
        client.send(Method::GET, "/v1/sign-in", None, None).await,
        client.sign_in(ANNA, PASSWORD, &first.install, None).await,
        operator.send(Method::GET, "/admin/accounts?email=anna%40example.com", None, None).await,
    ];
    for answer in answers {
        let headers = answer.headers;
        assert_eq!(headers["cache-control"], "no-store", "{}", answer.body);
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
        let policy = headers["content-security-policy"].to_str().expect("a text");
        for part in ["default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{policy}");
        }
        let kind = headers["content-type"].to_str().expect("a text");
        assert!(["application/json", "application/problem+json"].contains(&kind), "{kind}");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn over_a_secure_line_browsers_are_told_to_come_by_no_other() {
    let gateway = TestGateway::start().await;
    for path in ["/", "/v1/openapi.json", "/nothing"] {
        let url = format!("{}{path}", gateway.url());
        let plain = headers_of(Method::GET, url.clone(), &[]).await;
        assert!(!plain.contains_key("strict-transport-security"), "{path}");
        // As a proxy says it that ends the TLS.
        let secure = headers_of(Method::GET, url, &[("x-forwarded-proto", "https")]).await;
        assert_eq!(secure["strict-transport-security"], "max-age=31536000; includeSubDomains", "{path}");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn no_other_site_gets_leave_to_call_or_to_read() {
    let gateway = TestGateway::start().await;
    let asked = [
        ("origin", "https://evil.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,x-twostep-page"),
    ];
    for base in [gateway.url(), gateway.operator_url()] {
        for path in ["/v1/sign-in", "/v1/login-security", "/v1/connect/ticket", "/admin/rollout", "/"] {
            for method in [Method::OPTIONS, Method::GET, Method::POST] {
                let headers = headers_of(method, format!("{base}{path}"), &asked).await;
                assert!(!headers.keys().any(|name| name.as_str().starts_with("access-control-allow")), "{headers:?}");
            }
        }
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn methods_that_nobody_needs_are_refused() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    for (method, path) in [("TRACE", "/"), ("TRACE", "/v1/sign-in"), ("CONNECT", "/"), ("OPTIONS", "/v1/accounts")] {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let answer = client.send(method.clone(), path, None, None).await;
        assert!(answer.status.is_client_error(), "{method} {path}: {}", answer.status);
        assert!(!answer.body.to_string().contains("host"), "nothing is echoed: {}", answer.body);
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn nothing_but_what_is_meant_is_served() {
    let gateway = TestGateway::start().await;
    for client in [gateway.client(), gateway.operator()] {
        for path in [
            "/.git/config",
            "/assets/",
            "/assets/../Cargo.toml",
            "/assets/0000000000000000/..%2f..%2fCargo.toml",
            "/config/default.toml",
            "/web/app.js",
            "/admin",
            "/debug",
            "/docs/",
        ] {
            client.send(Method::GET, path, None, None).await.expect_problem(404, "not_found");
        }
    }
    gateway.stop().await;
}

/// Password managers and finders of weaknesses look there.
#[actix_web::test]
async fn well_known_places_lead_to_the_page_and_name_whom_to_tell() {
    let plain = TestGateway::start().await;
    let name = |settings: &mut Settings| settings.service.security_contact = Some("mailto:security@example.com".into());
    let named = TestGateway::start_with(name).await;
    let client = plain.client();
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let sent = http.get(format!("{}/.well-known/change-password", client.base())).send().await.expect("an answer");
    assert_eq!(sent.status(), 302);
    assert_eq!(sent.headers()["location"], "/#security");
    client.send(Method::GET, "/.well-known/security.txt", None, None).await.expect_problem(404, "not_found");
    let answer = http.get(format!("{}/.well-known/security.txt", named.url())).send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "text/plain; charset=utf-8");
    let text = answer.text().await.expect("text");
    let expires = text.lines().find_map(|line| line.strip_prefix("Expires: ")).expect("it expires");
    assert!(expires.parse::<jiff::Timestamp>().expect("a time") > jiff::Timestamp::now(), "{text}");
    assert!(text.starts_with("Contact: mailto:security@example.com\n"), "{text}");
    plain.stop().await;
    named.stop().await;
}

#[actix_web::test]
async fn there_is_no_account_until_somebody_makes_one() {
    let gateway = TestGateway::start().await;
    assert_eq!(super::count(&gateway.database, "accounts").await, 0);
    for name in ["root", "admin", "sa", "twostep"] {
        let body =
            json!({ "email": format!("{name}@localhost"), "password": name, "device": Install::new("x").json() });
        let answer = gateway.client().send(Method::POST, "/v1/sign-in", None, Some(body)).await;
        answer.expect_problem(401, "invalid_credentials");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn an_error_of_ours_tells_nothing_of_what_is_behind_it() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    gateway.database.execute("ALTER TABLE login_activity RENAME TO gone").await;
    let refused = client.sign_in(ANNA, PASSWORD, &first.install, None).await.expect_problem(500, "internal_error");
    let text = refused.to_string().to_lowercase();
    for inner in ["login_activity", "relation", "sql", "insert", "postgres", "src/", "panicked"] {
        assert!(!text.contains(inner), "{text}");
    }
    gateway.database.execute("ALTER TABLE gone RENAME TO login_activity").await;
    // Nothing of the sign-in stayed: it is done whole or not at all.
    assert_eq!(super::count(&gateway.database, "sessions").await, 1);
    client.sign_in(ANNA, PASSWORD, &first.install, None).await.expect(200);
    gateway.stop().await;
}
