//! Many answers at once: the database settles the races.

use futures_util::future::{join, join_all};
use serde_json::json;

use super::{Scene, count, stored, wait_out_resend};
use crate::support::client::{Answer, wrong};
use crate::support::gateway::TestGateway;

/// A gateway that lets requests wait for the database as long as the test itself does.
async fn patient_scene() -> Scene {
    let gateway = TestGateway::start_with(|settings| {
        settings.database.wait_ms = 20_000;
        settings.database.deadline_ms = 20_000;
    });
    Scene::on(gateway.await).await
}

fn with_status(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

#[actix_web::test]
async fn of_32_right_answers_at_once_all_that_are_let_in_get_one_session() {
    let scene = patient_scene().await;
    let before = count(&scene.gateway.database, "sessions").await;
    let answers = join_all((0..32).map(|_| scene.client.verify(&scene.challenge, &scene.code))).await;
    let (first, others): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert!(first.windows(2).all(|pair| pair[0].body == pair[1].body) && !first.is_empty());
    for answer in others {
        // A sixth answer that comes before the first is settled finds no attempt left.
        match answer.status.as_u16() {
            410 => answer.expect_problem(410, "challenge_closed"),
            _ => answer.expect_problem(429, "too_many_attempts"),
        };
    }
    assert_eq!(count(&scene.gateway.database, "sessions").await, before + 1);
    assert_eq!(count(&scene.gateway.database, "devices").await, 2);
    assert_eq!(scene.state().await, "verified");
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn of_500_guesses_at_once_five_are_compared() {
    let scene = patient_scene().await;
    let guess = wrong(&scene.code);
    let answers = join_all((0..500).map(|_| scene.client.verify(&scene.challenge, &guess))).await;
    assert_eq!((with_status(&answers, 422), with_status(&answers, 429)), (5, 495));
    let mut left: Vec<_> =
        answers.iter().filter(|answer| answer.status == 422).map(|answer| &answer.body["attempts_left"]).collect();
    left.sort_by_key(|value| value.as_u64());
    assert_eq!(left, [0, 1, 2, 3, 4]);
    assert_eq!(stored(&scene.gateway.database, &scene.challenge, "attempts").await, 5);
    scene.client.verify(&scene.challenge, &scene.code).await.expect_problem(429, "too_many_attempts");
    scene.gateway.stop().await;
}

#[actix_web::test]
async fn new_codes_and_methods_buy_no_further_guess() {
    let scene = patient_scene().await;
    let (client, challenge) = (&scene.client, &scene.challenge);
    let guess = wrong(&scene.code);
    let mut compared = 0;
    for method in ["email", "app", "email"] {
        let guesses = join_all((0..2).map(|_| client.verify(challenge, &guess)));
        let resends = join_all((0..4).map(|_| client.resend(challenge, json!({ "method": method }))));
        let (guesses, resends) = join(guesses, resends).await;
        compared += with_status(&guesses, 422);
        assert!(with_status(&resends, 202) <= 1, "one resend at a time");
        wait_out_resend(&scene.gateway.database, challenge).await;
    }
    assert_eq!(compared, 5);
    assert_eq!(stored(&scene.gateway.database, challenge, "attempts").await, 5);
    client.resend(challenge, json!({})).await.expect_problem(429, "too_many_attempts");
    client.verify(challenge, &scene.code).await.expect_problem(429, "too_many_attempts");
    scene.gateway.stop().await;
}
