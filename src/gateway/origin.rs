//! Which web pages may open a WebSocket (OWASP ASVS 5.0 section 4.4.2: check `Origin` against a list).

use std::collections::HashSet;

/// The origins of the pages that may connect.
#[derive(Debug, Clone, Default)]
pub struct AllowedOrigins(HashSet<String>);

impl AllowedOrigins {
    /// A list of origins such as `https://app.example.com`, compared as RFC 6454 section 6.2 writes them.
    #[must_use]
    pub fn new(origins: impl IntoIterator<Item = String>) -> Self {
        Self(origins.into_iter().map(|origin| origin.trim_end_matches('/').to_ascii_lowercase()).collect())
    }

    /// Whether a page of this origin may connect. Browsers always send one; apps send none, and are let in by
    /// their token alone.
    #[must_use]
    pub fn allows(&self, origin: Option<&str>) -> bool {
        origin.is_none_or(|origin| self.0.contains(&origin.to_ascii_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_pages_and_apps_may_connect() {
        let allowed = AllowedOrigins::new(["https://App.example.com/".to_owned()]);
        assert!(allowed.allows(None) && allowed.allows(Some("https://app.example.com")));
        for origin in [
            "null",
            "http://app.example.com",
            "https://app.example.com.evil.example",
            "https://app.example.com:444",
            "",
        ] {
            assert!(!allowed.allows(Some(origin)), "{origin}");
        }
    }
}
