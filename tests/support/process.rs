//! The real gateway in a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};

use super::client::Client;

/// Making the data of a private PostgreSQL takes seconds on a busy machine, stopping it too.
const PROCESS_DEADLINE: Duration = Duration::from_secs(60);

/// A folder for the data of gateways, which the user of their private PostgreSQL can enter.
pub fn data_folder() -> TempDir {
    let open = std::fs::Permissions::from_mode(0o755);
    tempfile::Builder::new().prefix("twostep-").permissions(open).tempdir().expect("a folder")
}

/// A port that nobody has at this moment, for a side whose address the test must know beforehand. It is below those that the operating
/// system hands out by itself (ip(7), `ip_local_port_range`): otherwise a connection of another test could have it first.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const PORTS: std::ops::Range<u16> = 10_000..32_000;
    // Another process that does the same begins elsewhere.
    let begin = std::process::id().wrapping_mul(97);
    let candidates = std::iter::repeat_with(|| {
        let step = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed).into());
        PORTS.start + u16::try_from(step % u32::from(PORTS.end - PORTS.start)).expect("below the end")
    });
    let mut free = candidates.take(PORTS.len()).filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.next().expect("a free port")
}

/// A gateway that serves.
pub struct GatewayProcess {
    pub url: String,
    data_dir: PathBuf,
    process: Process,
}

impl GatewayProcess {
    /// Starts one with a private database in `data_dir`, and settings such as `("LOG__FILTER", "trace")`.
    pub async fn start(data_dir: &Path, settings: &[(&str, &str)]) -> Self {
        Self::start_with(data_dir, settings, &[]).await
    }

    /// The same, with arguments.
    pub async fn start_with(data_dir: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut process = Process::spawn(data_dir, settings, arguments);
        let ready = "listening on http://";
        let wait = async {
            loop {
                let Some(line) = process.lines.recv().await else { panic!("it did not start: {}", process.output()) };
                if let Some(address) = line.strip_prefix(ready) {
                    return format!("http://{}", address.trim_end());
                }
            }
        };
        let url = tokio::time::timeout(PROCESS_DEADLINE, wait).await.expect("ready in time");
        Self { url, data_dir: data_dir.to_owned(), process }
    }

    pub fn client(&self) -> Client {
        Client::new(&self.url)
    }

    /// A client of the operator's side at this address, with the token that the gateway made.
    pub fn operator(&self, address: &str) -> Client {
        Client::operator(&format!("http://{address}"), &self.data_dir.join("operator-token"))
    }

    /// Sends a signal such as `TERM`.
    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Waits for the end; returns the status and all that it wrote.
    pub async fn ended(self) -> (ExitStatus, String) {
        self.process.ended().await
    }
}

/// Runs one that is expected to refuse to start.
pub async fn refuse(data_dir: &Path, settings: &[(&str, &str)]) -> (ExitStatus, String) {
    Process::spawn(data_dir, settings, &[]).ended().await
}

struct Process {
    id: u32,
    lines: mpsc::UnboundedReceiver<String>,
    output: Arc<Mutex<String>>,
    end: Option<oneshot::Receiver<ExitStatus>>,
}

impl Process {
    fn spawn(data_dir: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_twostep"));
        command.args(arguments);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TWOSTEP__")) {
            command.env_remove(name);
        }
        let defaults = [
            ("HTTP__ADDRESS", "127.0.0.1:0"),
            ("OPERATOR__ADDRESS", "127.0.0.1:0"),
            ("PASSWORDS__MEMORY_KIB", "8192"),
            ("PASSWORDS__ITERATIONS", "1"),
        ];
        for (key, value) in defaults.iter().chain(settings) {
            command.env(format!("TWOSTEP__{key}"), value);
        }
        command.env("TWOSTEP__DATABASE__DATA_DIR", data_dir);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self::watch(command.spawn().expect("the gateway's program runs"))
    }

    /// Threads read what it writes, so that it never waits for a reader, and wait for its end.
    fn watch(mut child: Child) -> Self {
        let id = child.id();
        let output = Arc::<Mutex<String>>::default();
        let (said, lines) = mpsc::unbounded_channel();
        let (over, end) = oneshot::channel();
        let readers = [
            read_lines(child.stdout.take().expect("piped"), Arc::clone(&output), Some(said)),
            read_lines(child.stderr.take().expect("piped"), Arc::clone(&output), None),
        ];
        thread::spawn(move || {
            for reader in readers {
                reader.join().expect("the reader lives");
            }
            // A test that failed meanwhile does not listen.
            let _ = over.send(child.wait().expect("it ends"));
        });
        Self { id, lines, output, end: Some(end) }
    }

    fn signal(&self, name: &str) {
        assert!(self.kill(name).is_ok_and(|status| status.success()), "{name} could not be sent");
    }

    fn kill(&self, signal: &str) -> std::io::Result<ExitStatus> {
        Command::new("kill").args([format!("-{signal}"), self.id.to_string()]).status()
    }

    async fn ended(mut self) -> (ExitStatus, String) {
        let end = self.end.as_mut().expect("it is waited for once");
        let status = tokio::time::timeout(PROCESS_DEADLINE, end).await.expect("it ends in time").expect("waited for");
        self.end = None;
        (status, self.output())
    }

    fn output(&self) -> String {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A test that fails leaves nothing running.
impl Drop for Process {
    fn drop(&mut self) {
        if let Some(end) = &mut self.end
            && end.try_recv().is_err()
        {
            // It may have ended by itself since, and a panic here would hide the one that the test failed with.
            let _ = self.kill("KILL");
        }
    }
}

fn read_lines(
    source: impl Read + Send + 'static,
    output: Arc<Mutex<String>>,
    said: Option<mpsc::UnboundedSender<String>>,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(source).lines() {
            let line = line.expect("text");
            let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
            output.push_str(&line);
            output.push('\n');
            if let Some(said) = &said {
                // Once it is ready, nobody listens to the lines.
                let _ = said.send(line);
            }
        }
    })
}

/// How a client of the private PostgreSQL in a data directory reaches it.
pub fn database_url(data_dir: &Path) -> String {
    let run: PathBuf = data_dir.join("postgres/run");
    format!("host={} port=5432 user=twostep dbname=twostep", run.display())
}
