//! From the bus to the directory.

use tracing::info;

use super::Directory;
use crate::bus::Inbox;

/// Routes every fact of the bus until the bus is gone.
pub async fn dispatch(mut inbox: Inbox, directory: Directory) {
    while let Some(envelope) = inbox.recv().await {
        directory.route(envelope).await;
    }
    info!("the bus is closed");
}
