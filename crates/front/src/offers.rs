//! Offers to go on in another protocol (RFC 9110 section 7.8). The gateway takes one: a WebSocket, where devices connect. Every
//! other one is ignored, as the RFC lets a server do, and its request is a request like any other.
//!
//! Clients offer by habit: the JDK's `HttpClient` and `curl --http2` offer h2c with each request, and a proxy that was set up for
//! WebSockets sends `Connection: upgrade` with all of them. actix-http 3.20 takes no more requests from a connection that
//! offered once, and reads no body beside `Upgrade: websocket`. So it does not get to see what is not taken.

/// What stands for the name of an offer that is not taken. As long as what it replaces: nothing else of the head moves.
const IGNORED: &[u8; 7] = b"x-offer";
const UPGRADE: &[u8] = b"upgrade";

/// Takes every offer out of a head, unless it asks for a WebSocket at `websocket_path`.
pub(super) fn ignore_others(head: &mut [u8], websocket_path: &str) {
    if !fields(head).iter().any(|field| field.has_name(head, UPGRADE) || field.has_name(head, b"connection")) {
        return;
    }
    if is_taken(head, websocket_path) {
        return;
    }
    for field in fields(head) {
        if field.has_name(head, UPGRADE) {
            head[field.name_from..field.name_to].copy_from_slice(IGNORED);
        } else if field.has_name(head, b"connection") {
            let mut options = head[field.name_to + 1..field.to].split_mut(|byte| *byte == b',');
            for option in &mut options {
                let from = option.iter().take_while(|byte| is_blank(**byte)).count();
                if option.trim_ascii().eq_ignore_ascii_case(UPGRADE) {
                    option[from..from + UPGRADE.len()].copy_from_slice(IGNORED);
                }
            }
        }
    }
}

/// Whether a head asks for a WebSocket where there is one.
fn is_taken(head: &[u8], websocket_path: &str) -> bool {
    let head_from = head.iter().take_while(|byte| b"\r\n".contains(byte)).count();
    let target = head[head_from..].strip_prefix(b"GET ").and_then(|line| line.strip_prefix(websocket_path.as_bytes()));
    let is_there = target.and_then(<[u8]>::first).is_some_and(|next| b" ?".contains(next));
    let is_websocket = |field: &Field| {
        let protocols = &head[field.name_to + 1..field.to];
        field.has_name(head, UPGRADE) && protocols.trim_ascii().eq_ignore_ascii_case(b"websocket")
    };
    is_there && fields(head).iter().any(is_websocket)
}

/// Where a field is in its head.
struct Field {
    name_from: usize,
    /// The colon.
    name_to: usize,
    to: usize,
}

impl Field {
    fn has_name(&self, head: &[u8], name: &[u8]) -> bool {
        head[self.name_from..self.name_to].eq_ignore_ascii_case(name)
    }
}

/// The fields of a head: its lines with a colon, as the line of the request has no field's name.
fn fields(head: &[u8]) -> Vec<Field> {
    let mut from = 0;
    let lines = head.split_inclusive(|byte| *byte == b'\n');
    let fields = lines.filter_map(|line| {
        let name_from = from;
        from += line.len();
        let name = line.iter().position(|byte| *byte == b':')?;
        Some(Field { name_from, name_to: name_from + name, to: from })
    });
    fields.collect()
}

fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without_offers(head: &str) -> String {
        let mut bytes = head.as_bytes().to_vec();
        ignore_others(&mut bytes, "/v1/connect");
        assert_eq!(bytes.len(), head.len());
        String::from_utf8(bytes).expect("text stays text")
    }

    #[test]
    fn an_offer_that_is_not_taken_is_not_seen() {
        for (offer, seen) in [
            ("Connection: upgrade", "Connection: x-offer"),
            ("connection:Upgrade\r\nUpgrade: h2c", "connection:x-offer\r\nx-offer: h2c"),
            ("Connection: Upgrade, HTTP2-Settings", "Connection: x-offer, HTTP2-Settings"),
            ("Connection: keep-alive ,\tUPGRADE ", "Connection: keep-alive ,\tx-offer "),
            ("Connection: close\nUPGRADE: TLS/1.3, websocket", "Connection: close\nx-offer: TLS/1.3, websocket"),
            ("Connection: not-upgrade, upgrades", "Connection: not-upgrade, upgrades"),
            ("X-Upgrade: upgrade\r\nVia: upgrade", "X-Upgrade: upgrade\r\nVia: upgrade"),
        ] {
            for line in ["GET /v1/connect HTTP/1.1", "POST /v1/sign-in HTTP/1.1", "\r\nGET /upgrade:upgrade HTTP/1.0"] {
                let head = |offer| format!("{line}\r\nHost: x\r\n{offer}\r\nAccept: */*\r\n\r\n");
                assert_eq!(without_offers(&head(offer)), head(seen));
            }
        }
    }

    #[test]
    fn a_websocket_is_taken_where_devices_connect_and_nowhere_else() {
        let head = |line: &str, protocol: &str| {
            format!("{line} HTTP/1.1\r\nHost: x\r\nUpgrade: {protocol}\r\nConnection: keep-alive, Upgrade\r\n\r\n")
        };
        for taken in ["GET /v1/connect", "GET /v1/connect?ticket=x", "\r\nGET /v1/connect"] {
            assert_eq!(without_offers(&head(taken, "WebSocket")), head(taken, "WebSocket"));
            assert!(without_offers(&head(taken, "h2c")).contains("x-offer: h2c"));
        }
        for other in ["POST /v1/connect", "GET /v1/connect/ticket", "GET /v1/connected", "GET /", "HEAD /v1/connect"] {
            assert!(without_offers(&head(other, "websocket")).contains("x-offer: websocket"), "{other}");
        }
    }
}
