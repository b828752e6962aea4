//! Which web pages may open a WebSocket (OWASP ASVS 5.0 section 4.4.2: check `Origin` against a list).

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

/// The origins of the pages that may connect. Clones share one list, which may be replaced.
#[derive(Debug, Clone, Default)]
pub struct AllowedOrigins(Arc<RwLock<HashSet<String>>>);

impl AllowedOrigins {
    /// A list of origins such as `https://app.example.com`, compared as RFC 6454 section 6.2 writes them.
    #[must_use]
    pub fn new(origins: impl IntoIterator<Item = String>) -> Self {
        let origins = origins.into_iter().map(|origin| origin.trim_end_matches('/').to_ascii_lowercase());
        Self(Arc::new(RwLock::new(origins.collect())))
    }

    /// Takes another list from now on. Connections that are open stay.
    pub fn replace(&self, origins: &Self) {
        let origins = origins.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = origins;
    }

    /// Whether a page of this origin may connect to `own`, the address that the request was sent to. Browsers always send an
    /// origin; apps send none, and are let in by their token alone.
    #[must_use]
    pub fn allows(&self, origin: Option<&str>, own: &OwnAddress<'_>) -> bool {
        let Some(origin) = origin else { return true };
        own.has_origin(&origin.to_ascii_lowercase()) || self.lists(origin)
    }

    /// Whether an origin is on the list.
    #[must_use]
    pub fn lists(&self, origin: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&origin.to_ascii_lowercase())
    }
}

/// Where a request was sent to.
#[derive(Debug, Clone, Copy)]
pub struct OwnAddress<'a> {
    /// Its `Host`.
    pub host: Option<&'a str>,
    /// The client's line is secure, as far as is known here: a proxy that ends the TLS need not say so.
    pub is_secure: bool,
}

impl OwnAddress<'_> {
    /// A page of the host itself. One that came over a secure line is as good where the line to a proxy is meant.
    fn has_origin(&self, origin: &str) -> bool {
        let Some(host) = self.host else { return false };
        let host = host.to_ascii_lowercase();
        let is = |scheme: &str, default_port: &str| {
            let page = origin.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
            page.is_some_and(|page| page == host.strip_suffix(default_port).unwrap_or(&host))
        };
        is("https", ":443") || (!self.is_secure && is("http", ":80"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_pages_and_apps_may_connect() {
        let allowed = AllowedOrigins::new(["https://App.example.com/".to_owned()]);
        let own = OwnAddress { host: Some("login.example.com"), is_secure: true };
        assert!(allowed.allows(None, &own) && allowed.allows(Some("https://app.example.com"), &own));
        for origin in [
            "null",
            "http://app.example.com",
            "https://app.example.com.evil.example",
            "https://app.example.com:444",
            "",
        ] {
            assert!(!allowed.allows(Some(origin), &own), "{origin}");
        }
    }

    #[test]
    fn a_page_of_the_host_itself_may_connect() {
        let none = AllowedOrigins::default();
        let allows = |origin, host, is_secure| none.allows(Some(origin), &OwnAddress { host, is_secure });
        for (origin, host, is_secure, expected) in [
            ("https://login.example.com", "login.example.com", true, true),
            ("https://Login.Example.com", "login.example.com:443", false, true),
            ("http://login.example.com", "login.example.com", false, true),
            ("http://127.0.0.1:8080", "127.0.0.1:8080", false, true),
            ("http://[::1]:8080", "[::1]:8080", false, true),
            // A page that came over a plain line may have been changed on its way.
            ("http://login.example.com", "login.example.com", true, false),
            ("https://login.example.com:8443", "login.example.com", true, false),
            ("https://login.example.com", "login.example.com:8443", true, false),
            ("https://evil.example", "login.example.com", true, false),
            ("https://login.example.com.evil.example", "login.example.com", true, false),
            ("capacitor://login.example.com", "login.example.com", true, false),
            ("null", "login.example.com", true, false),
            ("", "", false, false),
        ] {
            assert_eq!(allows(origin, Some(host), is_secure), expected, "{origin} at {host}");
        }
        assert!(!allows("https://login.example.com", None, true));
    }
}
