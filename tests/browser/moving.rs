//! From one screen to another and back, in one tab and in two, and on computers that are not in order.

use serde_json::json;

use crate::person::{ANNA, Stage, shown_code, sign_in, trust_another};

/// What begins every page that is loaded from here on.
async fn before_each_page(browser: &crate::driver::Browser, script: &str) {
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
}

#[actix_web::test]
async fn back_and_forward_lead_through_the_screens_and_cancel_ends_what_was_asked_for() {
    let stage = Stage::new().await;
    let first = stage.trusted().await;
    let second = stage.asking().await;
    shown_code(&first).await;
    second.run("history.back()", json!([])).await;
    second.see("h1", "Sign in").await;
    second.wait(&format!("document.getElementById('email').value === {ANNA:?}")).await;
    second.run("history.forward()", json!([])).await;
    second.see("h1", "Enter the code").await;
    second.wait("location.hash === '#code'").await;

    second.click("form ~ .row .plain").await;
    second.see("h1", "Sign in").await;
    second.wait(&format!("document.getElementById('email').value === {ANNA:?}")).await;
    first.gone("#codes").await;
    let cancelled = "SELECT count(*) FROM challenges WHERE superseded_by = 'cancelled'";
    stage.gateway.database.await_count(cancelled, 1).await;
    first.see("#activity .badge", "Not finished").await;

    // What was cancelled is not come back to.
    second.run("history.back()", json!([])).await;
    second.see("h1", "Sign in").await;
    second.expect_clean_console().await;
    stage.end([first, second]).await;
}

#[actix_web::test]
async fn a_second_tab_notices_what_the_first_one_did() {
    let stage = Stage::new().await;
    let browser = stage.trusted().await;
    browser.run("window.other = window.open('/')", json!([])).await;
    browser.wait("window.other.document.querySelector('h1')?.textContent === 'Login Security'").await;
    browser.see("#paused", "another tab").await;
    browser.click("#sign-out").await;
    browser.see("h1", "Sign in").await;
    browser.wait("window.other.document.querySelector('h1')?.textContent === 'Sign in'").await;
    sign_in(&browser).await;
    browser.see("h1", "Login Security").await;
    browser.wait("window.other.document.querySelector('h1')?.textContent === 'Login Security'").await;
    stage.end([browser]).await;
}

#[actix_web::test]
async fn a_report_says_what_it_does_and_can_be_undone() {
    let stage = Stage::new().await;
    let first = stage.trusted().await;
    // What this browser did itself need not be reported.
    first.see("#activity h3", "Two-step verification turned on").await;
    first.gone("#activity .report").await;
    let second = trust_another(&stage, &first).await;
    first.click("#activity [data-kind='sign_in'] .report").await;
    first.expect_accessible("report an entry").await;
    first.click("dialog button.bad").await;
    first.see("dialog h2", "Somebody may know your password").await;
    first.expect_accessible("advice with undo").await;
    second.see("#notice", "removed from your account").await;
    first.click("#advice-undo").await;
    first.heard("New devices can sign in again").await;
    first.gone("#unfreeze").await;
    stage.end([first, second]).await;
}

#[actix_web::test]
async fn the_own_address_is_shown_in_full_to_whoever_asks() {
    let stage = Stage::new().await;
    let browser = stage.browser().await;
    browser.click("#other-mode").await;
    browser.fill("#email", ANNA).await;
    browser.fill("#password", crate::support::client::PASSWORD).await;
    browser.click("form button.main").await;
    browser.see("#destination", ANNA).await;
    let code = stage.client().mailed_code(ANNA, "Confirm").await;
    browser.fill("#code", &code).await;
    browser.see("#account", "a•••@example.com").await;
    browser.click("#show-address").await;
    browser.see("#account", ANNA).await;
    stage.end([browser]).await;
}

/// The computer's clock is wrong by twenty minutes, and the page is loaded anew while a code is open.
#[actix_web::test]
async fn a_wrong_clock_keeps_nobody_from_a_code() {
    let stage = Stage::new().await;
    let first = stage.trusted().await;
    let second = stage.asking().await;
    // Fast, and then, with what is there already, slow.
    for minutes in [20, -40] {
        let shift = format!(
            "{{ const Before = Date; window.Date = class extends Before {{
                 constructor(...given) {{ given.length ? super(...given) : super(Before.now() + {minutes} * 60000); }}
                 static now() {{ return Before.now() + {minutes} * 60000; }}
             }}; }}"
        );
        before_each_page(&second, &shift).await;
        second.go("/").await;
        second.see("h1", "Enter the code").await;
        second.wait("/Expires in [34]:/.test(document.getElementById('time-left').textContent)").await;
    }
    second.fill("#code", &shown_code(&first).await).await;
    second.see("#connection", "Live").await;
    stage.end([first, second]).await;
}

/// A page over plain HTTP, as under a name of a home network: the browser keeps its cookies from it.
#[actix_web::test]
async fn a_page_that_browsers_do_not_trust_says_so_at_once() {
    let stage = Stage::new().await;
    let browser = stage.browser().await;
    before_each_page(&browser, "Object.defineProperty(window, 'isSecureContext', { value: false })").await;
    browser.go("/").await;
    browser.see("#insecure", "https://").await;
    browser.gone("form").await;
    browser.expect_accessible("insecure").await;
    stage.end([browser]).await;
}
