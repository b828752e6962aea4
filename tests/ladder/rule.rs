//! Which devices get a push, and whether it rings: the statement that decides (`delivery/escalate.sql`) against the rule in
//! `domain/delivery/ladder/mod.rs`, over random accounts.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use twostep::domain::delivery::Reach;
use twostep::domain::delivery::ladder::{gets_push, rings};
use twostep::domain::value::id::{AccountId, ChallengeId, DeviceId, NodeId};
use twostep::store;
use uuid::Uuid;

use crate::support::database::TestDatabase;

const HISTORIES: usize = 300;
const DEVICES: usize = 4;
/// The code that goes on to push.
const GENERATION: i32 = 2;

/// How an account stands when a code goes on to push.
#[derive(Debug, Clone)]
struct Account {
    unanswered: i16,
    challenge: Challenge,
    devices: Vec<Device>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Challenge {
    Open,
    Closed,
    Expired,
    HasNewerCode,
}

#[derive(Debug, Clone)]
struct Device {
    is_trusted: bool,
    reach: Reach,
    /// It is among those that the ladder asks for.
    is_asked: bool,
    /// Of this code, and of the one before.
    over_connection: [Option<&'static str>; 2],
    /// Of this code, and of the one before; whether it was silent.
    push: [Option<bool>; 2],
}

fn device() -> impl Strategy<Value = Device> {
    let reach = (prop::bool::weighted(0.8), 0..5_u8).prop_map(|(notifications_allowed, address)| Reach {
        notifications_allowed,
        has_push_address: address < 3,
        push_address_expired: address == 3,
    });
    let state = || prop::option::of(prop::sample::select(vec!["pending", "accepted", "shown", "not_shown", "failed"]));
    let push = || prop::option::weighted(0.2, any::<bool>());
    (prop::bool::weighted(0.8), reach, prop::bool::weighted(0.8), [state(), state()], [push(), push()]).prop_map(
        |(is_trusted, reach, is_asked, over_connection, push)| Device {
            is_trusted,
            reach,
            is_asked,
            over_connection,
            push,
        },
    )
}

fn account() -> impl Strategy<Value = Account> {
    let challenge = prop_oneof![
        6 => Just(Challenge::Open),
        1 => Just(Challenge::Closed),
        1 => Just(Challenge::Expired),
        1 => Just(Challenge::HasNewerCode),
    ];
    (0..6_i16, challenge, prop::collection::vec(device(), DEVICES))
        .prop_map(|(unanswered, challenge, devices)| Account { unanswered, challenge, devices })
}

/// What the rule says: each device that is pushed, and whether the push is silent.
fn by_the_rule(account: &Account) -> Vec<(usize, bool)> {
    if account.challenge != Challenge::Open {
        return Vec::new();
    }
    let rang = account.devices.iter().any(|device| device.push[0] == Some(false));
    let is_pushed = |device: &Device| {
        let reach = device.is_trusted.then_some(&device.reach);
        device.is_asked && gets_push(reach, device.over_connection[0] == Some("shown"), device.push[0].is_some())
    };
    let pushed = account.devices.iter().enumerate().filter(|(_, device)| is_pushed(device));
    pushed.map(|(place, _)| (place, !rings(rang, account.unanswered))).collect()
}

fn device_id(place: usize) -> Uuid {
    Uuid::from_u128(place as u128)
}

async fn write(sql: &tokio_postgres::Client, id: Uuid, challenge: Uuid, account: &Account) {
    let mut statements = format!(
        "INSERT INTO accounts (account_id, email, unanswered_alerts) \
         VALUES ('{id}', '{id}@example.com', {});",
        account.unanswered
    );
    let (outcome, left, generation) = match account.challenge {
        Challenge::Open => ("NULL, NULL", "1 hour", GENERATION),
        Challenge::Closed => ("'superseded', now()", "1 hour", GENERATION),
        Challenge::Expired => ("NULL, NULL", "-1 second", GENERATION),
        Challenge::HasNewerCode => ("NULL, NULL", "1 hour", GENERATION + 1),
    };
    statements.push_str(&format!(
        "INSERT INTO challenges (account_id, challenge_id, token_hash, purpose, method, key_id, digits, generation, resend_at, \
             created_at, expires_at, outcome, closed_at, install_id, requester, ip) \
         VALUES ('{id}', '{challenge}', sha256(uuid_send('{challenge}')), 'sign_in', 'app', 'k1', 6, {generation}, now(), \
             now(), now() + interval '{left}', {outcome}, '{challenge}', '{{}}', '192.0.2.1');"
    ));
    for (place, device) in account.devices.iter().enumerate() {
        let device_id = device_id(place);
        let trusted = if device.is_trusted { "now()" } else { "NULL" };
        let (kind, address) =
            if device.reach.has_push_address { ("'fcm_token'", "'address'") } else { ("NULL", "NULL") };
        let expired = if device.reach.push_address_expired { "now()" } else { "NULL" };
        statements.push_str(&format!(
            "INSERT INTO devices (account_id, device_id, install_id, name, model, platform, os_version, app_version, trusted_at, \
                 notifications_allowed, push_kind, push_address, push_expired_at) \
             VALUES ('{id}', '{device_id}', '{device_id}', '', '', 'web', '', '', {trusted}, {}, {kind}, {address}, {expired});",
            device.reach.notifications_allowed
        ));
        for (age, (state, push)) in device.over_connection.iter().zip(&device.push).enumerate() {
            let generation = GENERATION - i32::try_from(age).expect("0 or 1");
            let mut add = |channel: &str, state: &str, silent: bool| {
                statements.push_str(&format!(
                    "INSERT INTO deliveries (account_id, challenge_id, delivery_id, generation, device_id, channel, state, silent) \
                     VALUES ('{id}', '{challenge}', gen_random_uuid(), {generation}, '{device_id}', '{channel}', '{state}', {silent});"
                ));
            };
            if let Some(state) = state {
                add("websocket", state, false);
            }
            if let Some(silent) = push {
                add("fcm", "accepted", *silent);
            }
        }
    }
    sql.batch_execute(&statements).await.unwrap_or_else(|error| panic!("{error:?}: {statements}"));
}

#[actix_web::test]
async fn the_database_plans_the_pushes_that_the_rule_says() {
    let database = TestDatabase::new().await;
    let (store, sql) = (database.store(), database.connect().await);
    let mut runner = TestRunner::deterministic();
    let (mut pushed, mut silent) = (0, 0);
    for _ in 0..HISTORIES {
        let account = account().new_tree(&mut runner).expect("an account").current();
        let (id, challenge) = (Uuid::now_v7(), Uuid::now_v7());
        write(&sql, id, challenge, &account).await;
        let asked = account.devices.iter().enumerate().filter(|(_, device)| device.is_asked);
        let asked: Vec<DeviceId> = asked.map(|(place, _)| DeviceId::new(device_id(place))).collect();
        let (owner, node) = (AccountId::new(id), NodeId::new(Uuid::now_v7()));
        let code = u32::try_from(GENERATION).expect("positive");
        let planned = store
            .run(async |db| store::delivery::escalate(db, owner, ChallengeId::new(challenge), code, &asked, node).await)
            .await
            .expect("planned");
        assert_eq!(planned.is_some(), account.challenge == Challenge::Open, "{account:?}");
        let planned = planned.unwrap_or_default();
        let mut in_the_database: Vec<(usize, bool)> = planned
            .iter()
            .map(|push| (usize::try_from(push.device_id.uuid().as_u128()).expect("a place"), push.silent))
            .collect();
        in_the_database.sort_unstable();
        assert_eq!(in_the_database, by_the_rule(&account), "{account:?}");
        pushed += in_the_database.len();
        silent += in_the_database.iter().filter(|(_, is_silent)| *is_silent).count();
    }
    assert!(pushed > HISTORIES / 4 && silent > 20, "the histories are too tame: {pushed} pushes, {silent} silent");
}
