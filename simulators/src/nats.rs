//! A real NATS server on loopback, which can be stopped and started again on the same port.

use std::io::{self, BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// It greets within milliseconds on an idle machine.
const READY_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// A line of its greeting is read for so long.
const GREETING_WITHIN: Duration = Duration::from_secs(1);

/// The server; it ends when this is dropped.
#[derive(Debug)]
pub struct NatsServer {
    address: SocketAddr,
    arguments: Vec<String>,
    process: Option<Child>,
}

impl NatsServer {
    /// Starts one that lets everybody in.
    ///
    /// # Errors
    /// When it is not installed, or does not greet within 20 s.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(&[]).await
    }

    /// Starts one with further arguments, such as `-c FILE`.
    ///
    /// # Errors
    /// When it is not installed, or does not greet within 20 s.
    pub async fn start_with(arguments: &[&str]) -> io::Result<Self> {
        // Free again once this statement is over.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let mut server = Self { address, arguments, process: None };
        server.start_again().await?;
        Ok(server)
    }

    /// Starts it on its port, killed first if it runs, and waits until it greets.
    ///
    /// # Errors
    /// When it is not installed, or does not greet within 20 s.
    pub async fn start_again(&mut self) -> io::Result<()> {
        self.stop()?;
        let process = Command::new(program())
            .args(["-a", &self.address.ip().to_string(), "-p", &self.address.port().to_string()])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let explain = |error: io::Error| {
            let text = format!("nats-server cannot be run ({error}): scripts/install-test-tools installs it");
            io::Error::new(error.kind(), text)
        };
        self.process = Some(process.map_err(explain)?);
        let until = Instant::now() + READY_WITHIN;
        while !greets(self.address) {
            if Instant::now() > until {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "nats-server does not greet within 20 s"));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Kills it, if it runs: it holds nothing that must be kept.
    ///
    /// # Errors
    /// The system's.
    pub fn stop(&mut self) -> io::Result<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        process.kill()?;
        process.wait().map(drop)
    }

    /// Where it listens, or did.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How clients find it, without TLS.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Its process id, while it runs.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        self.process.as_ref().map(Child::id)
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        // Nobody is left to tell.
        let _ = self.stop();
    }
}

/// Debian installs it where only administrators look.
fn program() -> PathBuf {
    let installed = Path::new("/usr/sbin/nats-server");
    if installed.exists() { installed.to_owned() } else { PathBuf::from("nats-server") }
}

/// It says `INFO` first (<https://docs.nats.io/reference/reference-protocols/nats-protocol>).
fn greets(address: SocketAddr) -> bool {
    let Ok(stream) = TcpStream::connect_timeout(&address, GREETING_WITHIN) else { return false };
    // Without it the read would wait for as long as the server does.
    if stream.set_read_timeout(Some(GREETING_WITHIN)).is_err() {
        return false;
    }
    let mut line = String::new();
    let read = BufReader::new(stream.take(4096)).read_line(&mut line);
    read.is_ok() && line.starts_with("INFO ")
}
