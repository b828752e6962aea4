//! From an accepted connection to its requests.

use std::io;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::{HttpService, Protocol, Request, Response};
use actix_server::{GracefulShutdownSignal, Server};
use actix_service::boxed;
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_factory, fn_service, map_config,
};
use actix_web::body::BoxBody;
use actix_web::dev::{AppConfig, ServiceResponse};
use ipnet::IpNet;
use metrics::counter;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tracing::warn;

use super::application::Application;
use super::certificate::Certificate;
use super::http2::{self, Rules};
use super::memory::{Memory, MemoryBounds, PIECE_BYTES};
use super::open_connections::OpenConnections;
use super::peer::{Claim, Peer};
use super::proxy_header::{self, HeaderError};
use super::socket::tune;
use super::stream::{Room, Stream, StreamRules};
use super::take_over::upgrades;
use super::transport::Transport;
use super::workers::Workers;
use crate::metric_names::CONNECTIONS_REFUSED;

/// Connections of a worker that begin before everything else that is ready has had its turn.
const BEGIN_AT_ONCE: usize = 8;
/// How long a client may take to end a connection that the server ends.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How the public side is served.
#[derive(Clone)]
pub struct ListenerSettings {
    /// Threads, at least 1.
    pub workers: usize,
    /// Unset: plain HTTP.
    pub certificate: Option<Arc<Certificate>>,
    /// Who may say whose connection it is.
    pub trusted_proxies: Vec<IpNet>,
    /// Every connection begins with a PROXY header.
    pub proxy_header: bool,
    /// Connections from this machine that speak for nobody else are as many as they like: in development.
    pub exempts_this_machine: bool,
    /// Connections at the same time, rounded up to a multiple of the workers.
    pub max_connections: usize,
    /// The network of a client's address, named by one of its addresses: what bounds a network counts together.
    pub network_of: fn(IpAddr) -> IpAddr,
    /// Connections of one network at the same time.
    pub max_connections_per_network: usize,
    /// Where WebSockets are opened.
    pub websocket_path: &'static str,
    /// Memory for requests under way.
    pub memory: MemoryBounds,
    /// Largest request body in bytes.
    pub max_body_bytes: usize,
    /// How long each step until a request may take.
    pub head_timeout: Duration,
    /// How long a connection is kept for its next request.
    pub idle_timeout: Duration,
    /// How long requests under way may take when the server stops, in seconds.
    pub shutdown_seconds: u64,
    /// Where the threads that serve can be asked for a turn.
    pub threads: Workers,
}

/// Serves an application at a listener. At `max_connections` nothing is accepted until one ends: clients wait in the
/// system's queue. Each thread that serves calls `begin` first.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve<F, I, S>(
    listener: std::net::TcpListener,
    settings: ListenerSettings,
    begin: impl Fn() + Send + Clone + 'static,
    app: F,
) -> io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<
            Request,
            Config = AppConfig,
            Response = ServiceResponse<BoxBody>,
            Error = actix_web::Error,
            InitError = (),
        > + 'static,
{
    let builder = Server::build()
        .workers(settings.workers)
        .disable_signals()
        .shutdown_timeout(settings.shutdown_seconds)
        .max_concurrent_connections(settings.max_connections.div_ceil(settings.workers));
    let stopping = builder.graceful_shutdown_signal();
    let threads = settings.threads.clone();
    let front = Front::new(settings);
    // Nobody asks for the scheme or the host that `AppConfig` tells: whom to believe is for the application to know.
    let application = move || -> Application {
        let app = map_config(app().into_factory(), |()| AppConfig::default());
        boxed::factory(app.map(Response::from).map_err(|error| error.error_response().into()))
    };
    let server = builder.listen("public", listener, move || {
        threads.join();
        begin();
        let [http1, http2, upgrades] = std::array::from_fn(|_| application());
        connections(front.clone(), stopping.clone(), Applications { http1, http2, upgrades })
    })?;
    Ok(server.run())
}

/// What handles the requests of each kind.
struct Applications {
    http1: Application,
    http2: Application,
    /// Those that ask for a WebSocket.
    upgrades: Application,
}

/// The service of a worker: it takes connections as they are accepted.
fn connections(
    front: Arc<Front>,
    stopping: GracefulShutdownSignal,
    apps: Applications,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = (), InitError = ()> {
    let Applications { http1, http2, upgrades: for_upgrades } = apps;
    let stops = stopping.clone();
    let http1 = HttpService::<Stream, _, BoxBody>::build()
        .graceful_shutdown_signal(move || {
            let stops = stops.clone();
            async move { stops.notified().await }
        })
        .keep_alive(front.settings.idle_timeout)
        .client_request_timeout(front.settings.head_timeout)
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        .h1_write_buffer_size(PIECE_BYTES)
        .on_connect_ext(|stream: &Stream, extensions| {
            extensions.insert(stream.progress());
            extensions.insert(stream.peer());
        })
        .upgrade(upgrades(for_upgrades))
        .finish(http1);
    fn_factory(move || {
        let front = Arc::clone(&front);
        let stopping = stopping.clone();
        let http1 = http1.new_service(());
        let http2 = http2.new_service(());
        async move {
            let http1 = Rc::new(http1.await?);
            let http2 = Rc::new(http2.await?);
            let entrance = Rc::new(Semaphore::new(BEGIN_AT_ONCE));
            Ok::<_, ()>(fn_service(move |stream| {
                let front = Arc::clone(&front);
                let stopping = stopping.clone();
                let http1 = Rc::clone(&http1);
                let http2 = Rc::clone(&http2);
                let entrance = Rc::clone(&entrance);
                async move {
                    take_turn(&entrance).await;
                    // Boxed, as a connection that lives long must not keep room for its beginnings.
                    match Box::pin(front.open(stream)).await {
                        Some(Opened { stream, is_http2: true }) => {
                            Box::pin(http2::serve(stream, http2, front.rules(), stopping.notified())).await;
                        }
                        // How it ends is its client's business.
                        Some(Opened { mut stream, is_http2: false }) => {
                            let progress = stream.progress();
                            let client = stream.peer().address();
                            let begins = tokio::select! {
                                biased;
                                begins = stream.first_head(front.settings.head_timeout) => begins,
                                () = stopping.notified() => false,
                                () = progress.gives_way().notified() => false,
                            };
                            if begins {
                                tokio::select! {
                                    biased;
                                    _ = Box::pin(http1.call((stream, Protocol::Http1, Some(client)))) => {}
                                    () = progress.gives_way().notified() => {}
                                }
                                if let Some(next) = progress.next() {
                                    next.await;
                                }
                            }
                        }
                        None => {}
                    }
                    Ok(())
                }
            }))
        }
    })
}

/// Lets a few connections begin for each time that all who are at work have had their turn: a worker is handed thousands at once
/// when thousands come, and the requests under way would wait for all of them at each of their steps.
async fn take_turn(entrance: &Semaphore) {
    let _turn = entrance.acquire().await;
    yield_now().await;
}

/// What stands before HTTP.
struct Front {
    settings: ListenerSettings,
    tls: Option<TlsAcceptor>,
    open: Arc<OpenConnections>,
    memory: Arc<Memory>,
}

/// A connection that HTTP can begin on.
struct Opened {
    stream: Stream,
    is_http2: bool,
}

impl Front {
    fn new(settings: ListenerSettings) -> Arc<Self> {
        let tls =
            settings.certificate.as_ref().map(|certificate| TlsAcceptor::from(Arc::new(certificate.server_config())));
        let open = OpenConnections::new(settings.max_connections, settings.max_connections_per_network);
        let memory = Memory::new(settings.memory);
        Arc::new(Self { settings, tls, open, memory })
    }

    fn rules(&self) -> Rules {
        let ListenerSettings { head_timeout, idle_timeout, max_body_bytes, .. } = self.settings;
        Rules { head_timeout, idle_timeout, max_body_bytes }
    }

    /// Brings a connection to where HTTP begins; `None` when it may not come that far.
    async fn open(&self, stream: TcpStream) -> Option<Opened> {
        match self.try_open(stream).await {
            Ok(opened) => Some(opened),
            Err(refusal) => {
                // Not in the log: anybody can cause as many as they like.
                counter!(CONNECTIONS_REFUSED, "reason" => refusal.name()).increment(1);
                None
            }
        }
    }

    async fn try_open(&self, mut stream: TcpStream) -> Result<Opened, Refusal> {
        tune(&stream);
        let direct = stream.peer_addr().map_err(|_| Refusal::Gone)?;
        let claim =
            if self.settings.proxy_header { self.claim(&mut stream, direct.ip()).await? } else { Claim::Nothing };
        let peer = Peer { direct, claim };
        let is_exempt = self.settings.exempts_this_machine && peer.is_this_machine();
        // A proxy speaks for many, whether it came itself or another one names it.
        let speaks_for_many = self.is_trusted(peer.address().ip());
        let network = (self.settings.network_of)(peer.address().ip());
        let limited = (!speaks_for_many && !is_exempt).then_some(network);
        let slot = self.open.take(limited).ok_or(Refusal::NetworkLimit)?;
        let memory = self.memory.of_connection((!speaks_for_many).then_some(network));
        let room = Room { slot, memory };
        let rules = StreamRules {
            patience: self.settings.head_timeout + self.settings.idle_timeout,
            websocket_path: self.settings.websocket_path,
        };
        let Some(tls) = &self.tls else {
            return Ok(Opened { stream: Stream::new(Transport::Plain(stream), peer, room, rules), is_http2: false });
        };
        let handshake = timeout(self.settings.head_timeout, tls.accept(stream)).await;
        let stream = handshake.map_err(|_| Refusal::TlsTimeout)?.map_err(|_| Refusal::Tls)?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Opened { stream: Stream::new(Transport::Tls(Box::new(stream)), peer, room, rules), is_http2 })
    }

    /// What a proxy says in its PROXY header.
    async fn claim(&self, stream: &mut TcpStream, direct: IpAddr) -> Result<Claim, Refusal> {
        if !self.is_trusted(direct) {
            return Err(Refusal::NoProxy);
        }
        let header = timeout(self.settings.head_timeout, proxy_header::read(stream)).await;
        let named = header.map_err(|_| Refusal::ProxyHeader)?.map_err(|error| {
            // Only who is trusted comes this far: it is a mistake of the operator's, and not seen anywhere else.
            if matches!(error, HeaderError::Malformed) {
                warn!(%error, "a proxy of http.trusted_proxies sends no PROXY header that can be read: let it send one (send-proxy-v2), or set http.proxy_protocol to \"off\"");
            }
            Refusal::ProxyHeader
        })?;
        Ok(named.map_or(Claim::ItsOwn, Claim::Client))
    }

    fn is_trusted(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.settings.trusted_proxies.iter().any(|network| network.contains(&peer))
    }
}

/// Why a connection came to nothing.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    /// It was over before anybody looked.
    Gone,
    /// Its network has as many as it may.
    NetworkLimit,
    /// A PROXY header is asked for, and the peer is no trusted proxy.
    NoProxy,
    /// The PROXY header is missing, malformed or slow.
    ProxyHeader,
    /// The TLS handshake failed.
    Tls,
    /// The TLS handshake took too long.
    TlsTimeout,
}

impl Refusal {
    fn name(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::NetworkLimit => "network_limit",
            Self::NoProxy => "no_proxy",
            Self::ProxyHeader => "proxy_header",
            Self::Tls => "tls",
            Self::TlsTimeout => "tls_timeout",
        }
    }
}
