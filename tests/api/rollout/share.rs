//! The share over many accounts: what each of them is told as it grows.

use std::collections::HashSet;

use serde_json::json;
use twostep::domain::value::id::AccountId;
use twostep::store;

use super::set;
use crate::support::database::TestDatabase;
use crate::support::gateway::TestGateway;

const ACCOUNTS: u32 = 10_000;

/// The ids and the salt are the same every time: of random ones half would stray by more than a point once in twenty runs (the
/// standard deviation of a share of 10,000 is half a point at 50 %).
pub(super) async fn insert_accounts(database: &TestDatabase, count: u32) {
    let insert = format!(
        "INSERT INTO accounts (account_id, email, email_verified_at, password_hash)
         SELECT md5('account ' || number)::uuid, 'user' || number || '@example.com', now(), 'none'
         FROM generate_series(1, {count}) number"
    );
    database.execute(&insert).await;
    database.execute("UPDATE rollout SET salt = 'the same every time'").await;
}

/// Those to which it is offered, asked one by one as the gateway does.
async fn offered(database: &TestDatabase, accounts: &[AccountId]) -> HashSet<AccountId> {
    let ask = async |db: &_| {
        let mut offered = HashSet::new();
        for account in accounts {
            if store::rollout::offers(db, *account).await? {
                offered.insert(*account);
            }
        }
        Ok::<_, store::StoreError>(offered)
    };
    database.store().run(ask).await.expect("asked")
}

#[actix_web::test]
async fn nobody_of_ten_thousand_falls_out_as_the_share_grows_from_0_to_100() {
    let gateway = TestGateway::start().await;
    insert_accounts(&gateway.database, ACCOUNTS).await;
    let rows = gateway.database.connect().await.query("SELECT account_id FROM accounts", &[]).await.expect("accounts");
    let accounts: Vec<AccountId> = rows.iter().map(|row| AccountId::new(row.get(0))).collect();
    let mut before = HashSet::new();
    for percent in [0.0, 1.0, 10.0, 50.0, 100.0] {
        set(&gateway.operator(), json!({ "percent": percent })).await;
        let mut now = HashSet::new();
        // Some at a time: the store gives up on work that takes long.
        for some in accounts.chunks(1000) {
            now.extend(offered(&gateway.database, some).await);
        }
        let share = now.len() as f64 * 100.0 / f64::from(ACCOUNTS);
        assert!((share - percent).abs() < 1.0, "{percent} %: {share}");
        assert!(before.is_subset(&now), "somebody fell out at {percent} %");
        before = now;
    }
    assert_eq!(before.len(), ACCOUNTS as usize);
    gateway.stop().await;
}
