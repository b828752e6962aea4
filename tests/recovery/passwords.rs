//! A forgotten password.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::{Answer, Challenge, Client, Install, PASSWORD};
use crate::support::gateway::TestGateway;

const ANNA: &str = "anna@example.com";
const OTHER: &str = "anna@new.example";
const NEW: &str = "another battery staple";
const SUBJECT: &str = "Choose a new password";

/// What a link holds.
struct Link {
    id: String,
    secret: String,
}

async fn ask(client: &Client, email: &str) -> Answer {
    client.send(Method::POST, "/v1/password-resets", None, Some(json!({ "email": email }))).await
}

async fn mailed(client: &Client, count: usize) -> Link {
    mailed_to(client, ANNA, count).await
}

async fn mailed_to(client: &Client, mailbox: &str, count: usize) -> Link {
    link(&client.await_mail(mailbox, SUBJECT, count).await, "#reset=")
}

fn link(mail: &str, fragment: &str) -> Link {
    let (_, link) = mail.split_once(fragment).expect("a link");
    let link = link.split_whitespace().next().expect("its end");
    let (id, secret) = link.split_once('.').expect("an id and a secret");
    Link { id: id.to_owned(), secret: secret.to_owned() }
}

async fn set(client: &Client, link: &Link, password: &str) -> Answer {
    let body = json!({ "secret": link.secret, "password": password });
    client.send(Method::POST, &format!("/v1/password-resets/{}", link.id), None, Some(body)).await
}

#[actix_web::test]
async fn a_link_sets_a_new_password_and_the_second_step_stays() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    ask(&client, ANNA).await.expect(202);
    let link = mailed(&client, 1).await;
    set(&client, &link, "password1").await.expect_problem(400, "common_password");
    set(&client, &link, "short").await.expect_problem(400, "invalid_request");
    set(&client, &link, NEW).await.expect(204);

    client.get("/v1/login-security", &phone.access_token).await.expect_problem(401, "unauthorized");
    client.sign_in(ANNA, PASSWORD, &phone.install, None).await.expect_problem(401, "invalid_credentials");
    client.sign_in(ANNA, NEW, &Install::new("Stranger"), None).await.expect(202);
    let trusted = client.sign_in(ANNA, NEW, &phone.install, phone.trust_token.as_deref()).await.expect(200);
    let back = crate::support::client::SignedIn::new(&phone.install, &trusted);
    let security = client.get("/v1/login-security", &back.access_token).await.expect(200);
    assert_eq!((&security["two_step"]["enabled"], &security["sign_ins_frozen_at"]), (&json!(true), &Value::Null));
    let kinds: Vec<Value> = client.activity(&back).await.iter().map(|entry| entry["kind"].clone()).collect();
    assert!(kinds.contains(&json!("password_reset")), "{kinds:?}");
    client.await_mail(ANNA, "Your password was reset", 1).await;

    // Once. The answer may have got lost: the same again, for a minute.
    set(&client, &link, NEW).await.expect(204);
    set(&client, &link, "yet another staple").await.expect_problem(401, "unauthorized");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_link_is_good_once_for_half_an_hour_and_by_its_own_secret() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.new_protected_account(ANNA).await;
    ask(&client, ANNA).await.expect(202);
    let first = mailed(&client, 1).await;
    ask(&client, ANNA).await.expect(202);
    let second = mailed(&client, 2).await;
    assert_ne!(first.id, second.id);
    let mixed = Link { id: first.id.clone(), secret: second.secret.clone() };
    for wrong in ["", "ts_pw_", "ts_pw_AAAA", &second.secret[..second.secret.len() - 1], &mixed.secret] {
        let wrong = Link { id: first.id.clone(), secret: wrong.to_owned() };
        set(&client, &wrong, NEW).await.expect_problem(401, "unauthorized");
    }
    let unknown = Link { id: uuid::Uuid::now_v7().to_string(), secret: first.secret.clone() };
    set(&client, &unknown, NEW).await.expect_problem(401, "unauthorized");
    let half_an_hour = "expires_at - created_at = interval '30 minutes'";
    let all = gateway.database.count(&format!("SELECT count(*) FROM password_resets WHERE {half_an_hour}")).await;
    assert_eq!(all, 2);

    // Of many at once one sets the password, and it ends the other link as well.
    let passwords: Vec<String> = (0..8).map(|number| format!("battery staple number {number}")).collect();
    let answers = join_all(passwords.iter().map(|password| set(&client, &second, password))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 204).count(), 1);
    set(&client, &first, NEW).await.expect_problem(401, "unauthorized");

    ask(&client, ANNA).await.expect(202);
    let third = mailed(&client, 3).await;
    gateway.database.execute("UPDATE password_resets SET expires_at = now() WHERE used_at IS NULL").await;
    set(&client, &third, NEW).await.expect_problem(401, "unauthorized");
    gateway.stop().await;
}

/// A stranger learns nothing, and mails are bounded by who asks.
#[actix_web::test]
async fn the_answer_is_the_same_for_every_address_and_a_mailbox_is_not_flooded() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.new_protected_account(ANNA).await;
    client.create_account("unconfirmed@example.com", &Install::new("New")).await.expect(202);
    for email in [ANNA, "nobody@example.com", "unconfirmed@example.com"] {
        let answer = ask(&client, email).await;
        assert_eq!((answer.status.as_u16(), &answer.body), (202, &json!("")), "{email}");
    }
    for nonsense in ["", "anna", "anna@"] {
        ask(&client, nonsense).await.expect_problem(400, "invalid_request");
    }
    for _ in 0..20 {
        ask(&client, ANNA).await.expect(202);
    }
    let notices = "SELECT count(*) FROM notices WHERE kind = 'password_reset_asked'";
    let mailed = gateway.database.count(notices).await;
    assert!((1..=6).contains(&mailed), "{mailed} mails");
    gateway.stop().await;
}

/// A mailbox alone lifts no freeze, and its owner is told what does.
#[actix_web::test]
async fn a_freeze_stays_and_its_owner_is_told_what_to_do() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    let open = client.begin_sign_in(ANNA, &Install::new("Thief")).await;
    client.deny(&open, &phone).await.expect(204);
    ask(&client, ANNA).await.expect(202);
    let mail = client.await_mail(ANNA, SUBJECT, 1).await;
    assert!(mail.contains("No new device can sign in at the moment"), "{mail}");
    set(&client, &mailed(&client, 1).await, NEW).await.expect(204);
    client.sign_in(ANNA, NEW, &Install::new("New"), None).await.expect_problem(403, "account_frozen");
    client.sign_in(ANNA, NEW, &phone.install, phone.trust_token.as_deref()).await.expect(200);
    gateway.stop().await;
}

/// A reset is no way around the second step: a sign-in that waits for its code ends, and guesses stay counted.
#[actix_web::test]
async fn open_sign_ins_end_and_guesses_stay_counted() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&phone).await;
    let open = client.begin_sign_in(ANNA, &Install::new("Thief")).await;
    let code = screen.code_of(&open.id).await;
    client.verify(&open, &crate::support::client::wrong(&code)).await.expect_problem(422, "wrong_code");
    ask(&client, ANNA).await.expect(202);
    set(&client, &mailed(&client, 1).await, NEW).await.expect(204);
    client.verify(&open, &code).await.expect_problem(410, "challenge_closed");
    assert_eq!(gateway.database.count("SELECT failures::bigint FROM code_budgets").await, 1);
    gateway.stop().await;
}

/// What went to a mailbox is worth nothing once the password is another, or the mailbox is not the account's any more.
#[actix_web::test]
async fn a_link_ends_with_the_password_and_with_the_address_that_it_was_for() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    ask(&client, ANNA).await.expect(202);
    let before_password = mailed(&client, 1).await;
    let body = json!({ "current": PASSWORD, "new": NEW });
    client.post("/v1/login-security/password", &phone.access_token, body).await.expect(204);
    set(&client, &before_password, "yet another staple").await.expect_problem(401, "unauthorized");

    ask(&client, ANNA).await.expect(202);
    let before_change = mailed(&client, 2).await;
    let change = json!({ "email": OTHER, "password": NEW });
    let begun = client.post("/v1/login-security/email", &phone.access_token, change).await.expect(202);
    let code = client.mailed_code(OTHER, "Confirm your new email address").await;
    client.verify(&Challenge::new(&begun), &code).await.expect(200);
    set(&client, &before_change, "yet another staple").await.expect_problem(401, "unauthorized");

    // Whoever changed the address may have asked for a link there: undone, it is not theirs any more.
    ask(&client, OTHER).await.expect(202);
    let before_undo = mailed_to(&client, OTHER, 1).await;
    let mail = client.await_mail(ANNA, "The email address of your account was changed", 1).await;
    let undo = link(&mail, "#undo-email=");
    let path = format!("/v1/email-changes/{}/undo", undo.id);
    client.send(Method::POST, &path, None, Some(json!({ "secret": undo.secret }))).await.expect(204);
    set(&client, &before_undo, "yet another staple").await.expect_problem(401, "unauthorized");
    gateway.stop().await;
}
