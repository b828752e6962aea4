//! A device that reads too slowly, or not at all.

use twostep::bus::{Envelope, News};
use twostep::domain::event::{AccountEvent, AlertKind};
use twostep::domain::value::id::AccountId;
use twostep::telemetry::traces::Trace;

use crate::support::gateway::TestGateway;
use crate::support::raw_socket::RawSocket;

const EMAIL: &str = "anna@example.com";
/// More than the system buffers for one connection: an alert has 250 bytes, and Linux keeps 4 MiB at most to be sent.
const MESSAGES: usize = 20_000;
/// Fewer than the 64 that may wait for a device that does read.
const BATCH: usize = 32;

#[actix_web::test]
async fn a_device_that_does_not_read_is_let_go_and_blocks_nobody() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    let mut screen = client.connect(&first).await;
    let second = client.trust_another(EMAIL, &mut screen, "Second").await;
    screen.sign_in_over().await;
    let mut stuck = RawSocket::connect_narrow(client.base(), &second.access_token).await;

    let database = gateway.database.connect().await;
    let row = database.query_one("SELECT account_id FROM accounts", &[]).await.expect("a row");
    let envelope = Envelope {
        account_id: AccountId::new(row.get(0)),
        news: News::Committed(AccountEvent::SecurityAlert { kind: AlertKind::SignInDenied }),
        trace: Trace::NONE,
    };
    for _ in 0..MESSAGES / BATCH {
        for _ in 0..BATCH {
            gateway.app.directory().route(envelope.clone()).await;
        }
        // The other device gets each one while the stuck one takes none: nobody waits for it.
        for _ in 0..BATCH {
            assert_eq!(screen.next().await["kind"], "sign_in_denied");
        }
    }
    // Once it reads again, it learns why it was let go.
    assert_eq!(stuck.close_code().await, 4002);
    screen.expect_nothing().await;
    gateway.stop().await;
}
