//! The users of the floor.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc::UnboundedSender;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use uuid::Uuid;

/// Users by number, and the connections of each.
#[derive(Default)]
pub(super) struct Users {
    pub(super) connected: Mutex<HashMap<u32, Vec<UnboundedSender<Utf8Bytes>>>>,
}

impl Users {
    /// Sends a code to every connection of a user.
    pub(super) fn send_code(&self, user: u32, challenge: Uuid) {
        let text = Utf8Bytes::from(format!(
            r#"{{"type":"code","challenge_id":"{challenge}","generation":1,"code":"123456","purpose":"sign_in","expires_at":"2026-01-01T00:05:00Z","requester":{{"name":"Load test","model":"Harness","platform":"android","ip":"127.0.0.2","location":null}},"sent_at":"2026-01-01T00:00:00.000000Z"}}"#
        ));
        let connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        for device in connected.get(&user).into_iter().flatten() {
            // It may end just now.
            let _ = device.send(text.clone());
        }
    }
}
