//! What strangers can send, and what must hold whatever they do: the checks that fuzzing runs (`make fuzz`), and that the tests run over its
//! corpus. A check panics when something does not hold. What `benches/hot_paths` measures inside a module is reached here too.

use jiff::Timestamp;
use secrecy::ExposeSecret;

use crate::domain::account::password::Password;
use crate::domain::account::password_strength::estimate;
use crate::domain::account::recovery_code::RecoveryCode;
use crate::domain::app_server::idempotency::{IdempotencyKey, NONCE_BYTES, RequestHash};
use crate::domain::code::{CodeKeys, KEY_BYTES, KeyId, MIN_DIGITS, TypedCode};
use crate::domain::delivery::push_address::{ApnsEnvironment, PushAddress, PushAddressKind, PushKeys};
use crate::domain::delivery::push_receipt::PushReceipt;
use crate::domain::device::token::{Token, TokenKind};
pub use crate::geoip::fuzzing::places;
pub use crate::http::fuzzing::{bodies, cookies, cursors, headers};
pub use crate::providers::push::fuzzing::{apns_body, fcm_body, provider_answers, push_endpoints};
use crate::providers::push::sealed::{check, seal};
use crate::settings;
pub use crate::websocket::fuzzing::{frames, read_frames};
use crate::websocket_protocol::message::{DeviceMessage, ServerMessage};
pub use twostep_front::fuzzing::{framing, http2_heads, proxy_header};

/// A check.
pub type Check = fn(&[u8]);

/// Every check by the name of its target in `fuzz/targets` and of its folder in `fuzz/corpus`.
pub const CHECKS: &[(&str, Check)] = &[
    ("bodies", bodies),
    ("cookies", cookies),
    ("cursors", cursors),
    ("device_messages", device_messages),
    ("frames", frames),
    ("framing", framing),
    ("headers", headers),
    ("http2_heads", http2_heads),
    ("idempotency", idempotency),
    ("passwords", passwords),
    ("places", places),
    ("provider_answers", provider_answers),
    ("proxy_header", proxy_header),
    ("push_endpoints", push_endpoints),
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

/// Tokens, tickets, codes, keys of codes, recovery codes, tokens of receipts, push addresses and their keys.
///
/// # Panics
/// When a text is taken for two kinds of token, or comes back as another text, or when a token of a receipt is read that was not made.
pub fn tokens(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let tokens: Vec<Token> = TokenKind::ALL.iter().filter_map(|kind| Token::parse(*kind, text)).collect();
    assert!(tokens.len() <= 1, "two kinds of token");
    for token in tokens {
        assert_eq!(token.expose(), text);
        assert!(!format!("{token:?}{:?}", token.hash()).contains(&text[6..]), "a token shows");
    }
    let secret = text.to_owned().into();
    if TypedCode::parse(&secret, MIN_DIGITS).is_ok() {
        assert!(text.chars().filter(|character| character.is_numeric()).count() >= usize::from(MIN_DIGITS));
    }
    if let Ok(code) = RecoveryCode::parse(&secret) {
        let again = RecoveryCode::parse(&code.expose().to_owned().into());
        assert!(again.is_ok_and(|again| again.expose() == code.expose()), "read again, it is another recovery code");
    }
    let keys = CodeKeys::single(KeyId::parse("k").expect("an id"), [1; KEY_BYTES]);
    if let Some(receipt) = PushReceipt::read(&secret, &keys) {
        assert!(receipt.token(&keys).expose_secret() == text, "two tokens of one receipt");
    }
    if let Some(keys) = text.split_once(' ').and_then(|(public, auth)| PushKeys::parse(public, auth).ok()) {
        assert!(PushKeys::from_bytes(&keys.to_bytes()).is_some_and(|again| again.to_bytes() == keys.to_bytes()));
        assert!(seal(&keys, b"a").is_ok() == check(&keys).is_ok(), "taken, and nothing can be sealed to it");
    }
    if let Ok(keys) = CodeKeys::parse(&secret) {
        assert!(text.contains(keys.current().as_str()));
    }
    assert!(KeyId::parse(text).is_none_or(|id| id.as_str() == text));
    for kind in PushAddressKind::ALL {
        for environment in [None, Some(ApnsEnvironment::Sandbox)] {
            let Ok(address) = PushAddress::parse(*kind, environment, text, None) else { continue };
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

/// An `Idempotency-Key`, and on the lines below it a method, a path and a body.
///
/// # Panics
/// When two requests count as one, or when an answer opens for another request, key or caller.
pub fn idempotency(bytes: &[u8]) {
    let mut lines = bytes.splitn(4, |byte| *byte == b'\n');
    let mut next = || lines.next().unwrap_or_default();
    let key = next();
    let method = next();
    let path = next();
    let body = next();
    let text = |bytes| std::str::from_utf8(bytes).ok();
    let (Some(key_text), Some(method), Some(path)) = (text(key), text(method), text(path)) else { return };
    let request = RequestHash::of(method, path, body);
    assert!(RequestHash::of(method, path, body) == request, "the same request counts as another");
    let mut others = vec![RequestHash::of(path, method, body), RequestHash::of(method, path, &[body, b" "].concat())];
    // Each byte counts in its own part only.
    if let (Some(last), Some(first)) = (path.chars().next_back(), body.first()) {
        let shorter = &path[..path.len() - last.len_utf8()];
        let longer = format!("{path}{}", char::from(*first));
        let mut moved = last.to_string().into_bytes();
        moved.extend_from_slice(body);
        others.extend([RequestHash::of(method, shorter, &moved), RequestHash::of(method, &longer, &body[1..])]);
    }
    let Some(key) = IdempotencyKey::parse(key_text) else {
        assert!(key_text.is_empty() || key_text.len() > 255 || !key_text.bytes().all(|byte| byte.is_ascii_graphic()));
        return;
    };
    let (caller, stranger) = ([1, 2]).map(|byte| Token::from_random(TokenKind::ApiKey, [byte; 32])).into();
    let sealed = key.seal(&caller, &request, body, [9; NONCE_BYTES]);
    assert_eq!(key.open(&caller, &request, &sealed).as_deref(), Some(body), "the first answer is lost");
    assert_eq!(key.open(&stranger, &request, &sealed), None, "another caller reads it");
    for other in others.iter().filter(|_| method != path) {
        assert!(*other != request && key.open(&caller, other, &sealed).is_none(), "two requests count as one");
    }
    let longer = IdempotencyKey::parse(&format!("{key_text}a"));
    assert!(
        longer.is_none_or(|longer| longer.hash() != key.hash() && longer.open(&caller, &request, &sealed).is_none())
    );
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
