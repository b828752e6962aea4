//! Push addresses: what a provider knows a device by.

use secrecy::SecretString;

use super::words::words;

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

/// A push address. `Debug` hides it: it is a secret in logs.
#[derive(Debug, Clone)]
pub struct PushAddress {
    /// What kind.
    pub kind: PushAddressKind,
    /// The address itself.
    pub value: SecretString,
    /// APNs only: which of Apple's services knows it.
    pub environment: Option<ApnsEnvironment>,
}
