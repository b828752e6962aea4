//! The PROXY header that a proxy sends before everything else (HAProxy's `doc/proxy-protocol.txt`, versions 1 and 2).
//!
//! Exactly the header is read, so what follows it stays in the socket.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt};

/// How version 2 begins (section 2.2).
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Longest header of version 1, with its line end (section 2.1).
const LONGEST_LINE: usize = 107;
/// The rest of a version 2 header that is looked at: 36 bytes of IPv6 addresses or 216 of Unix ones. Behind it come extensions (section
/// 2.2.5), up to 65,535 bytes in all: a cloud's load balancer names its endpoint there, HAProxy a client's certificate. They are read
/// past in pieces.
const ADDRESSES: usize = 216;

/// Why a header cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum HeaderError {
    /// The line broke.
    #[error("the connection broke in the PROXY header: {0}")]
    Broken(#[from] io::Error),
    /// It is none.
    #[error("the connection does not begin with a PROXY header")]
    Malformed,
}

/// Reads the header. The client's address; `None` where the proxy speaks for itself or does not know (`LOCAL`, `UNKNOWN`).
///
/// # Errors
/// [`HeaderError`] when the stream ends or begins with anything else.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<SocketAddr>, HeaderError> {
    // The shortest header of either version is longer: `PROXY UNKNOWN`, 15 bytes.
    let mut start = [0; SIGNATURE.len()];
    stream.read_exact(&mut start).await?;
    if start == SIGNATURE {
        let mut fixed = [0; 4];
        stream.read_exact(&mut fixed).await?;
        let length = usize::from(u16::from_be_bytes([fixed[2], fixed[3]]));
        let mut rest = [0; ADDRESSES];
        let rest = &mut rest[..length.min(ADDRESSES)];
        stream.read_exact(rest).await?;
        let mut extensions = length - rest.len();
        while extensions > 0 {
            let mut piece = [0; ADDRESSES];
            let piece = &mut piece[..extensions.min(ADDRESSES)];
            stream.read_exact(piece).await?;
            extensions -= piece.len();
        }
        return version_2(fixed[0], fixed[1], rest).ok_or(HeaderError::Malformed);
    }
    let mut line = start.to_vec();
    if !line.starts_with(b"PROXY ") {
        return Err(HeaderError::Malformed);
    }
    while !line.ends_with(b"\r\n") {
        if line.len() == LONGEST_LINE {
            return Err(HeaderError::Malformed);
        }
        line.push(stream.read_u8().await?);
    }
    std::str::from_utf8(&line).ok().and_then(version_1).ok_or(HeaderError::Malformed)
}

/// Outer `None`: malformed. Inner `None`: the proxy does not know.
type Client = Option<Option<SocketAddr>>;

/// `PROXY TCP4 192.0.2.7 192.0.2.1 56324 443\r\n`.
fn version_1(line: &str) -> Client {
    let mut words = line.strip_suffix("\r\n")?.split(' ').skip(1);
    let is_ipv4 = match words.next()? {
        "UNKNOWN" => return Some(None),
        "TCP4" => true,
        "TCP6" => false,
        _ => return None,
    };
    let addresses: [IpAddr; 2] = [words.next()?.parse().ok()?, words.next()?.parse().ok()?];
    let ports: [u16; 2] = [words.next()?.parse().ok()?, words.next()?.parse().ok()?];
    let fits = words.next().is_none() && addresses.iter().all(|ip| ip.is_ipv4() == is_ipv4);
    fits.then(|| Some(SocketAddr::new(addresses[0], ports[0])))
}

/// Version and command, family and transport, and the addresses (section 2.2): the source comes before the destination,
/// and both ports after them.
fn version_2(command: u8, family: u8, rest: &[u8]) -> Client {
    match command {
        0x20 => return Some(None),
        0x21 => {}
        _ => return None,
    }
    let port = |at: usize| Some(u16::from_be_bytes([*rest.get(at)?, *rest.get(at + 1)?]));
    match family {
        0x11 => {
            let source: [u8; 4] = rest.get(..4)?.try_into().ok()?;
            rest.get(..12)?;
            Some(Some(SocketAddr::new(Ipv4Addr::from(source).into(), port(8)?)))
        }
        0x21 => {
            let source: [u8; 16] = rest.get(..16)?.try_into().ok()?;
            rest.get(..36)?;
            Some(Some(SocketAddr::new(Ipv6Addr::from(source).into(), port(32)?)))
        }
        // Unspecified, datagrams, Unix sockets: valid, but no address that tells anybody apart.
        0x00 | 0x12 | 0x22 | 0x31 | 0x32 => Some(None),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn client(mut bytes: &[u8]) -> Result<(Option<String>, usize), String> {
        let client = read(&mut bytes).await.map_err(|error| error.to_string())?;
        Ok((client.map(|client| client.to_string()), bytes.len()))
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_read_on(start in 0usize..3, bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..1200)) {
            let prefix: &[u8] = [b"".as_slice(), b"PROXY ", &SIGNATURE][start];
            let bytes = [prefix, &bytes].concat();
            let mut rest = bytes.as_slice();
            let _ = futures_util::FutureExt::now_or_never(read(&mut rest)).expect("bytes in memory are there at once");
            proptest::prop_assert!(bytes.len() - rest.len() <= SIGNATURE.len() + 4 + usize::from(u16::MAX));
        }
    }

    fn of_version_2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).expect("short").to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, rest, b"GET /"].concat()
    }

    #[tokio::test]
    async fn a_header_tells_the_client_and_what_follows_stays() {
        let line = b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\nGET /";
        assert_eq!(client(line).await, Ok((Some("192.0.2.7:56324".to_owned()), 5)));
        let line = b"PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\nGET /";
        assert_eq!(client(line).await, Ok((Some("[2001:db8::7]:56324".to_owned()), 5)));
        let ipv4 = [192, 0, 2, 7, 198, 51, 100, 1, 0xdc, 4, 1, 187];
        let header = of_version_2(0x21, 0x11, &ipv4);
        assert_eq!(client(&header).await, Ok((Some("192.0.2.7:56324".to_owned()), 5)));
        let with_extensions = [&ipv4[..], &[3, 0, 4, 1, 2, 3, 4]].concat();
        assert_eq!(
            client(&of_version_2(0x21, 0x11, &with_extensions)).await,
            Ok((Some("192.0.2.7:56324".to_owned()), 5))
        );
        for extensions in [500, 1000, 65_000] {
            let long = [&ipv4[..], &vec![3; extensions]].concat();
            let header = of_version_2(0x21, 0x11, &long);
            assert_eq!(client(&header).await, Ok((Some("192.0.2.7:56324".to_owned()), 5)), "{extensions}");
        }
        let mut ipv6 = [0; 36];
        ipv6[..4].copy_from_slice(&[0x20, 1, 0xd, 0xb8]);
        ipv6[15] = 7;
        ipv6[33] = 80;
        assert_eq!(client(&of_version_2(0x21, 0x21, &ipv6)).await, Ok((Some("[2001:db8::7]:80".to_owned()), 5)));
    }

    #[tokio::test]
    async fn a_proxy_may_speak_for_itself() {
        for header in [b"PROXY UNKNOWN\r\nGET /".to_vec(), b"PROXY UNKNOWN ffff:: ffff:: 1 2\r\nGET /".to_vec()] {
            assert_eq!(client(&header).await, Ok((None, 5)));
        }
        assert_eq!(client(&of_version_2(0x20, 0, &[])).await, Ok((None, 5)));
        assert_eq!(client(&of_version_2(0x21, 0x31, &[0; 216])).await, Ok((None, 5)));
    }

    #[tokio::test]
    async fn anything_else_is_refused_within_the_bounds() {
        let endless = [b"PROXY TCP4 ".as_slice(), &[b'1'; 500]].concat();
        for bytes in [
            b"GET / HTTP/1.1\r\n\r\n".as_slice(),
            b"PROXY TCP4 192.0.2.7 2001:db8::1 1 2\r\n",
            b"PROXY TCP4 192.0.2.7 192.0.2.1 1 65536\r\n",
            b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2 3\r\n",
            b"PROXY TCP4 192.0.2.7\r\n",
            b"PROXY UDP4 192.0.2.7 192.0.2.1 1 2\r\n",
            &endless,
            &of_version_2(0x11, 0x11, &[0; 12]),
            &of_version_2(0x22, 0x11, &[0; 12]),
            &of_version_2(0x21, 0x11, &[0; 11]),
            &of_version_2(0x21, 0x41, &[0; 12]),
            b"PROXY",
        ] {
            assert!(client(bytes).await.is_err(), "{:?}", String::from_utf8_lossy(bytes));
        }
    }
}
