//! Pushes a second through one gateway, and what they cost it: the real program, a PostgreSQL of its own and the
//! simulated providers, all on this machine.
//!
//! Each run prepares accounts whose sleeping device is owed a code, starts a gateway that finds them overdue, and measures
//! until the provider has them all and the gateway has written that down. Runs of the providers alternate.

#![expect(unreachable_pub, reason = "a benchmark has no public side")]

#[path = "../../tests/support/child.rs"]
mod child;
mod report;
mod run;

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context;
use clap::Parser;
use twostep_private_postgres::PrivatePostgres;
use twostep_simulators::{ApnsOptions, ApnsSimulator, FcmOptions, FcmSimulator, WebPushOptions, WebPushSimulator};

use self::report::Report;
use self::run::{Provider, Run, Simulators, Stage};

#[derive(Parser)]
struct Arguments {
    /// Pushes in a run.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(100..=20_000))]
    pushes: u32,
    /// Runs for each provider.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=20))]
    runs: u32,
    /// Passed by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let postgres = tokio::task::spawn_blocking(move || PrivatePostgres::start(&data)).await??;
    let any_port: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
    let keep = usize::try_from(arguments.pushes)?;
    let fcm = FcmSimulator::start_with(any_port, FcmOptions { keep, ..FcmOptions::default() }).await?;
    let apns = ApnsSimulator::start_with(any_port, ApnsOptions { keep, ..ApnsOptions::default() }).await?;
    let webpush = WebPushSimulator::start_with(any_port, WebPushOptions { keep, ..WebPushOptions::default() }).await?;
    let simulators = Simulators { fcm, apns, webpush };
    let stage = Stage::prepare(postgres.connection_string(), simulators, arguments.pushes).await?;

    let mut report = Report::default();
    for number in 1..=arguments.runs {
        for provider in Provider::ALL {
            let run = Run { provider, number };
            let measured = stage.play(run).await.with_context(|| format!("run {number} of {}", provider.name()))?;
            report.add(provider, measured);
        }
    }
    report.write(&mut io::stdout().lock(), arguments.pushes)?;
    io::stdout().flush()?;
    Ok(())
}
