//! The operator's side, on its own address.

use reqwest::Method;

use twostep::settings::{Mode, Settings};

use super::ANNA;
use crate::support::client::{Answer, Call, Client};
use crate::support::gateway::{TestGateway, operator_token_file};

async fn get(gateway: &TestGateway, path: &str) -> Answer {
    gateway.operator().send(Method::GET, path, None, None).await
}

fn token() -> String {
    std::fs::read_to_string(operator_token_file()).expect("a token").trim().to_owned()
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

/// DNS rebinding: a page of anybody that gave its own name this address. Whatever its browser says it is, the name stays.
#[actix_web::test]
async fn who_comes_by_another_name_is_told_nothing() {
    let listed = |settings: &mut Settings| settings.operator.hosts = vec!["gateway.internal".to_owned()];
    let gateway = TestGateway::start_with(listed).await;
    let token = token();
    let agents = ["Mozilla/5.0 (X11; Linux x86_64)", "Prometheus/3.0", ""];
    let paths = [
        "/",
        "/metrics",
        "/healthz",
        "/livez",
        "/readyz",
        "/version",
        "/nothing",
        "/admin/rollout",
        "/admin/accounts?email=anna@example.com",
    ];
    for path in paths {
        for agent in agents {
            let ask = async |host: &str| {
                let asked = reqwest::Client::new().get(format!("{}{path}", gateway.operator_url()));
                let asked = asked.header("host", host).header("user-agent", agent).bearer_auth(&token);
                asked.send().await.expect("an answer")
            };
            for host in ["evil.example:9090", "127.0.0.1.evil.example", "elsewhere.internal", ""] {
                let refused = ask(host).await;
                assert_eq!(refused.status(), 403, "{path} {host} {agent}");
                assert_eq!(refused.headers()["x-content-type-options"], "nosniff");
                assert!(refused.text().await.expect("a body").contains("operator.hosts"));
            }
            for host in ["127.0.0.1:9090", "localhost:9090", "[::1]:9090", "10.0.0.7", "gateway.internal:9090"] {
                assert_ne!(ask(host).await.status(), 403, "{path} {host} {agent}");
            }
        }
    }
    gateway.stop().await;
}

/// Every call below `/admin`, and however its address is spelled.
#[actix_web::test]
async fn administration_needs_the_token_and_nothing_else_does() {
    let gateway = TestGateway::start().await;
    let nobody = Client::new(&gateway.operator_url());
    let id = "01900000-0000-7000-8000-000000000000";
    let calls = [
        (Method::GET, "/admin/rollout".to_owned()),
        (Method::PUT, "/admin/rollout".to_owned()),
        (Method::GET, "/admin/rollout/accounts".to_owned()),
        (Method::PUT, format!("/admin/rollout/accounts/{id}")),
        (Method::DELETE, format!("/admin/rollout/accounts/{id}")),
        (Method::GET, "/admin/code-keys".to_owned()),
        (Method::GET, "/admin/api-keys".to_owned()),
        (Method::POST, "/admin/api-keys".to_owned()),
        (Method::DELETE, format!("/admin/api-keys/{id}")),
        (Method::POST, format!("/admin/api-keys/{id}/rotate")),
        (Method::GET, "/admin/accounts?email=anna%40example.com".to_owned()),
        (Method::GET, "/admin/accounts".to_owned()),
        (Method::POST, "/admin/sign-out-everywhere".to_owned()),
        (Method::GET, format!("/admin/accounts/{id}")),
        (Method::DELETE, format!("/admin/accounts/{id}")),
        (Method::POST, format!("/admin/accounts/{id}/sign-out-everywhere")),
        (Method::POST, format!("/admin/accounts/{id}/unfreeze")),
        (Method::POST, format!("/admin/accounts/{id}/reset-two-step")),
        (Method::DELETE, format!("/admin/accounts/{id}/devices/{id}")),
        (Method::GET, format!("/admin/accounts/{id}/activity?limit=1")),
        (Method::GET, format!("/admin/accounts/{id}/export")),
        (Method::POST, "/admin/drain".to_owned()),
        (Method::POST, "/admin/reload".to_owned()),
        (Method::GET, "/admin".to_owned()),
        (Method::GET, "/admin/nothing".to_owned()),
        (Method::GET, "/%61dmin/rollout".to_owned()),
        (Method::GET, "/admin/%72ollout".to_owned()),
        (Method::OPTIONS, "/admin/rollout".to_owned()),
        (Method::HEAD, "/admin/rollout".to_owned()),
    ];
    for (method, path) in calls {
        for token in [None, Some("ts_op_another"), Some("")] {
            let answer = nobody.send(method.clone(), &path, token, None).await;
            assert_eq!(answer.status, 401, "{method} {path}");
            assert_eq!(answer.headers["www-authenticate"], "Bearer", "{method} {path}");
            if method != Method::HEAD {
                let refused = answer.expect_problem(401, "unauthorized");
                assert!(
                    refused["detail"].as_str().is_some_and(|text| text.contains("operator.token_file")),
                    "{refused}"
                );
            }
        }
    }
    let (call, token) = (Call { method: Method::GET, path: "/admin/rollout", token: None }, token());
    for (name, value) in
        [("authorization", token.as_str()), ("authorization", &format!("Basic {token}")), ("cookie", &token)]
    {
        nobody.send_with(&call, &[(name, value)], None).await.expect_problem(401, "unauthorized");
    }
    nobody.send(Method::GET, "/admin/rollout", Some(&token), None).await.expect(200);
    for path in ["/healthz", "/livez", "/readyz", "/metrics", "/version", "/"] {
        nobody.send(Method::GET, path, None, None).await.expect(200);
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn a_production_node_without_a_token_lets_nobody_in_and_says_what_to_set() {
    let gateway = TestGateway::start_with(|settings| {
        settings.mode = Mode::Production;
        settings.codes.keys = Some("k1:7Zk8nq0fXy1w4r5Qm3uV9sT2bL6hJgEoPcDaKiNxRzA=".into());
    })
    .await;
    let refused = gateway.operator().send(Method::GET, "/admin/rollout", None, None).await;
    let refused = refused.expect_problem(401, "unauthorized");
    assert!(refused["detail"].as_str().is_some_and(|text| text.contains("TWOSTEP__OPERATOR__TOKEN_FILE")), "{refused}");
    get(&gateway, "/readyz").await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn probes_have_an_address_of_their_own_with_nothing_else_there() {
    let any = |settings: &mut Settings| settings.probe.address = Some("127.0.0.1:0".parse().expect("an address"));
    let gateway = TestGateway::start_with(any).await;
    let address = gateway.app.probe_address().expect("an address");
    let probe = Client::new(&format!("http://{address}"));
    let by_any_name = async |path: &str| {
        let call = Call { method: Method::GET, path, token: None };
        probe.send_with(&call, &[("host", "balancer.example")], None).await
    };
    assert_eq!(by_any_name("/livez").await.expect(200)["status"], "ok");
    assert_eq!(by_any_name("/readyz").await.expect(200)["status"], "ready");
    assert!(by_any_name("/metrics").await.expect(200).as_str().is_some_and(|text| text.contains("# TYPE ")));
    let token = token();
    for path in ["/", "/version", "/admin", "/admin/rollout", "/admin/drain", "/v1/sign-in", "/dev/outbox", "/assets/x"]
    {
        for method in [Method::GET, Method::POST] {
            probe.send(method, path, Some(&token), None).await.expect_problem(404, "not_found");
        }
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
    for mixed in ["email=anna%40example.com&starts_with=a", "subject=anna&after=01932f5e-9b1c-7d42-8a6f-0e9d8c7b6a51"] {
        get(&gateway, &format!("/admin/accounts?{mixed}")).await.expect_problem(400, "invalid_request");
    }
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
