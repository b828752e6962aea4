//! Messages to devices, up to the bytes of a frame, and from the bytes of a frame to the messages of devices.

use actix_codec::Encoder;
use actix_http::ws::{Codec, Message};
use actix_web::web::BytesMut;
use criterion::Criterion;
use jiff::Timestamp;
use twostep::fuzzing::read_frames;
use twostep::websocket_protocol::message::{DeviceMessage, ServerMessage};
use uuid::Uuid;

use super::samples::{code, issued};

pub fn measure(criterion: &mut Criterion) {
    let issued = issued();
    let (code, now) = (code(&issued), Timestamp::now());
    criterion.bench_function("message/code to text", |bencher| {
        bencher.iter(|| ServerMessage::code(&issued, &code, now).to_text());
    });
    let text = ServerMessage::code(&issued, &code, now).to_text();
    let (mut codec, mut bytes) = (Codec::new(), BytesMut::with_capacity(4096));
    criterion.bench_function("frame/encode code", |bencher| {
        bencher.iter(|| {
            bytes.clear();
            codec.encode(Message::Text(text.as_str().into()), &mut bytes).is_ok()
        });
    });
    let receipt = format!(r#"{{"type":"receipt","challenge_id":"{}","generation":1,"shown":true}}"#, Uuid::now_v7());
    criterion.bench_function("message/parse receipt", |bencher| {
        bencher.iter(|| DeviceMessage::parse(&receipt).is_ok());
    });
    let wire = masked(receipt.as_bytes());
    assert_eq!(read_frames(&wire), 1, "a frame is not read");
    criterion.bench_function("frame/decode receipt", |bencher| bencher.iter(|| read_frames(&wire)));
}

/// A text frame as a client sends it (RFC 6455 section 5.2).
fn masked(payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [1, 2, 3, 4];
    let length = u8::try_from(payload.len()).ok().filter(|length| *length < 126).expect("a short message");
    let mut frame = vec![0x81, 0x80 | length];
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}
