//! Which name a request came by. A page of anybody may give its own name the address of this machine (DNS rebinding), and would
//! then read what only somebody at this machine should; but no page chooses the `Host` that its browser sends (Fetch standard section
//! 2.2.2, forbidden request-headers).

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::HOST;
use actix_web::http::uri::Authority;

/// Whether a request names an IP address, `localhost`, or one of `names`, in every place where it names a host (RFC 9112 section
/// 3.2). One that names none, or two, is not known.
pub(in crate::http) fn is_known(request: &HttpRequest, names: &[String]) -> bool {
    let mut headers = request.headers().get_all(HOST);
    let header = headers.next().map(|value| value.to_str().unwrap_or_default());
    if headers.next().is_some() {
        return false;
    }
    // The target of a request to a proxy, and `:authority` in HTTP/2.
    let authority = request.uri().authority().map(Authority::as_str);
    let mut named = [header, authority].into_iter().flatten().peekable();
    named.peek().is_some() && named.all(|named| is_known_name(named, names))
}

fn is_known_name(named: &str, names: &[String]) -> bool {
    let Some(name) = without_port(named) else { return false };
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    let is_address = match name.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(|inner| inner.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6())),
        None => name.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4()),
    };
    is_address || is("localhost") || names.iter().any(|known| is(known))
}

/// The host of `host` or `host:port` (RFC 3986 section 3.2.2); `None` when the port is none.
fn without_port(named: &str) -> Option<&str> {
    let end = named.rfind(']').map_or(0, |at| at + 1);
    let Some(colon) = named[end..].find(':') else { return Some(named) };
    let (name, port) = named.split_at(end + colon);
    port[1..].bytes().all(|byte| byte.is_ascii_digit()).then_some(name)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn addresses_localhost_and_listed_names_are_known_and_no_others() {
        let names = ["gateway.internal".to_owned()];
        for known in [
            "127.0.0.1",
            "127.0.0.1:9090",
            "10.1.2.3:1",
            "[::1]",
            "[::1]:9090",
            "localhost",
            "LocalHost:9090",
            "gateway.internal",
            "Gateway.Internal:80",
        ] {
            assert!(is_known_name(known, &names), "{known}");
        }
        for unknown in [
            "",
            ":9090",
            "evil.example",
            "evil.example:9090",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "evil.example@127.0.0.1",
            "127.0.0.1:9090:evil.example",
            "127.0.0.1:x",
            "::1",
            "[::1",
            "[127.0.0.1]",
            "[::1]evil.example",
            "evil[::1]",
            "gateway.internal.evil.example",
            "xgateway.internal",
            "2130706433",
        ] {
            assert!(!is_known_name(unknown, &names), "{unknown}");
        }
    }

    #[test]
    fn every_place_that_names_a_host_counts() {
        let request = |uri: &str, hosts: &[&str]| {
            let request = TestRequest::with_uri(uri);
            hosts.iter().fold(request, |request, host| request.append_header((HOST, *host))).to_http_request()
        };
        assert!(is_known(&request("/", &["127.0.0.1"]), &[]));
        assert!(is_known(&request("http://127.0.0.1/", &["127.0.0.1"]), &[]));
        for (uri, hosts) in [
            ("/", &[][..]),
            ("/", &["127.0.0.1", "evil.example"]),
            ("/", &["127.0.0.1", "127.0.0.1"]),
            ("http://evil.example/", &["127.0.0.1"]),
            ("http://127.0.0.1/", &["evil.example"]),
        ] {
            assert!(!is_known(&request(uri, hosts), &[]), "{uri} {hosts:?}");
        }
    }
}
