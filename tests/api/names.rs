//! Texts that others will read: cleaned where they come in, and not refused.

use reqwest::Method;
use serde_json::{Value, json};

use super::ANNA;
use crate::support::client::{Client, Install, PASSWORD, SignedIn};
use crate::support::gateway::TestGateway;

/// What a device says of itself, and what its owner reads.
const TEXTS: [(&str, &str); 9] = [
    ("\u{200f}iPhone", "iPhone"),
    ("a\u{2028}b\u{2029}c", "a b c"),
    ("Anna\u{61c}'s\u{200b} phone", "Anna's phone"),
    ("Pixel\u{e0041}\u{e007f} 7\u{fe00}", "Pixel 7"),
    ("gnp.\u{202e}exe", "gnp.exe"),
    ("two\n\tlines\u{0}", "two lines"),
    ("\u{feff}\u{2060}Pixel\u{ad} 7\u{e000}", "Pixel 7"),
    ("👩\u{200d}💻", "👩\u{200d}💻"),
    ("  Юлин   телефон ", "Юлин телефон"),
];

async fn sign_in(client: &Client, first: &SignedIn, device: Value) -> Value {
    let body = json!({ "email": ANNA, "password": PASSWORD, "device": device, "trust_token": first.trust_token });
    client.send(Method::POST, "/v1/sign-in", None, Some(body)).await.expect(200)
}

#[actix_web::test]
async fn what_a_device_says_of_itself_is_cleaned_and_cut_and_keeps_nobody_out() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let mut first = client.new_protected_account(ANNA).await;
    let mut sign_in_as = async |name: &str, platform: &str| {
        let mut device = first.install.json();
        for field in ["name", "model", "os_version", "app_version"] {
            device[field] = json!(name);
        }
        device["platform"] = json!(platform);
        let signed_in = sign_in(&client, &first, device).await;
        if let Some(token) = signed_in["device"]["trust_token"].as_str() {
            first.trust_token = Some(token.to_owned());
        }
        signed_in["device"].clone()
    };
    for (said, read) in TEXTS {
        let device = sign_in_as(said, "android").await;
        assert_eq!((&device["name"], &device["model"]), (&json!(read), &json!(read)), "{said:?}");
    }
    let long = sign_in_as(&"é".repeat(120), "android").await;
    assert_eq!(long["name"].as_str().map(|name| name.chars().count()), Some(100));
    for nothing in ["", "  ", "\u{200b}\u{2028}", "\u{e0041}"] {
        for (platform, read) in
            [("android", "Android phone"), ("ios", "iPhone or iPad"), ("web", "Browser"), ("other", "Device")]
        {
            let device = sign_in_as(nothing, platform).await;
            assert_eq!((&device["name"], &device["model"]), (&json!(read), &json!(read)), "{nothing:?}");
        }
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn names_that_are_given_later_are_cleaned_like_the_first() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let path = format!("/v1/trusted-devices/{}", first.device_id);
    for (said, read) in TEXTS {
        let body = || json!({ "name": said });
        let renamed = client.patch(&path, &first.access_token, body()).await.expect(200);
        assert_eq!(renamed["device"]["name"], read, "{said:?}");
        let body = json!({ "name": said, "os_version": said, "app_version": said });
        let updated = client.patch("/v1/devices/current", &first.access_token, body).await.expect(200);
        assert_eq!(updated["device"]["name"], read, "{said:?}");
    }
    // Nothing to read is nothing said, and no name that an owner could mean.
    let updated = client.patch("/v1/devices/current", &first.access_token, json!({ "name": "\u{200b}" })).await;
    assert_eq!(updated.expect(200)["device"]["name"], TEXTS[TEXTS.len() - 1].1);
    let blank = json!({ "name": "\u{200b} \u{2028}" });
    client.patch(&path, &first.access_token, blank).await.expect_problem(400, "invalid_request");

    // What the owner reads of it holds nothing hidden either.
    for entry in client.activity(&first).await {
        let text = entry.to_string();
        assert!(!text.contains(['\u{202e}', '\u{200b}', '\u{2028}', '\u{61c}', '\u{e0041}']), "{text}");
    }
    gateway.stop().await;
}

/// An owner reads on a trusted device who wants in: a name cannot turn the rest of the line around.
#[actix_web::test]
async fn a_new_device_is_shown_to_the_owner_by_its_cleaned_name() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&first).await;
    let challenge = client.begin_sign_in(ANNA, &Install::new("\u{202e}eciveD\u{2028}\u{e0041}")).await;
    let shown = screen.next_of("code").await;
    assert_eq!((&shown["challenge_id"], &shown["requester"]["name"]), (&json!(challenge.id), &json!("eciveD")));
    gateway.stop().await;
}

#[actix_web::test]
async fn what_an_app_says_of_keys_and_devices_is_cleaned_and_an_audience_is_not_changed_silently() {
    let gateway = TestGateway::start().await;
    let operator = gateway.operator();
    let create = async |body: Value| operator.send(Method::POST, "/admin/api-keys", None, Some(body)).await;
    let scopes = json!(["subjects:write"]);
    let key = create(json!({ "name": "sh\u{202e}op\u{200b}\n", "scopes": scopes })).await.expect(201);
    let listed = operator.send(Method::GET, "/admin/api-keys", None, None).await.expect(200);
    assert_eq!((&listed["keys"][0]["name"], &listed["keys"][0]["audience"]), (&json!("shop"), &json!("shop")));
    create(json!({ "name": "\u{200b}\u{e0041}", "scopes": scopes })).await.expect_problem(400, "invalid_request");
    for audience in ["", " shop", "sh\u{200b}op", "shop\u{2028}", "\u{202e}shop", "sh\u{e0041}op"] {
        let body = json!({ "name": "other", "audience": audience, "scopes": scopes });
        create(body).await.expect_problem(400, "invalid_request");
    }
    let mut device = Install::new("\u{200f}iPhone\u{2028}").json();
    device["model"] = json!("");
    let body = json!({ "device": device, "ip": "203.0.113.7" });
    let call = crate::support::client::Call {
        method: Method::POST,
        path: "/v1/subjects/ann/devices",
        token: key["key"].as_str(),
    };
    let vouched = gateway.client().send_with(&call, &[("idempotency-key", "1")], Some(body)).await.expect(201);
    assert_eq!((&vouched["device"]["name"], &vouched["device"]["model"]), (&json!("iPhone"), &json!("Android phone")));
    gateway.stop().await;
}
