//! `make screenshots`: a picture of every screen, light and dark, on a phone and on a desktop; and of each that people see, in every
//! language and four widths, where nothing may be cut off.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::driver::Browser;
use crate::person::{ANNA, Stage, shown_code, trust_another};
use crate::push::Pushed;
use crate::recovery::{NEW_ADDRESS, ask_for_last_resort, change_address, mailed_link, set_up_app, undo_link};
use crate::support::client::{Install, PASSWORD};
use crate::support::gateway::operator_token_file;

const LOOKS: [(&str, u32, u32); 2] = [("desktop", 1180, 820), ("phone", 390, 844)];

async fn take(browser: &Browser, screen: &str) {
    let folder = std::env::var_os("SCREENSHOTS").map_or_else(|| PathBuf::from("target/screenshots"), PathBuf::from);
    std::fs::create_dir_all(&folder).expect("a folder");
    for scheme in ["light", "dark"] {
        for (look, width, height) in LOOKS {
            browser.look(width, height, scheme).await;
            let picture = browser.picture().await;
            std::fs::write(folder.join(format!("{screen}-{look}-{scheme}.png")), picture).expect("written");
        }
    }
}

#[actix_web::test]
#[ignore = "makes pictures: make screenshots"]
async fn every_screen_has_its_picture_taken() {
    let stage = Stage::new().await;
    let view = stage.driver.open(&stage.gateway.operator_url()).await;
    let token = std::fs::read_to_string(operator_token_file()).expect("a token");
    view.fill("#token", token.trim()).await;
    view.click("dialog button.main").await;
    view.gone("dialog").await;
    let first = stage.trusted().await;
    let second = stage.asking().await;
    shown_code(&first).await;
    second.see("#shown", "Shown on 1 of 1").await;
    first.wait("document.getElementById('announcer').replaceChildren() === undefined").await;
    take(&first, "code-on-trusted-device").await;
    take(&second, "verification").await;
    second.click("#help summary").await;
    second.click("#via-email").await;
    second.run("document.getElementById('help').scrollIntoView()", json!([])).await;
    take(&second, "no-code").await;
    second.go("/").await;
    let code = shown_code(&first).await;
    second.fill("#code", &code).await;
    second.see("#connection", "Live").await;
    take(&second, "login-security").await;

    let third = trust_another(&stage, &first).await;
    third.click("#devices li:has(.badge) .remove").await;
    take(&third, "remove-device").await;
    third.press(&["\u{e00c}"]).await;
    view.see("#deliveries td", "shown").await;
    // Some samples, so that there is a line to see.
    view.wait("document.querySelector('.chart .p99').getAttribute('d').split('L').length > 8").await;
    take(&view, "live-view").await;
    let challenge = stage.client().begin_sign_in(ANNA, &Install::new("Unknown phone")).await;
    third.click(&format!("[data-challenge='{}'] button.bad", challenge.id)).await;
    third.see("dialog h2", "Somebody may know").await;
    take(&third, "this-was-not-me").await;
    third.press(&["\u{e00c}"]).await;
    third.click("#sign-out").await;
    third.see("h1", "Sign in").await;
    take(&third, "sign-in").await;
    third.click("#other-mode").await;
    take(&third, "create-account").await;
    for page in ["docs", "dev/outbox"] {
        third.go(&format!("/{page}")).await;
        take(&third, page.rsplit('/').next().expect("a name")).await;
    }
    stage.end([first, second, third, view]).await;
}

const LANGUAGES: [&str; 3] = ["en", "de", "hu"];
const WIDTHS: [u32; 4] = [320, 360, 768, 1280];

/// The texts on a screen that are cut off: wider than their own box where that hides it, or beyond the edge of the window.
const CUT: &str = "return [...document.querySelectorAll('body *')].filter((one) => {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || one.closest('.skip, select, pre')) return false;
    const box = one.getBoundingClientRect();
    const hides = getComputedStyle(one).overflowX !== 'visible' && one.scrollWidth > one.clientWidth + 1;
    return hides || box.right > document.documentElement.clientWidth + 1 || box.left < -1;
}).map((one) => one.outerHTML.slice(0, 200))";

/// Takes a screen in every language, width and scheme. `open` is what opens its dialog, if it is one.
async fn take_all(browser: &Browser, screen: &str, open: Option<&str>) {
    for language in LANGUAGES {
        choose_language(browser, language).await;
        if let Some(open) = open {
            browser.click(open).await;
            browser.wait("document.querySelector('dialog[open]')").await;
        }
        take_sizes(browser, screen, language).await;
        if open.is_some() {
            browser.press(&["\u{e00c}"]).await;
            browser.gone("dialog").await;
        }
    }
    choose_language(browser, "en").await;
}

/// Takes what is shown in every width and scheme.
async fn take_sizes(browser: &Browser, screen: &str, language: &str) {
    let folder = PathBuf::from("target/screenshots/all");
    std::fs::create_dir_all(&folder).expect("a folder");
    for scheme in ["light", "dark"] {
        for width in WIDTHS {
            browser.look(width, 900, scheme).await;
            let name = format!("{screen} {language} {width} {scheme}");
            browser.expect_accessible(&name).await;
            let cut = browser.run(CUT, json!([])).await;
            assert_eq!(cut, json!([]), "{name}: text is cut off");
            let whole = json!({ "captureBeyondViewport": true });
            let taken = browser.devtools("Page.captureScreenshot", whole).await;
            let picture = STANDARD.decode(taken["data"].as_str().expect("base64")).expect("base64");
            std::fs::write(folder.join(format!("{}.png", name.replace(' ', "-"))), picture).expect("written");
        }
    }
}

/// The list has the keyboard again once everything is drawn anew.
async fn choose_language(browser: &Browser, language: &str) {
    browser.run("document.activeElement.blur()", json!([])).await;
    browser.choose("#language", language).await;
    browser
        .wait(&format!("document.documentElement.lang === '{language}' && document.activeElement.id === 'language'"))
        .await;
}

#[actix_web::test]
#[ignore = "makes pictures: make screenshots"]
async fn every_screen_in_every_language_and_width() {
    let stage = Stage::new().await;
    let first = stage.trusted().await;
    let second = stage.asking().await;
    shown_code(&first).await;
    second.see("#shown", "Shown on 1 of 1").await;
    take_all(&second, "verification", None).await;
    second.click("#help summary").await;
    second.click("#via-email").await;
    second.go("/").await;
    take_all(&first, "code-on-trusted-device", None).await;
    let code = shown_code(&first).await;
    second.fill("#code", &code).await;
    second.see("#connection", "Live").await;
    take_all(&second, "login-security", None).await;
    take_all(&second, "remove-device", Some("#devices .remove")).await;
    take_all(&second, "end-session", Some("#sessions .end")).await;
    take_all(&second, "change-password", Some("#change-password")).await;
    take_all(&second, "sign-out-everywhere", Some("#everywhere")).await;
    take_all(&second, "turn-off", Some("#two-step-switch")).await;
    take_all(&first, "report", Some("#activity [data-kind='sign_in'] .report")).await;
    first.click("#activity [data-kind='sign_in'] .report").await;
    first.click("dialog button.bad").await;
    first.see("dialog h2", "Somebody may know").await;
    first.press(&["\u{e00c}"]).await;
    second.see("#notice", "removed").await;
    take_all(&second, "notice", None).await;
    take_all(&first, "paused", None).await;
    first.click("#sign-out").await;
    first.see("h1", "Sign in").await;
    take_all(&first, "sign-in", None).await;
    first.click("#other-mode").await;
    first.see("h1", "Create your account").await;
    take_all(&first, "create-account", None).await;
    stage.end([first, second]).await;
}

#[actix_web::test]
#[ignore = "makes pictures: make screenshots"]
async fn every_screen_of_notifications() {
    let pushed = Pushed::new().await;
    let browser = pushed.asked().await;
    take_all(&browser, "notifications-asked", None).await;
    pushed.turn_on(&browser).await;
    take_all(&browser, "notifications-on", None).await;
    // As on an iPhone whose page is not on the Home Screen.
    let iphone = "navigator.standalone = false; delete window.PushManager; delete window.Notification;";
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": iphone })).await;
    browser.go("/").await;
    browser.see("#notifications", "Add to Home Screen").await;
    take_all(&browser, "notifications-home-screen", None).await;
    pushed.stage.end([browser]).await;
}

#[actix_web::test]
#[ignore = "makes pictures: make screenshots"]
async fn every_screen_of_recovery() {
    let stage = Stage::new().await;
    let first = stage.trusted().await;
    take_all(&first, "recovery-offered", None).await;
    take_all(&first, "recovery-password", Some("#make-codes")).await;
    for language in LANGUAGES {
        choose_language(&first, language).await;
        first.click("#make-codes").await;
        first.fill("#codes-password", PASSWORD).await;
        first.click("dialog button.main").await;
        first.wait("document.getElementById('paper-codes')").await;
        take_sizes(&first, "recovery-codes", language).await;
        first.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
        let printed = first.picture().await;
        std::fs::write(format!("target/screenshots/all/recovery-codes-{language}-print.png"), printed)
            .expect("written");
        first.look(1280, 900, "light").await;
        first.devtools("Emulation.setEmulatedMedia", json!({ "media": "" })).await;
        first.click("dialog button.main").await;
        first.gone("dialog").await;
    }
    choose_language(&first, "en").await;
    let use_up = "UPDATE recovery_codes SET used_at = now()
        WHERE code_hash IN (SELECT code_hash FROM recovery_codes WHERE used_at IS NULL LIMIT 8)";
    stage.gateway.database.execute(use_up).await;
    first.go("/").await;
    first.see("#ways-warning", "Only 2").await;
    take_all(&first, "recovery-few", None).await;

    let second = stage.asking().await;
    take_all(&second, "verification-before-recovery", None).await;
    second.click("#other-code").await;
    second.fill("#recovery-code", "00000-00000-00000-00000").await;
    take_all(&second, "verification-recovery", None).await;
    second.click("form ~ .row .plain").await;
    second.see("h1", "Sign in").await;
    take_all(&second, "sign-in-forgot", None).await;
    second.click("#forgot").await;
    second.see("h1", "Forgot your password?").await;
    take_all(&second, "forgot", None).await;
    second.click("form button.main").await;
    second.see("#asked-for-link", "30 minutes").await;
    take_all(&second, "forgot-asked", None).await;
    second.go(&mailed_link(&stage, 1).await).await;
    second.fill("#reset-password", "another battery").await;
    second.see(".strength", "Good").await;
    take_all(&second, "new-password", None).await;
    second.click("form button.main").await;
    second.see("#notice", "Password changed").await;
    take_all(&second, "new-password-set", None).await;
    second.go("/#reset=nonsense").await;
    second.fill("#reset-password", PASSWORD).await;
    second.click("form button.main").await;
    second.see("#link-over", "30 minutes").await;
    take_all(&second, "link-over", None).await;
    stage.end([first, second]).await;
}

#[actix_web::test]
#[ignore = "makes pictures: make screenshots"]
async fn every_screen_of_another_address() {
    let stage = Stage::new().await;
    let first = stage.trusted().await;
    take_all(&first, "address-change", Some("#change-email")).await;
    first.click("#change-email").await;
    change_address(&first).await;
    take_all(&first, "verification-address", None).await;
    let code = stage.client().mailed_code(NEW_ADDRESS, "Confirm your new email address").await;
    first.fill("#code", &code).await;
    first.see("#account", "new.example").await;

    let reader = stage.browser().await;
    reader.go(&undo_link(&stage).await).await;
    take_all(&reader, "address-undo", None).await;
    reader.click("#undo-email").await;
    reader.see("#undo-email-done", "earlier address").await;
    take_all(&reader, "address-undone", None).await;
    reader.go("/#undo-email=nonsense").await;
    reader.click("#undo-email").await;
    reader.see("#undo-email-over", "72 hours").await;
    take_all(&reader, "address-undo-over", None).await;
    stage.end([first, reader]).await;
}

#[actix_web::test]
#[ignore = "makes pictures: make screenshots"]
async fn every_screen_of_a_last_resort() {
    let stage = Stage::without_mailed_codes().await;
    let owner = stage.trusted().await;
    let asker = stage.asking().await;
    for language in LANGUAGES {
        choose_language(&asker, language).await;
        asker.click("#help summary").await;
        asker.wait("!document.getElementById('last-resort').hidden").await;
        take_sizes(&asker, "last-resort-offer", language).await;
        asker.click("#ask-last-resort").await;
        take_sizes(&asker, "last-resort-ask", language).await;
        asker.press(&["\u{e00c}"]).await;
        asker.gone("dialog").await;
    }
    choose_language(&asker, "en").await;
    ask_for_last_resort(&asker).await;
    for language in LANGUAGES {
        choose_language(&asker, language).await;
        asker.click("#help summary").await;
        asker.wait("document.getElementById('last-resort-asked')").await;
        take_sizes(&asker, "last-resort-asked", language).await;
    }
    owner.see("#recovery", "Someone who knows your password asked").await;
    take_all(&owner, "last-resort-owner", None).await;
    stage.end([owner, asker]).await;
}

#[actix_web::test]
#[ignore = "makes pictures: make screenshots"]
async fn every_screen_of_an_authenticator_app() {
    let stage = Stage::new().await;
    let owner = stage.trusted().await;
    take_all(&owner, "authenticator-password", Some("#set-up-authenticator")).await;
    for language in LANGUAGES {
        choose_language(&owner, language).await;
        let app = set_up_app(&owner).await;
        take_sizes(&owner, "authenticator-picture", language).await;
        owner.fill("#authenticator-code", &app.code(0)).await;
        owner.click("dialog button.main").await;
        owner.gone("dialog").await;
    }
    choose_language(&owner, "en").await;
    take_all(&owner, "authenticator-ways", None).await;
    let asker = stage.asking().await;
    asker.click("#use-app").await;
    take_all(&asker, "authenticator-code", None).await;
    stage.end([owner, asker]).await;
}
