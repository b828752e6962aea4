//! Pages of apps, at origins of their own.

use reqwest::Method;

use crate::support::client::{Answer, Call};
use crate::support::gateway::TestGateway;

const APP: &str = "https://app.example.com";

async fn start() -> TestGateway {
    TestGateway::start_with(|settings| settings.http.allowed_origins = vec![APP.to_owned()]).await
}

async fn preflight(gateway: &TestGateway, path: &str, origin: &str) -> Answer {
    let call = Call { method: Method::OPTIONS, path, token: None };
    let headers = [("origin", origin), ("access-control-request-method", "POST")];
    gateway.client().send_with(&call, &headers, None).await
}

#[actix_web::test]
async fn a_page_of_a_listed_origin_may_call_without_cookies() {
    let gateway = start().await;
    let answer = preflight(&gateway, "/v1/sign-in", APP).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.headers["access-control-allow-origin"], APP);
    let allowed = answer.headers["access-control-allow-headers"].to_str().expect("text");
    assert!(allowed.contains("authorization") && !allowed.contains("x-twostep-page"), "{allowed}");
    assert!(!answer.headers.contains_key("access-control-allow-credentials"));

    let call = Call { method: Method::GET, path: "/v1/login-security", token: None };
    let answer = gateway.client().send_with(&call, &[("origin", APP)], None).await;
    assert_eq!(answer.headers["access-control-allow-origin"], APP);
    assert_eq!(answer.headers["vary"], "Origin");
    answer.expect_problem(401, "unauthorized");
    gateway.stop().await;
}

#[actix_web::test]
async fn no_other_page_may() {
    let gateway = start().await;
    for (path, origin) in [("/v1/sign-in", "https://evil.example.com"), ("/v1/sign-in", "null"), ("/dev/outbox", APP)] {
        let answer = preflight(&gateway, path, origin).await;
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{path} {origin}");
        assert_ne!(answer.status, 204);
    }
    gateway.stop().await;
}
