//! Two nodes on one database: a switch on one is in force on the other.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use super::super::ANNA;
use super::{begin_turning_on, call, id_of, is_available, list, set};
use crate::support::child::ChildGateway;
use crate::support::client::Client;
use crate::support::database::TestDatabase;
use crate::support::gateway::operator_token_file;

/// A switch on one node is in force on every other within this time.
const IN_FORCE_WITHIN: Duration = Duration::from_secs(5);

pub(super) async fn node(database: &TestDatabase) -> ChildGateway {
    let settings = [
        ("DATABASE__URL", database.url.as_str()),
        ("PASSWORDS__MEMORY_KIB", "8192"),
        ("PASSWORDS__ITERATIONS", "1"),
        ("CODES__KEYS", "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
    ];
    let environment: Vec<_> =
        settings.iter().map(|(key, value)| (format!("TWOSTEP__{key}"), (*value).to_owned())).collect();
    ChildGateway::start(env!("CARGO_BIN_EXE_twostep"), &environment).await
}

#[actix_web::test]
async fn a_switch_on_one_node_is_in_force_on_the_other_within_5_s() {
    let database = TestDatabase::new().await;
    let (one, other) = (node(&database).await, node(&database).await);
    let (operator, client) = (Client::operator(&one.operator_url, &operator_token_file()), Client::new(&other.url));
    let anna = client.new_account(ANNA).await;
    let switched = async |expected: bool| {
        let deadline = Instant::now() + IN_FORCE_WITHIN;
        while is_available(&client, &anna).await != expected {
            assert!(Instant::now() < deadline, "not {expected} in time");
        }
    };
    switched(true).await;
    set(&operator, json!({ "percent": 0 })).await;
    switched(false).await;
    list(&operator, ANNA, "allow").await;
    switched(true).await;
    list(&operator, ANNA, "deny").await;
    switched(false).await;
    begin_turning_on(&client, &anna).await.expect_problem(403, "two_step_unavailable");
    let listed = format!("/accounts/{}", id_of(&operator, ANNA).await);
    call(&operator, Method::DELETE, &listed, None).await.expect(204);
    set(&operator, json!({ "percent": 100 })).await;
    switched(true).await;
    set(&operator, json!({ "mode": "shadow" })).await;
    switched(false).await;
    set(&operator, json!({ "mode": "on" })).await;
    switched(true).await;
    begin_turning_on(&client, &anna).await.expect(202);
}
