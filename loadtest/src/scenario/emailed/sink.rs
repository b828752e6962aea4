//! A mail server that keeps nothing: it takes mail on loopback, and gives each code to whoever waits for it.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A code that came by mail.
pub(super) struct Mailed {
    /// Its digits.
    pub(super) code: String,
    /// When the final dot of its mail was read.
    pub(super) at: Instant,
}

type Waiting = Arc<Mutex<HashMap<String, oneshot::Sender<Mailed>>>>;

/// The server; it ends when it is dropped.
pub(crate) struct Sink {
    /// Where it listens.
    pub(super) address: SocketAddr,
    waiting: Waiting,
    accepting: JoinHandle<()>,
}

impl Sink {
    /// Starts it on a free port of loopback.
    ///
    /// # Errors
    /// When there is none.
    pub(super) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let waiting = Waiting::default();
        let mailboxes = Arc::clone(&waiting);
        let accepting = tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                let mailboxes = Arc::clone(&mailboxes);
                // How a conversation ends is the client's business.
                tokio::spawn(async move { drop(converse(line, &mailboxes).await) });
            }
        });
        Ok(Self { address, waiting, accepting })
    }

    /// The next code for an address.
    pub(super) fn expect(&self, address: &str) -> oneshot::Receiver<Mailed> {
        let (tell, told) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(address.to_owned(), tell);
        told
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// As much of RFC 5321 as a client needs that makes no mistake.
async fn converse(mut line: TcpStream, waiting: &Waiting) -> std::io::Result<()> {
    line.set_nodelay(true)?;
    let (reader, mut writer) = line.split();
    let mut reader = BufReader::new(reader);
    writer.write_all(b"220 sink ESMTP\r\n").await?;
    let mut recipient = String::new();
    let mut said = String::new();
    loop {
        said.clear();
        if reader.read_line(&mut said).await? == 0 {
            return Ok(());
        }
        let command = said.trim_end().to_ascii_uppercase();
        let answer: &[u8] = match command.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => b"250-sink\r\n250 8BITMIME\r\n",
            "RCPT" => {
                recipient = said.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                b"250 fine\r\n"
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await?;
                let code = read_mail(&mut reader).await?;
                let at = Instant::now();
                writer.write_all(b"250 taken\r\n").await?;
                if let Some(code) = code {
                    let waits = waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&recipient);
                    // Who waited may have given up.
                    waits.map(|waits| waits.send(Mailed { code, at }));
                }
                continue;
            }
            "QUIT" => return writer.write_all(b"221 bye\r\n").await,
            _ => b"250 fine\r\n",
        };
        writer.write_all(answer).await?;
    }
}

/// Reads to the final dot; the code is the first line of digits and spaces alone.
async fn read_mail(reader: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<Option<String>> {
    let mut code = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line).await? == 0 || line == b".\r\n" {
            return Ok(code);
        }
        let text = line.trim_ascii();
        let is_code = text.len() >= 6 && text.iter().all(|byte| byte.is_ascii_digit() || *byte == b' ');
        if code.is_none() && is_code {
            code = Some(text.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| char::from(*byte)).collect());
        }
    }
}
