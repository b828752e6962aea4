//! Accepting connections on a loopback address, until the simulator is dropped.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::StartError;

/// A socket that listens already; who connects waits until it is served.
#[derive(Debug)]
pub(crate) struct Bound {
    socket: TcpListener,
    address: SocketAddr,
}

/// A listening socket and its connections; all end when it is dropped.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Counts {
    accepted: AtomicUsize,
    open: AtomicUsize,
}

struct OpenConnection(Arc<Counts>);

impl Bound {
    /// Binds a loopback address; port 0 takes a free one.
    pub(crate) async fn new(address: SocketAddr) -> Result<Self, StartError> {
        if !address.ip().is_loopback() {
            return Err(StartError::NotLoopback(address));
        }
        let socket = TcpListener::bind(address).await?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves each connection with a future of its own.
    pub(crate) fn serve<F, S>(self, serve: S) -> Listener
    where
        F: Future<Output = ()> + Send + 'static,
        S: Fn(TcpStream) -> F + Send + 'static,
    {
        let counts = Arc::<Counts>::default();
        let task = tokio::spawn(accept(self.socket, serve, Arc::clone(&counts)));
        Listener { address: self.address, counts, task }
    }
}

impl Listener {
    /// Binds and serves each connection with a future of its own.
    pub(crate) async fn start<F, S>(address: SocketAddr, serve: S) -> Result<Self, StartError>
    where
        F: Future<Output = ()> + Send + 'static,
        S: Fn(TcpStream) -> F + Send + 'static,
    {
        Ok(Bound::new(address).await?.serve(serve))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections accepted since the start.
    pub(crate) fn accepted(&self) -> usize {
        self.counts.accepted.load(Ordering::Relaxed)
    }

    /// Connections open now.
    pub(crate) fn open(&self) -> usize {
        self.counts.open.load(Ordering::Relaxed)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl OpenConnection {
    fn new(counts: &Arc<Counts>) -> Self {
        counts.accepted.fetch_add(1, Ordering::Relaxed);
        counts.open.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(counts))
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn accept<F, S>(socket: TcpListener, serve: S, counts: Arc<Counts>)
where
    F: Future<Output = ()> + Send + 'static,
    S: Fn(TcpStream) -> F + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = socket.accept() => {
                // Out of file descriptors, or a client that left at once: the next one may do better.
                let Ok((stream, _)) = accepted else { continue };
                let _ = stream.set_nodelay(true);
                let open = OpenConnection::new(&counts);
                let connection = serve(stream);
                connections.spawn(async move {
                    connection.await;
                    drop(open);
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}
