//! A NATS server started for the test, so that several gateways are one.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use super::gateway::free_address;

/// It greets within milliseconds on an idle machine.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// A server that goes away with this.
pub(crate) struct Nats {
    address: SocketAddr,
    child: Child,
}

impl Nats {
    /// Starts `nats-server`, and waits until it listens.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let address = free_address()?;
        let child = Command::new(program())
            .args(["-a", &address.ip().to_string(), "-p", &address.port().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("nats-server cannot be run: scripts/install-test-tools installs it")?;
        let nats = Self { address, child };
        let until = Instant::now() + READY_WITHIN;
        while TcpStream::connect(address).is_err() {
            ensure!(Instant::now() < until, "nats-server does not listen within {READY_WITHIN:?}");
            std::thread::park_timeout(Duration::from_millis(20));
        }
        Ok(nats)
    }

    /// Where gateways find it.
    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        // It holds nothing that must be kept.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Debian installs it where only administrators look.
fn program() -> PathBuf {
    let installed = Path::new("/usr/sbin/nats-server");
    if installed.exists() { installed.to_owned() } else { PathBuf::from("nats-server") }
}
