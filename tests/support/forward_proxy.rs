//! Proxies that calls leave a machine through: tinyproxy, and behind it one that knows names of its own.

use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::client::DEADLINE;

/// Longest head that is read.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// tinyproxy, which asks for user and password, before a proxy that takes every name for this machine and notes what it is
/// asked for.
pub struct ForwardProxy {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    upstream: JoinHandle<()>,
    process: Child,
    _folder: TempDir,
}

impl ForwardProxy {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let upstream_port = listener.local_addr().expect("an address").port();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let upstream = tokio::spawn(accept(listener, Arc::clone(&asked)));
        let port = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address").port();
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("tinyproxy.conf");
        let settings = format!(
            "Port {port}\nListen 127.0.0.1\nAllow 127.0.0.1\nBasicAuth twostep pa55\nUpstream http 127.0.0.1:{upstream_port}\n\
             LogLevel Critical\n"
        );
        std::fs::write(&file, settings).expect("written");
        let process = Command::new("tinyproxy")
            .args(["-d", "-c"])
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("scripts/install-test-tools installs tinyproxy");
        let proxy = Self { port, asked, upstream, process, _folder: folder };
        let listens = async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(DEADLINE, listens).await.expect("tinyproxy starts");
        proxy
    }

    /// Its URL, with these credentials in front of the host.
    pub fn url(&self, credentials: &str) -> String {
        format!("http://{credentials}@127.0.0.1:{}", self.port)
    }

    /// The request lines that came through, without their version.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for ForwardProxy {
    fn drop(&mut self) {
        self.upstream.abort();
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn accept(listener: TcpListener, asked: Arc<Mutex<Vec<String>>>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(pass_on(client, Arc::clone(&asked)));
    }
}

/// Passes one connection on to this machine, whatever the host is called. A client that goes away ends it.
async fn pass_on(mut client: TcpStream, asked: Arc<Mutex<Vec<String>>>) -> Option<()> {
    let head = read_head(&mut client).await?;
    let (line, rest) = head.split_once("\r\n")?;
    let (request, version) = line.rsplit_once(' ')?;
    asked.lock().unwrap_or_else(PoisonError::into_inner).push(request.to_owned());
    let (method, target) = request.split_once(' ')?;
    if method == "CONNECT" {
        let mut server = TcpStream::connect(("127.0.0.1", port_of(target)?)).await.ok()?;
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok()?;
        copy_bidirectional(&mut client, &mut server).await.ok()?;
    } else {
        let (authority, path) = target.strip_prefix("http://")?.split_once('/')?;
        let mut server = TcpStream::connect(("127.0.0.1", port_of(authority)?)).await.ok()?;
        server.write_all(format!("{method} /{path} {version}\r\n{rest}").as_bytes()).await.ok()?;
        copy_bidirectional(&mut client, &mut server).await.ok()?;
    }
    Some(())
}

fn port_of(authority: &str) -> Option<u16> {
    authority.rsplit_once(':')?.1.parse().ok()
}

/// A request's head and what came with it.
async fn read_head(client: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while head.len() < MAX_HEAD_BYTES {
        if client.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
        if head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
            return String::from_utf8(head).ok();
        }
    }
    None
}
