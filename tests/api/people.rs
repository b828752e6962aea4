//! What people, phones and keyboards cannot help writing: one mailbox, one password, and the true cause of an end.

use serde_json::json;

use super::{ANNA, BEN};
use crate::support::client::{Challenge, Client, Install, PASSWORD, SignedIn, wrong};
use crate::support::gateway::TestGateway;

/// A confirmed account at an address as somebody wrote it; the mail went to `mailbox`.
async fn account_at(client: &Client, typed: &str, mailbox: &str, password: &str) -> SignedIn {
    let install = Install::new("First");
    let body = json!({ "email": typed, "password": password, "device": install.json() });
    let begun = client.send(reqwest::Method::POST, "/v1/accounts", None, Some(body)).await.expect(202);
    let code = client.mailed_code(mailbox, "Confirm").await;
    SignedIn::new(&install, &client.verify(&Challenge::new(&begun), &code).await.expect(200))
}

#[actix_web::test]
async fn a_mailbox_is_one_account_however_it_is_typed() {
    for (made, mailbox, typed) in [
        (
            "anna@bücher.example",
            "anna@xn--bcher-kva.example",
            &["anna@xn--bcher-kva.example", "Anna@BÜCHER.example"][..],
        ),
        (
            "andr\u{e9}@mail.example",
            "andr\u{e9}@mail.example",
            &["andre\u{301}@mail.example", "ANDR\u{c9}@mail.example."],
        ),
        ("an\u{200b}na@mail.example", "anna@mail.example", &["anna@mail.example", "\u{feff}anna@mail.example\u{a0}"]),
        ("ben@mail.example", "ben@mail.example", &["ｂｅｎ＠ｍａｉｌ．ｅｘａｍｐｌｅ", "ben@mail。example"]),
    ] {
        let gateway = TestGateway::start().await;
        let client = gateway.client();
        let first = account_at(&client, made, mailbox, PASSWORD).await;
        for typed in typed {
            client.sign_in(typed, PASSWORD, &first.install, None).await.expect(200);
            // Nor is there a second account: whoever asks is told by mail that there is one.
            client.create_account(typed, &Install::new("Other")).await.expect(202);
        }
        assert_eq!(gateway.database.count("SELECT count(*) FROM accounts").await, 1, "{made}");
        gateway.stop().await;
    }
}

#[actix_web::test]
async fn what_no_mail_can_reach_is_refused_where_it_is_typed() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    for text in ["anna@xn--a.example", "anna@under_score.example", "\u{200b}@mail.example", "anna@"] {
        let refused = client.create_account(text, &Install::new("First")).await.expect_problem(400, "invalid_request");
        assert!(refused["detail"].as_str().is_some_and(|detail| detail.starts_with("`email`")), "{text}: {refused}");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn a_password_is_one_however_its_letters_are_made() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let (composed, apart) = ("caf\u{e9} na\u{ef}ve r\u{e9}sum\u{e9}", "cafe\u{301} nai\u{308}ve re\u{301}sume\u{301}");
    for (email, made) in [(ANNA, composed), (BEN, apart)] {
        let first = account_at(&client, email, email, made).await;
        for typed in [composed, apart] {
            client.sign_in(email, typed, &first.install, None).await.expect(200);
        }
        client
            .sign_in(email, "cafe naive resume", &first.install, None)
            .await
            .expect_problem(401, "invalid_credentials");
    }
    gateway.stop().await;
}

/// As an earlier version hashed it: as it was typed.
#[actix_web::test]
async fn a_password_that_was_hashed_as_it_was_typed_is_good_and_renewed() {
    use argon2::PasswordHasher;
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let (composed, apart) = ("caf\u{e9} caf\u{e9} caf\u{e9}", "cafe\u{301} cafe\u{301} cafe\u{301}");
    let cost = argon2::Params::new(8192, 1, 1, Some(32)).expect("a cost");
    let hasher = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, cost);
    let old = hasher.hash_password(apart.as_bytes()).expect("hashed").to_string();
    gateway.database.execute(&format!("UPDATE accounts SET password_hash = '{old}'")).await;
    client.sign_in(ANNA, composed, &first.install, None).await.expect_problem(401, "invalid_credentials");
    client.sign_in(ANNA, apart, &first.install, None).await.expect(200);
    client.sign_in(ANNA, composed, &first.install, None).await.expect(200);
    gateway.stop().await;
}

/// One outcome, one cause.
#[actix_web::test]
async fn a_request_that_something_else_ended_says_what() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let owner = client.new_protected_account(ANNA).await;
    let install = Install::new("New");
    let told = async |challenge: &Challenge| {
        let problem = client.verify(challenge, "123456").await.expect_problem(410, "challenge_closed");
        let state = client.state(challenge).await;
        assert_eq!(state["state"], "superseded");
        let hint = state["hints"][0]["text"].as_str().expect("a text").to_owned();
        (problem["detail"].as_str().expect("a text").to_owned(), hint)
    };
    let older = client.begin_sign_in(ANNA, &install).await;
    let newer = client.begin_sign_in(ANNA, &install).await;
    let (detail, hint) = told(&older).await;
    assert!(detail.contains("asked again") && hint.contains("newest code"), "{detail} {hint}");

    let body = json!({ "current": PASSWORD, "new": "another battery staple" });
    client.post("/v1/login-security/password", &owner.access_token, body).await.expect(204);
    let (detail, hint) = told(&newer).await;
    assert!(detail.contains("password was changed") && hint.contains("password was changed"), "{detail} {hint}");

    let sign_in = async |name: &str| {
        let body = client.sign_in(ANNA, "another battery staple", &Install::new(name), None).await.expect(202);
        Challenge::new(&body)
    };
    let (one, other) = (sign_in("One").await, sign_in("Other").await);
    client.deny(&one, &owner).await.expect(204);
    let (detail, hint) = told(&other).await;
    assert!(detail.contains("No new device") && hint.contains("paused"), "{detail} {hint}");
    gateway.stop().await;
}

#[actix_web::test]
async fn who_gives_up_ends_the_challenge_and_nothing_that_was_counted() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let owner = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&owner).await;
    let challenge = client.begin_sign_in(ANNA, &Install::new("New")).await;
    let code = screen.code_of(&challenge.id).await;
    client.verify(&challenge, &wrong(&code)).await.expect_problem(422, "wrong_code");

    let other = client.begin_sign_in(ANNA, &Install::new("Other")).await;
    let good = screen.code_of(&other.id).await;
    client.cancel(&challenge, &other.token).await.expect_problem(401, "unauthorized");
    client.cancel(&challenge, &owner.access_token).await.expect_problem(401, "unauthorized");
    client.cancel(&challenge, &challenge.token).await.expect(204);
    let closed = screen.next_of("challenge_closed").await;
    assert_eq!((&closed["challenge_id"], &closed["outcome"]), (&json!(challenge.id), &json!("superseded")));
    client.cancel(&challenge, &challenge.token).await.expect(204);
    client.verify(&challenge, &code).await.expect_problem(410, "challenge_closed");
    let hint = client.state(&challenge).await["hints"][0]["text"].clone();
    assert!(hint.as_str().is_some_and(|text| text.contains("cancelled")), "{hint}");

    // The other one goes on, the owner sees that somebody came so far, and the guess stays counted.
    let outcomes: Vec<_> = client.activity(&owner).await.iter().map(|entry| entry["outcome"].clone()).collect();
    assert!(outcomes.contains(&json!("superseded")), "{outcomes:?}");
    let guesses = "SELECT failures::bigint FROM code_budgets WHERE kind = 'account'";
    assert_eq!(gateway.database.count(guesses).await, 1);
    client.verify(&other, &good).await.expect(200);
    // What was verified stays so.
    client.cancel(&other, &other.token).await.expect(204);
    assert_eq!(client.state(&other).await["state"], "verified");
    gateway.stop().await;
}

/// A program without a screen: trusted once, then it goes on by its tokens.
#[actix_web::test]
async fn a_device_of_any_other_kind_signs_in_and_goes_on() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.new_account(ANNA).await;
    let mut device = Install::new("Backup job").json();
    device["platform"] = json!("other");
    let body = json!({ "email": ANNA, "password": PASSWORD, "device": device });
    let answer = client.send(reqwest::Method::POST, "/v1/sign-in", None, Some(body)).await.expect(200);
    assert_eq!(answer["device"]["platform"], "other");
    gateway.stop().await;
}

#[actix_web::test]
async fn no_name_that_a_stranger_chose_is_a_link_beside_a_code() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let owner = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&owner).await;
    for (name, shown) in [
        ("locked! Unlock at https://evil.example", "Android phone"),
        ("call +36 1 234 5678", "Android phone"),
        ("evil\u{2024}example", "Android phone"),
        ("Anna’s Pixel 7", "Anna’s Pixel 7"),
    ] {
        let challenge = client.begin_sign_in(ANNA, &Install::new(name)).await;
        let code = screen.next_of("code").await;
        assert_eq!((&code["requester"]["name"], &code["requester"]["model"]), (&json!(shown), &json!("Model")));
        client.cancel(&challenge, &challenge.token).await.expect(204);
    }
    gateway.stop().await;
}
