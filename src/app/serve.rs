//! The two sides that the gateway is reached at: the public one and the operator's.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App as WebApp, HttpServer};
use tracing::warn;
use twostep_front::{Certificate, ListenerSettings, MemoryBounds, RequestRules, Workers};

use super::AppError;
use super::parts::workers;
use crate::domain::value::network::Network;
use crate::http::operator::{self, Operator};
use crate::http::{self, Api, StreamBounds, Streams, Trust, no_room};
use crate::settings::{Mode, ProxyProtocol, Settings};
use crate::store::Store;
use crate::websocket::AllowedOrigins;

/// How long a node takes to stop at most, less a margin for the private PostgreSQL (design section 12: 30 s).
pub(super) const SHUTDOWN_SECONDS: u64 = 12;

/// Connections of the operator's side at the same time, and as many of the side for probes.
const OPERATOR_CONNECTIONS: usize = 64;

/// The certificate of the public side, if it speaks TLS.
pub(super) async fn certificate(settings: &Settings) -> Result<Option<Arc<Certificate>>, AppError> {
    let tls = settings.http.tls.clone();
    let (Some(certificate), Some(key)) = (tls.certificate_file, tls.key_file) else { return Ok(None) };
    let privacy = settings.mode.privacy();
    let read = tokio::task::spawn_blocking(move || Certificate::open(&certificate, &key, privacy)).await;
    let certificate = read.map_err(|error| AppError::Thread(error.to_string()))??;
    Ok(Some(Arc::new(certificate)))
}

/// The configured pages; in development also those that the gateway itself would serve.
pub(super) fn origins(settings: &Settings, address: SocketAddr) -> AllowedOrigins {
    let mut origins: HashSet<String> = settings.http.allowed_origins.iter().cloned().collect();
    if settings.mode == Mode::Development {
        let scheme = if settings.http.tls.is_on() { "https" } else { "http" };
        origins.insert(format!("{scheme}://{address}"));
        origins.insert(format!("{scheme}://localhost:{}", address.port()));
    }
    AllowedOrigins::new(origins)
}

/// How many live states may be watched.
pub(super) fn streams(settings: &Settings) -> Streams {
    Streams::new(StreamBounds {
        of_challenge: settings.http.max_event_streams_per_challenge,
        of_network: settings.http.max_event_streams_per_network,
        of_node: settings.http.max_event_streams,
    })
}

/// Who is believed about addresses. In production no limit has an exception.
pub(super) fn trust(settings: &Settings) -> Trust {
    Trust {
        proxies: settings.http.trusted_proxies.clone(),
        forwarded_by_local: settings.http.forwarded_by_local,
        exempts_this_machine: settings.mode == Mode::Development,
    }
}

/// Sockets that a service manager has opened already, so that nobody is refused while the gateway starts anew.
pub(super) struct Given(Vec<std::net::TcpListener>);

impl Given {
    pub(super) fn take() -> Result<Self, AppError> {
        twostep_front::given().map(Self).map_err(AppError::GivenSocket)
    }

    /// The one that was opened for this address, or a new one. The settings say what is listened at, whatever was opened.
    pub(super) fn listen(&mut self, key: &'static str, address: SocketAddr) -> Result<std::net::TcpListener, AppError> {
        let fits = |socket: &std::net::TcpListener| socket.local_addr().is_ok_and(|opened| opened == address);
        if let Some(at) = self.0.iter().position(fits) {
            return Ok(self.0.swap_remove(at));
        }
        twostep_front::listen(address).map_err(|source| AppError::Address { key, address, source })
    }

    /// Says which were opened for nothing: whoever connects there would wait for ever.
    pub(super) fn warn_of_others(self) {
        for opened in self.0.iter().filter_map(|socket| socket.local_addr().ok()) {
            warn!(address = %opened, "the service manager opened a socket that is none of http.address, operator.address and probe.address: it is closed");
        }
    }
}

pub(super) fn local_address(listener: &std::net::TcpListener) -> Result<SocketAddr, AppError> {
    listener.local_addr().map_err(|error| AppError::Thread(error.to_string()))
}

pub(super) fn serve_public(
    socket: std::net::TcpListener,
    settings: &Settings,
    certificate: Option<Arc<Certificate>>,
    threads: Workers,
    store: Store,
    api: Data<Api>,
) -> Result<Server, AppError> {
    let http = &settings.http;
    let listener = ListenerSettings {
        workers: workers(settings),
        certificate,
        trusted_proxies: http.trusted_proxies.clone(),
        proxy_header: http.proxy_protocol == ProxyProtocol::Required,
        exempts_this_machine: settings.mode == Mode::Development,
        max_connections: twostep_front::connections_that_fit(http.max_connections, settings.database.pool_size),
        network_of: |address| Network::of(address).address(),
        max_connections_per_network: http.max_connections_per_network,
        websocket_path: http::WEBSOCKET_PATH,
        memory: MemoryBounds {
            of_node: http.max_request_memory,
            of_network: http.max_request_memory_per_network,
            of_connection: http.max_request_memory_per_connection,
        },
        max_body_bytes: http.max_body_bytes,
        head_timeout: Duration::from_millis(http.head_timeout_ms),
        idle_timeout: Duration::from_millis(http.idle_timeout_ms),
        shutdown_seconds: SHUTDOWN_SECONDS,
        threads,
    };
    let rules = RequestRules {
        body_timeout: Duration::from_millis(http.body_timeout_ms),
        max_body_bytes: http.max_body_bytes,
        no_room,
    };
    let app = move || {
        let watch = from_fn(move |request, next| twostep_front::watch(rules, request, next));
        WebApp::new()
            .wrap(from_fn(http::refuse_encoded))
            .wrap(watch)
            .wrap(from_fn(http::measure))
            .configure(|config| http::routes(config, api.clone()))
    };
    twostep_front::serve(socket, listener, move || store.take_seat(), app)
        .map_err(|error| AppError::Thread(error.to_string()))
}

pub(super) fn serve_operator(listener: std::net::TcpListener, operator: Data<Operator>) -> Result<Server, AppError> {
    let app = move || WebApp::new().configure(|config| operator::routes(config, operator.clone()));
    let server = HttpServer::new(app).workers(1).max_connections(OPERATOR_CONNECTIONS).disable_signals();
    Ok(server.listen(listener).map_err(|error| AppError::Thread(error.to_string()))?.run())
}

/// A side of its own for probes and Prometheus, so that they need not reach the operator's.
pub(super) fn serve_probes(listener: std::net::TcpListener, operator: Data<Operator>) -> Result<Server, AppError> {
    let app = move || WebApp::new().configure(|config| operator::probe_routes(config, operator.clone()));
    let server = HttpServer::new(app).workers(1).max_connections(OPERATOR_CONNECTIONS).disable_signals();
    Ok(server.listen(listener).map_err(|error| AppError::Thread(error.to_string()))?.run())
}

pub(super) async fn run(server: Server, which: &'static str) {
    if let Err(error) = server.await {
        warn!(%error, "{which} ended");
    }
}
