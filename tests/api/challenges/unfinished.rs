//! A right password followed by no code, or by wrong ones: the owner gets a mail, once.

use super::{ANNA, Scene};
use crate::support::client::{Client, Install, PASSWORD, wrong};
use crate::support::database::TestDatabase;

const SUBJECT: &str = "Did you start signing in?";
const WAITING: &str = "SELECT count(*) FROM notices WHERE kind = 'sign_in_unfinished' AND sent_at IS NULL";

/// Ten minutes later.
async fn let_time_pass(database: &TestDatabase) {
    database.execute("UPDATE notices SET due_at = due_at - interval '10 minutes' WHERE due_at IS NOT NULL").await;
}

/// Another mail that comes later: what was due before is sent by then.
async fn send_marker(scene: &Scene) {
    let path = "/v1/login-security/unfreeze";
    scene
        .client
        .deny(&scene.client.begin_sign_in(ANNA, &Install::new("Marker")).await, &scene.trusted)
        .await
        .expect(204);
    scene.client.send(reqwest::Method::POST, path, Some(&scene.trusted.access_token), None).await.expect(204);
    scene.client.await_mail(ANNA, "can sign in again", 1).await;
}

async fn seconds_until_due(database: &TestDatabase) -> i64 {
    let wait = "SELECT extract(epoch FROM due_at - now())::bigint FROM notices WHERE kind = 'sign_in_unfinished'";
    database.count(wait).await
}

async fn mails(client: &Client) -> usize {
    client.mails(ANNA, SUBJECT).await.len()
}

#[actix_web::test]
async fn no_code_is_told_by_mail_once() {
    let scene = Scene::new().await;
    let_time_pass(&scene.gateway.database).await;
    let mail = scene.client.await_mail(ANNA, SUBJECT, 1).await;
    assert!(mail.contains("New (Model)") && mail.contains("127.0.0.1") && mail.contains("change it now"), "{mail}");
    scene.client.begin_sign_in(ANNA, &Install::new("Again")).await;
    assert_eq!(scene.gateway.database.count(WAITING).await, 0, "within a day there is no other");
    send_marker(&scene).await;
    assert_eq!(mails(&scene.client).await, 1);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn the_right_code_leaves_nothing_to_tell() {
    let scene = Scene::new().await;
    assert_eq!(scene.gateway.database.count(WAITING).await, 1);
    scene.client.verify(&scene.challenge, &wrong(&scene.code)).await.expect_problem(422, "wrong_code");
    scene.client.verify(&scene.challenge, &scene.code).await.expect(200);
    assert_eq!(scene.gateway.database.count(WAITING).await, 0);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn a_repeat_does_not_postpone_it() {
    let scene = Scene::new().await;
    scene
        .gateway
        .database
        .execute("UPDATE notices SET due_at = due_at - interval '9 minutes' WHERE due_at > now()")
        .await;
    scene.client.sign_in(ANNA, PASSWORD, &scene.install, None).await.expect(202);
    assert!(seconds_until_due(&scene.gateway.database).await <= 60);
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn five_wrong_codes_are_told_at_once() {
    let scene = Scene::new().await;
    for _ in 0..5 {
        scene.client.verify(&scene.challenge, &wrong(&scene.code)).await.expect_problem(422, "wrong_code");
    }
    scene.client.await_mail(ANNA, SUBJECT, 1).await;
    scene.gateway.stop().await;
}

/// Somebody who waits for the owner to sign in elsewhere must not profit from it.
#[actix_web::test]
async fn the_owners_own_sign_in_does_not_hide_that_of_another() {
    let mut scene = Scene::new().await;
    scene.client.trust_another(ANNA, &mut scene.screen, "Own").await;
    assert_eq!(scene.gateway.database.count(WAITING).await, 1);
    let_time_pass(&scene.gateway.database).await;
    let mail = scene.client.await_mail(ANNA, SUBJECT, 1).await;
    assert!(mail.contains("New (Model)"), "{mail}");
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn several_at_once_are_one_mail() {
    let mut scene = Scene::new().await;
    for name in ["Second", "Third"] {
        let challenge = scene.client.begin_sign_in(ANNA, &Install::new(name)).await;
        scene.screen.code_of(&challenge.id).await;
    }
    assert_eq!(scene.gateway.database.count(WAITING).await, 3);
    let_time_pass(&scene.gateway.database).await;
    scene.client.await_mail(ANNA, SUBJECT, 1).await;
    let deadline = std::time::Instant::now() + crate::support::client::DEADLINE;
    while scene.gateway.database.count(WAITING).await > 0 {
        assert!(std::time::Instant::now() < deadline, "they are settled with the first");
    }
    assert_eq!(mails(&scene.client).await, 1);
    scene.gateway.stop().await;
}
