//! Signing in on a new browser, with a trusted one open.

use serde_json::json;

use crate::person::{ANNA, Stage, shown_code, sign_in};
use crate::support::client::wrong;

#[actix_web::test]
async fn a_second_browser_signs_in_with_the_code_that_the_first_one_shows() {
    let stage = Stage::new().await;
    let first = stage.trusted().await;
    let second = stage.asking().await;
    second.see("#destination", "on your trusted device").await;
    second.see("#shown", "Shown on 1 of 1 trusted device").await;
    let code = shown_code(&first).await;
    first.see("#codes dd", "127.0.0.1").await;
    first.see("#codes dd", "Chrome on Linux").await;

    second.fill("#code", &wrong(&code.replace(' ', ""))).await;
    second.see("#problem", "You have 4 tries left").await;
    second.see("#attempts-left", "4 tries left").await;
    second.expect_accessible("a wrong code").await;

    second.fill("#code", &code).await;
    second.see("#devices h3", "Chrome on Linux").await;
    first.gone("#codes").await;
    second.wait("document.querySelectorAll('#devices li').length === 2").await;
    assert_eq!(second.run("return document.querySelectorAll('#devices .badge').length", json!([])).await, 1);
    for browser in [&first, &second] {
        browser.expect_clean_console().await;
    }

    // It is trusted: signed out and in again, it is asked for nothing.
    second.click("#sign-out").await;
    sign_in(&second).await;
    second.see("#connection", "Live").await;
    stage.end([first, second]).await;
}

#[actix_web::test]
async fn a_code_can_be_asked_for_again_and_by_email() {
    let stage = Stage::new().await;
    let first = stage.trusted().await;
    let second = stage.asking().await;
    let shown = shown_code(&first).await;
    assert_eq!(second.run("return document.getElementById('resend').disabled", json!([])).await, true);
    second.see("#resend", "New code in 0:").await;
    stage.gateway.database.age("challenges", "resend_at", 3600, "purpose = 'sign_in'").await;
    // The page hears of it with the next state, which a receipt brings; a reload asks for it.
    second.go("/").await;
    second.click("#resend:not(:disabled)").await;
    second.heard("A new code is on its way").await;
    first.wait(&format!("document.querySelector('#codes .digits')?.textContent !== {shown:?}")).await;
    assert_eq!(first.run("return document.querySelectorAll('#codes section').length", json!([])).await, 1);

    second.click("#help summary").await;
    second.see("#hints li", "The code is on the screen of 1 trusted device").await;
    second.expect_accessible("no code came").await;
    stage.gateway.database.age("challenges", "resend_at", 3600, "purpose = 'sign_in'").await;
    second.click("#via-email").await;
    second.click("#send-code").await;
    second.see("#destination", "a•••@example.com").await;
    let code = stage.client().mailed_code(ANNA, "code").await;
    second.fill("#code", &code).await;
    second.see("#connection", "Live").await;
    // The card of the earlier code goes with its challenge.
    first.gone("#codes").await;
    second.expect_clean_console().await;
    stage.end([first, second]).await;
}

#[actix_web::test]
async fn this_was_not_me_stops_the_other_and_gives_advice() {
    let stage = Stage::new().await;
    let first = stage.trusted().await;
    let second = stage.asking().await;
    shown_code(&first).await;
    first.expect_accessible("a code is shown").await;
    first.click("#codes button.bad").await;
    first.see("dialog h2", "Somebody may know your password").await;
    first.expect_accessible("advice").await;
    second.see("#notice", "this was not them").await;
    second.expect_accessible("a notice").await;
    first.click("dialog button.main").await;
    first.see("dialog h2", "Sign out everywhere").await;
    first.expect_accessible("a new password").await;
    first.press(&["\u{e00c}"]).await;
    first.gone("dialog").await;
    first.see("#activity .badge", "Denied").await;
    first.expect_clean_console().await;
    stage.end([first, second]).await;
}

#[actix_web::test]
async fn support_details_hold_no_secret() {
    let stage = Stage::new().await;
    let first = stage.trusted().await;
    let second = stage.asking().await;
    let code = shown_code(&first).await.replace(' ', "");
    second.click("#help summary").await;
    second.click("#copy-support").await;
    second.see("#support", "sign_in").await;
    let details = second.text("#support").await;
    assert!(
        !details.contains(&code)
            && !details.contains("ts_ct_")
            && !details.contains("ts_at_")
            && !details.contains(ANNA),
        "{details}"
    );
    stage.end([first, second]).await;
}

#[actix_web::test]
async fn where_accounts_are_not_made_none_is_offered() {
    let stage = Stage::closed().await;
    let browser = stage.browser().await;
    browser.see("h1", "Sign in").await;
    browser.gone("#other-mode").await;
    browser.expect_accessible("sign in, accounts not made").await;
    for (width, scheme) in [(1280, "light"), (320, "dark")] {
        browser.look(width, 900, scheme).await;
    }
    browser.expect_clean_console().await;
    stage.end([browser]).await;
}
