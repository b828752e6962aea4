//! `POST /v1/challenges/{id}/deny`.

use super::{ANNA, BEN, Scene, expire};
use crate::api::collide;
use crate::support::client::{Challenge, Install};

#[actix_web::test]
async fn a_denied_sign_in_is_over_and_its_owner_is_told_everywhere() {
    let mut scene = Scene::new().await;
    scene.client.deny(&scene.challenge, &scene.trusted).await.expect(204);
    scene.client.verify(&scene.challenge, &scene.code).await.expect_problem(410, "challenge_closed");
    assert_eq!(scene.state().await, "denied");
    let closed = scene.screen.next_of("challenge_closed").await;
    assert_eq!([&closed["challenge_id"], &closed["outcome"]], [scene.challenge.id.as_str(), "denied"]);
    scene.screen.alert("sign_in_denied").await;
    let mail = scene.client.await_mail(ANNA, "denied", 1).await;
    assert!(mail.contains("New") && mail.contains("change it now"), "{mail}");
    assert_eq!(scene.client.activity(&scene.trusted).await[0]["outcome"], "denied");
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn denying_twice_is_fine_and_told_once() {
    let scene = Scene::new().await;
    for _ in 0..2 {
        scene.client.deny(&scene.challenge, &scene.trusted).await.expect(204);
    }
    let told = "SELECT count(*) FROM notices WHERE kind = 'sign_in_denied'";
    assert_eq!(scene.gateway.database.count(told).await, 1);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_challenge_of_another_account_cannot_be_denied() {
    let scene = Scene::new().await;
    let stranger = scene.client.new_protected_account(BEN).await;
    scene.client.deny(&scene.challenge, &stranger).await.expect_problem(404, "not_found");
    let unknown = Challenge { id: uuid::Uuid::now_v7().to_string(), ..scene.challenge.clone() };
    scene.client.deny(&unknown, &scene.trusted).await.expect_problem(404, "not_found");
    scene.client.verify(&scene.challenge, &scene.code).await.expect(200);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn only_a_session_of_a_trusted_device_can_deny() {
    let mut scene = Scene::new().await;
    let guest = scene.client.sign_in_with_code(&scene.challenge, &scene.code, &scene.install, false).await;
    let next = scene.client.begin_sign_in(ANNA, &scene.install).await;
    let code = scene.screen.code_of(&next.id).await;
    scene.client.deny(&next, &guest).await.expect_problem(403, "device_not_trusted");
    let with_its_own_token = scene.client.post(&next.path("/deny"), &next.token, serde_json::json!({})).await;
    with_its_own_token.expect_problem(401, "unauthorized");
    scene.client.verify(&next, &code).await.expect(200);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn what_ended_otherwise_cannot_be_denied() {
    let mut scene = Scene::new().await;
    scene.client.verify(&scene.challenge, &scene.code).await.expect(200);
    scene.client.deny(&scene.challenge, &scene.trusted).await.expect_problem(410, "challenge_closed");
    let next = scene.client.begin_sign_in(ANNA, &Install::new("Next")).await;
    scene.screen.code_of(&next.id).await;
    expire(&scene.gateway.database, &next).await;
    scene.client.deny(&next, &scene.trusted).await.expect_problem(410, "challenge_closed");
    scene.gateway.stop().await;
}

/// Both want the account and the challenge: taken in different orders they would wait for each other. Whichever comes first
/// after the answer was counted wins.
#[actix_web::test]
async fn a_denial_and_the_right_code_at_once_are_both_answered() {
    let scene = Scene::new().await;
    let (client, challenge) = (scene.client.clone(), scene.challenge.clone());
    let code = scene.code.clone();
    let verify = async move { client.verify(&challenge, &code).await };
    let (client, challenge, trusted) = (scene.client.clone(), scene.challenge.clone(), scene.trusted.clone());
    let deny = async move { client.deny(&challenge, &trusted).await };
    let held = "SELECT FROM accounts FOR UPDATE";
    let (verified, denied) = collide(&scene.gateway.database, held, verify, deny).await;
    if verified.status == 200 {
        denied.expect_problem(410, "challenge_closed");
    } else {
        verified.expect_problem(410, "challenge_closed");
        denied.expect(204);
    }
    scene.gateway.stop().await;
}
