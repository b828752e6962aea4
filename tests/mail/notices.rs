//! Notices: mail to owners that is no code.

use serde_json::json;

use super::stage::{EMAIL, Stage};
use crate::support::client::{DEADLINE, PASSWORD};

/// Has the owner told by mail that two-step verification was turned off.
async fn turn_off(stage: &Stage) {
    let body = json!({ "enabled": false, "password": PASSWORD });
    stage.client.post("/v1/login-security/two-step", &stage.trusted.access_token, body).await.expect(204);
}

async fn wait_for_no_notice(stage: &Stage, condition: &str) {
    let count = format!("SELECT count(*) FROM notices WHERE {condition}");
    let gone = async {
        while stage.gateway.database.count(&count).await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, gone).await.expect("it is settled in time");
}

#[actix_web::test]
async fn a_notice_is_tried_again_and_sent_once() {
    let mut stage = Stage::set().await;
    stage.server.script(&["rcpt 451", "drop", "data 452"]).await;
    turn_off(&stage).await;
    let mail = stage.server.mail(EMAIL, "turned off").await;
    assert_eq!(mail.header("auto-submitted"), Some("auto-generated"));
    wait_for_no_notice(&stage, "sent_at IS NULL").await;
    assert_eq!(stage.server.mails(EMAIL).len(), 1);
    assert_eq!(stage.server.tries().len(), 4);
}

#[actix_web::test]
async fn a_notice_that_is_refused_is_given_up_at_once() {
    let mut stage = Stage::set().await;
    stage.server.script(&["rcpt 550"]).await;
    turn_off(&stage).await;
    stage.server.wait_for_tries(1).await;
    wait_for_no_notice(&stage, "true").await;
    assert!(stage.server.mails(EMAIL).is_empty());
}

#[actix_web::test]
async fn a_notice_is_given_up_after_a_day() {
    let mut stage = Stage::set_with(|settings| {
        (settings.smtp.retry_first_ms, settings.smtp.retry_longest_ms) = (20_000, 20_000);
    })
    .await;
    stage.server.script(&["rcpt 451", "rcpt 451"]).await;
    turn_off(&stage).await;
    stage.server.wait_for_tries(1).await;
    // While a node has it to itself it is due later than any try of this test.
    wait_for_no_notice(&stage, "due_at > now() + interval '20 seconds'").await;
    let a_day_later = "UPDATE notices SET created_at = created_at - interval '24 hours', due_at = now()";
    stage.gateway.database.execute(a_day_later).await;
    stage.server.wait_for_tries(2).await;
    wait_for_no_notice(&stage, "true").await;
    assert!(stage.server.mails(EMAIL).is_empty());
}
