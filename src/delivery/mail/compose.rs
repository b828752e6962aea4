//! How mails look.

use uuid::Uuid;

use super::Mail;
use crate::domain::code::Code;
use crate::domain::delivery::CodeToDeliver;
use crate::domain::email::EmailAddress;
use crate::domain::event::AlertKind;
use crate::domain::locale::Language;
use crate::texts::{MailText, code_mail_text, notice_mail_text};

/// The mail that brings a code, or, to the owner of an address that was taken already, says so.
#[must_use]
pub fn code_mail(id: Uuid, to: EmailAddress, language: Language, issued: &CodeToDeliver, code: &Code) -> Mail {
    if issued.address_taken {
        let (kind, requester, at) = (AlertKind::AddressTaken, Some(&issued.requester), issued.requested_at);
        return notice_mail(id, to, &notice_mail_text(language, kind, requester, at));
    }
    laid_out(id, to, &code_mail_text(language, issued, code), Some(&code.grouped()))
}

/// The mail that tells an owner what happened, and when.
#[must_use]
pub fn notice_mail(id: Uuid, to: EmailAddress, text: &MailText) -> Mail {
    laid_out(id, to, text, None)
}

fn laid_out(id: Uuid, to: EmailAddress, said: &MailText, emphasised: Option<&str>) -> Mail {
    let html_paragraphs: String = said
        .paragraphs
        .iter()
        .map(|paragraph| match emphasised {
            Some(code) if paragraph == code => {
                format!("<p style=\"font-size:2em;letter-spacing:.1em\"><strong>{}</strong></p>\n", escaped(code))
            }
            _ => format!("<p>{}</p>\n", escaped(paragraph)),
        })
        .collect();
    Mail {
        id,
        to,
        language: said.language,
        subject: said.subject.clone(),
        text: said.paragraphs.join("\n\n") + "\n",
        html: format!(
            "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title></head><body>\n{html_paragraphs}</body></html>\n",
            said.language,
            escaped(&said.subject)
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
    use jiff::Timestamp;

    use super::*;
    use crate::domain::delivery::Requester;
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
            locale: None,
        };
        let requester = Requester { device, ip: "127.0.0.1".to_owned(), location: None, acting: None };
        let to = EmailAddress::parse("anna@example.com").expect("valid");
        let said =
            |language| notice_mail_text(language, AlertKind::SignInDenied, Some(&requester), Timestamp::UNIX_EPOCH);
        let mail = notice_mail(Uuid::nil(), to, &said(Language::English));
        assert!(!mail.html.contains("<script>") && mail.html.contains("&lt;script&gt;"));
        assert!(mail.text.contains("1 January 1970, 00:00 UTC"));
    }
}
