//! What users read, in their language. The words are in Fluent files under `locales/`; which of them is said follows from
//! what `domain` decided. docs/languages.md tells how a language is chosen and how one is added.

mod bundle;
mod deliveries;
mod hints;
mod mails;
mod names;
mod notices;
mod passwords;
mod pushes;
#[cfg(test)]
mod tests;
mod text;

pub use deliveries::delivery_texts;
pub use hints::{hint_text, location_note};
pub use mails::{MailText, code_mail_text, notice_mail_text, with_link};
pub use notices::{notice_text, notice_title};
pub use passwords::{password_suggestion_text, password_warning_text};
pub use pushes::{PushText, code_push_text, over_push_text, test_push_text, wake_push_text};
