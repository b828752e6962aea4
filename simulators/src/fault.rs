//! Faults of the providers, as a command line names them: `fcm=unavailable`, `webpush=hang`.

use std::fmt::Debug;
use std::str::FromStr;
use std::time::Duration;

use crate::apns::{ApnsBehaviour, ApnsFailure};
use crate::fcm::{FcmBehaviour, FcmFailure};
use crate::webpush::{WebPushBehaviour, WebPushFailure};

/// How long `slow` takes.
const SLOW: Duration = Duration::from_secs(5);

/// What one provider answers every push with.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// FCM does.
    Fcm(FcmBehaviour),
    /// APNs does.
    Apns(ApnsBehaviour),
    /// The Web Push push service does.
    WebPush(WebPushBehaviour),
}

/// Why a text names no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// There is no `=` in it.
    #[error("PROVIDER=FAULT is needed, such as fcm=unavailable")]
    Form,
    /// No such provider is simulated.
    #[error("no provider is called {0}; there are fcm, apns and webpush")]
    Provider(String),
    /// The provider has no such fault.
    #[error("{provider} has no fault {word}; it has {}", .known.join(", "))]
    Word {
        /// The provider.
        provider: &'static str,
        /// What was asked for.
        word: String,
        /// The faults that it has.
        known: Vec<String>,
    },
}

impl FromStr for Fault {
    type Err = FaultError;

    /// A provider and the name of a behaviour or failure of its, in lower case with hyphens.
    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (provider, word) = text.split_once('=').ok_or(FaultError::Form)?;
        match provider {
            "fcm" => find("fcm", word, fcm_faults()).map(Self::Fcm),
            "apns" => find("apns", word, apns_faults()).map(Self::Apns),
            "webpush" => find("webpush", word, webpush_faults()).map(Self::WebPush),
            _ => Err(FaultError::Provider(provider.to_owned())),
        }
    }
}

fn fcm_faults() -> Vec<FcmBehaviour> {
    let slow = FcmBehaviour::Slow(SLOW, Box::new(FcmBehaviour::Accept));
    let mut faults = vec![FcmBehaviour::BadGateway, FcmBehaviour::Hang, FcmBehaviour::CutLine, slow];
    faults.extend(FcmFailure::ALL.map(FcmBehaviour::Fail));
    faults
}

fn apns_faults() -> Vec<ApnsBehaviour> {
    let slow = ApnsBehaviour::Slow(SLOW, Box::new(ApnsBehaviour::Accept));
    let mut faults = vec![
        ApnsBehaviour::Hang,
        ApnsBehaviour::CutLine,
        ApnsBehaviour::GoAway,
        ApnsBehaviour::AcceptThenGoAway,
        ApnsBehaviour::RefuseStream,
        slow,
    ];
    faults.extend(ApnsFailure::ALL.iter().copied().map(ApnsBehaviour::Fail));
    faults
}

fn webpush_faults() -> Vec<WebPushBehaviour> {
    let mut faults = vec![WebPushBehaviour::Hang, WebPushBehaviour::Cut, WebPushBehaviour::Slow(SLOW)];
    faults.extend(WebPushFailure::all().map(WebPushBehaviour::Fail));
    faults
}

fn find<B: Debug>(provider: &'static str, word: &str, faults: Vec<B>) -> Result<B, FaultError> {
    let known = faults.iter().map(word_of).collect();
    let found = faults.into_iter().find(|fault| word_of(fault) == word);
    found.ok_or_else(|| FaultError::Word { provider, word: word.to_owned(), known })
}

/// The name of a behaviour, or of the failure in it: `Fail(NotFound)` is `not-found`.
fn word_of(behaviour: &impl Debug) -> String {
    let text = format!("{behaviour:?}");
    let name = text.strip_prefix("Fail(").unwrap_or(&text);
    let mut word = String::new();
    for character in name.chars().take_while(char::is_ascii_alphanumeric) {
        if character.is_ascii_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.push(character.to_ascii_lowercase());
    }
    word
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn faults_are_named_after_behaviours_and_failures() {
        for (text, fault) in [
            ("fcm=unavailable", Fault::Fcm(FcmBehaviour::Fail(FcmFailure::Unavailable))),
            ("fcm=bad-gateway", Fault::Fcm(FcmBehaviour::BadGateway)),
            ("apns=too-many-requests", Fault::Apns(ApnsBehaviour::Fail(ApnsFailure::TooManyRequests))),
            ("apns=go-away", Fault::Apns(ApnsBehaviour::GoAway)),
            ("webpush=gone", Fault::WebPush(WebPushBehaviour::Fail(WebPushFailure::Gone))),
            ("webpush=hang", Fault::WebPush(WebPushBehaviour::Hang)),
            ("webpush=slow", Fault::WebPush(WebPushBehaviour::Slow(SLOW))),
        ] {
            assert_eq!(text.parse(), Ok(fault), "{text}");
        }
        let busy = WebPushFailure::TooManyRequests { retry_after: None };
        assert_eq!("webpush=too-many-requests".parse(), Ok(Fault::WebPush(WebPushBehaviour::Fail(busy))));
    }

    #[test]
    fn unknown_words_are_refused_with_those_that_are_known() {
        let error = |text: &str| text.parse::<Fault>().unwrap_err().to_string();
        assert_eq!(error("hang"), "PROVIDER=FAULT is needed, such as fcm=unavailable");
        assert_eq!(error("gcm=hang"), "no provider is called gcm; there are fcm, apns and webpush");
        assert_eq!(
            error("webpush=Gone"),
            "webpush has no fault Gone; it has hang, cut, slow, gone, not-found, too-large, too-many-requests, \
             bad-request, unauthorized, key-mismatch, server-error, unavailable, redirect, nonsense"
        );
        assert!(error("fcm=").contains("unregistered") && error("apns=x").contains("expired-provider-token"));
    }

    #[test]
    fn no_two_faults_of_a_provider_have_one_name() {
        for words in [
            fcm_faults().iter().map(word_of).collect::<Vec<_>>(),
            apns_faults().iter().map(word_of).collect(),
            webpush_faults().iter().map(word_of).collect(),
        ] {
            assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len(), "{words:?}");
        }
    }
}
