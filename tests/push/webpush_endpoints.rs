//! An endpoint is a stranger's URL: where the gateway goes, and where it never goes.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use twostep::domain::delivery::push_address::PushKeys;
use twostep::providers::push::webpush::new_key;
use twostep::providers::push::{
    PushAddress, PushAddressKind, PushContent, PushOutcome, PushProvider, RejectedReason, TransientCause,
    WebPushSettings,
};
use twostep_simulators::{WebPushBehaviour, WebPushFailure, WebPushSimulator};

use super::support::{browser, push, push_service, webpush, webpush_settings};

fn content() -> PushContent {
    PushContent::Wake { title: "Sign-in".to_owned(), body: "Open the app".to_owned() }
}

/// An address with good keys at any endpoint.
fn at(simulator: &WebPushSimulator, endpoint: &str) -> PushAddress {
    let subscription = simulator.subscribe(None);
    let keys = PushKeys::parse(&subscription.p256dh, &subscription.auth).unwrap();
    PushAddress::parse(PushAddressKind::WebPush, None, endpoint, Some(keys)).unwrap()
}

/// The services of browsers are listed here, and the simulator, which all of these lead to in one way or another, is not.
#[tokio::test]
async fn no_connection_is_made_to_what_is_not_listed() {
    let simulator = push_service().await;
    let browsers = twostep::settings::defaults().unwrap().webpush.services;
    let settings = WebPushSettings { services: browsers, ..webpush_settings(&simulator) };
    let client = webpush(&settings, &new_key().unwrap());
    let port = simulator.host().rsplit_once(':').unwrap().1;
    for host in [
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::1]",
        "[::]",
        "0.0.0.0",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0177.0x0.1",
        "127.1",
        "127.0.0.1.",
        "①②⑦.⓪.⓪.①",
        "fcm.googleapis.com@127.0.0.1",
        "fcm.googleapis.com:x@127.0.0.1",
        "fcm.googleapis.com#@127.0.0.1",
        "127.0.0.1\\@fcm.googleapis.com",
        "me@fcm.googleapis.com",
        "fcm.googleapis.com",
        "fcm.googleapis.com.127.0.0.1.nip.io",
    ] {
        for scheme in ["https", "http"] {
            let endpoint = format!("{scheme}://{host}:{port}/push/x");
            if !endpoint.is_ascii() {
                continue;
            }
            let outcome = client.send(&at(&simulator, &endpoint), &push(content()), Timestamp::now()).await;
            assert_eq!(outcome, PushOutcome::Rejected(RejectedReason::UnknownService), "{endpoint}");
        }
    }
    for endpoint in ["ftp://fcm.googleapis.com/x", "fcm.googleapis.com/x", "//fcm.googleapis.com/x", "https:///x"] {
        let outcome = client.send(&at(&simulator, endpoint), &push(content()), Timestamp::now()).await;
        assert_eq!(outcome, PushOutcome::Rejected(RejectedReason::UnknownService), "{endpoint}");
    }
    assert_eq!(simulator.connections(), 0);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (first, second) = (push_service().await, push_service().await);
    let services = vec![first.host().to_owned(), second.host().to_owned()];
    let client = webpush(&WebPushSettings { services, ..webpush_settings(&first) }, &new_key().unwrap());
    let target = second.subscribe(None);
    let subscription = first.subscribe(None);
    let redirect = WebPushFailure::Redirect { location: target.endpoint };
    first.script(&subscription.endpoint, vec![WebPushBehaviour::Fail(redirect)]);
    let outcome = client.send(&browser(&subscription), &push(content()), Timestamp::now()).await;
    assert_eq!(outcome, PushOutcome::Rejected(RejectedReason::Undocumented { status: 307 }));
    assert_eq!((first.connections(), second.connections()), (1, 0));
}

/// A listed name that leads inside the network: nothing is connected to, until the network is listed as well.
#[tokio::test]
async fn a_listed_name_does_not_open_the_inner_network() {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_ascii_lowercase();
    let mut found = tokio::net::lookup_host((host.as_str(), 0)).await.into_iter().flatten();
    let Some(inside) = found.find(|address| address.is_ipv4() && is_inside(address.ip())).map(|address| address.ip())
    else {
        // This machine's name leads nowhere, or to the internet: `webpush::resolver` has the same without a name.
        return;
    };
    let listener = TcpListener::bind(SocketAddr::new(inside, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let simulator = push_service().await;
    let send = async |services: Vec<String>| {
        let settings = WebPushSettings { services, request_timeout_ms: 2_000, ..webpush_settings(&simulator) };
        let endpoint = format!("https://{host}:{port}/push/x");
        let address = at(&simulator, &endpoint);
        webpush(&settings, &new_key().unwrap()).send(&address, &push(content()), Timestamp::now()).await
    };
    let name = format!("{host}:{port}");
    let outcome = send(vec![name.clone()]).await;
    assert_eq!(outcome, PushOutcome::RetryAfter { cause: TransientCause::ConnectionLost, wait: None });
    // Connections come in order: nobody came before this one.
    let marker = TcpStream::connect(SocketAddr::new(inside, port)).await.unwrap();
    let (_, first) = listener.accept().await.unwrap();
    assert_eq!(first, marker.local_addr().unwrap());

    let (_, accepted) = tokio::join!(send(vec![name, format!("{inside}/32")]), async {
        tokio::time::timeout(Duration::from_secs(60), listener.accept()).await
    });
    assert!(accepted.is_ok(), "a listed network is connected to");
}

fn is_inside(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if address.is_private() || address.is_loopback() || address.is_link_local())
}
