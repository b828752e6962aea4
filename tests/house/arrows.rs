//! Which room may use which: arrows point inward, to `domain`.

use std::collections::{BTreeMap, BTreeSet};

use super::{files, read, root};

/// Room → rooms it may name. `app` and `main` may name every room.
const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("telemetry", &[]),
    ("traces", &[]),
    ("private_file", &[]),
    ("protocol", &["domain"]),
    ("store", &["domain", "traces"]),
    ("clock", &[]),
    ("outbound", &[]),
    ("bus", &["clock", "domain", "private_file", "telemetry", "traces"]),
    ("texts", &["domain"]),
    ("delivery", &["domain", "outbound", "private_file", "telemetry", "texts", "traces"]),
    ("settings", &["bus", "domain", "delivery", "private_file", "telemetry", "traces"]),
    ("verification", &["clock", "domain", "store", "bus", "telemetry"]),
    (
        "actors",
        &["clock", "domain", "protocol", "store", "bus", "delivery", "telemetry", "texts", "traces", "verification"],
    ),
    ("gateway", &["clock", "domain", "protocol", "actors", "listener", "telemetry"]),
    (
        "http",
        &[
            "clock",
            "domain",
            "protocol",
            "store",
            "bus",
            "delivery",
            "verification",
            "actors",
            "gateway",
            "listener",
            "places",
            "telemetry",
            "texts",
            "traces",
        ],
    ),
    ("listener", &["domain", "private_file", "telemetry"]),
    ("demo", &["app", "outbound", "protocol", "settings"]),
    ("doctor", &["app", "bus", "delivery", "listener", "places", "settings", "store"]),
    ("code_keys_command", &["domain", "settings"]),
    ("places", &["domain"]),
    ("fuzzing", &["delivery", "domain", "gateway", "http", "listener", "places", "protocol", "settings"]),
    ("rollout_command", &["operator_client"]),
    ("admin_command", &["domain", "operator_client"]),
    ("operator_client", &["private_file"]),
];

#[test]
fn every_arrow_between_rooms_is_on_the_list() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        ALLOWED.iter().map(|(room, targets)| (*room, targets.iter().copied().collect())).collect();
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    for path in files("src", "rs") {
        let relative = path.strip_prefix(root().join("src")).expect("below src").to_owned();
        let room = room(relative.to_str().expect("UTF-8"));
        if room == "app" || room == "main" || room == "lib" {
            continue;
        }
        let targets = allowed.get(room.as_str()).unwrap_or_else(|| panic!("{room} is a new room: put it on the list"));
        for target in rooms_named(&read(&path)) {
            let is_own = target == room;
            assert!(
                is_own || targets.contains(target.as_str()),
                "{} uses crate::{target}, which {room} may not",
                relative.display()
            );
            used.insert((room.clone(), target));
        }
    }
    for (room, targets) in ALLOWED {
        for target in *targets {
            let is_used = used.contains(&((*room).to_owned(), (*target).to_owned()));
            assert!(is_used, "the list allows {room} to use {target}, but nothing does: take it off");
        }
    }
}

/// The WebSocket codec is named in one room, actix in the rooms that are made of it.
#[test]
fn crates_stay_in_their_rooms() {
    let inner = ["domain", "protocol", "store", "bus", "delivery", "verification", "settings"];
    for path in files("src", "rs") {
        let relative = path.strip_prefix(root().join("src")).expect("below src").to_str().expect("UTF-8").to_owned();
        let text = read(&path);
        if room(&relative) != "gateway" {
            assert!(!text.contains("http::ws"), "{relative} names the WebSocket codec");
        }
        if inner.contains(&room(&relative).as_str()) {
            assert!(!text.contains("actix"), "{relative} names actix");
        }
        if room(&relative) == "domain" {
            for word in ["tokio", "async ", "Timestamp::now", "rand::", "std::fs", "std::net", "std::env"] {
                assert!(!text.contains(word), "{relative} holds {word:?}: rules do not wait, read or draw");
            }
        }
    }
}

fn room(relative: &str) -> String {
    let first = relative.split('/').next().expect("a first part");
    first.trim_end_matches(".rs").to_owned()
}

/// What follows `crate::`, also in a group such as `use crate::{store, bus::Bus}`.
fn rooms_named(text: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let is_path = !text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        let rest = &text[at + "crate::".len()..];
        if !is_path {
            continue;
        }
        if let Some(group) = rest.strip_prefix('{') {
            let group = group.split('}').next().expect("a group");
            rooms.extend(group.split(',').map(|part| first_word(part.trim())).filter(|word| !word.is_empty()));
        } else {
            rooms.insert(first_word(rest));
        }
    }
    rooms
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}
