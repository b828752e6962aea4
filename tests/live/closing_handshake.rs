//! Who sends the first Close frame waits for the other's before the line ends (RFC 6455 section 7.1.1, design section 5): a client
//! whose line ends first tells its app 1006, whatever code it was sent.

use std::time::{Duration, Instant};

use crate::support::client::{Client, SignedIn};
use crate::support::gateway::TestGateway;
use crate::support::raw_socket::{BINARY, CLOSE, PING, RESERVED, RawSocket, TEXT};

const EMAIL: &str = "anna@example.com";
/// Well within the 2 s that a device has.
const MOMENT: Duration = Duration::from_millis(200);

async fn start() -> (TestGateway, Client, SignedIn) {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let device = client.new_protected_account(EMAIL).await;
    (gateway, client, device)
}

/// Makes the gateway close a connection with each of its codes but 4003 and 4401, which take their time (`live::closing` and
/// `live::heartbeat` see them).
async fn closed_with(client: &Client, device: &SignedIn, code: u16) -> RawSocket {
    let mut socket = RawSocket::connect(client.base(), &device.access_token).await;
    match code {
        1002 => socket.send(RESERVED, b"").await,
        1003 => socket.send(BINARY, b"{}").await,
        1007 => socket.send(TEXT, b"hello").await,
        1009 => socket.send(TEXT, &[b' '; 5000]).await,
        4029 => {
            for _ in 0..40 {
                socket.send(TEXT, br#"{"type":"ping"}"#).await;
            }
        }
        4409 => {
            let mut newer = RawSocket::connect(client.base(), &device.access_token).await;
            newer.send(CLOSE, &1000_u16.to_be_bytes()).await;
            newer.end().await;
        }
        _ => unreachable!("{code} is not among them"),
    }
    assert_eq!(socket.close_code().await, code);
    socket
}

const CODES: [u16; 6] = [1002, 1003, 1007, 1009, 4029, 4409];

#[actix_web::test]
async fn the_line_stays_until_the_device_answers_the_close_frame() {
    let (gateway, client, device) = start().await;
    for code in CODES {
        let mut socket = closed_with(&client, &device, code).await;
        assert!(socket.is_silent_for(MOMENT).await, "{code}: the line ended before the device answered");
        // What was under way when the Close frame came is no answer to it.
        socket.send(PING, b"still here").await;
        socket.send(CLOSE, &code.to_be_bytes()).await;
        assert_eq!(socket.frame().await, None, "{code}");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn who_does_not_answer_a_close_frame_is_not_waited_for_long() {
    let (gateway, client, device) = start().await;
    for code in CODES {
        let mut socket = closed_with(&client, &device, code).await;
        let begun = Instant::now();
        socket.end().await;
        assert!(begun.elapsed() >= Duration::from_millis(1800), "{code}: after {:?}", begun.elapsed());
    }
    gateway.stop().await;
}

/// A device that is removed speaks to nobody any more, however long it talks.
#[actix_web::test]
async fn who_talks_on_after_a_close_frame_is_not_listened_to() {
    let (gateway, client, device) = start().await;
    let mut socket = closed_with(&client, &device, 1003).await;
    let message = [b' '; 4000];
    let mut sent = 0;
    while socket.try_send(TEXT, &message).await {
        sent += message.len();
        assert!(sent < 64 * 1024 * 1024, "there is no end to what is read");
    }
    gateway.stop().await;
}

/// The device ends first: its Close frame is answered, and the line ends without a wait.
#[actix_web::test]
async fn the_close_frame_of_a_device_is_answered_and_the_line_ends() {
    let (gateway, client, device) = start().await;
    for code in [1000_u16, 1001, 4999] {
        let mut socket = RawSocket::connect(client.base(), &device.access_token).await;
        socket.send(CLOSE, &code.to_be_bytes()).await;
        assert_eq!(socket.close_code().await, code);
        assert_eq!(socket.frame().await, None);
    }
    gateway.stop().await;
}
