//! Why the gateway closes a connection: the only place that knows the numbers (docs/errors.md lists them).

/// A reason to close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// This node is going away. Reconnect after what `goodbye` said.
    Drain,
    /// The device reads more slowly than messages come. Reconnect with backoff.
    ReadsTooSlowly,
    /// No Pong in time. Reconnect with backoff.
    HeartbeatMissed,
    /// More messages than allowed. Reconnect with backoff.
    TooManyMessages,
    /// The session ended or expired. Sign in again first.
    SessionEnded,
    /// The device is no longer trusted. Sign in again first.
    DeviceRemoved,
    /// A newer connection of the same device took over. Do not reconnect.
    Replaced,
    /// The device closed, or the peer is gone: a normal end.
    Normal,
    /// A frame broke RFC 6455.
    ProtocolError,
    /// A binary message; the protocol is text only.
    Binary,
    /// Not UTF-8, or not a message of the protocol.
    InvalidMessage,
    /// A message over 4 KiB.
    TooLarge,
    /// Our fault. Reconnect with backoff.
    InternalError,
}

impl CloseReason {
    /// Every reason, for documentation and tests.
    pub const ALL: &'static [Self] = &[
        Self::Drain,
        Self::ReadsTooSlowly,
        Self::HeartbeatMissed,
        Self::TooManyMessages,
        Self::SessionEnded,
        Self::DeviceRemoved,
        Self::Replaced,
        Self::Normal,
        Self::ProtocolError,
        Self::Binary,
        Self::InvalidMessage,
        Self::TooLarge,
        Self::InternalError,
    ];

    /// The number on the wire: below 4000 by RFC 6455 section 7.4.1, from 4000 on by this protocol.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::ProtocolError => 1002,
            Self::Binary => 1003,
            Self::InvalidMessage => 1007,
            Self::TooLarge => 1009,
            Self::InternalError => 1011,
            Self::Drain => 4000,
            Self::ReadsTooSlowly => 4002,
            Self::HeartbeatMissed => 4003,
            Self::TooManyMessages => 4029,
            Self::SessionEnded => 4401,
            Self::DeviceRemoved => 4403,
            Self::Replaced => 4409,
        }
    }

    /// The word for it in metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Normal => "closed",
            Self::ProtocolError => "protocol_error",
            Self::Binary => "binary",
            Self::InvalidMessage => "invalid_message",
            Self::TooLarge => "too_large",
            Self::InternalError => "internal_error",
            Self::Drain => "drain",
            Self::ReadsTooSlowly => "reads_too_slowly",
            Self::HeartbeatMissed => "heartbeat_missed",
            Self::TooManyMessages => "too_many_messages",
            Self::SessionEnded => "session_ended",
            Self::DeviceRemoved => "device_removed",
            Self::Replaced => "replaced",
        }
    }

    /// The text beside the number, for people who debug a client.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Normal => "closed",
            Self::ProtocolError => "a frame broke RFC 6455",
            Self::Binary => "binary messages are not part of twostep.v1",
            Self::InvalidMessage => "not a message of twostep.v1",
            Self::TooLarge => "a message may have 4096 bytes",
            Self::InternalError => "an error on our side; reconnect with backoff",
            Self::Drain => "this node is going away; reconnect as goodbye said",
            Self::ReadsTooSlowly => "messages were not read in time; reconnect with backoff",
            Self::HeartbeatMissed => "no pong in time; reconnect with backoff",
            Self::TooManyMessages => "too many messages; reconnect with backoff",
            Self::SessionEnded => "the session ended; sign in again",
            Self::DeviceRemoved => "this device is no longer trusted; sign in again",
            Self::Replaced => "a newer connection of this device took over",
        }
    }
}
