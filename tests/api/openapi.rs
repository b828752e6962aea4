//! `/v1/openapi.json` and `/docs`.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::Value;
use twostep::http::problem::ProblemCode;
use uuid::Uuid;

use crate::support::client::Client;
use crate::support::gateway::TestGateway;

/// Every public call with the answers that clients are promised.
const CALLS: &[(&str, &str, &[&str])] = &[
    ("POST", "/v1/accounts", &["202"]),
    ("POST", "/v1/password-strength", &["200"]),
    ("POST", "/v1/sign-in", &["200", "202", "401"]),
    ("GET", "/v1/challenges/{id}", &["200"]),
    ("GET", "/v1/challenges/{id}/events", &["200"]),
    ("POST", "/v1/challenges/{id}/verify", &["200", "410", "422", "429"]),
    ("POST", "/v1/challenges/{id}/resend", &["202", "429"]),
    ("POST", "/v1/challenges/{id}/cancel", &["204"]),
    ("POST", "/v1/challenges/{id}/deny", &["204", "403"]),
    ("POST", "/v1/sessions/refresh", &["200", "401"]),
    ("DELETE", "/v1/sessions/current", &["204"]),
    ("GET", "/v1/sessions", &["200"]),
    ("DELETE", "/v1/sessions", &["204", "403"]),
    ("DELETE", "/v1/sessions/{id}", &["204", "403", "404"]),
    ("GET", "/v1/login-security", &["200"]),
    ("POST", "/v1/login-security/two-step", &["202", "204", "403"]),
    ("POST", "/v1/login-security/password", &["204"]),
    ("POST", "/v1/login-security/unfreeze", &["204", "403"]),
    ("GET", "/v1/support", &["200"]),
    ("GET", "/v1/challenges/{id}/support", &["200", "401"]),
    ("GET", "/v1/trusted-devices", &["200"]),
    ("DELETE", "/v1/trusted-devices/{id}", &["204"]),
    ("DELETE", "/v1/trusted-devices", &["200", "403"]),
    ("PATCH", "/v1/trusted-devices/{id}", &["200", "403", "404"]),
    ("PATCH", "/v1/devices/current", &["200"]),
    ("POST", "/v1/login-security/email", &["202", "401", "403"]),
    ("POST", "/v1/email-changes/{id}/undo", &["204", "401"]),
    ("POST", "/v1/password-resets", &["202"]),
    ("POST", "/v1/password-resets/{id}", &["204", "400", "401"]),
    ("POST", "/v1/login-security/authenticator", &["201", "401", "403"]),
    ("POST", "/v1/login-security/authenticator/confirm", &["204", "404", "422"]),
    ("DELETE", "/v1/login-security/authenticator", &["204", "403", "404"]),
    ("POST", "/v1/recoveries", &["202", "401", "403"]),
    ("GET", "/v1/recoveries/{id}", &["200", "401", "404"]),
    ("DELETE", "/v1/recoveries/{id}", &["204", "401", "404"]),
    ("POST", "/v1/login-security/recovery-codes", &["201", "401", "403"]),
    ("GET", "/v1/push/web", &["200"]),
    ("POST", "/v1/push/test", &["200", "403", "404"]),
    ("POST", "/v1/receipts", &["204", "401", "410"]),
    ("GET", "/v1/login-activity", &["200"]),
    ("POST", "/v1/login-activity/{id}/report", &["204"]),
    ("POST", "/v1/connect/ticket", &["200", "403"]),
    ("GET", "/v1/connect", &["101"]),
    ("GET", "/v1/client-ip", &["200", "429"]),
    ("POST", "/v1/verifications", &["200", "202", "400", "403", "409", "422"]),
    ("GET", "/v1/verifications/{id}", &["200", "403", "404"]),
    ("GET", "/v1/subjects/{subject}", &["200", "403", "404"]),
    ("PUT", "/v1/subjects/{subject}", &["200", "403"]),
    ("DELETE", "/v1/subjects/{subject}", &["204", "403", "404"]),
    ("GET", "/v1/subjects/{subject}/export", &["200", "403", "404"]),
    ("DELETE", "/v1/subjects/{subject}/devices/{device}", &["204", "403", "404"]),
    ("POST", "/v1/subjects/{subject}/devices", &["201", "400", "403", "409", "422"]),
    ("GET", "/.well-known/jwks.json", &["200"]),
];

async fn document(client: &Client) -> Value {
    client.send(Method::GET, "/v1/openapi.json", None, None).await.expect(200)
}

/// The calls of a document with what each says about itself.
fn documented(document: &Value) -> BTreeMap<(String, String), Value> {
    let paths = document["paths"].as_object().expect("paths");
    let calls = paths.iter().flat_map(|(path, calls)| {
        let calls = calls.as_object().expect("calls");
        calls.iter().map(move |(method, call)| ((path.clone(), method.to_ascii_uppercase()), call.clone()))
    });
    calls.collect()
}

/// Generated clients name their methods by these.
#[actix_web::test]
async fn every_call_has_a_name_of_its_own() {
    let gateway = TestGateway::start().await;
    let documented = documented(&document(&gateway.client()).await);
    let names: std::collections::BTreeSet<&str> =
        documented.values().map(|call| call["operationId"].as_str().expect("a name")).collect();
    assert_eq!(names.len(), documented.len(), "{names:?}");
    assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_alphabetic())), "{names:?}");
    gateway.stop().await;
}

#[actix_web::test]
async fn the_document_holds_every_call_with_its_answers_and_no_other_call() {
    let gateway = TestGateway::start().await;
    let document = document(&gateway.client()).await;
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1.")), "{}", document["openapi"]);
    let documented = documented(&document);
    assert_eq!(documented.len(), CALLS.len());
    for (method, path, answers) in CALLS {
        let call = &documented[&((*path).to_owned(), (*method).to_owned())];
        for answer in *answers {
            assert!(call["responses"].get(answer).is_some(), "{method} {path} lacks {answer}");
        }
        for (status, answer) in call["responses"].as_object().expect("answers") {
            let is_problem = answer["content"].get("application/problem+json").is_some();
            assert_eq!(is_problem, status.as_str() >= "400", "{method} {path} {status}");
        }
    }
    gateway.stop().await;
}

/// Without a token and without a body each call answers what is documented, and none is missing.
#[actix_web::test]
async fn what_a_bare_call_gets_is_documented() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    for ((path, method), call) in documented(&document(&client).await) {
        let address =
            path.replace("{id}", &Uuid::now_v7().to_string()).replace("{device}", &Uuid::now_v7().to_string());
        let answer = client.send(method.parse().expect("a method"), &address, None, None).await;
        let status = answer.status.as_u16().to_string();
        assert!(call["responses"].get(&status).is_some(), "{method} {path} answered {status}: {}", answer.body);
        let needs_session = call["security"] == serde_json::json!([{ "session": [] }]);
        let needs_challenge = call["security"] == serde_json::json!([{ "challenge_token": [] }]);
        let needs_api_key = call["security"] == serde_json::json!([{ "api_key": [] }]);
        if needs_session || needs_challenge || needs_api_key {
            answer.expect_problem(401, "unauthorized");
        }
    }
    gateway.stop().await;
}

/// RFC 9110 section 15.5.6.
#[actix_web::test]
async fn a_method_that_an_address_does_not_take_is_answered_with_those_that_it_takes() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let mut allowed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, method) in documented(&document(&client).await).into_keys() {
        allowed.entry(path).or_default().insert(method);
    }
    for file in ["/", "/docs", "/v1/openapi.json", "/dev/outbox", "/dev/outbox.json"] {
        allowed.insert(file.to_owned(), BTreeSet::from(["GET".to_owned()]));
    }
    for (path, mut allowed) in allowed {
        // Every `GET` can be asked for its head alone (RFC 9110 section 9.1), which the document does not repeat.
        if allowed.contains("GET") {
            allowed.insert("HEAD".to_owned());
        }
        let address =
            path.replace("{id}", &Uuid::now_v7().to_string()).replace("{device}", &Uuid::now_v7().to_string());
        let answer = client.send(Method::TRACE, &address, None, None).await;
        let told = answer.headers.get("allow").and_then(|told| told.to_str().ok()).unwrap_or_default().to_owned();
        answer.expect_problem(405, "method_not_allowed");
        assert_eq!(told.split(", ").map(str::to_owned).collect::<BTreeSet<_>>(), allowed, "{path}");
    }
    gateway.stop().await;
}

/// The words in the document are those on the wire.
#[actix_web::test]
async fn the_document_spells_words_as_answers_do() {
    let gateway = TestGateway::start().await;
    let document = document(&gateway.client()).await;
    let schemas = &document["components"]["schemas"];
    let words = |name: &str| schemas[name]["enum"].as_array().expect("words").clone();
    assert_eq!(words("Platform"), ["android", "ios", "web", "other"]);
    let codes: Vec<&str> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(words("ProblemCode"), codes);
    gateway.stop().await;
}

#[actix_web::test]
async fn the_page_for_people_names_every_call_and_every_problem() {
    let gateway = TestGateway::start().await;
    let page = gateway.client().send(Method::GET, "/docs", None, None).await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    let page = page.expect(200);
    let page = page.as_str().expect("a page");
    for (method, path, _) in CALLS {
        assert!(page.contains(&format!("{method} {path}<")), "{method} {path}");
    }
    for code in ProblemCode::ALL {
        assert!(page.contains(&format!("id=\"problem-{code}\"")), "{code}");
    }
    gateway.stop().await;
}

/// No hint, no secret question: nothing but the password is there to be told or asked (OWASP ASVS 5.0 section 6.4.2).
#[actix_web::test]
async fn an_account_is_an_address_a_password_and_a_device_and_nothing_else() {
    let gateway = TestGateway::start().await;
    let document = document(&gateway.client()).await;
    let fields_of = |name: &str| -> Vec<String> {
        let schema = &document["components"]["schemas"][name];
        schema["properties"].as_object().unwrap_or_else(|| panic!("{name}")).keys().cloned().collect()
    };
    assert_eq!(fields_of("CreateAccountBody"), ["device", "email", "password"]);
    assert_eq!(fields_of("SignInBody"), ["device", "email", "password", "trust_token"]);
    gateway.stop().await;
}

/// Readers, and generated clients' own documentation, begin with an example.
#[actix_web::test]
async fn every_body_and_every_answer_has_an_example() {
    let gateway = TestGateway::start().await;
    let document = document(&gateway.client()).await;
    let documented = documented(&document);
    for ((path, method), call) in &documented {
        let answers = call["responses"].as_object().expect("answers").values();
        for part in answers.chain(call.get("requestBody")) {
            for (kind, content) in part["content"].as_object().into_iter().flatten() {
                // A stream has lines around its JSON, and an export is what is there.
                let is_told = kind == "text/event-stream" || path.ends_with("/export");
                assert!(is_told || !content["example"].is_null(), "{method} {path}: {}", part["description"]);
            }
        }
    }
    let used: BTreeSet<&str> = documented.values().map(|call| call["tags"][0].as_str().expect("a tag")).collect();
    let tags = document["tags"].as_array().expect("tags").iter();
    let told: BTreeSet<&str> =
        tags.filter(|tag| tag["description"].is_string()).filter_map(|tag| tag["name"].as_str()).collect();
    assert_eq!(told, used);
    gateway.stop().await;
}

#[actix_web::test]
async fn calls_that_take_a_new_password_say_that_a_common_one_is_refused() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let owner = client.new_account("anna@example.com").await;
    let (old, common) = (crate::support::client::PASSWORD, "password1234");
    let device = crate::support::client::Install::new("Other").json();
    let create = serde_json::json!({ "email": "ben@example.com", "password": common, "device": device });
    let change = serde_json::json!({ "current": old, "new": common });
    let documented = documented(&document(&client).await);
    for (path, token, body) in
        [("/v1/accounts", None, create), ("/v1/login-security/password", Some(owner.access_token.as_str()), change)]
    {
        client.send(Method::POST, path, token, Some(body)).await.expect_problem(400, "common_password");
        let told = &documented[&(path.to_owned(), "POST".to_owned())]["responses"]["400"]["description"];
        assert!(told.as_str().is_some_and(|told| told.contains("`common_password`")), "{path}: {told}");
    }
    gateway.stop().await;
}
