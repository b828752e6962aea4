//! What the tests share: clients pointed at simulators, and pushes.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use twostep::domain::account::locale::Language;
use twostep::domain::delivery::push_address::{AccountTag, PushKeys};
use twostep::domain::value::id::AccountId;
use twostep::providers::push::{
    Apns, ApnsSettings, Fcm, FcmSettings, GuardSettings, Push, PushAddress, PushAddressKind, PushContent, WebPush,
    WebPushSettings,
};
use twostep_private_file::Privacy;
use twostep_simulators::{ApnsSimulator, FcmSimulator, WebPushSimulator, WebPushSubscription};
use uuid::Uuid;

/// The one deadline of whatever a test waits for.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
pub(crate) const REQUEST_TIMEOUT_MS: u64 = 5_000;

pub(crate) fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

pub(crate) async fn fcm_simulator() -> FcmSimulator {
    FcmSimulator::start(any_port()).await.unwrap()
}

pub(crate) async fn apns_simulator() -> ApnsSimulator {
    ApnsSimulator::start(any_port()).await.unwrap()
}

/// As in the defaults of the settings.
pub(crate) fn guard_settings() -> GuardSettings {
    twostep::settings::defaults().unwrap().fcm.guard
}

pub(crate) fn fcm_settings(simulator: &FcmSimulator) -> FcmSettings {
    FcmSettings {
        service_account_file: Some(simulator.service_account_file().to_owned()),
        project_id: None,
        base_url: simulator.base_url().to_owned(),
        trust_root_file: None,
        notification_channel: Some("codes".to_owned()),
        alert_channel: Some("security".to_owned()),
        time_sensitive: true,
        guard: guard_settings(),
        request_timeout_ms: REQUEST_TIMEOUT_MS,
    }
}

pub(crate) fn apns_settings(simulator: &ApnsSimulator) -> ApnsSettings {
    ApnsSettings {
        signing_key_file: Some(simulator.signing_key_file().to_owned()),
        key_id: simulator.key_id().to_owned(),
        team_id: simulator.team_id().to_owned(),
        topic: simulator.topic().to_owned(),
        base_url: simulator.base_url(),
        sandbox_base_url: simulator.base_url(),
        trust_root_file: Some(simulator.ca_file().to_owned()),
        time_sensitive: true,
        connections: 1,
        guard: guard_settings(),
        request_timeout_ms: REQUEST_TIMEOUT_MS,
    }
}

pub(crate) fn fcm(simulator: &FcmSimulator) -> Fcm {
    Fcm::open(&fcm_settings(simulator), Privacy::Unchecked).unwrap().unwrap()
}

pub(crate) fn apns(simulator: &ApnsSimulator) -> Apns {
    Apns::open(&apns_settings(simulator), Privacy::Unchecked).unwrap().unwrap()
}

pub(crate) fn fcm_token(text: &str) -> PushAddress {
    PushAddress::parse(PushAddressKind::FcmToken, None, text, None).unwrap()
}

/// A device token that ends in a number.
pub(crate) fn apns_token_text(number: usize) -> String {
    format!("{number:064x}")
}

pub(crate) fn apns_token(number: usize) -> PushAddress {
    PushAddress::parse(PushAddressKind::ApnsToken, None, &apns_token_text(number), None).unwrap()
}

pub(crate) fn code() -> PushContent {
    PushContent::Code {
        title: "Sign-in".to_owned(),
        body: "Your code is 123 456".to_owned(),
        code: "123456".to_owned().into(),
    }
}

/// A push that lives five minutes from now.
pub(crate) fn push(content: PushContent) -> Push {
    push_for(content, 300)
}

pub(crate) fn push_for(content: PushContent, seconds: i64) -> Push {
    Push {
        delivery_id: Uuid::now_v7(),
        account: AccountTag::of(AccountId::new(Uuid::now_v7())),
        subject_id: Uuid::now_v7(),
        generation: 2,
        expires_at: Timestamp::now() + SignedDuration::from_secs(seconds),
        language: Language::English,
        receipt: None,
        content,
    }
}

pub(crate) const PAGE: &str = "https://id.example.com/";

pub(crate) async fn push_service() -> WebPushSimulator {
    WebPushSimulator::start(any_port()).await.unwrap()
}

pub(crate) fn webpush_settings(simulator: &WebPushSimulator) -> WebPushSettings {
    WebPushSettings {
        keys_file: None,
        contact: None,
        services: vec![simulator.host().to_owned()],
        trust_root_file: Some(simulator.ca_file().to_owned()),
        guard: guard_settings(),
        request_timeout_ms: REQUEST_TIMEOUT_MS,
    }
}

pub(crate) fn webpush(settings: &WebPushSettings, keys: &SecretString) -> Arc<WebPush> {
    let contact = "mailto:ops@example.com".to_owned();
    WebPush::new(settings, keys, contact, Some(PAGE.to_owned())).unwrap().into()
}

pub(crate) fn browser(subscription: &WebPushSubscription) -> PushAddress {
    let keys = PushKeys::parse(&subscription.p256dh, &subscription.auth).unwrap();
    PushAddress::parse(PushAddressKind::WebPush, None, &subscription.endpoint, Some(keys)).unwrap()
}
