//! The push providers, simulated on loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;
use twostep_simulators::{ApnsSimulator, FcmSimulator, WebPushSimulator, WebPushSubscription};

use crate::settings::Settings;

/// How long the demo waits for a provider to hear something.
const PATIENCE: Duration = Duration::from_secs(8);

/// All providers, on loopback.
pub(super) struct Providers {
    fcm: FcmSimulator,
    apns: ApnsSimulator,
    webpush: WebPushSimulator,
}

impl Providers {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let any_port: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
        Ok(Self {
            fcm: FcmSimulator::start(any_port).await?,
            apns: ApnsSimulator::start(any_port).await?,
            webpush: WebPushSimulator::start(any_port).await?,
        })
    }

    /// Points a gateway at them.
    pub(super) fn configure(&self, settings: &mut Settings) {
        settings.fcm.base_url = self.fcm.base_url().to_owned();
        settings.fcm.service_account_file = Some(self.fcm.service_account_file().to_owned());
        settings.apns.base_url = self.apns.base_url();
        settings.apns.trust_root_file = Some(self.apns.ca_file().to_owned());
        settings.apns.signing_key_file = Some(self.apns.signing_key_file().to_owned());
        settings.apns.key_id = self.apns.key_id().to_owned();
        settings.apns.team_id = self.apns.team_id().to_owned();
        settings.apns.topic = self.apns.topic().to_owned();
        settings.webpush.services = vec![self.webpush.host().to_owned()];
        settings.webpush.trust_root_file = Some(self.webpush.ca_file().to_owned());
    }

    /// The subscription of a browser, which the push service opens for it.
    pub(super) fn subscribe(&self, public_key: Option<&str>) -> WebPushSubscription {
        self.webpush.subscribe(public_key)
    }

    /// The code of a challenge and what came with it, as the browser opened it.
    pub(super) async fn code_at_browser(&self, challenge: &str) -> anyhow::Result<Value> {
        let is_it = |inside: &Value| inside["challenge_id"] == challenge && inside["type"] == "code";
        let seen = self
            .webpush
            .wait_for(PATIENCE, |received| received.iter().filter_map(|request| request.json()).any(|one| is_it(&one)))
            .await?;
        seen.iter().filter_map(|request| request.json()).find(is_it).context("it was received")
    }

    /// The code of a challenge, as it reached the phone through FCM.
    pub(super) async fn code_at_phone(&self, challenge: &str) -> anyhow::Result<String> {
        let is_it = |request: &&std::sync::Arc<twostep_simulators::FcmRequest>| {
            request.data("challenge_id") == Some(challenge) && request.data("type") == Some("code")
        };
        self.fcm.wait_for(PATIENCE, |received| received.iter().any(|request| is_it(&request))).await?;
        let received = self.fcm.received();
        let request = received.iter().find(is_it).context("it was received")?;
        Ok(request.data("code").context("the push has no code")?.to_owned())
    }

    pub(super) async fn code_at_tablet(&self, challenge: &str) -> anyhow::Result<String> {
        let is_it = |payload: &Value| payload["challenge_id"] == challenge && payload["type"] == "code";
        self.apns.wait_for(PATIENCE, |received| received.iter().any(|request| is_it(&request.payload))).await?;
        let received = self.apns.received();
        let request = received.iter().find(|request| is_it(&request.payload)).context("it was received")?;
        super::api::text(&request.payload["code"])
    }

    pub(super) async fn wait_for_withdrawals(&self, challenge: &str) -> anyhow::Result<()> {
        let fcm = self.fcm.wait_for(PATIENCE, |received| {
            received.iter().any(|request| {
                request.data("challenge_id") == Some(challenge) && request.data("type") == Some("withdraw")
            })
        });
        let apns = self.apns.wait_for(PATIENCE, |received| {
            received
                .iter()
                .any(|request| request.payload["challenge_id"] == challenge && request.payload["type"] == "withdraw")
        });
        fcm.await?;
        apns.await?;
        Ok(())
    }

    /// Pushes of a challenge's code that FCM heard of.
    pub(super) fn codes_at_fcm(&self, challenge: &str) -> usize {
        let received = self.fcm.received();
        let is_it = |request: &&std::sync::Arc<twostep_simulators::FcmRequest>| {
            request.data("challenge_id") == Some(challenge) && request.data("type") == Some("code")
        };
        received.iter().filter(is_it).count()
    }
}
