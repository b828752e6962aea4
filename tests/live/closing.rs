//! Connections that the gateway ends because of what became of their session, their device or their node.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::client::{Client, Install, PASSWORD, SignedIn};
use crate::support::gateway::TestGateway;
use crate::support::socket::Socket;

const EMAIL: &str = "anna@example.com";
/// Design section 5: "Removing a device or ending a session closes its socket within 1 s".
const AT_ONCE: Duration = Duration::from_secs(1);

/// Asserts that the connection closes, and soon.
async fn expect_close(socket: &mut Socket, code: u16) {
    let begun = Instant::now();
    assert_eq!(socket.close_code().await, code);
    assert!(begun.elapsed() < AT_ONCE, "it took {:?}", begun.elapsed());
    // A browser tells its page only when the line itself has ended (WebSockets standard, section 4).
    assert!(socket.frame().await.is_none_or(|end| end.is_err()), "nothing follows");
    assert!(begun.elapsed() < AT_ONCE, "the line stayed for {:?}", begun.elapsed());
}

/// Two trusted devices, both connected.
async fn two_devices(client: &Client) -> ((SignedIn, Socket), (SignedIn, Socket)) {
    let first = client.new_protected_account(EMAIL).await;
    let mut screen = client.connect(&first).await;
    let second = client.trust_another(EMAIL, &mut screen, "Second").await;
    screen.sign_in_over().await;
    let other_screen = client.connect(&second).await;
    ((first, screen), (second, other_screen))
}

#[actix_web::test]
async fn signing_out_closes_the_connection_of_that_session_only() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let ((_, mut screen), (second, mut other_screen)) = two_devices(&client).await;
    client.delete("/v1/sessions/current", &second.access_token).await.expect(204);
    expect_close(&mut other_screen, 4401).await;
    screen.expect_nothing().await;
    gateway.stop().await;
}

#[actix_web::test]
async fn reuse_of_a_refresh_token_closes_the_connection() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let ((_, mut screen), (second, mut other_screen)) = two_devices(&client).await;
    let body = json!({ "refresh_token": second.refresh_token });
    client.send(reqwest::Method::POST, "/v1/sessions/refresh", None, Some(body.clone())).await.expect(200);
    other_screen.expect_nothing().await;
    // Whoever got the answer used it, and that is a while ago.
    let used = "UPDATE sessions SET access_used_at = now() - interval '31 s' WHERE refresh_hash IS NOT NULL";
    gateway.database.execute(used).await;
    client
        .send(reqwest::Method::POST, "/v1/sessions/refresh", None, Some(body))
        .await
        .expect_problem(401, "unauthorized");
    expect_close(&mut other_screen, 4401).await;
    assert_eq!(screen.next().await["kind"], "token_reused");
    gateway.stop().await;
}

#[actix_web::test]
async fn removing_a_device_closes_its_connection() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let ((first, mut screen), (second, mut other_screen)) = two_devices(&client).await;
    let path = format!("/v1/trusted-devices/{}", second.device_id);
    client.delete(&path, &first.access_token).await.expect(204);
    expect_close(&mut other_screen, 4403).await;
    assert_eq!(screen.next().await["kind"], "device_removed");
    gateway.stop().await;
}

#[actix_web::test]
async fn changing_the_password_closes_the_connections_of_other_sessions() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let ((first, mut screen), (_, mut other_screen)) = two_devices(&client).await;
    let body = json!({ "current": crate::support::client::PASSWORD, "new": "another long enough password" });
    client.post("/v1/login-security/password", &first.access_token, body).await.expect(204);
    expect_close(&mut other_screen, 4401).await;
    assert_eq!(screen.next().await["kind"], "password_changed");
    gateway.stop().await;
}

#[actix_web::test]
async fn the_newest_connection_of_a_device_wins() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    let mut older = client.connect(&first).await;
    let mut newer = client.connect(&first).await;
    expect_close(&mut older, 4409).await;
    newer.expect_nothing().await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_drain_says_goodbye_and_when_to_come_back() {
    let gateway = TestGateway::start_with(|settings| settings.shutdown.reconnect_spread_ms = 3000).await;
    let client = gateway.client();
    let ((_, screen), (_, other_screen)) = two_devices(&client).await;
    let begun = Instant::now();
    let goodbyes = [screen, other_screen].map(|mut screen| async move {
        let goodbye = screen.next().await;
        assert_eq!((&goodbye["type"], &goodbye["reason"]), (&json!("goodbye"), &json!("drain")));
        assert!(goodbye["reconnect_after_ms"].as_u64().is_some_and(|wait| wait <= 3000), "{goodbye}");
        assert_eq!(screen.close_code().await, 4000);
    });
    tokio::join!(gateway.stop(), futures_util::future::join_all(goodbyes));
    assert!(begun.elapsed() < Duration::from_secs(5), "draining took {:?}", begun.elapsed());
}

/// A device that keeps its connection open for itself must not keep the node from stopping.
#[actix_web::test]
async fn a_drain_does_not_wait_for_devices_that_do_not_listen() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    let _silent = client.connect(&first).await;
    let begun = Instant::now();
    gateway.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(10), "stopping took {:?}", begun.elapsed());
}

/// An access token that runs out ends its connection 25 s later, unless a `refresh` came meanwhile.
#[actix_web::test]
async fn an_expired_session_closes_its_connection_and_a_refreshed_one_stays() {
    let gateway = TestGateway::start_with(|settings| {
        settings.connections.heartbeat_seconds = 5;
        settings.connections.pong_timeout_seconds = 60;
    })
    .await;
    let client = gateway.client();
    let ((first, screen), (second, other_screen)) = two_devices(&client).await;
    drop((screen, other_screen));
    gateway.database.execute("UPDATE sessions SET access_expires_at = now() + interval '2 s'").await;
    let begun = Instant::now();
    let mut kept = client.connect(&first).await;
    let mut left = client.connect(&second).await;
    let body = json!({ "refresh_token": first.refresh_token });
    let renewed = client.send(reqwest::Method::POST, "/v1/sessions/refresh", None, Some(body)).await.expect(200);
    kept.send(json!({ "type": "refresh", "access_token": renewed["session"]["access_token"] })).await;
    kept.expect_nothing().await;

    assert_eq!(left.close_code().await, 4401);
    assert!(begun.elapsed() >= Duration::from_secs(25), "after {:?}", begun.elapsed());
    kept.expect_nothing().await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_refresh_with_a_token_that_is_no_good_ends_the_connection() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let ((first, mut screen), (second, mut other_screen)) = two_devices(&client).await;
    // The token of another device of the account is not this connection's.
    screen.send(json!({ "type": "refresh", "access_token": second.access_token })).await;
    expect_close(&mut screen, 4401).await;
    other_screen.expect_nothing().await;
    let mut screen = client.connect(&first).await;
    screen.send(json!({ "type": "refresh", "access_token": "nonsense" })).await;
    expect_close(&mut screen, 4401).await;
    gateway.stop().await;
}

/// The word that stops an intruder counts in the name of the session that the connection belongs to by now.
#[actix_web::test]
async fn a_denial_over_a_connection_that_moved_to_a_newer_session_counts() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    let mut screen = client.connect(&first).await;
    let again = client.sign_in(EMAIL, PASSWORD, &first.install, first.trust_token.as_deref()).await.expect(200);
    let newer = SignedIn::new(&first.install, &again);
    screen.send(json!({ "type": "refresh", "access_token": newer.access_token })).await;
    // The token was accepted: from here on the connection is the newer session's.
    let accepted = "SELECT count(*) FROM sessions WHERE access_used_at IS NOT NULL";
    gateway.database.await_count(accepted, 2).await;
    screen.expect_nothing().await;
    client.delete("/v1/sessions/current", &first.access_token).await.expect(204);
    screen.expect_nothing().await;
    let challenge = client.begin_sign_in(EMAIL, &Install::new("Intruder")).await;
    screen.next_of("code").await;
    screen.send(json!({ "type": "deny", "challenge_id": challenge.id })).await;
    assert_eq!(screen.next_of("challenge_closed").await["outcome"], "denied");
    gateway.stop().await;
}
