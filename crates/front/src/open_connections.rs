//! How many connections are open, in all and from each network.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::gauge;
use tracing::{info, warn};

use crate::metric_names::HTTP_CONNECTIONS_OPEN;

/// Counts connections of every worker. Its memory is bounded by the connections themselves.
pub(super) struct OpenConnections {
    counts: Mutex<Counts>,
    limit: usize,
    limit_per_network: usize,
    is_full: AtomicBool,
}

#[derive(Default)]
struct Counts {
    total: usize,
    networks: HashMap<IpAddr, usize>,
}

/// A connection that counts until it is dropped.
pub(super) struct Slot {
    open: Arc<OpenConnections>,
    network: Option<IpAddr>,
}

impl OpenConnections {
    /// None is open. At `limit` the server stops accepting by itself; here it is only said in the log.
    pub(super) fn new(limit: usize, limit_per_network: usize) -> Arc<Self> {
        let counts = Mutex::default();
        let is_full = AtomicBool::default();
        Arc::new(Self { counts, limit, limit_per_network, is_full })
    }

    /// Counts a connection; `None` when its network has as many as it may. It is unset for whom that does
    /// not hold: a trusted proxy, which speaks for many, and in development this machine.
    pub(super) fn take(self: &Arc<Self>, network: Option<IpAddr>) -> Option<Slot> {
        let mut counts = self.counts();
        if let Some(network) = network {
            let of_network = counts.networks.entry(network).or_default();
            if *of_network >= self.limit_per_network {
                return None;
            }
            *of_network += 1;
        }
        counts.total += 1;
        let total = counts.total;
        drop(counts);
        gauge!(HTTP_CONNECTIONS_OPEN).increment(1);
        if total >= self.limit && !self.is_full.swap(true, Ordering::Relaxed) {
            warn!(limit = self.limit, "as many connections are open as may be: new ones wait");
        }
        Some(Slot { open: Arc::clone(self), network })
    }

    fn release(&self, network: Option<IpAddr>) {
        let mut counts = self.counts();
        counts.total -= 1;
        if let Some(network) = network
            && let Some(of_network) = counts.networks.get_mut(&network)
        {
            *of_network -= 1;
            if *of_network == 0 {
                counts.networks.remove(&network);
            }
        }
        // A table that an attack made large does not stay so.
        if counts.networks.len() < counts.networks.capacity() / 4 {
            counts.networks.shrink_to_fit();
        }
        let total = counts.total;
        drop(counts);
        gauge!(HTTP_CONNECTIONS_OPEN).decrement(1);
        // Well below it: a log that tells of each connection near the limit tells nothing.
        if total < self.limit - self.limit / 10 && self.is_full.swap(false, Ordering::Relaxed) {
            info!("new connections are let in again");
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.open.release(self.network);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("an address"))
    }

    #[test]
    fn a_network_has_its_share_until_one_of_its_connections_ends() {
        let open = OpenConnections::new(100, 2);
        let first = open.take(ip("2001:db8::")).expect("room");
        let _second = open.take(ip("2001:db8::")).expect("room");
        assert!(open.take(ip("2001:db8::")).is_none());
        assert!(open.take(ip("2001:db8:0:1::")).is_some());
        assert!(open.take(ip("192.0.2.1")).is_some());
        drop(first);
        assert!(open.take(ip("2001:db8::")).is_some());
    }

    #[test]
    fn nothing_is_remembered_of_connections_that_ended() {
        let open = OpenConnections::new(1000, 2);
        let slots: Vec<_> = (0..=255).filter_map(|host| open.take(Some(IpAddr::from([192, 0, 2, host])))).collect();
        assert_eq!(slots.len(), 256);
        assert_eq!(open.counts().networks.len(), 256);
        drop(slots);
        assert_eq!(open.counts().total, 0);
        assert!(open.counts().networks.is_empty());
        assert!(open.counts().networks.capacity() < 16);
    }

    #[test]
    fn who_is_not_named_has_no_share_and_no_address_exempts() {
        let open = OpenConnections::new(100, 1);
        let unnamed: Vec<_> = [None, None].map(|client| open.take(client)).into();
        assert!(unnamed.iter().all(Option::is_some));
        let _first = open.take(ip("127.0.0.1")).expect("room");
        assert!(open.take(ip("127.0.0.1")).is_none());
    }
}
