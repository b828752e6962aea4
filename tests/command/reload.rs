//! SIGHUP and `POST /admin/reload` read the settings again.

use std::time::Instant;

use reqwest::Method;
use serde_json::json;

use crate::support::client::{Answer, Call, Client, DEADLINE};
use crate::support::process::{GatewayProcess, data_folder};

const APP: &str = "https://app.example.com";

/// Whether a page of this origin may call.
async fn is_allowed(gateway: &GatewayProcess, origin: &str) -> bool {
    let call = Call { method: Method::OPTIONS, path: "/v1/sign-in", token: None };
    let headers = [("origin", origin), ("access-control-request-method", "POST")];
    gateway.client().send_with(&call, &headers, None).await.status == 204
}

async fn reload(operator: &Client) -> Answer {
    operator.send(Method::POST, "/admin/reload", None, None).await
}

#[actix_web::test]
async fn settings_that_are_read_again_are_in_force_and_wrong_ones_change_nothing() {
    let (data, folder) = (data_folder(), tempfile::tempdir().expect("a folder"));
    let file = folder.path().join("twostep.toml");
    let write = |text: &str| std::fs::write(&file, text).expect("written");
    write("");
    let operator = format!("127.0.0.1:{}", free_port());
    let settings = [("OPERATOR__ADDRESS", operator.as_str())];
    let gateway =
        GatewayProcess::start_with(data.path(), &settings, &["--config", file.to_str().expect("UTF-8")]).await;
    let operator = Client::new(&format!("http://{operator}"));
    assert!(!is_allowed(&gateway, APP).await);

    write(&format!("[http]\nallowed_origins = [{APP:?}]\n[codes]\ndigits = 8\n"));
    let answer = reload(&operator).await.expect(200);
    assert_eq!(answer["reloaded"], json!(["limits", "http.allowed_origins"]));
    assert_eq!(answer["restart_needed"], json!(["codes.digits"]));
    assert!(is_allowed(&gateway, APP).await);

    write("[limits]\nsign_in_per_minute = 0\n");
    let refused = reload(&operator).await.expect_problem(400, "invalid_request");
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("sign_in_per_minute")), "{refused}");
    assert!(is_allowed(&gateway, APP).await, "nothing was changed");

    write("");
    gateway.signal("HUP");
    let deadline = Instant::now() + DEADLINE;
    while is_allowed(&gateway, APP).await {
        assert!(Instant::now() < deadline, "SIGHUP reads nothing");
    }
    gateway.signal("TERM");
    let (status, output) = gateway.ended().await;
    assert!(status.success() && output.contains("those from before stay in force"), "{output}");
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}
