//! How far each delivery came, in words, for somebody who has proved no more than the password: devices are numbered.

use std::collections::HashSet;

use super::bundle::words;
use super::text::Text;
use crate::domain::account::locale::Language;
use crate::domain::delivery::{Channel, DeliveryState, DeliveryView, UnreachableReason};

/// A line a delivery, in their order.
#[must_use]
pub fn delivery_texts(language: Language, deliveries: &[DeliveryView]) -> Vec<String> {
    let is_shown = |delivery: &&DeliveryView| delivery.state == DeliveryState::Shown;
    let shown: HashSet<u16> = deliveries.iter().filter(is_shown).map(|delivery| delivery.destination).collect();
    let text = |delivery: &DeliveryView| {
        let shown_meanwhile = shown.contains(&delivery.destination);
        let number = u64::from(delivery.destination);
        let state = words(language, state(delivery, shown_meanwhile));
        match delivery.channel {
            Channel::Email => words(language, Text::DeliveryToMailbox { state: &state }),
            Channel::Websocket | Channel::Fcm | Channel::Apns | Channel::Webpush => {
                words(language, Text::DeliveryToDevice { number, state: &state })
            }
        }
    };
    deliveries.iter().map(text).collect()
}

fn state(delivery: &DeliveryView, shown_meanwhile: bool) -> Text<'static> {
    match delivery.channel {
        Channel::Websocket => over_connection(delivery),
        Channel::Fcm => pushed(delivery, "Google", shown_meanwhile),
        Channel::Apns => pushed(delivery, "Apple", shown_meanwhile),
        Channel::Webpush => pushed(delivery, "Web Push", shown_meanwhile),
        Channel::Email => mailed(delivery.state),
    }
}

fn over_connection(delivery: &DeliveryView) -> Text<'static> {
    match delivery.state {
        DeliveryState::Pending => Text::DeliveryConnectionPending,
        DeliveryState::Accepted => Text::DeliveryConnectionAccepted,
        DeliveryState::Shown => Text::DeliveryShown,
        DeliveryState::NotShown => Text::DeliveryNotShown,
        DeliveryState::Unreachable => unreachable(delivery.reason),
        DeliveryState::Failed => Text::DeliveryConnectionFailed,
        DeliveryState::Cancelled => Text::DeliveryConnectionCancelled,
    }
}

fn pushed<'a>(delivery: &DeliveryView, provider: &'a str, shown_meanwhile: bool) -> Text<'a> {
    match delivery.state {
        DeliveryState::Pending => Text::DeliveryPushPending { provider },
        DeliveryState::Accepted if shown_meanwhile => Text::DeliveryPushShownMeanwhile { provider },
        DeliveryState::Accepted => Text::DeliveryPushAccepted { provider },
        DeliveryState::Shown => Text::DeliveryShown,
        DeliveryState::NotShown => Text::DeliveryNotShown,
        DeliveryState::Unreachable => unreachable(delivery.reason),
        DeliveryState::Failed => Text::DeliveryPushFailed { provider },
        DeliveryState::Cancelled => Text::DeliveryPushCancelled,
    }
}

fn mailed(state: DeliveryState) -> Text<'static> {
    match state {
        DeliveryState::Pending => Text::DeliveryMailPending,
        DeliveryState::Accepted | DeliveryState::Shown | DeliveryState::NotShown => Text::DeliveryMailAccepted,
        DeliveryState::Unreachable | DeliveryState::Failed => Text::DeliveryMailFailed,
        DeliveryState::Cancelled => Text::DeliveryMailCancelled,
    }
}

fn unreachable(reason: Option<UnreachableReason>) -> Text<'static> {
    match reason {
        Some(UnreachableReason::NotificationsOff) => Text::DeliveryNotificationsOff,
        Some(UnreachableReason::NoPushToken) => Text::DeliveryNoPushToken,
        Some(UnreachableReason::TokenExpired) => Text::DeliveryTokenExpired,
        None => Text::DeliveryUnreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(destination: u16, channel: Channel, state: DeliveryState) -> DeliveryView {
        let reason = None;
        let detail = None;
        let accepted_at = None;
        let receipt_at = None;
        let silent = false;
        DeliveryView { destination, channel, state, reason, detail, accepted_at, receipt_at, silent }
    }

    #[test]
    fn devices_are_numbered_and_told_apart_by_how_far_it_came() {
        let off = DeliveryView {
            reason: Some(UnreachableReason::NotificationsOff),
            ..delivery(3, Channel::Websocket, DeliveryState::Unreachable)
        };
        let deliveries = [
            delivery(1, Channel::Websocket, DeliveryState::Shown),
            delivery(2, Channel::Websocket, DeliveryState::Cancelled),
            delivery(2, Channel::Apns, DeliveryState::Accepted),
            off,
        ];
        let texts = [
            "Trusted device 1: shown",
            "Trusted device 2: not sent over a connection",
            "Trusted device 2: handed to Apple, no answer yet",
            "Trusted device 3: notifications are turned off",
        ];
        assert_eq!(delivery_texts(Language::English, &deliveries), texts);
    }

    #[test]
    fn a_push_whose_code_is_on_the_screen_waits_for_no_answer() {
        let deliveries =
            [delivery(1, Channel::Websocket, DeliveryState::Shown), delivery(1, Channel::Fcm, DeliveryState::Accepted)];
        assert_eq!(delivery_texts(Language::English, &deliveries)[1], "Trusted device 1: handed to Google");
        let mail = [delivery(1, Channel::Email, DeliveryState::Pending)];
        assert_eq!(delivery_texts(Language::English, &mail), ["Mailbox: being handed to the mail server"]);
    }
}
