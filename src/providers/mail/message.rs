//! A mail as it travels: envelope, headers, parts (RFC 5321, RFC 5322, RFC 2046).

use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};

use super::Mail;
use crate::domain::delivery::mail_retry::MailRefusal;

/// Marks mail that no person wrote, so that nobody's absence notice answers it (RFC 3834 section 5).
const AUTO_SUBMITTED: (&str, &str) = ("Auto-Submitted", "auto-generated");

/// The language of a mail's words (RFC 3282 section 2).
const CONTENT_LANGUAGE: &str = "Content-Language";

/// A mail ready for the line. Not `Debug`: it may hold a code.
pub(super) struct Letter {
    pub(super) sender: Address,
    pub(super) recipient: Address,
    pub(super) bytes: Vec<u8>,
    /// One of the addresses is not ASCII, so the server must know SMTPUTF8 (RFC 6531).
    pub(super) needs_smtputf8: bool,
}

/// Writes a mail out. Every try of it gives the same Message-ID, by which mail systems know copies.
///
/// # Errors
/// [`MailRefusal::AddressUnsupported`] when SMTP has no way to write the address.
pub(super) fn letter(from: &Mailbox, mail: &Mail) -> Result<Letter, MailRefusal> {
    let recipient: Address = mail.to.on_the_wire().parse().map_err(|_| MailRefusal::AddressUnsupported)?;
    let sender = from.email.clone();
    let envelope = Envelope::new(Some(sender.clone()), vec![recipient.clone()]);
    let header = |name, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
    let message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, recipient.clone()))
        .subject(mail.subject.as_str())
        .message_id(Some(format!("<{}@{}>", mail.id, sender.domain())))
        .date_now()
        .raw_header(header(AUTO_SUBMITTED.0, AUTO_SUBMITTED.1))
        .raw_header(header(CONTENT_LANGUAGE, mail.language.as_str()))
        .envelope(envelope.map_err(|_| MailRefusal::AddressUnsupported)?)
        .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
        .map_err(|_| MailRefusal::AddressUnsupported)?;
    let needs_smtputf8 = ![&recipient, &sender].into_iter().all(|address| AsRef::<str>::as_ref(address).is_ascii());
    Ok(Letter { sender, recipient, bytes: message.formatted(), needs_smtputf8 })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::account::email::EmailAddress;
    use crate::domain::account::locale::Language;
    use crate::providers::mail::Urgency;

    fn text_of(id: Uuid, text: &str) -> String {
        let to = EmailAddress::parse("anna@example.com").expect("valid");
        let subject = "Your sign-in code".to_owned();
        let html = format!("<p>{text}</p>");
        let mail =
            Mail { id, urgency: Urgency::Code, to, language: Language::English, subject, text: text.to_owned(), html };
        let letter = letter(&"Twostep <no-reply@example.com>".parse().expect("valid"), &mail).expect("written");
        assert!(!letter.needs_smtputf8);
        String::from_utf8(letter.bytes).expect("ASCII")
    }

    #[test]
    fn a_mail_has_the_headers_of_one_that_no_person_wrote() {
        let id = Uuid::now_v7();
        let text = text_of(id, "Use it:\n\n123 456\n");
        for header in [
            "From: Twostep <no-reply@example.com>\r\n",
            "To: anna@example.com\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Language: en\r\n",
            "MIME-Version: 1.0\r\n",
            "Date: ",
            &format!("Message-ID: <{id}@example.com>\r\n"),
            "\r\n123 456\r\n",
        ] {
            assert!(text.contains(header), "{header:?} in {text}");
        }
        assert!(!text.contains("List-Unsubscribe") && !text.replace("\r\n", "").contains('\n'));
    }

    #[test]
    fn other_languages_travel_as_ascii() {
        let text = text_of(Uuid::nil(), "Próba\n\n123 456\n");
        assert!(text.is_ascii() && text.contains("\r\n123 456\r\n"), "{text}");
    }
}
