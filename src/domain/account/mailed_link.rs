//! Links that are mailed, and what makes them good. The secret of a link is derived from the code key and the id of what it is for, so the
//! outbox of mails holds none, and a copy of the database lets nobody in.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::domain::code::CodeKeys;

/// What a link is for. A link for one is worth nothing for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailedLink {
    /// A new password.
    NewPassword,
    /// The address as it was before.
    UndoAddress,
}

impl MailedLink {
    /// How long it is good (design section 15; OWASP Forgot Password Cheat Sheet: short, and used once).
    #[must_use]
    pub fn lifetime(self) -> SignedDuration {
        match self {
            Self::NewPassword => SignedDuration::from_mins(30),
            Self::UndoAddress => SignedDuration::from_hours(72),
        }
    }

    /// What stands behind the `#` of the page's address, up to the id.
    #[must_use]
    pub fn fragment(self) -> &'static str {
        match self {
            Self::NewPassword => "reset",
            Self::UndoAddress => "undo-email",
        }
    }

    /// Its secret for one wish: 256 bits.
    #[must_use]
    pub fn secret(self, id: Uuid, keys: &CodeKeys) -> SecretString {
        format!("{}{}", self.prefix(), URL_SAFE_NO_PAD.encode(keys.mac(self.label(), id.as_bytes()))).into()
    }

    /// Whether a text is that secret, by any key that is held. In constant time for each key.
    #[must_use]
    pub fn is_secret(self, text: &SecretString, id: Uuid, keys: &CodeKeys) -> bool {
        let body = text.expose_secret().strip_prefix(self.prefix());
        let bytes = body.and_then(|body| URL_SAFE_NO_PAD.decode(body).ok());
        bytes.is_some_and(|bytes| keys.made_mac(self.label(), id.as_bytes(), &bytes))
    }

    /// How secrets begin, for people and secret scanners.
    fn prefix(self) -> &'static str {
        match self {
            Self::NewPassword => "ts_pw_",
            Self::UndoAddress => "ts_ua_",
        }
    }

    /// Of the key that secrets are derived with.
    fn label(self) -> &'static str {
        match self {
            Self::NewPassword => "twostep: new passwords by mail",
            Self::UndoAddress => "twostep: changes of addresses undone by mail",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::KeyId;

    #[test]
    fn a_secret_is_of_one_wish_for_one_thing_and_of_a_key_that_is_held() {
        let keys = |byte| CodeKeys::single(KeyId::parse("k1").expect("an id"), [byte; 32]);
        let held = keys(1);
        let [one, other] = [1, 2].map(Uuid::from_u128);
        for (link, else_for) in
            [(MailedLink::NewPassword, MailedLink::UndoAddress), (MailedLink::UndoAddress, MailedLink::NewPassword)]
        {
            let text = link.secret(one, &held);
            assert!(link.is_secret(&text, one, &held));
            assert!(!link.is_secret(&text, other, &held));
            assert!(!link.is_secret(&text, one, &keys(2)));
            assert!(!else_for.is_secret(&text, one, &held));
            let swapped = text.expose_secret().replace(link.prefix(), else_for.prefix());
            assert!(!else_for.is_secret(&swapped.into(), one, &held));
            for wrong in ["", link.prefix(), &text.expose_secret()[..text.expose_secret().len() - 2]] {
                assert!(!link.is_secret(&wrong.into(), one, &held), "{wrong}");
            }
        }
    }
}
