//! `kill -9` between the sign-in and the code.

use std::os::unix::process::ExitStatusExt;

use serde_json::json;

use crate::support::client::{Install, SignedIn};
use crate::support::process::{GatewayProcess, data_folder};
use crate::support::socket::Socket;

const EMAIL: &str = "anna@example.com";

#[actix_web::test]
async fn a_killed_gateway_forgets_no_challenge() {
    let folder = data_folder();
    let gateway = GatewayProcess::start(folder.path(), &[]).await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    let mut screen = client.connect(&first).await;
    let install = Install::new("Second");
    let challenge = client.begin_sign_in(EMAIL, &install).await;
    let code = screen.code_of(&challenge.id).await;
    client.await_delivery(&challenge, "shown").await;
    gateway.signal("KILL");
    let (status, _) = gateway.ended().await;
    assert_eq!(status.signal(), Some(9));

    let gateway = GatewayProcess::start(folder.path(), &[]).await;
    let client = gateway.client();
    let mut screen = Socket::connect(&gateway.url, &first.access_token).await;
    let shown = screen.next().await;
    assert_eq!((&shown["challenge_id"], &shown["code"]), (&json!(challenge.id), &json!(code)));
    let second = SignedIn::new(&install, &client.verify(&challenge, &code).await.expect(200));
    assert!(second.trust_token.is_some());
    gateway.signal("TERM");
    assert!(gateway.ended().await.0.success());
}
