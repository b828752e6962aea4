//! The operator's side, on its own address.

use reqwest::Method;

use super::ANNA;
use crate::support::client::Answer;
use crate::support::gateway::TestGateway;

async fn get(gateway: &TestGateway, path: &str) -> Answer {
    gateway.operator().send(Method::GET, path, None, None).await
}

#[actix_web::test]
async fn a_node_says_that_it_lives_and_is_ready() {
    let gateway = TestGateway::start().await;
    assert_eq!(get(&gateway, "/healthz").await.expect(200)["status"], "ok");
    assert_eq!(get(&gateway, "/livez").await.expect(200)["status"], "ok");
    assert_eq!(get(&gateway, "/version").await.expect(200)["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(get(&gateway, "/readyz").await.expect(200)["status"], "ready");
    gateway.stop().await;
}

#[actix_web::test]
async fn metrics_are_in_the_format_of_prometheus() {
    let gateway = TestGateway::start().await;
    let answer = get(&gateway, "/metrics").await;
    assert!(answer.headers["content-type"].to_str().is_ok_and(|kind| kind.starts_with("text/plain; version=0.0.4")));
    let text = answer.expect(200);
    assert!(text.as_str().is_some_and(|text| text.contains("# TYPE ")), "{text}");
    gateway.stop().await;
}

#[actix_web::test]
async fn an_operator_can_ask_for_a_drain() {
    let gateway = TestGateway::start().await;
    let asked = gateway.operator().send(Method::POST, "/admin/drain", None, None).await;
    assert_eq!(asked.expect(202)["status"], "draining");
    gateway.app.drain_asked().await;
    gateway.stop().await;
}

#[actix_web::test]
async fn the_two_sides_serve_nothing_of_each_other() {
    let gateway = TestGateway::start().await;
    gateway
        .operator()
        .create_account(ANNA, &crate::support::client::Install::new("First"))
        .await
        .expect_problem(404, "not_found");
    get(&gateway, "/dev/outbox").await.expect_problem(404, "not_found");
    for path in ["/healthz", "/readyz", "/metrics", "/admin/rollout", "/admin/drain"] {
        gateway.client().send(Method::GET, path, None, None).await.expect_problem(404, "not_found");
    }
    gateway.stop().await;
}

/// DNS rebinding: a page of anybody that gave its own name this address.
#[actix_web::test]
async fn a_browser_that_comes_by_another_name_is_told_nothing() {
    let gateway = TestGateway::start().await;
    let http = reqwest::Client::new();
    let agent = "Mozilla/5.0 (X11; Linux x86_64)";
    for path in ["/", "/metrics", "/admin/rollout", "/admin/accounts?email=anna@example.com"] {
        let ask = async |host: &str, agent: &str| {
            let url = format!("{}{path}", gateway.operator_url());
            let asked = http.get(url).header("host", host).header("user-agent", agent);
            asked.send().await.expect("an answer").status().as_u16()
        };
        assert_eq!(ask("evil.example:9090", agent).await, 403, "{path}");
        assert_ne!(ask("127.0.0.1:9090", agent).await, 403, "{path}");
        assert_ne!(ask("localhost:9090", agent).await, 403, "{path}");
        assert_ne!(ask("gateway.internal:9090", "Prometheus/3.0").await, 403, "{path}");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn an_operator_signs_an_account_out_everywhere() {
    let gateway = TestGateway::start().await;
    let (client, operator) = (gateway.client(), gateway.operator());
    let first = client.new_protected_account(ANNA).await;
    let other = client.new_account("ben@example.com").await;
    let mut screen = client.connect(&first).await;
    let second = client.trust_another(ANNA, &mut screen, "Second").await;
    let found = get(&gateway, "/admin/accounts?email=anna%40example.com").await.expect(200);
    let path = format!("/admin/accounts/{}/sign-out-everywhere", found["id"].as_str().expect("an id"));
    operator.send(Method::POST, &path, None, None).await.expect(204);
    for device in [&first, &second] {
        client.get("/v1/login-security", &device.access_token).await.expect_problem(401, "unauthorized");
        let body = serde_json::json!({ "refresh_token": device.refresh_token });
        let refreshed = client.send(Method::POST, "/v1/sessions/refresh", None, Some(body)).await;
        refreshed.expect_problem(401, "unauthorized");
    }
    assert_eq!(screen.close_code().await, 4401);
    client.get("/v1/login-security", &other.access_token).await.expect(200);
    gateway.stop().await;
}
