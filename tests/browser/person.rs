//! What people do on the page, as the steps that most tests begin with.

use twostep::domain::account::two_step_policy::TwoStepPolicy;
use twostep::domain::delivery::EmailFallback;
use twostep::settings::{Registration, Settings};

use crate::driver::{Browser, Driver};
use crate::support::client::{Client, PASSWORD};
use crate::support::gateway::TestGateway;

pub const ANNA: &str = "anna@example.com";

/// A gateway and a browser driver, for one test.
pub struct Stage {
    pub gateway: TestGateway,
    pub driver: Driver,
}

impl Stage {
    pub async fn new() -> Self {
        Self { gateway: TestGateway::start().await, driver: Driver::start() }
    }

    /// Where nobody makes an account.
    pub async fn closed() -> Self {
        let close = |settings: &mut Settings| settings.accounts.registration = Registration::Closed;
        Self { gateway: TestGateway::start_with(close).await, driver: Driver::start() }
    }

    /// Where every account must have two-step verification, after a day.
    pub async fn required() -> Self {
        let required = |settings: &mut Settings| {
            settings.accounts.two_step = TwoStepPolicy::Required;
            settings.accounts.two_step_grace_days = 1;
        };
        Self { gateway: TestGateway::start_with(required).await, driver: Driver::start() }
    }

    /// Where no code of a sign-in goes by email.
    pub async fn without_mailed_codes() -> Self {
        let strict = |settings: &mut Settings| settings.delivery.email_fallback = EmailFallback::Off;
        Self { gateway: TestGateway::start_with(strict).await, driver: Driver::start() }
    }

    /// Lets hours pass for what a last resort waits for.
    pub async fn pass_hours(&self, hours: u32) {
        let columns = ["asked_at", "ready_at", "usable_until", "remind_at"];
        let sets = columns.map(|column| format!("{column} = {column} - interval '{hours} hours'"));
        self.gateway.database.execute(&format!("UPDATE recoveries SET {}", sets.join(", "))).await;
    }

    pub async fn browser(&self) -> Browser {
        self.driver.open(&self.gateway.url()).await
    }

    /// Ends browsers first: the gateway would wait for their requests.
    pub async fn end<const N: usize>(self, browsers: [Browser; N]) {
        drop(browsers);
        self.gateway.stop().await;
    }

    pub fn client(&self) -> Client {
        self.gateway.client()
    }

    /// A browser whose user made an account; two-step verification is off.
    pub async fn with_account(&self) -> Browser {
        let browser = self.browser().await;
        browser.click("#other-mode").await;
        browser.see("h1", "Create your account").await;
        browser.fill("#email", ANNA).await;
        browser.fill("#password", PASSWORD).await;
        browser.click("form button.main").await;
        browser.see("h1", "Confirm your address").await;
        let code = self.client().mailed_code(ANNA, "Confirm").await;
        browser.fill("#code", &code).await;
        browser.see("h1", "Login Security").await;
        browser
    }

    /// A browser that is trusted and connected.
    pub async fn trusted(&self) -> Browser {
        let browser = self.with_account().await;
        browser.click("#two-step-switch").await;
        browser.see("h1", "Turn on two-step verification").await;
        let code = self.client().mailed_code(ANNA, "Turn on").await;
        browser.fill("#code", &code).await;
        browser.see("#two-step .badge", "On").await;
        browser.see("#connection", "Live").await;
        browser
    }

    /// Another browser, which is asked for a code.
    pub async fn asking(&self) -> Browser {
        let browser = self.browser().await;
        sign_in(&browser).await;
        browser.see("h1", "Enter the code").await;
        browser
    }
}

/// Types address and password.
pub async fn sign_in(browser: &Browser) {
    browser.fill("#email", ANNA).await;
    browser.fill("#password", PASSWORD).await;
    browser.click("form button.main").await;
}

/// The code on the card of a trusted device, as it is read there.
pub async fn shown_code(trusted: &Browser) -> String {
    trusted.see("#codes .digits", " ").await;
    trusted.text("#codes .digits").await
}

/// A second trusted browser.
pub async fn trust_another(stage: &Stage, trusted: &Browser) -> Browser {
    let second = stage.asking().await;
    let code = shown_code(trusted).await;
    second.fill("#code", &code).await;
    second.see("#connection", "Live").await;
    trusted.gone("#codes").await;
    second
}
