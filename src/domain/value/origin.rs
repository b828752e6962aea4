//! Origins of web pages, as browsers write them (RFC 6454 section 6.2).

/// What to write instead of an entry that no browser would ever send (RFC 6454 section 6.2), or `None` when it is one.
#[must_use]
pub fn mend_origin(entry: &str) -> Option<String> {
    let said = |what: &str| Some(what.to_owned());
    if entry == "*" || entry.contains('*') {
        return said("the origin of each page, one by one, such as https://app.example.com: there are no wildcards");
    }
    let Some((scheme, rest)) = entry.split_once("://") else {
        return Some(match entry {
            "null" | "" => {
                "the origin of a page, such as https://app.example.com: null is sent by every sandboxed page".to_owned()
            }
            host => format!("https://{} (with its scheme)", host.split('/').next().unwrap_or(host)),
        });
    };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character));
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    if !is_scheme || host.is_empty() || host.contains(['@', ' ']) {
        return said("an origin, such as https://app.example.com");
    }
    if rest.trim_end_matches('/') != host {
        return Some(format!("{scheme}://{host} (without a path)"));
    }
    let default_port = match scheme.to_ascii_lowercase().as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let without = host.strip_suffix(default_port)?;
    Some(format!("{scheme}://{without} (browsers leave the usual port out)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_that_no_browser_sends_are_mended() {
        for entry in [
            "https://app.example.com",
            "https://App.example.com/",
            "http://localhost:3000",
            "https://a:8443",
            "capacitor://localhost",
            "ionic://localhost",
            "tauri://localhost",
            "https://[::1]:3000",
        ] {
            assert_eq!(mend_origin(entry), None, "{entry}");
        }
        for (entry, mended) in [
            ("*", "no wildcards"),
            ("https://*.example.com", "no wildcards"),
            ("app.example.com", "https://app.example.com (with its scheme)"),
            ("app.example.com/login", "https://app.example.com (with its scheme)"),
            ("localhost:3000", "https://localhost:3000 (with its scheme)"),
            ("https://app.example.com/login", "https://app.example.com (without a path)"),
            ("https://app.example.com?x", "https://app.example.com (without a path)"),
            ("https://app.example.com:443", "https://app.example.com (browsers leave the usual port out)"),
            ("http://app.example.com:80/", "http://app.example.com (browsers leave the usual port out)"),
            ("null", "the origin of a page"),
            ("", "the origin of a page"),
            ("https://", "an origin, such as"),
            ("https://a@b", "an origin, such as"),
        ] {
            let said = mend_origin(entry).unwrap_or_default();
            assert!(said.contains(mended), "{entry}: {said}");
        }
    }
}
