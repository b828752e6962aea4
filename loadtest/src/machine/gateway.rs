//! A gateway started for the test, with a private database in a folder that goes away.

mod output;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustix::process::Signal;
use tempfile::TempDir;
use twostep_simulators::NatsServer;

use super::freeze::{Frozen, postmaster};
use super::process::send;
use output::follow;

/// Making a private database takes seconds on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(90);
/// A gateway stops within 30 s (design section 12).
const STOPPED_WITHIN: Duration = Duration::from_secs(35);
/// A node is believed gone 2.5 s after its last sign of life (docs/decisions/0007-leases-and-living-nodes.md).
const FROZEN: Duration = Duration::from_secs(5);
/// What to start.
#[derive(Clone, Default)]
pub(crate) struct Plan {
    /// The program.
    pub(crate) program: PathBuf,
    /// Password hashing as cheap as the gateway allows.
    pub(crate) cheap_hashing: bool,
    /// Settings such as `("HTTP__WORKERS", "1")`.
    pub(crate) settings: Vec<(String, String)>,
    /// Start a NATS server that joins them.
    pub(crate) bus: bool,
    /// One more gateway, that nobody is told of, brings the database: so that each of the others can end.
    pub(crate) keeper: bool,
}

/// How a node is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Interruption {
    /// It is asked to end, lets what is under way finish, and starts again.
    Drain,
    /// It ends from one moment to the next, and starts again.
    Kill,
    /// It stands still for longer than others believe in it, and goes on.
    Freeze,
}

/// Gateways on one database.
pub(crate) struct Gateway {
    /// The public side of each.
    pub(crate) urls: Vec<String>,
    /// The operator's side of each.
    pub(crate) operators: Vec<String>,
    plan: Plan,
    /// The one that brings the database first, so that it ends last.
    children: Mutex<Vec<Child>>,
    keys: String,
    nats: Option<NatsServer>,
    folder: TempDir,
}

impl Gateway {
    /// Starts `nodes` gateways and waits until they serve. The first one, or the keeper, brings the database.
    ///
    /// # Errors
    /// When one does not start; the text ends with what it said.
    pub(crate) async fn start(plan: Plan, nodes: usize) -> anyhow::Result<Self> {
        // The user of the private PostgreSQL must be able to enter it.
        let open = std::fs::Permissions::from_mode(0o755);
        let folder = tempfile::Builder::new().prefix("twostep-load-").permissions(open).tempdir()?;
        let keys = format!("load:{}", STANDARD.encode(rand::random::<[u8; 32]>()));
        let nats = if plan.bus { Some(NatsServer::start().await?) } else { None };
        let urls = Vec::new();
        let operators = Vec::new();
        let children = Mutex::default();
        let mut gateway = Self { urls, operators, plan, children, keys, nats, folder };
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        if gateway.plan.keeper {
            let keeper = gateway.spawn(any, free_address()?, true)?;
            gateway.keep(keeper, None).await?;
        }
        for number in 0..nodes.max(1) {
            let operator = free_address()?;
            let child = gateway.spawn(any, operator, number == 0 && !gateway.plan.keeper)?;
            let url = gateway.keep(child, None).await?;
            gateway.urls.push(url);
            gateway.operators.push(format!("http://{operator}"));
        }
        Ok(gateway)
    }

    /// The file with the operator's token of each: they share the folder that it is made in.
    pub(crate) fn operator_token_file(&self) -> PathBuf {
        self.folder.path().join("operator-token")
    }

    /// Starts one more, on a database of its own, that differs in these settings.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) async fn with(&self, settings: impl IntoIterator<Item = (String, String)>) -> anyhow::Result<Self> {
        let mut plan = Plan { bus: false, keeper: false, ..self.plan.clone() };
        plan.settings.extend(settings);
        Self::start(plan, 1).await
    }

    fn spawn(&self, address: SocketAddr, operator: SocketAddr, brings_database: bool) -> anyhow::Result<Child> {
        let mut command = command(&self.plan, self.folder.path(), &self.keys);
        command.env("TWOSTEP__HTTP__ADDRESS", address.to_string());
        command.env("TWOSTEP__OPERATOR__ADDRESS", operator.to_string());
        if let Some(nats) = &self.nats {
            command.env("TWOSTEP__BUS__URL", nats.url());
        }
        if !brings_database {
            let run = self.folder.path().join("postgres/run");
            let url = format!("host={} port=5432 user=twostep dbname=twostep", run.display());
            command.env("TWOSTEP__DATABASE__URL", url);
        }
        command.spawn().with_context(|| format!("{} cannot be run", self.plan.program.display()))
    }

    /// Waits until it serves; answers with its address. It is stopped also when it does not get ready.
    async fn keep(&self, mut child: Child, place: Option<usize>) -> anyhow::Result<String> {
        let outputs = (child.stderr.take(), child.stdout.take());
        {
            let mut children = self.children();
            match place {
                Some(place) => children[place] = child,
                None => children.push(child),
            }
        }
        let ready = tokio::time::timeout(READY_WITHIN, follow(outputs));
        ready.await.context("the gateway did not start in time")?
    }

    /// Interrupts a node; one that ended is started again at its address. Answers with how long its end, or its standstill, took.
    ///
    /// # Errors
    /// When it does not end or start in time.
    pub(crate) async fn interrupt(&self, node: usize, how: Interruption) -> anyhow::Result<Duration> {
        let place = node + usize::from(self.plan.keeper);
        ensure!(place > 0, "the node that brings the database cannot end: a keeper is needed");
        let began = Instant::now();
        if how == Interruption::Freeze {
            let frozen = Frozen::with_children(self.processes()[node])?;
            tokio::time::sleep(FROZEN).await;
            drop(frozen);
            return Ok(began.elapsed());
        }
        self.end(place, how)?;
        while self.children()[place].try_wait()?.is_none() {
            ensure!(began.elapsed() < STOPPED_WITHIN, "a node does not end within {STOPPED_WITHIN:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let took = began.elapsed();
        let address = |url: &str| url.trim_start_matches("http://").parse::<SocketAddr>();
        let child = self.spawn(address(&self.urls[node])?, address(&self.operators[node])?, false)?;
        self.keep(child, Some(place)).await?;
        Ok(took)
    }

    fn end(&self, place: usize, how: Interruption) -> anyhow::Result<()> {
        let id = self.children()[place].id();
        let signal = if how == Interruption::Kill { Signal::KILL } else { Signal::TERM };
        send(id, signal)
    }

    fn children(&self) -> MutexGuard<'_, Vec<Child>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the bare server that this program holds.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) async fn floor() -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("floor-server").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut floor = Self {
            urls: Vec::new(),
            operators: Vec::new(),
            plan: Plan::default(),
            children: Mutex::default(),
            keys: String::new(),
            nats: None,
            folder: TempDir::new()?,
        };
        let url = floor.keep(command.spawn()?, None).await.context("the floor could not be started")?;
        floor.urls.push(url);
        Ok(floor)
    }

    /// Lets their database stand still.
    ///
    /// # Errors
    /// When it does not run, or belongs to another user.
    pub(crate) fn freeze_database(&self) -> anyhow::Result<Frozen> {
        Frozen::with_children(postmaster(&self.folder.path().join("postgres/pg"))?)
    }

    /// Lets the NATS server that joins them stand still.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn freeze_bus(&self) -> anyhow::Result<Frozen> {
        let process = self.nats.as_ref().and_then(NatsServer::process);
        Frozen::with_children(process.context("no NATS server was started: use --bus")?)
    }

    /// Their process ids.
    pub(crate) fn processes(&self) -> Vec<u32> {
        self.children().iter().skip(usize::from(self.plan.keeper)).map(Child::id).collect()
    }
}

/// Asks each to stop, the one with the database last, and waits for it.
impl Drop for Gateway {
    fn drop(&mut self) {
        let count = self.children().len();
        for place in (0..count).rev() {
            // One that ended already needs nothing.
            let _ = self.end(place, Interruption::Drain);
            let mut children = self.children();
            let child = &mut children[place];
            let until = Instant::now() + STOPPED_WITHIN;
            while matches!(child.try_wait(), Ok(None)) && Instant::now() < until {
                thread::park_timeout(Duration::from_millis(20));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn command(plan: &Plan, data: &Path, keys: &str) -> Command {
    let mut command = Command::new(&plan.program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TWOSTEP__")) {
        command.env_remove(name);
    }
    command
        .env("TWOSTEP__DATABASE__DATA_DIR", data)
        .env("TWOSTEP__CODES__KEYS", keys)
        // Nothing that the harness does takes a day.
        .env("TWOSTEP__SESSIONS__ACCESS_TOKEN_SECONDS", "86400")
        .env("TWOSTEP__SHUTDOWN__RECONNECT_SPREAD_MS", "0");
    if plan.cheap_hashing {
        command.env("TWOSTEP__PASSWORDS__MEMORY_KIB", "8192").env("TWOSTEP__PASSWORDS__ITERATIONS", "1");
    }
    for (key, value) in &plan.settings {
        command.env(format!("TWOSTEP__{key}"), value);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// An address that nobody listens at.
fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
