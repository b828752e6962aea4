//! SIGHUP and `POST /admin/reload` read the settings again.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use reqwest::Method;
use serde_json::json;
use twostep_simulators::{FcmRequest, FcmSimulator};

use crate::support::client::{Answer, Call, Client, DEADLINE, Install};
use crate::support::process::{GatewayProcess, data_folder, free_port};

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
    let address = format!("127.0.0.1:{}", free_port());
    let settings = [("OPERATOR__ADDRESS", address.as_str())];
    let gateway =
        GatewayProcess::start_with(data.path(), &settings, &["--config", file.to_str().expect("UTF-8")]).await;
    let operator = gateway.operator(&address);
    assert!(!is_allowed(&gateway, APP).await);

    write(&format!("[http]\nallowed_origins = [{APP:?}]\n[codes]\ndigits = 8\n"));
    let answer = reload(&operator).await.expect(200);
    assert_eq!(
        answer["reloaded"],
        json!(["limits", "http.allowed_origins", "fcm", "apns", "webpush", "operator.token_file"])
    );
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

/// The key of a push provider is replaced while the gateway runs; one that cannot be read leaves the one from before in use.
#[actix_web::test]
async fn pushes_go_out_with_the_key_that_was_read_last() {
    let (data, folder) = (data_folder(), tempfile::tempdir().expect("a folder"));
    let any_port = "127.0.0.1:0".parse().expect("an address");
    let providers = [FcmSimulator::start(any_port).await, FcmSimulator::start(any_port).await];
    let [old, new] = providers.map(|provider| provider.expect("FCM plays"));
    let file = folder.path().join("twostep.toml");
    let write = |provider: &FcmSimulator, key: &Path| {
        let text = format!("[fcm]\nbase_url = {:?}\nservice_account_file = {key:?}\n", provider.base_url());
        std::fs::write(&file, text).expect("written");
    };
    write(&old, old.service_account_file());
    let address = format!("127.0.0.1:{}", free_port());
    let arguments = ["--config", file.to_str().expect("UTF-8")];
    let gateway = GatewayProcess::start_with(data.path(), &[("OPERATOR__ADDRESS", address.as_str())], &arguments).await;
    let (client, operator) = (gateway.client(), gateway.operator(&address));
    let owner = client.new_protected_account("anna@example.com").await;
    let push = json!({ "push": { "provider": "fcm", "token": "asleep" }, "notifications_allowed": true });
    client.send(Method::PATCH, "/v1/devices/current", Some(&owner.access_token), Some(push)).await.expect(200);
    let pushed = async |provider: &FcmSimulator| {
        let challenge = client.begin_sign_in("anna@example.com", &Install::new("New")).await;
        let is_there = |received: &[Arc<FcmRequest>]| {
            received.iter().any(|request| request.data("challenge_id") == Some(&challenge.id))
        };
        provider.wait_for(DEADLINE, is_there).await.expect("the code is pushed");
    };
    pushed(&old).await;

    write(&new, Path::new("/there-is-no-key"));
    let refused = reload(&operator).await.expect_problem(400, "invalid_request");
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("fcm.service_account_file")), "{refused}");
    pushed(&old).await;

    write(&new, new.service_account_file());
    reload(&operator).await.expect(200);
    pushed(&new).await;
}
