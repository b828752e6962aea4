//! The story of devices that sleep: what the socket does not reach goes by push, to providers that are simulated.

use std::time::Instant;

use anyhow::ensure;
use reqwest::Method;
use serde_json::{Value, json};

use super::api::{Install, text};
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
        let console = self.reached_asleep(providers, &challenge).await?;
        self.play_closed_browser(providers, &console).await
    }

    /// The console's browser is closed, and shows the code all the same.
    async fn play_closed_browser(&mut self, providers: &Providers, console: &Device) -> anyhow::Result<()> {
        let key = self.api.call(Method::GET, "/v1/push/web", None, None, 200).await?;
        let subscription = providers.subscribe(key["public_key"].as_str());
        let keys = json!({ "p256dh": subscription.p256dh, "auth": subscription.auth });
        let push = json!({ "provider": "webpush", "endpoint": subscription.endpoint, "keys": keys });
        self.register(console, push).await?;
        self.timeline.done("The console's browser subscribes to Web Push, and is closed", "");
        let glasses = Install::new("Anna's glasses", "Glasses", "other");
        let challenge = self.refused_without_code(&glasses, 5).await?;
        let asked = Instant::now();
        let inside = providers.code_at_browser(&challenge.id).await?;
        self.timeline.hop("the push service has what it cannot read; the browser opens it and shows the code", asked);
        let receipt = json!({ "receipt": inside["receipt"], "shown": true });
        self.api.call(Method::POST, "/v1/receipts", None, Some(receipt), 204).await?;
        self.timeline.done("Without a session it says so", "the new device hears that the code is shown");
        self.accepted(&challenge, &text(&inside["code"])?, "The code is accepted").await?;
        Ok(())
    }

    async fn reached_asleep(&mut self, providers: &Providers, challenge: &Challenge) -> anyhow::Result<Device> {
        let asked = Instant::now();
        let at_phone = providers.code_at_phone(&challenge.id).await?;
        self.timeline.hop("Google has the code for the phone", asked);
        let at_tablet = providers.code_at_tablet(&challenge.id).await?;
        self.timeline.hop("Apple has it for the tablet", asked);
        ensure!(at_phone == at_tablet, "the providers got different codes");
        self.timeline.done("Nobody is connected, and both are reached", "");
        let device = self.accepted(challenge, &at_phone, "The code is accepted").await?;
        let closed = Instant::now();
        providers.wait_for_withdrawals(&challenge.id).await?;
        self.timeline.hop("the notifications are taken back", closed);
        self.timeline.done("What is over does not stay on a lock screen", "");
        Ok(device)
    }

    async fn register(&self, device: &Device, push: Value) -> anyhow::Result<()> {
        let body = json!({ "push": push, "notifications_allowed": true });
        let path = "/v1/devices/current";
        self.api.call(Method::PATCH, path, Some(&device.access_token), Some(body), 200).await?;
        Ok(())
    }
}
