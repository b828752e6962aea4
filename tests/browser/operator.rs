//! The operator's live view.

use serde_json::json;

use crate::person::{Stage, shown_code};
use crate::support::gateway::operator_token_file;

/// What the tab keeps of the token.
const KEPT_TOKEN: &str = "return sessionStorage.getItem('twostep.operator-token')";

#[actix_web::test]
async fn the_live_view_draws_what_happens_and_moves_the_rollout() {
    let stage = Stage::new().await;
    let first = stage.trusted().await;
    let view = stage.driver.open(&stage.gateway.operator_url()).await;
    view.see("#connection", "Ready").await;
    view.fill("#token", "ts_op_not-the-token").await;
    view.click("dialog button.main").await;
    view.see("dialog .error", "operator.token_file").await;
    assert_eq!(view.run(KEPT_TOKEN, json!([])).await, json!(null));
    let token = std::fs::read_to_string(operator_token_file()).expect("a token");
    view.fill("#token", token.trim()).await;
    view.click("dialog button.main").await;
    view.see("#rollout", "100 %").await;
    view.gone("dialog").await;
    view.wait("Number(document.getElementById('connections').textContent) > 0").await;
    let second = stage.asking().await;
    shown_code(&first).await;
    view.see("#deliveries td", "shown").await;
    view.see("#receipts", "p99").await;
    let shown = "/p50 ([0-9.]+) ms · p99 ([0-9.]+) ms · [0-9]+ receipts? /.exec(document.getElementById('receipts').textContent)";
    view.wait(&format!("{shown}.slice(1).every((number) => number > 0)")).await;
    view.see("#node", "connections in use").await;
    view.see("#node", "Alone").await;
    let node = "[...document.querySelectorAll('#node .badge')].map((badge) => badge.textContent).join()";
    view.wait(&format!("{node} === 'Healthy,Alone,Healthy,Healthy'")).await;
    let connections = "/^([0-9]+) of ([0-9]+) connections/.exec(document.querySelector('#node p').textContent)";
    view.wait(&format!("Number({connections}[2]) > Number({connections}[1])")).await;
    view.wait("document.querySelector('.chart .p99').getAttribute('d').includes('L')").await;

    view.see("#ways", "Three or more").await;
    view.see("#ways", "0 accounts").await;

    view.click("#move-rollout").await;
    view.expect_accessible("move the rollout").await;
    view.fill("#percent", "25").await;
    view.click("dialog button.main").await;
    view.see("#rollout", "25 %").await;
    view.gone("dialog").await;
    let shadow = json!({ "mode": "shadow" });
    stage.gateway.operator().send(reqwest::Method::PUT, "/admin/rollout", None, Some(shadow)).await.expect(200);
    view.see("#rollout-mode", "in shadow").await;
    for (width, scheme) in [(1280, "light"), (320, "dark")] {
        view.look(width, 900, scheme).await;
        view.expect_accessible("live view").await;
    }
    let elsewhere =
        "return performance.getEntriesByType('resource').filter((one) => !one.name.startsWith(location.origin)).length";
    assert_eq!(view.run(elsewhere, json!([])).await, 0);
    view.expect_clean_console().await;
    stage.end([first, second, view]).await;
}

#[actix_web::test]
async fn a_rollout_that_stopped_itself_goes_on_from_the_live_view() {
    let stage = Stage::new().await;
    let held =
        "UPDATE rollout SET held_at = now(), held_batch = batch_id, held_percent = 0, held_cause = 'unreachable',
            held_newest_count = 212, held_newest_of = 431, held_before_count = 19, held_before_of = 402
        FROM rollout_batches";
    stage.gateway.database.execute(held).await;
    let view = stage.driver.open(&stage.gateway.operator_url()).await;
    let token = std::fs::read_to_string(operator_token_file()).expect("a token");
    view.fill("#token", token.trim()).await;
    view.click("dialog button.main").await;
    view.see("#rollout-held", "212 of 431 accounts of the newest batch (49.2 %)").await;
    for (width, scheme) in [(1280, "light"), (320, "dark")] {
        view.look(width, 900, scheme).await;
        view.expect_accessible("a rollout that holds").await;
    }
    view.click("#resume-rollout").await;
    view.see("dialog", "Find out why first").await;
    view.expect_accessible("let the rollout go on").await;
    view.click("dialog button.main").await;
    view.gone("dialog").await;
    view.wait("document.getElementById('rollout-held').hidden && document.getElementById('resume-rollout').hidden")
        .await;
    stage.gateway.database.await_count("SELECT count(*) FROM rollout WHERE held_at IS NULL", 1).await;
    view.expect_clean_console().await;
    stage.end([view]).await;
}
