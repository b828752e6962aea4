//! Codes over a connection: shown, shown again after a broken line, answered.

use serde_json::json;

use crate::support::client::{Install, PASSWORD, SignedIn};
use crate::support::gateway::TestGateway;

const EMAIL: &str = "anna@example.com";

#[actix_web::test]
async fn open_codes_are_replayed_on_connecting_and_again_on_reconnecting() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    let one = client.begin_sign_in(EMAIL, &Install::new("One")).await;
    let two = client.begin_sign_in(EMAIL, &Install::new("Two")).await;
    for challenge in [&one, &two] {
        client.await_delivery(challenge, "unreachable").await;
    }

    let mut codes = Vec::new();
    for _ in 0..2 {
        let mut screen = client.connect(&first).await;
        let (older, newer) = (screen.next().await, screen.next().await);
        assert_eq!((&older["challenge_id"], &newer["challenge_id"]), (&json!(one.id), &json!(two.id)));
        assert_eq!(newer["requester"]["name"], "Two");
        assert_eq!(newer["requester"]["ip"], "127.0.0.1");
        assert_eq!(newer["generation"], 1);
        screen.expect_nothing().await;
        codes.push(newer["code"].as_str().expect("a code").to_owned());
    }
    assert_eq!(codes[0], codes[1]);
    client.verify(&two, &codes[0]).await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_code_comes_once_over_one_connection() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    let mut screen = client.connect(&first).await;
    let challenge = client.begin_sign_in(EMAIL, &Install::new("Second")).await;
    screen.code_of(&challenge.id).await;
    client.await_delivery(&challenge, "shown").await;

    // A sweeper that takes the delivery over must not show it again; its next state tells that it came round.
    let due = "UPDATE deliveries SET state = 'pending', due_at = now(), claimed_by = NULL WHERE device_id IS NOT NULL";
    gateway.database.execute(due).await;
    client.await_delivery(&challenge, "accepted").await;
    screen.expect_nothing().await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_resent_code_is_shown_with_its_generation_and_replayed_alone() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    let mut screen = client.connect(&first).await;
    let challenge = client.begin_sign_in(EMAIL, &Install::new("Second")).await;
    let old_code = screen.code_of(&challenge.id).await;

    gateway.database.execute("UPDATE challenges SET resend_at = now()").await;
    client.post(&challenge.path("/resend"), &challenge.token, json!({})).await.expect(202);
    let shown = screen.next_of("code").await;
    assert_eq!((&shown["challenge_id"], &shown["generation"]), (&json!(challenge.id), &json!(2)));
    assert_ne!(shown["code"], json!(old_code));

    let mut again = client.connect(&first).await;
    let replayed = again.next().await;
    assert_eq!((&replayed["generation"], &replayed["code"]), (&json!(2), &shown["code"]));
    again.expect_nothing().await;
    gateway.stop().await;
}

#[actix_web::test]
async fn receipts_become_delivery_states() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    let mut screen = client.connect(&first).await;
    let challenge = client.begin_sign_in(EMAIL, &Install::new("Second")).await;
    let code = screen.next_of("code").await;
    assert_eq!(code["challenge_id"], json!(challenge.id));
    client.await_delivery(&challenge, "accepted").await;

    let receipt = |shown| json!({ "type": "receipt", "challenge_id": challenge.id, "generation": 1, "shown": shown });
    screen.send(receipt(false)).await;
    client.await_delivery(&challenge, "not_shown").await;
    screen.send(receipt(true)).await;
    client.await_delivery(&challenge, "shown").await;
    gateway.stop().await;
}

/// A device may be quicker than the gateway's own note that it sent the code, or that it is reachable at all.
#[actix_web::test]
async fn a_receipt_that_comes_before_the_note_of_sending_is_kept() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    let mut screen = client.connect(&first).await;
    let challenge = client.begin_sign_in(EMAIL, &Install::new("Second")).await;
    assert_eq!(screen.next_of("code").await["challenge_id"], json!(challenge.id));
    client.await_delivery(&challenge, "accepted").await;

    let as_if_not_noted = [
        "UPDATE deliveries SET state = 'pending', accepted_at = NULL WHERE device_id IS NOT NULL",
        "UPDATE deliveries SET state = 'unreachable', reason = 'no_push_token' WHERE device_id IS NOT NULL",
        "DELETE FROM deliveries WHERE device_id IS NOT NULL",
    ];
    for change in as_if_not_noted {
        gateway.database.execute(change).await;
        let receipt = json!({ "type": "receipt", "challenge_id": challenge.id, "generation": 1, "shown": true });
        screen.send(receipt).await;
        client.await_delivery(&challenge, "shown").await;
    }
    gateway.stop().await;
}

/// A code that the gateway was about to show when its challenge closed is not shown after all.
#[actix_web::test]
async fn no_code_comes_after_its_challenge_closed() {
    let gateway = TestGateway::start_with(|settings| settings.delivery.sweep_period_ms = 100).await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    let mut screen = client.connect(&first).await;
    let challenge = client.begin_sign_in(EMAIL, &Install::new("Second")).await;
    screen.code_of(&challenge.id).await;

    // The last thing that is read before a code is shown is what else reaches the devices: there it waits now.
    let blocker = gateway.database.connect().await;
    blocker.batch_execute("BEGIN; LOCK TABLE devices IN ACCESS EXCLUSIVE MODE").await.expect("locked");
    let next_code_is_due = "UPDATE challenges SET generation = 2;
        UPDATE deliveries SET generation = 2, state = 'pending', due_at = now(), claimed_by = NULL WHERE device_id IS NOT NULL";
    gateway.database.execute(next_code_is_due).await;
    gateway.database.await_count("SELECT count(*) FROM pg_locks WHERE NOT granted", 1).await;
    gateway.database.execute("UPDATE challenges SET expires_at = now()").await;
    assert_eq!(screen.next().await["outcome"], "expired");
    blocker.batch_execute("COMMIT").await.expect("unlocked");

    let marker = client.begin_sign_in(EMAIL, &Install::new("Third")).await;
    assert_eq!(screen.next().await["challenge_id"], json!(marker.id));
    gateway.stop().await;
}

#[actix_web::test]
async fn a_receipt_for_a_code_that_was_never_sent_is_ignored() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    let mut screen = client.connect(&first).await;
    let other = client.new_protected_account("bert@example.com").await;
    let mut other_screen = client.connect(&other).await;
    let challenge = client.begin_sign_in(EMAIL, &Install::new("Second")).await;
    assert_eq!(screen.next_of("code").await["challenge_id"], json!(challenge.id));
    client.await_delivery(&challenge, "accepted").await;

    let receipt = |generation| json!({ "type": "receipt", "challenge_id": challenge.id, "generation": generation, "shown": true });
    other_screen.send(receipt(1)).await;
    screen.send(receipt(2)).await;
    // A marker after: a receipt that counts is written down after those that do not.
    let marker = client.begin_sign_in(EMAIL, &Install::new("Third")).await;
    screen.code_of(&marker.id).await;
    client.await_delivery(&marker, "shown").await;
    other_screen.expect_nothing().await;
    assert_eq!(client.state(&challenge).await["deliveries"][0]["state"], "accepted");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_denial_over_the_socket_closes_the_challenge_and_alerts_every_device() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    let mut screen = client.connect(&first).await;
    let second = client.trust_another(EMAIL, &mut screen, "Second").await;
    screen.sign_in_over().await;
    let mut other_screen = client.connect(&second).await;
    let challenge = client.begin_sign_in(EMAIL, &Install::new("Third")).await;
    let code = screen.code_of(&challenge.id).await;
    other_screen.code_of(&challenge.id).await;

    screen.send(json!({ "type": "deny", "challenge_id": challenge.id })).await;
    for screen in [&mut screen, &mut other_screen] {
        let closed = screen.next().await;
        let expected = json!({ "type": "challenge_closed", "challenge_id": challenge.id, "outcome": "denied" });
        assert_eq!(closed, expected);
        let alert = screen.next().await;
        assert_eq!((&alert["type"], &alert["kind"]), (&json!("security_alert"), &json!("sign_in_denied")));
        assert!(alert["text"].as_str().is_some_and(|text| text.contains("change it now")));
    }
    client.verify(&challenge, &code).await.expect_problem(410, "challenge_closed");
    let activity = client.get("/v1/login-activity?limit=1", &first.access_token).await.expect(200);
    assert_eq!(activity["entries"][0]["outcome"], "denied");
    gateway.stop().await;
}

#[actix_web::test]
async fn nobody_denies_what_is_not_theirs() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    let mut screen = client.connect(&first).await;
    let stranger = client.new_protected_account("eve@example.com").await;
    let mut stranger_screen = client.connect(&stranger).await;
    let install = Install::new("Second");
    let challenge = client.begin_sign_in(EMAIL, &install).await;
    let code = screen.code_of(&challenge.id).await;

    stranger_screen.send(json!({ "type": "deny", "challenge_id": challenge.id })).await;
    // A marker after: their own denial, told to the same actor later, is done.
    let own = client.begin_sign_in("eve@example.com", &Install::new("Theirs")).await;
    stranger_screen.send(json!({ "type": "deny", "challenge_id": own.id })).await;
    stranger_screen.next_of("challenge_closed").await;
    let second = SignedIn::new(&install, &client.verify(&challenge, &code).await.expect(200));
    assert!(second.trust_token.is_some());
    gateway.stop().await;
}

#[actix_web::test]
async fn a_security_change_alerts_connected_devices() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    let mut screen = client.connect(&first).await;
    let body = json!({ "enabled": false, "password": PASSWORD });
    client.post("/v1/login-security/two-step", &first.access_token, body).await.expect(204);
    let alert = screen.next().await;
    assert_eq!((&alert["type"], &alert["kind"]), (&json!("security_alert"), &json!("two_step_disabled")));
    gateway.stop().await;
}
