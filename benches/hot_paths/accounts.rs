//! Accounts with signed-in devices in a database of this run, and what user actors work with.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::SignedDuration;
use tokio_postgres::NoTls;
use twostep::actors::{MailsUnderWay, Services};
use twostep::bus::Bus;
use twostep::domain::account::service::Service;
use twostep::domain::account::two_step_policy::TwoStepPolicy;
use twostep::domain::app_server::assertion::AssertionHeader;
use twostep::domain::challenge::Lifetimes;
use twostep::domain::delivery::EmailFallback;
use twostep::domain::delivery::mail_retry::MailRetry;
use twostep::domain::value::id::NodeId;
use twostep::providers::mail::Outbox;
use twostep::providers::push::CurrentProviders;
use twostep::service::{AssertionRules, Core, PasswordCost, Passwords, Rules, UseCases};
use twostep::store::session::TokenLifetimes;
use twostep::store::{self, ConnectSettings, Store};
use twostep_private_postgres::PrivatePostgres;
use uuid::Uuid;

use super::samples::keys;

const SEED: &str = include_str!("seed.sql");
const PATIENCE: Duration = Duration::from_secs(30);
const LIFE: SignedDuration = SignedDuration::from_mins(5);

/// A PostgreSQL of this run; it ends with the value.
pub fn postgres(folder: &Path) -> anyhow::Result<PrivatePostgres> {
    PrivatePostgres::start(&folder.join("data")).context("scripts/install-postgres installs PostgreSQL")
}

/// Makes `accounts` accounts and the services over their database.
pub async fn services(postgres: &PrivatePostgres, accounts: i32) -> anyhow::Result<Arc<Services>> {
    let url = postgres.connection_string();
    let settings = ConnectSettings {
        url: url.clone().into(),
        ca_file: None,
        pool_size: 8,
        threads: 0,
        wait: PATIENCE,
        deadline: PATIENCE,
    };
    let store = Store::new(&settings)?;
    store::migrate(&store).await?;
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
    let connection = tokio::spawn(connection);
    client.execute(SEED, &[&accounts]).await?;
    client.batch_execute("ANALYZE").await?;
    connection.abort();
    let rules = Rules {
        digits: 6,
        lifetimes: Lifetimes { app: LIFE, email: LIFE, confirmation: LIFE },
        tokens: TokenLifetimes { access: LIFE, refresh: LIFE, session: LIFE },
        email_fallback: EmailFallback::Off,
        recovery_after: SignedDuration::ZERO,
        new_mailbox_wait: SignedDuration::ZERO,
        two_step: TwoStepPolicy::Optional,
        two_step_grace: SignedDuration::ZERO,
        last_resort_wait: None,
        mail_sender: "no-reply@example.com".to_owned(),
        assertions: AssertionRules {
            issuer: "http://localhost".to_owned(),
            lifetime: LIFE,
            header: AssertionHeader::EdDsa,
        },
        service_name: "Twostep".to_owned(),
        page: "https://id.example.com/".to_owned(),
        webhooks: false,
    };
    let passwords = Passwords::new(PasswordCost { memory_kib: 8192, iterations: 1, parallel: 1, queue: 1 });
    let passwords = passwords.map_err(|error| anyhow::anyhow!("password cost: {error:?}"))?;
    let node = NodeId::new(Uuid::nil());
    let bus = Bus::alone().0;
    let core = Core::new(node, store.clone(), Arc::new(keys()), passwords, rules, bus.clone());
    Ok(Arc::new(Services {
        use_cases: UseCases::new(core),
        store,
        bus,
        node,
        mail: Arc::new(Outbox::new("no-reply@example.com".to_owned())),
        mails_under_way: MailsUnderWay::default(),
        service: Service { name: "Twostep".to_owned(), page_url: None, support: None },
        mail_retry: MailRetry { first: LIFE, longest: LIFE },
        push: CurrentProviders::default(),
        push_shows_code: true,
        receipt_window: Duration::from_secs(2),
        presence_wait: Duration::ZERO,
        heartbeat: Duration::from_secs(25),
    }))
}
