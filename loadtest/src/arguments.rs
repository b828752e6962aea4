//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use twostep_simulators::Fault;

use crate::options::Common;
use crate::scenario::{emailed, fallback, fanout, guess, hostile, idle, mix, outage, restart, signin, soak, timing};

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
    /// How do whole sign-ins go whose code goes by email?
    Emailed(Scenario<emailed::Options>),
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
    /// Play FCM, APNs and a Web Push push service on loopback until interrupted; prints the environment that points a gateway at them.
    Providers {
        /// Where FCM listens; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:0")]
        fcm: SocketAddr,
        /// Where APNs listens; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:0")]
        apns: SocketAddr,
        /// Where the push service listens; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:0")]
        webpush: SocketAddr,
        /// An existing directory for keys and certificates; without it, one that goes away at the end.
        #[arg(long)]
        directory: Option<PathBuf>,
        /// What every push to a provider is answered with, such as fcm=unavailable, apns=too-many-requests or webpush=hang; may
        /// come often. An unknown one is refused with the list of those that there are.
        #[arg(long = "fault", value_name = "PROVIDER=FAULT")]
        faults: Vec<Fault>,
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
