//! Between a client and the gateway: a TCP proxy that loses answers at random, as a lift does. The gateway has answered, and the line is cut.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::gateway::TestGateway;

/// Answers that are lost: so many of a hundred.
const LOST_OF_HUNDRED: u64 = 30;

pub struct Lift {
    pub url: String,
    pub seed: u64,
    draws: Arc<Draws>,
}

/// What is drawn for each request.
struct Draws {
    state: AtomicU64,
    lost: AtomicU64,
    /// How the requests begin whose answers may be lost.
    of: &'static [&'static str],
}

impl Lift {
    /// Loses answers to requests that begin with one of these, such as "POST /v1/".
    pub async fn before(gateway: &TestGateway, of: &'static [&'static str]) -> Self {
        let upstream: SocketAddr = gateway.url().trim_start_matches("http://").parse().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let seed = rand::random::<u64>();
        let draws = Arc::new(Draws { state: AtomicU64::new(seed), lost: AtomicU64::new(0), of });
        let drawn = Arc::clone(&draws);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, upstream, Arc::clone(&drawn)));
            }
        });
        Self { url, seed, draws }
    }

    /// Answers lost so far.
    pub fn lost(&self) -> u64 {
        self.draws.lost.load(Ordering::Relaxed)
    }
}

impl Draws {
    /// Whether the answer to what comes from a client is lost.
    fn is_lost(&self, sent: &[u8]) -> bool {
        if !self.of.iter().any(|start| sent.starts_with(start.as_bytes())) {
            return false;
        }
        // Knuth's generator (MMIX).
        let step =
            |state: u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
        let drawn = self.state.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).unwrap_or_else(|state| state);
        (drawn >> 33) % 100 < LOST_OF_HUNDRED
    }
}

/// The requests of one connection and their answers.
async fn carry(mut client: TcpStream, upstream: SocketAddr, draws: Arc<Draws>) -> std::io::Result<()> {
    let mut gateway = TcpStream::connect(upstream).await?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_gateway, mut to_gateway) = gateway.split();
    let is_lost = AtomicBool::new(false);
    let requests = async {
        let mut piece = vec![0; 16 * 1024];
        loop {
            let read = from_client.read(&mut piece).await?;
            if read == 0 {
                return Ok::<_, std::io::Error>(());
            }
            if draws.is_lost(&piece[..read]) {
                is_lost.store(true, Ordering::Relaxed);
            }
            to_gateway.write_all(&piece[..read]).await?;
        }
    };
    let answers = async {
        let mut piece = vec![0; 16 * 1024];
        loop {
            let read = from_gateway.read(&mut piece).await?;
            if read == 0 {
                return Ok::<_, std::io::Error>(());
            }
            if is_lost.load(Ordering::Relaxed) {
                draws.lost.fetch_add(1, Ordering::Relaxed);
                return Ok(());
            }
            to_client.write_all(&piece[..read]).await?;
        }
    };
    tokio::select! {
        done = requests => done,
        done = answers => done,
    }
}
