//! Which ways a code can go: offered to the person who waits.

use super::{Channel, DeliveryState, DeliveryView, EmailFallback};
use crate::domain::challenge::{Method, Purpose};

/// How the trusted devices of an account stand, for whether a code may go by email.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DevicesStand {
    /// One shows the current code, or still may ([`device_may_show`]).
    pub may_show: bool,
    /// None was reachable for as long as `recovery_only` asks for. Absence is a time: a device whose node drains, or whose line
    /// broke, is back in a moment.
    pub are_absent: bool,
}

/// What a mailbox is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailboxStands {
    /// There is none.
    Missing,
    /// It is too new to be relied on where a device can show the code.
    Held,
    /// It is the account's for long enough.
    Good,
}

/// Whether the mailbox counts in a sign-in by itself, because the wait of a last resort is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastResortStands {
    /// It is.
    Ready,
    /// It is not, or nobody asked.
    NotReady,
}

/// The methods offered for a purpose: an address is confirmed by email only.
///
/// With `recovery_only` a sign-in code goes by email when no trusted device is left that may show the current code, nor was one
/// there a while ago. After the wait of a last resort it goes by email whatever else is so. What is offered here is what is accepted.
#[must_use]
pub fn offered_methods(
    purpose: Purpose,
    fallback: EmailFallback,
    mailbox: MailboxStands,
    devices: DevicesStand,
    last_resort: LastResortStands,
) -> &'static [Method] {
    let is_email_offered = match (mailbox, fallback) {
        (MailboxStands::Missing, _) | (_, EmailFallback::Off) => false,
        (_, EmailFallback::RecoveryOnly) => !devices.may_show && devices.are_absent,
        (MailboxStands::Held, EmailFallback::Allow) => !devices.may_show,
        (MailboxStands::Good, EmailFallback::Allow) => true,
    };
    let is_last_resort = mailbox != MailboxStands::Missing && last_resort == LastResortStands::Ready;
    match purpose {
        Purpose::SignIn if is_last_resort => &[Method::App, Method::Email],
        Purpose::EnableTwoStep | Purpose::ChangeEmail | Purpose::CreateAccount => &[Method::Email],
        Purpose::SignIn | Purpose::DisableTwoStep if is_email_offered => &[Method::App, Method::Email],
        Purpose::SignIn | Purpose::DisableTwoStep => &[Method::App],
    }
}

/// Whether a trusted device shows the current code, or still may.
#[must_use]
pub fn device_may_show(deliveries: &[DeliveryView]) -> bool {
    deliveries.iter().any(|delivery| {
        let is_device = delivery.channel != Channel::Email;
        is_device && matches!(delivery.state, DeliveryState::Pending | DeliveryState::Accepted | DeliveryState::Shown)
    })
}
