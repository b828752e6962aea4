//! The load-testing harness. It speaks the public HTTP and WebSocket contract only.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use twostep_simulators::{ProvidersOptions, run_providers};

/// Load-tests a running Twostep gateway over its public contract, and plays the push providers for it.
#[derive(Parser)]
#[command(version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Play FCM and APNs on loopback until interrupted; prints the environment that points a gateway at them.
    Providers {
        /// Where FCM listens; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:0")]
        fcm: SocketAddr,
        /// Where APNs listens; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:0")]
        apns: SocketAddr,
        /// An existing directory for keys and certificates; without it, one that goes away at the end.
        #[arg(long)]
        directory: Option<PathBuf>,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Providers { fcm, apns, directory } => {
            let options =
                ProvidersOptions { fcm_address: fcm, apns_address: apns, directory, ..ProvidersOptions::default() };
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            Ok(runtime.block_on(run_providers(options))?)
        }
    }
}
