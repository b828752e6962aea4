//! One conversation with the server, and what its answers mean at each step.

use std::io;
use std::sync::Arc;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use rustls::ClientConfig;

use super::super::MailOutcome;
use super::super::message::Letter;
use super::stream;
use crate::domain::delivery::mail_retry::{MailDelay, MailFault, MailRefusal};

/// 530: authentication required (RFC 4954 section 6).
const AUTHENTICATION_REQUIRED: u16 = 530;
/// 552: the mailbox is full (RFC 5321 section 4.2.2).
const EXCEEDED_STORAGE: u16 = 552;
/// Subjects of enhanced status codes, X.2 and X.7, and the detail X.2.2 "mailbox full" (RFC 3463 sections 3.3 and 3.8).
const MAILBOX: u16 = 2;
const SECURITY_OR_POLICY: u16 = 7;
const MAILBOX_FULL: u16 = 2;
/// 421: the server is about to hang up (RFC 5321 section 3.8).
const CLOSING: u16 = 421;

/// What is needed to begin one.
pub(super) struct Dial {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: LineTls,
    pub(super) hello_name: ClientId,
    pub(super) credentials: Option<Credentials>,
}

/// How the line is encrypted.
pub(super) enum LineTls {
    /// Not at all.
    None,
    /// Once the server offers it.
    Starttls(TlsParameters),
    /// From the first byte on.
    Implicit(Arc<ClientConfig>),
}

/// How far a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Greeting,
    Tls,
    Authentication,
    Sender,
    Recipient,
    Data,
    Content,
}

/// A step failed.
pub(super) struct Failed {
    pub(super) outcome: MailOutcome,
    /// The server answered in full and will listen on: the connection is good for another mail, once what was begun is reset.
    pub(super) still_listens: bool,
}

/// Connects, encrypts and authenticates.
pub(super) async fn begin(dial: &Dial) -> Result<AsyncSmtpConnection, Failed> {
    let line = stream::connect(&dial.host, dial.port).await.map_err(|error| no_line(&error))?;
    let line: Box<dyn AsyncTokioStream> = match &dial.tls {
        LineTls::Implicit(tls) => {
            Box::new(stream::encrypt(line, &dial.host, Arc::clone(tls)).await.map_err(|error| no_line(&error))?)
        }
        LineTls::None | LineTls::Starttls(_) => Box::new(line),
    };
    let greeted = AsyncSmtpConnection::connect_with_transport(line, &dial.hello_name);
    let mut connection = greeted.await.map_err(failed_at(Step::Greeting))?;
    if let LineTls::Starttls(parameters) = &dial.tls {
        if !connection.can_starttls() {
            return Err(misconfigured(MailFault::NoStarttls));
        }
        connection.starttls(parameters.clone(), &dial.hello_name).await.map_err(failed_at(Step::Tls))?;
    }
    if let Some(credentials) = &dial.credentials {
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        if connection.server_info().get_auth_mechanism(&mechanisms).is_none() {
            return Err(misconfigured(MailFault::AuthenticationUnavailable));
        }
        connection.auth(&mechanisms, credentials).await.map_err(failed_at(Step::Authentication))?;
    }
    Ok(connection)
}

/// Says from whom the mail is. Nothing is sent yet if this fails or is given up.
pub(super) async fn say_sender(connection: &mut AsyncSmtpConnection, letter: &Letter) -> Result<(), Failed> {
    let mut parameters = Vec::new();
    if letter.needs_smtputf8 {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            let outcome = MailOutcome::Rejected(MailRefusal::AddressUnsupported);
            return Err(Failed { outcome, still_listens: true });
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    let sender = Mail::new(Some(letter.sender.clone()), parameters);
    connection.command(sender).await.map_err(failed_at(Step::Sender))?;
    Ok(())
}

/// Says to whom, and that the mail follows. Nothing is sent yet if this fails or is given up.
pub(super) async fn say_recipient(connection: &mut AsyncSmtpConnection, letter: &Letter) -> Result<(), Failed> {
    let recipient = Rcpt::new(letter.recipient.clone(), Vec::new());
    connection.command(recipient).await.map_err(failed_at(Step::Recipient))?;
    connection.command(Data).await.map_err(failed_at(Step::Data))?;
    Ok(())
}

/// Hands the mail over and waits for the server to say that it has it.
pub(super) async fn hand_over(connection: &mut AsyncSmtpConnection, letter: &Letter) -> Result<(), Failed> {
    connection.message(&letter.bytes).await.map_err(failed_at(Step::Content))?;
    Ok(())
}

/// Asks whether mail may come from an address, without sending any.
pub(super) async fn ask_sender(connection: &mut AsyncSmtpConnection, sender: lettre::Address) -> Result<(), Failed> {
    let sender = Mail::new(Some(sender), Vec::new());
    connection.command(sender).await.map_err(failed_at(Step::Sender))?;
    Ok(())
}

fn misconfigured(fault: MailFault) -> Failed {
    Failed { outcome: MailOutcome::Misconfigured(fault), still_listens: false }
}

fn failed_at(step: Step) -> impl Fn(Error) -> Failed {
    move |error| {
        let code = error.status().map(u16::from);
        // Before authentication is through it is no connection for mail.
        let is_open = !matches!(step, Step::Greeting | Step::Tls | Step::Authentication);
        let still_listens = is_open && code.is_some_and(|code| code != CLOSING);
        Failed { outcome: outcome(step, &error, code), still_listens }
    }
}

/// 4xx may pass, 5xx is final (RFC 5321 section 4.2.1); whose fault it is depends on the step.
fn outcome(step: Step, error: &Error, code: Option<u16>) -> MailOutcome {
    if is_about_certificate(error) {
        return MailOutcome::Misconfigured(MailFault::CertificateRefused);
    }
    if error.is_permanent() {
        return refused_at(step, code, &error.to_string());
    }
    MailOutcome::RetryLater(match step {
        _ if error.is_transient() => MailDelay::TryLater,
        Step::Content => MailDelay::InDoubt,
        _ => MailDelay::ConnectionLost,
    })
}

fn refused_at(step: Step, code: Option<u16>, words: &str) -> MailOutcome {
    let fault = match step {
        Step::Recipient => return recipient_refused(code, words),
        Step::Data | Step::Content => return MailOutcome::Rejected(MailRefusal::Message),
        Step::Greeting => MailFault::ServiceRefused,
        Step::Tls => MailFault::NoStarttls,
        Step::Authentication => MailFault::AuthenticationRefused,
        Step::Sender if code == Some(AUTHENTICATION_REQUIRED) => MailFault::AuthenticationRefused,
        Step::Sender => MailFault::SenderRefused,
    };
    MailOutcome::Misconfigured(fault)
}

/// Whose fault it is that a server refuses a recipient: the mailbox's, or that of what lies between it and the gateway. Servers
/// say it by an enhanced status code (RFC 3463), and those that have none by the basic one or in words.
fn recipient_refused(code: Option<u16>, words: &str) -> MailOutcome {
    let (subject, detail) = enhanced_status(words).unwrap_or_default();
    match (subject, detail) {
        (SECURITY_OR_POLICY, _) => MailOutcome::Misconfigured(MailFault::RelayRefused),
        (MAILBOX, MAILBOX_FULL) => MailOutcome::Rejected(MailRefusal::MailboxFull),
        (0, _) if is_about_relaying(words) => MailOutcome::Misconfigured(MailFault::RelayRefused),
        (0, _) if code == Some(EXCEEDED_STORAGE) => MailOutcome::Rejected(MailRefusal::MailboxFull),
        _ => MailOutcome::Rejected(MailRefusal::Address),
    }
}

/// Whether a refusal has the word, other than in the name of a host.
fn is_about_relaying(words: &str) -> bool {
    let words = words.split_whitespace().map(|word| word.trim_matches(|character: char| !character.is_alphanumeric()));
    words.into_iter().any(|word| ["relay", "relaying", "relayed"].iter().any(|about| word.eq_ignore_ascii_case(about)))
}

/// Subject and detail of the first enhanced status code of a final refusal in a text: of `5.7.1` they are 7 and 1.
fn enhanced_status(words: &str) -> Option<(u16, u16)> {
    words.split_whitespace().find_map(|word| {
        let (subject, detail) = word.strip_prefix("5.")?.split_once('.')?;
        Some((subject.parse().ok()?, detail.parse().ok()?))
    })
}

/// The server is not reached, or the line to it is not encrypted.
fn no_line(error: &io::Error) -> Failed {
    let outcome = if is_about_certificate(error) {
        MailOutcome::Misconfigured(MailFault::CertificateRefused)
    } else {
        MailOutcome::RetryLater(MailDelay::ConnectionLost)
    };
    Failed { outcome, still_listens: false }
}

/// TLS libraries speak through errors of the file system.
fn is_about_certificate(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        let tls = inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(rustls::Error::InvalidCertificate(_)) = tls.and_then(|tls| tls.downcast_ref()) {
            return true;
        }
        cause = inner.source();
    }
    false
}
