//! The file of code keys, replaced under running gateways.

use std::path::PathBuf;
use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};
use twostep::app::App;
use twostep::settings;

use super::{ANNA, stored, wait_out_resend};
use crate::support::client::{Challenge, Client, DEADLINE, Install, wrong};
use crate::support::database::TestDatabase;
use crate::support::gateway::{TestGateway, operator_token_file};

/// A node with a file of keys of its own.
struct Node {
    app: App,
    client: Client,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Node {
    async fn start(database: &TestDatabase, keys: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("code-keys");
        settings::replace_secret(&file, &keys.join("\n")).expect("written");
        let with_file = |settings: &mut settings::Settings| settings.codes.keys_file = Some(file.clone());
        let app = App::start(&TestGateway::settings(&database.url, with_file)).await.expect("the gateway starts");
        let client = Client::new(&app.url());
        Self { app, client, file, _folder: folder }
    }

    /// Replaces the file, and waits until the node says that it took these keys up.
    async fn take(&self, keys: &[&str], expected: &Value) {
        settings::replace_secret(&self.file, &keys.join("\n")).expect("written");
        let operator = Client::operator(&format!("http://{}", self.app.operator_address()), &operator_token_file());
        let deadline = Instant::now() + DEADLINE;
        loop {
            let answer = operator.send(Method::GET, "/admin/code-keys", None, None).await.expect(200);
            if answer["keys"] == *expected {
                return;
            }
            assert!(Instant::now() < deadline, "not {expected} but {answer}");
        }
    }
}

fn key(id: &str) -> String {
    settings::random_line(id).to_string()
}

fn states(states: &[(&str, &str)]) -> Value {
    states.iter().map(|(id, state)| json!({ "id": id, "state": state })).collect()
}

async fn key_of(database: &TestDatabase, challenge: &Challenge) -> String {
    let row = format!("SELECT key_id FROM challenges WHERE challenge_id = '{}'", challenge.id);
    database.connect().await.query_one(&row, &[]).await.expect("a row").get(0)
}

/// Rotation in order: every node knows the new key before one makes codes with it, so no state of the two files between is a hole.
#[actix_web::test]
async fn codes_are_good_on_every_node_all_through_a_rotation() {
    let database = TestDatabase::new().await;
    let (old, new) = (key("k1"), key("k2"));
    let (one, two) = (Node::start(&database, &[&old]).await, Node::start(&database, &[&old]).await);
    let trusted = one.client.new_protected_account(ANNA).await;
    let mut screen = one.client.connect(&trusted).await;

    let before = one.client.begin_sign_in(ANNA, &Install::new("Before")).await;
    let code_before = screen.code_of(&before.id).await;
    let added = states(&[("k1", "current"), ("k2", "accepted")]);
    two.take(&[&old, &new], &added).await;
    let between = one.client.begin_sign_in(ANNA, &Install::new("Between")).await;
    let code_between = screen.code_of(&between.id).await;
    two.client.verify(&between, &code_between).await.expect(200);
    one.take(&[&old, &new], &added).await;

    let promoted = states(&[("k1", "accepted"), ("k2", "current")]);
    one.take(&[&new, &old], &promoted).await;
    let after = one.client.begin_sign_in(ANNA, &Install::new("After")).await;
    assert_eq!((key_of(&database, &before).await, key_of(&database, &after).await), ("k1".to_owned(), "k2".to_owned()));
    let code_after = screen.code_of(&after.id).await;
    two.client.verify(&after, &code_after).await.expect(200);
    two.take(&[&new, &old], &promoted).await;
    two.client.verify(&before, &code_before).await.expect(200);
    one.app.stop().await;
    two.app.stop().await;
}

#[actix_web::test]
async fn a_revoked_key_makes_its_codes_wrong_and_a_new_code_is_asked_for() {
    let database = TestDatabase::new().await;
    let (old, new) = (key("k1"), key("k2"));
    let node = Node::start(&database, &[&old]).await;
    let trusted = node.client.new_protected_account(ANNA).await;
    let mut screen = node.client.connect(&trusted).await;
    let challenge = node.client.begin_sign_in(ANNA, &Install::new("New")).await;
    let leaked = screen.code_of(&challenge.id).await;

    node.take(&[&new, "k1:revoked"], &states(&[("k1", "revoked"), ("k2", "current")])).await;
    node.client.verify(&challenge, &leaked).await.expect_problem(422, "wrong_code");
    wait_out_resend(&database, &challenge).await;
    node.client.resend(&challenge, json!({})).await.expect(202);
    let code = screen.code_of(&challenge.id).await;
    assert_eq!(key_of(&database, &challenge).await, "k2");
    node.client.verify(&challenge, &code).await.expect(200);
    node.app.stop().await;
}

/// A node that was left behind says that it cannot tell: nobody loses an attempt for that.
#[actix_web::test]
async fn a_key_that_a_node_lacks_costs_no_attempt() {
    let database = TestDatabase::new().await;
    let (old, new) = (key("k1"), key("k2"));
    let node = Node::start(&database, &[&old]).await;
    let trusted = node.client.new_protected_account(ANNA).await;
    let mut screen = node.client.connect(&trusted).await;
    let challenge = node.client.begin_sign_in(ANNA, &Install::new("New")).await;
    let code = screen.code_of(&challenge.id).await;

    node.take(&[&new], &states(&[("k2", "current")])).await;
    for typed in [&code, &wrong(&code)] {
        node.client.verify(&challenge, typed).await.expect_problem(503, "service_unavailable");
    }
    assert_eq!(stored(&database, &challenge, "attempts").await, 0);
    node.take(&[&new, &old], &states(&[("k1", "accepted"), ("k2", "current")])).await;
    node.client.verify(&challenge, &code).await.expect(200);
    node.app.stop().await;
}
