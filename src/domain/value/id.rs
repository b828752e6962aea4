//! Identifiers. Each kind has a type of its own, so that one cannot be passed for another.
//!
//! New ids are UUIDv7 (RFC 9562 section 5.7): they sort by the time they were made.

/// Declares an identifier type around a UUID.
macro_rules! ids {
    ($( $(#[$meta:meta])* $name:ident ),+ $(,)?) => { $(
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize, utoipa::ToSchema,
        )]
        #[serde(transparent)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// Wraps a UUID that is known to be of this kind.
            #[must_use]
            pub const fn new(id: uuid::Uuid) -> Self { Self(id) }

            /// The UUID itself, for storage.
            #[must_use]
            pub const fn uuid(self) -> uuid::Uuid { self.0 }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(formatter) }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { text.parse().map(Self) }
        }
    )+ };
}

ids! {
    /// A person's sign-in identity.
    AccountId,
    /// One installation of the app, as the gateway knows it.
    DeviceId,
    /// One installation of the app, as the app itself names it; made by the app, any UUID version.
    InstallId,
    /// An authenticated sign-in of a device.
    SessionId,
    /// One request to prove control.
    ChallengeId,
    /// One challenge on its way to one destination by one channel.
    DeliveryId,
    /// One entry of the login activity.
    ActivityId,
    /// One message to the owner of an account that is not a code.
    NoticeId,
    /// One request for the last resort.
    RecoveryId,
    /// One key of an app's server.
    ApiKeyId,
    /// One running gateway process.
    NodeId,
    /// One live WebSocket.
    ConnectionId,
    /// One step of the rollout's share.
    BatchId,
    /// One question to a sleeping device whether a push reaches it.
    DrillId,
}
