//! Between the gateway and its database or its bus: a TCP proxy that passes, cuts or stalls, as networks and servers do.

use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

pub struct ChaosProxy {
    url: String,
    state: watch::Sender<State>,
}

/// What it stands in front of.
#[derive(Clone)]
enum Upstream {
    Socket(PathBuf),
    Port(SocketAddr),
}

#[derive(Clone, Copy)]
struct State {
    mode: Mode,
    /// Connections made so far.
    made: u64,
    /// Connections with a lower number end.
    cut: u64,
    /// Connections with a lower number stay silent for ever.
    lost: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Pass,
    Cut,
    Stall,
}

impl ChaosProxy {
    /// Starts in front of a database that listens on a Unix socket.
    pub async fn start(database_url: &str) -> Self {
        let config: Config = database_url.parse().expect("a valid URL");
        let Some(Host::Unix(folder)) = config.get_hosts().first() else { panic!("no Unix socket in {database_url}") };
        let socket = folder.join(format!(".s.PGSQL.{}", config.get_ports()[0]));
        let (user, name) = (config.get_user().expect("a user"), config.get_dbname().expect("a database"));
        let url = |port: u16| format!("host=127.0.0.1 port={port} user={user} dbname={name}");
        Self::serve(Upstream::Socket(socket), url).await
    }

    /// Starts in front of a NATS server.
    pub async fn before_nats(address: SocketAddr) -> Self {
        Self::serve(Upstream::Port(address), |port| format!("nats://127.0.0.1:{port}")).await
    }

    async fn serve(upstream: Upstream, url: impl Fn(u16) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = url(listener.local_addr().expect("an address").port());
        let (state, _) = watch::channel(State { mode: Mode::Pass, made: 0, cut: 0, lost: 0 });
        tokio::spawn(accept(listener, upstream, state.clone()));
        Self { url, state }
    }

    /// How clients reach what is behind the proxy.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// All is well again; what was held back goes on.
    pub fn pass(&self) {
        self.state.send_modify(|state| state.mode = Mode::Pass);
    }

    /// Ends every connection, and each new one at once.
    pub fn cut(&self) {
        self.state.send_modify(|state| *state = State { mode: Mode::Cut, cut: state.made, ..*state });
    }

    /// Takes everything and passes nothing on.
    pub fn stall(&self) {
        self.state.send_modify(|state| state.mode = Mode::Stall);
    }

    /// New connections are well; those of before never say a word again, nor end.
    pub fn pass_new_only(&self) {
        self.state.send_modify(|state| *state = State { mode: Mode::Pass, lost: state.made, ..*state });
    }
}

async fn accept(listener: TcpListener, upstream: Upstream, state: watch::Sender<State>) {
    while let Ok((client, _)) = listener.accept().await {
        let number = state.borrow().made;
        state.send_modify(|state| state.made += 1);
        tokio::spawn(serve(client, upstream.clone(), number, state.subscribe()));
    }
}

async fn serve(client: TcpStream, upstream: Upstream, number: u64, state: watch::Receiver<State>) {
    match upstream {
        Upstream::Socket(path) => {
            let Ok(server) = UnixStream::connect(path).await else { return };
            relay(client, server, number, state).await;
        }
        Upstream::Port(address) => {
            let Ok(server) = TcpStream::connect(address).await else { return };
            relay(client, server, number, state).await;
        }
    }
}

async fn relay(mut client: TcpStream, server: impl AsyncRead + AsyncWrite, number: u64, state: watch::Receiver<State>) {
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = tokio::io::split(server);
    let mut cut = state.clone();
    tokio::select! {
        () = carry(from_client, to_server, number, state.clone()) => {}
        () = carry(from_server, to_client, number, state.clone()) => {}
        _ = cut.wait_for(|state| state.mode == Mode::Cut || number < state.cut) => {}
    }
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    number: u64,
    mut state: watch::Receiver<State>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let may_pass = |state: &State| state.mode == Mode::Pass && number >= state.lost;
        if state.wait_for(may_pass).await.is_err() || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
