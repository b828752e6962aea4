//! The last resort: who may ask, who may stop it, and when the mailbox counts.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use twostep::domain::delivery::EmailFallback;

use crate::support::client::{Answer, Challenge, Client, Install, PASSWORD, SignedIn};
use crate::support::gateway::TestGateway;

const ANNA: &str = "anna@example.com";
const BEN: &str = "ben@example.com";
const ASKED: &str = "Someone asked to sign in without your devices";
const CANCELLED: &str = "The request to sign in without your devices was cancelled";

/// A gateway whose mailboxes are no second step by themselves.
async fn strict() -> TestGateway {
    TestGateway::start_with(|settings| settings.delivery.email_fallback = EmailFallback::Off).await
}

async fn ask(client: &Client, token: &str, email: &str) -> Answer {
    client.post("/v1/recoveries", token, json!({ "email": email })).await
}

async fn asked(client: &Client, challenge: &Challenge) -> Value {
    ask(client, &challenge.token, ANNA).await.expect(202)["recovery"].clone()
}

fn path(recovery: &Value) -> String {
    format!("/v1/recoveries/{}", recovery["id"].as_str().expect("an id"))
}

async fn state(client: &Client, recovery: &Value, token: &str) -> Value {
    client.get(&path(recovery), token).await.expect(200)["recovery"]["state"].clone()
}

/// Lets time pass for what is waited for.
async fn pass(gateway: &TestGateway, hours: u32) {
    let columns = ["asked_at", "ready_at", "usable_until", "remind_at"];
    let sets = columns.map(|column| format!("{column} = {column} - interval '{hours} hours'"));
    gateway.database.execute(&format!("UPDATE recoveries SET {}", sets.join(", "))).await;
}

async fn by_email(client: &Client, challenge: &Challenge) -> Answer {
    client.resend(challenge, json!({ "method": "email" })).await
}

async fn in_login_security(client: &Client, device: &SignedIn) -> Value {
    client.get("/v1/login-security", &device.access_token).await.expect(200)["recovery"].clone()
}

#[actix_web::test]
async fn an_owner_without_a_device_waits_three_days_and_comes_back_by_the_mailbox_once() {
    let gateway = strict().await;
    let client = gateway.client();
    let lost = client.new_protected_account(ANNA).await;
    let install = Install::new("New phone");
    let challenge = client.begin_sign_in(ANNA, &install).await;
    assert_eq!(challenge.body["methods"], json!(["app"]));
    assert_eq!(client.state(&challenge).await["last_resort"], json!({ "wait_hours": 72, "recovery": null }));
    let recovery = asked(&client, &challenge).await;
    assert_eq!([&recovery["state"], &recovery["device"]["name"]], ["waiting", "New phone"]);
    let waits = "SELECT count(*) FROM recoveries
        WHERE ready_at - asked_at = interval '72 hours' AND usable_until - ready_at = interval '7 days'";
    assert_eq!(gateway.database.count(waits).await, 1);
    client.await_mail(ANNA, ASKED, 1).await;
    by_email(&client, &challenge).await.expect_problem(400, "invalid_request");

    pass(&gateway, 71).await;
    let early = client.begin_sign_in(ANNA, &install).await;
    assert_eq!(client.state(&early).await["last_resort"]["recovery"]["id"], recovery["id"]);
    by_email(&client, &early).await.expect_problem(400, "invalid_request");
    pass(&gateway, 1).await;
    let challenge = client.begin_sign_in(ANNA, &install).await;
    assert_eq!(challenge.body["methods"], json!(["app", "email"]));
    assert_eq!(state(&client, &recovery, &challenge.token).await, "ready");
    gateway.database.execute("UPDATE challenges SET resend_at = now()").await;
    by_email(&client, &challenge).await.expect(202);
    let code = client.mailed_code(ANNA, "sign-in code").await;
    let back = client.sign_in_with_code(&challenge, &code, &install, true).await;
    assert!(back.trust_token.is_some());
    assert_eq!(state(&client, &recovery, &back.access_token).await, "used");
    let kinds: Vec<Value> = client.activity(&back).await.iter().map(|entry| entry["kind"].clone()).collect();
    assert_eq!(kinds[..3], ["recovery_used", "sign_in", "sign_in"], "{kinds:?}");
    client.await_mail(ANNA, "Someone signed in without your devices", 1).await;
    // The answer may have got lost.
    assert_eq!(client.verify(&challenge, &code).await.expect(200)["status"], "signed_in");

    // Once.
    let again = client.begin_sign_in(ANNA, &Install::new("Another")).await;
    assert_eq!(again.body["methods"], json!(["app"]));
    by_email(&client, &again).await.expect_problem(400, "invalid_request");
    assert_eq!(in_login_security(&client, &lost).await, Value::Null);
    gateway.stop().await;
}

#[actix_web::test]
async fn any_session_of_the_account_cancels_it_and_what_came_of_it() {
    let gateway = strict().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&phone).await;
    let thief = Install::new("Thief");
    let challenge = client.begin_sign_in(ANNA, &thief).await;
    let code = screen.code_of(&challenge.id).await;
    let recovery = asked(&client, &challenge).await;
    screen.alert("recovery_asked").await;
    assert_eq!(in_login_security(&client, &phone).await["id"], recovery["id"]);
    client.delete(&path(&recovery), &phone.access_token).await.expect(204);
    screen.alert("recovery_cancelled").await;
    client.await_mail(ANNA, CANCELLED, 1).await;
    client.delete(&path(&recovery), &phone.access_token).await.expect_problem(404, "not_found");
    assert_eq!(state(&client, &recovery, &phone.access_token).await, "cancelled");
    let closed = client.verify(&challenge, &code).await.expect_problem(410, "challenge_closed");
    assert!(closed["detail"].as_str().expect("a detail").contains("cancelled"), "{closed}");

    // After the wait, too: a code by email that is under way is worth nothing then. Of a device without trust.
    let guest = Install::new("Guest");
    let begun = client.begin_sign_in(ANNA, &guest).await;
    let code = screen.code_of(&begun.id).await;
    let guest = client.sign_in_with_code(&begun, &code, &guest, false).await;
    let recovery = asked(&client, &client.begin_sign_in(ANNA, &thief).await).await;
    pass(&gateway, 72).await;
    let challenge = client.begin_sign_in(ANNA, &thief).await;
    gateway.database.execute("UPDATE challenges SET resend_at = now()").await;
    by_email(&client, &challenge).await.expect(202);
    let code = client.mailed_code(ANNA, "sign-in code").await;
    client.delete(&path(&recovery), &guest.access_token).await.expect(204);
    client.verify(&challenge, &code).await.expect_problem(410, "challenge_closed");
    assert_eq!(client.begin_sign_in(ANNA, &thief).await.body["methods"], json!(["app"]));
    gateway.stop().await;
}

#[actix_web::test]
async fn only_an_open_sign_in_of_that_account_asks_and_only_that_account_sees_it() {
    let gateway = strict().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    let other = client.new_protected_account(BEN).await;
    let mine = client.begin_sign_in(ANNA, &Install::new("New")).await;
    let of_other = client.begin_sign_in(BEN, &Install::new("New")).await;
    for (token, email) in [
        (of_other.token.as_str(), ANNA),
        (mine.token.as_str(), BEN),
        (mine.token.as_str(), "nobody@example.com"),
        (phone.access_token.as_str(), ANNA),
        ("ts_ct_AAAA", ANNA),
    ] {
        ask(&client, token, email).await.expect_problem(401, "unauthorized");
    }
    client
        .send(Method::POST, "/v1/recoveries", None, Some(json!({ "email": ANNA })))
        .await
        .expect_problem(401, "unauthorized");
    let recovery = asked(&client, &mine).await;
    client.get(&path(&recovery), &of_other.token).await.expect_problem(401, "unauthorized");
    client.get(&path(&recovery), &other.access_token).await.expect_problem(404, "not_found");
    client.delete(&path(&recovery), &other.access_token).await.expect_problem(404, "not_found");
    client.delete(&path(&recovery), &mine.token).await.expect_problem(401, "unauthorized");
    assert_eq!(state(&client, &recovery, &mine.token).await, "waiting");

    // Not with one that is over, nor with a wish to turn two-step verification off.
    client.cancel(&mine, &mine.token).await.expect(204);
    ask(&client, &mine.token, ANNA).await.expect_problem(401, "unauthorized");
    assert_eq!(state(&client, &recovery, &mine.token).await, "waiting", "its asker may still look");
    gateway.stop().await;
}

#[actix_web::test]
async fn asking_again_begins_the_wait_anew_and_rings_once_an_hour() {
    let gateway = strict().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    let challenge = client.begin_sign_in(ANNA, &Install::new("New")).await;
    let first = asked(&client, &challenge).await;
    pass(&gateway, 70).await;
    let again = join_all((0..8).map(|_| ask(&client, &challenge.token, ANNA))).await;
    assert!(again.iter().all(|answer| answer.status == 202), "{:?}", again[0].body);
    assert_eq!(gateway.database.count("SELECT count(*) FROM recoveries WHERE outcome IS NULL").await, 1);
    assert_eq!(state(&client, &first, &challenge.token).await, "superseded");
    pass(&gateway, 71).await;
    assert_eq!(in_login_security(&client, &phone).await["state"], "waiting", "never shortened");
    let told = "SELECT count(*) FROM notices WHERE kind = 'recovery_asked'";
    assert_eq!(gateway.database.count(told).await, 1);
    let entries = "SELECT count(*) FROM login_activity WHERE kind = 'recovery_asked'";
    assert_eq!(gateway.database.count(entries).await, 1, "repeated entries fold");
    gateway.stop().await;
}

#[actix_web::test]
async fn it_ends_with_what_it_rested_on() {
    for end in ["deny", "password", "address", "off", "in"] {
        let gateway = strict().await;
        let client = gateway.client();
        let phone = client.new_protected_account(ANNA).await;
        let mut screen = client.connect(&phone).await;
        let challenge = client.begin_sign_in(ANNA, &Install::new("New")).await;
        let recovery = asked(&client, &challenge).await;
        pass(&gateway, 72).await;
        let token = &phone.access_token;
        match end {
            "deny" => client.deny(&challenge, &phone).await.expect(204),
            "password" => {
                let body = json!({ "current": PASSWORD, "new": "another battery staple" });
                client.post("/v1/login-security/password", token, body).await.expect(204)
            }
            "address" => {
                let body = json!({ "email": "anna@new.example", "password": PASSWORD });
                let begun = client.post("/v1/login-security/email", token, body).await.expect(202);
                let code = client.mailed_code("anna@new.example", "Confirm your new email address").await;
                client.verify(&Challenge::new(&begun), &code).await.expect(200)
            }
            "off" => {
                let body = json!({ "enabled": false, "password": PASSWORD });
                client.post("/v1/login-security/two-step", token, body).await.expect(204)
            }
            _ => {
                // A code of a device, while the mailbox counts already: nobody needs the last resort any more.
                let code = screen.code_of(&challenge.id).await;
                client.verify(&challenge, &code).await.expect(200)
            }
        };
        assert_eq!(state(&client, &recovery, token).await, "superseded", "{end}");
        if end == "deny" {
            client.sign_in(ANNA, PASSWORD, &Install::new("New"), None).await.expect_problem(403, "account_frozen");
        }
        gateway.stop().await;
    }
}

#[actix_web::test]
async fn of_two_sign_ins_that_got_a_code_by_email_one_comes_in() {
    let gateway = strict().await;
    let client = gateway.client();
    client.new_protected_account(ANNA).await;
    asked(&client, &client.begin_sign_in(ANNA, &Install::new("First")).await).await;
    pass(&gateway, 72).await;
    let mut codes = Vec::new();
    for name in ["One", "Two"] {
        let challenge = client.begin_sign_in(ANNA, &Install::new(name)).await;
        gateway.database.execute("UPDATE challenges SET resend_at = now()").await;
        by_email(&client, &challenge).await.expect(202);
        client.await_mail(ANNA, "sign-in code", codes.len() + 1).await;
        let code = client.mailed_code(ANNA, "sign-in code").await;
        codes.push((challenge, code));
    }
    let answers = join_all(codes.iter().map(|(challenge, code)| client.verify(challenge, code))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.contains(&410), "{statuses:?}");
    gateway.stop().await;
}

#[actix_web::test]
async fn owners_are_told_daily_until_it_is_used_or_forgotten() {
    let gateway = strict().await;
    let client = gateway.client();
    let phone = client.new_protected_account(ANNA).await;
    let recovery = asked(&client, &client.begin_sign_in(ANNA, &Install::new("New")).await).await;
    let told = |kind: &str| format!("SELECT count(*) FROM notices WHERE kind = '{kind}'");
    let is_told = "SELECT count(*) FROM recoveries WHERE remind_at > now()";
    for day in 1..=2 {
        pass(&gateway, 24).await;
        gateway.database.await_count(&told("recovery_pending"), day).await;
        assert_eq!(gateway.database.count(is_told).await, 1, "once a day");
    }
    for day in 1..=7 {
        pass(&gateway, 24).await;
        gateway.database.await_count(&told("recovery_ready"), day).await;
    }
    client.await_mail(ANNA, "A code by email is now enough to sign in", 7).await;
    assert_eq!(gateway.database.count(&told("recovery_pending")).await, 2);
    pass(&gateway, 24).await;
    gateway.database.await_count("SELECT count(*) FROM recoveries WHERE outcome = 'expired'", 1).await;
    assert_eq!(gateway.database.count(&told("recovery_ready")).await, 7);
    assert_eq!(state(&client, &recovery, &phone.access_token).await, "expired");
    assert_eq!(client.begin_sign_in(ANNA, &Install::new("New")).await.body["methods"], json!(["app"]));
    gateway.stop().await;
}

#[actix_web::test]
async fn an_operator_sees_it_and_cancels_it_for_an_owner() {
    let gateway = strict().await;
    let client = gateway.client();
    client.new_protected_account(ANNA).await;
    let challenge = client.begin_sign_in(ANNA, &Install::new("New")).await;
    let recovery = asked(&client, &challenge).await;
    let operator = gateway.operator();
    let shown = operator.send(Method::GET, "/admin/accounts?email=anna@example.com", None, None).await.expect(200);
    assert_eq!((&shown["recovery"]["id"], &shown["recovery"]["state"]), (&recovery["id"], &json!("waiting")));
    assert_eq!((&shown["ways"]["trusted_devices"]["count"], &shown["ways"]["email"]), (&json!(1), &json!(false)));
    assert!(shown["ways"]["email_proven_at"].is_string(), "{shown}");
    let address = format!("/admin/accounts/{}/recovery", shown["id"].as_str().expect("an id"));
    operator.send(Method::DELETE, &address, None, None).await.expect(204);
    operator.send(Method::DELETE, &address, None, None).await.expect_problem(404, "not_found");
    assert_eq!(state(&client, &recovery, &challenge.token).await, "cancelled");
    client.await_mail(ANNA, CANCELLED, 1).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_service_that_has_none_says_so() {
    let gateway = TestGateway::start_with(|settings| settings.accounts.last_resort_hours = Some(0)).await;
    let client = gateway.client();
    client.new_protected_account(ANNA).await;
    let challenge = client.begin_sign_in(ANNA, &Install::new("New")).await;
    assert_eq!(client.state(&challenge).await["last_resort"], Value::Null);
    ask(&client, &challenge.token, ANNA).await.expect_problem(403, "forbidden");
    gateway.stop().await;
}
