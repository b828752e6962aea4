//! The page in a lift: answers get lost, and whoever tries again is neither signed out, nor asked for a code, nor taken for a thief.

use serde_json::json;

use crate::driver::Browser;
use crate::person::{ANNA, Stage};
use crate::support::client::PASSWORD;
use crate::support::lift::Lift;

/// Rounds: `LOST_ANSWERS_ROUNDS=1000` for a long run.
fn rounds() -> usize {
    std::env::var("LOST_ANSWERS_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(5)
}

/// Whose answers are lost. Those that ask for a mail are not: of several mails the test could not tell the one that counts.
const LOST: &[&str] = &["POST /v1/sign-in", "POST /v1/sessions/refresh", "POST /v1/challenges/"];

/// Presses the button until the screen with this heading comes, as people do who read that there was no answer.
async fn press_until(browser: &Browser, button: &str, heading: &str) {
    for _ in 0..30 {
        let is_there = format!("document.querySelector('h1')?.textContent === {heading:?}");
        browser.wait(&format!("{is_there} || document.querySelector('{button}:not(:disabled)')")).await;
        if browser.run(&format!("return {is_there}"), json!([])).await == true {
            return;
        }
        browser.run(&format!("document.querySelector('{button}').click()"), json!([])).await;
    }
    panic!("{heading} never came");
}

#[actix_web::test]
async fn a_page_that_loses_answers_stays_signed_in_and_alarms_nobody() {
    let stage = Stage::new().await;
    let lift = Lift::before(&stage.gateway, LOST).await;
    let browser = stage.driver.open(&lift.url).await;
    browser.click("#other-mode").await;
    browser.see("h1", "Create your account").await;
    browser.fill("#email", ANNA).await;
    browser.fill("#password", PASSWORD).await;
    browser.click("form button.main").await;
    browser.see("h1", "Confirm your address").await;
    let code = stage.client().mailed_code(ANNA, "Confirm").await;
    browser.fill("#code", &code).await;
    press_until(&browser, "form button.main", "Login Security").await;
    browser.click("#two-step-switch").await;
    browser.see("h1", "Turn on two-step verification").await;
    let code = stage.client().mailed_code(ANNA, "Turn on").await;
    browser.fill("#code", &code).await;
    press_until(&browser, "form button.main", "Login Security").await;
    browser.see("#two-step .badge", "On").await;

    for _ in 0..rounds() {
        browser.click("#sign-out").await;
        browser.see("h1", "Sign in").await;
        browser.fill("#email", ANNA).await;
        browser.fill("#password", PASSWORD).await;
        // Asked for a code it would wait for this heading in vain.
        press_until(&browser, "form button.main", "Login Security").await;
        stage.gateway.database.age("sessions", "access_expires_at", 3600, "ended_at IS NULL").await;
        browser.go("/").await;
        browser.see("#devices h3", "Chrome on Linux").await;
    }
    // More than ten answers went through it: its first three of ten are lost for certain.
    assert!(lift.lost() >= 3, "the lift lost nothing (seed {})", lift.seed);
    let alarms = "SELECT count(*) FROM login_activity WHERE kind IN ('refresh_token_reused', 'trust_token_reused')";
    assert_eq!(stage.gateway.database.count(alarms).await, 0, "an alarm (seed {})", lift.seed);
    stage.end([browser]).await;
}
