use jiff::SignedDuration;

use super::*;
use crate::domain::challenge::{Lifetimes, Purpose};

fn codes(method: Method, deliveries: &[DeliveryView], second: i64) -> Vec<HintCode> {
    let minutes = SignedDuration::from_mins(5);
    let lifetimes = Lifetimes { app: minutes, email: minutes, confirmation: minutes };
    let progress = Progress::start(Purpose::SignIn, method, &lifetimes, Timestamp::UNIX_EPOCH);
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second);
    let sender = "no-reply@example.com";
    let hints = hints(&progress, &[Method::App, Method::Email], deliveries, sender, now);
    hints.iter().map(Hint::code).collect()
}

fn delivery(state: DeliveryState, reason: Option<UnreachableReason>) -> DeliveryView {
    let detail = None;
    let accepted_at = None;
    let receipt_at = None;
    let destination = 1;
    let channel = Channel::Websocket;
    let silent = false;
    DeliveryView { destination, channel, state, reason, detail, accepted_at, receipt_at, silent }
}

#[test]
fn nobody_reachable_offers_email() {
    let off = delivery(DeliveryState::Unreachable, Some(UnreachableReason::NotificationsOff));
    assert_eq!(
        codes(Method::App, &[off], 0),
        [HintCode::NoTrustedDeviceReachable, HintCode::NotificationsOff, HintCode::EmailOffered, HintCode::ResendLater]
    );
}

#[test]
fn a_shown_code_is_said_first() {
    let first = codes(Method::App, &[delivery(DeliveryState::Shown, None)], 31);
    assert_eq!(first, [HintCode::ShownOnTrustedDevice, HintCode::EmailOffered, HintCode::ResendPossible]);
}

#[test]
fn a_mail_is_told_apart_by_how_far_it_came() {
    let first = |state, detail: Option<&str>| {
        let detail = detail.map(str::to_owned);
        let mail = DeliveryView { channel: Channel::Email, detail, ..delivery(state, None) };
        codes(Method::Email, &[mail], 0)[0]
    };
    assert_eq!(first(DeliveryState::Pending, None), HintCode::MailPending);
    assert_eq!(first(DeliveryState::Pending, Some("try_later")), HintCode::MailDelayed);
    assert_eq!(first(DeliveryState::Accepted, Some("accepted")), HintCode::MailAccepted);
    assert_eq!(first(DeliveryState::Failed, Some("address_refused")), HintCode::MailRefused);
    assert_eq!(first(DeliveryState::Failed, Some("mailbox_full")), HintCode::MailboxFull);
    assert_eq!(first(DeliveryState::Failed, Some("message_refused")), HintCode::MailMessageRefused);
    assert_eq!(first(DeliveryState::Failed, Some("address_unsupported")), HintCode::MailAddressUnsupported);
    assert_eq!(first(DeliveryState::Failed, Some("relay_refused")), HintCode::MailFailed);
    assert_eq!(first(DeliveryState::Failed, Some("no_starttls")), HintCode::MailFailed);
    assert_eq!(first(DeliveryState::Failed, Some("try_later")), HintCode::MailFailed);
}

#[test]
fn a_notification_that_nobody_answered_is_said_to_be_on_its_way_for_so_long() {
    let taken = DeliveryView {
        channel: Channel::Apns,
        accepted_at: Some(Timestamp::UNIX_EPOCH + SignedDuration::from_secs(4)),
        ..delivery(DeliveryState::Accepted, None)
    };
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(16);
    assert_eq!(
        app_hints(std::slice::from_ref(&taken), now),
        [Hint::WaitingForDevice, Hint::HandedToProvider { seconds: 12 }]
    );
    let shown = delivery(DeliveryState::Shown, None);
    assert_eq!(app_hints(&[shown, taken], now), [Hint::ShownOnTrustedDevice { devices: 1 }]);
    let by_socket =
        DeliveryView { accepted_at: Some(Timestamp::UNIX_EPOCH), ..delivery(DeliveryState::Accepted, None) };
    assert_eq!(app_hints(&[by_socket], now), [Hint::WaitingForDevice]);
}

#[test]
fn a_push_that_does_not_ring_is_said_until_the_code_is_shown() {
    let channel = Channel::Fcm;
    let accepted_at = Some(Timestamp::UNIX_EPOCH);
    let silent = DeliveryView { channel, accepted_at, silent: true, ..delivery(DeliveryState::Accepted, None) };
    assert_eq!(app_hints(std::slice::from_ref(&silent), Timestamp::UNIX_EPOCH), [Hint::AlertsPaused]);
    let shown = delivery(DeliveryState::Shown, None);
    assert_eq!(app_hints(&[silent, shown], Timestamp::UNIX_EPOCH), [Hint::ShownOnTrustedDevice { devices: 1 }]);
}

#[test]
fn a_closed_challenge_has_one_hint() {
    assert_eq!(codes(Method::App, &[], 300), [HintCode::Closed]);
}
