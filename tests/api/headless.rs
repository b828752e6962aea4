//! The program of docs/clients/headless.md, as it stands there.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::ANNA;
use crate::support::client::PASSWORD;
use crate::support::gateway::TestGateway;

/// The one program of the page.
fn program() -> String {
    let page = std::fs::read_to_string("docs/clients/headless.md").expect("the page");
    let (_, rest) = page.split_once("```python\n").expect("a program");
    rest.split_once("```").expect("its end").0.to_owned()
}

fn command(url: &str, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.arg(folder.join("headless.py")).args(arguments);
    command.env("TWOSTEP_URL", url).env("TWOSTEP_STATE", folder.join("state.json"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn run(url: &str, folder: &Path, arguments: &[&str], typed: String) -> Output {
    let mut command = command(url, folder, arguments);
    let run = move || {
        let mut running = command.spawn().expect("python3");
        running.stdin.take().expect("it is piped").write_all(typed.as_bytes()).expect("it reads");
        running.wait_with_output().expect("it ends")
    };
    tokio::task::spawn_blocking(run).await.expect("it ran")
}

#[actix_web::test]
async fn a_program_signs_in_once_and_goes_on_without_a_code() {
    let gateway = TestGateway::start().await;
    let (client, url) = (gateway.client(), gateway.url());
    let owner = client.new_protected_account(ANNA).await;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("headless.py"), program()).expect("written");
    let first = run(&url, folder.path(), &["token"], String::new()).await;
    assert!(!first.status.success());

    // The code is typed while the program waits for it.
    let mut screen = client.connect(&owner).await;
    let mut running = command(&url, folder.path(), &["sign-in", ANNA]).spawn().expect("python3");
    let mut keyboard = running.stdin.take().expect("it is piped");
    writeln!(keyboard, "{PASSWORD}").expect("it reads");
    let code = screen.next_of("code").await["code"].as_str().expect("a code").to_owned();
    writeln!(keyboard, "{code}").expect("it reads");
    drop(keyboard);
    let ended = tokio::task::spawn_blocking(move || running.wait_with_output()).await.expect("it ran");
    assert!(ended.expect("it ends").status.success());
    let devices = client.get("/v1/trusted-devices", &owner.access_token).await.expect(200)["devices"].clone();
    let kinds: Vec<_> = devices.as_array().expect("a list").iter().map(|device| &device["platform"]).collect();
    assert!(kinds.contains(&&"other".into()), "{kinds:?}");

    // Its access token is over: it renews it, twice in a row.
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let state = folder.path().join("state.json");
        let mut kept: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&state).expect("the state")).expect("JSON");
        kept["until"] = 0.into();
        std::fs::write(&state, kept.to_string()).expect("written");
        let renewed = run(&url, folder.path(), &["token"], String::new()).await;
        assert!(renewed.status.success(), "{}", String::from_utf8_lossy(&renewed.stderr));
        let token = String::from_utf8(renewed.stdout).expect("text").trim().to_owned();
        client.get("/v1/sessions", &token).await.expect(200);
        tokens.push(token);
    }
    assert_ne!(tokens[0], tokens[1]);

    // Its session is over as well: the password and its trust are enough.
    client.delete("/v1/sessions/current", &tokens[1]).await.expect(204);
    let again = run(&url, folder.path(), &["sign-in", ANNA], format!("{PASSWORD}\n")).await;
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    let token = run(&url, folder.path(), &["token"], String::new()).await;
    client.get("/v1/sessions", String::from_utf8(token.stdout).expect("text").trim()).await.expect(200);
    gateway.stop().await;
}
