//! Making accounts: address confirmed, and where wanted two-step verification on, with trusted devices.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use http::StatusCode;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use super::outbox::Outbox;
use crate::client::{Answer, Challenge, Http, Install, Person, ServerMessage, SignedIn, open_socket};
use crate::report::Progress;

/// Accounts made between two looks at the outbox, which keeps 1,000 mails: each account gets up to three.
const BATCH: usize = 100;
/// Calls under way: a gateway judges few new passwords at a time.
const AT_ONCE: usize = 8;
/// Pauses before a call that found the gateway busy is made again.
const BUSY_PAUSES: [u64; 6] = [50, 100, 200, 400, 800, 1600];

/// Which accounts to make.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// How many.
    pub(crate) accounts: usize,
    /// Trusted devices of each; 0 leaves two-step verification off.
    pub(crate) devices: usize,
}

/// An account.
#[derive(Clone)]
pub(crate) struct Account {
    /// Its owner.
    pub(crate) person: Person,
    /// Signed-in devices: the trusted ones, or the one that made the account.
    pub(crate) devices: Vec<SignedIn>,
}

/// Makes accounts through the gateways of `clients` in turn.
///
/// # Errors
/// When the gateway refuses, or is not in development mode.
pub(crate) async fn seed(clients: &[Http], wanted: Wanted, progress: &Progress) -> anyhow::Result<Vec<Account>> {
    let run = Uuid::now_v7().simple().to_string();
    let mut accounts = Vec::with_capacity(wanted.accounts);
    let bar = progress.bar("accounts", wanted.accounts as u64);
    let mut outbox = Outbox::default();
    while accounts.len() < wanted.accounts {
        let first = accounts.len();
        let last = wanted.accounts.min(first + BATCH);
        // One batch stays with one gateway: each has an outbox of its own.
        let batch = (first..last).map(|number| Person {
            http: clients[(first / BATCH) % clients.len()].clone(),
            email: format!("load-{number:06}@{}.example.com", &run[12..]),
            app: None,
        });
        let mut made = confirmed(batch.collect(), &mut outbox).await.context("accounts could not be made")?;
        if wanted.devices > 0 {
            made = protected(made, &mut outbox).await.context("two-step verification could not be turned on")?;
            made = with_devices(made, wanted.devices).await.context("devices could not be added")?;
        }
        accounts.extend(made);
        bar.set(accounts.len() as u64);
    }
    bar.finish();
    Ok(accounts)
}

async fn confirmed(people: Vec<Person>, outbox: &mut Outbox) -> anyhow::Result<Vec<Account>> {
    let begun: Vec<(Person, Challenge)> = stream::iter(people)
        .map(|person| async move {
            let install = Install::new();
            let answer = patiently(async || person.create_account(&install).await).await?;
            let challenge = Person::challenge(&answer)?;
            anyhow::Ok((person, challenge))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    typed(begun, outbox, async |person, challenge, code| {
        let devices = vec![person.verify(&challenge, &code, None).await?.expect(StatusCode::OK)?];
        Ok(Account { person, devices })
    })
    .await
}

async fn protected(accounts: Vec<Account>, outbox: &mut Outbox) -> anyhow::Result<Vec<Account>> {
    let mut devices = std::collections::HashMap::new();
    let mut begun = Vec::with_capacity(accounts.len());
    let asked: Vec<(Account, Challenge)> = stream::iter(accounts)
        .map(|account| async move {
            let challenge = account.person.begin_enabling(&account.devices[0]).await?;
            anyhow::Ok((account, challenge))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    for (account, challenge) in asked {
        devices.insert(account.person.email.clone(), account.devices);
        begun.push((account.person, challenge));
    }
    let enabled = typed(begun, outbox, async |person, challenge, code| {
        let answer = person.verify(&challenge, &code, None).await?;
        answer.expect::<serde_json::Value>(StatusCode::OK)?;
        Ok(person)
    });
    let people = enabled.await?;
    Ok(people
        .into_iter()
        .map(|person| Account { devices: devices.remove(&person.email).unwrap_or_default(), person })
        .collect())
}

/// Types the code that each of them was mailed.
async fn typed<T>(
    begun: Vec<(Person, Challenge)>,
    outbox: &mut Outbox,
    finish: impl AsyncFn(Person, Challenge, String) -> anyhow::Result<T>,
) -> anyhow::Result<Vec<T>> {
    let Some((first, _)) = begun.first() else { return Ok(Vec::new()) };
    let addresses: Vec<&str> = begun.iter().map(|(person, _)| person.email.as_str()).collect();
    let mut codes = outbox.take(&first.http.clone(), &addresses).await?;
    let finish = &finish;
    let work = begun.into_iter().filter_map(|(person, challenge)| {
        let code = codes.remove(&person.email)?;
        Some(async move { finish(person, challenge, code).await })
    });
    let work: Vec<_> = work.collect();
    stream::iter(work).buffer_unordered(AT_ONCE).try_collect().await
}

async fn with_devices(accounts: Vec<Account>, devices: usize) -> anyhow::Result<Vec<Account>> {
    if devices <= 1 {
        return Ok(accounts);
    }
    stream::iter(accounts).map(|account| add_devices(account, devices)).buffer_unordered(AT_ONCE).try_collect().await
}

/// Signs further devices in with the codes that the first one shows.
async fn add_devices(mut account: Account, devices: usize) -> anyhow::Result<Account> {
    let Account { person, devices: known } = &mut account;
    let token = known[0].session.access_token.clone();
    let mut socket = open_socket(person.http.target(), person.http.source(), &token).await?;
    while known.len() < devices {
        let install = Install::new();
        let begun = patiently(async || person.sign_in_with(crate::client::PASSWORD, &install).await).await?;
        let challenge = Person::challenge(&begun)?;
        let code = loop {
            let message = socket.next().await.context("the connection ended before the code")??;
            let Message::Text(text) = message else { continue };
            if let ServerMessage::Code { challenge_id, code, .. } = serde_json::from_str(&text)?
                && challenge_id == challenge.id
            {
                break code;
            }
        };
        known.push(person.finish(&challenge, &code, true).await?);
    }
    socket.close(None).await?;
    Ok(account)
}

/// Has an app make accounts with trusted devices, with mailboxes if codes are to go there.
///
/// # Errors
/// When the gateway refuses.
pub(crate) async fn seed_by_app(
    clients: &[Http],
    wanted: Wanted,
    with_mailboxes: bool,
    key: &str,
    progress: &Progress,
) -> anyhow::Result<Vec<Account>> {
    let run = Uuid::now_v7().simple().to_string();
    let key = Arc::<str>::from(key);
    let bar = progress.bar("accounts", wanted.accounts as u64);
    let people = (0..wanted.accounts).map(|number| Person {
        http: clients[number % clients.len()].clone(),
        email: format!("load-{number:06}-{}", &run[12..]),
        app: Some(Arc::clone(&key)),
    });
    let made = stream::iter(people).map(|person| async move {
        let mailbox = person.mailbox();
        person.enable(with_mailboxes.then_some(mailbox.as_str())).await?;
        let mut devices = Vec::new();
        for _ in 0..wanted.devices {
            devices.push(person.vouched(&Install::new()).await?);
        }
        anyhow::Ok(Account { person, devices })
    });
    let made = made.buffer_unordered(AT_ONCE).try_collect().await.context("subjects could not be made");
    bar.finish();
    made
}

/// Makes a call again while the gateway says that it is busy.
async fn patiently(call: impl AsyncFn() -> anyhow::Result<Answer>) -> anyhow::Result<Answer> {
    for pause in BUSY_PAUSES {
        let answer = call().await?;
        if answer.status != StatusCode::SERVICE_UNAVAILABLE {
            return Ok(answer);
        }
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    bail!("the gateway stays busy")
}

/// Accounts that the bare server believes in: what a token says holds.
pub(crate) fn bare(clients: &[Http], wanted: Wanted) -> Vec<Account> {
    // No two crowds share a user.
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let first = MADE.fetch_add(wanted.accounts, Ordering::Relaxed);
    let account = |number: usize| Account {
        person: Person {
            http: clients[number % clients.len()].clone(),
            email: format!("floor-{number}@example.com"),
            app: None,
        },
        devices: (0..wanted.devices).map(|device| SignedIn::bare(format!("floor-{number}-{device}"))).collect(),
    };
    (first..first + wanted.accounts).map(account).collect()
}
