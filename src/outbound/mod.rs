//! The way out: how HTTP calls leave this machine, directly or through a proxy.
//!
//! The proxy is named by `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in upper or lower case, which mean what
//! they mean to curl (<https://everything.curl.dev/usingcurl/proxies/env.html>). An empty variable is an unset one.
//! Calls to this machine never go to a proxy, whatever the variables say.

mod dialer;

use std::net::IpAddr;

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Proxy, Url};

pub use dialer::{DialError, Dialer, Stream};

/// Which proxy takes what.
#[derive(Debug)]
pub struct Proxies {
    https: Option<Url>,
    http: Option<Url>,
    matcher: Matcher,
}

/// A variable of the environment that names no proxy. Does not repeat it: there may be a password inside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{variable} must name a proxy as http://proxy.example.com:3128 (or https://, with user:password@ before the host where it asks for them; SOCKS is not spoken): correct it, or unset it"
)]
pub struct WrongProxy {
    variable: &'static str,
}

/// One variable under its two names.
type Names = [&'static str; 2];

const HTTPS: Names = ["HTTPS_PROXY", "https_proxy"];
const HTTP: Names = ["HTTP_PROXY", "http_proxy"];
const ALL: Names = ["ALL_PROXY", "all_proxy"];
const NONE: Names = ["NO_PROXY", "no_proxy"];

impl Proxies {
    /// As the environment of this process says.
    ///
    /// # Errors
    /// [`WrongProxy`] when a variable that would be used names no proxy that we can speak to.
    pub fn from_environment() -> Result<Self, WrongProxy> {
        Self::read(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, WrongProxy> {
        let said = |names: Names| {
            names.into_iter().find_map(|name| {
                let value = variable(name)?.trim().to_owned();
                (!value.is_empty()).then_some((name, value))
            })
        };
        let proxy = |names| match said(names).or_else(|| said(ALL)) {
            Some((variable, value)) => parse(&value).map(Some).ok_or(WrongProxy { variable }),
            None => Ok(None),
        };
        let https = proxy(HTTPS)?;
        let http = proxy(HTTP)?;
        let text = |proxy: &Option<Url>| proxy.as_ref().map(ToString::to_string).unwrap_or_default();
        let matcher = Matcher::builder()
            .https(text(&https))
            .http(text(&http))
            .no(said(NONE).map(|(_, list)| exceptions(&list)).unwrap_or_default())
            .build();
        Ok(Self { https, http, matcher })
    }

    /// The names of the hosts that are proxies.
    #[must_use]
    pub fn hosts(&self) -> Vec<String> {
        [&self.https, &self.http].into_iter().flatten().filter_map(Url::host_str).map(str::to_owned).collect()
    }

    /// The proxy for calls to a place, as its address and what lets us in; `None`: connect to the place directly.
    fn to(&self, place: &Uri) -> Option<Intercept> {
        if is_this_machine(place.host()?) { None } else { self.matcher.intercept(place) }
    }

    /// The same, as one URL.
    fn url_to(&self, place: &Url) -> Option<Url> {
        self.to(&place.as_str().parse().ok()?)?;
        if place.scheme() == "https" { self.https.clone() } else { self.http.clone() }
    }
}

/// What every client of HTTP is made from: calls go through the proxy that the environment names. Redirects are not
/// followed: what is sent goes to the named place only.
///
/// # Errors
/// [`WrongProxy`].
pub fn http_client() -> Result<ClientBuilder, WrongProxy> {
    let proxies = Proxies::from_environment()?;
    let proxy = Proxy::custom(move |place| proxies.url_to(place));
    Ok(reqwest::Client::builder().redirect(Policy::none()).proxy(proxy))
}

/// A proxy's address; without a scheme it is one of HTTP.
fn parse(value: &str) -> Option<Url> {
    let url = if value.contains("://") { Url::parse(value) } else { Url::parse(&format!("http://{value}")) };
    url.ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some())
}

/// `NO_PROXY` in the one form that the matcher reads: names and networks, by comma. People also write spaces between them,
/// `*.example.com` for `.example.com`, and a port, which is not looked at.
fn exceptions(list: &str) -> String {
    let entries = list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
    let plain = entries.map(|entry| {
        let entry = entry.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(entry);
        match entry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, _)) => address,
            None => match entry.split_once(':') {
                Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
                _ => entry,
            },
        }
    });
    plain.collect::<Vec<_>>().join(",")
}

/// Whether a host is this machine: its loopback addresses, `localhost` and names below it (RFC 6761 section 6.3).
#[must_use]
pub fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase();
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback() || address.is_unspecified(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Proxies, WrongProxy> {
        Proxies::read(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    /// What takes a call: a proxy's URL, or nothing.
    fn way(variables: &[(&str, &str)], place: &str) -> Option<String> {
        let url = Url::parse(place).expect("a URL");
        read(variables).expect("proxies").url_to(&url).map(|url| url.to_string())
    }

    #[test]
    fn the_variables_mean_what_they_mean_to_curl() {
        let apns = "https://api.push.apple.com/";
        let said = Some("http://proxy.example:3128/".to_owned());
        for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            assert_eq!(way(&[(variable, "http://proxy.example:3128")], apns), said, "{variable}");
        }
        assert_eq!(way(&[("HTTPS_PROXY", " "), ("https_proxy", "proxy.example:3128")], apns), said, "empty is unset");
        assert_eq!(way(&[("HTTP_PROXY", "http://proxy.example:3128")], apns), None);
        assert_eq!(way(&[("HTTP_PROXY", "http://proxy.example:3128")], "http://hooks.example/"), said);
        let secret = way(&[("HTTPS_PROXY", "http://me:p%40ss@proxy.example:3128")], apns);
        assert_eq!(secret.as_deref(), Some("http://me:p%40ss@proxy.example:3128/"));
    }

    #[test]
    fn hosts_to_reach_directly_are_read_as_people_write_them() {
        let direct = |list: &str, place: &str| way(&[("HTTPS_PROXY", "proxy:1"), ("NO_PROXY", list)], place).is_none();
        let place = "https://hooks.shop.example:8443/in";
        for list in
            ["*", "shop.example", ".shop.example", "*.shop.example", "a.b hooks.shop.example", "x,SHOP.example:8443"]
        {
            assert!(direct(list, place), "{list}");
        }
        for list in ["", "op.example", "other.example", "192.0.2.0/24", "example.com"] {
            assert!(!direct(list, place), "{list}");
        }
        assert!(direct("192.0.2.0/24", "https://192.0.2.7/"));
        assert!(direct("2001:db8::/32", "https://[2001:db8::1]/"));
        assert!(direct("[2001:db8::1]:443", "https://[2001:db8::1]/"));
    }

    #[test]
    fn this_machine_is_reached_directly_whatever_is_said() {
        for host in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "db.localhost",
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",
        ] {
            for scheme in ["http", "https"] {
                assert_eq!(way(&[("ALL_PROXY", "proxy:1")], &format!("{scheme}://{host}:8080/")), None, "{host}");
            }
        }
        for host in ["localhost.example", "notlocalhost", "192.0.2.1", "[2001:db8::1]"] {
            assert!(way(&[("ALL_PROXY", "proxy:1")], &format!("http://{host}/")).is_some(), "{host}");
        }
    }

    #[test]
    fn what_names_no_proxy_is_refused_by_the_name_of_its_variable() {
        for value in ["socks5://127.0.0.1:1080", "http://", "ftp://proxy", "http://[::1"] {
            let error = read(&[("https_proxy", value)]).expect_err(value).to_string();
            assert!(error.starts_with("https_proxy must name a proxy"), "{error}");
        }
        let secret = read(&[("ALL_PROXY", "socks5://me:secret@proxy")]).expect_err("socks").to_string();
        assert!(!secret.contains("secret"), "{secret}");
        let both = [("HTTPS_PROXY", "proxy:1"), ("HTTP_PROXY", "proxy:1"), ("ALL_PROXY", "socks5://proxy:2")];
        assert!(read(&both).is_ok(), "nothing would use ALL_PROXY");
    }
}
