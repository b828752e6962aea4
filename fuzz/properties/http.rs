//! What must hold for whatever a stranger sends over HTTP.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::http::header::{COOKIE, HeaderMap, HeaderValue};
use actix_web::web::Query;
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;

use super::operator::RolloutBody;
use crate::domain::account::authenticator;
use crate::domain::account::email::EmailAddress;
use crate::domain::account::locale::Locale;
use crate::domain::account::password::{MAX_CHARS, MIN_CHARS, Password};
use crate::domain::account::recovery_code::RecoveryCode;
use crate::domain::code::{MIN_DIGITS, TypedCode};
use crate::domain::device::token::{Token, TokenKind};
use crate::domain::device::{NAME_MAX_CHARS, VERSION_MAX_CHARS};
use crate::domain::value::short_text::{cleaned, is_clean};
use crate::http::device::accounts::CreateAccountBody;
use crate::http::device::authenticator::AuthenticatorCodeBody;
use crate::http::device::challenges::{ResendBody, VerifyBody};
use crate::http::device::devices::{RenameBody, UpdateDeviceBody};
use crate::http::device::email_changes::EmailBody;
use crate::http::device::login_activity::{PageQuery, read_cursor, write_cursor};
use crate::http::device::login_security::{PasswordBody, TwoStepBody};
use crate::http::device::password_resets::{NewPasswordBody, PasswordResetBody};
use crate::http::device::password_strength::PasswordStrengthBody;
use crate::http::device::recoveries::RecoveryBody;
use crate::http::device::sessions::RefreshBody;
use crate::http::device::sign_in::SignInBody;
use crate::http::request::client_ip::client_ip;
use crate::http::request::cookies::{TOKEN_COOKIES, TokenCookies};
use crate::http::request::dto::{DeviceBody, SecretText, email};
use crate::http::request::extract::json_detail;
use crate::http::request::json::Object;
use crate::providers::push::CurrentProviders;

/// A letter for the call, then its body.
///
/// # Panics
/// When something is taken that breaks its own rules, or when a refusal repeats what it must not.
pub fn bodies(bytes: &[u8]) {
    let Some((call, body)) = bytes.split_first() else { return };
    match call {
        b'a' => read(body, |body: CreateAccountBody| {
            check_email(&body.email);
            check_new_password(body.password);
            check_device(body.device);
        }),
        b's' => read(body, |body: SignInBody| {
            check_email(&body.email);
            assert!(Password::typed(body.password.into()).expose().chars().count() <= MAX_CHARS + 1);
            check_device(body.device);
            let _ = body.trust_token.map(|text| Token::parse(TokenKind::Trust, text.expose_secret()));
        }),
        b'v' => read(body, |body: VerifyBody| {
            if let Some(code) = body.code.filter(|code| TypedCode::parse(code, MIN_DIGITS).is_ok()) {
                let digits = code.expose_secret().chars().filter(|character| character.is_numeric());
                assert!(digits.count() >= usize::from(MIN_DIGITS));
            }
            if let Some(code) = body.recovery_code.and_then(|text| RecoveryCode::parse(&text.into()).ok()) {
                let again = RecoveryCode::parse(&code.expose().into()).expect("a code is read as it is written");
                assert_eq!(again.expose(), code.expose());
            }
            let _ = body.authenticator.map(|text| TypedCode::parse(&text.into(), authenticator::DIGITS));
        }),
        b'e' => read(body, |body: EmailBody| check_email(&body.email)),
        b'f' => read(body, |body: PasswordResetBody| check_email(&body.email)),
        b'g' => read(body, |body: NewPasswordBody| check_new_password(body.password)),
        b'l' => read(body, |body: RecoveryBody| check_email(&body.email)),
        b'o' => read(body, |body: AuthenticatorCodeBody| {
            let _ = TypedCode::parse(&body.code.into(), authenticator::DIGITS);
        }),
        b'r' => read(body, |_: ResendBody| {}),
        b't' => read(body, |body: RefreshBody| {
            let _ = body.refresh_token.map(|text| Token::parse(TokenKind::Refresh, text.expose_secret()));
        }),
        b'2' => read(body, |_: TwoStepBody| {}),
        b'p' => read(body, |body: PasswordBody| check_new_password(body.new)),
        b'q' => read(body, |body: PasswordStrengthBody| {
            let _ = body.email.as_deref().map(check_email);
        }),
        b'n' => read(body, |body: RenameBody| check_text(&body.name, NAME_MAX_CHARS)),
        b'u' => read(body, |body: UpdateDeviceBody| {
            let Ok((change, push)) = body.checked(None, &CurrentProviders::default()) else { return };
            for text in [change.name, change.app_version, change.os_version].into_iter().flatten() {
                check_kept(&text, VERSION_MAX_CHARS.max(NAME_MAX_CHARS));
            }
            assert!(push.is_none_or(|push| push.expose().bytes().all(|byte| byte.is_ascii_graphic())));
        }),
        _ => read(body, |_: RolloutBody| {}),
    }
}

fn read<T: DeserializeOwned>(body: &[u8], check: impl FnOnce(T)) {
    match serde_json::from_slice(body) {
        Ok(Object(read)) => {
            assert!(body.trim_ascii_start().starts_with(b"{"));
            check(read);
        }
        Err(error) => check_refusal(&json_detail(&error), body),
    }
}

/// A refusal repeats names of fields at most, never a value: it may be a password.
fn check_refusal(detail: &str, body: &[u8]) {
    let says_where = detail.starts_with("A value has the wrong type") || detail.starts_with("The body is not valid");
    if says_where || detail.starts_with("missing field `") {
        assert!(detail.len() < 200, "{detail}");
        return;
    }
    let Ok(body) = std::str::from_utf8(body) else { return };
    assert!(body.contains('\\') || names_a_field(detail, body), "{detail}");
}

/// Whether what a refusal calls an unknown field is the name of one, not a value. The body has no escaped characters.
fn names_a_field(detail: &str, body: &str) -> bool {
    let name = detail.strip_prefix("unknown field `").and_then(|rest| rest.rsplit_once("`, expected "));
    let Some((name, _)) = name else { return false };
    let quoted = format!("\"{name}\"");
    let places = body.match_indices('"').filter(|(at, _)| body[*at..].starts_with(&quoted));
    places.map(|(at, _)| body[..at].trim_end()).any(|before| before.ends_with(['{', ',']))
}

/// An address that was taken is taken again when it comes back from the database, and says little when it is masked.
fn check_email(text: &str) {
    let Ok(address) = email(text) else { return };
    assert!(EmailAddress::parse(address.as_str()).is_ok_and(|again| again == address), "{text:?} does not come back");
    let masked = address.masked();
    let (shown, _) = masked.rsplit_once('@').expect("an address");
    assert!(shown.chars().filter(|character| *character != '•').count() <= 1, "{text:?} is not masked");
}

fn check_new_password(text: SecretText) {
    if let Ok(password) = Password::parse_new(text.into()) {
        assert!((MIN_CHARS..=MAX_CHARS).contains(&password.expose().chars().count()));
    }
}

fn check_device(device: DeviceBody) {
    let Ok(device) = device.checked() else { return };
    for text in [&device.name, &device.model, &device.os_version, &device.app_version] {
        check_kept(text, NAME_MAX_CHARS);
    }
    assert!(device.locale.is_none_or(|locale| Locale::parse(locale.as_str()).is_ok()));
}

fn check_text(text: &str, max_chars: usize) {
    if let Some(kept) = cleaned(text, max_chars) {
        check_kept(&kept, max_chars);
    }
}

/// What is kept is short, has nothing hidden in it, and would be taken again as it is.
fn check_kept(text: &str, max_chars: usize) {
    assert!(is_clean(text, max_chars), "{text:?}");
}

/// The query of a page of the login activity, and the same text as its cursor.
///
/// # Panics
/// When a cursor is taken that the gateway does not write.
pub fn cursors(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let query = Query::<PageQuery>::from_query(text).ok().and_then(|query| query.into_inner().cursor);
    for text in query.iter().map(String::as_str).chain([text]) {
        if let Ok(cursor) = read_cursor(text) {
            assert_eq!(write_cursor(&cursor), text);
        }
    }
}

/// Fields of `Cookie`, one a line.
///
/// # Panics
/// When another spelling is taken for a name of ours, or when what others set decides about what is ours.
pub fn cookies(bytes: &[u8]) {
    let mut headers = HeaderMap::new();
    let mut whole = Vec::new();
    for field in bytes.split(|byte| *byte == b'\n') {
        let Ok(value) = HeaderValue::from_bytes(field) else { continue };
        headers.append(COOKIE, value);
        whole.extend_from_slice(field);
        whole.push(b';');
    }
    let read = TokenCookies::of(&headers);
    for name in read.names().chain(read.doubled()) {
        assert!(
            name.starts_with(TOKEN_COOKIES) && whole.windows(name.len()).any(|part| part == name.as_bytes()),
            "{name}"
        );
    }
    assert!(read.doubled().all(|name| read.get(name).is_none()), "one that came twice counts");
    let mut joined = HeaderMap::new();
    joined.insert(COOKIE, HeaderValue::from_bytes(&whole).unwrap_or_else(|_| HeaderValue::from_static("")));
    assert_eq!(TokenCookies::of(&joined), read, "fields do not count as one");
    // What others set, before and after, changes nothing.
    let others = b"%5F%5FHost-ts_at=evil; \xff=\xfe; __host-ts_at=evil;";
    let among = [others, whole.as_slice(), others].concat();
    joined.insert(COOKIE, HeaderValue::from_bytes(&among).expect("as valid as before"));
    assert_eq!(TokenCookies::of(&joined), read, "a planted cookie counts");
}

/// `Accept-Language`; on the second line the peer's address, and then lines of `X-Forwarded-For`.
///
/// # Panics
/// When a stranger can choose which address or language counts.
pub fn headers(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split('\n');
    let languages = lines.next().unwrap_or_default();
    if let Some(locale) = Locale::accepted(languages) {
        assert!(languages.contains(locale.as_str()));
        assert_eq!(Locale::parse(locale.as_str()).as_ref(), Ok(&locale));
        let named = locale.as_str().to_ascii_lowercase();
        assert!(named.starts_with(locale.language().as_str()), "{named} has no texts");
    }
    let Some(peer) = lines.next().and_then(|peer| peer.parse().ok()) else { return };
    check_client_ip(peer, &lines.collect::<Vec<_>>());
}

fn check_client_ip(peer: IpAddr, forwarded_for: &[&str]) {
    let trusted = ["10.0.0.0/8", "fd00::/8", "::1/128"].map(|text| text.parse().expect("a network"));
    let is_trusted = |ip: IpAddr| trusted.iter().any(|network: &ipnet::IpNet| network.contains(&ip));
    let client = client_ip(peer, forwarded_for.iter().copied(), &trusted);
    if !is_trusted(peer.to_canonical()) {
        assert_eq!(client, peer.to_canonical(), "a stranger chose its address");
    }
    // What a client itself puts before the steps of the proxies changes nothing.
    if !is_trusted(client) {
        let forged: Vec<&str> = ["192.0.2.99"].into_iter().chain(forwarded_for.iter().copied()).collect();
        assert_eq!(client_ip(peer, forged.into_iter(), &trusted), client, "a client forged its address");
    }
    let is_written = client == Ipv4Addr::UNSPECIFIED || forwarded_for.concat().contains(&client.to_string());
    let is_respelled = client.is_ipv6() || forwarded_for.concat().contains(':');
    assert!(client == peer.to_canonical() || is_written || is_respelled, "{client} comes from nowhere");
}
