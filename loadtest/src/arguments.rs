//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::scenario::{fallback, fanout, guess, hostile, idle, mix, outage, restart, signin, soak, timing};

/// Load-tests a Twostep gateway over its public contract, checks that it makes no mistake under load, and plays the push
/// providers for it.
#[derive(Parser)]
#[command(version, about, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Can a stranger tell by the clock whether an address has an account?
    Timing(Scenario<timing::Options>),
    /// How many codes can many clients guess at one account, over every gateway?
    Guess(Scenario<guess::Options>),
    /// Do people sign in as ever while others attack?
    Hostile(Scenario<hostile::Options>),
    /// How do whole sign-ins go at a fixed rate?
    Signin(Scenario<signin::Options>),
    /// Do devices that are asleep get their codes by push, and how soon?
    Fallback(Scenario<fallback::Options>),
    /// What does a connection cost while nothing happens?
    Idle(Scenario<idle::Options>),
    /// What does it cost when all devices connect at once?
    Storm(Scenario<idle::Options>),
    /// What does one more code on one more device cost?
    Fanout(Scenario<fanout::Options>),
    /// What becomes of sign-ins while something that the gateway needs stands still, and after it?
    Outage(Scenario<outage::Options>),
    /// Does anybody notice when nodes end and start again, or stand still, one after the other?
    Restart(Scenario<restart::Options>),
    /// Does the gateway stay as it is for long, and let go of all in the end?
    Soak(Scenario<soak::Options>),
    /// How does it all go together, as a file says?
    Mix(Scenario<mix::Options>),
    /// Draw two reports of --json into one page.
    Compare {
        /// The first report.
        first: PathBuf,
        /// The second report.
        second: PathBuf,
        /// The page.
        #[arg(long, value_name = "FILE")]
        html: PathBuf,
    },
    /// Serve as the floor, until the process is ended.
    #[command(hide = true)]
    FloorServer,
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

/// A scenario: its own options and those that all have.
#[derive(Args)]
pub(crate) struct Scenario<Own: Args> {
    #[command(flatten)]
    pub(crate) own: Own,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// What every scenario can be told.
#[derive(Args, Clone)]
pub(crate) struct Common {
    /// A running gateway, http://HOST:PORT; once for each node. It must be in development mode, whose mail outbox the harness
    /// reads to make its accounts.
    #[arg(long = "url", value_name = "URL", conflicts_with = "spawn")]
    pub(crate) urls: Vec<String>,
    /// Process of a gateway on this machine, to measure what it uses; once for each node.
    #[arg(long = "pid", value_name = "PID", requires = "urls")]
    pub(crate) processes: Vec<u32>,
    /// Operator's side of a running gateway, http://HOST:PORT; once for each node.
    #[arg(long = "operator", value_name = "URL", requires = "urls")]
    pub(crate) operators: Vec<String>,
    /// The file with the operator's token of a running gateway.
    #[arg(long, value_name = "FILE", default_value = "data/operator-token")]
    pub(crate) operator_token_file: PathBuf,
    /// Start a gateway for the test, with a private database that goes away; PROGRAM is `twostep` beside this program unless it
    /// is named.
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) spawn: Option<Option<PathBuf>>,
    /// Gateways to start, on one database.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub(crate) nodes: u8,
    /// Start a NATS server that makes one of the gateways that are started.
    #[arg(long, requires = "spawn")]
    pub(crate) bus: bool,
    /// One more gateway, that nobody is told of, brings the database.
    #[arg(skip)]
    pub(crate) keeper: bool,
    /// What a password's hash costs the gateway that is started.
    #[arg(long, value_enum, default_value_t = Hashing::Cheap)]
    pub(crate) hashing: Hashing,
    /// A setting of the gateway that is started, such as HTTP__WORKERS=1; may come often.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(crate) settings: Vec<(String, String)>,
    /// Addresses of this machine to connect from, 127.0.0.2 and up; each has some 28,000 ports. 1 to 200.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u8).range(1..=200))]
    pub(crate) sources: u8,
    /// Runs; figures are their median.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) runs: u32,
    /// Play every run against a bare server too, in turn, for scale.
    #[arg(long)]
    pub(crate) floor: bool,
    /// Write the report as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write the report as a page with plots that needs nothing else.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

/// What a password's hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Hashing {
    /// As little as the gateway allows, so that the rest shows.
    Cheap,
    /// The gateway's default.
    Default,
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("KEY=VALUE is needed, such as HTTP__WORKERS=1")?;
    Ok((key.trim_start_matches("TWOSTEP__").to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
        assert_eq!(setting("TWOSTEP__A__B=c=d").unwrap(), ("A__B".to_owned(), "c=d".to_owned()));
    }
}
