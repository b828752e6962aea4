//! What mails say, before they are laid out.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::bundle::words;
use super::names::{isolated, named};
use super::notices::{notice_text, notice_title};
use super::text::Text;
use crate::domain::account::locale::Language;
use crate::domain::account::mailed_link::MailedLink;
use crate::domain::account::service::Service;
use crate::domain::account::zone::{Reader, ZoneName};
use crate::domain::challenge::Purpose;
use crate::domain::code::Code;
use crate::domain::delivery::{CodeToDeliver, Requester};
use crate::domain::event::AlertKind;

/// The words of a mail. Not `Debug`: they may hold a code.
pub struct MailText {
    /// Their language.
    pub language: Language,
    /// Its subject.
    pub subject: String,
    /// What a list of mails shows behind the subject.
    pub preheader: String,
    /// What it is about.
    pub lead: String,
    /// The code, grouped by spaces.
    pub code: Option<String>,
    /// Until when the code is good, and which of the codes it is.
    pub about_code: Vec<String>,
    /// Who asked, or what happened: label and value.
    pub facts: Vec<(String, String)>,
    /// What to do if it was somebody else.
    pub advice: Option<String>,
    /// Label and address of the one button.
    pub button: Option<(String, String)>,
    /// Why it was sent, and where help is.
    pub footer: Vec<String>,
}

/// What is longer is said in hours.
const MOST_MINUTES: i64 = 120;

/// The mail that brings a code, which is good for `life`.
#[must_use]
pub fn code_mail_text(
    service: &Service,
    reader: &Reader,
    issued: &CodeToDeliver,
    life: SignedDuration,
    code: &Code,
) -> MailText {
    let language = reader.language;
    let name = service.name.as_str();
    let (subject, lead, advice) = match issued.purpose {
        Purpose::SignIn => {
            (Text::MailSignInSubject { service: name }, Text::MailSignInUse { service: name }, Text::MailSignInAdvice)
        }
        Purpose::EnableTwoStep => (
            Text::MailEnableTwoStepSubject { service: name },
            Text::MailEnableTwoStepUse,
            Text::MailEnableTwoStepAdvice,
        ),
        Purpose::DisableTwoStep => (
            Text::MailDisableTwoStepSubject { service: name },
            Text::MailDisableTwoStepUse,
            Text::MailDisableTwoStepAdvice,
        ),
        Purpose::ChangeEmail => {
            (Text::MailChangeEmailSubject { service: name }, Text::MailChangeEmailUse, Text::MailChangeEmailAdvice)
        }
        Purpose::CreateAccount => (
            Text::MailCreateAccountSubject { service: name },
            Text::MailCreateAccountUse,
            Text::MailCreateAccountAdvice,
        ),
    };
    let subject = words(language, subject);
    let number = i64::from(issued.generation);
    let expiry = expiry(reader, issued.expires_at, life);
    // The same over all tries of one mail.
    let sent = &time(reader, issued.expires_at - life);
    let (subject, sent) = if number > 1 {
        let subject = words(language, Text::MailSubjectAgain { subject: &subject, number });
        (subject, words(language, Text::MailSentAgain { number, time: sent }))
    } else {
        (subject, words(language, Text::MailSent { time: sent }))
    };
    // Its reader may be a stranger to whoever asks.
    let is_for_anybody = matches!(issued.purpose, Purpose::CreateAccount | Purpose::ChangeEmail);
    MailText {
        language,
        subject,
        preheader: expiry.clone(),
        lead: words(language, lead),
        code: Some(code.grouped()),
        about_code: vec![expiry, sent],
        facts: facts(reader, Some(&issued.requester), issued.requested_at, is_for_anybody),
        advice: Some(words(language, advice)),
        button: (!is_for_anybody).then(|| button(service, language, Text::MailButtonNotMe)).flatten(),
        footer: footer(service, language, is_for_anybody, true),
    }
}

/// The mail that tells an owner what happened, and when.
#[must_use]
pub fn notice_mail_text(
    service: &Service,
    reader: &Reader,
    kind: AlertKind,
    requester: Option<&Requester>,
    happened_at: Timestamp,
) -> MailText {
    let language = reader.language;
    let is_for_anybody = kind.is_caused_by_anybody();
    let lead = notice_text(language, kind);
    MailText {
        language,
        subject: notice_title(language, kind),
        preheader: lead.clone(),
        lead,
        code: None,
        about_code: Vec::new(),
        facts: facts(reader, requester, happened_at, is_for_anybody),
        advice: None,
        button: button(service, language, Text::MailButtonReview),
        footer: footer(service, language, false, false),
    }
}

/// The mail of a notice that brings a link.
#[must_use]
pub fn with_link(text: MailText, link: MailedLink, address: &str) -> MailText {
    let label = match link {
        MailedLink::NewPassword => Text::MailButtonNewPassword,
        MailedLink::UndoAddress => Text::MailButtonUndoAddress,
    };
    MailText { button: Some((words(text.language, label), address.to_owned())), ..text }
}

fn button(service: &Service, language: Language, label: Text<'_>) -> Option<(String, String)> {
    service.page_url.as_ref().map(|url| (words(language, label), url.clone()))
}

fn footer(service: &Service, language: Language, is_for_anybody: bool, has_code: bool) -> Vec<String> {
    let name = service.name.as_str();
    let why = if is_for_anybody { Text::MailWhyAddress { service: name } } else { Text::MailWhy { service: name } };
    let never = has_code.then(|| words(language, Text::MailNeverShare { service: name }));
    let help = service.support.as_ref().map(|support| words(language, Text::MailHelp { support }));
    [never, Some(words(language, why)), help].into_iter().flatten().collect()
}

/// Who asked and when. Where anybody may ask in the name of any address, without the names that a device gives itself: our mail must
/// not carry their words.
fn facts(reader: &Reader, requester: Option<&Requester>, at: Timestamp, is_for_anybody: bool) -> Vec<(String, String)> {
    let language = reader.language;
    let mut facts = Vec::new();
    if let Some(requester) = requester {
        let platform = Text::MailPlatform { platform: requester.device.platform.as_str() };
        let device = if is_for_anybody { words(language, platform) } else { named(&requester.device) };
        facts.push((words(language, Text::MailFactDevice), device));
        if let Some(place) = requester.location.as_ref().filter(|_| !is_for_anybody) {
            let near = words(language, Text::MailPlaceNear { place: &isolated(place) });
            facts.push((words(language, Text::MailFactPlace), near));
        }
        facts.push((words(language, Text::MailFactAddress), isolated(&requester.ip)));
    }
    facts.push((words(language, Text::MailFactTime), time(reader, at)));
    facts
}

fn expiry(reader: &Reader, at: Timestamp, life: SignedDuration) -> String {
    let language = reader.language;
    let minutes = life.as_mins();
    if minutes > MOST_MINUTES {
        return words(language, Text::MailExpiresHours { hours: life.as_hours(), time: &time(reader, at) });
    }
    let local = at.to_zoned(zone(reader));
    let clock = match &reader.zone {
        Some(_) => words(language, Text::MailClockOwn { clock: &local.strftime("%H:%M").to_string() }),
        None => local.strftime("%H:%M UTC").to_string(),
    };
    words(language, Text::MailExpiresMinutes { minutes, clock: &clock })
}

fn zone(reader: &Reader) -> TimeZone {
    reader.zone.as_ref().map_or(TimeZone::UTC, ZoneName::zone)
}

fn time(reader: &Reader, at: Timestamp) -> String {
    let at = at.to_zoned(zone(reader));
    let year = i64::from(at.year());
    let month = i64::from(at.month());
    let day = i64::from(at.day());
    let clock = at.strftime("%H:%M").to_string();
    let zone = at.strftime("%Z").to_string();
    words(reader.language, Text::Time { year, month, day, clock: &clock, zone: &zone })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(language: Language, zone: &str) -> Reader {
        Reader { language, zone: ZoneName::read(zone) }
    }

    fn service() -> Service {
        Service { name: "Acme".to_owned(), page_url: None, support: Some("help@acme.example".to_owned()) }
    }

    #[test]
    fn a_time_is_readable_in_every_language_and_by_the_clock_of_its_reader() {
        let at = "2026-03-05T07:08:59Z".parse().expect("a time");
        assert_eq!(time(&reader(Language::English, ""), at), "5 March 2026, 07:08 UTC");
        assert_eq!(time(&reader(Language::Hungarian, "Europe/Budapest"), at), "2026. március 5., 08:08 (CET)");
        assert_eq!(time(&reader(Language::German, "America/New_York"), at), "5. März 2026, 02:08 Uhr (EST)");
        let life = SignedDuration::from_mins(10);
        let expires = |language, zone| expiry(&reader(language, zone), at, life);
        assert_eq!(expires(Language::English, "Europe/Budapest"), "Expires in 10 minutes (08:08 your time).");
        assert_eq!(expires(Language::English, ""), "Expires in 10 minutes (07:08 UTC).");
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
            let said = |kind| {
                let reader = reader(*language, "");
                let text = notice_mail_text(&service(), &reader, kind, Some(&requester), Timestamp::UNIX_EPOCH);
                text.facts.into_iter().map(|(label, value)| format!("{label}: {value}\n")).collect::<String>()
            };
            let from_anybody = said(AlertKind::AddressTaken);
            let theirs = ["buy now", "cheap pills", "Spamville"];
            assert!(theirs.iter().all(|word| !from_anybody.contains(word)), "{from_anybody}");
            let from_somebody = said(AlertKind::SignInDenied);
            assert!(theirs.iter().all(|word| from_somebody.contains(word)), "{from_somebody}");
        }
    }
}
