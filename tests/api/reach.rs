//! How many ways in owners have left: counted over all accounts, and told by every node.

mod rule;

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};
use twostep::domain::delivery::EmailFallback;

use crate::support::client::{Client, DEADLINE};
use crate::support::database::TestDatabase;
use crate::support::gateway::TestGateway;

/// 10,000 accounts of many kinds, made of their number `n` alone: every twentieth without two-step verification, every tenth without a
/// mailbox, up to three devices in six states on three platforms and of four ages, and recovery codes, some of them used up.
const SEED: &str = "
    INSERT INTO nodes (node_id, seen_at) VALUES ('00000000-0000-7000-8000-000000000001', now() + interval '1 hour');
    WITH numbers AS (
        SELECT n, md5('owner ' || n)::uuid AS account_id FROM generate_series(1, 10000) n
    ), made AS (
        INSERT INTO accounts (account_id, email, subject, email_verified_at, password_hash, two_step_enabled_at)
        SELECT account_id, CASE WHEN n % 10 > 0 THEN 'owner' || n || '@example.com' END,
            CASE WHEN n % 10 = 0 THEN 'owner ' || n END, now(), 'none', CASE WHEN n % 20 <> 1 THEN now() END
        FROM numbers
    ), codes AS (
        INSERT INTO recovery_codes (account_id, code_hash, salt, used_at)
        SELECT account_id, sha256(convert_to(n || ' ' || code, 'UTF8')), '\\x00000000000000000000000000000000',
            CASE WHEN n % 3 = 0 THEN now() END
        FROM numbers, generate_series(1, 2) code
        WHERE n % 7 < 3
    )
    INSERT INTO devices (account_id, device_id, install_id, name, model, platform, os_version, app_version, trusted_at,
        notifications_allowed, push_kind, push_address, push_registered_at, push_expired_at, created_at, connected_node)
    SELECT account_id, gen_random_uuid(), gen_random_uuid(), '', '', (ARRAY['android', 'ios', 'web'])[k], '', '',
        CASE WHEN (n + k) % 6 <> 4 THEN now() END, (n + k) % 6 <> 1,
        CASE WHEN (n + k) % 6 NOT IN (2, 3, 5) THEN 'fcm_token' END, CASE WHEN (n + k) % 6 NOT IN (2, 3, 5) THEN 'address' END,
        CASE WHEN (n + k) % 6 NOT IN (2, 3, 5) THEN now() - interval '1 day' * (ARRAY[1, 10, 40, 100])[1 + n / 6 % 4] END,
        CASE WHEN (n + k) % 6 = 2 THEN now() END,
        now() - interval '1 day' * CASE WHEN (n + k) % 6 IN (2, 3, 5) THEN (ARRAY[1, 10, 40, 100])[1 + n / 6 % 4] ELSE 200 END,
        CASE WHEN (n + k) % 6 = 5 THEN '00000000-0000-7000-8000-000000000001'::uuid END
    FROM numbers, generate_series(1, 3) k
    WHERE k <= n % 4";

/// The same, counted from the numbers: a device is reached by push in state 0, and by its connection in state 5.
const WAYS_BY_HAND: &str = "
    SELECT least(3, (SELECT count(*) FROM generate_series(1, n % 4) k WHERE (n + k) % 6 IN (0, 5))
        + CASE WHEN n % 7 < 3 AND n % 3 > 0 THEN 1 ELSE 0 END + CASE WHEN n % 10 > 0 THEN $1 ELSE 0 END)::integer AS ways, count(*)
    FROM generate_series(1, 10000) n WHERE n % 20 <> 1 GROUP BY 1";
const DEVICES_BY_HAND: &str = "
    SELECT (ARRAY['android', 'ios', 'web'])[k] AS platform, (ARRAY['week', 'month', 'quarter', 'older'])[1 + n / 6 % 4] AS age,
        count(*), count(*) FILTER (WHERE (n + k) % 6 IN (0, 5))
    FROM generate_series(1, 10000) n, generate_series(1, 3) k
    WHERE n % 20 <> 1 AND k <= n % 4 AND (n + k) % 6 <> 4 GROUP BY 1, 2";

async fn await_report(operator: &Client) -> Value {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let answer = operator.send(Method::GET, "/admin/reach", None, None).await;
        if answer.status == 200 {
            return answer.expect(200);
        }
        assert!(Instant::now() < deadline, "not counted in time");
    }
}

async fn by_hand(database: &TestDatabase, mailbox_counts: bool) -> Value {
    let sql = database.connect().await;
    let mut accounts = json!({ "none": 0, "one": 0, "two": 0, "more": 0 });
    let mut total = 0;
    for row in sql.query(WAYS_BY_HAND, &[&i32::from(mailbox_counts)]).await.expect("counted") {
        let ways = usize::try_from(row.get::<_, i32>(0)).expect("0 to 3");
        accounts[["none", "one", "two", "more"][ways]] = json!(row.get::<_, i64>(1));
        total += row.get::<_, i64>(1);
    }
    accounts["total"] = json!(total);
    let mut devices = Vec::new();
    for row in sql.query(DEVICES_BY_HAND, &[]).await.expect("counted") {
        let (platform, age): (&str, &str) = (row.get(0), row.get(1));
        let (count, reachable): (i64, i64) = (row.get(2), row.get(3));
        devices.push(json!({ "platform": platform, "age": age, "devices": count, "reachable": reachable }));
    }
    let age = |of: &Value| ["week", "month", "quarter", "older"].iter().position(|age| of["age"] == *age);
    devices.sort_by_key(|of| (of["platform"].to_string(), age(of)));
    json!({ "accounts": accounts, "devices": devices, "drill": null })
}

#[actix_web::test]
async fn ten_thousand_accounts_are_counted_as_one_does_by_hand_and_every_node_says_so() {
    for fallback in [EmailFallback::Allow, EmailFallback::Off] {
        let database = TestDatabase::new().await;
        database.execute(SEED).await;
        let one = TestGateway::on(database.clone(), |settings| settings.delivery.email_fallback = fallback).await;
        let mut report = await_report(&one.operator()).await;
        // The other node does not count again.
        let other = TestGateway::on(database, |settings| settings.delivery.email_fallback = fallback).await;
        assert_eq!(await_report(&other.operator()).await, report);
        assert!(report["counted_at"].take().is_string());
        report.as_object_mut().expect("an object").remove("counted_at");
        let expected = by_hand(&one.database, fallback == EmailFallback::Allow).await;
        assert_eq!(report, expected, "{fallback}");
        assert_eq!(report["accounts"]["total"], 9500);
        let least = if fallback == EmailFallback::Off { "none" } else { "more" };
        for kind in [least, "one", "two"] {
            assert!(report["accounts"][kind].as_u64().expect("a count") > 100, "too tame: {report}");
        }
        one.stop().await;
        other.stop().await;
    }
}

#[actix_web::test]
async fn a_node_whose_database_has_no_accounts_says_that_nobody_is_locked_out() {
    let gateway = TestGateway::start().await;
    let report = await_report(&gateway.operator()).await;
    assert_eq!(report["accounts"], json!({ "total": 0, "none": 0, "one": 0, "two": 0, "more": 0 }));
    assert_eq!((&report["devices"], &report["drill"]), (&json!([]), &Value::Null));
    gateway.stop().await;
}
