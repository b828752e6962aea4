//! APNs' documented refusals.
//!
//! Source: <https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns>.

macro_rules! failures {
    ($($name:ident = $status:literal),+ $(,)?) => {
        /// A refusal: its name is the `reason` of the answer.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ApnsFailure {
            $(
                #[doc = concat!("Answered with status ", stringify!($status), ".")]
                $name,
            )+
        }

        impl ApnsFailure {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word in the answer.
            #[must_use]
            pub fn reason(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }

            /// The HTTP status.
            #[must_use]
            pub fn status(self) -> u16 {
                match self {
                    $(Self::$name => $status,)+
                }
            }
        }
    };
}

failures! {
    BadCollapseId = 400,
    BadDeviceToken = 400,
    BadExpirationDate = 400,
    BadMessageId = 400,
    BadPriority = 400,
    BadTopic = 400,
    DeviceTokenNotForTopic = 400,
    DuplicateHeaders = 400,
    IdleTimeout = 400,
    InvalidPushType = 400,
    MissingDeviceToken = 400,
    MissingTopic = 400,
    PayloadEmpty = 400,
    TopicDisallowed = 400,
    BadCertificate = 403,
    BadCertificateEnvironment = 403,
    ExpiredProviderToken = 403,
    Forbidden = 403,
    InvalidProviderToken = 403,
    MissingProviderToken = 403,
    UnrelatedKeyIdInToken = 403,
    BadEnvironmentKeyIdInToken = 403,
    BadPath = 404,
    MethodNotAllowed = 405,
    ExpiredToken = 410,
    Unregistered = 410,
    PayloadTooLarge = 413,
    TooManyProviderTokenUpdates = 429,
    TooManyRequests = 429,
    InternalServerError = 500,
    ServiceUnavailable = 503,
    Shutdown = 503,
}
