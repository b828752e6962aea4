//! What a push carries.

use serde_json::Value;
use twostep::settings::PushContentSetting;

use super::stage::{EMAIL, Stage, apns_token, settle_notices, silent_code};
use crate::support::client::Install;

#[actix_web::test]
async fn a_push_carries_the_code_its_life_and_its_collapse_key() {
    let stage = Stage::start().await;
    let ios = stage.trust("iPhone").await;
    stage.register(&stage.owner, "fcm", "owner").await;
    stage.register(&ios, "apns", &apns_token(1)).await;
    let challenge = stage.ask().await;

    let at_fcm = stage.providers.wait_for_fcm(&challenge, "code", 1).await;
    let android = &at_fcm[0].body["message"]["android"];
    assert_eq!((&android["priority"], &android["collapse_key"]), (&"HIGH".into(), &challenge.id.as_str().into()));
    let ttl = android["ttl"].as_str().and_then(|ttl| ttl.strip_suffix('s')).expect("seconds");
    assert!((290..=300).contains(&ttl.parse().expect("a number")), "{ttl}");
    // An iOS app that uses Firebase gets what APNs would carry, and a browser shows one notification a challenge.
    let message = &at_fcm[0].body["message"];
    let (ios_head, aps) = (&message["apns"]["headers"], &message["apns"]["payload"]["aps"]);
    assert_eq!((&ios_head["apns-priority"], &ios_head["apns-push-type"]), (&"10".into(), &"alert".into()));
    assert_eq!((&aps["sound"], &aps["alert"]), (&"default".into(), &message["notification"]));
    assert_eq!(message["webpush"]["headers"]["Topic"], challenge.id.replace('-', ""));
    assert_eq!(message["webpush"]["notification"]["tag"], challenge.id);
    let code = at_fcm[0].data("code").expect("a code");
    let shown = at_fcm[0].body["message"]["notification"]["body"].as_str().expect("a text");
    assert!(shown.contains(&format!("{}\u{a0}{}", &code[..3], &code[3..])), "{shown}");

    let at_apns = stage.providers.wait_for_apns(&challenge, "code", 1).await;
    let headers = &at_apns[0].headers;
    assert_eq!(headers["apns-collapse-id"], challenge.id);
    assert_eq!((headers["apns-push-type"].as_str(), headers["apns-priority"].as_str()), ("alert", "10"));
    assert_eq!(at_apns[0].payload["code"], code);
    stage.end().await;
}

#[actix_web::test]
async fn two_accounts_of_one_phone_are_both_reached_and_each_push_names_its_account() {
    const OTHER: &str = "work@example.com";
    let stage = Stage::start().await;
    let other = stage.client.new_protected_account(OTHER).await;
    settle_notices(&stage.gateway.database).await;
    let mut tags = Vec::new();
    for owner in [&stage.owner, &other] {
        stage.register(owner, "fcm", "one-phone").await;
        let security = stage.client.get("/v1/login-security", &owner.access_token).await.expect(200);
        tags.push(security["account_tag"].as_str().expect("a tag").to_owned());
    }
    assert_ne!(tags[0], tags[1]);
    for (email, tag) in [(EMAIL, &tags[0]), (OTHER, &tags[1])] {
        let challenge = stage.client.begin_sign_in(email, &Install::new("New")).await;
        let pushed = stage.providers.wait_for_fcm(&challenge, "code", 1).await;
        assert_eq!((pushed[0].target.as_str(), pushed[0].data("account_tag")), ("one-phone", Some(&**tag)));
    }
    stage.register(&stage.owner, "apns", &apns_token(1)).await;
    let challenge = stage.ask().await;
    let pushed = stage.providers.wait_for_apns(&challenge, "code", 1).await;
    assert_eq!(pushed[0].payload["account_tag"], tags[0].as_str());
    stage.deny(&challenge).await;
    let withdrawn = stage.providers.wait_for_apns(&challenge, "withdraw", 1).await;
    assert_eq!(withdrawn[0].payload["account_tag"], tags[0].as_str());
    stage.end().await;
}

#[actix_web::test]
async fn a_wake_up_carries_no_code_anywhere() {
    let stage = Stage::start_with(|settings| settings.delivery.push_content = PushContentSetting::Wake).await;
    let (android, ios) = (stage.trust("Android").await, stage.trust("iPhone").await);
    stage.register(&android, "fcm", "android").await;
    stage.register(&ios, "apns", &apns_token(1)).await;
    let mut screen = stage.client.connect(&stage.owner).await;
    let challenge = stage.ask().await;
    let code = silent_code(&mut screen, &challenge).await["code"].as_str().expect("a code").to_owned();

    let at_fcm = stage.providers.wait_for_fcm(&challenge, "wake", 1).await;
    let at_apns = stage.providers.wait_for_apns(&challenge, "wake", 1).await;
    expect_no_code(&format!("{:?} {}", at_fcm[0].headers, at_fcm[0].body), &code, &challenge.id);
    expect_no_code(&format!("{:?} {}", at_apns[0].headers, at_apns[0].payload), &code, &challenge.id);
    assert!(at_apns[0].payload["aps"]["alert"].is_object(), "without an alert an app is not woken reliably");
    assert_eq!(at_fcm[0].body["message"].get("notification"), None::<&Value>);
    let through_fcm = &at_fcm[0].body["message"]["apns"];
    assert_eq!(
        through_fcm["payload"]["aps"], at_apns[0].payload["aps"],
        "the extension of an iOS app is woken either way"
    );
    assert_eq!(through_fcm["headers"]["apns-priority"], "10");

    // The app wakes up, connects, and has the code.
    let mut woken = stage.client.connect(&android).await;
    assert_eq!(woken.code_of(&challenge.id).await, code);
    stage.client.verify(&challenge, &code).await.expect(200);
    stage.end().await;
}

/// Neither as it is nor in its two groups. Ids and credentials may hold any digits; they are taken out first.
#[track_caller]
fn expect_no_code(request: &str, code: &str, challenge: &str) {
    let words = request.replace(challenge, "");
    let words = words.split(|letter: char| !letter.is_ascii_digit() && letter != ' ');
    let grouped = format!("{} {}", &code[..3], &code[3..]);
    for word in words {
        assert!(word.trim() != code && !word.contains(&grouped), "{request}");
    }
}
