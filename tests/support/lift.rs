//! Between a client and the gateway: a TCP proxy that loses answers at random, as a lift does. The gateway has answered, and the line is cut.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::gateway::TestGateway;

/// Of so many answers …
const SERIES: usize = 10;
/// … so many are lost, in an order drawn anew for each series: a short run loses some, whatever is drawn.
const LOST: usize = 3;

pub struct Lift {
    pub url: String,
    pub seed: u64,
    draws: Arc<Draws>,
}

/// What is drawn for each request.
struct Draws {
    /// What becomes of the next answers of this series, and whence the next series is drawn.
    series: Mutex<(Vec<bool>, StdRng)>,
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
        let draws = Arc::new(Draws {
            series: Mutex::new((Vec::new(), StdRng::seed_from_u64(seed))),
            lost: AtomicU64::new(0),
            of,
        });
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
        let mut guard = self.series.lock().expect("nobody panics here");
        let (series, draw) = &mut *guard;
        if series.is_empty() {
            series.extend((0..SERIES).map(|answer| answer < LOST));
            series.shuffle(draw);
        }
        series.pop().is_some_and(|is_lost| is_lost)
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
