//! `GET /v1/challenges/{id}`.

use serde_json::{Value, json};

use super::{ANNA, Scene};
use crate::support::client::{Challenge, Install};
use crate::support::event_stream::EventStream;
use crate::support::gateway::TestGateway;

fn hint_codes(status: &Value) -> Vec<&str> {
    let hints = status["hints"].as_array().expect("a list");
    assert!(hints.iter().all(|hint| hint["text"].as_str().is_some_and(|text| !text.is_empty())), "{status}");
    hints.iter().filter_map(|hint| hint["code"].as_str()).collect()
}

#[actix_web::test]
async fn a_code_on_a_screen_is_said_to_be_there() {
    let scene = Scene::new().await;
    let mut events = EventStream::open(&scene.client, &scene.challenge).await;
    let status = events.until(|status| status["deliveries"][0]["state"] == "shown").await;
    let delivery = &status["deliveries"][0];
    assert_eq!((&delivery["destination"], &delivery["channel"]), (&json!(1), &json!("websocket")));
    assert!(delivery["accepted_at"].is_string() && delivery["receipt_at"].is_string(), "{delivery}");
    assert_eq!(hint_codes(&status), ["shown_on_trusted_device", "email_offered", "resend_later"]);
    let challenge = &status["challenge"];
    assert_eq!((&status["state"], &challenge["destination"]), (&json!("open"), &json!(1)));
    assert!(challenge.get("token").is_none(), "{status}");
    assert_eq!(scene.client.state(&scene.challenge).await["deliveries"], status["deliveries"]);
    drop(events);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn devices_out_of_reach_are_said_to_be_so_and_email_is_offered() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.new_protected_account(ANNA).await;
    let challenge = client.begin_sign_in(ANNA, &Install::new("New")).await;
    let mut events = EventStream::open(&client, &challenge).await;
    let status = events.until(|status| status["deliveries"][0]["state"] == "unreachable").await;
    assert_eq!(status["deliveries"][0]["reason"], "no_push_token");
    assert_eq!(hint_codes(&status), ["no_trusted_device_reachable", "email_offered", "resend_later"]);
    drop(events);
    gateway.stop().await;
}

#[actix_web::test]
async fn the_state_is_for_the_holder_of_its_token() {
    let scene = Scene::new().await;
    let other = scene.client.begin_sign_in(ANNA, &Install::new("Other")).await;
    for tail in ["", "/events"] {
        let path = scene.challenge.path(tail);
        for token in [&other.token, &scene.trusted.access_token, "ts_ct_x"] {
            scene.client.get(&path, token).await.expect_problem(401, "unauthorized");
        }
        let without = scene.client.send(reqwest::Method::GET, &path, None, None).await;
        without.expect_problem(401, "unauthorized");
        let unknown = Challenge { id: uuid::Uuid::now_v7().to_string(), ..scene.challenge.clone() };
        scene.client.get(&unknown.path(tail), &unknown.token).await.expect_problem(404, "not_found");
    }
    scene.gateway.stop().await;
}
