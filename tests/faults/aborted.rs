//! Clients that go away while their request is under way.

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::client::{Challenge, Install};
use crate::support::gateway::TestGateway;

const EMAIL: &str = "anna@example.com";
/// As many as the gateway has connections to its database.
const REQUESTS: usize = 5;

/// The gateway's connections to its database.
async fn connections(gateway: &TestGateway) -> Vec<i32> {
    let sql = "SELECT pid FROM pg_stat_activity
        WHERE application_name = 'twostep' AND datname = current_database() ORDER BY pid";
    let rows = gateway.database.connect().await.query(sql, &[]).await.expect("rows");
    rows.iter().map(|row| row.get(0)).collect()
}

/// Asks for the state of a challenge, and reads no answer.
async fn ask(gateway: &TestGateway, challenge: &Challenge) -> TcpStream {
    let mut line = TcpStream::connect(gateway.app.address()).await.expect("connected");
    let (path, token) = (challenge.path(""), &challenge.token);
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n");
    line.write_all(request.as_bytes()).await.expect("sent");
    line
}

/// Whoever sends requests and resets them must not make the gateway connect to its database again and again.
#[actix_web::test]
async fn requests_that_are_broken_off_cost_no_database_connection() {
    let gateway = TestGateway::start_with(|settings| {
        settings.database.pool_size = REQUESTS;
        // On a busy machine what is held up here takes long, and a connection that does not answer is given up.
        settings.database.deadline_ms = 60_000;
    })
    .await;
    let client = gateway.client();
    client.new_protected_account(EMAIL).await;
    let challenge = client.begin_sign_in(EMAIL, &Install::new("New")).await;
    let mut lock = gateway.database.connect().await;
    let mut before = Vec::new();
    for is_rehearsal in [true, false] {
        let locked = lock.transaction().await.expect("begun");
        locked.batch_execute("LOCK challenges").await.expect("locked");
        let lines = join_all((0..REQUESTS).map(|_| ask(&gateway, &challenge))).await;
        gateway.database.await_blocked(i64::try_from(REQUESTS).expect("few")).await;
        if is_rehearsal {
            before = connections(&gateway).await;
        } else {
            lines.into_iter().for_each(|line| line.set_zero_linger().expect("set"));
            // Answered by the same workers: they have seen the ends by then.
            for _ in 0..100 {
                client.send(reqwest::Method::GET, "/v1/client-ip", None, None).await.expect(200);
            }
        }
        locked.rollback().await.expect("unlocked");
        gateway.database.await_blocked(0).await;
    }
    assert_eq!(before.len(), REQUESTS);
    client.state(&challenge).await;
    assert_eq!(connections(&gateway).await, before);
    gateway.stop().await;
}
