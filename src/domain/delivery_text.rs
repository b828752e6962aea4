//! How far each delivery came, in words, for somebody who has proved no more than the password: devices are numbered.

use std::collections::HashSet;

use super::delivery::{Channel, DeliveryState, DeliveryView, UnreachableReason};

/// A line a delivery, in their order.
#[must_use]
pub fn delivery_texts(deliveries: &[DeliveryView]) -> Vec<String> {
    let is_shown = |delivery: &&DeliveryView| delivery.state == DeliveryState::Shown;
    let shown: HashSet<u16> = deliveries.iter().filter(is_shown).map(|delivery| delivery.destination).collect();
    let text = |delivery: &DeliveryView| {
        let number = delivery.destination;
        match delivery.channel {
            Channel::Websocket => format!("Trusted device {number}: {}", over_connection(delivery)),
            Channel::Fcm => format!("Trusted device {number}: {}", pushed(delivery, "Google", shown.contains(&number))),
            Channel::Apns => format!("Trusted device {number}: {}", pushed(delivery, "Apple", shown.contains(&number))),
            Channel::Email => format!("Mailbox: {}", mailed(delivery.state)),
        }
    };
    deliveries.iter().map(text).collect()
}

fn over_connection(delivery: &DeliveryView) -> &'static str {
    match delivery.state {
        DeliveryState::Pending => "looking for its connection",
        DeliveryState::Accepted => "sent over its connection, no answer yet",
        DeliveryState::Shown => "shown",
        DeliveryState::NotShown => "it could not show the code",
        DeliveryState::Unreachable => unreachable(delivery.reason),
        DeliveryState::Failed => "its connection broke",
        DeliveryState::Cancelled => "not sent over a connection",
    }
}

fn pushed(delivery: &DeliveryView, provider: &str, shown_meanwhile: bool) -> String {
    match delivery.state {
        DeliveryState::Pending => format!("being handed to {provider}"),
        DeliveryState::Accepted if shown_meanwhile => format!("handed to {provider}"),
        DeliveryState::Accepted => format!("handed to {provider}, no answer yet"),
        DeliveryState::Shown => "shown".to_owned(),
        DeliveryState::NotShown => "it could not show the code".to_owned(),
        DeliveryState::Unreachable => unreachable(delivery.reason).to_owned(),
        DeliveryState::Failed => format!("{provider} did not take the notification"),
        DeliveryState::Cancelled => "no notification needed".to_owned(),
    }
}

fn mailed(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Pending => "being handed to the mail server",
        DeliveryState::Accepted | DeliveryState::Shown | DeliveryState::NotShown => "handed to the mail server",
        DeliveryState::Unreachable | DeliveryState::Failed => "the mail server did not take the mail",
        DeliveryState::Cancelled => "no mail needed",
    }
}

fn unreachable(reason: Option<UnreachableReason>) -> &'static str {
    match reason {
        Some(UnreachableReason::NotificationsOff) => "notifications are turned off",
        Some(UnreachableReason::NoPushToken) => "not connected, and not registered for notifications",
        Some(UnreachableReason::TokenExpired) => "its registration for notifications ran out",
        None => "it cannot be reached",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(destination: u16, channel: Channel, state: DeliveryState) -> DeliveryView {
        DeliveryView { destination, channel, state, reason: None, detail: None, accepted_at: None, receipt_at: None }
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
        assert_eq!(delivery_texts(&deliveries), texts);
    }

    #[test]
    fn a_push_whose_code_is_on_the_screen_waits_for_no_answer() {
        let deliveries =
            [delivery(1, Channel::Websocket, DeliveryState::Shown), delivery(1, Channel::Fcm, DeliveryState::Accepted)];
        assert_eq!(delivery_texts(&deliveries)[1], "Trusted device 1: handed to Google");
        let mail = [delivery(1, Channel::Email, DeliveryState::Pending)];
        assert_eq!(delivery_texts(&mail), ["Mailbox: being handed to the mail server"]);
    }
}
