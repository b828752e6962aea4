//! Another address for an account.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::{Answer, Challenge, Client, Install, PASSWORD, SignedIn, code_in, wrong};
use crate::support::gateway::TestGateway;

const ANNA: &str = "anna@example.com";
const NEW: &str = "anna@new.example";
const BEN: &str = "ben@example.com";

async fn change(client: &Client, device: &SignedIn, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    client.post("/v1/login-security/email", &device.access_token, body).await
}

async fn begin(client: &Client, device: &SignedIn, email: &str) -> Challenge {
    Challenge::new(&change(client, device, email, PASSWORD).await.expect(202))
}

/// Changes the address of the device's account to the new one.
async fn changed(client: &Client, device: &SignedIn) {
    let challenge = begin(client, device, NEW).await;
    let code = client.mailed_code(NEW, "Confirm your new email address").await;
    assert_eq!(client.verify(&challenge, &code).await.expect(200)["status"], "email_changed");
}

/// Id and secret of the link that the address before got.
async fn undo_link(client: &Client) -> (String, String) {
    let mail = client.await_mail(ANNA, "The email address of your account was changed", 1).await;
    let (_, link) = mail.split_once("#undo-email=").expect("a link");
    let (id, secret) = link.split_whitespace().next().and_then(|link| link.split_once('.')).expect("its parts");
    (id.to_owned(), secret.to_owned())
}

async fn undo(client: &Client, id: &str, secret: &str) -> Answer {
    let body = json!({ "secret": secret });
    client.send(Method::POST, &format!("/v1/email-changes/{id}/undo"), None, Some(body)).await
}

async fn email_of(client: &Client, device: &SignedIn) -> Value {
    client.get("/v1/login-security", &device.access_token).await.expect(200)["full_email"].clone()
}

#[actix_web::test]
async fn a_code_to_the_new_address_changes_it_and_the_old_one_is_told() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    let challenge = begin(&client, &phone, NEW).await;
    assert_eq!([&challenge.body["purpose"], &challenge.body["method"]], ["change_email", "email"]);
    assert_eq!(challenge.body["destination"], "a•••@new.example");
    let mail = client.await_mail(NEW, "Confirm your new email address", 1).await;
    assert!(!mail.contains(&phone.install.json()["name"].as_str().expect("a name").to_owned()), "{mail}");
    let code = code_in(&mail).expect("a code");
    client.verify(&challenge, &wrong(&code)).await.expect_problem(422, "wrong_code");
    assert_eq!(email_of(&client, &phone).await, ANNA, "not before the code");
    client.verify(&challenge, &code).await.expect(200);
    // The answer may have got lost.
    assert_eq!(client.verify(&challenge, &code).await.expect(200)["status"], "email_changed");

    assert_eq!(email_of(&client, &phone).await, NEW);
    client.sign_in(ANNA, PASSWORD, &phone.install, None).await.expect_problem(401, "invalid_credentials");
    client.sign_in(NEW, PASSWORD, &phone.install, phone.trust_token.as_deref()).await.expect(200);
    undo_link(&client).await;
    client.await_mail(NEW, "The email address of your account was changed", 1).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn whoever_reads_the_old_address_undoes_it_and_freezes_sign_ins() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    changed(&client, &phone).await;
    let (id, secret) = undo_link(&client).await;
    for wrong in ["", "ts_ua_", "ts_ua_AAAA", &secret.replace("ts_ua_", "ts_pw_"), &secret[..secret.len() - 1]] {
        undo(&client, &id, wrong).await.expect_problem(401, "unauthorized");
    }
    undo(&client, &id, &secret).await.expect(204);
    undo(&client, &id, &secret).await.expect(204);
    assert_eq!(email_of(&client, &phone).await, ANNA);
    client.sign_in(ANNA, PASSWORD, &Install::new("New"), None).await.expect_problem(403, "account_frozen");
    client.sign_in(ANNA, PASSWORD, &phone.install, phone.trust_token.as_deref()).await.expect(200);
    for told in [ANNA, NEW] {
        client.await_mail(told, "The change of your email address was undone", 1).await;
    }
    gateway.database.execute("UPDATE email_changes SET undone_at = undone_at - interval '2 minutes'").await;
    undo(&client, &id, &secret).await.expect_problem(401, "unauthorized");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_change_can_be_undone_for_72_hours_and_an_earlier_undo_ends_the_later_ones() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    changed(&client, &phone).await;
    let good = "SELECT count(*) FROM email_changes WHERE undo_until - changed_at = interval '72 hours'";
    assert_eq!(gateway.database.count(good).await, 1);
    let (id, secret) = undo_link(&client).await;
    let challenge = begin(&client, &phone, "anna@third.example").await;
    let code = client.mailed_code("anna@third.example", "Confirm your new email address").await;
    client.verify(&challenge, &code).await.expect(200);
    undo(&client, &id, &secret).await.expect(204);
    assert_eq!(email_of(&client, &phone).await, ANNA);
    let open = "SELECT count(*) FROM email_changes WHERE undone_at IS NULL AND undo_until > now()";
    assert_eq!(gateway.database.count(open).await, 0);
    gateway.stop().await;

    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    changed(&client, &phone).await;
    let (id, secret) = undo_link(&client).await;
    gateway.database.execute("UPDATE email_changes SET undo_until = now()").await;
    undo(&client, &id, &secret).await.expect_problem(401, "unauthorized");
    assert_eq!(email_of(&client, &phone).await, NEW);
    gateway.stop().await;
}

/// A session alone changes nothing, and an address of somebody else is not told apart from a free one.
#[actix_web::test]
async fn it_takes_a_trusted_device_the_password_and_an_address_that_is_nobodys() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    client.new_account(BEN).await;
    let mut screen = client.connect(&phone).await;
    let install = Install::new("Guest");
    let begun = client.begin_sign_in(ANNA, &install).await;
    let code = screen.code_of(&begun.id).await;
    let guest = client.sign_in_with_code(&begun, &code, &install, false).await;
    change(&client, &guest, NEW, PASSWORD).await.expect_problem(403, "device_not_trusted");
    change(&client, &phone, NEW, "wrong battery staple").await.expect_problem(401, "invalid_credentials");
    change(&client, &phone, ANNA, PASSWORD).await.expect_problem(400, "invalid_request");
    change(&client, &phone, "no address", PASSWORD).await.expect_problem(400, "invalid_request");

    let taken = change(&client, &phone, BEN, PASSWORD).await.expect(202)["challenge"].clone();
    let free = change(&client, &phone, NEW, PASSWORD).await.expect(202)["challenge"].clone();
    let names = |challenge: &Value| challenge.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&taken), names(&free));
    client.await_mail(BEN, "You already have an account", 1).await;
    assert!(client.mails(BEN, "Confirm your new email address").await.is_empty());

    // Somebody else confirms it first: then the code is right no more.
    let creating = client.create_account("late@example.com", &Install::new("Other")).await.expect(202);
    let confirming = client.mailed_code("late@example.com", "Confirm your email address").await;
    let late = begin(&client, &phone, "late@example.com").await;
    let code = client.mailed_code("late@example.com", "Confirm your new email address").await;
    client.verify(&Challenge::new(&creating), &confirming).await.expect(200);
    client.verify(&late, &code).await.expect_problem(410, "challenge_closed");
    assert_eq!(email_of(&client, &phone).await, ANNA);
    gateway.stop().await;
}

/// Codes that were mailed to the old address are replaced, and the new one gets none while a trusted device may show them.
#[actix_web::test]
async fn codes_follow_the_account_and_not_the_old_address() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&phone).await;
    let open = client.begin_sign_in(ANNA, &Install::new("New")).await;
    screen.code_of(&open.id).await;
    client.resend(&open, json!({ "method": "email" })).await.expect(202);
    let mailed = client.mailed_code(ANNA, "Your sign-in code").await;
    changed(&client, &phone).await;
    client.verify(&open, &mailed).await.expect_problem(422, "wrong_code");
    let shown = screen.code_of(&open.id).await;
    client.verify(&open, &shown).await.expect(200);
    assert!(client.mails(NEW, "Your sign-in code").await.is_empty());
    let next = client.begin_sign_in(NEW, &Install::new("Next")).await;
    assert_eq!(next.body["methods"], json!(["app"]), "for a day");
    gateway.stop().await;
}
