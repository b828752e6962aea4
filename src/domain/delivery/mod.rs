//! Deliveries: one challenge on its way to one destination by one channel.

pub mod drill_receipt;
pub mod ladder;
pub mod mail_retry;
mod methods;
pub mod push_address;
pub mod push_receipt;

use std::sync::Arc;

use jiff::Timestamp;

use super::device::DeviceInfo;
use crate::domain::account::email::EmailAddress;
use crate::domain::account::locale::{Language, Locale};
use crate::domain::account::zone::ZoneName;
use crate::domain::challenge::Purpose;
use crate::domain::code::{CodeSalt, KeyId};
use crate::domain::value::id::{AccountId, ActivityId, ChallengeId, DeliveryId, DeviceId, SessionId};
use crate::domain::value::string_enum::words;
pub use methods::{DevicesStand, LastResortStands, MailboxStands, device_may_show, offered_methods};

words! {
    /// The way to a destination.
    Channel("channel") {
        /// A live connection of a trusted device.
        Websocket = "websocket",
        /// Firebase Cloud Messaging.
        Fcm = "fcm",
        /// Apple Push Notification service.
        Apns = "apns",
        /// Web Push.
        Webpush = "webpush",
        /// The account's mailbox.
        Email = "email",
    }
}

impl Channel {
    /// A provider carries it to a device, which need not be connected.
    #[must_use]
    pub fn is_push(self) -> bool {
        match self {
            Self::Fcm | Self::Apns | Self::Webpush => true,
            Self::Websocket | Self::Email => false,
        }
    }
}

words! {
    /// How far a delivery came. That the code was typed is a fact of the challenge, not of a delivery.
    DeliveryState("delivery state") {
        /// To be worked.
        Pending = "pending",
        /// Handed on: written to the socket, or taken by the provider. Nobody knows yet that it was seen.
        Accepted = "accepted",
        /// The device says that it showed the code.
        Shown = "shown",
        /// The device got the code and says that it could not show it.
        NotShown = "not_shown",
        /// There is no way to this destination; the reason says why.
        Unreachable = "unreachable",
        /// The provider or the mail server refused it.
        Failed = "failed",
        /// No longer needed: another channel was faster, or the challenge closed or changed its code.
        Cancelled = "cancelled",
    }
}

words! {
    /// Why there is no way to a destination.
    UnreachableReason("reason") {
        /// The device is not connected and its user turned notifications off.
        NotificationsOff = "notifications_off",
        /// The device is not connected and never registered for push.
        NoPushToken = "no_push_token",
        /// The provider says that the device's push address is dead.
        TokenExpired = "token_expired",
    }
}

/// Who asks for a code, as the owner of the account sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requester {
    /// The installation.
    pub device: DeviceInfo,
    /// Where the request came from, as text.
    pub ip: String,
    /// Where that address seems to be; `None` when nobody knows.
    pub location: Option<String>,
    /// The device and the session that act, where there are such.
    pub acting: Option<Acting>,
}

/// Who acts, as the account knows them: whose trust and session a report of it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acting {
    /// The device.
    pub device_id: DeviceId,
    /// Its session.
    pub session_id: SessionId,
}

/// Everything needed to put a code in front of somebody.
#[derive(Debug, Clone)]
pub struct CodeToDeliver {
    /// The account that it belongs to.
    pub account_id: AccountId,
    /// Which challenge.
    pub challenge_id: ChallengeId,
    /// What for.
    pub purpose: Purpose,
    /// Which of its codes.
    pub generation: u32,
    /// The key it is derived with.
    pub key_id: KeyId,
    /// What is mixed into it; `None` when the challenge began before there were salts.
    pub salt: Option<CodeSalt>,
    /// How many digits.
    pub digits: u8,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// Who asks.
    pub requester: Requester,
    /// When that was; a new code of the same challenge does not change it.
    pub requested_at: Timestamp,
    /// The sign-in attempt in the login activity.
    pub activity_id: Option<ActivityId>,
    /// The address was already somebody's: its owner gets a mail that says so, and no code.
    pub address_taken: bool,
}

/// Where the mails of an account go, and how its owner reads them.
#[derive(Debug, Clone, Default)]
pub struct Mailbox {
    /// The address, if there is one.
    pub email: Option<EmailAddress>,
    /// The account's language.
    pub locale: Option<Locale>,
    /// The account's clock.
    pub time_zone: Option<ZoneName>,
}

/// The deliveries of a code, as the transaction that made the code planned them.
#[derive(Debug, Clone, Default)]
pub struct PlannedDeliveries {
    /// One to each trusted device, or one to the mailbox.
    pub deliveries: Vec<Delivery>,
    /// How else each of these devices is reached.
    pub reach: Vec<(DeviceId, Reach)>,
    /// The mailbox, where the code goes there.
    pub mailbox: Mailbox,
}

/// A code that a transaction of this node wrote, with all that its delivery needs: handed on in memory, so that nobody reads back what
/// was just written.
#[derive(Debug, Clone)]
pub struct IssuedCode {
    /// The code.
    pub code: Arc<CodeToDeliver>,
    /// Its deliveries, leased to this node.
    pub planned: PlannedDeliveries,
}

/// What is known of the way to a trusted device besides its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reach {
    /// `false` when its user turned notifications off.
    pub notifications_allowed: bool,
    /// A provider knows the device by an address that is not known to be dead.
    pub has_push_address: bool,
    /// A provider said that the address is dead.
    pub push_address_expired: bool,
}

/// A delivery as the origin works it.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The trusted device; `None` for the mailbox.
    pub device_id: Option<DeviceId>,
    /// By which way.
    pub channel: Channel,
    /// It was handed on before, by a node that did not live to see the receipt.
    pub already_sent: bool,
    /// The code that it carries.
    pub generation: u32,
    /// How often it was claimed, this time included.
    pub tries: u16,
    /// A push that must not ring.
    pub silent: bool,
}

/// A delivery as the state of a challenge tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryView {
    /// The destination's number within the challenge, from 1: devices are not named to somebody who has
    /// proved no more than the password.
    pub destination: u16,
    /// By which way.
    pub channel: Channel,
    /// How far it came.
    pub state: DeliveryState,
    /// Why it did not come further.
    pub reason: Option<UnreachableReason>,
    /// What the provider or the mail server answered, in one word.
    pub detail: Option<String>,
    /// When it was handed on: written to the socket, or taken by the provider.
    pub accepted_at: Option<Timestamp>,
    /// When the device said whether it shows the code.
    pub receipt_at: Option<Timestamp>,
    /// A push that does not ring, because too many rang without an answer.
    pub silent: bool,
}

impl CodeToDeliver {
    /// The language of the mail that brings it: the account's, or where nobody chose one, that of whoever asks. An
    /// account that is being made has the language of the device that makes it; the owner of an address that was taken
    /// reads their own, whoever asks.
    #[must_use]
    pub fn mail_language(&self, account: Option<&Locale>) -> Language {
        let asks = self.requester.device.locale.as_ref();
        Language::of(match self.purpose {
            Purpose::CreateAccount if self.address_taken => account,
            Purpose::CreateAccount => asks,
            Purpose::SignIn | Purpose::EnableTwoStep | Purpose::DisableTwoStep | Purpose::ChangeEmail => {
                account.or(asks)
            }
        })
    }
}

impl CodeToDeliver {
    /// The clock of the mail that brings it: the account's; of an account that is being made, or has none, that of whoever asks for
    /// themselves.
    #[must_use]
    pub fn mail_zone(&self, account: Option<&ZoneName>) -> Option<ZoneName> {
        let asks = self.requester.device.time_zone.as_ref().filter(|_| !self.address_taken);
        match self.purpose {
            Purpose::CreateAccount if !self.address_taken => asks.or(account),
            Purpose::CreateAccount
            | Purpose::SignIn
            | Purpose::EnableTwoStep
            | Purpose::DisableTwoStep
            | Purpose::ChangeEmail => account.or(asks),
        }
        .cloned()
    }
}

impl Reach {
    /// Why a device that is not connected cannot be reached, or `None` when push may reach it.
    #[must_use]
    pub fn unreachable_reason(&self) -> Option<UnreachableReason> {
        if !self.notifications_allowed {
            Some(UnreachableReason::NotificationsOff)
        } else if self.push_address_expired {
            Some(UnreachableReason::TokenExpired)
        } else if !self.has_push_address {
            Some(UnreachableReason::NoPushToken)
        } else {
            None
        }
    }
}

words! {
    /// May a sign-in code go by email (`delivery.email_fallback`)?
    EmailFallback("email fallback") {
        /// Whenever its user asks.
        Allow = "allow",
        /// Only while no trusted device can be reached.
        RecoveryOnly = "recovery_only",
        /// Never.
        Off = "off",
    }
}

impl EmailFallback {
    /// Whether the mailbox is a way in, at least for an owner who has no other.
    #[must_use]
    pub fn is_a_way(self) -> bool {
        match self {
            Self::Allow | Self::RecoveryOnly => true,
            Self::Off => false,
        }
    }
}

#[cfg(test)]
mod tests;
