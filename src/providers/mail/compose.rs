//! How mails look: one template for both parts, filled with what `i18n` says.

use std::sync::LazyLock;

use jiff::SignedDuration;
use minijinja::{AutoEscape, Environment, context};
use uuid::Uuid;

use super::{Mail, Urgency};
use crate::domain::account::email::EmailAddress;
use crate::domain::account::service::Service;
use crate::domain::account::zone::Reader;
use crate::domain::code::Code;
use crate::domain::delivery::CodeToDeliver;
use crate::domain::event::AlertKind;
use crate::i18n::{MailText, code_mail_text, notice_mail_text};

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    // Names of devices come from outside.
    templates
        .set_auto_escape_callback(|name| if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None });
    for (name, text) in
        [("mail.html", include_str!("templates/mail.html")), ("mail.txt", include_str!("templates/mail.txt"))]
    {
        templates.add_template(name, text).expect("a test fills it");
    }
    templates
});

/// The mail that brings a code which is good for `life`, or, to the owner of an address that was taken already, says so.
#[must_use]
pub fn code_mail(
    id: Uuid,
    to: EmailAddress,
    (service, reader): (&Service, &Reader),
    issued: &CodeToDeliver,
    life: SignedDuration,
    code: &Code,
) -> Mail {
    let said = if issued.address_taken {
        let kind = AlertKind::AddressTaken;
        notice_mail_text(service, reader, kind, Some(&issued.requester), issued.requested_at)
    } else {
        code_mail_text(service, reader, issued, life, code)
    };
    Mail { urgency: Urgency::Code, ..laid_out(id, to, service, &said) }
}

/// A notice as it is sent.
#[must_use]
pub fn laid_out(id: Uuid, to: EmailAddress, service: &Service, said: &MailText) -> Mail {
    let filled = |name| {
        let filling = context! {
            language => said.language.as_str(), service => service.name, subject => said.subject, heading => said.subject,
            preheader => said.preheader, lead => said.lead, code => said.code, about_code => said.about_code,
            facts => said.facts, advice => said.advice, button => said.button, footer => said.footer,
        };
        let template = TEMPLATES.get_template(name).expect("it was added");
        template.render(filling).expect("it asks for nothing else")
    };
    Mail {
        id,
        urgency: Urgency::Notice,
        to,
        language: said.language,
        subject: said.subject.clone(),
        text: filled("mail.txt").trim_end().to_owned() + "\n",
        html: filled("mail.html"),
    }
}

/// Text as HTML.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::account::locale::Language;
    use crate::domain::delivery::Requester;
    use crate::domain::device::{DeviceInfo, Platform};
    use crate::domain::value::id::InstallId;

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
            time_zone: None,
        };
        let requester = Requester { device, ip: "127.0.0.1".to_owned(), location: None, acting: None };
        let to = EmailAddress::parse("anna@example.com").expect("valid");
        let service = Service {
            name: "Acme & Sons".to_owned(),
            page_url: Some("https://id.acme.example/?a=1&b=2".to_owned()),
            support: None,
        };
        let reader = Reader { language: Language::English, zone: None };
        let kind = AlertKind::SignInDenied;
        let at = Timestamp::UNIX_EPOCH;
        let mail =
            laid_out(Uuid::nil(), to, &service, &notice_mail_text(&service, &reader, kind, Some(&requester), at));
        assert!(!mail.html.contains("<script>") && mail.html.contains("&lt;script&gt;"), "{}", mail.html);
        assert!(mail.html.contains("Acme &amp; Sons") && mail.text.contains("Acme & Sons"));
        assert!(mail.text.contains("Review your account: https://id.acme.example/?a=1&b=2"), "{}", mail.text);
        assert!(mail.text.contains("1 January 1970, 00:00 UTC"), "{}", mail.text);
    }
}
