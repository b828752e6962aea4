//! The story of devices that sleep: what the socket does not reach goes by push, to providers that are simulated.

use std::time::Instant;

use anyhow::ensure;
use reqwest::Method;
use serde_json::{Value, json};

use super::api::Install;
use super::providers::Providers;
use super::screen::Screen;
use super::story::{Challenge, Device, Story};

/// A device token of APNs as they are today: 64 hexadecimal digits.
const IPAD_TOKEN: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const PHONE_TOKEN: &str = "demo-registration-token-of-annas-phone";

impl Story<'_> {
    /// Anna's phone and tablet go to sleep, and codes reach them all the same.
    pub(super) async fn play_pushes(
        &mut self,
        providers: &Providers,
        phone: (&Device, Screen),
        tablet: (&Device, Screen),
    ) -> anyhow::Result<()> {
        self.timeline.chapter("Both devices go to sleep");
        let ((phone, mut phone_screen), (tablet, tablet_screen)) = (phone, tablet);
        self.register(phone, json!({ "provider": "fcm", "token": PHONE_TOKEN })).await?;
        self.register(tablet, json!({ "provider": "apns", "token": IPAD_TOKEN })).await?;
        self.timeline.done("They register for push: the phone with Google, the tablet with Apple", "");
        drop(tablet_screen);
        let watch = Install::new("Anna's watch", "Watch", "ios");
        let challenge = self.refused_without_code(&watch, 3).await?;
        let asked = Instant::now();
        let code = phone_screen.show_code(&challenge.id).await?;
        self.timeline.hop("the phone is still connected: the code is on its screen", asked);
        let at_tablet = providers.code_at_tablet(&challenge.id).await?;
        self.timeline.hop("the tablet is not: Apple has it", asked);
        ensure!(code == at_tablet, "Apple got another code");
        self.timeline.done("Each device is reached by the way that is open", "");
        self.accepted(&challenge, &code, "The code is accepted").await?;
        ensure!(providers.codes_at_fcm(&challenge.id) == 0, "a device that said it shows the code got a push too");

        drop(phone_screen);
        let console = Install::new("Anna's console", "Console", "web");
        let challenge = self.refused_without_code(&console, 4).await?;
        self.reached_asleep(providers, &challenge).await
    }

    async fn reached_asleep(&mut self, providers: &Providers, challenge: &Challenge) -> anyhow::Result<()> {
        let asked = Instant::now();
        let at_phone = providers.code_at_phone(&challenge.id).await?;
        self.timeline.hop("Google has the code for the phone", asked);
        let at_tablet = providers.code_at_tablet(&challenge.id).await?;
        self.timeline.hop("Apple has it for the tablet", asked);
        ensure!(at_phone == at_tablet, "the providers got different codes");
        self.timeline.done("Nobody is connected, and both are reached", "");
        self.accepted(challenge, &at_phone, "The code is accepted").await?;
        let closed = Instant::now();
        providers.wait_for_withdrawals(&challenge.id).await?;
        self.timeline.hop("the notifications are taken back", closed);
        self.timeline.done("What is over does not stay on a lock screen", "");
        Ok(())
    }

    async fn register(&self, device: &Device, push: Value) -> anyhow::Result<()> {
        let body = json!({ "push": push, "notifications_allowed": true });
        let path = "/v1/devices/current";
        self.api.call(Method::PATCH, path, Some(&device.access_token), Some(body), 200).await?;
        Ok(())
    }
}
