//! Which subjects for the bus between nodes: what a fact for somebody else costs a node that hears every fact, against what a
//! subscription for each account costs. Real nats-server, the real gateway; docs/decisions/0012-nats-subjects.md has the figures.

#![expect(unreachable_pub, reason = "a benchmark has no public side")]

#[path = "../../tests/support/child.rs"]
mod child;

use std::io::{self, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use async_nats::Client;
use clap::Parser;
use futures_util::StreamExt;
use serde_json::json;
use twostep::domain::event::NodeMessage;
use twostep::domain::value::id::ChallengeId;
use twostep_private_postgres::PrivatePostgres;
use twostep_simulators::NatsServer;
use uuid::Uuid;

use self::child::{ChildGateway, memory_kib, processor_ticks};

const METRIC: &str = "twostep_bus_facts_total";
/// Facts are sent in bursts this often.
const BURST_EVERY: Duration = Duration::from_millis(10);
/// What takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Parser)]
struct Arguments {
    /// Accounts that a node holds.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    accounts: u32,
    /// Facts a second.
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(100..=50_000))]
    rate: u32,
    /// Seconds of facts.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Passed by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Arguments {
    fn facts(&self) -> u32 {
        self.rate * self.seconds
    }

    /// Milliseconds for 1,000 facts, of processor ticks (hundredths of a second) for all.
    fn ms_for_1000(&self, ticks: u64) -> f64 {
        ticks as f64 * 10.0 / f64::from(self.facts()) * 1000.0
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut output = io::stdout().lock();
    let (gateway, server) = one_subject(&arguments).await.context("one subject")?;
    writeln!(output, "one subject, {} facts of accounts that the node does not hold:", arguments.facts())?;
    writeln!(output, "  gateway      {:>8.1} ms of CPU for 1,000", arguments.ms_for_1000(gateway))?;
    writeln!(output, "  nats-server  {:>8.1} ms of CPU for 1,000", arguments.ms_for_1000(server))?;
    output.flush()?;
    subject_each(&arguments, &mut output).await.context("a subject for each account")
}

/// Processor ticks of the gateway and of the server for all facts.
async fn one_subject(arguments: &Arguments) -> anyhow::Result<(u64, u64)> {
    let nats = NatsServer::start().await?;
    let server_process = nats.process().context("nats-server is gone")?;
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let postgres = tokio::task::spawn_blocking(move || PrivatePostgres::start(&data)).await??;
    let environment = [
        ("TWOSTEP__DATABASE__URL".to_owned(), postgres.connection_string()),
        ("TWOSTEP__BUS__URL".to_owned(), nats.url()),
    ];
    let mut node = ChildGateway::start(env!("CARGO_BIN_EXE_twostep"), &environment).await;
    let client = async_nats::connect(nats.url()).await?;
    let until = Instant::now() + PATIENCE;
    while node.metric("twostep_bus_joined", "").await < 1.0 {
        ensure!(Instant::now() < until, "{} does not join", node.url);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let before = (node.processor_ticks(), processor_ticks(server_process));
    publish(&client, arguments, |_| "twostep.v1.facts".to_owned()).await?;
    let wanted = f64::from(arguments.facts());
    while node.metric(METRIC, "\"heard\"").await < wanted {
        ensure!(Instant::now() < until, "the node did not hear all facts, with {} KiB", node.memory_kib());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    ensure!(node.metric(METRIC, "\"passed_over\"").await < 1.0, "the node does not understand the facts");
    let used = (node.processor_ticks() - before.0, processor_ticks(server_process) - before.1);
    // Before its database goes away.
    node.kill();
    Ok(used)
}

/// A client that holds a subscription for each account, in this process.
async fn subject_each(arguments: &Arguments, output: &mut impl Write) -> anyhow::Result<()> {
    let nats = NatsServer::start().await?;
    let (this, server) = (std::process::id(), nats.process().context("nats-server is gone")?);
    let client = async_nats::connect(nats.url()).await?;
    let before = (memory_kib(this), memory_kib(server));
    let (began, ticks) = (Instant::now(), processor_ticks(server));
    let mut subscriptions = Vec::with_capacity(arguments.accounts as usize);
    for number in 0..arguments.accounts {
        subscriptions.push(client.subscribe(subject(number)).await?);
    }
    client.flush().await?;
    let each = |before: u64, after: u64| (after.saturating_sub(before)) as f64 / f64::from(arguments.accounts);
    writeln!(output, "a subject for each of {} accounts:", arguments.accounts)?;
    writeln!(output, "  subscribing  {:>8.2} s", began.elapsed().as_secs_f64())?;
    writeln!(output, "  nats-server  {:>8.2} s of CPU for it", (processor_ticks(server) - ticks) as f64 / 100.0)?;
    writeln!(output, "  client       {:>8.2} KiB a subscription", each(before.0, memory_kib(this)))?;
    writeln!(output, "  nats-server  {:>8.2} KiB a subscription", each(before.1, memory_kib(server)))?;
    let ticks = processor_ticks(server);
    publish(&client, arguments, |number| subject(arguments.accounts + number)).await?;
    let used = arguments.ms_for_1000(processor_ticks(server) - ticks);
    writeln!(output, "  nats-server  {used:>8.1} ms of CPU for 1,000 facts that nobody here wants")?;
    reconnect(nats, arguments, subscriptions, output).await
}

/// The server goes and comes back: until a fact for the last account arrives, facts are lost.
async fn reconnect(
    mut nats: NatsServer,
    arguments: &Arguments,
    mut subscriptions: Vec<async_nats::Subscriber>,
    output: &mut impl Write,
) -> anyhow::Result<()> {
    nats.start_again().await?;
    let began = Instant::now();
    let other = async_nats::connect(nats.url()).await?;
    let mut last = subscriptions.pop().context("no subscription")?;
    loop {
        other.publish(subject(arguments.accounts - 1), "x".into()).await?;
        other.flush().await?;
        if tokio::time::timeout(Duration::from_millis(20), last.next()).await.is_ok() {
            break;
        }
        ensure!(began.elapsed() < PATIENCE, "the client does not come back");
    }
    writeln!(output, "  deaf after the server's return for {:.2} s", began.elapsed().as_secs_f64())?;
    Ok(())
}

/// Facts at the rate, in small bursts.
async fn publish(client: &Client, arguments: &Arguments, subject: impl Fn(u32) -> String) -> anyhow::Result<()> {
    let a_burst = (f64::from(arguments.rate) * BURST_EVERY.as_secs_f64()).ceil() as u32;
    let mut ticks = tokio::time::interval(BURST_EVERY);
    let node = Uuid::now_v7();
    for number in 0..arguments.facts() {
        if number.is_multiple_of(a_burst) {
            ticks.tick().await;
        }
        let event = NodeMessage::CodeIssued { challenge_id: ChallengeId::new(Uuid::now_v7()) };
        let mut fact = serde_json::to_value(event)?;
        fact["v"] = 1.into();
        fact["node"] = json!(node);
        fact["account"] = json!(Uuid::now_v7());
        client.publish(subject(number), fact.to_string().into()).await?;
    }
    client.flush().await?;
    Ok(())
}

fn subject(account: u32) -> String {
    format!("twostep.v1.facts.{}", Uuid::from_u128(account.into()).simple())
}
