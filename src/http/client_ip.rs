//! Whose address a request comes from, behind reverse proxies too.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Once;

use ipnet::IpNet;
use tracing::warn;

/// The client's address: the peer's, unless the peer is a trusted proxy. Then it is the last address in `X-Forwarded-For` that
/// is no trusted proxy: each proxy appends the address of who came to it, so what stands before an untrusted one may be made up.
///
/// Where that cannot be read it is `0.0.0.0`, one network for all who come so: never the proxy's own, which may be this machine.
#[must_use]
pub(super) fn client_ip<'a>(
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

/// Says once that a proxy on this machine is not listed: limits do not hold for this machine, so they would for nobody behind it.
pub(super) fn warn_of_unlisted_proxy(peer: IpAddr, speaks_for_another: bool, trusted: &[IpNet]) {
    static SAID: Once = Once::new();
    if is_unlisted_proxy(peer.to_canonical(), speaks_for_another, trusted) {
        SAID.call_once(|| {
            warn!("a request from this machine carries X-Forwarded-For, but http.trusted_proxies does not list 127.0.0.1 or ::1: if a proxy runs here, no limit holds for anybody behind it until it is listed");
        });
    }
}

fn is_unlisted_proxy(peer: IpAddr, speaks_for_another: bool, trusted: &[IpNet]) -> bool {
    speaks_for_another && peer.is_loopback() && !is_trusted(peer, trusted)
}

/// Whether this is the address of a trusted proxy.
pub(super) fn is_trusted(ip: IpAddr, trusted: &[IpNet]) -> bool {
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
    use super::*;

    fn client(peer: &str, forwarded_for: &[&str]) -> String {
        let trusted = ["10.0.0.0/8", "::1/128"].map(|text| text.parse().expect("a network"));
        client_ip(peer.parse().expect("an address"), forwarded_for.iter().copied(), &trusted).to_string()
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
