//! A real nats-server on loopback.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

pub struct NatsServer {
    process: Child,
    port: u16,
}

impl NatsServer {
    /// Starts one, on any port or this one, and waits until it listens.
    pub async fn start(port: Option<u16>) -> anyhow::Result<Self> {
        let any = || Ok::<_, std::io::Error>(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port());
        let port = port.map_or_else(any, Ok)?;
        // Debian installs it where only administrators look.
        let installed = Path::new("/usr/sbin/nats-server");
        let program = if installed.exists() { installed } else { Path::new("nats-server") };
        let process = Command::new(program)
            .args(["-a", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("nats-server cannot be run: scripts/install-test-tools installs it")?;
        let server = Self { process, port };
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            ensure!(Instant::now() < until, "nats-server does not listen");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(server)
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn memory_kib(&self) -> anyhow::Result<u64> {
        super::memory_kib(&self.process.id().to_string())
    }

    /// Processor time so far in hundredths of a second; 0 when it is gone.
    pub fn processor_ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap_or_default();
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        // It holds nothing that must be kept.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
