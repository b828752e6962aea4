//! `/v1/login-activity`.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use super::{ANNA, BEN};
use crate::support::client::{Answer, Client, Install, PASSWORD, SignedIn};
use crate::support::database::TestDatabase;
use crate::support::gateway::TestGateway;

/// Writes entries as a busy account would have them: many of them within one transaction, so at the same moment.
async fn add_entries(database: &TestDatabase, count: u32, minutes_ago: u32) {
    let insert = format!(
        "INSERT INTO login_activity (account_id, activity_id, at, kind, outcome)
        SELECT account_id, gen_random_uuid(), now() - interval '{minutes_ago} minutes', 'sign_in', 'succeeded'
        FROM accounts, generate_series(1, {count})"
    );
    database.execute(&insert).await;
}

async fn page(client: &Client, device: &SignedIn, query: &str) -> Answer {
    client.get(&format!("/v1/login-activity{query}"), &device.access_token).await
}

fn ids(page: &Value) -> Vec<String> {
    let entries = page["entries"].as_array().expect("a list");
    entries.iter().map(|entry| entry["id"].as_str().expect("an id").to_owned()).collect()
}

#[actix_web::test]
async fn an_entry_tells_what_happened_where_and_how_it_ended() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&first).await;
    client.trust_another(ANNA, &mut screen, "Second").await;
    let entries = client.activity(&first).await;
    let kinds: Vec<&str> = entries.iter().filter_map(|entry| entry["kind"].as_str()).collect();
    assert_eq!(kinds, ["sign_in", "two_step_enabled", "account_created"]);
    let entry = &entries[0];
    assert_eq!([&entry["outcome"], &entry["method"], &entry["ip"]], ["succeeded", "app", "127.0.0.1"]);
    let device = &entry["device"];
    assert_eq!([&device["name"], &device["model"], &device["platform"]], ["Second", "Model", "android"]);
    assert!(entry["location"].is_null() && entry["reported_at"].is_null(), "{entry}");
    assert_eq!(entry["id"].as_str().and_then(|id| id.parse::<Uuid>().ok()).map(|id| id.get_version_num()), Some(7));
    gateway.stop().await;
}

#[actix_web::test]
async fn pages_lose_and_repeat_nothing_while_new_entries_arrive() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    for minutes_ago in [5, 10] {
        add_entries(&gateway.database, 22, minutes_ago).await;
    }
    let all = ids(&page(&client, &first, "?limit=100").await.expect(200));
    assert_eq!(all.len(), 45);

    let (mut walked, mut sizes, mut query) = (Vec::new(), Vec::new(), "?limit=20".to_owned());
    loop {
        let body = page(&client, &first, &query).await.expect(200);
        let found = ids(&body);
        sizes.push(found.len());
        walked.extend(found);
        add_entries(&gateway.database, 3, 0).await;
        let Some(cursor) = body["next_cursor"].as_str() else { break };
        query = format!("?limit=20&cursor={cursor}");
    }
    assert_eq!(sizes, [20, 20, 5]);
    assert_eq!(walked, all);
    assert_eq!(walked.iter().collect::<HashSet<_>>().len(), 45);
    gateway.stop().await;
}

#[actix_web::test]
async fn twenty_entries_are_a_page_and_a_full_last_page_has_no_next() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    add_entries(&gateway.database, 19, 1).await;
    let body = page(&client, &first, "").await.expect(200);
    assert_eq!((ids(&body).len(), &body["next_cursor"]), (20, &Value::Null));
    add_entries(&gateway.database, 1, 1).await;
    let body = page(&client, &first, "").await.expect(200);
    assert_eq!(ids(&body).len(), 20);
    let cursor = body["next_cursor"].as_str().expect("a cursor");
    assert_eq!(ids(&page(&client, &first, &format!("?cursor={cursor}")).await.expect(200)).len(), 1);
    gateway.stop().await;
}

#[actix_web::test]
async fn everybody_sees_their_own_activity_only() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let (first, stranger) = (client.new_account(ANNA).await, client.new_account(BEN).await);
    let entry = &ids(&page(&client, &first, "").await.expect(200))[0];
    assert!(!ids(&page(&client, &stranger, "").await.expect(200)).contains(entry));
    report(&client, &stranger, entry).await.expect_problem(404, "not_found");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_query_that_does_not_fit_is_refused() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let cursor_at = |microseconds: i64| {
        let mut bytes = microseconds.to_be_bytes().to_vec();
        bytes.extend_from_slice(Uuid::now_v7().as_bytes());
        format!("?cursor={}", URL_SAFE_NO_PAD.encode(bytes))
    };
    // Times that jiff knows and PostgreSQL does not, times that neither knows, and a time before all entries.
    let cursors = [cursor_at(-377_000_000_000_000_000), cursor_at(i64::MAX), cursor_at(i64::MIN), cursor_at(-1)];
    let others = ["?limit=0", "?limit=101", "?limit=-1", "?limit=x", "?cursor=", "?cursor=abc", "?page=2"];
    for query in cursors.iter().map(String::as_str).chain(others) {
        page(&client, &first, query).await.expect_problem(400, "invalid_request");
    }
    assert!(ids(&page(&client, &first, &cursor_at(0)).await.expect(200)).is_empty());
    gateway.stop().await;
}

async fn report(client: &Client, device: &SignedIn, entry: &str) -> Answer {
    client.send(Method::POST, &format!("/v1/login-activity/{entry}/report"), Some(&device.access_token), None).await
}

#[actix_web::test]
async fn an_entry_can_be_reported_and_the_first_time_stays() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let entry = ids(&page(&client, &first, "").await.expect(200))[0].clone();
    report(&client, &first, &entry).await.expect(204);
    let reported = client.activity(&first).await[0]["reported_at"].clone();
    assert!(reported.is_string(), "{reported}");
    report(&client, &first, &entry).await.expect(204);
    assert_eq!(client.activity(&first).await[0]["reported_at"], reported);
    report(&client, &first, &Uuid::now_v7().to_string()).await.expect_problem(404, "not_found");
    report(&client, &first, "not-a-uuid").await.expect_problem(404, "not_found");
    gateway.stop().await;
}

/// Upkeep runs when a node starts, and daily.
#[actix_web::test]
async fn what_is_older_than_the_retention_is_dropped_and_old_addresses_are_shortened() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let database = &gateway.database;
    let old = "CREATE TABLE login_activity_2020_01 PARTITION OF login_activity FOR VALUES FROM ('2020-01-01Z') TO ('2020-02-01Z')";
    database.execute(old).await;
    for (at, ip) in [
        ("timestamptz '2020-01-15Z'", "192.0.2.1"),
        ("now() - interval '31 days'", "192.0.2.77"),
        ("now() - interval '31 days'", "2001:db8:1:2::3"),
        ("now() - interval '29 days'", "192.0.2.88"),
    ] {
        let insert = format!(
            "INSERT INTO login_activity (account_id, activity_id, at, kind, outcome, ip)
            SELECT account_id, gen_random_uuid(), {at}, 'sign_in', 'succeeded', '{ip}' FROM accounts"
        );
        database.execute(&insert).await;
    }
    let settings = TestGateway::settings(&database.url, |_| {});
    let next = twostep::app::App::start(&settings).await.expect("another node starts");
    database.await_count("SELECT count(*) FROM login_activity WHERE at < '2021-01-01Z'", 0).await;
    database.await_count("SELECT count(*) FROM login_activity WHERE masklen(ip) IN (24, 48)", 2).await;
    let shown: Vec<Value> = client.activity(&first).await.iter().map(|entry| entry["ip"].clone()).collect();
    for ip in ["192.0.2.0", "2001:db8:1::", "192.0.2.88"] {
        assert!(shown.iter().any(|one| one == ip), "{ip} in {shown:?}");
    }
    assert!(!shown.iter().any(|one| one == "192.0.2.77"), "{shown:?}");
    next.stop().await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_sign_in_that_is_refused_after_the_right_password_is_written_too() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    for name in ["Second", "Third", "Fourth"] {
        client.begin_sign_in(ANNA, &Install::new(name)).await;
    }
    let refused = client.sign_in(ANNA, PASSWORD, &Install::new("Fifth"), None).await;
    refused.expect_problem(429, "too_many_requests");
    let entry = client.activity(&first).await[0].clone();
    assert_eq!([&entry["kind"], &entry["outcome"], &entry["device"]["name"]], ["sign_in", "refused", "Fifth"]);
    gateway.stop().await;
}
