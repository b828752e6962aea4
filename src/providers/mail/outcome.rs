//! What a mail server's answer means for the mail.

use crate::domain::delivery::mail_retry::{MailDelay, MailFault, MailRefusal};

/// What became of one try to send a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailOutcome {
    /// The server took it and answers for it from now on. It must not be sent again.
    Accepted,
    /// Not now: try again later.
    RetryLater(MailDelay),
    /// Never: the address or the mail is refused.
    Rejected(MailRefusal),
    /// Ours to mend: no mail gets through until then.
    Misconfigured(MailFault),
}

impl MailOutcome {
    /// The word for the delivery's detail, for logs and for metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::RetryLater(delay) => delay.as_str(),
            Self::Rejected(refusal) => refusal.as_str(),
            Self::Misconfigured(fault) => fault.as_str(),
        }
    }
}
