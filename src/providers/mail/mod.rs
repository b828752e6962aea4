//! Mail: what it says, and the two ways out: an SMTP server, or the development outbox while none is configured.

mod check;
mod compose;
mod message;
mod outbox;
mod outcome;
mod settings;
mod smtp;

use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::domain::account::email::EmailAddress;
use crate::domain::account::locale::Language;

pub use check::MailCheckError;
pub use compose::{code_mail, escaped, laid_out};
pub use outbox::{Outbox, OutboxMessage};
pub use outcome::MailOutcome;
pub use settings::{MailSettings, MailSetupError, SmtpSettings, SmtpTls};
pub use smtp::Smtp;

/// A mail to be sent. Not `Debug`: it may hold a code.
pub struct Mail {
    /// Stays the same over all tries of one mail: its Message-ID is made of it.
    pub id: Uuid,
    /// Whether somebody waits for it.
    pub urgency: Urgency,
    /// The mailbox.
    pub to: EmailAddress,
    /// The language of its words.
    pub language: Language,
    /// One line.
    pub subject: String,
    /// The plain part.
    pub text: String,
    /// The same, marked up.
    pub html: String,
}

/// Whether somebody waits for a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// It holds a code: somebody sits before an empty field.
    Code,
    /// It tells what happened.
    Notice,
}

/// A way out for mail.
pub trait Mailer: Send + Sync {
    /// Makes one try, bounded in time well below a delivery's lease (60 s).
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, MailOutcome>;
}
