//! The drill: sleeping devices are asked whether a push reaches them.

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};
use twostep::settings::Settings;
use twostep_simulators::{FcmBehaviour, FcmFailure};

use super::stage::{Providers, Stage, apns_token};
use crate::support::client::{Answer, Client, DEADLINE};
use crate::support::database::TestDatabase;
use crate::support::gateway::TestGateway;

/// Every device's minute of the week is this one, and nobody was asked yet.
const NOW_IS_THE_TIME: &str = "
    DROP INDEX IF EXISTS devices_drill_minute;
    CREATE OR REPLACE FUNCTION drill_minute(device uuid) RETURNS integer LANGUAGE sql STABLE AS
        $$ SELECT (floor(extract(epoch FROM now()) / 60)::bigint % 10080)::integer $$;
    UPDATE drill_clock SET last_minute = 0";

async fn say(client: &Client, receipt: &str, said: Value) -> Answer {
    let mut body = said;
    body["receipt"] = json!(receipt);
    client.send(Method::POST, "/v1/receipts", None, Some(body)).await
}

/// Counts again, on a node that starts, and waits for it.
async fn counted_again(database: &TestDatabase) -> Value {
    database.execute("DELETE FROM reach_report; UPDATE shared_tasks SET done_at = NULL, claimed_until = now()").await;
    let node = TestGateway::on(database.clone(), |_| {}).await;
    let deadline = Instant::now() + DEADLINE;
    loop {
        let answer = node.operator().send(Method::GET, "/admin/reach", None, None).await;
        if answer.status == 200 {
            let report = answer.expect(200);
            node.stop().await;
            return report["drill"].clone();
        }
        assert!(Instant::now() < deadline, "not counted in time");
    }
}

#[actix_web::test]
async fn sleeping_devices_are_asked_silently_and_those_that_answer_are_counted() {
    let stage = Stage::start().await;
    let (phone, tablet) = (stage.trust("Phone").await, stage.trust("Tablet").await);
    stage.register(&phone, "fcm", "phone").await;
    stage.register(&tablet, "apns", &apns_token(1)).await;
    // Who may not be notified, or has no address, is not asked.
    stage.register(&stage.owner, "fcm", "owner").await;
    stage.change(&stage.owner, json!({ "notifications_allowed": false })).await;
    let database = stage.gateway.database.clone();
    database.execute(NOW_IS_THE_TIME).await;
    let drills = |settings: &mut Settings| {
        stage.providers.configure(settings);
        settings.delivery.reach_drill = true;
    };
    let node = TestGateway::on(database.clone(), drills).await;
    let is_drill = |kind: Option<&str>| kind == Some("drill");
    let at_fcm = stage.providers.fcm.wait_for(DEADLINE, |all| all.iter().any(|one| is_drill(one.data("type")))).await;
    at_fcm.expect("FCM gets it");
    let at_apns = stage.providers.apns.wait_for(DEADLINE, |all| all.iter().any(|one| one.payload["type"] == "drill"));
    at_apns.await.expect("APNs gets it");
    database.await_count("SELECT count(*) FROM reach_drills WHERE outcome = 'accepted'", 2).await;

    let all = stage.providers.fcm.received();
    let asked: Vec<_> = all.iter().filter(|one| is_drill(one.data("type"))).collect();
    assert_eq!(asked.len(), 1, "the phone alone");
    let message = &asked[0].body["message"];
    assert_eq!((&message["notification"], &message["android"]["priority"]), (&Value::Null, &json!("NORMAL")));
    assert!(asked[0].data("challenge_id").is_none() && asked[0].data("code").is_none());
    let receipt = asked[0].data("receipt").expect("a receipt").to_owned();
    let all = stage.providers.apns.received();
    let asked: Vec<_> = all.iter().filter(|one| one.payload["type"] == "drill").collect();
    assert_eq!((asked.len(), &asked[0].payload["aps"]), (1, &json!({ "content-available": 1 })));

    say(&stage.client, &receipt, json!({ "deny": true })).await.expect_problem(401, "unauthorized");
    say(&stage.client, &receipt[..receipt.len() - 2], json!({ "shown": true }))
        .await
        .expect_problem(401, "unauthorized");
    say(&stage.client, &receipt, json!({ "shown": false })).await.expect(204);
    say(&stage.client, &receipt, json!({ "shown": true })).await.expect(204);
    let drill = counted_again(&database).await;
    let expected = json!({ "devices": 1, "devices_answered": 1, "accounts": 1, "accounts_answered": 1 });
    assert_eq!(drill, expected, "who was asked just now counts when it answers");
    database.age("reach_drills", "sent_at", 7200, "true").await;
    let drill = counted_again(&database).await;
    assert_eq!((&drill["devices"], &drill["accounts_answered"]), (&json!(2), &json!(1)), "{drill}");

    // The next week brings another receipt, and the first one is worth nothing.
    database.execute("UPDATE reach_drills SET drill_id = gen_random_uuid()").await;
    say(&stage.client, &receipt, json!({ "shown": true })).await.expect_problem(401, "unauthorized");
    node.stop().await;
    stage.end().await;
}

#[actix_web::test]
async fn an_address_that_a_drill_finds_dead_is_forgotten() {
    let stage = Stage::start().await;
    let phone = stage.trust("Phone").await;
    stage.register(&phone, "fcm", "phone").await;
    stage.providers.fcm.always("phone", Some(FcmBehaviour::Fail(FcmFailure::Unregistered)));
    let database = stage.gateway.database.clone();
    database.execute(NOW_IS_THE_TIME).await;
    let drills = |settings: &mut Settings| {
        stage.providers.configure(settings);
        settings.delivery.reach_drill = true;
    };
    let node = TestGateway::on(database.clone(), drills).await;
    database.await_count("SELECT count(*) FROM reach_drills WHERE outcome = 'token_dead'", 1).await;
    database.await_count("SELECT count(*) FROM devices WHERE push_expired_at IS NOT NULL", 1).await;
    node.stop().await;
    stage.end().await;
}

#[actix_web::test]
async fn nobody_is_asked_unless_it_is_wanted() {
    let providers = Providers::start().await;
    let database = TestDatabase::new().await;
    database.execute(NOW_IS_THE_TIME).await;
    let node = TestGateway::on(database, |settings| providers.configure(settings)).await;
    node.database.await_count("SELECT count(*) FROM shared_tasks WHERE done_at IS NOT NULL", 2).await;
    assert_eq!(node.database.count("SELECT last_minute FROM drill_clock").await, 0);
    node.stop().await;
}
