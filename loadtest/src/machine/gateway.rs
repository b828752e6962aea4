//! A gateway started for the test, with a private database in a folder that goes away.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;
use tokio::sync::oneshot;

/// Making a private database takes seconds on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(90);
/// A gateway stops within 30 s (design section 12).
const STOPPED_WITHIN: Duration = Duration::from_secs(35);
/// Lines of its log that are kept, to say what went wrong.
const KEPT_LINES: usize = 40;

/// What to start.
pub(crate) struct Plan {
    /// The program.
    pub(crate) program: PathBuf,
    /// Password hashing as cheap as the gateway allows.
    pub(crate) cheap_hashing: bool,
    /// Settings such as `("HTTP__WORKERS", "1")`.
    pub(crate) settings: Vec<(String, String)>,
}

/// Gateways on one database.
pub(crate) struct Gateway {
    /// The public side of each.
    pub(crate) urls: Vec<String>,
    children: Vec<Child>,
    _folder: TempDir,
}

impl Gateway {
    /// Starts `nodes` gateways and waits until they serve. The first one brings the database.
    ///
    /// # Errors
    /// When one does not start; the text ends with what it said.
    pub(crate) async fn start(plan: &Plan, nodes: usize) -> anyhow::Result<Self> {
        // The user of the private PostgreSQL must be able to enter it.
        let open = std::fs::Permissions::from_mode(0o755);
        let folder = tempfile::Builder::new().prefix("twostep-load-").permissions(open).tempdir()?;
        let keys = format!("load:{}", STANDARD.encode(rand::random::<[u8; 32]>()));
        let mut gateway = Self { urls: Vec::new(), children: Vec::new(), _folder: folder };
        for number in 0..nodes.max(1) {
            let mut command = command(plan, gateway._folder.path(), &keys)?;
            if number > 0 {
                let run = gateway._folder.path().join("postgres/run");
                let url = format!("host={} port=5432 user=twostep dbname=twostep", run.display());
                command.env("TWOSTEP__DATABASE__URL", url);
            }
            let child = command.spawn().with_context(|| format!("{} cannot be run", plan.program.display()))?;
            // Kept before it is waited for, so that it is stopped also when it does not get ready.
            gateway.children.push(child);
            let Some(child) = gateway.children.last_mut() else { continue };
            let ready = tokio::time::timeout(READY_WITHIN, follow(child));
            let url = ready.await.context("the gateway did not start in time")??;
            gateway.urls.push(url);
        }
        Ok(gateway)
    }

    /// Starts the bare server that this program holds.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) async fn floor() -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("floor-server").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut floor = Self { urls: Vec::new(), children: vec![command.spawn()?], _folder: TempDir::new()? };
        floor.urls.push(follow(&mut floor.children[0]).await.context("the floor could not be started")?);
        Ok(floor)
    }

    /// Their process ids.
    pub(crate) fn processes(&self) -> Vec<u32> {
        self.children.iter().map(Child::id).collect()
    }
}

/// Asks each to stop, the one with the database last, and waits for it.
impl Drop for Gateway {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            let _ = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
            let until = Instant::now() + STOPPED_WITHIN;
            while matches!(child.try_wait(), Ok(None)) && Instant::now() < until {
                thread::park_timeout(Duration::from_millis(20));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn command(plan: &Plan, data: &Path, keys: &str) -> anyhow::Result<Command> {
    let mut command = Command::new(&plan.program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TWOSTEP__")) {
        command.env_remove(name);
    }
    command
        .env("TWOSTEP__HTTP__ADDRESS", "127.0.0.1:0")
        .env("TWOSTEP__OPERATOR__ADDRESS", free_address()?.to_string())
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
    Ok(command)
}

/// An address that nobody listens at.
fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// Reads what it writes to the end, so that it never waits for a reader. Answers with its address, or with its last lines when
/// it ends before it serves.
async fn follow(child: &mut Child) -> anyhow::Result<String> {
    let last = Arc::<Mutex<Vec<String>>>::default();
    let (tell, told) = oneshot::channel();
    if let Some(errors) = child.stderr.take() {
        read(errors, Arc::clone(&last), None);
    }
    if let Some(output) = child.stdout.take() {
        read(output, Arc::clone(&last), Some(tell));
    }
    match told.await {
        Ok(address) => Ok(address),
        Err(_) => bail!("the gateway ended: {}", last.lock().unwrap_or_else(PoisonError::into_inner).join(" / ")),
    }
}

fn read(source: impl Read + Send + 'static, last: Arc<Mutex<Vec<String>>>, tell: Option<oneshot::Sender<String>>) {
    let mut tell = tell;
    thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix("listening on ")
                && let Some(tell) = tell.take()
            {
                let _ = tell.send(address.trim_end().to_owned());
            }
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            last.push(line);
            if last.len() > KEPT_LINES {
                last.remove(0);
            }
        }
    });
}
