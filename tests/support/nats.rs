//! A real NATS server on loopback, which can be stopped and started again on the same port.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::client::DEADLINE;

pub struct NatsServer {
    address: SocketAddr,
    arguments: Vec<String>,
    process: Option<Child>,
}

impl NatsServer {
    /// Starts one that lets everybody in.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts one with further arguments, such as `-c FILE`.
    pub async fn start_with(arguments: &[&str]) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let mut server = Self { address, arguments, process: None };
        server.start_again().await;
        server
    }

    /// Starts it, on its port, and waits until it greets.
    pub async fn start_again(&mut self) {
        assert!(self.process.is_none(), "it runs");
        let port = self.address.port().to_string();
        let process = Command::new(program())
            .args(["-a", "127.0.0.1", "-p", &port])
            .args(&self.arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nats-server runs: scripts/install-test-tools installs it");
        self.process = Some(process);
        let deadline = Instant::now() + DEADLINE;
        while !greets(self.address) {
            assert!(Instant::now() < deadline, "nats-server does not greet");
            tokio::task::yield_now().await;
        }
    }

    /// Kills it.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("it was there");
            process.wait().expect("it ends");
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Debian installs it where only administrators look.
fn program() -> PathBuf {
    let installed = Path::new("/usr/sbin/nats-server");
    if installed.exists() { installed.to_owned() } else { PathBuf::from("nats-server") }
}

fn greets(address: SocketAddr) -> bool {
    let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
    let mut line = String::new();
    let read = BufReader::new(stream.take(4096)).read_line(&mut line);
    read.is_ok() && line.starts_with("INFO ")
}
