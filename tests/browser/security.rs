//! The Login Security screen, the live connection, and what a page may hold.

use serde_json::json;
use twostep::app::App;

use crate::person::{ANNA, Stage, shown_code, sign_in, trust_another};
use crate::support::client::{Install, PASSWORD};
use crate::support::gateway::TestGateway;

#[actix_web::test]
async fn a_removed_device_is_signed_out_within_a_second() {
    let stage = Stage::new().await;
    let first = stage.trusted().await;
    let second = trust_another(&stage, &first).await;
    first.wait("document.querySelectorAll('#devices li').length === 2").await;
    second.run("new MutationObserver(() => { if (document.getElementById('notice')) window.signedOutAt ??= Date.now(); }).observe(document.body, { childList: true, subtree: true })", json!([])).await;
    first.click("#devices li:not(:has(.badge)) .remove").await;
    first.see("dialog h2", "Remove Chrome on Linux?").await;
    first.expect_accessible("remove a device").await;
    first.click("dialog button.bad").await;
    second.see("#notice", "removed from your account").await;
    let at = second.run("return window.signedOutAt", json!([])).await;
    // From the call itself: how fast a driver clicks on a busy machine is not the question.
    let call =
        "performance.getEntriesByType('resource').filter((one) => one.name.includes('/v1/trusted-devices/')).at(-1)";
    let before = first.wait(&format!("performance.timeOrigin + {call}.startTime")).await;
    let took = at.as_f64().zip(before.as_f64()).map(|(at, before)| at - before).expect("both times");
    println!("signed out {took:.0} ms after the call");
    // That the gateway closes within a second is asserted where no browser shares the machine: `live::closing` and
    // `api::trusted_devices`. Here two browsers have to draw as well.
    assert!(took < 3000.0, "{took} ms");
    first.wait("document.querySelectorAll('#devices li').length === 1").await;
    second.expect_clean_console().await;
    stage.end([first, second]).await;
}

#[actix_web::test]
async fn two_step_verification_is_not_offered_before_the_rollout_comes() {
    let stage = Stage::new().await;
    let put = json!({ "percent": 0 });
    stage.gateway.operator().send(reqwest::Method::PUT, "/admin/rollout", None, Some(put)).await.expect(200);
    let browser = stage.with_account().await;
    browser.see("#two-step", "Not offered to your account yet").await;
    assert_eq!(browser.run("return document.getElementById('two-step-switch').disabled", json!([])).await, true);
    browser.expect_accessible("not offered").await;
    stage.end([browser]).await;
}

#[actix_web::test]
async fn the_page_comes_back_after_a_restart_and_shows_what_is_pending_once() {
    let stage = Stage::new().await;
    let first = stage.trusted().await;
    let address = stage.gateway.app.address();
    let client = stage.client();
    let challenge = client.begin_sign_in(ANNA, &Install::new("Tablet")).await;
    let code = shown_code(&first).await;
    let Stage { gateway, driver: _driver } = stage;
    let database = gateway.database;
    gateway.app.stop().await;
    first.see("#connection", "Reconnecting").await;
    let settings = TestGateway::settings(&database.url, |settings| settings.http.address = address);
    let app = App::start(&settings).await.expect("it starts again");
    let other = client.begin_sign_in(ANNA, &Install::new("Phone")).await;
    first.see("#connection", "Live").await;
    first.see("#codes dd", "Phone (Model)").await;
    let cards = "[...document.querySelectorAll('#codes section')].map((card) => card.dataset.challenge)";
    let cards = first.wait(cards).await;
    assert_eq!(cards, json!([other.id, challenge.id]));
    let shown = first.text(&format!("[data-challenge='{}'] .digits", challenge.id)).await;
    assert_eq!(shown, code);
    // Before its driver, which would leave it running.
    drop(first);
    app.stop().await;
}

#[actix_web::test]
async fn the_switch_is_turned_off_with_the_password_only() {
    let stage = Stage::new().await;
    let browser = stage.trusted().await;
    browser.click("#two-step-switch").await;
    browser.expect_accessible("turn off").await;
    browser.fill("#off-password", "not the password").await;
    browser.click("dialog button.bad").await;
    browser.see("dialog .error", "password is wrong").await;
    browser.fill("#off-password", PASSWORD).await;
    browser.click("dialog button.bad").await;
    browser.see("#two-step .badge", "Off").await;
    stage.end([browser]).await;
}

#[actix_web::test]
async fn a_device_that_is_not_trusted_turns_the_switch_off_with_a_code_whose_card_says_so() {
    let stage = Stage::new().await;
    let first = stage.trusted().await;
    // In the background, where its user allowed notifications only later.
    first.run("Object.defineProperty(document, 'visibilityState', { get: () => window.state ?? 'visible' }); window.state = 'hidden'", json!([])).await;
    let second = stage.asking().await;
    let code = shown_code(&first).await;
    let receipts =
        |state: &str| format!("SELECT count(*) FROM deliveries WHERE receipt_at IS NOT NULL AND state {state} 'shown'");
    stage.gateway.database.await_count(&receipts("<>"), 1).await;
    first.run("window.state = 'visible'; document.dispatchEvent(new Event('visibilitychange'))", json!([])).await;
    stage.gateway.database.await_count(&receipts("="), 1).await;

    second.click("#trust").await;
    for (language, title) in [("hu", "Írja be a kódot"), ("en", "Enter the code")] {
        second.choose("#language", language).await;
        second.see("h1", title).await;
    }
    second.wait("!document.getElementById('trust').checked").await;
    second.fill("#code", &code).await;
    second.see("#not-trusted", "This device is not trusted").await;
    second.gone("#devices button").await;
    second.expect_accessible("not trusted").await;
    second.click("#change-password").await;
    second.gone("#forget-devices").await;
    second.press(&["\u{e00c}"]).await;
    first.gone("#codes").await;

    let stub = "window.Notification = class { static permission = 'granted'; constructor(title, { body }) { window.notified = body; } }";
    first.run(stub, json!([])).await;
    second.click("#two-step-switch").await;
    second.fill("#off-password", PASSWORD).await;
    second.click("dialog button.bad").await;
    second.see("h1", "Turn off two-step verification").await;
    first.see("#codes h2", "turn OFF two-step verification").await;
    first.wait("window.notified.includes('turn OFF two-step verification')").await;
    second.fill("#code", &shown_code(&first).await).await;
    second.see("#two-step .badge", "Off").await;
    second.expect_clean_console().await;
    stage.end([first, second]).await;
}

#[actix_web::test]
async fn the_keyboard_the_language_and_the_line_outlive_a_redraw() {
    let stage = Stage::new().await;
    let browser = stage.trusted().await;
    browser.click("#devices .rename").await;
    browser.fill("#new-name", "Desk").await;
    browser.click("dialog button.main").await;
    browser.see("#devices h3", "Desk").await;
    browser.wait("document.activeElement.matches('#devices .rename')").await;
    browser.see("#devices p", "Chrome · Linux").await;
    browser.see("#activity h3", "Device renamed").await;
    // Each of them was done here: none need be reported.
    browser.gone("#activity .report").await;

    // Two in a row: the first one's answer comes when nobody wants it any more.
    let counted = "window.sockets = 0; window.WebSocket = class extends WebSocket { constructor(...all) { super(...all); window.sockets++; } }";
    browser.run(counted, json!([])).await;
    let both = "const list = document.getElementById('language'); list.value = 'hu'; for (const _ of [1, 2]) list.dispatchEvent(new Event('change'));";
    browser.run(both, json!([])).await;
    browser.see("h1", "Bejelentkezési biztonság").await;
    browser.see("#connection", "Élő").await;
    browser.wait("document.activeElement.id === 'language'").await;
    stage.gateway.database.await_count("SELECT count(*) FROM devices WHERE locale = 'hu'", 1).await;

    for (setting, allowed) in [("granted", "notifications_allowed"), ("denied", "NOT notifications_allowed")] {
        let permission = json!({ "permission": { "name": "notifications" }, "setting": setting });
        browser.devtools("Browser.setPermission", permission).await;
        let devices = format!("SELECT count(*) FROM devices WHERE {allowed}");
        stage.gateway.database.await_count(&devices, 1).await;
    }
    assert_eq!(browser.run("return window.sockets", json!([])).await, 1);
    browser.expect_clean_console().await;
    stage.end([browser]).await;
}

#[actix_web::test]
async fn scripts_can_read_no_token() {
    let stage = Stage::new().await;
    let browser = stage.trusted().await;
    let readable = "return document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })";
    let readable = browser.run(readable, json!([])).await;
    assert!(!readable.as_str().expect("a text").contains("ts_"), "{readable}");
    let cookies = browser.devtools("Network.getAllCookies", json!({})).await;
    let cookies = cookies["cookies"].as_array().expect("a list");
    let names: Vec<&str> = cookies.iter().filter_map(|cookie| cookie["name"].as_str()).collect();
    assert_eq!(names.len(), 3, "access, refresh, trust: {names:?}");
    for cookie in cookies {
        assert!(cookie["name"].as_str().is_some_and(|name| name.starts_with("__Host-ts_")), "{names:?}");
        assert_eq!(
            (&cookie["httpOnly"], &cookie["secure"], &cookie["sameSite"]),
            (&json!(true), &json!(true), &json!("Strict"))
        );
    }
    stage.end([browser]).await;
}

/// A code that was pasted with its sentence is read, and sends itself; sessions are seen and ended on the page.
#[actix_web::test]
async fn a_session_is_seen_and_ended_on_the_page() {
    let stage = Stage::new().await;
    let first = stage.trusted().await;
    let second = trust_another(&stage, &first).await;
    first.see("#sessions h2", "Where you’re signed in").await;
    first.wait("document.querySelectorAll('#sessions [data-session]').length === 2").await;
    first.click("#sessions .end").await;
    first.click("dialog button.bad").await;
    first.wait("document.querySelectorAll('#sessions [data-session]').length === 1").await;
    second.see("#notice", "signed out").await;
    stage.end([first, second]).await;
}

#[actix_web::test]
async fn where_it_is_required_a_sign_in_turns_it_on_in_the_end_and_nobody_turns_it_off() {
    let stage = Stage::required().await;
    let browser = stage.with_account().await;
    browser.click("#sign-out").await;
    browser.see("h1", "Sign in").await;
    sign_in(&browser).await;
    browser.see("#two-step-due", "From then on, signing in turns it on").await;
    browser.expect_accessible("it has to be turned on").await;
    browser.click("#sign-out").await;
    stage.gateway.database.execute("UPDATE accounts SET two_step_due_at = now()").await;
    browser.see("h1", "Sign in").await;
    sign_in(&browser).await;
    browser.see("h1", "Turn on two-step verification").await;
    browser.gone("#sign-out").await;
    let code = stage.client().mailed_code(ANNA, "Turn on").await;
    browser.fill("#code", &code).await;
    browser.see("#two-step .badge", "On").await;
    browser.see("#two-step-required", "can’t be turned off").await;
    browser.see("#devices", "This device").await;
    browser.wait("document.getElementById('two-step-switch').disabled").await;
    browser.expect_accessible("it is required").await;
    browser.expect_clean_console().await;
    stage.end([browser]).await;
}
