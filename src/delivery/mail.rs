//! Mail: what it says, and the development outbox that keeps it until SMTP is configured.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::challenge::Purpose;
use crate::domain::code::Code;
use crate::domain::delivery::{CodeToDeliver, Requester};
use crate::domain::email::EmailAddress;
use crate::domain::event::AlertKind;

/// Messages that the outbox keeps; the oldest go first.
const OUTBOX_CAPACITY: usize = 1000;

/// A mail to be sent. Not `Debug`: it may hold a code.
pub struct Mail {
    /// The mailbox.
    pub to: EmailAddress,
    /// One line.
    pub subject: String,
    /// The plain part.
    pub text: String,
    /// The same, marked up.
    pub html: String,
}

/// A mail in the development outbox.
#[derive(Clone, Serialize)]
pub struct OutboxMessage {
    /// Its id.
    pub id: Uuid,
    /// The mailbox.
    pub to: String,
    /// The no-reply address.
    pub from: String,
    /// One line.
    pub subject: String,
    /// The plain part.
    pub text: String,
    /// The same, marked up.
    pub html: String,
    /// When it was put here.
    pub at: Timestamp,
}

/// Keeps mail in memory for developers to read. It is never there in production.
pub struct Outbox {
    from: String,
    messages: Mutex<VecDeque<OutboxMessage>>,
}

impl Outbox {
    /// An empty outbox; mail in it is from `from`.
    #[must_use]
    pub fn new(from: String) -> Self {
        Self { from, messages: Mutex::default() }
    }

    /// Takes a mail.
    pub fn send(&self, mail: Mail) {
        let message = OutboxMessage {
            id: Uuid::now_v7(),
            to: mail.to.as_str().to_owned(),
            from: self.from.clone(),
            subject: mail.subject,
            text: mail.text,
            html: mail.html,
            at: Timestamp::now(),
        };
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.truncate(OUTBOX_CAPACITY - 1);
        messages.push_front(message);
    }

    /// What is in it, newest first.
    #[must_use]
    pub fn messages(&self) -> Vec<OutboxMessage> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// The mail that brings a code, or, to the owner of an address that was taken already, says so.
#[must_use]
pub fn code_mail(to: EmailAddress, issued: &CodeToDeliver, code: &Code) -> Mail {
    if issued.address_taken {
        return notice_mail(to, AlertKind::AddressTaken, Some(&issued.requester), None);
    }
    let grouped = code.grouped();
    let (subject, purpose) = match issued.purpose {
        Purpose::SignIn => ("Your sign-in code", "Use this code to sign in:"),
        Purpose::EnableTwoStep => ("Turn on two-step verification", "Use this code to turn on two-step verification:"),
        Purpose::CreateAccount => ("Confirm your email address", "Use this code to confirm your email address:"),
    };
    let advice = match issued.purpose {
        Purpose::SignIn => "If it was not you: do not share this code with anybody, and change your password.",
        Purpose::EnableTwoStep => "If it was not you: somebody is signed in to your account. Change your password.",
        Purpose::CreateAccount => "If it was not you: ignore this mail. No account is made without the code.",
    };
    let expiry = format!("It is good until {}.", readable(issued.expires_at));
    let paragraphs = [purpose.to_owned(), grouped.clone(), expiry, asked_by(&issued.requester), advice.to_owned()];
    mail(to, subject, &paragraphs, Some(&grouped))
}

/// The mail that tells an owner what happened, and when.
#[must_use]
pub fn notice_mail(
    to: EmailAddress,
    kind: AlertKind,
    requester: Option<&Requester>,
    happened_at: Option<Timestamp>,
) -> Mail {
    let subject = match kind {
        AlertKind::SignInDenied => "A sign-in to your account was denied",
        AlertKind::TwoStepDisabled => "Two-step verification was turned off",
        AlertKind::PasswordChanged => "Your password was changed",
        AlertKind::TokenReused => "A device of yours was signed out",
        AlertKind::DeviceRemoved => "A trusted device was removed",
        AlertKind::AddressTaken => "You already have an account",
    };
    let mut paragraphs = vec![kind.text().to_owned()];
    paragraphs.extend(requester.map(asked_by));
    paragraphs.extend(happened_at.map(|at| format!("It happened at {}.", readable(at))));
    mail(to, subject, &paragraphs, None)
}

fn asked_by(requester: &Requester) -> String {
    let device = &requester.device;
    let place = requester.location.as_deref().map(|place| format!(", near {place}")).unwrap_or_default();
    format!("It was asked for on {} ({}), from {}{place}.", device.name, device.model, requester.ip)
}

fn readable(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%-d %B %Y, %H:%M UTC").to_string()
}

fn mail(to: EmailAddress, subject: &str, paragraphs: &[String], emphasised: Option<&str>) -> Mail {
    let html_paragraphs: String = paragraphs
        .iter()
        .map(|paragraph| match emphasised {
            Some(code) if paragraph == code => {
                format!("<p style=\"font-size:2em;letter-spacing:.1em\"><strong>{}</strong></p>\n", escaped(code))
            }
            _ => format!("<p>{}</p>\n", escaped(paragraph)),
        })
        .collect();
    Mail {
        to,
        subject: subject.to_owned(),
        text: paragraphs.join("\n\n") + "\n",
        html: format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title></head><body>\n{html_paragraphs}</body></html>\n",
            escaped(subject)
        ),
    }
}

/// Text as HTML: device names come from outside.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::device::{DeviceInfo, Platform};
    use crate::domain::id::InstallId;

    #[test]
    fn a_device_name_cannot_break_out_of_the_mail() {
        let device = DeviceInfo {
            install_id: InstallId::new(Uuid::nil()),
            name: "<script>alert(1)</script>".to_owned(),
            model: "m".to_owned(),
            platform: Platform::Web,
            os_version: "1".to_owned(),
            app_version: "1".to_owned(),
        };
        let requester = Requester { device, ip: "127.0.0.1".to_owned(), location: None };
        let to = EmailAddress::parse("anna@example.com").expect("valid");
        let mail = notice_mail(to, AlertKind::SignInDenied, Some(&requester), Some(Timestamp::UNIX_EPOCH));
        assert!(!mail.html.contains("<script>") && mail.html.contains("&lt;script&gt;"));
        assert!(mail.text.contains("1 January 1970, 00:00 UTC"));
    }

    #[test]
    fn the_outbox_keeps_the_newest() {
        let outbox = Outbox::new("no-reply@example.com".to_owned());
        for number in 0..OUTBOX_CAPACITY + 5 {
            let to = EmailAddress::parse("anna@example.com").expect("valid");
            outbox.send(mail(to, &number.to_string(), &[], None));
        }
        let messages = outbox.messages();
        assert_eq!(messages.len(), OUTBOX_CAPACITY);
        assert_eq!(messages[0].subject, (OUTBOX_CAPACITY + 4).to_string());
    }
}
