//! "Did not receive a code?": what is known about a challenge, decided here and worded in `i18n`.

use std::collections::HashSet;

use jiff::Timestamp;

use super::limits::MAX_RESENDS;
use crate::domain::challenge::{Method, Outcome, Progress, SupersededBy};
use crate::domain::delivery::mail_retry::MailRefusal;
use crate::domain::delivery::{Channel, DeliveryState, DeliveryView, UnreachableReason};
use crate::domain::value::string_enum::words;

words! {
    /// A stable name for a hint; the text beside it may change.
    HintCode("hint") {
        /// No trusted device can be reached.
        NoTrustedDeviceReachable = "no_trusted_device_reachable",
        /// A trusted device says that it shows the code.
        ShownOnTrustedDevice = "shown_on_trusted_device",
        /// Handed to a device or its provider; no sign yet that it was seen.
        WaitingForDevice = "waiting_for_device",
        /// A notification was taken by its provider, and no device has said anything yet.
        HandedToProvider = "handed_to_provider",
        /// So many requests went unanswered that trusted devices are no longer alerted.
        AlertsPaused = "alerts_paused",
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
        /// The mail server says that there is no such mailbox.
        MailRefused = "mail_refused",
        /// The mailbox has no room left.
        MailboxFull = "mailbox_full",
        /// The mail itself is refused, as spam for example.
        MailMessageRefused = "mail_message_refused",
        /// The mail server cannot write to an address with these letters.
        MailAddressUnsupported = "mail_address_unsupported",
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

/// One hint, with what its words need. The words themselves are in `i18n`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// [`HintCode::NoTrustedDeviceReachable`].
    NoTrustedDeviceReachable,
    /// [`HintCode::ShownOnTrustedDevice`].
    ShownOnTrustedDevice {
        /// So many show it.
        devices: u64,
    },
    /// [`HintCode::WaitingForDevice`].
    WaitingForDevice,
    /// [`HintCode::HandedToProvider`].
    HandedToProvider {
        /// Seconds since the last one was.
        seconds: i64,
    },
    /// [`HintCode::AlertsPaused`].
    AlertsPaused,
    /// [`HintCode::NotificationsOff`].
    NotificationsOff,
    /// [`HintCode::PushTokenExpired`].
    PushTokenExpired,
    /// [`HintCode::MailAccepted`].
    MailAccepted {
        /// The address that the mail comes from.
        sender: String,
    },
    /// [`HintCode::MailPending`].
    MailPending,
    /// [`HintCode::MailDelayed`].
    MailDelayed,
    /// [`HintCode::MailRefused`].
    MailRefused,
    /// [`HintCode::MailboxFull`].
    MailboxFull,
    /// [`HintCode::MailMessageRefused`].
    MailMessageRefused,
    /// [`HintCode::MailAddressUnsupported`].
    MailAddressUnsupported,
    /// [`HintCode::MailFailed`].
    MailFailed,
    /// [`HintCode::EmailOffered`].
    EmailOffered,
    /// [`HintCode::ResendPossible`].
    ResendPossible,
    /// [`HintCode::ResendLater`].
    ResendLater {
        /// Seconds to wait.
        seconds: i64,
    },
    /// [`HintCode::Closed`].
    Closed(Outcome),
    /// [`HintCode::Closed`], superseded, and it is known why.
    Superseded(SupersededBy),
}

impl Hint {
    /// Its stable name.
    #[must_use]
    pub fn code(&self) -> HintCode {
        match self {
            Self::NoTrustedDeviceReachable => HintCode::NoTrustedDeviceReachable,
            Self::ShownOnTrustedDevice { .. } => HintCode::ShownOnTrustedDevice,
            Self::WaitingForDevice => HintCode::WaitingForDevice,
            Self::HandedToProvider { .. } => HintCode::HandedToProvider,
            Self::AlertsPaused => HintCode::AlertsPaused,
            Self::NotificationsOff => HintCode::NotificationsOff,
            Self::PushTokenExpired => HintCode::PushTokenExpired,
            Self::MailAccepted { .. } => HintCode::MailAccepted,
            Self::MailPending => HintCode::MailPending,
            Self::MailDelayed => HintCode::MailDelayed,
            Self::MailRefused => HintCode::MailRefused,
            Self::MailboxFull => HintCode::MailboxFull,
            Self::MailMessageRefused => HintCode::MailMessageRefused,
            Self::MailAddressUnsupported => HintCode::MailAddressUnsupported,
            Self::MailFailed => HintCode::MailFailed,
            Self::EmailOffered => HintCode::EmailOffered,
            Self::ResendPossible => HintCode::ResendPossible,
            Self::ResendLater { .. } => HintCode::ResendLater,
            Self::Closed(_) | Self::Superseded(_) => HintCode::Closed,
        }
    }
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
        return vec![progress.superseded_by.map_or(Hint::Closed(outcome), Hint::Superseded)];
    }
    let mut hints = match progress.method {
        Method::App => app_hints(deliveries, now),
        Method::Email => vec![email_hint(deliveries, sender)],
    };
    if progress.method == Method::App && offered.contains(&Method::Email) {
        hints.push(Hint::EmailOffered);
    }
    hints.extend(resend_hint(progress, now));
    hints
}

fn app_hints(deliveries: &[DeliveryView], now: Timestamp) -> Vec<Hint> {
    let with = |state| deliveries.iter().filter(move |delivery| delivery.state == state);
    let because = |reason| with(DeliveryState::Unreachable).any(|delivery| delivery.reason == Some(reason));
    // A device may show it twice: over its connection, and by a notification.
    let shown = with(DeliveryState::Shown).map(|delivery| delivery.destination).collect::<HashSet<_>>().len();
    let waiting = with(DeliveryState::Accepted).count() + with(DeliveryState::Pending).count();
    let mut hints = Vec::new();
    hints.push(if shown > 0 {
        Hint::ShownOnTrustedDevice { devices: u64::try_from(shown).unwrap_or(u64::MAX) }
    } else if deliveries.iter().any(|delivery| delivery.silent) {
        Hint::AlertsPaused
    } else if waiting > 0 {
        Hint::WaitingForDevice
    } else {
        Hint::NoTrustedDeviceReachable
    });
    let rings = |delivery: &&DeliveryView| delivery.channel.is_push() && !delivery.silent;
    let handed = with(DeliveryState::Accepted).filter(rings).filter_map(|delivery| delivery.accepted_at).max();
    if let Some(at) = handed.filter(|_| shown == 0) {
        hints.push(Hint::HandedToProvider { seconds: now.duration_since(at).as_secs().max(0) });
    }
    if because(UnreachableReason::NotificationsOff) {
        hints.push(Hint::NotificationsOff);
    }
    if because(UnreachableReason::TokenExpired) {
        hints.push(Hint::PushTokenExpired);
    }
    hints
}

fn email_hint(deliveries: &[DeliveryView], sender: &str) -> Hint {
    let mail = deliveries.iter().find(|delivery| delivery.channel == Channel::Email);
    let detail = mail.and_then(|mail| mail.detail.as_deref());
    match mail.map_or(DeliveryState::Pending, |mail| mail.state) {
        DeliveryState::Accepted => Hint::MailAccepted { sender: sender.to_owned() },
        DeliveryState::Failed => match detail.and_then(|word| word.parse().ok()) {
            Some(MailRefusal::Address) => Hint::MailRefused,
            Some(MailRefusal::MailboxFull) => Hint::MailboxFull,
            Some(MailRefusal::Message) => Hint::MailMessageRefused,
            Some(MailRefusal::AddressUnsupported) => Hint::MailAddressUnsupported,
            None => Hint::MailFailed,
        },
        _ if detail.is_some() => Hint::MailDelayed,
        _ => Hint::MailPending,
    }
}

fn resend_hint(progress: &Progress, now: Timestamp) -> Option<Hint> {
    if progress.resends >= MAX_RESENDS {
        return None;
    }
    let seconds = progress.resend_at.duration_since(now).as_secs();
    Some(if seconds > 0 { Hint::ResendLater { seconds } } else { Hint::ResendPossible })
}

#[cfg(test)]
mod tests;
