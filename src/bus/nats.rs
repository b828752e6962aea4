//! The bus between nodes: NATS core, at most once (docs/decisions/0012-nats-subjects.md).
//!
//! Nothing here waits for NATS but the two tasks that carry facts. What waits for it is bounded; beyond that facts are
//! dropped and counted, and other nodes find them in the database.

mod options;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::{Client, Event, HeaderMap, Subscriber};
use futures_util::StreamExt;
use secrecy::ExposeSecret;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::{debug, warn};
use twostep_private_file::Privacy;

use super::health::{Health, HealthCell};
use super::local::{Bus, Inbox};
use super::others::{Others, Outward, count};
use super::seal::BusKeys;
use super::settings::{BusSettings, JoinError, servers};
use super::wire::{self, Message, Unread};
use crate::clock;
use crate::domain::code::CodeKeys;
use crate::domain::value::id::NodeId;
use crate::telemetry::traces::Trace;
use options::options;

/// Facts that cannot be believed make this node look into the database so often at most.
const MISSED_PERIOD: Duration = Duration::from_secs(1);
/// How long what a probe sends may be on its way.
const PROBE_PATIENCE: Duration = Duration::from_secs(5);
/// Why a node would not be joined with others.
#[derive(Debug, thiserror::Error)]
pub enum CannotJoin {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] JoinError),
    /// Nobody is there, or not in time.
    #[error("no NATS server answers: {0}")]
    Away(String),
    /// It is not who it should be.
    #[error("its certificate is not one to trust: {0}")]
    Tls(String),
    /// It lets nobody in with this.
    #[error("it refuses the login: {0}")]
    Login(String),
    /// It lets this user in, and not do what nodes do.
    #[error("it refuses what nodes do: {0}")]
    Refused(String),
    /// What was sent did not come back.
    #[error("what was sent did not come back in 5 s")]
    Silent,
}

impl CannotJoin {
    /// What to do about it.
    #[must_use]
    pub fn mend(&self) -> &'static str {
        match self {
            Self::Settings(_) => "correct the setting or the file that it names",
            Self::Away(_) => "check TWOSTEP__BUS__URL and that the NATS server runs",
            Self::Tls(_) => {
                "check bus.tls.ca_file, that the name in TWOSTEP__BUS__URL is the certificate's, and bus.tls.certificate_file where the server asks for one"
            }
            Self::Login(_) => {
                "check the user and password, or the token (nats://TOKEN@host), in TWOSTEP__BUS__URL, or bus.credentials_file"
            }
            Self::Refused(_) | Self::Silent => {
                "let the user publish and subscribe at the subject of bus.subject_prefix (docs/operations.md, \"More than one node\")"
            }
        }
    }
}

fn cannot_connect(error: &async_nats::ConnectError) -> CannotJoin {
    use async_nats::ConnectErrorKind as Kind;
    let mut causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    let is_certificate = causes.any(|cause| cause.to_string().to_ascii_lowercase().contains("certificate"));
    let text = error.to_string();
    match error.kind() {
        Kind::Authentication | Kind::AuthorizationViolation => CannotJoin::Login(text),
        Kind::Tls => CannotJoin::Tls(text),
        _ if is_certificate => CannotJoin::Tls(text),
        _ => CannotJoin::Away(text),
    }
}

/// Joins the other nodes, or runs alone when the settings name no NATS. A NATS that is away is no error: the node
/// begins degraded and joins when it can. Returns the bus, the end that the directory reads, and the tasks that carry
/// facts for as long as they run.
///
/// # Errors
/// [`JoinError`] when the settings cannot be used.
pub async fn join(
    settings: &BusSettings,
    privacy: Privacy,
    node: NodeId,
    keys: Arc<CodeKeys>,
) -> Result<(Bus, Inbox, Vec<JoinHandle<()>>), JoinError> {
    let Some(url) = &settings.url else {
        let (bus, inbox) = Bus::alone();
        return Ok((bus, inbox, Vec::new()));
    };
    let health = HealthCell::new(Health::Degraded { reason: "not connected yet".to_owned() });
    let keys = BusKeys::new(keys);
    let (others, to_send) = Others::new(keys.clone());
    let servers = servers(url.expose_secret())?;
    let options = options(settings, privacy)?.no_echo().retry_on_initial_connect();
    let seen = health.clone();
    let missed = others.missing();
    let options = options.event_callback(move |event| {
        let health = seen.clone();
        let missed = Arc::clone(&missed);
        async move { on_event(event, &health, &missed) }
    });
    let refused = |error: &dyn std::error::Error| JoinError::Client(error.to_string());
    let client = options.connect(servers).await.map_err(|error| refused(&error))?;
    let subject = wire::subject(&settings.subject_prefix);
    let heard = client.subscribe(subject.clone()).await.map_err(|error| refused(&error))?;
    let (bus, inbox) = Bus::new(health);
    let bus = bus.with_others(others);
    let tasks = vec![
        tokio::spawn(send(client, subject, node, keys.clone(), to_send)),
        tokio::spawn(hear(heard, node, keys.clone(), bus.clone())),
    ];
    Ok((bus, inbox, tasks))
}

/// Reads what the settings name, as [`join`] does, and asks nobody.
///
/// # Errors
/// [`JoinError`] when the settings cannot be used.
pub fn check(settings: &BusSettings, privacy: Privacy) -> Result<(), JoinError> {
    let Some(url) = &settings.url else { return Ok(()) };
    servers(url.expose_secret())?;
    options(settings, privacy).map(drop)
}

/// Logs in, and sends a fact to itself through the server, as nodes send them to each other.
///
/// # Errors
/// [`CannotJoin`] says why it does not come back, [`JoinError`] in it that the settings cannot be used.
pub async fn probe(settings: &BusSettings, privacy: Privacy) -> Result<(), CannotJoin> {
    let Some(url) = &settings.url else { return Ok(()) };
    let (told, mut complaints) = mpsc::unbounded_channel();
    let options = options(settings, privacy)?.event_callback(move |event| {
        if let Event::ServerError(error) = event {
            let _ = told.send(error.to_string());
        }
        std::future::ready(())
    });
    let client = options.connect(servers(url.expose_secret())?).await.map_err(|error| cannot_connect(&error))?;
    // Where facts go: the server may let a user say something there and nowhere else. Nodes pass over what is empty.
    let subject = wire::subject(&settings.subject_prefix);
    let asked = async {
        let mut heard = client.subscribe(subject.clone()).await.map_err(|error| error.to_string())?;
        client.publish(subject, bytes::Bytes::new()).await.map_err(|error| error.to_string())?;
        client.flush().await.map_err(|error| error.to_string())?;
        Ok::<_, String>(heard.next().await.is_some())
    };
    tokio::select! {
        came = timeout(PROBE_PATIENCE, asked) => match came {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) | Err(_) => Err(CannotJoin::Silent),
            Ok(Err(cause)) => Err(CannotJoin::Refused(cause)),
        },
        Some(complaint) = complaints.recv() => Err(CannotJoin::Refused(complaint)),
    }
}

fn on_event(event: Event, health: &HealthCell, missed: &Notify) {
    match event {
        Event::Connected => health.joined(),
        Event::Disconnected => health.degraded("the connection broke"),
        Event::ClientError(error) => health.degraded(&error.to_string()),
        Event::Closed => health.degraded("the connection is closed"),
        // Such as a lack of permission for the subject: the line stands, and nothing comes through.
        Event::ServerError(error) => {
            warn!(%error, "NATS refuses something");
            health.degraded(&error.to_string());
        }
        Event::SlowConsumer(_) => {
            count("missed");
            missed.notify_one();
        }
        Event::LameDuckMode | Event::Draining => {}
    }
}

async fn send(client: Client, subject: String, node: NodeId, keys: BusKeys, mut to_send: mpsc::Receiver<Outward>) {
    while let Some(outward) = to_send.recv().await {
        match outward {
            Outward::Fact(account, event, trace) => {
                let message = Message::new(node, account, event, clock::now()).to_bytes(&keys).into();
                let sent = match traceparent(trace) {
                    Some(headers) => client.publish_with_headers(subject.clone(), headers, message).await,
                    None => client.publish(subject.clone(), message).await,
                };
                if let Err(error) = sent {
                    debug!(%error, "a fact was not sent to other nodes");
                }
            }
            Outward::Flush(done) => {
                let _ = client.flush().await;
                let _ = done.send(());
            }
        }
    }
}

async fn hear(mut heard: Subscriber, node: NodeId, keys: BusKeys, bus: Bus) {
    let mut warned = false;
    let mut looked_at = Instant::now();
    while let Some(message) = heard.next().await {
        // Of somebody who looks whether messages get through.
        if message.payload.is_empty() {
            continue;
        }
        match Message::parse(&message.payload, &keys, clock::now()) {
            Ok(own) if own.node == node => {}
            Ok(Message { account: account_id, event, .. }) => {
                count("heard");
                let trace = message.headers.as_ref().and_then(|headers| headers.get(Trace::HEADER));
                let trace = trace.map_or(Trace::NONE, |value| Trace::from_header(value.as_str()));
                bus.take(account_id, event, trace).await;
            }
            Err(why) => {
                count("passed_over");
                // An older node's, or one whose clock is wrong: what it told is in the database. However many come, one look a second.
                if matches!(why, Unread::NoMac | Unread::OtherTime) && looked_at.elapsed() >= MISSED_PERIOD {
                    looked_at = Instant::now();
                    bus.miss();
                }
                // Once: a newer node says it again and again.
                if !std::mem::replace(&mut warned, true) {
                    warn!(bus.reason = %why, "a message of another version of the gateway, or of somebody else, is passed over, and so are those that follow");
                }
            }
        }
    }
}

/// What carries a trace to other nodes, if there is one.
fn traceparent(trace: Trace) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(Trace::HEADER, trace.to_header()?);
    Some(headers)
}

#[cfg(test)]
mod tests;
