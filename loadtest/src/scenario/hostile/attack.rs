//! All attackers of a run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use super::bombs;
use super::options::Options;
use super::origin::Origin;
use super::tally::Tally;
use crate::accounts::Account;
use crate::stage::Stage;

/// The attackers come within this time.
const RAMP: Duration = Duration::from_secs(5);
/// A connection that the gateway ended is made again after this.
const AGAIN: Duration = Duration::from_secs(1);
/// A slow reader looks this often whether it was thrown out.
const LOOK: Duration = Duration::from_secs(1);
/// Questions that a slow reader asks, some hundred KiB of answers each.
const QUESTIONS: usize = 100;
/// Receive buffer of a slow reader in bytes: the system makes it as small as it can.
const SMALL: u32 = 2048;

/// Attackers sit at machines of their own; here they get the processor time that nobody else wants (setpriority(2)).
const NICE: i32 = 19;

/// Attackers at work.
pub(super) struct Attack {
    runtime: Runtime,
    attackers: JoinSet<()>,
    tally: Arc<Tally>,
}

impl Attack {
    /// Lets all of them loose.
    ///
    /// # Errors
    /// When the system has no threads for them.
    pub(super) fn start(stage: &Stage, accounts: &[Account], options: &Options) -> anyhow::Result<Self> {
        let mut attack = Self::empty()?;
        for number in 0..options.half_open {
            let from = Origin::of(stage, number);
            let wait = wait(number, options.half_open);
            let tally = Arc::clone(&attack.tally);
            attack.spawn(async move { half_open(from, wait, &tally).await });
        }
        for number in 0..options.slow_readers {
            let from = Origin::of(stage, number);
            let wait = wait(number, options.slow_readers);
            let tally = Arc::clone(&attack.tally);
            let ask = options.ask.clone();
            attack.spawn(async move { slow_reader(from, wait, &ask, &tally).await });
        }
        let devices = accounts.iter().flat_map(|account| &account.devices);
        for (number, device) in devices.take(options.bombers as usize).enumerate() {
            let number = number as u32;
            let from = Origin::of(stage, number);
            let wait = wait(number, options.bombers);
            let tally = Arc::clone(&attack.tally);
            let token = device.session.access_token.clone();
            attack.spawn(async move { bombs::bomber(number, from, wait, &token, &tally).await });
        }
        Ok(attack)
    }

    /// Threads for attackers, and none yet.
    ///
    /// # Errors
    /// When the system has no threads for them.
    pub(super) fn empty() -> anyhow::Result<Self> {
        let runtime = Builder::new_multi_thread().enable_all().on_thread_start(step_back).build()?;
        Ok(Self { runtime, attackers: JoinSet::new(), tally: Arc::default() })
    }

    /// Where attackers tell what they saw.
    pub(super) fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.tally)
    }

    /// Lets one more loose.
    pub(super) fn spawn(&mut self, attacker: impl Future<Output = ()> + Send + 'static) {
        self.attackers.spawn_on(attacker, self.runtime.handle());
    }

    /// Ends it, and says what was seen.
    pub(super) async fn stop(mut self) -> BTreeMap<String, u64> {
        self.attackers.shutdown().await;
        self.runtime.shutdown_background();
        self.tally.counts()
    }
}

fn step_back() {
    // Without it the attack only is stronger.
    let _ = rustix::process::nice(NICE);
}

/// When an attacker comes, so that all of them come within [`RAMP`].
pub(super) fn wait(number: u32, count: u32) -> Duration {
    RAMP.mul_f64(f64::from(number) / f64::from(count.max(1)))
}

async fn half_open(from: Origin, wait: Duration, tally: &Tally) {
    tokio::time::sleep(wait).await;
    loop {
        match hold_open(&from).await {
            Ok(()) => tally.add("half-open: ended by the gateway"),
            Err(error) => tally.add(format!("half-open: {}", error.kind())),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Begins a request and waits until the gateway gives up.
async fn hold_open(from: &Origin) -> std::io::Result<()> {
    let mut stream = from.connect().await?;
    stream.write_all(b"GET /v1/connect HTTP/1.1\r\nHost: twostep\r\nUpgrade: websocket\r\nX-Slow: ").await?;
    let mut answer = [0; 512];
    while stream.read(&mut answer).await? > 0 {}
    Ok(())
}

async fn slow_reader(from: Origin, wait: Duration, ask: &str, tally: &Tally) {
    tokio::time::sleep(wait).await;
    loop {
        match never_read(&from, ask).await {
            Ok(()) => tally.add("slow reader: ended by the gateway"),
            Err(error) => tally.add(format!("slow reader: {}", error.kind())),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Asks a lot and reads nothing until the gateway gives up.
async fn never_read(from: &Origin, ask: &str) -> std::io::Result<()> {
    let socket = from.target.socket(from.source)?;
    socket.set_recv_buffer_size(SMALL)?;
    let mut stream = socket.connect(from.target.address).await?;
    let questions = format!("GET {ask} HTTP/1.1\r\nHost: twostep\r\n\r\n").repeat(QUESTIONS);
    stream.write_all(questions.as_bytes()).await?;
    loop {
        tokio::time::sleep(LOOK).await;
        // Readable at once, as there is an answer: the end is what is looked for.
        let ready = stream.ready(Interest::READABLE | Interest::ERROR).await?;
        if ready.is_read_closed() || ready.is_error() {
            return Ok(());
        }
    }
}
