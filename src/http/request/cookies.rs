//! The cookies of a request that hold tokens, read as bytes (RFC 6265 sections 4.2 and 5.4).
//!
//! A name is exactly its bytes: nothing is decoded, folded or trimmed but the spaces and tabs that the grammar allows. Whoever can
//! set cookies for a sibling domain, or over plain HTTP, cannot set one whose name begins with `__Host-`; a reader that takes other
//! spellings for it would undo that. Cookies of other names are nobody's business here, whatever bytes they hold.

use std::collections::BTreeSet;

use actix_web::http::header::{COOKIE, HeaderMap};

/// The beginning of the names of all cookies with tokens.
pub(in crate::http) const TOKEN_COOKIES: &str = "__Host-ts_";

/// The cookies with tokens.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::http) struct TokenCookies {
    /// Names and values, in the order in which they came.
    cookies: Vec<(String, String)>,
    /// Names that came more than once. Which one is ours cannot be told, so none counts.
    doubled: BTreeSet<String>,
}

impl TokenCookies {
    /// Reads them. Several `Cookie` fields count as one: HTTP/2 splits them (RFC 9113 section 8.2.3).
    pub(in crate::http) fn of(headers: &HeaderMap) -> Self {
        let mut read = Self::default();
        let pairs = headers.get_all(COOKIE).flat_map(|field| field.as_bytes().split(|byte| *byte == b';'));
        for pair in pairs {
            read.take(trimmed(pair));
        }
        read
    }

    fn take(&mut self, pair: &[u8]) {
        let mut parts = pair.splitn(2, |byte| *byte == b'=');
        let name = trimmed(parts.next().unwrap_or_default());
        let value = trimmed(parts.next().unwrap_or_default());
        if !name.starts_with(TOKEN_COOKIES.as_bytes()) || !name.iter().all(|byte| is_of_name(*byte)) {
            return;
        }
        // All of these are ASCII. A value that is no text cannot be a token; it still counts as one of its name.
        let name = String::from_utf8_lossy(name).into_owned();
        if self.doubled.contains(&name) {
            return;
        }
        if self.cookies.iter().any(|(known, _)| *known == name) {
            self.cookies.retain(|(known, _)| *known != name);
            self.doubled.insert(name);
            return;
        }
        self.cookies.push((name, String::from_utf8_lossy(value).into_owned()));
    }

    /// The value of the cookie of this name, if it came once.
    pub(in crate::http) fn get(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The names of those that came once.
    pub(in crate::http) fn names(&self) -> impl Iterator<Item = &str> {
        self.cookies.iter().map(|(name, _)| name.as_str())
    }

    /// The names that came more than once.
    pub(in crate::http) fn doubled(&self) -> impl Iterator<Item = &str> {
        self.doubled.iter().map(String::as_str)
    }
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = bytes.iter().position(|byte| !is_space(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// What our own names are made of.
fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn read(fields: &[&[u8]]) -> TokenCookies {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(COOKIE, HeaderValue::from_bytes(field).expect("a value"));
        }
        TokenCookies::of(&headers)
    }

    #[test]
    fn names_are_exactly_their_bytes() {
        assert_eq!(read(&[b"a=1; __Host-ts_at=own; b=2"]).get("__Host-ts_at"), Some("own"));
        for planted in [
            b"%5F%5FHost-ts_at=evil".as_slice(),
            b"__Host%2Dts_at=evil",
            b"__host-ts_at=evil",
            b"__HOST-TS_AT=evil",
            b"\xc2\xa0__Host-ts_at=evil",
            b"\xe3\x80\x80__Host-ts_at=evil",
            b"__Host-ts_at\xc2\xa0=evil",
            b"\x85__Host-ts_at=evil",
            b"x__Host-ts_at=evil",
            b"__Host-ts_at\xff=evil",
            b"=__Host-ts_at=evil",
            b"\"__Host-ts_at\"=evil",
        ] {
            let shown = String::from_utf8_lossy(planted).into_owned();
            let before = [planted, b"; __Host-ts_at=own"].concat();
            let after = [b"__Host-ts_at=own;", planted].concat();
            for cookies in [before, after] {
                let read = read(&[&cookies]);
                assert_eq!((read.get("__Host-ts_at"), read.doubled().count()), (Some("own"), 0), "{shown}");
            }
            assert_eq!(read(&[planted]).get("__Host-ts_at"), None, "{shown}");
        }
    }

    #[test]
    fn a_name_that_comes_twice_counts_as_none() {
        for fields in [
            &[b"__Host-ts_at=one; __Host-ts_at=two".as_slice()][..],
            &[b"__Host-ts_at=same; __Host-ts_at=same"],
            &[b"__Host-ts_at=one", b"__Host-ts_at=two"],
            &[b"__Host-ts_at=one; a=b; \t__Host-ts_at =two; __Host-ts_at=three"],
            &[b"__Host-ts_at=one; __Host-ts_at"],
            &[b"__Host-ts_at; __Host-ts_at=one"],
            &[b"__Host-ts_at=one; __Host-ts_at=\xff"],
        ] {
            let read = read(fields);
            assert_eq!(read.get("__Host-ts_at"), None, "{fields:?}");
            assert_eq!(read.doubled().collect::<Vec<_>>(), ["__Host-ts_at"], "{fields:?}");
        }
    }

    #[test]
    fn fields_count_as_one_and_other_cookies_are_nobodys_business() {
        let read = read(&[b"a=\xff\xfe; \xf0=\x80;;; =; \"", b"__Host-ts_at=one", b"__Host-ts_rt=two;a=b"]);
        assert_eq!((read.get("__Host-ts_at"), read.get("__Host-ts_rt")), (Some("one"), Some("two")));
        assert_eq!(read.names().collect::<Vec<_>>(), ["__Host-ts_at", "__Host-ts_rt"]);
    }
}
