//! Who may open a WebSocket.

use serde_json::json;

use crate::support::client::{Client, SignedIn};
use crate::support::gateway::TestGateway;
use crate::support::socket::{Refused, Socket};

const EMAIL: &str = "anna@example.com";
/// The page inside of an app that is made of one.
const HYBRID: &str = "capacitor://localhost";
const PAGE: &str = "https://app.example.com";

async fn refusal(client: &Client, query: &str, headers: &[(&str, &str)]) -> (u16, String) {
    match Socket::open(client.base(), query, headers).await {
        Ok(_) => panic!("let in"),
        Err(Refused { status, code }) => (status, code),
    }
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn bearer(device: &SignedIn) -> String {
    format!("Bearer {}", device.access_token)
}

async fn ticket(client: &Client, device: &SignedIn) -> String {
    let answer = client.post("/v1/connect/ticket", &device.access_token, json!({})).await.expect(200);
    assert_eq!(answer["expires_in"], 30);
    format!("?ticket={}", answer["ticket"].as_str().expect("a ticket"))
}

#[actix_web::test]
async fn only_a_session_in_date_may_connect() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let unauthorized = refused(401, "unauthorized");
    assert_eq!(refusal(&client, "", &[]).await, unauthorized);
    assert_eq!(refusal(&client, "", &[("authorization", "Bearer nonsense")]).await, unauthorized);
    let unknown = format!("Bearer ts_at_{}", "A".repeat(43));
    assert_eq!(refusal(&client, "", &[("authorization", &unknown)]).await, unauthorized);

    let first = client.new_protected_account(EMAIL).await;
    let refresh = format!("Bearer {}", first.refresh_token);
    assert_eq!(refusal(&client, "", &[("authorization", &refresh)]).await, unauthorized);
    gateway.database.execute("UPDATE sessions SET access_expires_at = now()").await;
    assert_eq!(refusal(&client, "", &[("authorization", &bearer(&first))]).await, unauthorized);

    gateway.database.execute("UPDATE sessions SET access_expires_at = now() + interval '1 hour'").await;
    Socket::connect(client.base(), &first.access_token).await;
    client.delete("/v1/sessions/current", &first.access_token).await.expect(204);
    assert_eq!(refusal(&client, "", &[("authorization", &bearer(&first))]).await, unauthorized);
    gateway.stop().await;
}

#[actix_web::test]
async fn an_untrusted_device_may_not_connect() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let device = client.new_account(EMAIL).await;
    let not_trusted = refused(403, "device_not_trusted");
    assert_eq!(refusal(&client, "", &[("authorization", &bearer(&device))]).await, not_trusted);
    client.post("/v1/connect/ticket", &device.access_token, json!({})).await.expect_problem(403, "device_not_trusted");
    gateway.stop().await;
}

#[actix_web::test]
async fn only_listed_pages_may_connect() {
    let gateway = TestGateway::start_with(|settings| settings.http.allowed_origins = vec![PAGE.to_owned()]).await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    for foreign in ["https://evil.example", "null", "https://app.example.com.evil.example"] {
        let headers = [("authorization", bearer(&first)), ("origin", foreign.to_owned())];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(refusal(&client, "", &headers).await, refused(403, "forbidden"), "{foreign}");
        let unused = ticket(&client, &first).await;
        assert_eq!(refusal(&client, &unused, &[("origin", foreign)]).await, refused(403, "forbidden"), "{foreign}");
    }
    let own = gateway.url();
    for page in [PAGE, own.as_str()] {
        let query = ticket(&client, &first).await;
        let mut socket = Socket::open(client.base(), &query, &[("origin", page)]).await.expect("let in");
        assert_eq!(socket.next().await["type"], "welcome");
    }
    gateway.stop().await;
}

/// Whatever name the gateway is reached by: its own pages are no foreign ones.
#[actix_web::test]
async fn pages_of_the_host_itself_may_connect() {
    let gateway = TestGateway::start_with(|settings| settings.http.allowed_origins = vec![HYBRID.to_owned()]).await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    for headers in [
        &[("host", "login.example.com"), ("origin", "http://login.example.com")][..],
        &[("host", "login.example.com"), ("origin", "https://login.example.com")],
        &[
            ("host", "login.example.com:8443"),
            ("origin", "https://LOGIN.example.com:8443"),
            ("x-forwarded-proto", "https"),
        ],
        &[("origin", HYBRID)],
    ] {
        let query = ticket(&client, &first).await;
        let mut socket = Socket::open(client.base(), &query, headers).await.expect("let in");
        assert_eq!(socket.next().await["type"], "welcome");
    }
    for headers in [
        &[("host", "login.example.com"), ("origin", "http://login.example.com:81")][..],
        &[("host", "login.example.com"), ("origin", "http://login.example.com"), ("x-forwarded-proto", "https")],
        &[("host", "login.example.com"), ("origin", "ionic://localhost")],
    ] {
        let query = ticket(&client, &first).await;
        assert_eq!(refusal(&client, &query, headers).await, refused(403, "forbidden"), "{headers:?}");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn another_subprotocol_is_refused() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    let authorization = bearer(&first);
    let with = |protocol| [("authorization", authorization.as_str()), ("sec-websocket-protocol", protocol)];
    assert_eq!(refusal(&client, "", &with("twostep.v2")).await, refused(400, "invalid_request"));
    let mut socket = Socket::open(client.base(), "", &with("twostep.v2, twostep.v1")).await.expect("let in");
    assert_eq!(socket.next().await["type"], "welcome");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_plain_request_is_no_handshake() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    client.get("/v1/connect", &first.access_token).await.expect_problem(400, "invalid_request");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_ticket_opens_one_connection_in_time_while_its_session_lives() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    let unauthorized = refused(401, "unauthorized");
    let used = ticket(&client, &first).await;
    Socket::open(client.base(), &used, &[]).await.expect("let in");
    assert_eq!(refusal(&client, &used, &[]).await, unauthorized);
    assert_eq!(refusal(&client, "?ticket=nonsense", &[]).await, unauthorized);

    let old = ticket(&client, &first).await;
    gateway.database.execute("UPDATE connect_tickets SET expires_at = now()").await;
    assert_eq!(refusal(&client, &old, &[]).await, unauthorized);

    let orphan = ticket(&client, &first).await;
    client.delete("/v1/sessions/current", &first.access_token).await.expect(204);
    assert_eq!(refusal(&client, &orphan, &[]).await, unauthorized);
    gateway.stop().await;
}

#[actix_web::test]
async fn of_two_uses_of_a_ticket_at_once_one_wins() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    let query = ticket(&client, &first).await;
    let uses = futures_util::future::join_all((0..8).map(|_| Socket::open(client.base(), &query, &[]))).await;
    assert_eq!(uses.iter().filter(|result| result.is_ok()).count(), 1);
    gateway.stop().await;
}
