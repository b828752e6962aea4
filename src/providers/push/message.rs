//! What is pushed.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use uuid::Uuid;

use crate::domain::account::locale::Language;
use crate::domain::delivery::push_address::AccountTag;

/// One push to one device.
#[derive(Debug, Clone)]
pub struct Push {
    /// Stays the same over retries, so that a provider's records can be joined with ours.
    pub delivery_id: Uuid,
    /// Whose it is, for an app with several accounts.
    pub account: AccountTag,
    /// The challenge, or for an alert its notice, or the drill. It is the collapse key: a later push about it replaces an earlier one.
    pub subject_id: Uuid,
    /// The challenge's generation, by which a device tells a new code from an old one.
    pub generation: u32,
    /// From here on the push is worthless: never sent, never stored by a provider. For a withdrawal that follows an
    /// expiry the caller sets a later time than the code's own.
    pub expires_at: Timestamp,
    /// Of the texts.
    pub language: Language,
    /// By which the device says what became of it, without a session; of what brings a code only. Written as it travels: sealed, it
    /// allows a denial as well.
    pub receipt: Option<SecretString>,
    /// What the device is told.
    pub content: PushContent,
}

/// What the device is told.
#[derive(Clone)]
pub enum PushContent {
    /// A notification that shows the code.
    Code {
        /// Title of the notification.
        title: String,
        /// Text of the notification; it usually has the code in it and is treated as a secret.
        body: String,
        /// The code, for the app.
        code: SecretString,
    },
    /// A code for a device that gave keys: nobody else can read it. What the provider and the operating system see says no more than
    /// a [`Self::Wake`].
    Sealed {
        /// Title of what is seen before it is opened.
        title: String,
        /// Text of it.
        body: String,
        /// What is inside.
        code: Box<SealedCode>,
    },
    /// No code: the app fetches it by the challenge id. On FCM it carries data only; APNs does not reliably wake an app
    /// without an alert, so there the texts are shown until the app's extension replaces them.
    Wake {
        /// Title of the alert.
        title: String,
        /// Text of the alert.
        body: String,
    },
    /// A silent entry: the app lists it, nothing rings. Browsers must show something: they get the texts.
    Pending {
        /// Title of what a browser shows.
        title: String,
        /// Text of it.
        body: String,
    },
    /// The challenge is closed: the app removes its notification. Browsers must show something meanwhile: they get the texts.
    Withdraw {
        /// Title of what a browser shows.
        title: String,
        /// Text of it.
        body: String,
    },
    /// No code, and nothing to show: the device says that it came. Not for browsers, which must show something.
    Drill,
    /// A security alert: something happened that the owner should know.
    Alert {
        /// What about, in one stable word.
        kind: &'static str,
        /// Title of the notification.
        title: String,
        /// Text of the notification.
        body: String,
    },
}

/// A code, and who asks for it: what is inside a [`PushContent::Sealed`].
#[derive(Clone)]
pub struct SealedCode {
    /// Title of the notification.
    pub title: String,
    /// Text of the notification, with the code in it.
    pub body: String,
    /// The code.
    pub code: SecretString,
    /// The device that asks, as others may read it.
    pub requester: String,
    /// Where it seems to be; `None` when nobody knows.
    pub location: Option<String>,
    /// When it asked.
    pub requested_at: Timestamp,
}

impl Push {
    /// How long the push is still worth sending; zero once it expired.
    #[must_use]
    pub fn life_left(&self, now: Timestamp) -> Duration {
        Duration::try_from(self.expires_at.duration_since(now)).unwrap_or(Duration::ZERO)
    }
}

impl PushContent {
    /// What an alert is about.
    #[must_use]
    pub fn alert_kind(&self) -> Option<&'static str> {
        match self {
            Self::Alert { kind, .. } => Some(kind),
            Self::Code { .. }
            | Self::Sealed { .. }
            | Self::Wake { .. }
            | Self::Pending { .. }
            | Self::Withdraw { .. }
            | Self::Drill => None,
        }
    }

    /// Whether it is about a challenge.
    #[must_use]
    pub fn is_of_challenge(&self) -> bool {
        match self {
            Self::Code { .. }
            | Self::Sealed { .. }
            | Self::Wake { .. }
            | Self::Pending { .. }
            | Self::Withdraw { .. } => true,
            Self::Alert { .. } | Self::Drill => false,
        }
    }

    /// The word for the `type` field that apps read.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Code { .. } | Self::Sealed { .. } => "code",
            Self::Wake { .. } => "wake",
            Self::Pending { .. } => "pending",
            Self::Withdraw { .. } => "withdraw",
            Self::Drill => "drill",
            Self::Alert { .. } => "alert",
        }
    }

    /// Whether the person must notice it now; the rest may wait for the device to be awake.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        match self {
            Self::Code { .. } | Self::Sealed { .. } | Self::Wake { .. } | Self::Alert { .. } => true,
            Self::Pending { .. } | Self::Withdraw { .. } | Self::Drill => false,
        }
    }
}

impl fmt::Debug for PushContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::value::id::AccountId;

    #[test]
    fn debug_shows_neither_code_nor_text() {
        let content = PushContent::Code {
            title: "Sign-in".into(),
            body: "Your code is 123 456".into(),
            code: "123456".to_owned().into(),
        };
        assert_eq!(format!("{content:?}"), "code");
    }

    #[test]
    fn life_left_is_never_negative() {
        let push = Push {
            delivery_id: Uuid::nil(),
            account: AccountTag::of(AccountId::new(Uuid::now_v7())),
            subject_id: Uuid::nil(),
            generation: 1,
            expires_at: Timestamp::from_second(100).unwrap(),
            language: Language::English,
            receipt: None,
            content: PushContent::Pending { title: String::new(), body: String::new() },
        };
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(push.life_left(at(40)), Duration::from_secs(60));
        assert_eq!(push.life_left(at(160)), Duration::ZERO);
    }
}
