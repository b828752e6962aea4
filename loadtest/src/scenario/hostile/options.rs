//! What the scenario can be told.

use clap::Args;

use crate::inject::Fault;

/// What the scenario can be told.
#[derive(Args)]
pub(crate) struct Options {
    /// Connections that never finish their request head.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub(super) half_open: u32,
    /// Connections that ask and never read.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub(super) slow_readers: u32,
    /// What those that never read ask for.
    #[arg(long, default_value = "/v1/openapi.json")]
    pub(super) ask: String,
    /// Signed-in devices that send frame bombs.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub(super) bombers: u32,
    /// Connections of HTTP/2 of one client, whose requests name one large field often; 0 leaves that part out. Only with --spawn.
    #[arg(long, default_value_t = 380, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub(super) http2_connections: u32,
    /// Requests at once on each of these.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(super) http2_streams: u32,
    /// Sign-ins a second meanwhile.
    #[arg(long, default_value_t = 20.0)]
    pub(super) rate: f64,
    /// Accounts that sign in, with two screens each.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) accounts: u32,
    /// Seconds of each part: before, meanwhile, after.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(5..=3600))]
    pub(super) seconds: u64,
    /// Let a proxy make mistakes with codes, to see that they are found.
    #[arg(long)]
    pub(super) inject: Option<Fault>,
}
