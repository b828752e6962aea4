//! A gateway under test, and the addresses that connections to it come from.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};

use anyhow::{Context, bail};
use tokio::net::{TcpSocket, TcpStream};

/// Where a gateway listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Its address.
    pub(crate) address: SocketAddr,
    /// What the `Host` header says.
    pub(crate) host: String,
}

impl Target {
    /// Reads `http://host:port`.
    ///
    /// # Errors
    /// When it is something else, or the name has no address. The harness speaks no TLS: it measures the gateway, so aim it past
    /// whatever ends TLS in front of it.
    pub(crate) fn parse(url: &str) -> anyhow::Result<Self> {
        let Some(host) = url.trim_end_matches('/').strip_prefix("http://") else {
            bail!("{url} is not http://HOST:PORT; aim the harness past what ends TLS");
        };
        let named = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
        let mut addresses = named.to_socket_addrs().with_context(|| format!("{host} has no address"))?;
        let address = addresses.next().with_context(|| format!("{host} has no address"))?;
        Ok(Self { address, host: host.to_owned() })
    }

    /// A connection, from an address of this machine when one is named.
    ///
    /// # Errors
    /// The system's.
    pub(crate) async fn connect(&self, source: Option<IpAddr>) -> std::io::Result<TcpStream> {
        let stream = self.socket(source)?.connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// A socket that is not connected yet, for those who set it up otherwise.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn socket(&self, source: Option<IpAddr>) -> std::io::Result<TcpSocket> {
        let socket = if self.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(source) = source {
            socket.bind(SocketAddr::new(source, 0))?;
        }
        Ok(socket)
    }
}

/// Addresses to connect from: on one machine each of 127.0.0.2 and up has ports of its own, so that more connections fit than one
/// address has ports. Elsewhere the system chooses.
pub(crate) fn sources(target: &Target, count: u8) -> Vec<Option<IpAddr>> {
    match target.address.ip() {
        IpAddr::V4(address) if address.is_loopback() => {
            (0..count.max(1)).map(|number| Some(Ipv4Addr::new(127, 0, 0, number.saturating_add(2)).into())).collect()
        }
        _ => vec![None],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_port_is_port_80_and_tls_is_refused() {
        assert_eq!(Target::parse("http://127.0.0.1").unwrap().address.port(), 80);
        assert_eq!(Target::parse("http://127.0.0.1:8080/").unwrap().host, "127.0.0.1:8080");
        assert!(Target::parse("https://127.0.0.1").is_err());
    }

    #[test]
    fn on_this_machine_every_source_is_an_address_of_its_own() {
        let here = Target::parse("http://127.0.0.1:1").unwrap();
        assert_eq!(sources(&here, 3).len(), 3);
        let there = Target { address: "192.0.2.1:80".parse().unwrap(), host: String::new() };
        assert_eq!(sources(&there, 3), [None]);
    }
}
