//! What mails say.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::Mail;
use crate::domain::challenge::Purpose;
use crate::domain::code::Code;
use crate::domain::delivery::{CodeToDeliver, Requester};
use crate::domain::email::EmailAddress;
use crate::domain::event::AlertKind;

/// The mail that brings a code, or, to the owner of an address that was taken already, says so.
#[must_use]
pub fn code_mail(id: Uuid, to: EmailAddress, issued: &CodeToDeliver, code: &Code) -> Mail {
    if issued.address_taken {
        return notice_mail(id, to, AlertKind::AddressTaken, Some(&issued.requester), issued.requested_at);
    }
    let grouped = code.grouped();
    let (subject, purpose) = match issued.purpose {
        Purpose::SignIn => ("Your sign-in code", "Use this code to sign in:"),
        Purpose::EnableTwoStep => ("Turn on two-step verification", "Use this code to turn on two-step verification:"),
        Purpose::DisableTwoStep => {
            ("Turn off two-step verification", "Use this code to turn off two-step verification:")
        }
        Purpose::CreateAccount => ("Confirm your email address", "Use this code to confirm your email address:"),
    };
    let advice = match issued.purpose {
        Purpose::SignIn => {
            "If it was not you: do not share this code with anybody. Whoever asked for it knows your password, so change it."
        }
        Purpose::EnableTwoStep => "If it was not you: somebody is signed in to your account. Change your password.",
        Purpose::DisableTwoStep => {
            "If it was not you: do not share this code with anybody. Somebody is signed in to your account, so change your password."
        }
        Purpose::CreateAccount => "If it was not you: ignore this mail. No account is made without the code.",
    };
    let expiry = format!("It is good until {}.", readable(issued.expires_at));
    let asked = match issued.purpose {
        Purpose::CreateAccount => asked_from(&issued.requester, issued.requested_at),
        Purpose::SignIn | Purpose::EnableTwoStep | Purpose::DisableTwoStep => {
            asked_by(&issued.requester, issued.requested_at)
        }
    };
    let paragraphs = [purpose.to_owned(), grouped.clone(), expiry, asked, advice.to_owned()];
    mail(id, to, subject, &paragraphs, Some(&grouped))
}

/// The mail that tells an owner what happened, and when.
#[must_use]
pub fn notice_mail(
    id: Uuid,
    to: EmailAddress,
    kind: AlertKind,
    requester: Option<&Requester>,
    happened_at: Timestamp,
) -> Mail {
    let when = match requester {
        Some(requester) if kind == AlertKind::AddressTaken => asked_from(requester, happened_at),
        Some(requester) => asked_by(requester, happened_at),
        None => format!("It happened at {}.", readable(happened_at)),
    };
    mail(id, to, notice_title(kind), &[kind.text().to_owned(), when], None)
}

/// The subject of a notice, which is also the title of its push.
#[must_use]
pub fn notice_title(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::SignInDenied => "A sign-in to your account was denied",
        AlertKind::SignInReported => "A sign-in to your account was reported",
        AlertKind::SignInUnfinished => "Somebody knows your password",
        AlertKind::TooManyWrongCodes => "Too many wrong codes were typed",
        AlertKind::SignInsUnfrozen => "New devices can sign in again",
        AlertKind::TwoStepDisabled => "Two-step verification was turned off",
        AlertKind::PasswordChanged => "Your password was changed",
        AlertKind::TokenReused => "A device of yours was signed out",
        AlertKind::DeviceRemoved => "A trusted device was removed",
        AlertKind::DeviceEvicted => "A trusted device made room for a new one",
        AlertKind::DisablingDenied => "Two-step verification stays on",
        AlertKind::AddressTaken => "You already have an account",
    }
}

fn asked_by(requester: &Requester, at: Timestamp) -> String {
    let device = &requester.device;
    let place = requester.location.as_deref().map(|place| format!(", near {place}")).unwrap_or_default();
    format!(
        "It was asked for on {} ({}), from {}{place}, at {}.",
        device.name,
        device.model,
        requester.ip,
        readable(at)
    )
}

/// Without the names that a device gives itself: anybody may ask in the name of any address, and our mail must not carry
/// their words.
fn asked_from(requester: &Requester, at: Timestamp) -> String {
    format!(
        "It was asked for on a device with {}, from {}, at {}.",
        requester.device.platform,
        requester.ip,
        readable(at)
    )
}

fn readable(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%-d %B %Y, %H:%M UTC").to_string()
}

fn mail(id: Uuid, to: EmailAddress, subject: &str, paragraphs: &[String], emphasised: Option<&str>) -> Mail {
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
        id,
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
        let mail = notice_mail(Uuid::nil(), to, AlertKind::SignInDenied, Some(&requester), Timestamp::UNIX_EPOCH);
        assert!(!mail.html.contains("<script>") && mail.html.contains("&lt;script&gt;"));
        assert!(mail.text.contains("1 January 1970, 00:00 UTC"));
    }
}
