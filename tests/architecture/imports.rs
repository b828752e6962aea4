//! Which module may import which: imports point inward, to `domain`.

use std::collections::{BTreeMap, BTreeSet};

use super::{files, read, root};

/// Module → modules it may name. `app` and `main` may name every module.
const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("telemetry", &[]),
    ("clock", &[]),
    ("outbound", &[]),
    ("websocket_protocol", &["domain"]),
    ("i18n", &["domain"]),
    ("geoip", &["domain"]),
    ("store", &["domain", "telemetry"]),
    ("bus", &["clock", "domain", "telemetry"]),
    ("providers", &["domain", "i18n", "outbound", "telemetry"]),
    ("settings", &["bus", "domain", "providers", "telemetry"]),
    ("service", &["bus", "clock", "domain", "store", "telemetry"]),
    ("actors", &["bus", "clock", "domain", "i18n", "providers", "service", "store", "telemetry", "websocket_protocol"]),
    ("jobs", &["actors", "bus", "clock", "domain", "i18n", "providers", "service", "store", "telemetry"]),
    ("websocket", &["actors", "clock", "domain", "telemetry", "websocket_protocol"]),
    (
        "http",
        &[
            "actors",
            "bus",
            "clock",
            "domain",
            "geoip",
            "i18n",
            "providers",
            "service",
            "store",
            "telemetry",
            "websocket",
            "websocket_protocol",
        ],
    ),
    (
        "cli",
        &["app", "bus", "domain", "geoip", "http", "outbound", "providers", "settings", "store", "websocket_protocol"],
    ),
];

#[test]
fn every_import_between_modules_is_on_the_list() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        ALLOWED.iter().map(|(module, targets)| (*module, targets.iter().copied().collect())).collect();
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    for path in files("src", "rs") {
        let relative = path.strip_prefix(root().join("src")).expect("below src").to_owned();
        let module = module(relative.to_str().expect("UTF-8"));
        if module == "app" || module == "main" || module == "lib" {
            continue;
        }
        let targets =
            allowed.get(module.as_str()).unwrap_or_else(|| panic!("{module} is a new module: put it on the list"));
        for target in modules_named(&read(&path)) {
            let is_own = target == module;
            assert!(
                is_own || targets.contains(target.as_str()),
                "{} uses crate::{target}, which {module} may not",
                relative.display()
            );
            used.insert((module.clone(), target));
        }
    }
    for (module, targets) in ALLOWED {
        for target in *targets {
            let is_used = used.contains(&((*module).to_owned(), (*target).to_owned()));
            assert!(is_used, "the list allows {module} to use {target}, but nothing does: take it off");
        }
    }
}

/// The WebSocket codec is named in one module, actix in the modules that are made of it.
#[test]
fn crates_stay_in_their_modules() {
    let inner = ["domain", "websocket_protocol", "store", "bus", "providers", "service", "settings"];
    for path in files("src", "rs") {
        let relative = path.strip_prefix(root().join("src")).expect("below src").to_str().expect("UTF-8").to_owned();
        let text = read(&path);
        if module(&relative) != "websocket" {
            assert!(!text.contains("http::ws"), "{relative} names the WebSocket codec");
        }
        if inner.contains(&module(&relative).as_str()) {
            assert!(!text.contains("actix"), "{relative} names actix");
        }
        if module(&relative) == "domain" {
            for word in ["tokio", "async ", "Timestamp::now", "rand::", "std::fs", "std::net", "std::env"] {
                assert!(!text.contains(word), "{relative} holds {word:?}: rules do not wait, read or draw");
            }
        }
    }
}

fn module(relative: &str) -> String {
    let first = relative.split('/').next().expect("a first part");
    first.trim_end_matches(".rs").to_owned()
}

/// What follows `crate::`, also in a group such as `use crate::{store, bus::Bus}`.
fn modules_named(text: &str) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let is_path = !text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        let rest = &text[at + "crate::".len()..];
        if !is_path {
            continue;
        }
        if let Some(group) = rest.strip_prefix('{') {
            let group = group.split('}').next().expect("a group");
            modules.extend(group.split(',').map(|part| first_word(part.trim())).filter(|word| !word.is_empty()));
        } else {
            modules.insert(first_word(rest));
        }
    }
    modules
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}
