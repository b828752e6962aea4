//! The texts of the page: every language has all of them, and the scripts ask for no other.

use std::collections::{BTreeMap, BTreeSet};

use twostep::domain::account::activity::{ActivityKind, ActivityOutcome};
use twostep::domain::challenge::{Outcome, Purpose};
use twostep::http::problem::ProblemCode;

use super::{files, read, root};

const PLURALS: [&str; 2] = ["-one", "-other"];

/// Keys with the places in their texts.
fn messages(language: &str) -> BTreeMap<String, BTreeSet<String>> {
    let text = read(&root().join(format!("web/locales/{language}.ftl")));
    let mut messages = BTreeMap::new();
    let mut key = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let text = if line.starts_with(' ') {
            line
        } else {
            let (found, text) = line.split_once(" = ").unwrap_or_else(|| panic!("{language}: {line}"));
            key = found.to_owned();
            assert!(!messages.contains_key(&key), "{language} has {key} twice");
            text
        };
        let places = text.split("{ $").skip(1).filter_map(|rest| rest.split(" }").next()).map(str::to_owned);
        messages.entry(key.clone()).or_insert_with(BTreeSet::new).extend(places);
    }
    messages
}

#[test]
fn every_language_of_the_page_is_complete() {
    let english = messages("en");
    for language in ["hu", "de"] {
        assert_eq!(messages(language), english, "{language} differs from en");
    }
}

#[test]
fn the_page_asks_for_texts_that_there_are_and_none_is_left_over() {
    let english = messages("en");
    let scripts: String = files("web", "js").iter().map(|path| read(path)).collect();
    let has = |key: &str| english.contains_key(key);
    for (at, _) in scripts.match_indices("t(\"") {
        let is_ours = scripts[..at].ends_with([' ', '(', '[', '{', '!']);
        let key = scripts[at + 3..].split('"').next().expect("a key");
        assert!(!is_ours || has(key), "no text {key}");
    }
    for (at, call) in scripts.match_indices("many(\"") {
        let key = scripts[at + call.len()..].split('"').next().expect("a key");
        assert!(PLURALS.iter().all(|form| has(&format!("{key}{form}"))), "no forms of {key}");
    }
    for key in english.keys() {
        let stem = PLURALS.iter().find_map(|form| key.strip_suffix(form)).unwrap_or(key);
        let family = stem.rfind('-').map(|at| format!("{}-${{", &stem[..at]));
        let is_used =
            scripts.contains(&format!("\"{stem}\"")) || family.is_some_and(|family| scripts.contains(&family));
        assert!(is_used, "nothing uses {key}");
    }
}

/// Fails unless the texts `family-word` are those of the words, and no other.
fn expect_family(family: &str, words: impl Iterator<Item = String>) {
    let words: BTreeSet<String> = words.collect();
    let found: BTreeSet<String> = messages("en")
        .keys()
        .filter_map(|key| key.strip_prefix(family)?.strip_prefix('-'))
        .map(str::to_owned)
        .collect();
    assert_eq!(found, words, "{family}");
}

#[test]
fn every_purpose_outcome_and_kind_of_activity_has_its_texts_and_no_other_has() {
    for family in ["verify-title", "code-asked", "notification-body"] {
        expect_family(family, Purpose::ALL.iter().map(ToString::to_string));
    }
    expect_family("kind", ActivityKind::ALL.iter().map(ToString::to_string));
    expect_family("outcome", ActivityOutcome::ALL.iter().map(ToString::to_string));
    expect_family("card", Outcome::ALL.iter().map(ToString::to_string));
    // Its own right code leads on.
    let over = Outcome::ALL.iter().filter(|outcome| **outcome != Outcome::Verified);
    expect_family("over", over.map(ToString::to_string));
}

#[test]
fn every_problem_has_a_text_for_people() {
    let own = ["offline", "unknown"].map(str::to_owned);
    // Only apps' servers are told these.
    let of_servers = [
        ProblemCode::ScopeMissing,
        ProblemCode::IdempotencyKeyMissing,
        ProblemCode::IdempotencyKeyReused,
        ProblemCode::RequestUnderWay,
        ProblemCode::VerificationNeeded,
        ProblemCode::Erased,
    ];
    let for_people = ProblemCode::ALL.iter().filter(|code| !of_servers.contains(code));
    expect_family("problem", for_people.map(ToString::to_string).chain(own));
}
