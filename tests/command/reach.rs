//! `twostep reach` draws what a running gateway counted.

use super::say;
use crate::support::gateway::TestGateway;

#[actix_web::test]
async fn the_ways_that_are_left_are_drawn_as_a_table_and_told_to_programs() {
    let gateway = TestGateway::start().await;
    let done = "SELECT count(*) FROM shared_tasks WHERE task = 'count_ways' AND done_at IS NOT NULL";
    gateway.database.await_count(done, 1).await;
    let figures = r#"{"accounts": {"none": 12, "one": 300, "two": 600, "more": 88},
        "devices": [{"platform": "ios", "age": "month", "devices": 40, "reachable": 30}]}"#;
    gateway.database.execute(&format!("UPDATE reach_report SET figures = '{figures}'")).await;
    let url = gateway.operator_url();
    let shown = say(&["reach", "--url", &url], &[]).await.well();
    let rows: Vec<String> = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for row in ["none: locked out on a new device 12 1.2 %", "three or more 88 8.8 %", "ios under 30 days 40 30 75.0 %"]
    {
        assert!(rows.iter().any(|found| found == row), "{row} is missing:\n{shown}");
    }
    let told: serde_json::Value =
        serde_json::from_str(&say(&["reach", "--json", "--url", &url], &[]).await.well()).expect("JSON");
    assert_eq!((&told["accounts"]["total"], &told["devices"][0]["reachable"]), (&1000.into(), &30.into()));
    gateway.database.execute("DELETE FROM reach_report").await;
    let missing = say(&["reach", "--url", &url], &[]).await.failure();
    assert!(missing.contains("counted yet"), "{missing}");
    let elsewhere = say(&["reach", "--url", &gateway.url()], &[]).await.failure();
    assert!(elsewhere.contains("name the operator's address with --url"), "{elsewhere}");
    gateway.stop().await;
}
