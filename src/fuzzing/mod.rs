//! What strangers can send, and what must hold whatever they do: the checks that fuzzing runs (`make fuzz`), and that the tests run over its
//! corpus. A check panics when something does not hold. What `benches/hot_paths` measures inside a room is reached here too.

use jiff::Timestamp;

pub use crate::delivery::push::fuzzing::{apns_body, fcm_body, provider_answers};
use crate::domain::code::{CodeKeys, KeyId, TypedCode};
use crate::domain::password::Password;
use crate::domain::push::{ApnsEnvironment, PushAddress, PushAddressKind};
use crate::domain::strength::estimate;
use crate::domain::token::{Token, TokenKind};
pub use crate::gateway::fuzzing::{frames, read_frames};
pub use crate::http::fuzzing::{bodies, cursors, headers};
pub use crate::places::fuzzing::places;
use crate::protocol::message::{DeviceMessage, ServerMessage};
use crate::settings;

/// A check.
pub type Check = fn(&[u8]);

/// Every check by the name of its target in `fuzz/targets` and of its folder in `fuzz/corpus`.
pub const CHECKS: &[(&str, Check)] = &[
    ("bodies", bodies),
    ("cursors", cursors),
    ("device_messages", device_messages),
    ("frames", frames),
    ("headers", headers),
    ("passwords", passwords),
    ("places", places),
    ("provider_answers", provider_answers),
    ("settings", settings),
    ("tokens", tokens),
];

/// The text of a WebSocket message.
///
/// # Panics
/// When half a message is taken for one, or when a token shows in a log.
pub fn device_messages(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(message) = DeviceMessage::parse(text) else { return };
    let shown = format!("{message:?}");
    assert!(DeviceMessage::parse(&format!(" {text}\n")).is_ok_and(|again| format!("{again:?}") == shown));
    let cut = text.trim_ascii_end().trim_end_matches('}');
    assert!(DeviceMessage::parse(cut).is_err(), "half a message is taken for one");
    if let DeviceMessage::Refresh { .. } = &message {
        let other = DeviceMessage::Refresh { access_token: "other".into() };
        assert_eq!(format!("{other:?}"), shown, "a token shows");
    }
    // Nothing that the gateway says is taken for something that a device says.
    assert!(DeviceMessage::parse(&ServerMessage::Pong.to_text()).is_err());
}

/// Tokens, tickets, codes, keys of codes and push addresses.
///
/// # Panics
/// When a text is taken for two kinds of token, or comes back as another text.
pub fn tokens(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let tokens: Vec<Token> = TokenKind::ALL.iter().filter_map(|kind| Token::parse(*kind, text)).collect();
    assert!(tokens.len() <= 1, "two kinds of token");
    for token in tokens {
        assert_eq!(token.expose(), text);
        assert!(!format!("{token:?}{:?}", token.hash()).contains(&text[6..]), "a token shows");
    }
    let secret = text.to_owned().into();
    if TypedCode::parse(&secret).is_ok() {
        let digits = text.chars().filter(|character| !character.is_whitespace());
        assert!(digits.clone().all(|digit| digit.is_ascii_digit()) && (6..=10).contains(&digits.count()));
    }
    if let Ok(keys) = CodeKeys::parse(&secret) {
        assert!(text.contains(keys.current().as_str()));
    }
    assert!(KeyId::parse(text).is_none_or(|id| id.as_str() == text));
    for kind in PushAddressKind::ALL {
        for environment in [None, Some(ApnsEnvironment::Sandbox)] {
            let Ok(address) = PushAddress::parse(*kind, environment, text) else { continue };
            assert!(address.expose() == text && text.len() <= 1024);
        }
    }
    let _: Result<Timestamp, _> = text.parse();
}

/// A password, and on the line before it an address whose parts make bad passwords.
///
/// # Panics
/// When an estimate is outside its bounds, or depends on what is not looked at.
pub fn passwords(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (email, password) = text.split_once('\n').unwrap_or(("", text));
    let password = Password::typed(password.to_owned().into());
    let personal: Vec<&str> = email.split(['@', '.']).collect();
    let strength = estimate(password.expose(), &personal);
    assert!(strength.score <= 4 && strength.suggestions.len() <= 4);
    let judged: String = password.expose().chars().take(32).collect();
    assert_eq!(estimate(&judged, &personal), strength, "what comes after the first 32 characters counts");
}

/// A configuration file.
///
/// # Panics
/// When a secret shows in a log.
pub fn settings(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(mut settings) = settings::changed_by(text) else { return };
    let shown = format!("{settings:?}");
    let secrets = [&mut settings.database.url, &mut settings.codes.keys, &mut settings.smtp.password];
    for secret in secrets.into_iter().flatten() {
        *secret = "other".into();
    }
    assert_eq!(format!("{settings:?}"), shown, "a secret shows");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;

    fn folder(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
    }

    fn names(folder: &Path) -> BTreeSet<String> {
        let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        entries.map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8")).collect()
    }

    #[test]
    fn what_fuzzing_found_and_began_with_holds() {
        for (target, check) in CHECKS {
            let folder = folder("corpus").join(target);
            let names = names(&folder);
            assert!(!names.is_empty(), "{target} has no corpus");
            for name in names {
                let bytes = std::fs::read(folder.join(&name)).expect("readable");
                let held = std::panic::catch_unwind(|| check(&bytes));
                assert!(held.is_ok(), "fuzz/corpus/{target}/{name}");
            }
        }
    }

    #[test]
    fn every_check_has_a_target_and_a_corpus() {
        let checks: BTreeSet<String> = CHECKS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(names(&folder("corpus")), checks);
        let targets = names(&folder("targets"));
        assert_eq!(targets.iter().map(|name| name.trim_end_matches(".rs").to_owned()).collect::<BTreeSet<_>>(), checks);
        let manifest = std::fs::read_to_string(folder("Cargo.toml")).expect("readable");
        for check in checks {
            assert!(manifest.contains(&format!("name = \"{check}\"")), "fuzz/Cargo.toml lacks {check}");
        }
    }
}
