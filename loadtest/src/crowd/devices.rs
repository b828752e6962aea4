//! Devices that are connected and read.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use futures_util::SinkExt;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

use super::ledger::Ledger;
use super::record::{Seat, Seen};
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
    /// Where they connect, one device of an account after the other; empty: where their account's calls go.
    pub(crate) targets: Vec<Arc<Target>>,
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
    /// The way to each device that is connected.
    screens: HashMap<Seat, mpsc::UnboundedSender<Reconnect>>,
}

/// Asks a device to lose its connection and come back; it answers when it is back.
type Reconnect = oneshot::Sender<anyhow::Result<()>>;

impl Crowd {
    /// Connects every device.
    ///
    /// # Errors
    /// When one is not let in.
    pub(crate) async fn connect(accounts: Vec<Account>, way: &Way, progress: &Progress) -> anyhow::Result<Self> {
        let ledger = Arc::default();
        let connections = Arc::default();
        let screens = HashMap::new();
        let mut crowd = Self { accounts, ledger, readers: Vec::new(), connections, asleep: way.asleep, screens };
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
        let seats: Vec<Seat> = seats.collect();
        let screens: Vec<Screen> = seats.into_iter().map(|seat| self.screen(seat, way)).collect();
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

    fn screen(&mut self, seat: Seat, way: &Way) -> Screen {
        let (ask, asked) = mpsc::unbounded_channel();
        self.screens.insert(seat, ask);
        let place = seat.account as usize + usize::from(seat.device);
        let account = &self.accounts[seat.account as usize];
        let http = &account.person.http;
        Screen {
            seat,
            token: account.devices[usize::from(seat.device)].session.access_token.clone(),
            targets: if way.targets.is_empty() { vec![Arc::clone(http.target())] } else { way.targets.clone() },
            place,
            source: http.source(),
            again: way.again,
            pause: None,
            close_code: None,
            asked,
            ledger: Arc::clone(&self.ledger),
            connections: Arc::clone(&self.connections),
        }
    }

    /// All connected devices of an account, one bit each.
    pub(crate) fn devices_of(&self, account: u32) -> u32 {
        ((1 << self.accounts[account as usize].devices.len()) - 1) & !((1 << self.asleep) - 1)
    }

    /// Lets a device lose its connection and come back at once.
    ///
    /// # Errors
    /// When it is not let in again, or has no connection to lose.
    pub(crate) async fn reconnect(&self, seat: Seat) -> anyhow::Result<()> {
        let (tell, told) = oneshot::channel();
        let screen = self.screens.get(&seat).context("the device is asleep")?;
        screen.send(tell).ok().context("the device is not connected")?;
        told.await.context("the device is not connected")?
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
    targets: Vec<Arc<Target>>,
    /// Where it connects, among them in turn.
    place: usize,
    source: Option<std::net::IpAddr>,
    again: bool,
    /// How long the gateway asked it to stay away.
    pause: Option<Duration>,
    /// Why the gateway ended the connection.
    close_code: Option<u16>,
    asked: mpsc::UnboundedReceiver<Reconnect>,
    ledger: Arc<Ledger>,
    connections: Arc<AtomicU32>,
}

impl Screen {
    async fn open(&self) -> anyhow::Result<DeviceSocket> {
        open_socket(&self.targets[self.place % self.targets.len()], self.source, &self.token).await
    }

    async fn run(mut self, socket: DeviceSocket) {
        let mut opened = Ok(socket);
        loop {
            if let Ok(socket) = opened {
                if let Some(told) = self.read(socket).await {
                    opened = self.open().await;
                    let came_back = opened.as_ref().map(drop).map_err(|error| anyhow::anyhow!("{error:#}"));
                    // Who asked may have given up.
                    let _ = told.send(came_back);
                    continue;
                }
                self.ledger.closed(self.seat, self.close_code.take());
            }
            if !self.again {
                return;
            }
            let by_itself = AGAIN.mul_f64(1.0 + rand::random::<f64>());
            tokio::time::sleep(self.pause.take().unwrap_or(by_itself)).await;
            // Where it was, nobody may be any more.
            self.place += 1;
            opened = self.open().await;
            if opened.is_ok() {
                self.ledger.came_back();
            }
        }
    }

    /// Reads to the end, or until it is asked to come back.
    async fn read(&mut self, mut socket: DeviceSocket) -> Option<Reconnect> {
        let connection = self.connections.fetch_add(1, Ordering::Relaxed);
        loop {
            let message = tokio::select! {
                message = socket.next() => message,
                Some(told) = self.asked.recv() => return Some(told),
            };
            let Some(Ok(message)) = message else { return None };
            let at = Instant::now();
            if let Message::Close(frame) = &message {
                self.close_code = frame.as_ref().map(|frame| u16::from(frame.code));
            }
            let Message::Text(text) = message else { continue };
            let (challenge_id, generation, code) = match serde_json::from_str(&text) {
                Ok(ServerMessage::Code { challenge_id, generation, code }) => (challenge_id, generation, code),
                Ok(ServerMessage::Goodbye { reconnect_after_ms }) => {
                    self.pause = Some(Duration::from_millis(reconnect_after_ms));
                    continue;
                }
                _ => continue,
            };
            let shown = receipt(challenge_id, generation);
            self.ledger.saw(challenge_id, Seen { seat: self.seat, connection, generation, code: code.into(), at });
            // An end of the connection is seen by the next read.
            let _ = socket.send(shown).await;
        }
    }
}
