//! Takes what is posted to it, as an app's server takes webhooks and a collector traces: it answers as it is told, and shows what came.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::client::DEADLINE;

/// A message that came.
pub struct Received {
    head: String,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        });
        line.unwrap_or_else(|| panic!("no {name} in {}", self.head))
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

pub struct HttpReceiver {
    pub url: String,
    /// Statuses of the next answers; then 204.
    answers: Arc<Mutex<VecDeque<u16>>>,
    received: mpsc::UnboundedReceiver<Received>,
    task: JoinHandle<()>,
}

impl HttpReceiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let answers = Arc::<Mutex<VecDeque<u16>>>::default();
        let (send, received) = mpsc::unbounded_channel();
        let next = Arc::clone(&answers);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let status = next.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or(204);
                if let Some(message) = take(stream, status).await {
                    let _ = send.send(message);
                }
            }
        });
        Self { url, answers, received, task }
    }

    /// The next answers have these statuses.
    pub fn answer(&self, statuses: &[u16]) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).extend(statuses);
    }

    pub async fn next(&mut self) -> Received {
        self.next_if_any().await.expect("a message in time")
    }

    /// `None` when nothing came in time.
    pub async fn next_if_any(&mut self) -> Option<Received> {
        tokio::time::timeout(DEADLINE, self.received.recv()).await.ok()?
    }

    /// Whether more came than was taken.
    pub fn has_more(&mut self) -> bool {
        self.received.try_recv().is_ok()
    }
}

impl Drop for HttpReceiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads one HTTP/1.1 request and answers it.
async fn take(mut stream: TcpStream, status: u16) -> Option<Received> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut received = Received { head: String::from_utf8_lossy(&bytes[..head_end]).into_owned(), body: Vec::new() };
    let length: usize = received.header("content-length").parse().ok()?;
    while bytes.len() < head_end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    received.body = bytes.split_off(head_end);
    let answer = format!("HTTP/1.1 {status} .\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.ok()?;
    Some(received)
}
