//! How many live states of challenges may be watched at once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::SignedDuration;

use crate::domain::value::id::ChallengeId;
use crate::domain::value::network::Network;
use crate::http::problem::Problem;
use crate::telemetry::count_refusal;

/// How soon to ask again for a stream: another one of the same device may be about to end, or many must.
const FEW: SignedDuration = SignedDuration::from_secs(1);
const MANY: SignedDuration = SignedDuration::from_secs(10);

/// The streams of this node.
pub struct Streams {
    bounds: StreamBounds,
    open: Mutex<Open>,
}

/// How many streams there may be on one node.
#[derive(Debug, Clone, Copy)]
pub struct StreamBounds {
    /// Of one challenge: a device needs one, and another while it reconnects.
    pub of_challenge: usize,
    /// From one network.
    pub of_network: usize,
    /// In all.
    pub of_node: usize,
}

#[derive(Default)]
struct Open {
    total: usize,
    challenges: HashMap<ChallengeId, usize>,
    networks: HashMap<Network, usize>,
}

/// One of them; it makes room when it goes.
pub(super) struct Place {
    streams: Arc<Streams>,
    id: ChallengeId,
    network: Option<Network>,
}

impl Streams {
    /// None is open.
    #[must_use]
    pub fn new(bounds: StreamBounds) -> Self {
        Self { bounds, open: Mutex::default() }
    }

    /// Takes a place for a stream of a challenge. `network` is where it comes from; `None` is exempt.
    ///
    /// # Errors
    /// 429 when the challenge, the network or the node has as many as it may.
    pub(super) fn open(self: &Arc<Self>, id: ChallengeId, network: Option<Network>) -> Result<Place, Problem> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_challenge = open.challenges.get(&id).copied().unwrap_or_default();
        let of_network = network.and_then(|network| open.networks.get(&network).copied()).unwrap_or_default();
        let refused = if of_challenge >= self.bounds.of_challenge {
            Some(("challenge_streams", FEW, "As many streams of this challenge are open as may be. Close one."))
        } else if of_network >= self.bounds.of_network {
            Some((
                "network_streams",
                MANY,
                "As many streams are open from your network as may be. Ask for the challenge instead, or wait.",
            ))
        } else if open.total >= self.bounds.of_node {
            Some(("streams", MANY, "As many streams are open as may be. Ask for the challenge instead, or wait."))
        } else {
            None
        };
        if let Some((limit, wait, detail)) = refused {
            count_refusal(limit);
            return Err(Problem::too_many_requests(detail, wait));
        }
        open.total += 1;
        *open.challenges.entry(id).or_default() += 1;
        if let Some(network) = network {
            *open.networks.entry(network).or_default() += 1;
        }
        Ok(Place { streams: Arc::clone(self), id, network })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total -= 1;
        release(&mut open.challenges, self.id);
        if let Some(network) = self.network {
            release(&mut open.networks, network);
        }
    }
}

fn release<Key: Eq + Hash>(counts: &mut HashMap<Key, usize>, key: Key) {
    if let Entry::Occupied(mut count) = counts.entry(key) {
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
    }
    // A table that an attack made large does not stay so.
    if counts.len() < counts.capacity() / 4 {
        counts.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn open(streams: &Arc<Streams>, id: u128, network: Option<&str>) -> Option<Place> {
        let network = network.map(|ip| Network::of(ip.parse().expect("an address")));
        streams.open(ChallengeId::new(Uuid::from_u128(id)), network).ok()
    }

    #[test]
    fn a_challenge_a_network_and_the_node_have_so_many_until_one_ends() {
        let streams = Arc::new(Streams::new(StreamBounds { of_challenge: 2, of_network: 3, of_node: 5 }));
        let mut held: Vec<_> = (0..2).filter_map(|_| open(&streams, 1, Some("192.0.2.1"))).collect();
        assert_eq!(held.len(), 2);
        assert!(open(&streams, 1, Some("192.0.2.1")).is_none() && open(&streams, 1, Some("192.0.2.2")).is_none());
        held.extend(open(&streams, 2, Some("192.0.2.1")));
        assert!(open(&streams, 3, Some("192.0.2.1")).is_none(), "the network has three");
        held.extend([open(&streams, 3, Some("192.0.2.2")), open(&streams, 4, None)].into_iter().flatten());
        assert_eq!(held.len(), 5);
        assert!(
            open(&streams, 5, Some("192.0.2.3")).is_none() && open(&streams, 5, None).is_none(),
            "the node has five"
        );
        held.remove(0);
        assert!(open(&streams, 1, Some("192.0.2.1")).is_some());
        drop(held);
        let open = streams.open.lock().expect("sound");
        assert!(open.total == 0 && open.challenges.is_empty() && open.networks.is_empty());
    }
}
