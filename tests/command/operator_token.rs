//! The token that `/admin` asks for: made in development, demanded in production, known to the commands.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use reqwest::Method;
use serde_json::json;

use super::say;
use crate::support::client::Client;
use crate::support::gateway::{TestGateway, operator_token_file};
use crate::support::process::{GatewayProcess, data_folder, free_port};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

/// With its folders, and before the gateway says that it listens.
#[actix_web::test]
async fn development_makes_the_named_file_for_its_owner_alone() {
    let data = data_folder();
    let path = data.path().join("not/there/yet/token");
    let address = format!("127.0.0.1:{}", free_port());
    let named = path.to_str().expect("UTF-8");
    let settings = [("OPERATOR__ADDRESS", address.as_str()), ("OPERATOR__TOKEN_FILE", named)];
    let gateway = GatewayProcess::start(data.path(), &settings).await;
    assert_eq!(mode(&path), 0o600);
    let operator = Client::operator(&format!("http://{address}"), &path);
    operator.send(Method::GET, "/admin/rollout", None, None).await.expect(200);

    // By the configuration, and by an option.
    let environment = [("TWOSTEP__OPERATOR__ADDRESS", address.as_str()), ("TWOSTEP__OPERATOR__TOKEN_FILE", named)];
    assert!(say(&["rollout", "show"], &environment).await.well().contains("percent  100"));
    let url = format!("http://{address}");
    let options = ["keys", "list", "--url", &url, "--token-file", named];
    assert!(say(&options, &[]).await.well().contains("there is no key"));
    gateway.signal("TERM");
    assert!(gateway.ended().await.0.success());
}

/// The commands find the token where a gateway in development with the same settings puts it.
#[actix_web::test]
async fn a_gateway_in_development_and_its_commands_need_not_be_told_of_the_token() {
    let data = data_folder();
    let address = format!("127.0.0.1:{}", free_port());
    let gateway = GatewayProcess::start(data.path(), &[("OPERATOR__ADDRESS", &address)]).await;
    assert_eq!(mode(&data.path().join("operator-token")), 0o600);
    let environment = [
        ("TWOSTEP__OPERATOR__ADDRESS", address.as_str()),
        ("TWOSTEP__DATABASE__DATA_DIR", data.path().to_str().expect("UTF-8")),
    ];
    let command = super::run(data.path(), &["rollout", "show"], &environment);
    assert!(command.status.success(), "{}", super::text(&command.stderr));
    gateway.signal("TERM");
    assert!(gateway.ended().await.0.success());
}

#[actix_web::test]
async fn a_command_without_the_token_says_in_one_line_where_to_name_it() {
    let gateway = TestGateway::start().await;
    let url = gateway.operator_url();
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let (missing, other) = (folder.path().join("gone"), file("other", "ts_op_some-other-token\n"));
    let missing = missing.to_str().expect("UTF-8");
    for (token_file, words) in [(missing, "is not there"), (other.as_str(), "it has another than this")] {
        let environment = [("TWOSTEP__OPERATOR__TOKEN_FILE", token_file)];
        for command in [&["rollout", "show"][..], &["account", "show", "anna@example.com"], &["keys", "list"]] {
            let arguments = [command, &["--url", &url]].concat();
            let refused = say(&arguments, &environment).await.failure();
            assert!(refused.contains(words) && refused.contains("--token-file"), "{refused}");
            assert!(!refused.contains("some-other-token"), "{refused}");
        }
    }
    let refused = say(&["keys", "list", "--url", &url, "--token-file", missing], &[]).await.failure();
    assert!(refused.contains(missing) && refused.contains("cannot be read"), "{refused}");
    let known = operator_token_file();
    let known = known.to_str().expect("UTF-8");
    say(&["keys", "list", "--url", &url, "--token-file", known], &[("TWOSTEP__OPERATOR__TOKEN_FILE", missing)])
        .await
        .well();
    gateway.stop().await;
}

#[actix_web::test]
async fn a_replaced_token_is_in_force_after_a_reload_and_one_that_is_none_changes_nothing() {
    let data = data_folder();
    let path = data.path().join("operator-token");
    let address = format!("127.0.0.1:{}", free_port());
    let gateway = GatewayProcess::start(data.path(), &[("OPERATOR__ADDRESS", &address)]).await;
    let before = gateway.operator(&address);
    let reload = async |operator: &Client| operator.send(Method::POST, "/admin/reload", None, None).await;

    std::fs::write(&path, "short\n").expect("written");
    let refused = reload(&before).await.expect_problem(400, "invalid_request");
    assert!(refused["detail"].as_str().is_some_and(|text| text.contains("operator.token_file")), "{refused}");
    assert!(!refused.to_string().contains("short"), "{refused}");

    std::fs::write(&path, "ts_op_the-next-token-of-this-test\n").expect("written");
    let next = gateway.operator(&address);
    next.send(Method::GET, "/admin/rollout", None, None).await.expect_problem(401, "unauthorized");
    let reloaded = reload(&before).await.expect(200);
    assert!(reloaded["reloaded"].as_array().is_some_and(|keys| keys.contains(&json!("operator.token_file"))));
    next.send(Method::GET, "/admin/rollout", None, None).await.expect(200);
    before.send(Method::GET, "/admin/rollout", None, None).await.expect_problem(401, "unauthorized");
    gateway.signal("TERM");
    assert!(gateway.ended().await.0.success());
}
