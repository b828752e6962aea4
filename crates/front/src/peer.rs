//! Who is at the other end of a connection, and who says so.

use std::net::SocketAddr;

use actix_web::{HttpMessage, HttpRequest};

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Who opened the TCP connection: the system says so, so nobody can make it up.
    pub direct: SocketAddr,
    /// What its PROXY header said.
    pub claim: Claim,
}

/// What the PROXY header of a connection said. A trusted proxy wrote it; the address in it is a claim all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// There was no PROXY header.
    Nothing,
    /// The connection is passed on for this client.
    Client(SocketAddr),
    /// The proxy opened the connection for itself, or does not know its client (`LOCAL`, `UNKNOWN`).
    ItsOwn,
}

impl Peer {
    /// Whose connection it is: the named client's, otherwise the direct peer's.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        match self.claim {
            Claim::Client(client) => client,
            Claim::Nothing | Claim::ItsOwn => self.direct,
        }
    }

    /// Whether it is a program on this machine that speaks for nobody else, as far as the connection tells.
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        self.claim == Claim::Nothing && self.direct.ip().to_canonical().is_loopback()
    }

    /// The other end of the connection that a request came on; `None` when the request came in another way than through this
    /// listener.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Option<Self> {
        // Connections of HTTP/1.1 carry it once; each request of HTTP/2 carries a copy.
        request.conn_data::<Self>().copied().or_else(|| request.extensions().get::<Self>().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claimed_loopback_address_is_not_this_machine() {
        let direct: SocketAddr = "127.0.0.1:4096".parse().expect("an address");
        let mapped = "[::ffff:127.0.0.1]:4096".parse().expect("an address");
        let peer = |direct, claim| Peer { direct, claim };
        assert!(peer(direct, Claim::Nothing).is_this_machine());
        assert!(peer(mapped, Claim::Nothing).is_this_machine());
        assert!(!peer(direct, Claim::Client(direct)).is_this_machine());
        assert!(!peer(direct, Claim::ItsOwn).is_this_machine());
        let remote = "192.0.2.1:4096".parse().expect("an address");
        assert!(!peer(remote, Claim::Client(direct)).is_this_machine());
    }
}
