//! `POST /v1/challenges/{id}/verify`.

use serde_json::json;

use super::{ANNA, Scene, assert_goes_on, count, expire, stored, wait_out_resend};
use crate::support::client::{Challenge, Install, PASSWORD, SignedIn, wrong};
use crate::support::gateway::TestGateway;

#[actix_web::test]
async fn the_right_code_makes_a_session_on_a_trusted_device() {
    let scene = Scene::new().await;
    let client = &scene.client;
    let before = count(&scene.gateway.database, "sessions").await;
    let body = client.verify(&scene.challenge, &scene.code).await.expect(200);
    assert_eq!((&body["status"], &body["device"]["trusted"]), (&json!("signed_in"), &json!(true)));
    assert_eq!([&body["device"]["name"], &body["device"]["platform"]], ["New", "android"]);
    let new = SignedIn::new(&scene.install, &body);
    assert_ne!(new.device_id, scene.trusted.device_id);
    assert_eq!(count(&scene.gateway.database, "sessions").await, before + 1);
    let entry = &client.activity(&new).await[0];
    assert_eq!([&entry["kind"], &entry["outcome"], &entry["method"]], ["sign_in", "succeeded", "app"]);
    client.sign_in(ANNA, PASSWORD, &new.install, new.trust_token.as_deref()).await.expect(200);
    assert_goes_on(client, &scene.trusted).await;
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_device_that_shall_not_be_trusted_gets_a_session_only() {
    let scene = Scene::new().await;
    let client = &scene.client;
    let body = json!({ "code": scene.code, "trust_device": false });
    let body = client.post(&scene.challenge.path("/verify"), &scene.challenge.token, body).await.expect(200);
    assert_eq!(body["device"]["trusted"], false);
    let new = SignedIn::new(&scene.install, &body);
    assert_eq!(new.trust_token, None);
    assert_goes_on(client, &new).await;
    client.sign_in(ANNA, PASSWORD, &new.install, None).await.expect(202);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_code_may_be_typed_as_it_is_grouped() {
    let scene = Scene::new().await;
    let grouped = format!(" {} {} ", &scene.code[..3], &scene.code[3..]);
    scene.client.verify(&scene.challenge, &grouped).await.expect(200);
    scene.gateway.stop().await;
}

/// With the digits of whatever keyboard, and whatever was copied along.
#[actix_web::test]
async fn a_code_is_read_in_any_digits_and_out_of_its_sentence() {
    let scene = Scene::new().await;
    let in_script = |zero: u32| -> String {
        let digit = |digit: u32| char::from_u32(zero + digit).expect("a digit");
        scene.code.chars().map(|character| digit(character.to_digit(10).expect("ASCII"))).collect()
    };
    let (arabic, devanagari, full) = (in_script(0x660), in_script(0x966), in_script(0xff10));
    let (first, last) = scene.code.split_at(3);
    for text in [
        arabic.clone(),
        devanagari,
        full,
        format!("{first}-{last}"),
        format!("Your sign-in code is {first} {last}."),
        format!("\u{2067}{arabic}\u{2069}"),
    ] {
        scene.client.verify(&scene.challenge, &text).await.expect(200);
    }
    scene.gateway.stop().await;
}

/// Two mails of one sign-in, and the older one is opened.
#[actix_web::test]
async fn an_earlier_code_is_named_and_costs_no_attempt() {
    let mut scene = Scene::new().await;
    let client = scene.client.clone();
    let mut earlier = vec![scene.code.clone()];
    for _ in 0..2 {
        wait_out_resend(&scene.gateway.database, &scene.challenge).await;
        client.resend(&scene.challenge, json!({})).await.expect(202);
        earlier.push(scene.screen.code_of(&scene.challenge.id).await);
    }
    let newest = earlier.pop().expect("three");
    for code in &earlier {
        let refused = client.verify(&scene.challenge, code).await.expect_problem(422, "wrong_code");
        assert_eq!((&refused["earlier_code"], &refused["attempts_left"]), (&json!(true), &json!(5)));
    }
    assert_eq!(stored(&scene.gateway.database, &scene.challenge, "attempts").await, 0);
    client.verify(&scene.challenge, &newest).await.expect(200);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_code_that_is_sent_again_gets_the_same_answer_for_a_minute() {
    for trust_device in [true, false] {
        let scene = Scene::new().await;
        let (client, challenge) = (&scene.client, &scene.challenge);
        let body = json!({ "code": scene.code, "trust_device": trust_device });
        let send = async || client.post(&challenge.path("/verify"), &challenge.token, body.clone()).await;
        let answer = send().await.expect(200);
        assert_eq!(send().await.expect(200), answer);
        let new = SignedIn::new(&scene.install, &answer);
        assert_goes_on(client, &new).await;
        assert_eq!(send().await.expect(200), answer);
        // Nothing happened twice.
        assert_eq!(count(&scene.gateway.database, "sessions").await, 2);
        let entries = client.activity(&scene.trusted).await;
        assert_eq!(entries.iter().filter(|entry| entry["kind"] == "sign_in").count(), 1, "{entries:?}");
        client.await_mail(ANNA, "new device", 1).await;
        assert_eq!(client.mails(ANNA, "new device").await.len(), 1);

        scene.gateway.database.age("challenges", "closed_at", 60, "outcome = 'verified'").await;
        send().await.expect_problem(410, "challenge_closed");
        assert_goes_on(client, &new).await;
        scene.gateway.stop().await;
    }
}

#[actix_web::test]
async fn who_sends_a_verified_code_again_guesses_ten_times_and_gets_no_session_that_is_over() {
    let scene = Scene::new().await;
    let (client, challenge) = (&scene.client, &scene.challenge);
    let answer = client.verify(challenge, &scene.code).await.expect(200);
    for _ in 0..9 {
        client.verify(challenge, &wrong(&scene.code)).await.expect_problem(410, "challenge_closed");
    }
    assert_eq!(client.verify(challenge, &scene.code).await.expect(200), answer);
    client.verify(challenge, &scene.code).await.expect_problem(410, "challenge_closed");
    assert_eq!(stored(&scene.gateway.database, challenge, "attempts").await, 1);

    let other = Scene::new().await;
    let new = SignedIn::new(&other.install, &other.client.verify(&other.challenge, &other.code).await.expect(200));
    other.client.delete("/v1/sessions/current", &new.access_token).await.expect(204);
    other.client.verify(&other.challenge, &other.code).await.expect_problem(410, "challenge_closed");
    scene.gateway.stop().await;
    other.gateway.stop().await;
}

/// The other purposes of a code.
#[actix_web::test]
async fn an_account_is_made_and_two_step_turned_on_and_off_by_an_answer_that_was_lost() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let install = Install::new("First");
    let challenge = Challenge::new(&client.create_account(ANNA, &install).await.expect(202));
    let code = client.mailed_code(ANNA, "Confirm").await;
    let made = client.verify(&challenge, &code).await.expect(200);
    assert_eq!(client.verify(&challenge, &code).await.expect(200), made);
    let first = SignedIn::new(&install, &made);

    let on = json!({ "enabled": true });
    let on = Challenge::new(&client.post("/v1/login-security/two-step", &first.access_token, on).await.expect(202));
    let code = client.mailed_code(ANNA, "Turn on").await;
    let enabled = client.verify(&on, &code).await.expect(200);
    assert_eq!(client.verify(&on, &code).await.expect(200), enabled);
    let trust_token = enabled["device"]["trust_token"].as_str();
    let again = client.sign_in(ANNA, PASSWORD, &install, trust_token).await.expect(200);
    assert_eq!(again["device"]["trusted"], true);
    gateway.stop().await;
}

#[actix_web::test]
async fn an_expired_code_is_refused() {
    let scene = Scene::new().await;
    expire(&scene.gateway.database, &scene.challenge).await;
    scene.client.verify(&scene.challenge, &scene.code).await.expect_problem(410, "challenge_closed");
    assert_eq!(scene.state().await, "expired");
    assert_eq!(stored(&scene.gateway.database, &scene.challenge, "attempts").await, 0);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn after_five_wrong_codes_the_right_one_is_refused_too() {
    let scene = Scene::new().await;
    let client = &scene.client;
    for left in (0..5).rev() {
        let body = client.verify(&scene.challenge, &wrong(&scene.code)).await.expect_problem(422, "wrong_code");
        assert_eq!(body["attempts_left"], left);
    }
    let refused = client.verify(&scene.challenge, &scene.code).await;
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(refused.expect_problem(429, "too_many_attempts")["attempts_left"], 0);
    client.resend(&scene.challenge, json!({ "method": "email" })).await.expect_problem(429, "too_many_attempts");
    assert_eq!(scene.state().await, "attempts_exhausted");
    assert_eq!(stored(&scene.gateway.database, &scene.challenge, "attempts").await, 5);
    assert_eq!(client.activity(&scene.trusted).await[0]["outcome"], "attempts_exhausted");
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_code_of_another_challenge_is_wrong() {
    let mut scene = Scene::new().await;
    let other = scene.client.begin_sign_in(ANNA, &Install::new("Other")).await;
    let code = scene.screen.code_of(&other.id).await;
    assert_ne!(code, scene.code, "one chance in a million: run it again");
    scene.client.verify(&scene.challenge, &code).await.expect_problem(422, "wrong_code");
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_text_that_cannot_be_a_code_is_not_counted_as_a_guess() {
    let scene = Scene::new().await;
    for text in ["", "12345", "1234567", "12345678901", "12a456", "123456 or 654321"] {
        let refused = scene.client.verify(&scene.challenge, text).await.expect_problem(400, "invalid_request");
        assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("6 digits")), "{text:?}: {refused}");
    }
    assert_eq!(stored(&scene.gateway.database, &scene.challenge, "attempts").await, 0);
    scene.gateway.stop().await;
}
