//! Ways back into an account: codes on paper, and a new password by mail.

use serde_json::json;

use crate::driver::Browser;
use crate::person::{ANNA, Stage, shown_code, sign_in};
use crate::support::authenticator_app::AuthenticatorApp;
use crate::support::client::PASSWORD;

pub const NEW_ADDRESS: &str = "anna@new.example";
const NEW: &str = "another battery staple";
const ESCAPE: &str = "\u{e00c}";

/// Makes recovery codes with the button that matches; their dialog stays open.
pub async fn make_codes(browser: &Browser, button: &str) -> Vec<String> {
    browser.click(button).await;
    browser.fill("#codes-password", PASSWORD).await;
    browser.click("dialog button.main").await;
    browser.see("dialog h2", "Your recovery codes").await;
    let codes = browser.wait("[...document.querySelectorAll('#paper-codes li')].map((code) => code.textContent)").await;
    codes.as_array().expect("a list").iter().map(|code| code.as_str().expect("a text").to_owned()).collect()
}

/// The address with a link that was mailed, as it is opened.
pub async fn mailed_link(stage: &Stage, count: usize) -> String {
    let mail = stage.client().await_mail(ANNA, "Choose a new password", count).await;
    let (_, link) = mail.split_once("#reset=").expect("a link");
    format!("/#reset={}", link.split_whitespace().next().expect("its end"))
}

async fn ask_for_link(stage: &Stage, browser: &Browser, count: usize) -> String {
    browser.click("#forgot").await;
    browser.fill("#email", ANNA).await;
    browser.click("form button.main").await;
    browser.see("#asked-for-link", "If there is an account with this address").await;
    mailed_link(stage, count).await
}

#[actix_web::test]
async fn whoever_lost_the_phone_comes_back_by_a_code_from_paper() {
    let stage = Stage::new().await;
    let first = stage.trusted().await;
    first.see("#offer-codes", "What if you lose this device?").await;
    first.see("#ways-warning", "only one way back").await;
    first.see("[data-way='codes'] .badge", "None").await;
    first.expect_accessible("recovery codes offered").await;
    first.click("#offer-codes button.main").await;
    first.expect_accessible("the password for recovery codes").await;
    first.fill("#codes-password", "not the password").await;
    first.click("dialog button.main").await;
    first.see("dialog .error", "password is wrong").await;
    first.press(&[ESCAPE]).await;
    first.gone("dialog").await;
    let codes = make_codes(&first, "#offer-codes button.main").await;
    first.click("dialog button.main").await;
    first.gone("#offer-codes").await;
    first.see("[data-way='codes']", "10 left").await;
    first.gone("#ways-warning").await;
    first.wait("document.activeElement.id === 'make-codes'").await;
    first.expect_clean_console().await;
    first.close_page().await;

    let second = stage.asking().await;
    second.click("#help summary").await;
    second.see("#help", "One of your recovery codes works here as well").await;
    second.click("#use-recovery").await;
    second.wait("document.activeElement.id === 'recovery-code'").await;
    second.gone("#code, #resend, #help").await;
    second.expect_accessible("a recovery code is asked for").await;
    for (typed, told) in [("123456", "a whole recovery code"), ("00000-00000-00000-00000", "You have 9 tries left")] {
        second.fill("#recovery-code", typed).await;
        second.click("form button.main").await;
        second.see("#problem", told).await;
        second.wait("document.activeElement.id === 'recovery-code'").await;
    }
    second.expect_accessible("a wrong recovery code").await;
    // What was typed outlives a change of mind and of the language.
    second.click("#other-code").await;
    second.see("#attempts-left", "5 tries left").await;
    second.wait("document.activeElement.id === 'code'").await;
    second.click("#other-code").await;
    second.choose("#language", "hu").await;
    second.see("label", "Helyreállító kód").await;
    second.wait("document.getElementById('recovery-code').value === '00000-00000-00000-00000'").await;
    second.choose("#language", "en").await;
    second.see("label", "Recovery code").await;
    second.fill("#recovery-code", &codes[0].to_lowercase().replace('-', " ")).await;
    second.click("form button.main").await;
    second.see("#connection", "Live").await;
    second.see("[data-way='codes']", "9 left").await;
    second.see("[data-way='devices'] .badge", "Only while open").await;
    second.see("#activity h3", "Recovery code used").await;
    second.expect_clean_console().await;
    stage.end([first, second]).await;
}

#[actix_web::test]
async fn recovery_codes_are_shown_once_and_are_then_nowhere_on_the_page() {
    let stage = Stage::new().await;
    let browser = stage.trusted().await;
    browser.click("#offer-codes .plain").await;
    browser.gone("#offer-codes").await;
    browser.wait("document.activeElement.id === 'make-codes'").await;
    let folder = tempfile::tempdir().expect("a folder");
    let downloads = json!({ "behavior": "allow", "downloadPath": folder.path() });
    browser.devtools("Browser.setDownloadBehavior", downloads).await;
    let clipboard = "Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => { window.copied = text; } } }); window.print = () => { window.printed = true; };";
    browser.run(clipboard, json!([])).await;
    let codes = make_codes(&browser, "#make-codes").await;
    assert!(codes.len() == 10 && codes.iter().all(|code| code.len() == 23), "{codes:?}");
    for (width, scheme) in [(1280, "light"), (320, "dark")] {
        browser.look(width, 900, scheme).await;
        browser.expect_accessible("recovery codes").await;
    }

    browser.click("#copy-codes").await;
    browser.see("#codes-said", "Copied").await;
    assert_eq!(browser.wait("window.copied").await, codes.join("\n"));
    browser.click("#print-codes").await;
    browser.wait("window.printed").await;
    browser.click("#download-codes").await;
    browser.see("#codes-said", "Saved").await;
    let file = folder.path().join("twostep-recovery-codes.txt");
    let deadline = std::time::Instant::now() + crate::support::client::DEADLINE;
    let text = loop {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        if text.contains("New codes replace these") {
            break text;
        }
        assert!(std::time::Instant::now() < deadline, "no file came");
        tokio::task::yield_now().await;
    };
    assert!(codes.iter().all(|code| text.contains(code)) && text.starts_with("Recovery codes for Twostep"), "{text}");

    // A slip of the finger does not lose them.
    browser.press(&[ESCAPE]).await;
    browser.see("dialog h2", "Your recovery codes").await;
    let kept = "return document.documentElement.outerHTML + location.href + JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state])";
    let holds = |text: &serde_json::Value| {
        let text = text.as_str().expect("a text").to_owned();
        codes.iter().filter(|code| text.contains(code.as_str())).count()
    };
    assert_eq!(holds(&browser.run(kept, json!([])).await), 10);
    browser.click("dialog button.main").await;
    browser.wait("!document.querySelector('dialog')").await;
    assert_eq!(holds(&browser.run(kept, json!([])).await), 0);
    assert!(browser.console().await.iter().all(|(_, text)| codes.iter().all(|code| !text.contains(code))));

    // Those made anew replace them, and few are told.
    browser.click("#make-codes").await;
    browser.see("dialog .note", "will stop working").await;
    browser.press(&[ESCAPE]).await;
    let use_up = "UPDATE recovery_codes SET used_at = now()
        WHERE code_hash IN (SELECT code_hash FROM recovery_codes WHERE used_at IS NULL LIMIT 8)";
    stage.gateway.database.execute(use_up).await;
    browser.go("/").await;
    browser.see("#ways-warning", "Only 2 recovery codes are left").await;
    browser.see("[data-way='codes'] .badge", "Few left").await;
    browser.expect_accessible("few recovery codes").await;
    stage.end([browser]).await;
}

#[actix_web::test]
async fn only_the_codes_are_printed() {
    let stage = Stage::new().await;
    let browser = stage.trusted().await;
    make_codes(&browser, "#make-codes").await;
    browser.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
    browser.gone("main, header, dialog button, #announcer, .no-paper, dialog h2").await;
    browser.see("dialog .paper-only", "Recovery codes for Twostep").await;
    browser.see("dialog .paper-only", "Each one works once").await;
    browser.see("dialog li", "-").await;
    stage.end([browser]).await;
}

#[actix_web::test]
async fn a_recovery_code_turns_two_step_verification_off_on_a_device_that_is_not_trusted() {
    let stage = Stage::new().await;
    let first = stage.trusted().await;
    let codes = make_codes(&first, "#make-codes").await;
    let second = stage.asking().await;
    second.click("#other-code").await;
    second.click("#trust").await;
    second.fill("#recovery-code", &codes[0]).await;
    second.click("form button.main").await;
    second.see("[data-way='codes']", "You can make them on a trusted device").await;
    second.gone("#make-codes").await;
    second.click("#two-step-switch").await;
    second.fill("#off-password", PASSWORD).await;
    second.click("dialog button.bad").await;
    second.see("h1", "Turn off two-step verification").await;
    second.click("#other-code").await;
    second.fill("#recovery-code", &codes[1]).await;
    second.click("form button.main").await;
    second.see("#two-step .badge", "Off").await;
    second.gone("#ways").await;
    stage.end([first, second]).await;
}

#[actix_web::test]
async fn a_new_password_by_mail_still_needs_the_second_step_on_a_new_device() {
    let stage = Stage::new().await;
    let first = stage.trusted().await;
    let second = stage.browser().await;
    second.fill("#email", ANNA).await;
    second.click("#forgot").await;
    second.see("h1", "Forgot your password?").await;
    second.wait(&format!("document.getElementById('email').value === {ANNA:?}")).await;
    second.expect_accessible("forgot the password").await;
    second.run("history.back()", json!([])).await;
    second.see("h1", "Sign in").await;
    second.run("history.forward()", json!([])).await;
    second.see("h1", "Forgot your password?").await;
    second.fill("#email", ANNA).await;
    second.click("form button.main").await;
    second.see("#asked-for-link", "It is good for 30 minutes").await;
    second.expect_accessible("a link was asked for").await;
    second.choose("#language", "de").await;
    second.see("#asked-for-link", "Er gilt 30 Minuten").await;
    second.choose("#language", "en").await;
    second.see("#asked-for-link", ANNA).await;

    let link = mailed_link(&stage, 1).await;
    second.go(&link).await;
    second.see("h1", "Choose a new password").await;
    second.wait("location.hash === '#new-password'").await;
    let (_, secret) = link.split_once('.').expect("a secret");
    let kept = "return document.documentElement.outerHTML + location.href + JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state])";
    let kept = second.run(kept, json!([])).await;
    assert!(!kept.as_str().expect("a text").contains(secret), "{kept}");
    second.expect_accessible("a new password by a link").await;
    second.fill("#reset-password", "password1").await;
    second.see(".strength", "Many people use this one").await;
    second.click("form button.main").await;
    second.see("#problem", "Many people use this password").await;
    second.fill("#reset-password", NEW).await;
    second.click("form button.main").await;
    second.see("#notice", "Password changed. All devices are signed out.").await;
    second.expect_accessible("a new password was set").await;
    first.see("#notice", "signed out").await;

    for browser in [&second, &first] {
        browser.fill("#email", ANNA).await;
        browser.fill("#password", NEW).await;
        browser.click("form button.main").await;
        if std::ptr::eq(browser, &second) {
            second.see("h1", "Enter the code").await;
        }
    }
    first.see("#connection", "Live").await;
    second.fill("#code", &shown_code(&first).await).await;
    second.see("#connection", "Live").await;
    second.see("#activity h3", "Password reset by email").await;
    for browser in [&first, &second] {
        browser.expect_clean_console().await;
    }
    stage.end([first, second]).await;
}

#[actix_web::test]
async fn a_link_comes_first_and_one_that_was_used_says_so() {
    let stage = Stage::new().await;
    let browser = stage.trusted().await;
    let asking = stage.browser().await;
    let link = ask_for_link(&stage, &asking, 1).await;

    // Whoever is signed in here; leaving the link leads back to where they were.
    browser.close_page().await;
    browser.go(&link).await;
    browser.see("h1", "Choose a new password").await;
    browser.click("form .plain").await;
    browser.see("h1", "Login Security").await;
    browser.close_page().await;
    browser.go(&link).await;
    browser.fill("#reset-password", NEW).await;
    browser.click("form button.main").await;
    browser.see("#notice", "Password changed").await;

    asking.go(&link).await;
    asking.fill("#reset-password", "yet another staple").await;
    asking.click("form button.main").await;
    asking.see("h1", "This link no longer works").await;
    asking.expect_accessible("a link is over").await;
    asking.click("#link-again").await;
    let again = ask_for_another(&stage, &asking).await;
    // A reload forgets the secret, which the mail still holds.
    asking.go(&again).await;
    asking.see("h1", "Choose a new password").await;
    asking.run("location.reload()", json!([])).await;
    asking.see("#notice", "open the link in the mail again").await;
    for nonsense in ["/#reset=", "/#reset=nonsense", "/#reset=00000000-0000-0000-0000-000000000000.ts_pw_none"] {
        asking.go(nonsense).await;
        asking.fill("#reset-password", NEW).await;
        asking.click("form button.main").await;
        asking.see("#link-over", "used already").await;
    }
    asking.click("#back").await;
    sign_in(&asking).await;
    asking.see("#problem", "password is wrong").await;
    for browser in [&browser, &asking] {
        browser.expect_clean_console().await;
    }
    stage.end([browser, asking]).await;
}

async fn ask_for_another(stage: &Stage, browser: &Browser) -> String {
    browser.see("h1", "Forgot your password?").await;
    browser.fill("#email", ANNA).await;
    browser.click("form button.main").await;
    browser.see("#asked-for-link", "If there is an account").await;
    mailed_link(stage, 2).await
}

/// Asks for another address in the open dialog.
pub async fn change_address(browser: &Browser) {
    browser.fill("#new-email", NEW_ADDRESS).await;
    browser.fill("#email-password", PASSWORD).await;
    browser.click("dialog button.main").await;
    browser.see("h1", "Confirm your new email address").await;
}

/// The address with the link that undoes it, as it is opened.
pub async fn undo_link(stage: &Stage) -> String {
    let mail = stage.client().await_mail(ANNA, "The email address of your account was changed", 1).await;
    let (_, link) = mail.split_once("#undo-email=").expect("a link");
    format!("/#undo-email={}", link.split_whitespace().next().expect("its end"))
}

#[actix_web::test]
async fn an_address_is_changed_and_whoever_reads_the_old_one_undoes_it() {
    let stage = Stage::new().await;
    let phone = stage.trusted().await;
    phone.click("#change-email").await;
    phone.expect_accessible("change the address").await;
    change_address(&phone).await;
    let code = stage.client().mailed_code(NEW_ADDRESS, "Confirm your new email address").await;
    phone.fill("#code", &code).await;
    phone.see("#account", "a•••@new.example").await;
    phone.see("#activity h3", "Email address changed").await;

    let link = undo_link(&stage).await;
    let reader = stage.browser().await;
    reader.go(&link).await;
    reader.see("h1", "Undo the change of the email address?").await;
    assert_eq!(reader.run("return location.href.includes('ts_ua_')", json!([])).await, json!(false));
    reader.expect_accessible("undo a change").await;
    reader.click("#undo-email").await;
    reader.see("h1", "The change was undone").await;
    reader.choose("#language", "de").await;
    reader.see("h1", "Die Änderung wurde rückgängig gemacht").await;
    reader.choose("#language", "en").await;
    reader.click("#back").await;
    reader.see("h1", "Sign in").await;
    reader.go(&link).await;
    // The same within a minute is answered alike.
    reader.click("#undo-email").await;
    reader.see("h1", "The change was undone").await;

    phone.go("/").await;
    phone.see("#account", "a•••@example.com").await;
    phone.see("#two-step", "Sign-ins from new devices have been paused").await;
    for browser in [&phone, &reader] {
        browser.expect_clean_console().await;
    }
    stage.end([phone, reader]).await;
}

/// Asks on the screen that waits for a code, and waits for the word that it was asked for.
pub async fn ask_for_last_resort(browser: &Browser) {
    browser.click("#help summary").await;
    browser.click("#ask-last-resort").await;
    browser.see("dialog h2", "Get in without a device?").await;
    browser.click("dialog button.main").await;
    browser.see("#last-resort-asked", "You asked to get in without a device").await;
}

#[actix_web::test]
async fn whoever_has_nothing_left_waits_and_comes_back_unless_a_trusted_device_cancels() {
    let stage = Stage::without_mailed_codes().await;
    let owner = stage.trusted().await;
    let asker = stage.asking().await;
    asker.click("#help summary").await;
    asker.see("#last-resort", "After 72 hours").await;
    asker.click("#ask-last-resort").await;
    asker.expect_accessible("the last resort is asked for").await;
    asker.fill("#last-resort-email", "somebody@example.com").await;
    asker.click("dialog button.main").await;
    asker.see("dialog .error", "isn’t the address").await;
    asker.fill("#last-resort-email", ANNA).await;
    asker.click("dialog button.main").await;
    asker.see("#last-resort-asked", "You asked to get in without a device").await;
    asker.expect_accessible("the last resort was asked for").await;
    asker.choose("#language", "hu").await;
    asker.click("#help summary").await;
    asker.see("#last-resort-asked", "eszköz nélküli bejelentkezést kért").await;
    asker.choose("#language", "en").await;

    // The last way is not removed without a word.
    owner.click("#devices li .remove").await;
    owner.see("#last-way", "This is the last way back in").await;
    owner.expect_accessible("the last way is removed").await;
    owner.press(&[ESCAPE]).await;
    owner.gone("dialog").await;

    // One tap, on a device that heard of it by itself.
    owner.see("#recovery", "Someone who knows your password asked").await;
    owner.expect_accessible("somebody asked for the last resort").await;
    owner.click("#cancel-recovery").await;
    owner.gone("#recovery").await;
    owner.see("#announcer", "Whoever asked knows your password").await;
    asker.see("#notice", "request").await;
    asker.expect_clean_console().await;

    // Again, and the owner is away.
    sign_in(&asker).await;
    ask_for_last_resort(&asker).await;
    owner.expect_clean_console().await;
    owner.close_page().await;
    stage.pass_hours(72).await;
    asker.click(".card button.plain").await;
    sign_in(&asker).await;
    stage.gateway.database.execute("UPDATE challenges SET resend_at = now() WHERE outcome IS NULL").await;
    asker.click("#help summary").await;
    asker.see("#last-resort-asked", "The wait is over").await;
    asker.click("#via-email").await;
    asker.click("#send-code").await;
    let code = stage.client().mailed_code(ANNA, "sign-in code").await;
    asker.fill("#code", &code).await;
    asker.see("h1", "Login Security").await;
    asker.see("#activity", "Signed in without a device, after the wait").await;
    asker.expect_clean_console().await;
    stage.end([owner, asker]).await;
}

#[actix_web::test]
async fn an_authenticator_app_is_set_up_and_signs_in() {
    let stage = Stage::new().await;
    let owner = stage.trusted().await;
    owner.see("[data-way='authenticator'] .badge", "None").await;
    let app = set_up_app(&owner).await;
    owner.see("dialog", "Scan this picture").await;
    owner.expect_accessible("an authenticator app is set up").await;
    owner.fill("#authenticator-code", "000000").await;
    owner.click("dialog button.main").await;
    owner.see("dialog .error", "isn’t the app’s current code").await;
    owner.fill("#authenticator-code", &app.code(0)).await;
    owner.click("dialog button.main").await;
    owner.gone("dialog").await;
    owner.see("[data-way='authenticator'] .badge", "Ready").await;
    owner.expect_clean_console().await;

    let second = stage.asking().await;
    second.click("#use-app").await;
    second.wait("document.activeElement.id === 'app-code'").await;
    second.gone("#code, #resend, #help, #use-app").await;
    second.expect_accessible("a code of an authenticator app is asked for").await;
    // What was chosen outlives a change of the language.
    second.choose("#language", "de").await;
    second.see("label", "Code aus Ihrer Authentifizierungs-App").await;
    second.choose("#language", "en").await;
    second.fill("#app-code", &app.code(-9)).await;
    second.see("#problem", "4 tries left").await;
    second.fill("#app-code", &app.code(1)).await;
    second.see("#connection", "Live").await;
    second.expect_clean_console().await;

    owner.click("#remove-authenticator").await;
    owner.see("dialog h2", "Remove the authenticator app?").await;
    owner.click("dialog button.bad").await;
    owner.see("[data-way='authenticator'] .badge", "None").await;
    owner.expect_clean_console().await;
    stage.end([owner, second]).await;
}

/// Begins to set an app up, up to the picture with its key, which the app takes.
pub async fn set_up_app(owner: &Browser) -> AuthenticatorApp {
    owner.click("#set-up-authenticator").await;
    owner.fill("#authenticator-password", PASSWORD).await;
    owner.click("dialog button.main").await;
    owner.wait("document.querySelector('dialog .picture svg')?.getBoundingClientRect().width > 100").await;
    AuthenticatorApp::new(&owner.text("#authenticator-key").await.replace(' ', ""))
}
