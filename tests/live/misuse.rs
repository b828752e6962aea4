//! What a device must not send, and the close code that it gets (RFC 6455 section 7.4.1).

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::support::client::{Client, SignedIn};
use crate::support::gateway::TestGateway;
use crate::support::raw_socket::{
    BINARY, BINARY_BEGINS, CLOSE, ENDS, GOES_ON, PING, PONG, RESERVED, RawSocket, TEXT, TEXT_BEGINS,
};

/// First bytes and payloads.
type Frames<'a> = &'a [(u8, &'a [u8])];

/// A gateway with a trusted device.
async fn start() -> (TestGateway, Client, SignedIn) {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account("anna@example.com").await;
    (gateway, client, first)
}

/// A valid message of so many bytes: JSON may have any number of spaces.
fn message_of(bytes: usize) -> Vec<u8> {
    let mut message = br#"{"type":"ping"}"#.to_vec();
    message.resize(bytes, b' ');
    message
}

#[actix_web::test]
async fn ping_is_answered_with_pong() {
    let (gateway, client, first) = start().await;
    let mut socket = client.connect(&first).await;
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await, json!({ "type": "pong" }));
    socket.send_frame(Message::Ping("what I sent".into())).await;
    match socket.frame().await {
        Some(Ok(Message::Pong(payload))) => assert_eq!(payload, "what I sent"),
        other => panic!("no pong but {other:?}"),
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn each_misuse_has_its_close_code() {
    let (gateway, client, first) = start().await;
    let too_long = message_of(4097);
    let far_too_long = message_of(60_000);
    let cases: [(u8, &[u8], u16); 12] = [
        (BINARY, b"{}", 1003),
        (BINARY_BEGINS, b"{}", 1003),
        (TEXT, b"\xff\xfe", 1007),
        (TEXT, b"hello", 1007),
        (TEXT, b"", 1007),
        (TEXT, br#"{"type":"dance"}"#, 1007),
        (TEXT, br#"{"type":"ping","more":1}"#, 1007),
        (TEXT, br#"{"type":"receipt","challenge_id":"x","generation":1,"shown":true}"#, 1007),
        (TEXT, &too_long, 1009),
        (TEXT, &far_too_long, 1009),
        (GOES_ON, b"{}", 1002),
        (RESERVED, b"{}", 1002),
    ];
    for (first_byte, payload, code) in cases {
        let mut socket = RawSocket::connect(client.base(), &first.access_token).await;
        socket.send(first_byte, payload).await;
        let shown = String::from_utf8_lossy(&payload[..payload.len().min(80)]).into_owned();
        assert_eq!(socket.close_code().await, code, "{first_byte:#x} {shown}");
    }
    gateway.stop().await;
}

/// The head alone is refused: nothing of such a frame is waited for or kept.
#[actix_web::test]
async fn a_frame_that_says_it_is_huge_is_refused_at_once() {
    let (gateway, client, first) = start().await;
    for length in [4097, 1 << 30, 1 << 62] {
        let mut socket = RawSocket::connect(client.base(), &first.access_token).await;
        socket.send_head(TEXT, length).await;
        assert_eq!(socket.close_code().await, 1009, "{length}");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn fragments_make_one_message_and_control_frames_may_come_between() {
    let (gateway, client, first) = start().await;
    let mut socket = RawSocket::connect(client.base(), &first.access_token).await;
    socket.send(TEXT_BEGINS, br#"{"type":"#).await;
    socket.send(PING, b"between").await;
    socket.send(GOES_ON, b"").await;
    socket.send(ENDS, br#""ping"}"#).await;
    let pong = socket.frame().await.expect("a frame");
    assert_eq!((pong.first, pong.payload.as_slice()), (PONG, b"between".as_slice()));
    let answer = socket.frame().await.expect("a frame");
    assert_eq!((answer.first, answer.payload.as_slice()), (TEXT, br#"{"type":"pong"}"#.as_slice()));
    gateway.stop().await;
}

#[actix_web::test]
async fn the_limit_of_size_holds_for_the_whole_message() {
    let (gateway, client, first) = start().await;
    let whole = message_of(4096);
    let mut socket = RawSocket::connect(client.base(), &first.access_token).await;
    socket.send(TEXT, &whole).await;
    assert_eq!(socket.frame().await.expect("a frame").payload, br#"{"type":"pong"}"#);
    socket.send(TEXT_BEGINS, &whole[..4000]).await;
    socket.send(ENDS, &whole[4000..]).await;
    assert_eq!(socket.frame().await.expect("a frame").payload, br#"{"type":"pong"}"#);

    socket.send(TEXT_BEGINS, &whole[..4000]).await;
    socket.send(GOES_ON, &whole[4000..]).await;
    socket.send(ENDS, b" ").await;
    assert_eq!(socket.close_code().await, 1009);
    gateway.stop().await;
}

#[actix_web::test]
async fn broken_fragments_have_their_close_codes() {
    let (gateway, client, first) = start().await;
    let cases: [(Frames<'_>, u16); 4] = [
        (&[(TEXT_BEGINS, b"{"), (TEXT, br#"{"type":"ping"}"#)], 1002),
        (&[(TEXT_BEGINS, b"{"), (TEXT_BEGINS, b"{")], 1002),
        (&[(TEXT_BEGINS, b"\xc3"), (ENDS, b"(")], 1007),
        (&[(TEXT_BEGINS, b"{"), (BINARY, b"{}")], 1002),
    ];
    for (number, (frames, code)) in cases.into_iter().enumerate() {
        let mut socket = RawSocket::connect(client.base(), &first.access_token).await;
        for (first_byte, payload) in frames {
            socket.send(*first_byte, payload).await;
        }
        assert_eq!(socket.close_code().await, code, "case {number}");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn a_burst_of_messages_is_fine_and_one_more_is_too_many() {
    let (gateway, client, first) = start().await;
    let mut socket = client.connect(&first).await;
    for _ in 0..20 {
        socket.send(json!({ "type": "ping" })).await;
    }
    for _ in 0..20 {
        assert_eq!(socket.next().await["type"], "pong");
    }
    // The allowance grows by one message a second: sent faster than that, it is used up.
    for _ in 0..20 {
        socket.send(json!({ "type": "ping" })).await;
    }
    assert_eq!(socket.close_code().await, 4029);
    gateway.stop().await;
}

/// An answer to each would be work for the gateway that costs its sender nothing.
#[actix_web::test]
async fn pings_and_pongs_are_counted_too() {
    let (gateway, client, first) = start().await;
    for kind in [PING, PONG] {
        let mut socket = RawSocket::connect(client.base(), &first.access_token).await;
        for _ in 0..40 {
            socket.send(kind, b"").await;
        }
        assert_eq!(socket.close_code().await, 4029, "{kind:x}");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn a_close_is_answered_with_the_same_code() {
    let (gateway, client, first) = start().await;
    let mut socket = RawSocket::connect(client.base(), &first.access_token).await;
    socket.send(CLOSE, &1000u16.to_be_bytes()).await;
    assert_eq!(socket.close_code().await, 1000);
    socket.end().await;
    gateway.stop().await;
}
