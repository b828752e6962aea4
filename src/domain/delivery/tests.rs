use super::*;
use crate::domain::challenge::Method;

#[test]
fn the_first_obstacle_is_the_reason() {
    let reach = Reach { notifications_allowed: true, has_push_address: true, push_address_expired: false };
    assert_eq!(reach.unreachable_reason(), None);
    assert_eq!(
        Reach { notifications_allowed: false, ..reach }.unreachable_reason(),
        Some(UnreachableReason::NotificationsOff)
    );
    assert_eq!(Reach { has_push_address: false, ..reach }.unreachable_reason(), Some(UnreachableReason::NoPushToken));
    let expired = Reach { has_push_address: false, push_address_expired: true, ..reach };
    assert_eq!(expired.unreachable_reason(), Some(UnreachableReason::TokenExpired));
}

const NOWHERE: DevicesStand = DevicesStand { may_show: false, are_absent: true };

#[test]
fn an_address_is_confirmed_by_email_only() {
    for fallback in EmailFallback::ALL {
        let offered = offered_methods(
            Purpose::CreateAccount,
            *fallback,
            MailboxStands::Good,
            NOWHERE,
            LastResortStands::NotReady,
        );
        assert_eq!(offered, [Method::Email]);
    }
    let offered =
        offered_methods(Purpose::SignIn, EmailFallback::Off, MailboxStands::Good, NOWHERE, LastResortStands::NotReady);
    assert_eq!(offered, [Method::App]);
}

#[test]
fn which_mailbox_gets_codes_while_a_device_may_show_them() {
    let offers = |mailbox, may_show| {
        let devices = DevicesStand { may_show, are_absent: !may_show };
        offered_methods(Purpose::SignIn, EmailFallback::Allow, mailbox, devices, LastResortStands::NotReady)
            .contains(&Method::Email)
    };
    assert!(offers(MailboxStands::Good, true) && offers(MailboxStands::Good, false));
    assert!(!offers(MailboxStands::Held, true) && offers(MailboxStands::Held, false));
    assert!(!offers(MailboxStands::Missing, true) && !offers(MailboxStands::Missing, false));
}

#[test]
fn recovery_by_email_waits_until_no_device_is_left_and_none_was_there_a_while_ago() {
    let offered = |are_absent, states: &[(Channel, DeliveryState)]| {
        let view = |(channel, state): &(Channel, DeliveryState)| DeliveryView {
            destination: 1,
            channel: *channel,
            state: *state,
            reason: None,
            detail: None,
            accepted_at: None,
            receipt_at: None,
            silent: false,
        };
        let deliveries: Vec<DeliveryView> = states.iter().map(view).collect();
        let devices = DevicesStand { may_show: device_may_show(&deliveries), are_absent };
        let purpose = Purpose::SignIn;
        let fallback = EmailFallback::RecoveryOnly;
        offered_methods(purpose, fallback, MailboxStands::Good, devices, LastResortStands::NotReady)
            .contains(&Method::Email)
    };
    use Channel::{Email, Fcm, Websocket};
    use DeliveryState::{Accepted, Cancelled, Failed, NotShown, Pending, Shown, Unreachable};
    let gone = [(Websocket, Unreachable), (Websocket, Cancelled), (Fcm, Failed)];
    assert!(offered(true, &[]) && offered(true, &gone) && offered(true, &[(Websocket, NotShown)]));
    assert!(!offered(false, &[]) && !offered(false, &gone));
    for may_show in [Pending, Accepted, Shown] {
        assert!(!offered(true, &[(Websocket, Unreachable), (Fcm, may_show)]), "{may_show}");
    }
    assert!(offered(true, &[(Email, Accepted)]));
}

#[test]
fn after_the_wait_of_a_last_resort_a_sign_in_goes_by_email_whatever_else_is_so() {
    for fallback in EmailFallback::ALL {
        for (may_show, are_absent) in [(true, false), (false, false), (false, true)] {
            let devices = DevicesStand { may_show, are_absent };
            let offers = |purpose, mailbox| {
                offered_methods(purpose, *fallback, mailbox, devices, LastResortStands::Ready).contains(&Method::Email)
            };
            assert!(offers(Purpose::SignIn, MailboxStands::Good) && offers(Purpose::SignIn, MailboxStands::Held));
            assert!(!offers(Purpose::SignIn, MailboxStands::Missing));
            let turns_off = offered_methods(
                Purpose::DisableTwoStep,
                *fallback,
                MailboxStands::Good,
                devices,
                LastResortStands::NotReady,
            );
            let offered = offers(Purpose::DisableTwoStep, MailboxStands::Good);
            assert_eq!(offered, turns_off.contains(&Method::Email), "it lets somebody in, and turns nothing off");
        }
    }
}
