//! Logs and metrics: set-up, and the one list of metric names.

pub mod traces;

use std::io::IsTerminal;
use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Level;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use twostep_front::metric_names;
pub use twostep_front::metric_names::count_refusal;

use self::MetricKind::{Counter, Gauge, Histogram};

/// A metric, as operators read of it.
pub struct Metric {
    /// Its name, with the unit at its end (<https://prometheus.io/docs/practices/naming/>).
    pub name: &'static str,
    /// What kind it is.
    pub kind: MetricKind,
    /// What it says, with its labels.
    pub help: &'static str,
}

/// Kinds of metrics.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts values into buckets with these upper bounds.
    Histogram(&'static [f64]),
}

/// What lies between a code on a connection and a receipt, or a request to a provider and its answer: milliseconds when all is well, up
/// to the longest wait that the settings allow.
const NETWORK_SECONDS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];
/// A person reads and types; a code lives for ten minutes at most.
const PERSON_SECONDS: &[f64] = &[2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0];

/// Declares the metrics: a constant for each name, and the list of all.
macro_rules! metrics_list {
    ($( $constant:ident = $name:expr, $kind:expr, $help:literal; )+) => {
        $( #[doc = $help] pub const $constant: &str = $name; )+
        /// Every metric. None has a label by which an account, a device or an address could be told.
        pub const METRICS: &[Metric] = &[ $( Metric { name: $constant, kind: $kind, help: $help } ),+ ];
    };
}

metrics_list! {
    BUILD_INFO = "twostep_build_info", Gauge, "1, with the version that runs";
    CONNECTIONS_OPEN = "twostep_connections_open", Gauge, "Live WebSocket connections";
    CONNECTIONS_CLOSED = "twostep_connections_closed_total", Counter, "WebSocket connections that ended, by reason: the words of the close codes, `device` when it said goodbye, `line_lost` when nobody did";
    HTTP_CONNECTIONS_OPEN = metric_names::HTTP_CONNECTIONS_OPEN, Gauge, "TCP connections of the public side";
    HTTP_REQUESTS = "twostep_http_requests_total", Counter, "Requests to the public side, by route, method and status";
    HTTP_REQUEST_SECONDS = "twostep_http_request_seconds", Histogram(NETWORK_SECONDS), "Seconds from the head of a request to that of its answer, by route and method";
    CERTIFICATE_END = metric_names::CERTIFICATE_END, Gauge, "When the certificate of the public side ends, in seconds since 1970; absent without TLS";
    CONNECTIONS_REFUSED = metric_names::CONNECTIONS_REFUSED, Counter, "TCP connections that came to nothing or ended over a bound of time or size, by reason";
    USER_ACTORS = "twostep_user_actors", Gauge, "User actors alive";
    MAILBOX_FULL = "twostep_mailbox_full_total", Counter, "Messages that found the mailbox of an actor full, by actor";
    SIGN_INS = "twostep_sign_ins_total", Counter, "Sign-ins with the right password, or that an app vouched for, by outcome";
    SHADOW_CHALLENGES = "twostep_shadow_challenges_total", Counter, "Sign-ins that would have been challenged, in shadow mode, by whether a device could have shown the code";
    ROLLOUT_HELD = "twostep_rollout_held", Gauge, "1 while the rollout holds because its newest batch fares worse than the one before did";
    ACCOUNTS_BY_WAYS_LEFT = "twostep_accounts_by_ways_left", Gauge, "Accounts that have two-step verification on, by how many ways in their owners have left, as counted last: every node says the same";
    TRUSTED_DEVICES = "twostep_trusted_devices", Gauge, "Trusted devices of these accounts, by platform and whether they get a code now";
    DRILLED_ACCOUNTS = "twostep_drilled_accounts", Gauge, "Accounts of these whose sleeping devices were asked within a week, by whether one answered";
    CHALLENGES = "twostep_challenges_closed_total", Counter, "Challenges that ended, by outcome";
    ENTRY_SECONDS = "twostep_code_entry_seconds", Histogram(PERSON_SECONDS), "Seconds from the start of a challenge to its right code";
    DELIVERIES = "twostep_deliveries_total", Counter, "Deliveries, by channel and how far this node brought them";
    RECEIPT_SECONDS = "twostep_receipt_seconds", Histogram(NETWORK_SECONDS), "Seconds from writing a code to a connection until the device says that it shows it";
    LIMIT_REFUSALS = metric_names::LIMIT_REFUSALS, Counter, "Requests that a limit refused, by limit";
    CLOCK_AHEAD = "twostep_database_clock_ahead_seconds", Gauge, "Seconds by which the clock of the database is ahead of this machine's";
    DATABASE_CONNECTIONS_OPEN = "twostep_database_connections_open", Gauge, "Database connections open, idle ones among them";
    DATABASE_CONNECTIONS_IN_USE = "twostep_database_connections_in_use", Gauge, "Database connections in use";
    DATABASE_CONNECTIONS_MAX = "twostep_database_connections_max", Gauge, "Database connections that a node opens at most";
    PASSWORD_HASHES_WAITING = "twostep_password_hashes_waiting", Gauge, "Passwords that are hashed or wait for it, by lane: `owners` are trusted devices and their sessions";
    PASSWORD_HASHES_MAX = "twostep_password_hashes_max", Gauge, "Passwords that may be hashed or wait in each lane; more are answered 503";
    MAIL_TRIES = "twostep_mail_tries_total", Counter, "Tries to send a mail, by what the mail server answered";
    PUSHES = "twostep_pushes_total", Counter, "Pushes, by provider and how they ended";
    PUSH_ATTEMPTS = "twostep_push_attempts_total", Counter, "Attempts to push, by provider and what it answered";
    PUSH_ATTEMPT_SECONDS = "twostep_push_attempt_seconds", Histogram(NETWORK_SECONDS), "Seconds that a provider took to answer an attempt, by provider";
    PUSHES_HELD = "twostep_pushes_held", Gauge, "Pushes in memory, under way or waiting, by provider";
    PUSH_BREAKER_OPEN = "twostep_push_breaker_open", Gauge, "1 while the circuit breaker turns pushes away, by provider";
    PUSH_DEAD_TOKEN_ALARM = "twostep_push_dead_token_alarm", Gauge, "1 while too many addresses are called dead and none is forgotten, by provider";
    WEBHOOKS = "twostep_webhooks_total", Counter, "Tries to tell an app's server of an end, by outcome";
    BUS_JOINED = "twostep_bus_joined", Gauge, "1 while NATS carries facts between this node and others; absent on a node that runs alone";
    LOG_LINES_DROPPED = "twostep_log_lines_dropped_total", Counter, "Lines of the log that found no room, because whoever reads it stands still";
    READY = "twostep_ready", Gauge, "1 while the node can do its work, 0 while a cause prevents it, by cause: `database` takes no writes, `workers` of the public side are held up";
    BUS_FACTS = "twostep_bus_facts_total", Counter, "Facts between nodes, by what became of them";
}

/// How logs look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// Lines of the log that wait for whoever reads standard error. A pipe that is not emptied must not hold up sign-ins: what finds no
/// room is dropped, and counted.
const WAITING_LINES: usize = 8192;

static DROPPED_LINES: OnceLock<ErrorCounter> = OnceLock::new();

/// Writes what is left of the log when it is dropped.
#[must_use]
pub struct LogGuard(#[expect(dead_code, reason = "held until it is dropped")] WorkerGuard);

/// Sends logs to standard error, by a thread of its own, for as long as the guard lives. `filter` is a list such as
/// `info,twostep=debug`; a malformed part is left out.
///
/// Logs hold no code, token, address or IP at any level. Libraries are kept to `info`, whatever the filter says: below
/// it some write the headers and bodies they carry.
pub fn start_logging(format: LogFormat, filter: &str) -> LogGuard {
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(WAITING_LINES)
        .thread_name("log")
        .finish(std::io::stderr());
    // That of the first call, which is the one in force.
    DROPPED_LINES.get_or_init(|| writer.error_counter());
    let ours_or_quiet =
        filter_fn(|metadata| metadata.target().starts_with("twostep") || *metadata.level() <= Level::INFO);
    let registry = tracing_subscriber::registry().with(EnvFilter::builder().parse_lossy(filter)).with(ours_or_quiet);
    // A second call, from a test in the same process, changes nothing.
    let _ = match format {
        LogFormat::Text => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .with_writer(writer)
                    .with_ansi(std::io::stderr().is_terminal())
                    .with_target(false),
            )
            .try_init(),
        LogFormat::Json => registry.with(tracing_subscriber::fmt::layer().json().with_writer(writer)).try_init(),
    };
    LogGuard(guard)
}

/// Says in the metrics how many lines of the log were dropped so far.
pub fn count_dropped_lines() {
    let dropped = DROPPED_LINES.get().map_or(0, ErrorCounter::dropped_lines);
    metrics::counter!(LOG_LINES_DROPPED).absolute(dropped as u64);
}

/// Starts collecting metrics; the handle renders them for Prometheus. In a process that collects already, the
/// handle is that of the first call.
pub fn start_metrics() -> PrometheusHandle {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    HANDLE.get_or_init(install_metrics).clone()
}

fn install_metrics() -> PrometheusHandle {
    let buckets = METRICS.iter().filter_map(|metric| match metric.kind {
        Histogram(bounds) => Some((metric.name, bounds)),
        Counter | Gauge => None,
    });
    let builder = buckets.fold(PrometheusBuilder::new(), |builder, (name, bounds)| {
        builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), bounds).expect("there are bounds")
    });
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    // Somebody else's recorder stays: then ours renders nothing, which is no reason not to start.
    let _ = metrics::set_global_recorder(recorder);
    for Metric { name, kind, help } in METRICS {
        match kind {
            Counter => metrics::describe_counter!(*name, *help),
            Gauge => metrics::describe_gauge!(*name, *help),
            Histogram(_) => metrics::describe_histogram!(*name, *help),
        }
    }
    metrics::gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    handle
}

/// Counts a message that found a mailbox full.
pub fn count_full_mailbox(actor: &'static str) {
    metrics::counter!(MAILBOX_FULL, "actor" => actor).increment(1);
}
