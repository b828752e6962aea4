//! A proxy between devices and the gateway that makes mistakes on purpose, to show that the harness finds them.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use clap::ValueEnum;
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{accept_hdr_async, client_async};

use crate::client::Target;

/// One code in so many is treated wrongly.
const EVERY: usize = 10;
/// How long a connection lasts that is cut.
const CUT_AFTER: Duration = Duration::from_secs(1);
const PROTOCOL: &str = "sec-websocket-protocol";

/// What the proxy does to codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Fault {
    /// Keeps some.
    Drop,
    /// Sends some twice.
    Double,
    /// Sends some to another device.
    Misroute,
    /// Ends some connections after a moment, codes or not.
    Cut,
}

/// A proxy at work.
pub(crate) struct Proxy {
    /// Where it listens.
    pub(crate) target: Arc<Target>,
    task: JoinHandle<()>,
}

struct Shared {
    upstream: Arc<Target>,
    fault: Fault,
    codes: AtomicUsize,
    connections: AtomicUsize,
    devices: Mutex<Vec<UnboundedSender<Message>>>,
}

impl Proxy {
    /// Listens on a free port; nowhere without a fault to make.
    ///
    /// # Errors
    /// The system's.
    pub(crate) async fn start(upstream: &Arc<Target>, fault: Option<Fault>) -> anyhow::Result<Option<Self>> {
        let Some(fault) = fault else { return Ok(None) };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let target = Arc::new(Target::parse(&format!("http://{}", listener.local_addr()?))?);
        let shared = Arc::new(Shared {
            upstream: Arc::clone(upstream),
            fault,
            codes: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            devices: Mutex::default(),
        });
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                // A connection that fails ends, and the device sees it.
                tokio::spawn(async move { tokio::time::timeout(shared.lasts(), shared.carry(stream)).await });
            }
        });
        Ok(Some(Self { target, task }))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    /// How long the next connection lasts.
    fn lasts(&self) -> Duration {
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        if self.fault == Fault::Cut && number.is_multiple_of(EVERY) { CUT_AFTER } else { Duration::MAX }
    }

    async fn carry(&self, stream: TcpStream) -> anyhow::Result<()> {
        let mut token = None;
        #[expect(clippy::result_large_err, reason = "the signature is the library's")]
        let look = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
            token = request.headers().get("authorization").cloned();
            response.headers_mut().insert(PROTOCOL, HeaderValue::from_static("twostep.v1"));
            Ok(response)
        };
        let mut device = accept_hdr_async(stream, look).await?;
        let mut request = format!("ws://{}/v1/connect", self.upstream.host).into_client_request()?;
        request.headers_mut().insert(PROTOCOL, HeaderValue::from_static("twostep.v1"));
        request.headers_mut().insert("authorization", token.context("a device without a token")?);
        let (mut gateway, _) = client_async(request, self.upstream.connect(None).await?).await?;
        let (own, mut inbox) = unbounded_channel();
        self.lock().push(own.clone());
        loop {
            tokio::select! {
                message = gateway.next() => self.route(&message.context("the gateway ended")??, &own),
                Some(message) = inbox.recv() => device.send(message).await?,
                message = device.next() => gateway.send(message.context("the device ended")??).await?,
            }
        }
    }

    fn route(&self, message: &Message, own: &UnboundedSender<Message>) {
        let is_code = matches!(message, Message::Text(text) if text.contains(r#""type":"code""#));
        let is_chosen = is_code && self.codes.fetch_add(1, Ordering::Relaxed).is_multiple_of(EVERY);
        let devices = self.lock();
        let to = match self.fault {
            Fault::Drop if is_chosen => Vec::new(),
            Fault::Double if is_chosen => vec![own, own],
            Fault::Misroute if is_chosen => {
                let place = devices.iter().position(|device| device.same_channel(own)).unwrap_or_default();
                vec![&devices[(place + devices.len() / 2) % devices.len()]]
            }
            _ => vec![own],
        };
        for device in to {
            // It may be gone by now.
            let _ = device.send(message.clone());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<UnboundedSender<Message>>> {
        self.devices.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
