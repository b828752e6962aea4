//! Stopping, and refusing to start.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::database::TestDatabase;
use crate::support::process::{GatewayProcess, data_folder, refuse};

/// The lines that say why it did not start.
fn reasons(output: &str) -> Vec<&str> {
    output.lines().filter(|line| line.starts_with("twostep: ")).collect()
}

#[actix_web::test]
async fn sigterm_says_goodbye_and_ends_well() {
    let folder = data_folder();
    let gateway = GatewayProcess::start(folder.path(), &[]).await;
    let client = gateway.client();
    let first = client.new_protected_account("anna@example.com").await;
    let mut screen = client.connect(&first).await;
    let begun = Instant::now();
    gateway.signal("TERM");
    let goodbye = screen.next().await;
    assert_eq!((&goodbye["type"], &goodbye["reason"]), (&json!("goodbye"), &json!("drain")));
    assert_eq!(screen.close_code().await, 4000);
    let (status, output) = gateway.ended().await;
    assert!(status.success(), "{status}: {output}");
    assert!(begun.elapsed() < Duration::from_secs(30), "it took {:?}", begun.elapsed());
    // The private PostgreSQL went with it.
    assert!(!folder.path().join("postgres/pg/postmaster.pid").exists());
}

#[actix_web::test]
async fn a_port_in_use_is_refused_with_one_readable_line() {
    let folder = data_folder();
    let database = TestDatabase::new().await;
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    for (key, variable) in [("HTTP__ADDRESS", "http.address"), ("OPERATOR__ADDRESS", "operator.address")] {
        let (status, output) = refuse(folder.path(), &[("DATABASE__URL", &database.url), (key, &address)]).await;
        assert!(!status.success());
        let [reason] = reasons(&output)[..] else { panic!("not one line: {output}") };
        assert!(reason.starts_with(&format!("twostep: {variable} {address} cannot be used")), "{reason}");
        assert!(reason.contains(&format!("TWOSTEP__{key}")), "{reason}");
        assert!(!output.contains("panicked"), "{output}");
    }
}

#[actix_web::test]
async fn a_second_gateway_on_the_same_data_is_refused() {
    let folder = data_folder();
    let gateway = GatewayProcess::start(folder.path(), &[]).await;
    let (status, output) = refuse(folder.path(), &[]).await;
    assert!(!status.success());
    let [reason] = reasons(&output)[..] else { panic!("not one line: {output}") };
    assert!(reason.contains("another gateway") || reason.contains("in use"), "{reason}");
    // The first one does not mind.
    gateway.client().new_account("anna@example.com").await;
    gateway.signal("TERM");
    assert!(gateway.ended().await.0.success());
}

#[actix_web::test]
async fn a_database_that_is_not_there_is_refused_with_one_readable_line() {
    let folder = data_folder();
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let url = format!("postgres://nobody@{closed}/nothing");
    let (status, output) = refuse(folder.path(), &[("DATABASE__URL", &url)]).await;
    assert!(!status.success());
    let [reason] = reasons(&output)[..] else { panic!("not one line: {output}") };
    assert!(reason.contains("TWOSTEP__DATABASE__URL"), "{reason}");
}
