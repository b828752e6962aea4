//! Memory for requests under way: of a connection, of a network and of the whole node.
//!
//! What a client sends is not what it costs. An entry of HPACK's dynamic table (RFC 7541 section 2.3.2) is named by one byte and kept
//! once for each of a hundred streams; a field without a value takes a place in a table like any other. So each request is counted
//! by what is kept of it, before anything is done with it, until it is answered. What does not fit is refused, and those who have
//! room go on.

use std::cell::Cell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::network::Network;

/// Fields of a request at most; actix-http 3.20 has the same bound for HTTP/1.1.
pub(super) const MAX_FIELDS: usize = 96;
/// What a request costs whatever it says: its task, its places in tables, what handlers hold while they wait. Measured.
const REQUEST_BYTES: usize = 12 * 1024;
/// What each field costs besides its bytes: its places in the tables of `http` and actix, which are up to half empty.
const FIELD_BYTES: usize = 320;
/// The address of a request is kept as it came, as actix knows it, and as its parts.
const ADDRESS_COPIES: usize = 3;
/// What an answer under way costs besides its body.
const ANSWER_BYTES: usize = 4 * 1024;
/// Of the body of an answer no more is in memory for this request alone: longer texts are shared and leave in pieces.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Bytes for requests under way.
#[derive(Debug, Clone, Copy)]
pub struct MemoryBounds {
    /// Of all connections.
    pub of_node: usize,
    /// Of the connections from one network.
    pub of_network: usize,
    /// Of one connection.
    pub of_connection: usize,
}

/// The memory of a node.
pub(super) struct Memory {
    bounds: MemoryBounds,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    total: usize,
    networks: HashMap<Network, usize>,
}

/// The memory of a connection.
pub(super) struct ConnectionMemory {
    memory: Arc<Memory>,
    /// `None` for a proxy that speaks for many.
    network: Option<Network>,
    held: Cell<usize>,
}

/// Memory that is held until this is dropped.
pub(super) struct Holding {
    connection: Rc<ConnectionMemory>,
    bytes: usize,
}

impl Memory {
    pub(super) fn new(bounds: MemoryBounds) -> Arc<Self> {
        Arc::new(Self { bounds, held: Mutex::default() })
    }

    /// The memory of a connection of this client; `None` for a proxy that speaks for many.
    pub(super) fn of_connection(self: &Arc<Self>, client: Option<IpAddr>) -> Rc<ConnectionMemory> {
        Rc::new(ConnectionMemory { memory: Arc::clone(self), network: client.map(Network::of), held: Cell::new(0) })
    }

    fn take(&self, network: Option<Network>, bytes: usize) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.total.saturating_add(bytes) > self.bounds.of_node {
            return false;
        }
        if let Some(network) = network {
            let of_network = held.networks.get(&network).copied().unwrap_or_default();
            if of_network.saturating_add(bytes) > self.bounds.of_network {
                return false;
            }
            held.networks.insert(network, of_network + bytes);
        }
        held.total += bytes;
        true
    }

    fn give_back(&self, network: Option<Network>, bytes: usize) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.total -= bytes;
        let Some(network) = network else { return };
        if let Some(of_network) = held.networks.get_mut(&network) {
            *of_network -= bytes;
            if *of_network == 0 {
                held.networks.remove(&network);
            }
        }
        // A table that an attack made large does not stay so.
        if held.networks.len() < held.networks.capacity() / 4 {
            held.networks.shrink_to_fit();
        }
    }
}

impl ConnectionMemory {
    /// Holds so many bytes; `None` when there is no room.
    pub(super) fn hold(self: &Rc<Self>, bytes: usize) -> Option<Holding> {
        let mut holding = Holding { connection: Rc::clone(self), bytes: 0 };
        holding.resize(bytes).then_some(holding)
    }
}

impl Holding {
    /// Holds so many bytes from now on. `false` when there is no room for more: then it stays as it is.
    pub(super) fn resize(&mut self, bytes: usize) -> bool {
        let Self { connection, bytes: now } = self;
        let (memory, held) = (&connection.memory, connection.held.get());
        if bytes > *now {
            let more = bytes - *now;
            if held.saturating_add(more) > memory.bounds.of_connection || !memory.take(connection.network, more) {
                return false;
            }
            connection.held.set(held + more);
        } else if bytes < *now {
            connection.held.set(held - (*now - bytes));
            memory.give_back(connection.network, *now - bytes);
        }
        *now = bytes;
        true
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.resize(0);
    }
}

/// What a request costs until it is answered, with as much of its body as may be kept.
pub(super) fn cost_of_request(address: usize, fields: impl Iterator<Item = usize>, body: usize) -> usize {
    let fields = fields.fold(0usize, |sum, field| sum.saturating_add(field).saturating_add(FIELD_BYTES));
    REQUEST_BYTES.saturating_add(address.saturating_mul(ADDRESS_COPIES)).saturating_add(fields).saturating_add(body)
}

/// What an answer costs until it is sent. `body` is the length of its body, if that is known.
pub(super) fn cost_of_answer(body: Option<u64>) -> usize {
    let body = body.map_or(0, |length| usize::try_from(length).unwrap_or(usize::MAX));
    ANSWER_BYTES + body.min(MAX_ANSWER_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Arc<Memory> {
        Memory::new(MemoryBounds { of_node: 100, of_network: 50, of_connection: 30 })
    }

    fn client(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("an address"))
    }

    #[test]
    fn a_connection_a_network_and_the_node_have_so_much() {
        let memory = memory();
        let [one, other] = [memory.of_connection(client("192.0.2.1")), memory.of_connection(client("192.0.2.1"))];
        let first = one.hold(30).expect("room");
        assert!(one.hold(1).is_none(), "the connection has thirty");
        let _second = other.hold(20).expect("room");
        assert!(other.hold(1).is_none(), "the network has fifty");
        let elsewhere = memory.of_connection(client("192.0.2.2")).hold(25).expect("room");
        let proxy = memory.of_connection(None);
        let _third = proxy.hold(25).expect("room");
        assert!(proxy.hold(1).is_none(), "the node has a hundred");
        drop((first, elsewhere));
        assert!(other.hold(10).is_some() && proxy.hold(5).is_some());
    }

    #[test]
    fn loopback_and_the_addresses_of_one_network_share() {
        let memory = memory();
        for pair in [["127.0.0.1", "::ffff:127.0.0.1"], ["2001:db8::1", "2001:db8::2"]] {
            let [one, other] = pair.map(|address| memory.of_connection(client(address)));
            let _held = (one.hold(30).expect("room"), other.hold(20).expect("room"));
            assert!(other.hold(10).is_none(), "{pair:?}");
        }
    }

    #[test]
    fn what_is_held_grows_where_there_is_room_and_shrinks_always() {
        let memory = memory();
        let connection = memory.of_connection(client("192.0.2.1"));
        let mut holding = connection.hold(10).expect("room");
        assert!(holding.resize(30) && !holding.resize(31) && holding.resize(5));
        assert_eq!((connection.held.get(), memory.held.lock().expect("sound").total), (5, 5));
        drop(holding);
        let held = memory.held.lock().expect("sound");
        assert!(connection.held.get() == 0 && held.total == 0 && held.networks.is_empty());
    }

    /// A browser or a proxy has a hundred requests of usual size under way, with their bodies, on one connection of the defaults.
    #[test]
    fn a_hundred_usual_requests_fit_into_a_connection() {
        let fields = (0..25).map(|_| 60);
        let without_body = cost_of_request(80, fields.clone(), 0);
        assert!(100 * without_body < 4 << 20, "{without_body}");
        assert!(100 * cost_of_request(80, fields, 2048) < 4 << 20);
    }
}
