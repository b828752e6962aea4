//! What a gateway that was started writes.

use std::io::{BufRead, BufReader, Read};
use std::process::{ChildStderr, ChildStdout};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::bail;
use tokio::sync::oneshot;

/// Lines of its log that are kept, to say what went wrong.
const KEPT_LINES: usize = 40;

/// Reads what it writes to the end, so that it never waits for a reader. Answers with its address, or with its last lines when
/// it ends before it serves.
pub(super) async fn follow((errors, output): (Option<ChildStderr>, Option<ChildStdout>)) -> anyhow::Result<String> {
    let last = Arc::<Mutex<Vec<String>>>::default();
    let (tell, told) = oneshot::channel();
    if let Some(errors) = errors {
        read(errors, Arc::clone(&last), None);
    }
    if let Some(output) = output {
        read(output, Arc::clone(&last), Some(tell));
    }
    match told.await {
        Ok(address) => Ok(address),
        Err(_) => bail!("the gateway ended: {}", last.lock().unwrap_or_else(PoisonError::into_inner).join(" / ")),
    }
}

fn read(source: impl Read + Send + 'static, last: Arc<Mutex<Vec<String>>>, tell: Option<oneshot::Sender<String>>) {
    let mut tell = tell;
    thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix("listening on ")
                && let Some(tell) = tell.take()
            {
                let _ = tell.send(address.trim_end().to_owned());
            }
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            last.push(line);
            if last.len() > KEPT_LINES {
                last.remove(0);
            }
        }
    });
}
