//! The development outbox: keeps mail to be read while no SMTP server is configured.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use futures_util::future::{BoxFuture, ready};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::{Mail, MailOutcome, Mailer};
use crate::domain::value::moment;

/// Messages that the outbox keeps; the oldest go first.
const CAPACITY: usize = 1000;

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
    #[serde(serialize_with = "moment::write")]
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

    /// What is in it, newest first.
    #[must_use]
    pub fn messages(&self) -> Vec<OutboxMessage> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn keep(&self, mail: &Mail) {
        let message = OutboxMessage {
            id: mail.id,
            to: mail.to.as_str().to_owned(),
            from: self.from.clone(),
            subject: mail.subject.clone(),
            text: mail.text.clone(),
            html: mail.html.clone(),
            at: Timestamp::now(),
        };
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.truncate(CAPACITY - 1);
        messages.push_front(message);
    }
}

impl Mailer for Outbox {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, MailOutcome> {
        self.keep(mail);
        Box::pin(ready(MailOutcome::Accepted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::email::EmailAddress;
    use crate::domain::account::locale::Language;
    use crate::providers::mail::Urgency;

    #[test]
    fn the_outbox_keeps_the_newest() {
        let outbox = Outbox::new("no-reply@example.com".to_owned());
        for number in 0..CAPACITY + 5 {
            let to = EmailAddress::parse("anna@example.com").expect("valid");
            let subject = number.to_string();
            let text = String::new();
            let html = String::new();
            outbox.keep(&Mail {
                id: Uuid::now_v7(),
                urgency: Urgency::Code,
                to,
                language: Language::English,
                subject,
                text,
                html,
            });
        }
        let messages = outbox.messages();
        assert_eq!(messages.len(), CAPACITY);
        assert_eq!(messages[0].subject, (CAPACITY + 4).to_string());
    }
}
