//! RFC 6455, rule by rule, as the cases of a conformance suite go: frames that must be taken, and frames that must fail the
//! connection with 1002. misuse.rs has what the protocol on top forbids.

use crate::support::client::SignedIn;
use crate::support::gateway::TestGateway;
use crate::support::raw_socket::{CLOSE, ENDS, Frame, GOES_ON, PING, PONG, RawSocket, TEXT, TEXT_BEGINS, frame};

/// Asks for an answer.
const ASK: &[u8] = br#"{"type":"ping"}"#;
const ANSWER: &[u8] = br#"{"type":"pong"}"#;

/// A gateway, and who may connect.
struct Scene {
    gateway: TestGateway,
    device: SignedIn,
}

impl Scene {
    async fn new() -> Self {
        let gateway = TestGateway::start().await;
        let device = gateway.client().new_protected_account("anna@example.com").await;
        Self { gateway, device }
    }

    async fn socket(&self) -> RawSocket {
        RawSocket::connect(&self.gateway.url(), &self.device.access_token).await
    }

    /// The code that a new connection is closed with after these bytes.
    async fn close_code(&self, bytes: &[u8]) -> u16 {
        let mut socket = self.socket().await;
        socket.send_bytes(bytes).await;
        socket.close_code().await
    }
}

async fn expect(socket: &mut RawSocket, first: u8, payload: &[u8]) {
    let expected = Frame { first, payload: payload.to_vec() };
    assert_eq!(socket.frame().await, Some(expected));
}

/// Section 5.2: heads.
#[actix_web::test]
async fn heads_that_break_the_rules_fail_the_connection() {
    let scene = Scene::new().await;
    for bit in [0x40, 0x20, 0x10] {
        assert_eq!(scene.close_code(&frame(TEXT | bit, ASK)).await, 1002, "reserved bit {bit:#x}");
        assert_eq!(scene.close_code(&frame(PING | bit, b"")).await, 1002, "reserved bit {bit:#x} of a ping");
    }
    for kind in (0x3..=0x7).chain(0xb..=0xf) {
        assert_eq!(scene.close_code(&frame(0x80 | kind, b"")).await, 1002, "reserved kind {kind:#x}");
    }
    let unmasked = [&[TEXT, ASK.len() as u8][..], ASK].concat();
    assert_eq!(scene.close_code(&unmasked).await, 1002, "without a mask");
    let in_two_bytes = [&[TEXT, 0x80 | 126, 0, ASK.len() as u8, 0, 0, 0, 0][..], ASK].concat();
    assert_eq!(scene.close_code(&in_two_bytes).await, 1002, "a length in two bytes that fits into one");
    let in_eight_bytes = [&[TEXT, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0, ASK.len() as u8, 0, 0, 0, 0][..], ASK].concat();
    assert_eq!(scene.close_code(&in_eight_bytes).await, 1002, "a length in eight bytes that fits into one");
    let negative = [TEXT, 0x80 | 127, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(scene.close_code(&negative).await, 1002, "a length of more than 63 bits");
    scene.gateway.stop().await;
}

/// Section 5.3: payloads are unmasked; and frames may come in any pieces of TCP.
#[actix_web::test]
async fn masked_frames_are_read_whatever_pieces_they_come_in() {
    let scene = Scene::new().await;
    let mut socket = scene.socket().await;
    let key = [0x12, 0x34, 0x56, 0x78];
    let masked: Vec<u8> = ASK.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
    let bytes = [&[TEXT, 0x80 | ASK.len() as u8][..], &key, &masked].concat();
    for byte in &bytes {
        socket.send_bytes(&[*byte]).await;
    }
    expect(&mut socket, TEXT, ANSWER).await;
    socket.send_bytes(&[bytes.clone(), bytes].concat()).await;
    expect(&mut socket, TEXT, ANSWER).await;
    expect(&mut socket, TEXT, ANSWER).await;
    scene.gateway.stop().await;
}

/// Section 5.4: fragments, with control frames between them.
#[actix_web::test]
async fn a_message_may_come_in_fragments_of_any_size() {
    let scene = Scene::new().await;
    let mut socket = scene.socket().await;
    socket.send(TEXT_BEGINS, b"").await;
    for byte in ASK {
        socket.send(GOES_ON, &[*byte]).await;
    }
    socket.send(PONG, b"nobody asked").await;
    socket.send(PING, b"between").await;
    socket.send(ENDS, b"").await;
    expect(&mut socket, PONG, b"between").await;
    expect(&mut socket, TEXT, ANSWER).await;
    assert_eq!(scene.close_code(&frame(ENDS, ASK)).await, 1002, "an end without a beginning");
    let two = [frame(TEXT, ASK), frame(GOES_ON, b"")].concat();
    assert_eq!(scene.close_code(&two).await, 1002, "more after the end");
    scene.gateway.stop().await;
}

/// Section 5.5: control frames are short and whole.
#[actix_web::test]
async fn control_frames_have_up_to_125_bytes_and_no_fragments() {
    let scene = Scene::new().await;
    let mut socket = scene.socket().await;
    for length in [0, 1, 125] {
        let payload = vec![0xff; length];
        socket.send(PING, &payload).await;
        expect(&mut socket, PONG, &payload).await;
    }
    for kind in [PING, PONG, CLOSE] {
        let long = [&1000u16.to_be_bytes()[..], &[b'x'; 124]].concat();
        assert_eq!(scene.close_code(&frame(kind, &long)).await, 1002, "{kind:#x} of 126 bytes");
        assert_eq!(scene.close_code(&frame(kind & 0x0f, b"")).await, 1002, "a fragment of {kind:#x}");
    }
    scene.gateway.stop().await;
}

/// Sections 5.5.1 and 7.4: what a close frame may hold, and that it is answered with the same code.
#[actix_web::test]
async fn a_close_is_answered_in_kind() {
    let scene = Scene::new().await;
    let close = |code: u16, reason: &[u8]| frame(CLOSE, &[&code.to_be_bytes()[..], reason].concat());
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        assert_eq!(scene.close_code(&close(code, "bye, árvíztűrő".as_bytes())).await, code);
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
        assert_eq!(scene.close_code(&close(code, b"")).await, 1002, "{code}");
    }
    assert_eq!(scene.close_code(&frame(CLOSE, &[3])).await, 1002, "half a code");
    assert_eq!(scene.close_code(&close(1000, b"\xce\xba\xff")).await, 1002, "a reason that is not UTF-8");
    let mut socket = scene.socket().await;
    socket.send(CLOSE, b"").await;
    expect(&mut socket, CLOSE, b"").await;
    socket.end().await;
    let mut socket = scene.socket().await;
    socket.send_bytes(&[close(1000, b""), frame(TEXT, ASK), frame(PING, b"late")].concat()).await;
    expect(&mut socket, CLOSE, &1000u16.to_be_bytes()).await;
    assert_eq!(socket.frame().await, None, "an answer to what came after the close");
    scene.gateway.stop().await;
}

/// Section 8.1. A message that is not UTF-8 is refused when it is whole: it has 4 KiB at most.
#[actix_web::test]
async fn text_is_utf_8_and_may_be_cut_within_a_character() {
    let scene = Scene::new().await;
    let text = r#"{"type":"refresh","access_token":"€𝄞"}"#.as_bytes();
    let (start, end) = text.split_at(text.len() - 4);
    let cut = [frame(TEXT_BEGINS, start), frame(ENDS, end), frame(PING, b"fine")].concat();
    let mut socket = scene.socket().await;
    socket.send_bytes(&cut).await;
    expect(&mut socket, PONG, b"fine").await;
    for broken in [
        &b"\xc3("[..],           // a second byte that is none
        b"\xc0\xaf",             // a slash in two bytes
        b"\xed\xa0\x80",         // half of a surrogate pair
        b"\xf4\x90\x80\x80",     // beyond the last character
        b"\xf8\x88\x80\x80\x80", // five bytes
        b"\xe2\x82",             // the third byte is missing
    ] {
        let text = [&b"{\"type\":\""[..], broken, b"\"}"].concat();
        assert_eq!(scene.close_code(&frame(TEXT, &text)).await, 1007, "{broken:x?}");
        let (start, end) = text.split_at(10);
        let fragments = [frame(TEXT_BEGINS, start), frame(ENDS, end)].concat();
        assert_eq!(scene.close_code(&fragments).await, 1007, "{broken:x?} in fragments");
    }
    scene.gateway.stop().await;
}
