//! What is counted of a batch: the statement (`rollout/count.sql`) against a count by hand, over drawn accounts.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use twostep::domain::account::rollout::hold::BatchFigures;
use twostep::domain::account::rollout::{Rollout, RolloutMode};
use twostep::domain::value::id::{AccountId, BatchId};
use twostep::store;
use uuid::Uuid;

use crate::support::database::TestDatabase;

const ACCOUNTS: usize = 600;
const SALT: &str = "the same every time";
/// The places of the batch.
const FROM: f64 = 20.0;
const TO: f64 = 70.0;
/// How long ago it began, and how many of its hours are counted.
const BEGAN: i32 = 100;
const HOURS: i32 = 72;

/// An account; hours are since the batch began, and half past so that none is on a bound.
#[derive(Debug)]
struct Account {
    id: Uuid,
    listed: Option<&'static str>,
    enabled: Option<i32>,
    sign_ins: Vec<SignIn>,
    entries: Vec<(&'static str, i32)>,
}

#[derive(Debug)]
struct SignIn {
    purpose: &'static str,
    ended: i32,
    outcome: (&'static str, Option<&'static str>),
    method: (&'static str, i16),
    /// To a device, taken by a provider or a connection, answered by the device.
    deliveries: Vec<(bool, bool, bool)>,
}

const OUTCOMES: [(&str, Option<&str>); 7] = [
    ("verified", None),
    ("verified", None),
    ("expired", None),
    ("attempts_exhausted", None),
    ("denied", None),
    ("superseded", Some("cancelled")),
    ("superseded", Some("newer_request")),
];

fn hour(draw: &mut StdRng) -> i32 {
    draw.random_range(-10..BEGAN)
}

fn account(draw: &mut StdRng) -> Account {
    let sign_ins = (0..draw.random_range(0..4)).map(|_| SignIn {
        purpose: if draw.random_bool(0.9) { "sign_in" } else { "disable_two_step" },
        ended: hour(draw),
        outcome: *OUTCOMES.choose(draw).expect("one"),
        method: *[("app", 0), ("app", 0), ("email", 1), ("email", 0)].choose(draw).expect("one"),
        deliveries: (0..draw.random_range(0..3))
            .map(|_| (draw.random_bool(0.8), draw.random_bool(0.4), draw.random_bool(0.2)))
            .collect(),
    });
    let sign_ins = sign_ins.collect();
    let kinds =
        ["recovery_code_used", "password_reset", "recovery_asked", "recovery_used", "sign_in", "recovery_codes_made"];
    Account {
        id: Uuid::from_u128(draw.random()),
        listed: draw.random_bool(0.1).then(|| *["allow", "deny"].choose(draw).expect("one")),
        enabled: draw.random_bool(0.9).then(|| hour(draw)),
        sign_ins,
        entries: (0..draw.random_range(0..3)).map(|_| (*kinds.choose(draw).expect("one"), hour(draw))).collect(),
    }
}

fn time(hours: i32) -> String {
    format!("now() - interval '{BEGAN} hours' + interval '{hours} hours 30 minutes'")
}

fn statements(account: &Account, number: usize) -> String {
    let id = account.id;
    let enabled = account.enabled.map_or("NULL".to_owned(), time);
    let mut text = format!(
        "INSERT INTO accounts (account_id, email, two_step_enabled_at) VALUES ('{id}', 'user{number}@example.com', {enabled});"
    );
    if let Some(listed) = account.listed {
        text.push_str(&format!("INSERT INTO rollout_accounts (account_id, listed) VALUES ('{id}', '{listed}');"));
    }
    for (place, sign_in) in account.sign_ins.iter().enumerate() {
        let challenge = Uuid::from_u128((number * 10 + place) as u128);
        let ended = time(sign_in.ended);
        let (outcome, cause) = sign_in.outcome;
        let cause = cause.map_or("NULL".to_owned(), |cause| format!("'{cause}'"));
        let (method, changes) = sign_in.method;
        text.push_str(&format!(
            "INSERT INTO challenges (account_id, challenge_id, token_hash, purpose, method, method_changes, key_id, digits, resend_at,
                 created_at, expires_at, outcome, superseded_by, closed_at, install_id, requester, ip)
             VALUES ('{id}', '{challenge}', sha256(uuid_send('{challenge}')), '{}', '{method}', {changes}, 'k1', 6, now(),
                 {ended} - interval '1 minute', {ended}, '{outcome}', {cause}, {ended}, '{challenge}', '{{}}', '192.0.2.1');",
            sign_in.purpose
        ));
        for (generation, (is_device, is_accepted, is_answered)) in sign_in.deliveries.iter().enumerate() {
            let time = |is_so: bool| if is_so { "now()" } else { "NULL" };
            let device = if *is_device { format!("'{challenge}'") } else { "NULL".to_owned() };
            text.push_str(&format!(
                "INSERT INTO deliveries (account_id, challenge_id, delivery_id, generation, device_id, channel, accepted_at, receipt_at)
                 VALUES ('{id}', '{challenge}', gen_random_uuid(), {generation} + 1, {device}, 'websocket', {}, {});",
                time(*is_accepted),
                time(*is_answered),
            ));
        }
    }
    for (kind, at) in &account.entries {
        text.push_str(&format!(
            "INSERT INTO login_activity (account_id, activity_id, at, kind, outcome)
             VALUES ('{id}', gen_random_uuid(), {}, '{kind}', 'succeeded');",
            time(*at)
        ));
    }
    text
}

fn by_hand(accounts: &[Account], rollout: &Rollout) -> BatchFigures {
    let is_within = |hour: i32| (0..HOURS).contains(&hour);
    let mut figures = BatchFigures::default();
    for account in accounts {
        let is_member = (FROM..TO).contains(&rollout.place(AccountId::new(account.id)));
        if !is_member || account.listed.is_some() || !account.enabled.is_some_and(is_within) {
            continue;
        }
        figures.accounts += 1;
        let is_way_back = |kind: &str| !matches!(kind, "sign_in" | "recovery_codes_made");
        figures.recovered += u64::from(account.entries.iter().any(|(kind, at)| is_way_back(kind) && is_within(*at)));
        let came_to_an_end = |sign_in: &&SignIn| {
            let (outcome, cause) = sign_in.outcome;
            let is_by_itself =
                matches!(outcome, "verified" | "expired" | "attempts_exhausted") || cause == Some("cancelled");
            sign_in.purpose == "sign_in" && is_within(sign_in.ended) && is_by_itself && sign_in.method != ("email", 0)
        };
        let Some(last) = account.sign_ins.iter().rfind(came_to_an_end) else { continue };
        figures.asked += 1;
        figures.abandoned += u64::from(last.outcome.0 != "verified");
        let reached = last.deliveries.iter().any(|(is_device, taken, answered)| *is_device && (*taken || *answered));
        figures.unreachable += u64::from(!reached);
    }
    figures
}

#[actix_web::test]
async fn the_database_counts_a_batch_as_one_does_by_hand() {
    let database = TestDatabase::new().await;
    let mut draw = StdRng::seed_from_u64(26);
    let accounts: Vec<Account> = (0..ACCOUNTS).map(|_| account(&mut draw)).collect();
    let sql = database.connect().await;
    for (number, account) in accounts.iter().enumerate() {
        let text = statements(account, number);
        sql.batch_execute(&text).await.unwrap_or_else(|error| panic!("{error:?}: {text}"));
    }
    let batch = Uuid::now_v7();
    database
        .execute(&format!(
            "UPDATE rollout SET salt = '{SALT}';
             DELETE FROM rollout_batches;
             INSERT INTO rollout_batches (batch_id, from_percent, to_percent, began_at)
             VALUES ('{batch}', {FROM}, {TO}, now() - interval '{BEGAN} hours')"
        ))
        .await;
    let store = database.store();
    let hours = u32::try_from(HOURS).expect("positive");
    let (mut figures, mut after, mut pages) = (BatchFigures::default(), None, 0);
    loop {
        let count = async |db: &_| store::rollout::count(db, BatchId::new(batch), hours, after, 50).await;
        let counted = store.run(count).await.expect("counted");
        figures = figures.and(counted.figures);
        pages += 1;
        after = counted.next;
        if after.is_none() {
            break;
        }
    }
    let rollout = Rollout { percent: 100.0, held_percent: None, mode: RolloutMode::On, salt: SALT.to_owned() };
    assert_eq!(figures, by_hand(&accounts, &rollout));
    let each = [figures.recovered, figures.unreachable, figures.abandoned, figures.asked - figures.abandoned];
    assert!(pages > 3 && each.iter().all(|count| *count > 10), "the accounts are too tame: {figures:?}, {pages} pages");
}

#[actix_web::test]
async fn an_account_has_the_same_place_in_the_database_and_in_the_rule() {
    let database = TestDatabase::new().await;
    let sql = database.connect().await;
    let mut draw = StdRng::seed_from_u64(34);
    for number in 0..300_u32 {
        let (account, salt) = (Uuid::from_u128(draw.random()), format!("salt {number} ő"));
        let row = sql.query_one("SELECT rollout_place($1, $2)", &[&salt, &account]).await.expect("a place");
        let rollout = Rollout { percent: 0.0, held_percent: None, mode: RolloutMode::On, salt };
        assert_eq!(row.get::<_, f64>(0).to_bits(), rollout.place(AccountId::new(account)).to_bits(), "{account}");
    }
}
