//! Which push services are pushed to. An endpoint is a stranger's URL: whoever signs in may name any, and the gateway would call it
//! from inside the operator's network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use reqwest::Url;
use url::Host;

use super::super::PushSetupError;
use crate::outbound::is_this_machine;

/// Ports that are not named are this one.
const HTTPS: u16 = 443;

/// Networks of IPv4 that are not the public internet: IANA's registry of special-purpose addresses (RFC 6890), multicast (RFC 5771)
/// and the reserved rest (RFC 1112).
const NOT_PUBLIC: [&str; 15] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];
/// The public addresses of IPv6 (RFC 4291 section 2.4), and what in them is for protocols, documentation (RFC 3849, RFC 9637), or holds
/// an address of IPv4 (6to4, RFC 3056).
const PUBLIC_V6: &str = "2000::/3";
const NOT_PUBLIC_V6: [&str; 4] = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];
/// Addresses of IPv4 as a network without IPv4 sees them (NAT64, RFC 6052).
const NAT64: &str = "64:ff9b::/96";

/// The push services that are called, in the order of the setting.
#[derive(Debug, Clone)]
pub struct PushServices {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    place: Place,
    /// `None` of a network, which says only what may be connected to.
    port: Option<u16>,
}

#[derive(Debug, Clone)]
enum Place {
    Name(String),
    /// All names below this one.
    Below(String),
    Address(IpAddr),
    Network(IpNet),
}

/// An endpoint that may be called.
#[derive(Debug, Clone)]
pub(in crate::providers::push) struct Endpoint {
    pub(in crate::providers::push) url: Url,
    /// The number of the entry that names it.
    pub(in crate::providers::push) entry: usize,
}

/// Why an endpoint is not called. Does not repeat it: whoever knows it can push to the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not a URL with a host.
    #[error("must be a URL")]
    Malformed,
    /// Not https.
    #[error("must be an https URL")]
    NotHttps,
    /// A user name or a password in it, or a fragment.
    #[error("must have no user name, password or fragment")]
    Extras,
    /// Not a listed push service.
    #[error("is not at a push service that this gateway calls (webpush.services)")]
    UnknownService,
}

impl PushServices {
    /// Reads the setting: names (`updates.push.services.mozilla.com`), all names below one (`*.notify.windows.com`), and addresses,
    /// each with a port where that is not 443; and networks that are not public and may be connected to all the same
    /// (`10.1.0.0/16`). A listed address, and `localhost`, may be connected to.
    ///
    /// # Errors
    /// [`PushSetupError::PushService`] names the first that is none of these.
    pub fn parse(list: &[String]) -> Result<Self, PushSetupError> {
        let entries = list.iter().map(|text| {
            let refused = || PushSetupError::PushService { entry: text.clone() };
            Entry::parse(text.trim()).ok_or_else(refused)
        });
        Ok(Self { entries: entries.collect::<Result<_, _>>()? })
    }

    /// Looks whether an endpoint may be called.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub(in crate::providers::push) fn accept(&self, text: &str) -> Result<Endpoint, EndpointError> {
        let url = Url::parse(text).map_err(|_| EndpointError::Malformed)?;
        if url.scheme() != "https" {
            return Err(EndpointError::NotHttps);
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(EndpointError::Extras);
        }
        let host = url.host().ok_or(EndpointError::Malformed)?.to_owned();
        let port = url.port().unwrap_or(HTTPS);
        let entry = self.entries.iter().position(|entry| entry.port == Some(port) && entry.place.is_of(&host));
        Ok(Endpoint { url, entry: entry.ok_or(EndpointError::UnknownService)? })
    }

    /// Whether a connection to this address may be opened: it is public, or listed.
    pub(super) fn may_connect_to(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || self.entries.iter().any(|entry| entry.place.lists(address))
    }

    /// The entries, as they are called in metrics and logs.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.entries.iter().map(|entry| match &entry.place {
            Place::Name(name) => name.clone(),
            Place::Below(name) => format!("*.{name}"),
            Place::Address(address) => address.to_string(),
            Place::Network(network) => network.to_string(),
        })
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        if let Ok(network) = text.parse::<IpNet>() {
            return Some(Self { place: Place::Network(network), port: None });
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Self { place: Place::Address(address.to_canonical()), port: Some(HTTPS) });
        }
        let (below, rest) = text.strip_prefix("*.").map_or((false, text), |rest| (true, rest));
        // As a URL reads it: lower case, IDNA, numbers of hosts, brackets.
        let url = Url::parse(&format!("https://{rest}/")).ok()?;
        let bare = url.path() == "/" && url.query().is_none() && url.username().is_empty() && url.password().is_none();
        let place = match url.host()?.to_owned() {
            Host::Domain(name) if below => Place::Below(name),
            Host::Domain(name) => Place::Name(name),
            Host::Ipv4(_) | Host::Ipv6(_) if below => return None,
            Host::Ipv4(address) => Place::Address(address.into()),
            Host::Ipv6(address) => Place::Address(IpAddr::from(address).to_canonical()),
        };
        (bare && rest.len() < 256).then(|| Self { place, port: Some(url.port().unwrap_or(HTTPS)) })
    }
}

impl Place {
    fn is_of(&self, host: &Host<String>) -> bool {
        match (self, host) {
            (Self::Name(name), Host::Domain(host)) => name == host,
            (Self::Below(name), Host::Domain(host)) => host
                .strip_suffix(name.as_str())
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some_and(|rest| !rest.is_empty()),
            (Self::Address(address), Host::Ipv4(host)) => *address == IpAddr::V4(*host),
            (Self::Address(address), Host::Ipv6(host)) => *address == IpAddr::V6(*host).to_canonical(),
            _ => false,
        }
    }

    fn lists(&self, address: IpAddr) -> bool {
        match self {
            Self::Name(name) => is_this_machine(name) && address.is_loopback(),
            Self::Below(_) => false,
            Self::Address(listed) => *listed == address,
            Self::Network(network) => network.contains(&address),
        }
    }
}

/// Whether an address is of the public internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !NOT_PUBLIC.into_iter().any(|network| contains(network, address.into()))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let address = IpAddr::V6(address);
    if contains(NAT64, address)
        && let IpAddr::V6(embedding) = address
    {
        let [.., a, b, c, d] = embedding.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    contains(PUBLIC_V6, address) && !NOT_PUBLIC_V6.into_iter().any(|network| contains(network, address))
}

fn contains(network: &str, address: IpAddr) -> bool {
    network.parse::<IpNet>().expect("a constant").contains(&address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn services(list: &[&str]) -> PushServices {
        PushServices::parse(&list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).expect("services")
    }

    fn browsers() -> PushServices {
        services(&["updates.push.services.mozilla.com", "*.notify.windows.com", "127.0.0.1:8443"])
    }

    #[test]
    fn endpoints_of_listed_services_are_called_and_no_others() {
        let services = browsers();
        let entry = |text| services.accept(text).map(|endpoint| endpoint.entry);
        assert_eq!(entry("https://updates.push.services.mozilla.com/wpush/v2/x"), Ok(0));
        assert_eq!(entry("https://UPDATES.push.services.mozilla.com:443/wpush/v2/x"), Ok(0));
        assert_eq!(entry("https://wns2-par02p.notify.windows.com/w/?token=x"), Ok(1));
        assert_eq!(entry("https://127.0.0.1:8443/x"), Ok(2));
        assert_eq!(entry("https://[::ffff:127.0.0.1]:8443/x"), Ok(2), "the same address");
        for (text, error) in [
            ("", EndpointError::Malformed),
            ("/x", EndpointError::Malformed),
            ("mailto:a@b.example", EndpointError::NotHttps),
            ("http://updates.push.services.mozilla.com/", EndpointError::NotHttps),
            ("file:///etc/passwd", EndpointError::NotHttps),
            ("https://me@updates.push.services.mozilla.com/", EndpointError::Extras),
            ("https://me:pass@updates.push.services.mozilla.com/", EndpointError::Extras),
            ("https://updates.push.services.mozilla.com/#x", EndpointError::Extras),
            ("https://updates.push.services.mozilla.com@evil.example/", EndpointError::Extras),
            ("https://updates.push.services.mozilla.com:8443/", EndpointError::UnknownService),
            ("https://updates.push.services.mozilla.com:22/", EndpointError::UnknownService),
            ("https://updates.push.services.mozilla.com./", EndpointError::UnknownService),
            ("https://xupdates.push.services.mozilla.com/", EndpointError::UnknownService),
            ("https://updates.push.services.mozilla.com.evil.example/", EndpointError::UnknownService),
            ("https://notify.windows.com/", EndpointError::UnknownService),
            ("https://.notify.windows.com/", EndpointError::UnknownService),
            ("https://evilnotify.windows.com/", EndpointError::UnknownService),
            ("https://127.0.0.1/", EndpointError::UnknownService),
            ("https://[::ffff:127.0.0.1]/", EndpointError::UnknownService),
            ("https://[::1]:8443/", EndpointError::UnknownService),
            ("https://2130706433/", EndpointError::UnknownService),
            ("https://0177.0.0.1/", EndpointError::UnknownService),
            ("https://0x7f000001/", EndpointError::UnknownService),
            ("https://127.1/", EndpointError::UnknownService),
            ("https://localhost/", EndpointError::UnknownService),
            ("https://169.254.169.254/latest/meta-data/", EndpointError::UnknownService),
            ("https://10.0.0.1/", EndpointError::UnknownService),
        ] {
            assert_eq!(entry(text), Err(error), "{text}");
        }
    }

    #[test]
    fn addresses_that_are_not_public_are_not_connected_to_unless_they_are_listed() {
        let listed = services(&["127.0.0.1:8443", "push.shop.example", "10.1.0.0/16", "fd00::/8"]);
        for (address, may) in [
            ("93.184.216.34", true),
            ("2606:2800:220:1::1", true),
            ("64:ff9b::5db8:d822", true),
            ("127.0.0.1", true),
            ("::ffff:127.0.0.1", true),
            ("10.1.2.3", true),
            ("fd00::1", true),
            ("127.0.0.2", false),
            ("10.2.0.1", false),
            ("::ffff:10.2.0.1", false),
            ("64:ff9b::a02:1", false),
            ("172.31.255.255", false),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("255.255.255.255", false),
            ("::1", false),
            ("::", false),
            ("fe80::1", false),
            ("fc00::1", false),
            ("2002:7f00:1::", false),
            ("2001:db8::1", false),
            ("ff02::1", false),
        ] {
            assert_eq!(listed.may_connect_to(address.parse().expect("an address")), may, "{address}");
        }
        assert!(services(&["localhost:8443"]).may_connect_to("127.0.0.1".parse().expect("an address")));
    }

    #[test]
    fn what_is_no_service_is_refused() {
        for text in
            ["", "https://push.example/", "push.example/x", "*.10.0.0.1", "me@push.example", "a b", "push.example:x"]
        {
            assert!(PushServices::parse(&[text.to_owned()]).is_err(), "{text}");
        }
    }
}
