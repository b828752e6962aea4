//! Devices that are connected and read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use futures_util::SinkExt;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

use super::ledger::{Ledger, Seat, Seen};
use crate::accounts::Account;
use crate::client::{DeviceSocket, ServerMessage, Target, open_socket, receipt};
use crate::report::Progress;

/// Handshakes under way.
const AT_ONCE: usize = 64;
/// A device that lost its connection tries again after this, up to twice as long.
const AGAIN: Duration = Duration::from_millis(500);

/// How devices reach the gateway.
#[derive(Clone, Default)]
pub(crate) struct Way {
    /// A proxy in between.
    pub(crate) through: Option<Arc<Target>>,
    /// Connect again when a connection ends.
    pub(crate) again: bool,
    /// The first devices of each account that do not connect.
    pub(crate) asleep: usize,
}

/// Accounts with all their devices connected.
pub(crate) struct Crowd {
    /// The accounts.
    pub(crate) accounts: Vec<Account>,
    /// Every code.
    pub(crate) ledger: Arc<Ledger>,
    readers: Vec<JoinHandle<()>>,
    connections: Arc<AtomicU32>,
    asleep: usize,
}

impl Crowd {
    /// Connects every device.
    ///
    /// # Errors
    /// When one is not let in.
    pub(crate) async fn connect(accounts: Vec<Account>, way: &Way, progress: &Progress) -> anyhow::Result<Self> {
        let (ledger, connections) = (Arc::default(), Arc::default());
        let mut crowd = Self { accounts, ledger, readers: Vec::new(), connections, asleep: way.asleep };
        crowd.connect_all(way, progress).await?;
        Ok(crowd)
    }

    /// Connects every device at once, as after the end of all connections.
    ///
    /// # Errors
    /// When one is not let in.
    pub(crate) async fn connect_all(&mut self, way: &Way, progress: &Progress) -> anyhow::Result<()> {
        let count: usize = self.accounts.iter().map(|account| account.devices.len() - way.asleep).sum();
        let bar = progress.bar("connections", count as u64);
        let mut done = 0;
        let seats = self.accounts.iter().enumerate().flat_map(|(number, account)| {
            (way.asleep..account.devices.len()).map(move |device| Seat { account: number as u32, device: device as u8 })
        });
        let screens: Vec<Screen> = seats.map(|seat| self.screen(seat, way)).collect();
        let mut opened = stream::iter(screens)
            .map(|screen| async move { anyhow::Ok((screen.open().await?, screen)) })
            .buffer_unordered(AT_ONCE);
        while let Some((socket, screen)) = opened.try_next().await.context("a device could not be connected")? {
            self.readers.push(tokio::spawn(screen.run(socket)));
            done += 1;
            bar.set(done);
        }
        bar.finish();
        Ok(())
    }

    fn screen(&self, seat: Seat, way: &Way) -> Screen {
        let account = &self.accounts[seat.account as usize];
        let http = &account.person.http;
        Screen {
            seat,
            token: account.devices[usize::from(seat.device)].session.access_token.clone(),
            target: way.through.clone().unwrap_or_else(|| Arc::clone(http.target())),
            source: http.source(),
            again: way.again,
            ledger: Arc::clone(&self.ledger),
            connections: Arc::clone(&self.connections),
        }
    }

    /// All connected devices of an account, one bit each.
    pub(crate) fn devices_of(&self, account: u32) -> u32 {
        ((1 << self.accounts[account as usize].devices.len()) - 1) & !((1 << self.asleep) - 1)
    }

    /// Ends all connections at once, without a word.
    pub(crate) async fn cut(&mut self) {
        for reader in &self.readers {
            reader.abort();
        }
        for reader in self.readers.drain(..) {
            // It was told to end.
            let _ = reader.await;
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for reader in &self.readers {
            reader.abort();
        }
    }
}

/// One device.
struct Screen {
    seat: Seat,
    token: String,
    target: Arc<Target>,
    source: Option<std::net::IpAddr>,
    again: bool,
    ledger: Arc<Ledger>,
    connections: Arc<AtomicU32>,
}

impl Screen {
    async fn open(&self) -> anyhow::Result<DeviceSocket> {
        open_socket(&self.target, self.source, &self.token).await
    }

    async fn run(self, socket: DeviceSocket) {
        let mut opened = Ok(socket);
        loop {
            if let Ok(socket) = opened {
                self.read(socket).await;
                self.ledger.closed(self.seat);
            }
            if !self.again {
                return;
            }
            tokio::time::sleep(AGAIN.mul_f64(1.0 + rand::random::<f64>())).await;
            opened = self.open().await;
        }
    }

    /// Reads to the end.
    async fn read(&self, mut socket: DeviceSocket) {
        let connection = self.connections.fetch_add(1, Ordering::Relaxed);
        while let Some(Ok(message)) = socket.next().await {
            let at = Instant::now();
            let Message::Text(text) = message else { continue };
            let Ok(ServerMessage::Code { challenge_id, generation, code }) = serde_json::from_str(&text) else {
                continue;
            };
            let shown = receipt(challenge_id, generation);
            self.ledger.saw(challenge_id, Seen { seat: self.seat, connection, generation, code: code.into(), at });
            // An end of the connection is seen by the next read.
            let _ = socket.send(shown).await;
        }
    }
}
