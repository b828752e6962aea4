//! "Did not receive a code?": what is known about a challenge, in words that help.

use jiff::Timestamp;

use super::challenge::{Method, Outcome, Progress};
use super::delivery::{Channel, DeliveryState, DeliveryView, UnreachableReason};
use super::limits::MAX_RESENDS;
use super::mail::MailRefusal;
use super::words::words;

words! {
    /// A stable name for a hint; the text beside it may change.
    HintCode("hint") {
        /// No trusted device can be reached.
        NoTrustedDeviceReachable = "no_trusted_device_reachable",
        /// A trusted device says that it shows the code.
        ShownOnTrustedDevice = "shown_on_trusted_device",
        /// Handed to a device or its provider; no sign yet that it was seen.
        WaitingForDevice = "waiting_for_device",
        /// Notifications are off on some trusted device.
        NotificationsOff = "notifications_off",
        /// A trusted device lost its registration for push.
        PushTokenExpired = "push_token_expired",
        /// The mail server took the mail.
        MailAccepted = "mail_accepted",
        /// The mail is on its way to the mail server.
        MailPending = "mail_pending",
        /// The mail server wants it later, or could not be reached: it is tried again.
        MailDelayed = "mail_delayed",
        /// The mail server refuses the address or the mail.
        MailRefused = "mail_refused",
        /// No mail gets through, for a reason that is not the address's.
        MailFailed = "mail_failed",
        /// The code can go by email.
        EmailOffered = "email_offered",
        /// A new code can be asked for now.
        ResendPossible = "resend_possible",
        /// A new code can be asked for a little later.
        ResendLater = "resend_later",
        /// The challenge is over.
        Closed = "closed",
    }
}

/// One hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Its stable name.
    pub code: HintCode,
    /// What a user reads, in English.
    pub text: String,
}

/// What can be said at `now`, most helpful first. `sender` is the address that mail comes from.
#[must_use]
pub fn hints(
    progress: &Progress,
    offered: &[Method],
    deliveries: &[DeliveryView],
    sender: &str,
    now: Timestamp,
) -> Vec<Hint> {
    if let Some(outcome) = progress.outcome_at(now) {
        return vec![hint(HintCode::Closed, closed_text(outcome))];
    }
    let mut hints = match progress.method {
        Method::App => app_hints(deliveries),
        Method::Email => vec![email_hint(deliveries, sender)],
    };
    if progress.method == Method::App && offered.contains(&Method::Email) {
        hints.push(hint(HintCode::EmailOffered, "You can have the code sent to your email address instead."));
    }
    hints.extend(resend_hint(progress, now));
    hints
}

fn app_hints(deliveries: &[DeliveryView]) -> Vec<Hint> {
    let with = |state| deliveries.iter().filter(move |delivery| delivery.state == state);
    let because = |reason| with(DeliveryState::Unreachable).any(|delivery| delivery.reason == Some(reason));
    let shown = with(DeliveryState::Shown).count();
    let waiting = with(DeliveryState::Accepted).count() + with(DeliveryState::Pending).count();
    let mut hints = Vec::new();
    if shown > 0 {
        hints.push(hint(
            HintCode::ShownOnTrustedDevice,
            &format!("The code is on the screen of {}.", trusted_devices(shown)),
        ));
    } else if waiting > 0 {
        hints.push(hint(
            HintCode::WaitingForDevice,
            "The code is on its way to your trusted devices. Unlock them and open the app.",
        ));
    } else {
        hints.push(hint(
            HintCode::NoTrustedDeviceReachable,
            "None of your trusted devices can be reached right now. Open the app on one of them: the code appears there.",
        ));
    }
    if because(UnreachableReason::NotificationsOff) {
        hints.push(hint(
            HintCode::NotificationsOff,
            "Notifications are turned off on a trusted device. Open the app there to see the code.",
        ));
    }
    if because(UnreachableReason::TokenExpired) {
        hints.push(hint(
            HintCode::PushTokenExpired,
            "A trusted device can no longer be notified. Open the app there once to register it again.",
        ));
    }
    hints
}

fn email_hint(deliveries: &[DeliveryView], sender: &str) -> Hint {
    let mail = deliveries.iter().find(|delivery| delivery.channel == Channel::Email);
    let detail = mail.and_then(|mail| mail.detail.as_deref());
    let is_refused = detail.is_some_and(|word| word.parse::<MailRefusal>().is_ok());
    match mail.map_or(DeliveryState::Pending, |mail| mail.state) {
        DeliveryState::Accepted => hint(
            HintCode::MailAccepted,
            &format!(
                "The mail with the code was sent. Look into the spam folder too, and add {sender} to your contacts or allow list."
            ),
        ),
        DeliveryState::Failed if is_refused => hint(
            HintCode::MailRefused,
            "Your mail provider refused the mail with the code. Check that your mailbox is there and not full, or use a trusted device.",
        ),
        DeliveryState::Failed => hint(
            HintCode::MailFailed,
            "The mail with the code could not be sent, and your mailbox is not to blame. Use a trusted device, or try again later.",
        ),
        _ if detail.is_some() => hint(
            HintCode::MailDelayed,
            "The mail with the code is held up on its way. It is tried again by itself, which may take some minutes.",
        ),
        _ => hint(HintCode::MailPending, "The mail with the code is being sent."),
    }
}

fn resend_hint(progress: &Progress, now: Timestamp) -> Option<Hint> {
    if progress.resends >= MAX_RESENDS {
        return None;
    }
    let wait = progress.resend_at.duration_since(now).as_secs();
    Some(if wait > 0 {
        hint(HintCode::ResendLater, &format!("You can ask for a new code in {wait} s."))
    } else {
        hint(HintCode::ResendPossible, "You can ask for a new code now.")
    })
}

fn closed_text(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Verified => "The code was accepted.",
        Outcome::Denied => "The sign-in was denied on a trusted device.",
        Outcome::Expired => "The code is too old. Sign in again to get a new one.",
        Outcome::AttemptsExhausted => "Too many wrong codes. Sign in again to get a new one.",
        Outcome::Superseded => "A newer sign-in from this device replaced this one.",
    }
}

fn trusted_devices(count: usize) -> String {
    if count == 1 { "1 trusted device".to_owned() } else { format!("{count} trusted devices") }
}

fn hint(code: HintCode, text: &str) -> Hint {
    Hint { code, text: text.to_owned() }
}

#[cfg(test)]
mod tests {
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
        assert!(hints.iter().all(|hint| hint.code != HintCode::MailAccepted || hint.text.contains(sender)));
        hints.into_iter().map(|hint| hint.code).collect()
    }

    fn delivery(state: DeliveryState, reason: Option<UnreachableReason>) -> DeliveryView {
        let (detail, accepted_at, receipt_at) = (None, None, None);
        DeliveryView { destination: 1, channel: Channel::Websocket, state, reason, detail, accepted_at, receipt_at }
    }

    #[test]
    fn nobody_reachable_offers_email() {
        let off = delivery(DeliveryState::Unreachable, Some(UnreachableReason::NotificationsOff));
        assert_eq!(
            codes(Method::App, &[off], 0),
            [
                HintCode::NoTrustedDeviceReachable,
                HintCode::NotificationsOff,
                HintCode::EmailOffered,
                HintCode::ResendLater
            ]
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
        assert_eq!(first(DeliveryState::Failed, Some("no_starttls")), HintCode::MailFailed);
        assert_eq!(first(DeliveryState::Failed, Some("try_later")), HintCode::MailFailed);
    }

    #[test]
    fn a_closed_challenge_has_one_hint() {
        assert_eq!(codes(Method::App, &[], 300), [HintCode::Closed]);
    }
}
