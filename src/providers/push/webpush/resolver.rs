//! Names of push services, resolved: an address that may not be connected to is left out at the moment when the connection is opened,
//! so that a name which leads elsewhere the second time leads nowhere.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::services::PushServices;

/// No address is left.
#[derive(Debug, thiserror::Error)]
#[error("{0} leads to no address that may be connected to (webpush.services)")]
struct NowhereToGo(String);

/// Resolves as the system does, and leaves out what is neither public nor listed.
#[derive(Debug, Clone)]
pub(super) struct GuardedResolver {
    services: Arc<PushServices>,
    /// Proxies that the environment names are the operator's, wherever they are; they look at names themselves.
    proxies: Arc<[String]>,
}

impl GuardedResolver {
    pub(super) fn new(services: Arc<PushServices>, proxies: Vec<String>) -> Self {
        Self { services, proxies: proxies.into() }
    }

    fn kept(&self, name: &str, found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, NowhereToGo> {
        let is_proxy = self.proxies.iter().any(|proxy| proxy.eq_ignore_ascii_case(name));
        let may = |address: &SocketAddr| is_proxy || self.may_connect_to(address.ip());
        let kept: Vec<SocketAddr> = found.filter(may).collect();
        if kept.is_empty() { Err(NowhereToGo(name.to_owned())) } else { Ok(kept) }
    }

    fn may_connect_to(&self, address: IpAddr) -> bool {
        self.services.may_connect_to(address)
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let name = name.as_str();
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(Box::new(resolver.kept(name, found)?.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolver() -> GuardedResolver {
        let list = ["push.example".to_owned(), "10.1.0.0/16".to_owned()];
        GuardedResolver::new(Arc::new(PushServices::parse(&list).expect("services")), vec!["proxy.internal".to_owned()])
    }

    fn kept(name: &str, addresses: &[&str]) -> Option<Vec<String>> {
        let found = addresses.iter().map(|ip| SocketAddr::new(ip.parse().expect("an address"), 0));
        let kept = resolver().kept(name, found).ok()?;
        Some(kept.iter().map(|address| address.ip().to_string()).collect())
    }

    #[test]
    fn a_name_that_leads_inside_the_second_time_leads_nowhere() {
        assert_eq!(
            kept("push.example", &["93.184.216.34", "10.1.0.7"]),
            Some(vec!["93.184.216.34".into(), "10.1.0.7".into()])
        );
        assert_eq!(kept("push.example", &["127.0.0.1", "93.184.216.34"]), Some(vec!["93.184.216.34".into()]));
        for inside in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.2.0.1", "169.254.169.254", "192.168.0.1", "fd00::1"]
        {
            assert_eq!(kept("push.example", &[inside]), None, "{inside}");
        }
        assert_eq!(kept("push.example", &[]), None);
        assert_eq!(kept("Proxy.internal", &["192.168.0.1"]), Some(vec!["192.168.0.1".into()]));
    }
}
