//! Which language users are told things in (docs/languages.md).

use reqwest::Method;
use serde_json::{Value, json};

use super::ANNA;
use crate::support::client::{Call, Challenge, Client, Install, PASSWORD, SignedIn, code_in};
use crate::support::gateway::TestGateway;

/// The answer to a request with an `Accept-Language` header.
async fn accepting(languages: &str, request: reqwest::RequestBuilder) -> Value {
    let answer = request.header("accept-language", languages).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.json().await.expect("JSON")
}

/// Begins a sign-in or an account with an `Accept-Language` header.
async fn post_accepting(client: &Client, path: &str, languages: &str, install: &Install) -> Value {
    let body = json!({ "email": ANNA, "password": PASSWORD, "device": install.json() });
    accepting(languages, reqwest::Client::new().post(format!("{}{path}", client.base())).json(&body)).await
}

/// The text of one of a challenge's hints.
fn hint(status: &Value, code: &str) -> String {
    let hints = status["hints"].as_array().expect("a list");
    let hint = hints.iter().find(|hint| hint["code"] == code).unwrap_or_else(|| panic!("no {code} in {status}"));
    hint["text"].as_str().expect("a text").to_owned()
}

async fn email_offered(client: &Client, challenge: &Challenge) -> String {
    hint(&client.state(challenge).await, "email_offered")
}

const ENGLISH_OFFER: &str = "We can send the code to your email address instead.";
const HUNGARIAN_OFFER: &str = "A kódot az e-mail-címére is kérheti.";
const GERMAN_OFFER: &str = "Sie können sich den Code stattdessen an Ihre E-Mail-Adresse senden lassen.";

#[actix_web::test]
async fn a_device_is_told_in_its_own_language_how_its_code_travels() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.new_protected_account(ANNA).await;
    let challenge = client.begin_sign_in(ANNA, &Install::reading("New", "hu-HU")).await;
    client.await_delivery(&challenge, "unreachable").await;
    let status = client.state(&challenge).await;
    let unreachable = hint(&status, "no_trusted_device_reachable");
    assert!(unreachable.starts_with("Jelenleg egyik megbízható eszközét sem érjük el."), "{unreachable}");
    assert_eq!(hint(&status, "email_offered"), HUNGARIAN_OFFER);
    let delivery = status["deliveries"][0]["text"].as_str().expect("a text");
    assert_eq!(delivery, "1. megbízható eszköz: nem kapcsolódik, és nincs regisztrálva értesítésekre");

    // The account has no language yet, so the mail is in that of the device which asks.
    client.resend(&challenge, json!({ "method": "email" })).await.expect(202);
    let mail = client.await_mail(ANNA, "Bejelentkezési kód", 1).await;
    assert!(code_in(&mail).is_some() && mail.contains("(UTC)"), "{mail}");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_device_that_does_not_say_is_told_in_the_language_that_its_request_likes() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.new_protected_account(ANNA).await;
    let quiet = Install::new("New");
    let begun = post_accepting(&client, "/v1/sign-in", "fr, de-AT;q=0.8, hu;q=0.5", &quiet).await;
    assert_eq!(email_offered(&client, &Challenge::new(&begun)).await, GERMAN_OFFER);
    let says = Install { locale: Some("hu"), ..quiet };
    let begun = post_accepting(&client, "/v1/sign-in", "de", &says).await;
    assert_eq!(email_offered(&client, &Challenge::new(&begun)).await, HUNGARIAN_OFFER);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_request_that_nobody_said_a_language_for_is_answered_in_the_one_that_it_likes() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.new_protected_account(ANNA).await;
    let challenge = client.begin_sign_in(ANNA, &Install::new("New")).await;
    assert_eq!(email_offered(&client, &challenge).await, ENGLISH_OFFER);
    let http = reqwest::Client::new();
    let status = http.get(format!("{}{}", client.base(), challenge.path(""))).bearer_auth(&challenge.token);
    assert_eq!(hint(&accepting("hu", status).await, "email_offered"), HUNGARIAN_OFFER);
    let password =
        http.post(format!("{}/v1/password-strength", client.base())).json(&json!({ "password": "qwertyuiop" }));
    let strength = accepting("de", password).await;
    assert_eq!(strength["warning"]["text"], "Das ähnelt einem der meistverwendeten Passwörter.");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_language_without_texts_is_fine_and_english_stands_in() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.new_protected_account(ANNA).await;
    let challenge = client.begin_sign_in(ANNA, &Install::reading("New", "fr-CA")).await;
    assert_eq!(email_offered(&client, &challenge).await, ENGLISH_OFFER);
    client.resend(&challenge, json!({ "method": "email" })).await.expect(202);
    client.await_mail(ANNA, "Your sign-in code", 1).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_language_decides_no_sign_in_however_it_is_written() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    for (tag, read) in [
        ("hu_HU", Some("hu-HU")),
        ("de_AT.UTF-8", Some("de-AT")),
        ("C", None),
        ("", None),
        ("magyar nyelv", None),
        ("a-tag-that-is-well-formed-but-far-too-long", None),
    ] {
        let install = Install::reading("New", tag);
        let body = client.sign_in(ANNA, PASSWORD, &install, None).await.expect(200);
        let second = SignedIn::new(&install, &body);
        let sql = format!("SELECT locale FROM devices WHERE device_id = '{}'", second.device_id);
        let kept: Option<String> =
            gateway.database.connect().await.query_one(&sql, &[]).await.expect("the device").get(0);
        assert_eq!(kept.as_deref(), read, "{tag:?}");
        client.patch("/v1/devices/current", &first.access_token, json!({ "locale": tag })).await.expect(200);
        let address = format!("new{}@example.com", tag.len());
        client.create_account(&address, &install).await.expect(202);
    }
    // A browser that writes what its system writes.
    let headers = [("Accept-Language", "de_AT,en;q=0.5")];
    let call = Call { method: Method::POST, path: "/v1/accounts", token: None };
    let body = json!({ "email": "wien@example.com", "password": PASSWORD, "device": Install::new("Neu").json() });
    client.send_with(&call, &headers, Some(body)).await.expect(202);
    client.await_mail("wien@example.com", "Bestätigen", 1).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn mail_to_an_account_is_in_the_language_of_the_device_that_made_it() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let install = Install::reading("Erstes", "de-AT");
    let challenge = Challenge::new(&client.create_account(ANNA, &install).await.expect(202));
    let code = client.mailed_code(ANNA, "Bestätigen Sie Ihre E-Mail-Adresse").await;
    let mail = client.mails(ANNA, "Bestätigen").await[0].clone();
    let text = mail["text"].as_str().expect("a text");
    let grouped = format!("{} {}", &code[..3], &code[3..]);
    assert!(text.contains(&grouped) && text.contains("Uhr (UTC)"), "{text}");
    assert!(mail["html"].as_str().expect("a text").contains("<html lang=\"de\">"), "{mail}");
    let first = SignedIn::new(&install, &client.verify(&challenge, &code).await.expect(200));

    // Whoever else asks for an account with that address does not choose what its owner reads.
    client.create_account(ANNA, &Install::reading("Other", "hu")).await.expect(202);
    client.await_mail(ANNA, "Sie haben bereits ein Konto", 1).await;

    let path = "/v1/login-security/two-step";
    let begun = client.post(path, &first.access_token, json!({ "enabled": true })).await.expect(202);
    let code = client.mailed_code(ANNA, "Bestätigung in zwei Schritten einschalten").await;
    client.verify(&Challenge::new(&begun), &code).await.expect(200);
    let challenge = client.begin_sign_in(ANNA, &Install::reading("New", "en")).await;
    assert_eq!(email_offered(&client, &challenge).await, ENGLISH_OFFER);
    client.resend(&challenge, json!({ "method": "email" })).await.expect(202);
    client.await_mail(ANNA, "Ihr Anmeldecode", 1).await;

    // A trusted device that changes its language changes that of the mails.
    client.patch("/v1/devices/current", &first.access_token, json!({ "locale": "hu" })).await.expect(200);
    client.deny(&challenge, &first).await.expect(204);
    let mail = client.await_mail(ANNA, "Elutasítottak egy bejelentkezést", 1).await;
    assert!(mail.contains("Eszköz: New (Model)\nIP-cím: 127.0.0.1\nIdőpont: "), "{mail}");
    gateway.stop().await;
}

#[actix_web::test]
async fn mail_to_an_account_is_in_the_language_that_its_first_request_likes() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let install = Install::new("First");
    let begun = post_accepting(&client, "/v1/accounts", "hu-HU,hu;q=0.9,en;q=0.8", &install).await;
    let code = client.mailed_code(ANNA, "Erősítse meg az e-mail-címét").await;
    client.verify(&Challenge::new(&begun), &code).await.expect(200);
    client.create_account(ANNA, &Install::new("Other")).await.expect(202);
    client.await_mail(ANNA, "Önnek már van fiókja", 1).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn each_connected_device_is_alerted_in_its_own_language() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&first).await;
    let hungarian = Install::reading("Második", "hu");
    let challenge = client.begin_sign_in(ANNA, &hungarian).await;
    let code = screen.code_of(&challenge.id).await;
    let body = client.verify(&challenge, &code).await.expect(200);
    assert_eq!(body["device"]["locale"], "hu");
    let second = SignedIn::new(&hungarian, &body);
    let mut other_screen = client.connect(&second).await;

    let challenge = client.begin_sign_in(ANNA, &Install::new("Third")).await;
    client.deny(&challenge, &first).await.expect(204);
    let alert = screen.alert("sign_in_denied").await;
    let other_alert = other_screen.alert("sign_in_denied").await;
    assert!(
        alert["text"].as_str().expect("a text").starts_with("Someone with your password tried to sign in"),
        "{alert}"
    );
    let text = other_alert["text"].as_str().expect("a text");
    assert!(text.starts_with("Valaki a jelszavával próbált bejelentkezni"), "{text}");

    // A change is heard by the connection that is already there.
    client.patch("/v1/devices/current", &first.access_token, json!({ "locale": "de" })).await.expect(200);
    client.unfreeze(&first).await;
    let alert = screen.alert("sign_ins_unfrozen").await;
    let text = alert["text"].as_str().expect("a text");
    assert!(text.starts_with("Neue Geräte können sich wieder bei Ihrem Konto anmelden."), "{text}");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_device_keeps_its_language_until_it_says_another() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let patched = client.patch("/v1/devices/current", &first.access_token, json!({ "locale": "hu-HU" })).await;
    assert_eq!(patched.expect(200)["device"]["locale"], "hu-HU");
    let again = client.sign_in(ANNA, PASSWORD, &first.install, None).await.expect(200);
    assert_eq!(again["device"]["locale"], "hu-HU");
    let again = SignedIn::new(&first.install, &again);
    let page = client.get("/v1/login-activity", &again.access_token).await.expect(200);
    let note = page["location_note"].as_str().expect("a text");
    assert!(note.starts_with("A helyek hozzávetőlegesek"), "{note}");
    gateway.stop().await;
}

/// The clock of mails: of whatever sign-in says one, that of a trusted device as well.
#[actix_web::test]
async fn mails_go_by_the_clock_that_a_device_said_last() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let zone = async || -> Option<String> {
        let row = gateway.database.connect().await.query_one("SELECT time_zone FROM accounts", &[]).await;
        row.expect("an account").get(0)
    };
    assert_eq!(zone().await, None);
    let mut device = first.install.json();
    device["time_zone"] = json!("Europe/Budapest");
    let body = json!({ "email": ANNA, "password": PASSWORD, "device": device, "trust_token": first.trust_token });
    client.send(Method::POST, "/v1/sign-in", None, Some(body)).await.expect(200);
    assert_eq!(zone().await.as_deref(), Some("Europe/Budapest"));
    for (said, kept) in [("America/New_York", "America/New_York"), ("Mars/Olympus", "America/New_York")] {
        client.patch("/v1/devices/current", &first.access_token, json!({ "time_zone": said })).await.expect(200);
        assert_eq!(zone().await.as_deref(), Some(kept));
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn on_our_page_the_language_that_is_chosen_there_comes_first() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.new_protected_account(ANNA).await;
    let challenge = client.begin_sign_in(ANNA, &Install::reading("New", "hu")).await;
    let http = reqwest::Client::new();
    let look = || http.get(format!("{}{}", client.base(), challenge.path("")));
    let elsewhere = look().bearer_auth(&challenge.token);
    assert_eq!(hint(&accepting("de", elsewhere).await, "email_offered"), HUNGARIAN_OFFER);
    let cookie = format!("__Host-ts_ct={}", challenge.token);
    let on_page = look().header("x-twostep-page", "1").header("sec-fetch-site", "same-origin").header("cookie", cookie);
    assert_eq!(hint(&accepting("de", on_page).await, "email_offered"), GERMAN_OFFER);
    gateway.stop().await;
}
