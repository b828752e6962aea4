//! For everybody: every screen for screen readers, by keyboard, small, in each language; and little to load.

use serde_json::json;

use crate::driver::Browser;
use crate::person::{ANNA, Stage, sign_in};
use crate::support::client::PASSWORD;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

async fn expect_no_sideways_scroll(browser: &Browser, screen: &str) {
    let over = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    let over = browser.run(over, json!([])).await.as_i64().expect("a number");
    assert!(over <= 0, "{screen} is {over} pixels too wide");
}

#[actix_web::test]
async fn screens_keep_nobody_out_light_dark_and_small() {
    let stage = Stage::new().await;
    let browser = stage.trusted().await;
    for (width, scheme) in [(1280, "light"), (320, "dark")] {
        browser.look(width, 900, scheme).await;
        browser.expect_accessible("login security").await;
        expect_no_sideways_scroll(&browser, "login security").await;
    }
    browser.click("#sign-out").await;
    for scheme in ["light", "dark"] {
        browser.look(320, 700, scheme).await;
        browser.expect_accessible("sign in").await;
        expect_no_sideways_scroll(&browser, "sign in").await;
    }
    browser.click("#other-mode").await;
    browser.expect_accessible("create an account").await;
    browser.expect_clean_console().await;

    let asking = stage.asking().await;
    for (width, scheme) in [(1280, "light"), (320, "dark")] {
        asking.look(width, 900, scheme).await;
        asking.expect_accessible("verification").await;
        expect_no_sideways_scroll(&asking, "verification").await;
    }
    asking.expect_clean_console().await;
    stage.end([browser, asking]).await;
}

#[actix_web::test]
async fn the_other_pages_have_the_same_look_and_keep_nobody_out() {
    let stage = Stage::new().await;
    let browser = stage.with_account().await;
    for page in ["/docs", "/dev/outbox"] {
        for scheme in ["light", "dark"] {
            browser.look(1280, 900, scheme).await;
            browser.go(page).await;
            browser.expect_accessible(page).await;
            browser
                .wait("document.querySelector('a.skip').hash === '#main' && document.querySelector('main#main')")
                .await;
        }
        browser.look(320, 700, "light").await;
        expect_no_sideways_scroll(&browser, page).await;
    }
    browser.expect_clean_console().await;
    stage.end([browser]).await;
}

#[actix_web::test]
async fn the_api_reference_is_searched_and_a_link_shows_what_the_search_hides() {
    let stage = Stage::new().await;
    let browser = stage.with_account().await;
    browser.look(1280, 900, "light").await;
    browser.go("/docs").await;
    browser.see("#verifyChallenge h3", "POST /v1/challenges/{id}/verify").await;
    browser.see("#signIn pre", "verification_required").await;
    let shown = "[...document.querySelectorAll('article.call')].filter((one) => one.checkVisibility()).map((one) => one.id).join()";
    browser.press(&["/"]).await;
    browser.wait("document.activeElement.id === 'search'").await;
    browser.fill("#search", "wrong_code earlier_code").await;
    browser.wait(&format!("{shown} === 'verifyChallenge'")).await;
    browser.see("#found", "1 of 53 calls").await;
    browser.wait("[...document.querySelectorAll('nav li')].filter((one) => one.checkVisibility()).length === 1").await;
    browser.go("/docs#listSessions").await;
    browser.wait(&format!("{shown}.split(',').length === 53 && document.querySelector('#search').value === ''")).await;
    browser.expect_clean_console().await;
    stage.end([browser]).await;
}

#[actix_web::test]
async fn the_keyboard_is_enough_to_sign_in() {
    let stage = Stage::new().await;
    let browser = stage.with_account().await;
    browser.click("#sign-out").await;
    browser.see("h1", "Sign in").await;
    browser.wait("document.activeElement.id === 'email'").await;
    let typed: Vec<String> = ANNA.chars().map(String::from).collect();
    browser.press(&typed.iter().map(String::as_str).collect::<Vec<_>>()).await;
    browser.press(&[TAB]).await;
    let typed: Vec<String> = PASSWORD.chars().map(String::from).collect();
    browser.press(&typed.iter().map(String::as_str).collect::<Vec<_>>()).await;
    browser.press(&[ENTER]).await;
    browser.see("h1", "Login Security").await;
    browser.wait("document.activeElement.tagName === 'H1'").await;
    stage.end([browser]).await;
}

#[actix_web::test]
async fn each_language_can_be_chosen_and_stays() {
    let stage = Stage::new().await;
    let browser = stage.browser().await;
    for (language, title) in [("hu", "Bejelentkezés"), ("de", "Anmelden"), ("en", "Sign in")] {
        browser.choose("#language", language).await;
        browser.see("h1", title).await;
        browser.go("/").await;
        browser.see("h1", title).await;
        browser.wait(&format!("document.documentElement.lang === {language:?}")).await;
    }
    sign_in(&browser).await;
    browser.see("#problem", "Email address or password is wrong").await;
    browser.wait("document.activeElement.id === 'password'").await;
    browser.expect_accessible("refused").await;
    // The form and what was typed stay.
    browser.click("#other-mode").await;
    browser.fill("#email", "new@example.com").await;
    browser.choose("#language", "hu").await;
    browser.see("h1", "Fiók létrehozása").await;
    browser.wait("document.getElementById('email').value === 'new@example.com'").await;
    stage.end([browser]).await;
}

#[actix_web::test]
async fn the_first_load_is_small_and_comes_from_here_only() {
    let stage = Stage::new().await;
    let browser = stage.browser().await;
    browser.see("h1", "Sign in").await;
    let loaded = "return performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource')).map((one) => [one.name, one.transferSize, one.decodedBodySize])";
    let loaded = browser.run(loaded, json!([])).await;
    let loaded = loaded.as_array().expect("a list");
    assert!(loaded.len() > 10, "{loaded:?}");
    let sum = |at: usize| loaded.iter().filter_map(|one| one[at].as_u64()).sum::<u64>();
    assert!(sum(2) < 100 * 1024 && sum(1) < sum(2), "{} bytes, {} on the wire", sum(2), sum(1));
    let url = stage.gateway.url();
    assert!(loaded.iter().all(|one| one[0].as_str().is_some_and(|name| name.starts_with(&url))), "{loaded:?}");
    let shifts = "(() => { const seen = new PerformanceObserver(() => {}); seen.observe({ type: 'layout-shift', buffered: true }); return [seen.takeRecords().reduce((sum, one) => sum + one.value, 0)]; })()";
    let shifts = browser.wait(shifts).await;
    assert!(shifts[0].as_f64().is_some_and(|sum| sum < 0.02), "{shifts}");
    browser.expect_clean_console().await;
    stage.end([browser]).await;
}
