//! More to do than the database can: sign-ins are turned away before they begin, and only as long as that lasts.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};
use tokio_postgres::{Client, Transaction};

use crate::support::client::{Answer, Client as Caller, DEADLINE, Install, PASSWORD};
use crate::support::database::TestDatabase;
use crate::support::gateway::TestGateway;

const ANNA: &str = "anna@example.com";
const BEN: &str = "ben@example.com";
/// Connections of the gateway: all of them wait for Anna's account.
const CONNECTIONS: i64 = 2;

async fn sign_in(caller: &Caller, email: &str) -> Answer {
    caller.sign_in(email, PASSWORD, &Install::new("Phone"), None).await
}

/// Whoever needs Anna's account waits for it, with a connection each.
async fn hold_up(holder: &mut Client) -> Transaction<'_> {
    let held = holder.transaction().await.expect("a transaction");
    held.execute("SELECT FROM accounts WHERE email = 'anna@example.com' FOR UPDATE", &[]).await.expect("held");
    held
}

#[actix_web::test]
async fn who_would_wait_for_too_long_is_told_to_come_back_at_once() {
    let gateway = TestGateway::on(TestDatabase::new().await, |settings| {
        settings.database.pool_size = usize::try_from(CONNECTIONS).expect("a few");
        settings.database.wait_ms = 30_000;
        settings.database.deadline_ms = 60_000;
    })
    .await;
    let caller = gateway.client();
    caller.new_account(ANNA).await;
    caller.new_account(BEN).await;
    let mut holder = gateway.database.connect().await;

    // Loans take long: so long will whoever comes next wait for each who is ahead.
    let held = hold_up(&mut holder).await;
    let slow = join_all((0..CONNECTIONS).map(|_| sign_in(&caller, ANNA)));
    let release = async {
        gateway.database.await_blocked(CONNECTIONS).await;
        sleep(Duration::from_secs(2)).await;
        held.rollback().await.expect("let go");
    };
    let (slow, ()) = tokio::join!(slow, release);
    assert!(slow.iter().all(|answer| answer.status == 200));

    let held = hold_up(&mut holder).await;
    let under_way = join_all((0..12).map(|_| sign_in(&caller, ANNA)));
    let ask = async {
        gateway.database.await_blocked(CONNECTIONS).await;
        let refused = async {
            loop {
                // Who is let in waits behind the others, and makes it longer for the next.
                if let Ok(refused) = timeout(Duration::from_millis(300), sign_in(&caller, BEN)).await {
                    return refused;
                }
            }
        };
        let refused = timeout(DEADLINE, refused).await.expect("somebody is turned away");
        held.rollback().await.expect("let go");
        refused
    };
    let (under_way, refused) = tokio::join!(under_way, ask);
    let after: u64 = refused.headers["retry-after"].to_str().expect("a number").parse().expect("a number");
    assert!((1..=4).contains(&after), "{after}");
    let problem = refused.expect_problem(503, "service_unavailable");
    assert!(problem["detail"].as_str().is_some_and(|said| said.starts_with("Many sign in")), "{problem}");
    let (through, others): (Vec<_>, Vec<_>) = under_way.into_iter().partition(|answer| answer.status == 200);
    assert!(through.len() >= 2, "what was let in goes through");
    others.into_iter().for_each(|answer| drop(answer.expect_problem(503, "service_unavailable")));

    // Nobody waits any more, so nobody is turned away.
    sign_in(&caller, BEN).await.expect(200);
    gateway.stop().await;
}
