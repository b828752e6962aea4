//! What must hold for whatever a stranger begins a connection with.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_http::HttpMessage;
use actix_web::dev::Payload;
use actix_web::http::header::HeaderValue;
use futures_util::FutureExt;
use tokio::io::{AsyncRead, ReadBuf};

use super::http2_heads::{request_with, response_of};
use super::memory::cost_of_request;
use super::peer::{Claim, Peer};
use super::proxy_header;
use super::turns::Turn;

/// Bytes that come in pieces of one size.
struct Pieces<'a> {
    left: &'a [u8],
    size: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let length = self.size.min(self.left.len()).min(buffer.remaining());
        let (piece, left) = self.left.split_at(length);
        buffer.put_slice(piece);
        self.left = left;
        Poll::Ready(Ok(()))
    }
}

/// The client that a PROXY header names, and how much of the bytes it is.
fn read_header(bytes: &[u8], size: usize) -> Option<(Option<std::net::SocketAddr>, usize)> {
    let mut pieces = Pieces { left: bytes, size: size.max(1) };
    let read = proxy_header::read(&mut pieces).now_or_never().expect("bytes in memory are there at once");
    read.ok().map(|client| (client, bytes.len() - pieces.left.len()))
}

/// How a connection from a proxy begins.
///
/// # Panics
/// When it depends on how the bytes arrive, or on what follows the header, or when a header can be read in two ways.
pub fn proxy_header(bytes: &[u8]) {
    let whole = read_header(bytes, usize::MAX);
    assert_eq!(read_header(bytes, 1), whole, "it depends on how it arrives");
    let Some((client, length)) = whole else { return };
    let header = &bytes[..length];
    for after in [b"".as_slice(), b"\r\n", b"PROXY UNKNOWN\r\n", b"GET / HTTP/1.1\r\n\r\n"] {
        assert_eq!(read_header(&[header, after].concat(), 7), whole, "it depends on what follows");
    }
    for cut in [1, length / 2, length - 1] {
        assert_eq!(read_header(&header[..cut], 7), None, "half a header is taken for one");
    }
    if let Some(client) = client.filter(std::net::SocketAddr::is_ipv4) {
        let line = format!("PROXY TCP4 {} 192.0.2.1 {} 443\r\n", client.ip(), client.port());
        assert_eq!(read_header(line.as_bytes(), 7), Some((Some(client), line.len())), "both versions name it alike");
    }
}

/// Which kind of framing, how large the pieces are, and what arrives on a connection of HTTP/1.1.
///
/// # Panics
/// When the end of what belongs to a request depends on how it arrives, or is elsewhere than RFC 9112 says.
pub fn framing(bytes: &[u8]) {
    let [kind, size, bytes @ ..] = bytes else { return };
    let turn = match kind % 3 {
        0 => Turn::head(),
        1 => Turn::Body(u64::from(*size) + 1),
        _ => Turn::chunked(),
    };
    let size = usize::from(*size).max(1);
    let whole = passed(turn, bytes, usize::MAX);
    assert_eq!(passed(turn, bytes, size), whole, "it depends on how it arrives");
    assert_eq!(passed(turn, bytes, 1), whole, "it depends on how it arrives");
    let (length, is_over) = whole;
    assert!(is_over || length == bytes.len(), "what is not over goes on");
    let expected = match turn {
        Turn::Head(_) => end_of_head(bytes),
        Turn::Body(length) => usize::try_from(length).ok().filter(|length| *length <= bytes.len()),
        // A body that is made here ends where it was made to end, whatever is in it.
        _ => {
            let mut body: Vec<u8> = Vec::new();
            for piece in bytes.chunks(size) {
                body.extend(format!("{:X};{}\r\n", piece.len(), size).as_bytes());
                body.extend_from_slice(piece);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(b"0\r\nA: b\r\n\r\n");
            let followed = [body.as_slice(), b"GET / HTTP/1.1\r\n\r\n"].concat();
            assert_eq!(passed(turn, &followed, size), (body.len(), true), "a chunked body ends elsewhere");
            return;
        }
    };
    assert_eq!(is_over.then_some(length), expected, "it ends elsewhere");
}

/// How many bytes pass, and whether that is all that belongs to it.
fn passed(mut turn: Turn, bytes: &[u8], size: usize) -> (usize, bool) {
    let mut length = 0;
    for piece in bytes.chunks(size.min(bytes.len()).max(1)) {
        let part = turn.pass(piece);
        length += part;
        if part < piece.len() {
            break;
        }
    }
    (length, turn == Turn::Nothing)
}

/// The end of a head, found in another way: the first empty line behind one that is not (RFC 9112 section 2.2).
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let mut end = 0;
    let mut has_begun = false;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        end += line.len();
        let is_empty = line.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
        if line.ends_with(b"\n") && is_empty && has_begun {
            return Some(end);
        }
        has_begun |= !is_empty;
    }
    None
}

/// A method and an address, then lines of fields, as HTTP/2 has them.
///
/// # Panics
/// When a field is lost or changed on its way to actix, or when a request costs less than it holds.
pub fn http2_heads(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let Some((method, address)) = lines.next().and_then(|line| pair(line, b' ')) else { return };
    let mut request = http::Request::builder().method(method).uri(address).version(http::Version::HTTP_2);
    for (name, value) in lines.filter_map(|line| pair(line, b':')) {
        request = request.header(name, value);
    }
    let Ok(request) = request.body(()) else { return };
    let fields = request.headers().clone();
    let authority = request.uri().authority().cloned();
    let lengths: Vec<usize> = fields.iter().map(|(name, value)| name.as_str().len() + value.len()).collect();
    let held: usize = lengths.iter().sum();
    assert!(cost_of_request(address.len(), lengths.into_iter(), 100) >= held + 3 * address.len() + 100);
    let direct = "192.0.2.1:4096".parse().expect("an address");
    let peer = Peer { direct, claim: Claim::Nothing };
    let method = request.method().clone();
    let target = request.uri().path().to_owned();
    let Some(taken) = request_with(request.into_parts().0, Payload::None, peer) else { return };
    assert!(taken.method().as_str() == method.as_str() && taken.path() == target && taken.peer_addr() == Some(direct));
    for name in fields.keys() {
        let sent: Vec<&[u8]> = fields.get_all(name).iter().map(http::HeaderValue::as_bytes).collect();
        let got: Vec<&[u8]> = taken.headers().get_all(name.as_str()).map(HeaderValue::as_bytes).collect();
        let is_host = name == http::header::HOST && authority.is_some();
        assert!(is_host || sent == got, "{name} changed");
    }
    let hosts: Vec<_> = taken.headers().get_all("host").collect();
    if let Some(authority) = authority {
        assert!(hosts.len() == 1 && hosts[0].as_bytes() == authority.as_str().as_bytes(), "two hosts, or another one");
    }
    answer_keeps_to_http2(&taken);
}

/// An answer that says of itself what the request said has nothing that is about a line of HTTP/1.1 (RFC 9113 section 8.2.2).
fn answer_keeps_to_http2(request: &actix_http::Request) {
    let mut answer = actix_http::Response::ok();
    for (name, value) in request.headers() {
        answer.headers_mut().append(name.clone(), value.clone());
    }
    let Some(head) = response_of(answer.head(), actix_web::body::BodySize::Sized(7)) else { return };
    for name in ["connection", "transfer-encoding", "upgrade"] {
        assert!(!head.headers().contains_key(name), "{name} is answered over HTTP/2");
    }
    let lengths: Vec<_> = head.headers().get_all("content-length").iter().collect();
    assert!(lengths.len() == 1 && lengths[0] == "7");
}

fn pair(line: &[u8], between: u8) -> Option<(&str, &str)> {
    let at = line.iter().position(|byte| *byte == between)?;
    let text = |bytes| std::str::from_utf8(bytes).ok();
    Some((text(&line[..at])?, text(&line[at + 1..])?.trim()))
}
