//! `make screenshots`: a picture of every screen, light and dark, on a phone and on a desktop.

use std::path::PathBuf;

use serde_json::json;

use crate::driver::Browser;
use crate::person::{ANNA, Stage, shown_code, trust_another};
use crate::support::client::Install;
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
