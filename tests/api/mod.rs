//! The HTTP contract, route by route (design section 3).

mod accounts;
mod bad_input;
mod browsers;
mod challenges;
mod code_keys;
mod connect_tickets;
mod development;
mod devices;
mod events;
mod headless;
mod languages;
mod limits;
mod login_activity;
mod login_security;
mod metrics;
mod names;
mod openapi;
mod operator;
mod page;
mod passwords;
mod people;
mod places;
mod planted_cookies;
mod reach;
mod required;
mod rollout;
mod session_limits;
mod session_list;
mod sessions;
mod sign_in;
mod trusted_devices;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::support::client::{Answer, Challenge, Client, SignedIn};
use crate::support::database::TestDatabase;

const ANNA: &str = "anna@example.com";
const BEN: &str = "ben@example.com";

/// Lets the current code of a challenge run out.
async fn expire(database: &TestDatabase, challenge: &Challenge) {
    let condition = format!("challenge_id = '{}'", challenge.id);
    database.age("challenges", "expires_at", 86_400, &condition).await;
}

/// Lets a challenge wait long enough for its next resend.
async fn wait_out_resend(database: &TestDatabase, challenge: &Challenge) {
    let condition = format!("challenge_id = '{}'", challenge.id);
    database.age("challenges", "resend_at", 3600, &condition).await;
}

/// One column of a challenge as a number.
async fn stored(database: &TestDatabase, challenge: &Challenge, column: &str) -> i64 {
    database.count(&format!("SELECT {column}::bigint FROM challenges WHERE challenge_id = '{}'", challenge.id)).await
}

async fn count(database: &TestDatabase, table: &str) -> i64 {
    database.count(&format!("SELECT count(*) FROM {table}")).await
}

/// Runs two calls into each other: both wait for the rows that `held` locks, the first one at their head.
async fn collide(
    database: &TestDatabase,
    held: &str,
    first: impl Future<Output = Answer> + 'static,
    second: impl Future<Output = Answer> + 'static,
) -> (Answer, Answer) {
    let mut other = database.connect().await;
    let holding = other.transaction().await.expect("begun");
    holding.batch_execute(held).await.expect("held");
    let first = actix_web::rt::spawn(first);
    database.await_blocked(1).await;
    let second = actix_web::rt::spawn(second);
    database.await_blocked(2).await;
    holding.commit().await.expect("released");
    (first.await.expect("answered"), second.await.expect("answered"))
}

/// Asserts that a session makes calls no longer.
async fn assert_ended(client: &Client, device: &SignedIn) {
    client.get("/v1/login-security", &device.access_token).await.expect_problem(401, "unauthorized");
}

async fn assert_goes_on(client: &Client, device: &SignedIn) {
    client.get("/v1/login-security", &device.access_token).await.expect(200);
}

/// How long after another time a time is.
fn between(from: &Value, to: &Value) -> SignedDuration {
    let time = |value: &Value| value.as_str().expect("a time").parse::<Timestamp>().expect("RFC 3339");
    time(to).duration_since(time(from))
}
