//! Logs and metrics: set-up, and the one list of metric names.

use std::io::IsTerminal;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Sign-ins that would have been challenged, in shadow mode. Label: `reach`, whether a device could have shown the code.
pub const SHADOW_CHALLENGES: &str = "twostep_shadow_challenges_total";
/// Live WebSockets.
pub const CONNECTIONS_OPEN: &str = "twostep_connections_open";
/// TCP connections of the public side.
pub const HTTP_CONNECTIONS_OPEN: &str = "twostep_http_connections_open";
/// TCP connections that came to nothing, or ended over a bound of time or size. Label: `reason`.
pub const CONNECTIONS_REFUSED: &str = "twostep_connections_refused_total";
/// User actors alive.
pub const USER_ACTORS: &str = "twostep_user_actors";
/// Sign-ins with the right password. Label: `outcome`.
pub const SIGN_INS: &str = "twostep_sign_ins_total";
/// Deliveries by how far this node brought them. Labels: `channel`, `outcome`.
pub const DELIVERIES: &str = "twostep_deliveries_total";
/// From writing a code to a connection until the device says that it shows it, in seconds.
pub const RECEIPT_SECONDS: &str = "twostep_receipt_seconds";
/// Database connections that the pool holds open, idle ones among them.
pub const DATABASE_CONNECTIONS_OPEN: &str = "twostep_database_connections_open";
/// Database connections that the pool opens at most.
pub const DATABASE_CONNECTIONS_MAX: &str = "twostep_database_connections_max";
/// Database connections in use.
pub const DATABASE_CONNECTIONS_IN_USE: &str = "twostep_database_connections_in_use";
/// Tries to send a mail, by what the mail server answered. Label: `outcome`.
pub const MAIL_TRIES: &str = "twostep_mail_tries_total";
/// Pushes by their end. Labels: `provider`, `outcome`.
pub const PUSHES: &str = "twostep_pushes_total";
/// Attempts by what the provider answered. Labels: `provider`, `outcome`.
pub const PUSH_ATTEMPTS: &str = "twostep_push_attempts_total";
/// Pushes in memory: under way, waiting for their turn or for their next try. Label: `provider`.
pub const PUSHES_HELD: &str = "twostep_pushes_held";
/// 1 while the circuit breaker turns pushes away. Label: `provider`.
pub const PUSH_BREAKER_OPEN: &str = "twostep_push_breaker_open";
/// 1 while too many addresses are called dead and none is forgotten. Label: `provider`.
pub const PUSH_DEAD_TOKEN_ALARM: &str = "twostep_push_dead_token_alarm";
/// 1 while NATS carries facts between this node and others; absent on a node that runs alone.
pub const BUS_JOINED: &str = "twostep_bus_joined";
/// Facts between nodes. Label: `what`: sent, dropped, heard, missed or passed_over.
pub const BUS_FACTS: &str = "twostep_bus_facts_total";

/// How logs look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// Sends logs to standard error. `filter` is a list such as `info,twostep=debug`; a malformed part is left out.
///
/// Logs hold no code, token, address or IP at any level. Libraries are kept to `info`, whatever the filter says: below
/// it some write the headers and bodies they carry.
pub fn start_logging(format: LogFormat, filter: &str) {
    let ours_or_quiet =
        filter_fn(|metadata| metadata.target().starts_with("twostep") || *metadata.level() <= Level::INFO);
    let registry = tracing_subscriber::registry().with(EnvFilter::builder().parse_lossy(filter)).with(ours_or_quiet);
    // A second call, from a test in the same process, changes nothing.
    let _ = match format {
        LogFormat::Text => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .with_writer(std::io::stderr)
                    .with_ansi(std::io::stderr().is_terminal())
                    .with_target(false),
            )
            .try_init(),
        LogFormat::Json => {
            registry.with(tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr)).try_init()
        }
    };
}

/// Starts collecting metrics; the handle renders them for Prometheus. In a process that collects already, the
/// handle is that of the first call.
pub fn start_metrics() -> PrometheusHandle {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    HANDLE.get_or_init(install_metrics).clone()
}

fn install_metrics() -> PrometheusHandle {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    // Somebody else's recorder stays: then ours renders nothing, which is no reason not to start.
    let _ = metrics::set_global_recorder(recorder);
    metrics::describe_counter!(SHADOW_CHALLENGES, "Sign-ins that would have been challenged, in shadow mode, by reach");
    metrics::describe_gauge!(CONNECTIONS_OPEN, "Live WebSocket connections");
    metrics::describe_gauge!(HTTP_CONNECTIONS_OPEN, "TCP connections of the public side");
    metrics::describe_counter!(CONNECTIONS_REFUSED, "TCP connections that were refused or cut off, by reason");
    metrics::describe_gauge!(USER_ACTORS, "User actors alive");
    metrics::describe_gauge!(DATABASE_CONNECTIONS_OPEN, "Database connections open, idle ones among them");
    metrics::describe_gauge!(DATABASE_CONNECTIONS_MAX, "Database connections that a node opens at most");
    metrics::describe_gauge!(DATABASE_CONNECTIONS_IN_USE, "Database connections in use");
    metrics::describe_counter!(SIGN_INS, "Sign-ins with the right password by what came of them");
    metrics::describe_counter!(DELIVERIES, "Deliveries by channel and how far this node brought them");
    metrics::describe_histogram!(RECEIPT_SECONDS, "Seconds from a code on a connection to the device's receipt");
    metrics::describe_counter!(MAIL_TRIES, "Tries to send a mail by what the mail server answered");
    metrics::describe_counter!(PUSHES, "Pushes by provider and how they ended");
    metrics::describe_counter!(PUSH_ATTEMPTS, "Attempts to push by provider and what it answered");
    metrics::describe_gauge!(PUSHES_HELD, "Pushes in memory by provider");
    metrics::describe_gauge!(PUSH_BREAKER_OPEN, "1 while a provider's circuit breaker turns pushes away");
    metrics::describe_gauge!(PUSH_DEAD_TOKEN_ALARM, "1 while too many addresses are called dead and none is forgotten");
    metrics::describe_gauge!(BUS_JOINED, "1 while NATS carries facts between this node and others");
    metrics::describe_counter!(BUS_FACTS, "Facts between nodes by what became of them");
    handle
}
