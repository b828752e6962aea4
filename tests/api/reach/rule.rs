//! The statements that count ways and devices (`reach/count_accounts.sql`, `reach/count_devices.sql`) against the rule in
//! `domain/account/ways_left.rs`, over random accounts.

use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use twostep::domain::account::ways_left::{
    AccountsByWays, DeviceCount, DeviceStands, NumberOfWays, ReachFigures, RegistrationAge, Ways,
};
use twostep::domain::delivery::{EmailFallback, Reach};
use twostep::domain::device::Platform;
use twostep::store;
use uuid::Uuid;

use crate::support::database::TestDatabase;

const ACCOUNTS: usize = 400;
const ACCESS_LIFE: SignedDuration = SignedDuration::from_mins(15);
/// A node that lives for as long as the test, and one that was seen too long ago.
const LIVES: &str = "00000000-0000-7000-8000-000000000001";
const GONE: &str = "00000000-0000-7000-8000-000000000002";

#[derive(Debug, Clone)]
struct Account {
    is_on: bool,
    mailbox: Mailbox,
    codes: u32,
    used_codes: u32,
    /// An authenticator app, confirmed or not yet.
    authenticator: Option<bool>,
    devices: Vec<Device>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mailbox {
    Own,
    OfApp,
    None,
}

#[derive(Debug, Clone)]
struct Device {
    is_trusted: bool,
    platform: Platform,
    reach: Reach,
    connection: Connection,
    age_days: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connection {
    None,
    Lives,
    /// Its node is gone.
    Lost,
    /// Its access token ran out.
    Old,
}

fn device() -> impl Strategy<Value = Device> {
    let reach = (prop::bool::weighted(0.8), 0..6_u8).prop_map(|(notifications_allowed, address)| Reach {
        notifications_allowed,
        has_push_address: address < 3,
        push_address_expired: address == 3,
    });
    let connection = prop_oneof![
        6 => Just(Connection::None),
        1 => Just(Connection::Lives),
        1 => Just(Connection::Lost),
        1 => Just(Connection::Old),
    ];
    let platform = prop::sample::select(Platform::ALL);
    (prop::bool::weighted(0.8), platform, reach, connection, 0..120_i64).prop_map(
        |(is_trusted, platform, reach, connection, age_days)| Device {
            is_trusted,
            platform,
            reach,
            connection,
            age_days,
        },
    )
}

fn account() -> impl Strategy<Value = Account> {
    let mailbox = prop::sample::select(vec![Mailbox::Own, Mailbox::OfApp, Mailbox::None]);
    let authenticator = prop::option::weighted(0.3, any::<bool>());
    let devices = prop::collection::vec(device(), 0..4);
    (prop::bool::weighted(0.9), mailbox, 0..3_u32, 0..3_u32, authenticator, devices).prop_map(
        |(is_on, mailbox, codes, used_codes, authenticator, devices)| Account {
            is_on,
            mailbox,
            codes,
            used_codes,
            authenticator,
            devices,
        },
    )
}

fn statements(account: &Account, number: usize) -> String {
    let id = Uuid::from_u128(number as u128 + 1);
    let on = if account.is_on { "now()" } else { "NULL" };
    let (email, subject, contact) = match account.mailbox {
        Mailbox::Own => (format!("'owner{number}@example.com'"), "NULL".to_owned(), "NULL"),
        Mailbox::OfApp => ("NULL".to_owned(), format!("'{number}'"), "'owner@example.com'"),
        Mailbox::None => ("NULL".to_owned(), format!("'{number}'"), "NULL"),
    };
    let mut text = format!(
        "INSERT INTO accounts (account_id, email, subject, contact_email, two_step_enabled_at)
         VALUES ('{id}', {email}, {subject}, {contact}, {on});"
    );
    for code in 0..account.codes + account.used_codes {
        let used = if code < account.codes { "NULL" } else { "now()" };
        text.push_str(&format!(
            "INSERT INTO recovery_codes (account_id, code_hash, salt, used_at)
             VALUES ('{id}', sha256('{number} {code}'), '\\x00000000000000000000000000000000', {used});"
        ));
    }
    if let Some(is_confirmed) = account.authenticator {
        text.push_str(&format!(
            "INSERT INTO authenticators (account_id, is_confirmed, key_id, sealed)
             VALUES ('{id}', {is_confirmed}, 'k1', decode(repeat('00', 48), 'hex'));"
        ));
    }
    for (place, device) in account.devices.iter().enumerate() {
        let device_id = Uuid::from_u128(place as u128);
        let trusted = if device.is_trusted { "now()" } else { "NULL" };
        let age = format!("now() - interval '{} days 1 hour'", device.age_days);
        let (kind, address, registered, created) = if device.reach.has_push_address {
            ("'fcm_token'", "'address'", age.as_str(), "now() - interval '150 days'")
        } else {
            ("NULL", "NULL", "NULL", age.as_str())
        };
        let expired = if device.reach.push_address_expired { "now()" } else { "NULL" };
        let (node, seen) = match device.connection {
            Connection::None => ("NULL".to_owned(), "now()"),
            Connection::Lives => (format!("'{LIVES}'"), "now()"),
            Connection::Lost => (format!("'{GONE}'"), "now()"),
            Connection::Old => (format!("'{LIVES}'"), "now() - interval '1 hour'"),
        };
        text.push_str(&format!(
            "INSERT INTO devices (account_id, device_id, install_id, name, model, platform, os_version, app_version, trusted_at,
                 notifications_allowed, push_kind, push_address, push_registered_at, push_expired_at, created_at, connected_node,
                 last_seen_at)
             VALUES ('{id}', '{device_id}', '{device_id}', '', '', '{}', '', '', {trusted}, {}, {kind}, {address}, {registered},
                 {expired}, {created}, {node}, {seen});",
            device.platform, device.reach.notifications_allowed
        ));
    }
    text
}

/// What the rule says of one account.
fn by_the_rule(account: &Account, fallback: EmailFallback) -> ReachFigures {
    let mut figures = ReachFigures::default();
    if !account.is_on {
        return figures;
    }
    let stands =
        |device: &Device| DeviceStands { is_connected: device.connection == Connection::Lives, reach: device.reach };
    let trusted: Vec<&Device> = account.devices.iter().filter(|device| device.is_trusted).collect();
    let devices: Vec<DeviceStands> = trusted.iter().map(|device| stands(device)).collect();
    let ways = Ways {
        devices: &devices,
        recovery_codes: account.codes,
        has_authenticator: account.authenticator == Some(true),
        has_mailbox: account.mailbox != Mailbox::None,
    };
    let one = |of| u64::from(ways.left(fallback) == of);
    figures.accounts = AccountsByWays {
        none: one(NumberOfWays::None),
        one: one(NumberOfWays::One),
        two: one(NumberOfWays::Two),
        more: one(NumberOfWays::More),
    };
    let count = |device: &&Device| DeviceCount {
        platform: device.platform,
        age: RegistrationAge::of(SignedDuration::from_hours(device.age_days * 24 + 1)),
        devices: 1,
        reachable: u64::from(stands(device).gets_code()),
    };
    figures.add_devices(trusted.iter().map(count).collect());
    figures
}

#[actix_web::test]
async fn the_database_counts_the_ways_that_the_rule_says() {
    let database = TestDatabase::new().await;
    let (store, sql) = (database.store(), database.connect().await);
    let nodes = format!(
        "INSERT INTO nodes (node_id, seen_at)
         VALUES ('{LIVES}', now() + interval '1 hour'), ('{GONE}', now() - interval '1 minute')"
    );
    sql.batch_execute(&nodes).await.expect("nodes");
    let mut runner = TestRunner::deterministic();
    let accounts: Vec<Account> =
        (0..ACCOUNTS).map(|_| account().new_tree(&mut runner).expect("an account").current()).collect();
    for (number, account) in accounts.iter().enumerate() {
        let text = statements(account, number);
        sql.batch_execute(&text).await.unwrap_or_else(|error| panic!("{error:?}: {text}"));
    }
    for fallback in [EmailFallback::Off, EmailFallback::RecoveryOnly, EmailFallback::Allow] {
        // One at a time: each account for itself.
        let mut after = None;
        let mut all = AccountsByWays::default();
        for account in &accounts {
            let counted = store
                .run(async |db| {
                    let counted = store::reach::count_accounts(db, after, 1, fallback.is_a_way(), ACCESS_LIFE).await?;
                    let last = counted.last.expect("there are more");
                    let devices = store::reach::count_devices(db, after, last, ACCESS_LIFE).await?;
                    Ok::<_, store::StoreError>((counted, devices))
                })
                .await;
            let (counted, devices) = counted.expect("counted");
            let mut in_the_database = ReachFigures { accounts: counted.accounts, ..ReachFigures::default() };
            in_the_database.add_devices(devices);
            assert_eq!(in_the_database, by_the_rule(account, fallback), "{fallback}: {account:?}");
            all = all.and(counted.accounts);
            after = counted.last;
        }
        let nobody = store.run(async |db| store::reach::count_accounts(db, after, 1, true, ACCESS_LIFE).await).await;
        assert_eq!(nobody.expect("counted").last, None);
        assert!([all.none, all.one, all.two, all.more].iter().all(|count| *count > 10), "too tame: {all:?}");
    }
}
