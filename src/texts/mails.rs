//! What mails say: the paragraphs, before they are laid out.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::bundle::words;
use super::notices::{notice_text, notice_title};
use super::text::Text;
use crate::domain::challenge::Purpose;
use crate::domain::code::Code;
use crate::domain::delivery::{CodeToDeliver, Requester};
use crate::domain::event::AlertKind;
use crate::domain::locale::Language;

/// The words of a mail. Not `Debug`: they may hold a code.
pub struct MailText {
    /// Its language.
    pub language: Language,
    /// Its subject.
    pub subject: String,
    /// Its paragraphs, in order.
    pub paragraphs: Vec<String>,
}

/// The mail that brings a code. Its code is a paragraph of its own, grouped.
#[must_use]
pub fn code_mail_text(language: Language, issued: &CodeToDeliver, code: &Code) -> MailText {
    let (subject, purpose, advice) = match issued.purpose {
        Purpose::SignIn => (Text::MailSignInSubject, Text::MailSignInUse, Text::MailSignInAdvice),
        Purpose::EnableTwoStep => {
            (Text::MailEnableTwoStepSubject, Text::MailEnableTwoStepUse, Text::MailEnableTwoStepAdvice)
        }
        Purpose::DisableTwoStep => {
            (Text::MailDisableTwoStepSubject, Text::MailDisableTwoStepUse, Text::MailDisableTwoStepAdvice)
        }
        Purpose::CreateAccount => {
            (Text::MailCreateAccountSubject, Text::MailCreateAccountUse, Text::MailCreateAccountAdvice)
        }
    };
    let until = time(language, issued.expires_at);
    let asked = match issued.purpose {
        Purpose::CreateAccount => asked_from(language, &issued.requester, issued.requested_at),
        Purpose::SignIn | Purpose::EnableTwoStep | Purpose::DisableTwoStep => {
            asked_by(language, &issued.requester, issued.requested_at)
        }
    };
    MailText {
        language,
        subject: words(language, subject),
        paragraphs: vec![
            words(language, purpose),
            code.grouped(),
            words(language, Text::MailExpiry { time: &until }),
            asked,
            words(language, advice),
        ],
    }
}

/// The mail that tells an owner what happened, and when.
#[must_use]
pub fn notice_mail_text(
    language: Language,
    kind: AlertKind,
    requester: Option<&Requester>,
    happened_at: Timestamp,
) -> MailText {
    let when = match requester {
        Some(requester) if kind == AlertKind::AddressTaken => asked_from(language, requester, happened_at),
        Some(requester) => asked_by(language, requester, happened_at),
        None => words(language, Text::MailHappened { time: &time(language, happened_at) }),
    };
    MailText { language, subject: notice_title(language, kind), paragraphs: vec![notice_text(language, kind), when] }
}

fn asked_by(language: Language, requester: &Requester, at: Timestamp) -> String {
    let (device, model, ip) = (&requester.device.name, &requester.device.model, &requester.ip);
    let time = &time(language, at);
    match &requester.location {
        Some(place) => words(language, Text::MailAskedByNear { device, model, ip, place, time }),
        None => words(language, Text::MailAskedBy { device, model, ip, time }),
    }
}

/// Without the names that a device gives itself: anybody may ask in the name of any address, and our mail must not carry
/// their words.
fn asked_from(language: Language, requester: &Requester, at: Timestamp) -> String {
    let platform = requester.device.platform.as_str();
    words(language, Text::MailAskedFrom { platform, ip: &requester.ip, time: &time(language, at) })
}

fn time(language: Language, at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    let (year, month, day) = (i64::from(at.year()), i64::from(at.month()), i64::from(at.day()));
    words(language, Text::Time { year, month, day, clock: &at.strftime("%H:%M").to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_readable_in_every_language() {
        let at = "2026-03-05T07:08:59Z".parse().expect("a time");
        assert_eq!(time(Language::English, at), "5 March 2026, 07:08 UTC");
        assert_eq!(time(Language::Hungarian, at), "2026. március 5., 07:08 (UTC)");
        assert_eq!(time(Language::German, at), "5. März 2026, 07:08 Uhr (UTC)");
    }

    #[test]
    fn a_mail_that_anybody_may_cause_carries_no_words_of_theirs_in_any_language() {
        let device = serde_json::json!({
            "install_id": uuid::Uuid::nil(), "name": "buy now", "model": "cheap pills", "platform": "web",
            "os_version": "1", "app_version": "1",
        });
        let device = serde_json::from_value(device).expect("a device");
        let requester =
            Requester { device, ip: "127.0.0.1".to_owned(), location: Some("Spamville".to_owned()), acting: None };
        for language in Language::ALL {
            let said =
                |kind| notice_mail_text(*language, kind, Some(&requester), Timestamp::UNIX_EPOCH).paragraphs[1].clone();
            let from_anybody = said(AlertKind::AddressTaken);
            let theirs = ["buy now", "cheap pills", "Spamville"];
            assert!(theirs.iter().all(|word| !from_anybody.contains(word)), "{from_anybody}");
            let from_somebody = said(AlertKind::SignInDenied);
            assert!(theirs.iter().all(|word| from_somebody.contains(word)), "{from_somebody}");
        }
    }
}
