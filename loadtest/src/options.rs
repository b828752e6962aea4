//! What every scenario can be told.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

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
    use super::*;

    #[test]
    fn a_setting_is_named_with_and_without_the_prefix() {
        for text in ["TWOSTEP__A__B=c=d", "A__B=c=d"] {
            assert_eq!(setting(text).unwrap(), ("A__B".to_owned(), "c=d".to_owned()));
        }
    }
}
