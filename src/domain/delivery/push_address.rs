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

/// Longest value accepted, in bytes. FCM publishes no limit; its tokens are 140 to 250 bytes today, and endpoints of browsers up to
/// some 800.
const MAX_ADDRESS_BYTES: usize = 2048;
/// Bytes of a public key: a point on P-256, uncompressed (SEC 1 section 2.3.3).
pub const PUBLIC_KEY_BYTES: usize = 65;
/// How such a point begins.
const UNCOMPRESSED: u8 = 4;
/// Bytes of what only the device and we know beside its key (RFC 8291 section 3.2).
pub const AUTH_BYTES: usize = 16;

words! {
    /// Who pushes to a device.
    PushProvider("push provider") {
        /// Firebase Cloud Messaging.
        Fcm = "fcm",
        /// Apple Push Notification service.
        Apns = "apns",
        /// Web Push (RFC 8030): the push service of a browser, or a distributor of UnifiedPush.
        Webpush = "webpush",
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
        /// The endpoint of a push subscription (RFC 8030 section 2: a push resource), a URL.
        WebPush = "web_push",
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
    keys: Option<PushKeys>,
}

/// What messages to a device are sealed with (RFC 8291 section 3): the device's public key, and a secret that it shares with us, so
/// that whoever learns the key alone can forge nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct PushKeys {
    public: [u8; PUBLIC_KEY_BYTES],
    auth: [u8; AUTH_BYTES],
}

/// Why two texts are no keys of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PushKeysError {
    /// `p256dh` is not base64url of such a point.
    #[error("p256dh must be base64url of the 65 bytes of an uncompressed P-256 public key")]
    Public,
    /// `auth` is not base64url of so many bytes.
    #[error("auth must be base64url of 16 bytes")]
    Auth,
}

impl PushKeys {
    /// Reads keys as browsers give them: base64url, with padding or without (`PushSubscription.getKey`, RFC 4648 section 5).
    /// Whether the point is on the curve shows when something is sealed.
    ///
    /// # Errors
    /// [`PushKeysError`].
    pub fn parse(p256dh: &str, auth: &str) -> Result<Self, PushKeysError> {
        let public = decoded(p256dh).and_then(|bytes| bytes.try_into().ok()).ok_or(PushKeysError::Public)?;
        let auth = decoded(auth).and_then(|bytes| bytes.try_into().ok()).ok_or(PushKeysError::Auth)?;
        Self::new(public, auth).ok_or(PushKeysError::Public)
    }

    /// Reads them as they are stored, one behind the other.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (public, auth) = bytes.split_at_checked(PUBLIC_KEY_BYTES)?;
        Self::new(public.try_into().ok()?, auth.try_into().ok()?)
    }

    fn new(public: [u8; PUBLIC_KEY_BYTES], auth: [u8; AUTH_BYTES]) -> Option<Self> {
        (public[0] == UNCOMPRESSED).then_some(Self { public, auth })
    }

    /// For storage: one behind the other.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.public.as_slice(), &self.auth].concat()
    }

    /// The public key of the device.
    #[must_use]
    pub fn public(&self) -> &[u8; PUBLIC_KEY_BYTES] {
        &self.public
    }

    /// The secret that it shares with us.
    #[must_use]
    pub fn auth(&self) -> &[u8; AUTH_BYTES] {
        &self.auth
    }
}

impl fmt::Debug for PushKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PushKeys(hidden)")
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// Why a text is no push address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PushAddressError {
    /// No text, or more than 2048 bytes.
    #[error("must have 1 to {MAX_ADDRESS_BYTES} bytes")]
    Length,
    /// APNs tokens are pairs of hexadecimal digits; FCM addresses are visible ASCII.
    #[error("has a character that an address of this provider cannot have")]
    Character,
    /// Only APNs tokens belong to an environment.
    #[error("must have no environment unless it is for apns")]
    Environment,
    /// Whatever goes by Web Push is sealed.
    #[error("needs the keys of its subscription")]
    NoKeys,
}

impl PushAddressKind {
    /// Who pushes to addresses of this kind.
    #[must_use]
    pub fn provider(self) -> PushProvider {
        match self {
            Self::ApnsToken => PushProvider::Apns,
            Self::FcmToken | Self::FcmFid => PushProvider::Fcm,
            Self::WebPush => PushProvider::Webpush,
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
        keys: Option<PushKeys>,
    ) -> Result<Self, PushAddressError> {
        if text.is_empty() || text.len() > MAX_ADDRESS_BYTES {
            return Err(PushAddressError::Length);
        }
        let well_formed = match kind {
            PushAddressKind::ApnsToken => {
                text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
            }
            PushAddressKind::FcmToken | PushAddressKind::FcmFid | PushAddressKind::WebPush => {
                text.bytes().all(|byte| byte.is_ascii_graphic())
            }
        };
        if !well_formed {
            return Err(PushAddressError::Character);
        }
        if environment.is_some() && kind != PushAddressKind::ApnsToken {
            return Err(PushAddressError::Environment);
        }
        if kind == PushAddressKind::WebPush && keys.is_none() {
            return Err(PushAddressError::NoKeys);
        }
        Ok(Self { kind, environment, value: text.to_owned().into(), keys })
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

    /// What codes for the device are sealed with, if it gave keys.
    #[must_use]
    pub fn keys(&self) -> Option<&PushKeys> {
        self.keys.as_ref()
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
        let parse = |text: &str| PushAddress::parse(PushAddressKind::ApnsToken, None, text, None).map(|_| ());
        assert_eq!(parse("00ffAB"), Ok(()));
        assert_eq!(parse(&"ab".repeat(100)), Ok(()));
        assert_eq!(parse("abc"), Err(PushAddressError::Character));
        assert_eq!(parse("../../x1"), Err(PushAddressError::Character));
        assert_eq!(parse(""), Err(PushAddressError::Length));
    }

    #[test]
    fn fcm_addresses_have_no_environment_and_no_spaces() {
        let sandbox = Some(ApnsEnvironment::Sandbox);
        let parse =
            |environment, text| PushAddress::parse(PushAddressKind::FcmToken, environment, text, None).map(|_| ());
        assert_eq!(parse(None, "dX:APA91b_-"), Ok(()));
        assert_eq!(parse(None, "a b"), Err(PushAddressError::Character));
        assert_eq!(parse(sandbox, "a"), Err(PushAddressError::Environment));
    }

    #[test]
    fn keys_are_read_as_browsers_write_them_and_from_the_store() {
        let public = URL_SAFE_NO_PAD.encode([UNCOMPRESSED; PUBLIC_KEY_BYTES]);
        let auth = URL_SAFE_NO_PAD.encode([7; AUTH_BYTES]);
        let keys = PushKeys::parse(&public, &auth).expect("keys");
        assert_eq!(PushKeys::parse(&format!("{public}="), &format!("{auth}==")), Ok(keys.clone()));
        assert_eq!(PushKeys::from_bytes(&keys.to_bytes()), Some(keys.clone()));
        assert_eq!(PushKeys::parse(&auth, &auth), Err(PushKeysError::Public));
        assert_eq!(PushKeys::parse(&public, &public), Err(PushKeysError::Auth));
        let compressed = URL_SAFE_NO_PAD.encode([2; PUBLIC_KEY_BYTES]);
        assert_eq!(PushKeys::parse(&compressed, &auth), Err(PushKeysError::Public));
        assert_eq!(format!("{keys:?}"), "PushKeys(hidden)");
    }

    #[test]
    fn an_endpoint_needs_keys() {
        let parse =
            |keys| PushAddress::parse(PushAddressKind::WebPush, None, "https://push.example/1", keys).map(|_| ());
        assert_eq!(parse(None), Err(PushAddressError::NoKeys));
        let keys = PushKeys::from_bytes(&[UNCOMPRESSED; PUBLIC_KEY_BYTES + AUTH_BYTES]);
        assert_eq!(parse(keys), Ok(()));
    }

    #[test]
    fn debug_hides_the_address() {
        let address = PushAddress::parse(PushAddressKind::FcmFid, None, "secret-fid", None).expect("valid");
        assert!(!format!("{address:?}").contains("secret-fid"));
    }
}
