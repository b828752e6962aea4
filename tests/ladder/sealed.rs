//! Codes that only their device can read, on every channel.

use serde_json::{Value, json};
use twostep::settings::{PushContentSetting, Settings};
use twostep_simulators::WebPushSimulator;

use super::oracle::{Language, Oracle};
use super::stage::{Stage, apns_token, silent_code};
use crate::support::client::{Challenge, DEADLINE, Install};

/// What nobody on the way may read: the name of the device that asks, and where it is.
const STRANGER: &str = "Zaphod's-telephone";

pub(super) async fn push_service() -> WebPushSimulator {
    WebPushSimulator::start("127.0.0.1:0".parse().expect("an address")).await.expect("it plays")
}

/// Points a gateway at a push service.
pub(super) fn configure(settings: &mut Settings, service: &WebPushSimulator) {
    settings.webpush.services = vec![service.host().to_owned()];
    settings.webpush.trust_root_file = Some(service.ca_file().to_owned());
    settings.webpush.request_timeout_ms = 60_000;
}

/// The code of a challenge in what a push service received, opened by the service's own subscription.
pub(super) async fn pushed(service: &WebPushSimulator, challenge: &Challenge, kind: &str) -> Value {
    let is_it = |inside: &Value| inside["challenge_id"] == challenge.id.as_str() && inside["type"] == kind;
    let received = service
        .wait_for(DEADLINE, |received| received.iter().filter_map(|request| request.json()).any(|one| is_it(&one)))
        .await
        .unwrap_or_else(|error| panic!("{kind}: {error}"));
    received.iter().filter_map(|request| request.json()).find(is_it).expect("it was seen")
}

/// A device that gives keys over FCM, one over APNs and one over Web Push: each opens its own, and the journals of all providers
/// hold neither the code, nor who asks, nor the address of the account.
#[actix_web::test]
async fn a_sealed_code_is_read_by_its_device_alone() {
    let service = push_service().await;
    for (content, language) in
        [(PushContentSetting::Code, Language::Python), (PushContentSetting::Wake, Language::Node)]
    {
        let stage = Stage::start_with(|settings| {
            configure(settings, &service);
            settings.delivery.push_content = content;
        })
        .await;
        let names = ["Android", "iPhone", "Browser"];
        let mut devices = Vec::new();
        for name in names {
            devices.push((stage.trust(name).await, Oracle::start(language)));
        }
        let token = apns_token(7);
        let endpoint = service.subscribe(None).endpoint;
        let places = [
            json!({ "provider": "fcm", "token": "sealed" }),
            json!({ "provider": "apns", "token": token }),
            json!({ "provider": "webpush", "endpoint": endpoint }),
        ];
        for ((device, oracle), mut push) in devices.iter().zip(places) {
            push["keys"] = oracle.keys.clone();
            stage.change(device, json!({ "push": push, "notifications_allowed": true })).await;
        }
        let mut screen = stage.client.connect(&stage.owner).await;
        let challenge = stage.client.begin_sign_in(super::stage::EMAIL, &Install::new(STRANGER)).await;
        let code = silent_code(&mut screen, &challenge).await["code"].as_str().expect("a code").to_owned();

        let at_fcm = stage.providers.wait_for_fcm(&challenge, "code", 1).await;
        let at_apns = stage.providers.wait_for_apns(&challenge, "code", 1).await;
        let seen = service.wait_for(DEADLINE, |received| received.iter().any(|one| one.endpoint == endpoint)).await;
        let at_service = seen.expect("pushed").into_iter().find(|one| one.endpoint == endpoint).expect("it was seen");

        let in_clear =
            format!("{:?} {} {:?} {}", at_fcm[0].headers, at_fcm[0].body, at_apns[0].headers, at_apns[0].payload);
        let in_clear = format!("{in_clear} {:?} {}", at_service.headers, String::from_utf8_lossy(&at_service.body));
        let without_ids = in_clear.replace(&challenge.id, "");
        let spaced = [format!("{} {}", &code[..3], &code[3..]), format!("{}\u{a0}{}", &code[..3], &code[3..])];
        for secret in [&code, &spaced[0], &spaced[1], STRANGER, "ts_pr_", super::stage::EMAIL] {
            assert!(!holds_word(&without_ids, secret), "{secret} in {without_ids}");
        }
        let alert = &at_apns[0].payload["aps"];
        assert_eq!((&alert["mutable-content"], &at_fcm[0].body["message"]["notification"]), (&1.into(), &Value::Null));

        let sealed = at_fcm[0].data("sealed").expect("an envelope");
        expect_code(&devices[0].1.open_text(sealed), &challenge, &code);
        let sealed = at_apns[0].payload["sealed"].as_str().expect("an envelope");
        expect_code(&devices[1].1.open_text(sealed), &challenge, &code);
        expect_code(&devices[2].1.open(&at_service.body), &challenge, &code);
        let authorization = at_service.headers.iter().find(|(name, _)| name == "authorization").expect("VAPID");
        assert!(devices[2].1.takes(&authorization.1));
        let forged = authorization.1.replacen("t=eyJ", "t=eyK", 1);
        assert!(
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| devices[2].1.takes(&forged)))
                .map_or(true, |good| !good)
        );
        stage.end().await;
    }
}

/// Whether a text holds a word. Digits inside a longer number, or inside base64url, are no code.
fn holds_word(text: &str, word: &str) -> bool {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    let goes_on = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(goes_on);
        let after = text[at + word.len()..].chars().next().is_some_and(goes_on);
        !(is_number && (before || after))
    })
}

fn expect_code(inside: &Value, challenge: &Challenge, code: &str) {
    assert_eq!(inside["challenge_id"], challenge.id.as_str());
    assert_eq!((inside["type"].as_str(), inside["code"].as_str()), (Some("code"), Some(code)));
    assert_eq!((inside["requester"].as_str(), &inside["location"]), (Some(STRANGER), &Value::Null));
    let body = inside["body"].as_str().expect("a text");
    assert!(body.contains(STRANGER) && body.contains(&format!("{}\u{a0}{}", &code[..3], &code[3..])), "{body}");
    assert!(inside["receipt"].as_str().is_some_and(|receipt| receipt.starts_with("ts_pr_")));
}

/// Without keys all is as it was.
#[actix_web::test]
async fn a_device_without_keys_gets_its_code_as_before() {
    let stage = Stage::start().await;
    stage.register(&stage.owner, "fcm", "plain").await;
    let challenge = stage.ask().await;
    let at_fcm = stage.providers.wait_for_fcm(&challenge, "code", 1).await;
    assert!(at_fcm[0].data("code").is_some() && at_fcm[0].data("sealed").is_none());
    assert!(at_fcm[0].data("receipt").is_some_and(|receipt| receipt.starts_with("ts_pr_")));
    stage.end().await;
}
