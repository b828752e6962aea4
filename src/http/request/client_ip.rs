//! Whose address a request comes from, behind reverse proxies too, and whether limits hold for it.
//!
//! It is decided here, once for each request. Nothing else may conclude from an address that somebody is exempt from a limit: an
//! address may be claimed by whoever wrote a header or a body.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Once;

use actix_web::http::header::HeaderMap;
use ipnet::IpNet;
use tracing::warn;
use twostep_front::{Claim, Peer};

/// What reverse proxies append the address of their client to.
const FORWARDED_FOR: &str = "x-forwarded-for";
/// Beginning of what proxies say in headers of their own: `X-Forwarded-For`, `-Host`, `-Proto`, `-Port`, `-By` and others.
const FORWARDED_PREFIX: &str = "x-forwarded";
/// Other headers that show that a request was passed on (RFC 7239, RFC 9110 section 7.6.3, and what products send instead).
const PASSED_ON: [&str; 13] = [
    "forwarded",
    "via",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-original-forwarded-for",
    "x-envoy-external-address",
    "x-azure-clientip",
    "true-client-ip",
    "cf-connecting-ip",
    "cdn-loop",
    "fastly-client-ip",
    "fly-client-ip",
];

/// Who is believed, and who is exempt.
#[derive(Debug, Clone)]
pub struct Trust {
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpNet>,
    /// `X-Forwarded-For` counts also where a PROXY header says that the proxy speaks for itself.
    pub forwarded_by_local: bool,
    /// No limit holds for programs on this machine that speak for nobody else: in development only.
    pub exempts_this_machine: bool,
}

/// The client behind a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) struct Client {
    /// Its address; `0.0.0.0` where a trusted proxy passed on something unreadable.
    pub(in crate::http) ip: IpAddr,
    /// No limit holds for it. A fact about the connection and the mode, never about `ip`.
    pub(in crate::http) is_exempt: bool,
    /// It is a program on this machine: it is connected from loopback itself and speaks for nobody else.
    pub(in crate::http) is_this_machine: bool,
}

impl Client {
    /// The client behind a request with these headers.
    pub(in crate::http) fn of(peer: &Peer, headers: &HeaderMap, trust: &Trust) -> Self {
        // Bytes that are no text spoil their own step only, not the line that a proxy added its step to.
        let lines = headers.get_all(FORWARDED_FOR).map(|line| String::from_utf8_lossy(line.as_bytes()));
        let forwarded_for: Vec<_> = lines.collect();
        let is_this_machine = peer.is_this_machine() && !is_passed_on(headers);
        warn_of_unlisted_proxy(peer, !forwarded_for.is_empty(), &trust.proxies);
        let proxies = if trust.believes(peer) { trust.proxies.as_slice() } else { &[] };
        Self {
            ip: client_ip(peer.address().ip(), forwarded_for.iter().map(AsRef::as_ref), proxies),
            is_exempt: is_this_machine && trust.exempts_this_machine,
            is_this_machine,
        }
    }
}

impl Trust {
    /// Whether the `X-Forwarded-For` of this peer counts.
    pub(in crate::http) fn believes(&self, peer: &Peer) -> bool {
        let may_forward = peer.claim != Claim::ItsOwn || self.forwarded_by_local;
        may_forward && is_trusted(peer.address().ip().to_canonical(), &self.proxies)
    }
}

/// Whether a request has a header that only proxies add.
fn is_passed_on(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| name.as_str().starts_with(FORWARDED_PREFIX) || PASSED_ON.contains(&name.as_str()))
}

/// The client's address: the peer's, unless the peer is a trusted proxy. Then it is the last address in `X-Forwarded-For` that
/// is no trusted proxy: each proxy appends the address of who came to it, so what stands before an untrusted one may be made up.
///
/// Where that cannot be read it is `0.0.0.0`, one network for all who come so: never the proxy's own, which may be this machine.
#[must_use]
pub(in crate::http) fn client_ip<'a>(
    peer: IpAddr,
    forwarded_for: impl DoubleEndedIterator<Item = &'a str>,
    trusted: &[IpNet],
) -> IpAddr {
    let mut client = peer.to_canonical(); // an IPv4 address that comes through an IPv6 socket is the IPv4 address
    let mut steps = forwarded_for.rev().flat_map(|line| line.rsplit(','));
    while is_trusted(client, trusted) {
        match steps.next().map(address) {
            Some(Some(before)) => client = before.to_canonical(),
            Some(None) => return Ipv4Addr::UNSPECIFIED.into(),
            None => break, // the proxy asks for itself
        }
    }
    client
}

/// Says once that a proxy on this machine is not listed: all its clients share the limits of one address.
fn warn_of_unlisted_proxy(peer: &Peer, speaks_for_another: bool, trusted: &[IpNet]) {
    static SAID: Once = Once::new();
    if is_unlisted_proxy(peer.address().ip().to_canonical(), speaks_for_another, trusted) {
        SAID.call_once(|| {
            warn!("a request from this machine carries X-Forwarded-For, but http.trusted_proxies does not list 127.0.0.1 or ::1: if a proxy runs here, everybody behind it shares the limits of one address until it is listed");
        });
    }
}

fn is_unlisted_proxy(peer: IpAddr, speaks_for_another: bool, trusted: &[IpNet]) -> bool {
    speaks_for_another && peer.is_loopback() && !is_trusted(peer, trusted)
}

/// Whether this is the address of a trusted proxy.
pub(in crate::http) fn is_trusted(ip: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&ip))
}

/// An address, with or without a port: proxies write both.
fn address(step: &str) -> Option<IpAddr> {
    let step = step.trim();
    let bare = step.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| step.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn client(peer: &str, forwarded_for: &[&str]) -> String {
        let trusted = ["10.0.0.0/8", "::1/128"].map(|text| text.parse().expect("a network"));
        client_ip(peer.parse().expect("an address"), forwarded_for.iter().copied(), &trusted).to_string()
    }

    /// A client of a gateway in development that trusts the proxies on this machine.
    fn seen(peer: Peer, headers: &[(&str, &str)]) -> Client {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_bytes(name.as_bytes()).expect("a name"),
                HeaderValue::from_str(value).expect("a value"),
            );
        }
        let proxies = vec!["127.0.0.1/32".parse().expect("a network")];
        Client::of(&peer, &map, &Trust { proxies, forwarded_by_local: false, exempts_this_machine: true })
    }

    fn direct(address: &str) -> Peer {
        Peer { direct: SocketAddr::new(address.parse().expect("an address"), 4096), claim: Claim::Nothing }
    }

    #[test]
    fn only_who_is_connected_from_this_machine_and_speaks_for_nobody_is_exempt() {
        assert!(seen(direct("127.0.0.1"), &[]).is_exempt);
        assert!(seen(direct("127.0.0.2"), &[("accept", "*/*")]).is_exempt);
        assert!(seen(direct("::1"), &[]).is_exempt);
        assert!(!seen(direct("192.0.2.1"), &[]).is_exempt);
        for (name, value) in [
            ("x-forwarded-for", "127.0.0.9"),
            ("x-forwarded-for", "::1"),
            ("x-forwarded-for", "::ffff:127.0.0.1"),
            ("x-forwarded-for", ""),
            ("x-forwarded-for", "unknown"),
            ("x-forwarded-proto", "https"),
            ("forwarded", "for=127.0.0.1"),
            ("x-real-ip", "127.0.0.1"),
            ("via", "1.1 proxy"),
            ("cf-connecting-ip", "127.0.0.1"),
        ] {
            for peer in ["127.0.0.1", "127.0.0.2", "::1"] {
                assert!(!seen(direct(peer), &[(name, value)]).is_exempt, "{peer} with {name}: {value}");
            }
        }
    }

    #[test]
    fn a_proxy_header_exempts_nobody_whatever_it_says() {
        let local = direct("127.0.0.1");
        let named = |client: &str| Claim::Client(SocketAddr::new(client.parse().expect("an address"), 1));
        for claim in [Claim::ItsOwn, named("127.0.0.1"), named("127.0.0.9"), named("::1")] {
            assert!(!seen(Peer { claim, ..local }, &[]).is_exempt, "{claim:?}");
        }
    }

    #[test]
    fn in_production_nobody_is_exempt() {
        let trust = Trust { proxies: Vec::new(), forwarded_by_local: false, exempts_this_machine: false };
        assert!(!Client::of(&direct("127.0.0.1"), &HeaderMap::new(), &trust).is_exempt);
    }

    #[test]
    fn a_proxy_that_speaks_for_itself_forwards_nothing_unless_told_so() {
        let peer = Peer { claim: Claim::ItsOwn, ..direct("127.0.0.1") };
        assert_eq!(seen(peer, &[("x-forwarded-for", "192.0.2.7")]).ip.to_string(), "127.0.0.1");
        let proxies = vec!["127.0.0.1/32".parse().expect("a network")];
        let trust = Trust { proxies, forwarded_by_local: true, exempts_this_machine: true };
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static(FORWARDED_FOR), HeaderValue::from_static("192.0.2.7"));
        assert_eq!(Client::of(&peer, &headers, &trust).ip.to_string(), "192.0.2.7");
    }

    #[test]
    fn a_proxy_on_this_machine_that_is_not_listed_is_noticed() {
        let trusted: IpNet = "127.0.0.1/32".parse().expect("a network");
        let noticed = |peer: &str, speaks_for_another, trusted: &[IpNet]| {
            is_unlisted_proxy(peer.parse().expect("an address"), speaks_for_another, trusted)
        };
        assert!(noticed("127.0.0.1", true, &[]) && noticed("::1", true, &[trusted]));
        assert!(!noticed("127.0.0.1", false, &[]) && !noticed("127.0.0.1", true, &[trusted]));
        assert!(!noticed("192.0.2.1", true, &[]), "a stranger's header means nothing");
    }

    #[test]
    fn a_stranger_cannot_choose_an_address() {
        assert_eq!(client("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["1.1.1.1, 192.0.2.1"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["1.1.1.1", "192.0.2.1, 10.0.0.2"]), "192.0.2.1");
    }

    #[test]
    fn the_address_that_came_to_the_first_trusted_proxy_counts() {
        assert_eq!(client("10.0.0.1", &["192.0.2.1, 10.1.1.1, 10.0.0.2"]), "192.0.2.1");
        assert_eq!(client("::1", &["2001:db8::5"]), "2001:db8::5");
        assert_eq!(client("::ffff:10.0.0.1", &["::ffff:192.0.2.9"]), "192.0.2.9");
    }

    #[test]
    fn an_address_may_have_a_port() {
        assert_eq!(client("10.0.0.1", &["192.0.2.1:4711"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["[2001:db8::5]:4711"]), "2001:db8::5");
        assert_eq!(client("10.0.0.1", &["[2001:db8::5]"]), "2001:db8::5");
    }

    #[test]
    fn what_cannot_be_read_is_nobodys_address() {
        for header in ["", "unknown", "192.0.2.1, _hidden", "192.0.2.1, \u{fffd}", "nonsense, 10.0.0.2"] {
            assert_eq!(client("10.0.0.1", &[header]), "0.0.0.0", "{header:?}");
        }
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1", "without the header it is the proxy");
    }
}
