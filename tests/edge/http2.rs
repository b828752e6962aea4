//! HTTP/2, and what one connection may ask for.

use bytes::Bytes;
use h2::client::SendRequest;
use http::Request;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::tls::Files;
use crate::support::client::{Client, DEADLINE, Install};
use crate::support::gateway::TestGateway;

/// Kinds of frames, a flag, and error codes (RFC 9113 sections 6 and 7).
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_HEADERS: u8 = 4;
const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u32 = 11;

/// The end of a connection, as the client saw it.
type End = tokio::task::JoinHandle<Result<(), h2::Error>>;

/// A connection that was set up: the gateway's settings are known.
async fn connect(gateway: &TestGateway, files: &Files) -> (SendRequest<Bytes>, End) {
    let stream: TlsStream<TcpStream> = files.open(gateway, b"h2").await.expect("a handshake");
    let (send, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
    let end = tokio::spawn(connection);
    let mut send = send.ready().await.expect("ready");
    assert_eq!(status(&mut send, ask()).await, 200);
    (send, end)
}

fn ask() -> Request<()> {
    Request::get("https://localhost/v1/client-ip").body(()).expect("a request")
}

async fn status(send: &mut SendRequest<Bytes>, request: Request<()>) -> u16 {
    let (response, _) = send.send_request(request, true).expect("sent");
    tokio::time::timeout(DEADLINE, response).await.expect("in time").expect("an answer").status().as_u16()
}

fn trusting(files: &Files) -> reqwest::Client {
    let certificate = reqwest::Certificate::from_pem(files.pem.as_bytes()).expect("a certificate");
    reqwest::Client::builder().tls_certs_only([certificate]).build().expect("a client")
}

#[actix_web::test]
async fn calls_are_answered_over_http2() {
    let files = Files::new();
    let gateway = TestGateway::start_with(|settings| files.set(settings)).await;
    let client = trusting(&files);
    let page = client.get(gateway.url()).send().await.expect("an answer");
    assert_eq!((page.version(), page.status().as_u16()), (http::Version::HTTP_2, 200));
    assert!(page.headers().contains_key("date") && page.headers().contains_key("content-security-policy"));
    assert!(page.text().await.expect("a body").contains("<!doctype html>"));
    let body = serde_json::json!({ "password": "x".repeat(64) });
    let strength = client.post(format!("{}/v1/password-strength", gateway.url())).json(&body).send().await;
    let strength = strength.expect("an answer");
    assert_eq!(strength.version(), http::Version::HTTP_2);
    assert!(strength.json::<Value>().await.expect("JSON")["score"].is_number());
    let large = client.post(format!("{}/v1/sign-in", gateway.url())).body("x".repeat(40_000));
    let large = large.header("content-type", "application/json").send().await.expect("an answer");
    assert_eq!(large.status(), 413);
    gateway.stop().await;
}

#[actix_web::test]
async fn streams_and_heads_are_bounded_and_no_websocket_is_offered() {
    let files = Files::new();
    let gateway = TestGateway::start_with(|settings| files.set(settings)).await;
    let (mut send, _end) = connect(&gateway, &files).await;
    assert_eq!(send.current_max_send_streams(), 100);
    assert!(!send.is_extended_connect_protocol_enabled());
    let mut large = ask();
    let filler = "x".repeat(20 * 1024).parse().expect("a value");
    large.headers_mut().insert("x-filler", filler);
    assert_eq!(status(&mut send, large).await, 431);
    assert_eq!(status(&mut send, ask()).await, 200);
    // 8 KiB as RFC 9113 section 6.5.2 counts them: names, values, and 32 bytes for each field.
    for (fields, bytes, expected) in
        [(1, 7 * 1024, 200), (1, 9 * 1024, 431), (90, 10, 200), (90, 80, 431), (120, 1, 431)]
    {
        let mut request = ask();
        for number in 0..fields {
            let name: http::HeaderName = format!("x-{number}").parse().expect("a name");
            request.headers_mut().insert(name, "x".repeat(bytes).parse().expect("a value"));
        }
        assert_eq!(status(&mut send, request).await, expected, "{fields} fields of {bytes} bytes");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn a_live_state_is_streamed_over_http2() {
    let files = Files::new();
    let gateway = TestGateway::start_with(|settings| files.set(settings)).await;
    let client = Client::trusting(&gateway.url(), &files.pem);
    client.new_protected_account("anna@example.com").await;
    let challenge = client.begin_sign_in("anna@example.com", &Install::new("Second")).await;
    let url = format!("{}{}", gateway.url(), challenge.path("/events"));
    let mut events = trusting(&files).get(url).bearer_auth(&challenge.token).send().await.expect("an answer");
    assert_eq!((events.version(), events.status().as_u16()), (http::Version::HTTP_2, 200));
    let first =
        tokio::time::timeout(DEADLINE, events.chunk()).await.expect("in time").expect("read").expect("an event");
    assert!(String::from_utf8_lossy(&first).contains("data: "));
    drop(events);
    gateway.stop().await;
}

/// A frame (RFC 9113 section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The error of the `GOAWAY` frame that ends the connection.
async fn goodbye(stream: &mut TlsStream<TcpStream>) -> u32 {
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.expect("a frame");
        let mut payload = vec![0; usize::from(u16::from_be_bytes([head[1], head[2]]))];
        stream.read_exact(&mut payload).await.expect("a payload");
        if head[3] == GOAWAY {
            return u32::from_be_bytes(payload[4..8].try_into().expect("an error code"));
        }
    }
}

/// CVE-2023-44487: requests that are taken back at once cost the gateway more than their sender.
#[actix_web::test]
async fn a_rapid_reset_ends_the_connection_and_others_go_on() {
    let files = Files::new();
    let gateway = TestGateway::start_with(|settings| files.set(settings)).await;
    let mut stream = files.open(&gateway, b"h2").await.expect("a handshake");
    let mut flood = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &frame(SETTINGS, 0, 0, &[])].concat();
    for stream in (1..2000).step_by(2) {
        flood.extend(frame(HEADERS, END_HEADERS, stream, b"\x82\x87\x84\x41\x09localhost"));
        flood.extend(frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes()));
    }
    stream.write_all(&flood).await.expect("sent");
    let error = tokio::time::timeout(DEADLINE, goodbye(&mut stream)).await.expect("in time");
    assert_eq!(error, ENHANCE_YOUR_CALM);
    let client = Client::trusting(&gateway.url(), &files.pem);
    client.send(reqwest::Method::GET, "/v1/client-ip", None, None).await.expect(200);
    gateway.stop().await;
}

/// A request whose body does not come; its head names one large field often, which HPACK sends once.
fn half_a_request() -> Request<()> {
    let mut request = Request::post("https://localhost/v1/sign-in").body(()).expect("a request");
    let headers = request.headers_mut();
    headers.insert("content-type", "application/json".parse().expect("a value"));
    headers.insert("x-filler", "x".repeat(3000).parse().expect("a value"));
    request
}

/// The error of a request that was refused already.
fn refusal(answer: &mut h2::client::ResponseFuture) -> Option<Option<h2::Reason>> {
    match futures_util::FutureExt::now_or_never(answer)? {
        Err(error) => Some(error.reason()),
        Ok(answer) => panic!("answered with {}", answer.status()),
    }
}

/// 3 KB of a field cost their sender a byte from the second time on, and the gateway all of it for each request that waits.
#[actix_web::test]
async fn requests_that_find_no_memory_are_refused_as_not_begun_and_others_go_on() {
    let files = Files::new();
    let gateway = TestGateway::start_with(|settings| {
        files.set(settings);
        settings.http.max_request_memory_per_connection = 1 << 20;
    })
    .await;
    let (mut send, _end) = connect(&gateway, &files).await;
    let mut waiting: Vec<_> = (0..80).map(|_| send.send_request(half_a_request(), false).expect("sent")).collect();
    // Requests are taken in their order: what comes of this one comes after what came of the others.
    let (last, _) = send.send_request(ask(), true).expect("sent");
    let last = tokio::time::timeout(DEADLINE, last).await.expect("in time");
    assert_eq!(last.err().and_then(|error| error.reason()), Some(h2::Reason::REFUSED_STREAM));
    let refused: Vec<_> = waiting.iter_mut().filter_map(|(answer, _)| refusal(answer)).collect();
    assert!(refused.iter().all(|reason| *reason == Some(h2::Reason::REFUSED_STREAM)), "{refused:?}");
    let held = waiting.len() - refused.len();
    assert!((10..60).contains(&held), "{held} are held by a connection that may hold a megabyte");

    let (mut other, _other_end) = connect(&gateway, &files).await;
    assert_eq!(status(&mut other, ask()).await, 200);
    drop(waiting);
    let deadline = std::time::Instant::now() + DEADLINE;
    loop {
        let (answer, _) = send.send_request(ask(), true).expect("sent");
        match tokio::time::timeout(DEADLINE, answer).await.expect("in time") {
            Ok(answer) => break assert_eq!(answer.status().as_u16(), 200),
            Err(error) => assert_eq!(error.reason(), Some(h2::Reason::REFUSED_STREAM)),
        }
        assert!(std::time::Instant::now() < deadline, "what was taken back makes no room");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn the_requests_of_a_network_share_their_memory_and_those_that_wait_give_way() {
    let files = Files::new();
    let gateway = TestGateway::start_with(|settings| {
        files.set(settings);
        settings.http.max_request_memory_per_network = 2 << 20;
        settings.http.body_timeout_ms = 60_000;
    })
    .await;
    let (mut held, mut gone, mut lines) = (0, 0, Vec::new());
    for _ in 0..4 {
        let (mut send, end) = connect(&gateway, &files).await;
        let waiting: Vec<_> = (0..50).map(|_| send.send_request(half_a_request(), false).expect("sent")).collect();
        // It comes when all of these are held, and finds room.
        assert_eq!(status(&mut send, ask()).await, 200);
        lines.push((send, end, waiting));
    }
    for (_, _, waiting) in &mut lines {
        let refused: Vec<_> = waiting.iter_mut().filter_map(|(answer, _)| refusal(answer)).collect();
        assert!(refused.iter().all(|reason| *reason == Some(h2::Reason::ENHANCE_YOUR_CALM)), "{refused:?}");
        (held, gone) = (held + waiting.len() - refused.len(), gone + refused.len());
    }
    assert!(gone > 0 && (30..110).contains(&held), "{held} are held by a network that may hold two megabytes");
    let (_, _, oldest) = &mut lines[0];
    assert!(oldest.iter_mut().all(|(answer, _)| refusal(answer).is_some()), "the longest wait ends first");
    let mut probe = connect(&gateway, &files).await;
    assert_eq!(status(&mut probe.0, ask()).await, 200, "the same network");
    drop(lines);
    gateway.stop().await;
}

/// What a browser, or a proxy that bundles its clients, has under way at once.
#[actix_web::test]
async fn a_hundred_usual_requests_at_once_are_answered() {
    let files = Files::new();
    let gateway = TestGateway::start_with(|settings| files.set(settings)).await;
    let (mut send, _end) = connect(&gateway, &files).await;
    let mut answers = Vec::new();
    for _ in 0..100 {
        let mut request = ask();
        for number in 0..25 {
            let name: http::HeaderName = format!("x-{number}").parse().expect("a name");
            request.headers_mut().insert(name, "x".repeat(80).parse().expect("a value"));
        }
        send = send.ready().await.expect("ready");
        answers.push(send.send_request(request, true).expect("sent").0);
    }
    for answer in answers {
        assert_eq!(tokio::time::timeout(DEADLINE, answer).await.expect("in time").expect("an answer").status(), 200);
    }
    gateway.stop().await;
}
