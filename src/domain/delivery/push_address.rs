//! Push addresses: what a provider knows a device by.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::domain::value::id::AccountId;
use crate::domain::value::string_enum::words;

/// What an account's tag is derived for, so that it equals no other digest of the id.
const TAG_LABEL: &[u8] = b"twostep account tag";

/// Bytes of a tag: 72 bits tell the accounts of one phone apart.
const TAG_BYTES: usize = 9;

/// Longest value accepted, in bytes. FCM publishes no limit; its tokens are 140 to 250 bytes today.
const MAX_ADDRESS_BYTES: usize = 1024;

words! {
    /// Who pushes to a device.
    PushProvider("push provider") {
        /// Firebase Cloud Messaging.
        Fcm = "fcm",
        /// Apple Push Notification service.
        Apns = "apns",
    }
}

words! {
    /// Which of Apple's services knows a token.
    ApnsEnvironment("APNs environment") {
        /// Apps from the store.
        Production = "production",
        /// Apps under development.
        Sandbox = "sandbox",
    }
}

words! {
    /// What kind of address it is.
    PushAddressKind("push address kind") {
        /// A device token of APNs, in hexadecimal.
        ApnsToken = "apns_token",
        /// A registration token of FCM (deprecated by Google in favour of the installation id, still accepted).
        FcmToken = "fcm_token",
        /// A Firebase Installation ID.
        FcmFid = "fcm_fid",
    }
}

/// Names an account in a push, for an app that has several on one phone. It says nothing of the account to whoever does
/// not know it, and stays the same: 12 letters of base64url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountTag(String);

impl AccountTag {
    /// The tag of an account: the first 72 bits of SHA-256 over a label and the id.
    #[must_use]
    pub fn of(account: AccountId) -> Self {
        let digest = Sha256::new().chain_update(TAG_LABEL).chain_update(account.uuid()).finalize();
        Self(URL_SAFE_NO_PAD.encode(&digest[..TAG_BYTES]))
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A push address as its provider issued it. It is a secret: whoever holds it and the keys can reach the device.
#[derive(Clone)]
pub struct PushAddress {
    kind: PushAddressKind,
    environment: Option<ApnsEnvironment>,
    value: SecretString,
}

/// Why a text is no push address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PushAddressError {
    /// No text, or more than 1024 bytes.
    #[error("must have 1 to {MAX_ADDRESS_BYTES} bytes")]
    Length,
    /// APNs tokens are pairs of hexadecimal digits; FCM addresses are visible ASCII.
    #[error("has a character that an address of this provider cannot have")]
    Character,
    /// Only APNs tokens belong to an environment.
    #[error("must have no environment unless it is for apns")]
    Environment,
}

impl PushAddressKind {
    /// Who pushes to addresses of this kind.
    #[must_use]
    pub fn provider(self) -> PushProvider {
        match self {
            Self::ApnsToken => PushProvider::Apns,
            Self::FcmToken | Self::FcmFid => PushProvider::Fcm,
        }
    }
}

impl PushAddress {
    /// Checks the form of an address.
    ///
    /// Apple says not to assume a length of device tokens, so only the alphabet is checked
    /// (<https://developer.apple.com/documentation/usernotifications/registering-your-app-with-apns>).
    ///
    /// # Errors
    /// When the text cannot be an address of that kind.
    pub fn parse(
        kind: PushAddressKind,
        environment: Option<ApnsEnvironment>,
        text: &str,
    ) -> Result<Self, PushAddressError> {
        if text.is_empty() || text.len() > MAX_ADDRESS_BYTES {
            return Err(PushAddressError::Length);
        }
        let well_formed = match kind {
            PushAddressKind::ApnsToken => {
                text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
            }
            PushAddressKind::FcmToken | PushAddressKind::FcmFid => text.bytes().all(|byte| byte.is_ascii_graphic()),
        };
        if !well_formed {
            return Err(PushAddressError::Character);
        }
        if environment.is_some() && kind != PushAddressKind::ApnsToken {
            return Err(PushAddressError::Environment);
        }
        Ok(Self { kind, environment, value: text.to_owned().into() })
    }

    /// The kind of this address.
    #[must_use]
    pub fn kind(&self) -> PushAddressKind {
        self.kind
    }

    /// The APNs environment; `None` is taken as production.
    #[must_use]
    pub fn environment(&self) -> Option<ApnsEnvironment> {
        self.environment
    }

    /// The text itself, for the request to the provider and for the store.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.value.expose_secret()
    }
}

impl fmt::Debug for PushAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PushAddress")
            .field("kind", &self.kind)
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn tags_stay_and_tell_accounts_apart_without_naming_them() {
        let tag = |id| AccountTag::of(AccountId::new(Uuid::from_u128(id)));
        assert_eq!(tag(1), tag(1));
        assert_ne!(tag(1), tag(2));
        assert_eq!(tag(1).as_str().len(), 12);
    }

    #[test]
    fn apns_tokens_are_hexadecimal_of_any_even_length() {
        let parse = |text: &str| PushAddress::parse(PushAddressKind::ApnsToken, None, text).map(|_| ());
        assert_eq!(parse("00ffAB"), Ok(()));
        assert_eq!(parse(&"ab".repeat(100)), Ok(()));
        assert_eq!(parse("abc"), Err(PushAddressError::Character));
        assert_eq!(parse("../../x1"), Err(PushAddressError::Character));
        assert_eq!(parse(""), Err(PushAddressError::Length));
    }

    #[test]
    fn fcm_addresses_have_no_environment_and_no_spaces() {
        let sandbox = Some(ApnsEnvironment::Sandbox);
        let parse = |environment, text| PushAddress::parse(PushAddressKind::FcmToken, environment, text).map(|_| ());
        assert_eq!(parse(None, "dX:APA91b_-"), Ok(()));
        assert_eq!(parse(None, "a b"), Err(PushAddressError::Character));
        assert_eq!(parse(sandbox, "a"), Err(PushAddressError::Environment));
    }

    #[test]
    fn debug_hides_the_address() {
        let address = PushAddress::parse(PushAddressKind::FcmFid, None, "secret-fid").expect("valid");
        assert!(!format!("{address:?}").contains("secret-fid"));
    }
}
