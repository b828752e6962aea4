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

    /// Whether a page of this origin may connect. Browsers always send one; apps send none, and are let in by
    /// their token alone.
    #[must_use]
    pub fn allows(&self, origin: Option<&str>) -> bool {
        let origins = self.0.read().unwrap_or_else(PoisonError::into_inner);
        origin.is_none_or(|origin| origins.contains(&origin.to_ascii_lowercase()))
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
