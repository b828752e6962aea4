//! Networks, as limits see them.

use core::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

/// An address as limits see it: an IPv6 host has a whole /64 to itself (RFC 6177).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network of an address: an IPv4 address itself, the /64 of an IPv6 one.
    #[must_use]
    pub fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            ip if ip.is_loopback() => Self(ip),
            IpAddr::V4(ip) => Self(ip.into()),
            IpAddr::V6(ip) => Self(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into()),
        }
    }

    /// Its address: the first one of a /64.
    #[must_use]
    pub fn address(self) -> IpAddr {
        self.0
    }

    /// This machine: a reverse proxy that is not on the list of trusted ones, or somebody who tries things out.
    #[must_use]
    pub fn is_loopback(self) -> bool {
        self.0.is_loopback()
    }
}

/// The network that somebody who may move within it asks from: an IPv4 address itself, the /48 of an IPv6 one, which is what a
/// site is given (RFC 6177 section 2).
#[must_use]
pub fn site(ip: IpAddr) -> IpNet {
    let bits = if ip.to_canonical().is_ipv4() { 32 } else { 48 };
    IpNet::new(ip.to_canonical(), bits).map(|network| network.trunc()).unwrap_or_else(|_| IpNet::from(ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        Network::of(text.parse().expect("an address"))
    }

    #[test]
    fn the_hosts_of_a_64_share_their_waits() {
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_eq!(network("::ffff:127.0.0.1"), network("127.0.0.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
