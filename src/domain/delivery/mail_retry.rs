//! Mail: why it does not get through, and when to try again.

use jiff::{SignedDuration, Timestamp};

use crate::domain::value::string_enum::words;

words! {
    /// Why a mail has to wait: another try may well succeed.
    MailDelay("mail delay") {
        /// The server asks for patience with a 4xx answer, as one that greylists does (RFC 5321 section 4.2.1, RFC 6647).
        TryLater = "try_later",
        /// There was no connection, or it broke before the mail was handed over.
        ConnectionLost = "connection_lost",
        /// No answer came in time, before the mail was handed over.
        TimedOut = "timed_out",
        /// The mail was handed over whole, but the server's answer to it never came. Until it says that it has the
        /// mail the sender answers for it (RFC 5321 section 6.1), so it is sent again, with the same Message-ID.
        InDoubt = "in_doubt",
    }
}

words! {
    /// Why a mail will never be taken: its address or its content is refused.
    MailRefusal("mail refusal") {
        /// The server says that there is no such mailbox.
        Address = "address_refused",
        /// The mailbox has no room left (RFC 5321 section 4.2.2, 552; RFC 3463 section 3.3, X.2.2).
        MailboxFull = "mailbox_full",
        /// The mail itself is refused.
        Message = "message_refused",
        /// The address cannot be written in SMTP, or needs SMTPUTF8 (RFC 6531), which the server lacks.
        AddressUnsupported = "address_unsupported",
    }
}

words! {
    /// Why no mail gets through until an operator mends something.
    MailFault("mail fault") {
        /// The server offers no STARTTLS although it is required.
        NoStarttls = "no_starttls",
        /// The server's certificate is not trusted, or not for its name.
        CertificateRefused = "certificate_refused",
        /// The server refuses the user name or the password, or wants some.
        AuthenticationRefused = "authentication_refused",
        /// The server offers no way of authentication that the gateway knows.
        AuthenticationUnavailable = "authentication_unavailable",
        /// The server does not let this account send from the no-reply address.
        SenderRefused = "sender_refused",
        /// The server does not carry mail from this gateway to that address: it relays nothing for it, or a rule of its
        /// own forbids it (RFC 3463 section 3.8, X.7.z).
        RelayRefused = "relay_refused",
        /// The server does not serve this gateway at all.
        ServiceRefused = "service_refused",
    }
}

/// A notice that could not be sent for this long is given up.
pub const NOTICE_PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// How long to wait between two tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailRetry {
    /// The bound of the first wait; each further one is twice as long.
    pub first: SignedDuration,
    /// No wait is longer.
    pub longest: SignedDuration,
}

impl MailRetry {
    /// How long to wait after `tries` of them (at least 1), or `None` when the next would come at `end` or later.
    ///
    /// `dice` from 0 to 1 spreads the waits over the upper half of the bound, so that what failed together does not
    /// come back together.
    #[must_use]
    pub fn wait(&self, tries: u16, now: Timestamp, end: Timestamp, dice: f64) -> Option<SignedDuration> {
        let doublings = u32::from(tries.saturating_sub(1)).min(20);
        let bound = self.first.saturating_mul(1 << doublings).min(self.longest);
        let wait = SignedDuration::from_secs_f64(bound.as_secs_f64() * (0.5 + dice.clamp(0.0, 1.0) / 2.0));
        (end.duration_since(now) > wait).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RETRY: MailRetry = MailRetry { first: SignedDuration::from_secs(5), longest: SignedDuration::from_secs(300) };

    #[test]
    fn waits_double_up_to_the_longest() {
        let end = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24);
        let seconds = |tries| RETRY.wait(tries, Timestamp::UNIX_EPOCH, end, 1.0).map(|wait| wait.as_secs());
        let waits: Vec<Option<i64>> = (1..=8).map(seconds).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300].map(Some));
        assert_eq!(seconds(u16::MAX), Some(300));
    }

    proptest! {
        #[test]
        fn no_wait_reaches_the_end(tries in 1_u16..2000, life in -10_i64..700, dice in 0.0_f64..1.0) {
            let now = Timestamp::UNIX_EPOCH;
            let life = SignedDuration::from_secs(life);
            if let Some(wait) = RETRY.wait(tries, now, now + life, dice) {
                prop_assert!(wait < life && wait >= RETRY.first / 2 && wait <= RETRY.longest);
            }
        }
    }
}
