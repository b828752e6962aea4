//! One run: a backlog, a gateway that works it, and the clock.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio_postgres::{Client, NoTls};
use twostep::domain::delivery::push_address::PushKeys;
use twostep::store::{self, ConnectSettings, Store};
use twostep_simulators::providers::{write_environment, write_webpush_environment};
use twostep_simulators::{ApnsSimulator, FcmSimulator, WebPushSimulator, WebPushSubscription};

use super::child::ChildGateway;

const SEED: &str = include_str!("seed.sql");
/// A run that takes longer is given up.
const RUN_WITHIN: Duration = Duration::from_secs(120);
/// Codes are good for so long, in seconds: longer than any run.
const CODE_LIFE: f64 = 600.0;
/// The code key of what is queued.
const KEY: &str = "k1";
const TEMPLATE: &str = "bench_template";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    Fcm,
    Apns,
    Webpush,
}

/// Which run.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    pub provider: Provider,
    pub number: u32,
}

/// What one run showed.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// From the first push to the last, as the provider saw them.
    pub pushes_per_second: f64,
    /// Processor time of the gateway process, start excluded, until all were written down.
    pub processor_seconds: f64,
    /// Resident memory of the gateway at the end.
    pub memory_mib: f64,
}

/// What all runs share.
pub struct Stage {
    postgres: String,
    simulators: Simulators,
    /// Of all browsers.
    subscription: WebPushSubscription,
    pushes: u32,
}

/// The providers, simulated.
pub struct Simulators {
    pub fcm: FcmSimulator,
    pub apns: ApnsSimulator,
    pub webpush: WebPushSimulator,
}

impl Provider {
    pub const ALL: [Self; 3] = [Self::Fcm, Self::Apns, Self::Webpush];

    pub fn name(self) -> &'static str {
        match self {
            Self::Fcm => "fcm",
            Self::Apns => "apns",
            Self::Webpush => "webpush",
        }
    }

    fn address_kind(self) -> &'static str {
        match self {
            Self::Fcm => "fcm_token",
            Self::Apns => "apns_token",
            Self::Webpush => "web_push",
        }
    }
}

impl Stage {
    /// Migrates a template for the runs' databases.
    pub async fn prepare(postgres: String, simulators: Simulators, pushes: u32) -> anyhow::Result<Self> {
        let subscription = simulators.webpush.subscribe(None);
        let stage = Self { postgres, simulators, subscription, pushes };
        let admin = connect(&stage.postgres).await?;
        admin.batch_execute(&format!("CREATE DATABASE {TEMPLATE}")).await?;
        let wait = Duration::from_secs(10);
        let url = stage.url(TEMPLATE).into();
        let store =
            Store::new(&ConnectSettings { url, ca_file: None, pool_size: 2, threads: 0, wait, deadline: wait })?;
        store::migrate(&store).await?;
        store.close();
        Ok(stage)
    }

    pub async fn play(&self, run: Run) -> anyhow::Result<Measured> {
        let database = format!("bench_{}_{}", run.provider.name(), run.number);
        let admin = connect(&self.postgres).await?;
        admin.batch_execute(&format!("CREATE DATABASE {database} TEMPLATE {TEMPLATE}")).await?;
        self.seed(&database, run.provider).await?;
        let received_before = self.received(run.provider);
        let environment = self.environment(&database)?;
        let mut node = ChildGateway::start(env!("CARGO_BIN_EXE_twostep"), &environment).await;
        let (began, ticks_before) = (Instant::now(), node.processor_ticks());
        let wanted = f64::from(self.pushes);
        let label = format!("provider=\"{}\",outcome=\"accepted\"", run.provider.name());
        while node.metric("twostep_pushes_total", &label).await < wanted || !self.is_written_down(&database).await? {
            ensure!(began.elapsed() < RUN_WITHIN, "the gateway at {} was not done within {RUN_WITHIN:?}", node.url);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let ticks = node.processor_ticks() - ticks_before;
        let memory_mib = node.memory_kib() as f64 / 1024.0;
        node.kill();
        ensure!(self.received(run.provider) - received_before == u64::from(self.pushes), "not once each");
        admin.batch_execute(&format!("DROP DATABASE {database} WITH (FORCE)")).await?;
        let span = self.span(run.provider)?.as_secs_f64();
        Ok(Measured { pushes_per_second: wanted / span, processor_seconds: ticks as f64 / 100.0, memory_mib })
    }

    async fn seed(&self, database: &str, provider: Provider) -> anyhow::Result<()> {
        let client = connect(&self.url(database)).await?;
        let count = i32::try_from(self.pushes)?;
        let (address, keys) = match provider {
            Provider::Fcm | Provider::Apns => (None, None),
            Provider::Webpush => {
                let WebPushSubscription { endpoint, p256dh, auth } = &self.subscription;
                (Some(endpoint), Some(PushKeys::parse(p256dh, auth)?.to_bytes()))
            }
        };
        client.execute(SEED, &[&count, &provider.address_kind(), &KEY, &CODE_LIFE, &address, &keys]).await?;
        client.batch_execute("ANALYZE").await?;
        Ok(())
    }

    async fn is_written_down(&self, database: &str) -> anyhow::Result<bool> {
        let left = "SELECT NOT EXISTS (SELECT 1 FROM deliveries WHERE due_at IS NOT NULL)";
        Ok(connect(&self.url(database)).await?.query_one(left, &[]).await?.get(0))
    }

    fn received(&self, provider: Provider) -> u64 {
        match provider {
            Provider::Fcm => self.simulators.fcm.journal().count(),
            Provider::Apns => self.simulators.apns.journal().count(),
            Provider::Webpush => self.simulators.webpush.journal().count(),
        }
    }

    /// From the first to the last push of the newest run: the journal keeps one run.
    fn span(&self, provider: Provider) -> anyhow::Result<Duration> {
        let times: Vec<Instant> = match provider {
            Provider::Fcm => self.simulators.fcm.received().iter().map(|request| request.at).collect(),
            Provider::Apns => self.simulators.apns.received().iter().map(|request| request.at).collect(),
            Provider::Webpush => self.simulators.webpush.received().iter().map(|request| request.at).collect(),
        };
        let (first, last) = (times.iter().min(), times.iter().max());
        let (first, last) = first.zip(last).context("nothing was received")?;
        Ok(*last - *first)
    }

    fn environment(&self, database: &str) -> anyhow::Result<Vec<(String, String)>> {
        let mut text = Vec::new();
        write_environment(&mut text, &self.simulators.fcm, &self.simulators.apns)?;
        write_webpush_environment(&mut text, &self.simulators.webpush)?;
        let text = String::from_utf8(text)?;
        let lines = text.lines().filter_map(|line| line.split_once('='));
        let mut environment: Vec<(String, String)> =
            lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        environment.push(("TWOSTEP__DATABASE__URL".to_owned(), self.url(database)));
        environment.push(("TWOSTEP__CODES__KEYS".to_owned(), twostep::settings::random_line(KEY).to_string()));
        Ok(environment)
    }

    fn url(&self, database: &str) -> String {
        self.postgres.replace("dbname=twostep", &format!("dbname={database}"))
    }
}

async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
