//! `GET /v1/challenges/{id}/events`.

use serde_json::{Value, json};

use super::{ANNA, expire, wait_out_resend};
use crate::support::client::{Challenge, Client, Install, SignedIn};
use crate::support::event_stream::EventStream;
use crate::support::gateway::TestGateway;
use crate::support::socket::Socket;

/// A trusted device with a connection, a challenge, its code, and its stream after the receipt was told.
struct Watched {
    gateway: TestGateway,
    client: Client,
    trusted: SignedIn,
    screen: Socket,
    challenge: Challenge,
    code: String,
    events: EventStream,
}

impl Watched {
    async fn new() -> Self {
        let gateway = TestGateway::start().await;
        let client = gateway.client();
        let trusted = client.new_protected_account(ANNA).await;
        let mut screen = client.connect(&trusted).await;
        let challenge = client.begin_sign_in(ANNA, &Install::new("New")).await;
        let mut events = EventStream::open(&client, &challenge).await;
        let first = events.next().await.expect("how it stands now");
        assert_eq!((&first["state"], &first["challenge"]["id"]), (&json!("open"), &json!(challenge.id)));
        let code = screen.code_of(&challenge.id).await;
        events.until(|state| state["deliveries"][0]["state"] == "shown").await;
        Self { gateway, client, trusted, screen, challenge, code, events }
    }

    /// The event that tells the end; asserts that it is the last.
    async fn last(&mut self) -> Value {
        let last = self.events.until(|state| state["state"] != "open").await;
        assert_eq!(self.events.next().await, None, "nothing follows");
        last
    }
}

#[actix_web::test]
async fn a_stream_ends_with_the_right_code() {
    let mut watched = Watched::new().await;
    watched.client.verify(&watched.challenge, &watched.code).await.expect(200);
    let last = watched.last().await;
    assert_eq!((&last["state"], &last["hints"][0]["code"]), (&json!("verified"), &json!("closed")));
    let mut again = EventStream::open(&watched.client, &watched.challenge).await;
    assert_eq!(again.next().await.expect("how it ended")["state"], "verified");
    assert_eq!(again.next().await, None);
    watched.gateway.stop().await;
}

#[actix_web::test]
async fn a_stream_ends_with_a_denial() {
    let mut watched = Watched::new().await;
    watched.client.deny(&watched.challenge, &watched.trusted).await.expect(204);
    assert_eq!(watched.last().await["state"], "denied");
    watched.gateway.stop().await;
}

#[actix_web::test]
async fn a_stream_ends_when_time_runs_out() {
    let mut watched = Watched::new().await;
    expire(&watched.gateway.database, &watched.challenge).await;
    assert_eq!(watched.last().await["state"], "expired");
    watched.gateway.stop().await;
}

#[actix_web::test]
async fn a_new_code_is_told_and_other_challenges_are_not() {
    let mut watched = Watched::new().await;
    let other = watched.client.begin_sign_in(ANNA, &Install::new("Other")).await;
    watched.screen.code_of(&other.id).await;
    wait_out_resend(&watched.gateway.database, &watched.challenge).await;
    watched.client.resend(&watched.challenge, json!({ "method": "email" })).await.expect(202);
    let id = &watched.challenge.id;
    let is_sent = |state: &Value| {
        assert_eq!(state["challenge"]["id"], **id);
        state["challenge"]["method"] == "email" && state["deliveries"][0]["state"] == "accepted"
    };
    let sent = watched.events.until(is_sent).await;
    assert_eq!(
        (sent["deliveries"].as_array().map(Vec::len), &sent["deliveries"][0]["channel"]),
        (Some(1), &json!("email"))
    );
    assert_eq!(sent["hints"][0]["code"], "mail_accepted");
    drop(watched.events);
    watched.gateway.stop().await;
}

#[actix_web::test]
async fn a_challenge_has_four_streams_and_one_that_ends_makes_room() {
    let watched = Watched::new().await;
    let path = watched.challenge.path("/events");
    let mut more = Vec::new();
    for _ in 0..3 {
        let mut stream = EventStream::open(&watched.client, &watched.challenge).await;
        stream.next().await.expect("how it stands");
        more.push(stream);
    }
    let fifth = watched.client.get(&path, &watched.challenge.token).await;
    fifth.expect_problem(429, "too_many_requests");
    drop(more);
    let deadline = std::time::Instant::now() + crate::support::client::DEADLINE;
    // The gateway sees that a stream is gone when it writes to it: the end of the challenge makes it write.
    watched.client.verify(&watched.challenge, &watched.code).await.expect(200);
    while watched.client.get(&path, &watched.challenge.token).await.status != 200 {
        assert!(std::time::Instant::now() < deadline, "no room");
    }
    watched.gateway.stop().await;
}
