//! What `twostep doctor` says about the mail server.

use super::MailOutcome;
use crate::domain::delivery::mail_retry::{MailDelay, MailFault};

/// Why the mail server cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{server} {}", what(.outcome))]
pub struct MailCheckError {
    /// Host and port.
    pub server: String,
    /// What the conversation came to.
    pub outcome: MailOutcome,
}

impl MailCheckError {
    /// How to mend it.
    #[must_use]
    pub fn mend(&self) -> &'static str {
        match &self.outcome {
            MailOutcome::Misconfigured(fault) => mend(*fault),
            MailOutcome::RetryLater(MailDelay::TryLater) => "try again in some minutes",
            // A port for implicit TLS stays silent to STARTTLS.
            MailOutcome::RetryLater(MailDelay::TimedOut | MailDelay::ConnectionLost | MailDelay::InDoubt) => {
                "check smtp.host and smtp.port, that smtp.tls is right for that port, that the server runs, and firewalls in between"
            }
            MailOutcome::Accepted | MailOutcome::Rejected(_) => "check that what answers there is an SMTP server",
        }
    }
}

fn what(outcome: &MailOutcome) -> &'static str {
    match outcome {
        MailOutcome::Misconfigured(MailFault::NoStarttls) => "offers no STARTTLS",
        MailOutcome::Misconfigured(MailFault::CertificateRefused) => {
            "shows a certificate that is not trusted here, or not for its name"
        }
        MailOutcome::Misconfigured(MailFault::AuthenticationRefused) => "refuses the user name or the password",
        MailOutcome::Misconfigured(MailFault::AuthenticationUnavailable) => {
            "offers neither PLAIN nor LOGIN authentication"
        }
        MailOutcome::Misconfigured(MailFault::SenderRefused) => "takes no mail from the address in mail.from",
        MailOutcome::Misconfigured(MailFault::RelayRefused) => "carries no mail from this gateway to other servers",
        MailOutcome::Misconfigured(MailFault::ServiceRefused) => "does not serve this machine",
        MailOutcome::RetryLater(MailDelay::TryLater) => "asks to come back later",
        MailOutcome::RetryLater(MailDelay::TimedOut) => "does not answer in time",
        MailOutcome::RetryLater(MailDelay::ConnectionLost | MailDelay::InDoubt) => "cannot be reached, or hangs up",
        MailOutcome::Accepted | MailOutcome::Rejected(_) => "answers out of order",
    }
}

fn mend(fault: MailFault) -> &'static str {
    match fault {
        MailFault::NoStarttls => {
            "if it speaks TLS from the start (port 465 as a rule) set smtp.tls to \"implicit\" and smtp.port to match, else turn STARTTLS on there"
        }
        MailFault::CertificateRefused => {
            "set smtp.host to the name in the certificate, or smtp.trust_root_file to the PEM file of its authority"
        }
        MailFault::AuthenticationRefused => {
            "check smtp.username and the password in TWOSTEP__SMTP__PASSWORD or the file of TWOSTEP__SMTP__PASSWORD_FILE"
        }
        MailFault::AuthenticationUnavailable => {
            "turn one on there, or unset smtp.username and smtp.password if it needs none"
        }
        MailFault::SenderRefused => "set mail.from to an address that smtp.username may send from",
        MailFault::RelayRefused => {
            "have this machine's address or smtp.username allowed to relay there, or use the mail server of your own domain"
        }
        MailFault::ServiceRefused => "have this machine's address allowed there, or check smtp.host and smtp.port",
    }
}
