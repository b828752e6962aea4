//! The texts of the page: every language has all of them, and the scripts ask for no other.

use std::collections::{BTreeMap, BTreeSet};

use twostep::domain::activity::{ActivityKind, ActivityOutcome};
use twostep::domain::challenge::Purpose;

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

#[test]
fn every_word_of_the_activity_and_every_purpose_has_a_text() {
    let english = messages("en");
    let kinds = ActivityKind::ALL.iter().map(|kind| format!("kind-{kind}"));
    let outcomes = ActivityOutcome::ALL.iter().map(|outcome| format!("outcome-{outcome}"));
    let purposes = Purpose::ALL.iter().map(|purpose| format!("verify-title-{purpose}"));
    for key in kinds.chain(outcomes).chain(purposes) {
        assert!(english.contains_key(&key), "no text {key}");
    }
}
