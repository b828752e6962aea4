//! Mails that are with the mail server, or whose end is not written down yet. A node that stops waits for them: who took them over
//! would send them once more.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// How many there are.
#[derive(Debug, Clone, Default)]
pub struct MailsUnderWay(Arc<watch::Sender<usize>>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct MailUnderWay(Arc<watch::Sender<usize>>);

impl MailsUnderWay {
    /// One more.
    pub(crate) fn begin(&self) -> MailUnderWay {
        self.0.send_modify(|count| *count += 1);
        MailUnderWay(Arc::clone(&self.0))
    }

    /// Waits until there is none, for `patience` at most; answers with how many there are then.
    pub async fn end(&self, patience: Duration) -> usize {
        let mut count = self.0.subscribe();
        let none = count.wait_for(|count| *count == 0);
        // Late or lost is both told by what is left.
        let _ = tokio::time::timeout(patience, none).await;
        *self.0.borrow()
    }
}

impl Drop for MailUnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
