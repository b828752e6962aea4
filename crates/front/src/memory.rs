//! Memory for requests under way: of a connection, of a network and of the whole node.
//!
//! What a client sends is not what it costs. An entry of HPACK's dynamic table (RFC 7541 section 2.3.2) is named by one byte and kept
//! once for each of a hundred streams; a field without a value takes a place in a table like any other. So each request is counted
//! by what is kept of it, before anything is done with it, until it is answered.
//!
//! A client decides for how long its request waits for the rest of it, or its answer for being read: one that does neither would
//! keep others of its network out. So what waits for its client gives way to what comes, the longest wait first. What the gateway
//! works on never does; where nothing waits and there is no room, what comes is refused.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_http::Extensions;
use actix_web::body::BodySize;
use tokio::sync::Notify;

use crate::metric_names::count_refusal;

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
/// No answer that is made for one request is longer.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// Bytes of an answer that are copied for a client before it has taken the ones before.
pub const PIECE_BYTES: usize = 8 * 1024;

/// Marks an answer, in its extensions, whose body is kept once for all who ask for it and leaves in pieces of [`PIECE_BYTES`].
#[derive(Debug, Clone, Copy)]
pub struct KeptOnce;

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
    networks: HashMap<IpAddr, OfNetwork>,
    /// What waits for its client, by when that began.
    waiting: BTreeMap<u64, Waiting>,
    /// Counts what began to wait.
    began: u64,
}

#[derive(Default)]
struct OfNetwork {
    bytes: usize,
    waiting: BTreeSet<u64>,
}

struct Waiting {
    network: Option<IpAddr>,
    bytes: usize,
    gives_way: Arc<Notify>,
}

/// The memory of a connection.
pub(super) struct ConnectionMemory {
    memory: Arc<Memory>,
    /// `None` for a proxy that speaks for many.
    network: Option<IpAddr>,
    held: Cell<usize>,
}

/// Memory that is held until this is dropped.
pub(super) struct Holding {
    connection: Rc<ConnectionMemory>,
    bytes: Cell<usize>,
    /// When it began to wait for its client, if it does.
    waits_since: Cell<Option<u64>>,
    gives_way: Arc<Notify>,
}

impl Memory {
    pub(super) fn new(bounds: MemoryBounds) -> Arc<Self> {
        Arc::new(Self { bounds, held: Mutex::default() })
    }

    /// The memory of a connection of this network; `None` for a proxy that speaks for many.
    pub(super) fn of_connection(self: &Arc<Self>, network: Option<IpAddr>) -> Rc<ConnectionMemory> {
        Rc::new(ConnectionMemory { memory: Arc::clone(self), network, held: Cell::new(0) })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Takes so many bytes; what waits for its client makes room for them, that of the same network first.
    fn take(&mut self, network: Option<IpAddr>, bytes: usize, bounds: MemoryBounds) -> bool {
        if let Some(network) = network {
            while self.of(network).saturating_add(bytes) > bounds.of_network {
                let first = self.networks.get(&network).and_then(|held| held.waiting.first().copied());
                if !first.is_some_and(|since| self.end_wait(since)) {
                    return false;
                }
            }
        }
        while self.total.saturating_add(bytes) > bounds.of_node {
            let first = self.waiting.keys().next().copied();
            if !first.is_some_and(|since| self.end_wait(since)) {
                return false;
            }
        }
        if let Some(network) = network {
            self.networks.entry(network).or_default().bytes += bytes;
        }
        self.total += bytes;
        true
    }

    fn of(&self, network: IpAddr) -> usize {
        self.networks.get(&network).map_or(0, |held| held.bytes)
    }

    /// Lets one that waits give way. What it holds counts as free at once: its task ends as soon as it has its turn.
    fn end_wait(&mut self, since: u64) -> bool {
        let Some(Waiting { network, bytes, gives_way }) = self.leave(since) else { return false };
        self.give_back(network, bytes);
        gives_way.notify_one();
        count_refusal("request_memory_waiting");
        true
    }

    fn wait(&mut self, since: u64, waiting: Waiting) {
        if let Some(network) = waiting.network {
            self.networks.entry(network).or_default().waiting.insert(since);
        }
        self.waiting.insert(since, waiting);
    }

    fn leave(&mut self, since: u64) -> Option<Waiting> {
        let waiting = self.waiting.remove(&since)?;
        if let Some(held) = waiting.network.and_then(|network| self.networks.get_mut(&network)) {
            held.waiting.remove(&since);
        }
        Some(waiting)
    }

    fn give_back(&mut self, network: Option<IpAddr>, bytes: usize) {
        self.total -= bytes;
        let Some(network) = network else { return };
        if let Some(held) = self.networks.get_mut(&network) {
            held.bytes -= bytes;
            if held.bytes == 0 && held.waiting.is_empty() {
                self.networks.remove(&network);
            }
        }
        // A table that an attack made large does not stay so.
        if self.networks.len() < self.networks.capacity() / 4 {
            self.networks.shrink_to_fit();
        }
    }
}

impl ConnectionMemory {
    /// Holds so many bytes; `None` when there is no room. `gives_way` is notified when it has to give way, see
    /// [`Holding::waits_for_client`].
    pub(super) fn hold(self: &Rc<Self>, bytes: usize, gives_way: &Arc<Notify>) -> Option<Holding> {
        let holding = Holding {
            connection: Rc::clone(self),
            bytes: Cell::new(0),
            waits_since: Cell::new(None),
            gives_way: Arc::clone(gives_way),
        };
        holding.resize(bytes).then_some(holding)
    }
}

impl Holding {
    /// From now on its client decides how long it lasts, and it gives way where there is no room for others.
    pub(super) fn waits_for_client(&self) {
        let Self { connection, gives_way, .. } = self;
        if self.waits_since.get().is_some() || self.bytes.get() == 0 {
            return;
        }
        let mut held = connection.memory.held();
        held.began += 1;
        let since = held.began;
        let network = connection.network;
        let bytes = self.bytes.get();
        held.wait(since, Waiting { network, bytes, gives_way: Arc::clone(gives_way) });
        self.waits_since.set(Some(since));
    }

    /// From now on the gateway works on it.
    pub(super) fn is_worked_on(&self) {
        let Some(since) = self.waits_since.take() else { return };
        if self.connection.memory.held().leave(since).is_none() {
            self.gave_way();
        }
    }

    /// Holds so many bytes from now on. `false` when there is no room for more: then it stays as it is.
    pub(super) fn resize(&self, bytes: usize) -> bool {
        let Self { connection, .. } = self;
        let memory = &connection.memory;
        let of_connection = connection.held.get();
        let mut held = memory.held();
        // It does not give way to itself.
        let mut waiting = None;
        if let Some(since) = self.waits_since.get() {
            waiting = held.leave(since).map(|waiting| (since, waiting));
            if waiting.is_none() {
                self.waits_since.set(None);
                self.gave_way();
                return false;
            }
        }
        let now = self.bytes.get();
        let fits = if bytes > now {
            let more = bytes - now;
            of_connection.saturating_add(more) <= memory.bounds.of_connection
                && held.take(connection.network, more, memory.bounds)
        } else {
            held.give_back(connection.network, now - bytes);
            true
        };
        if fits {
            connection.held.set(of_connection + bytes - now);
            self.bytes.set(bytes);
        }
        if let Some((since, waiting)) = waiting {
            held.wait(since, Waiting { bytes: self.bytes.get(), ..waiting });
        }
        fits
    }

    /// What it held was given back already.
    fn gave_way(&self) {
        self.connection.held.set(self.connection.held.get() - self.bytes.take());
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.is_worked_on();
        self.resize(0);
    }
}

/// What a request costs until it is answered, with as much of its body as may be kept.
pub(super) fn cost_of_request(address: usize, fields: impl Iterator<Item = usize>, body: usize) -> usize {
    let fields = fields.fold(0usize, |sum, field| sum.saturating_add(field).saturating_add(FIELD_BYTES));
    REQUEST_BYTES.saturating_add(address.saturating_mul(ADDRESS_COPIES)).saturating_add(fields).saturating_add(body)
}

/// What an answer costs until it is sent: nothing where it is over with its head.
pub(super) fn cost_of_answer(size: BodySize, extensions: &Extensions) -> usize {
    let most = if extensions.contains::<KeptOnce>() { PIECE_BYTES } else { MAX_ANSWER_BYTES };
    match size {
        BodySize::None | BodySize::Sized(0) => 0,
        BodySize::Sized(length) => ANSWER_BYTES + usize::try_from(length).unwrap_or(usize::MAX).min(most),
        BodySize::Stream => ANSWER_BYTES,
    }
}

#[cfg(test)]
mod tests;
