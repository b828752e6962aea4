//! What may change while the gateway runs, without a restart.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::{Mutex, mpsc};

use super::{parts, serve};
use crate::actors::Services;
use crate::http::operator::{OperatorAccess, ReloadWish, Reloaded};
use crate::http::{LimitSettings, Limits};
use crate::providers::push::PushSetupError;
use crate::settings::{self, OperatorTokenError, Settings};
use crate::websocket::AllowedOrigins;

/// Wishes that may wait at the same time.
const WISHES: usize = 4;
/// What is read again.
const RELOADED: [&str; 6] = ["limits", "http.allowed_origins", "fcm", "apns", "webpush", "operator.token_file"];
/// What is followed by itself: files that were replaced, and the switch in the database.
const FOLLOWED: [&str; 4] = ["codes.keys_file", "http.tls", "places.files", "rollout"];

/// Why settings that were read again are not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// A push provider cannot be set up like this.
    #[error(transparent)]
    Push(#[from] PushSetupError),
    /// There is no token for operators.
    #[error(transparent)]
    OperatorToken(#[from] OperatorTokenError),
}

/// The parts whose settings may change, and the settings that the gateway was started with.
pub(super) struct Reload {
    started_with: BTreeMap<String, Value>,
    address: SocketAddr,
    limits: Arc<Limits>,
    origins: AllowedOrigins,
    access: Arc<OperatorAccess>,
    services: Arc<Services>,
    wishes: Mutex<mpsc::Receiver<ReloadWish>>,
}

/// Requests a minute.
pub(super) fn limits(settings: &Settings) -> LimitSettings {
    LimitSettings {
        sign_in: settings.limits.sign_in_per_minute,
        accounts: settings.limits.accounts_per_minute,
        refresh: settings.limits.refresh_per_minute,
        connect: settings.limits.connect_per_minute,
        strangers: settings.limits.strangers_per_minute,
        calls: settings.limits.calls_per_minute,
        writes: settings.limits.writes_per_minute,
    }
}

impl Reload {
    pub(super) fn new(
        settings: &Settings,
        address: SocketAddr,
        limits: &Arc<Limits>,
        origins: &AllowedOrigins,
        access: &Arc<OperatorAccess>,
        services: &Arc<Services>,
    ) -> (Self, mpsc::Sender<ReloadWish>) {
        let (wish, wishes) = mpsc::channel(WISHES);
        let reload = Self {
            started_with: flat(settings),
            address,
            limits: Arc::clone(limits),
            origins: origins.clone(),
            access: Arc::clone(access),
            services: Arc::clone(services),
            wishes: Mutex::new(wishes),
        };
        (reload, wish)
    }

    pub(super) async fn asked(&self) -> ReloadWish {
        match self.wishes.lock().await.recv().await {
            Some(wish) => wish,
            // The operator's side is gone: nobody wishes anything any more.
            None => std::future::pending().await,
        }
    }

    /// Takes what may change; a key of a push provider or a token that cannot be used changes nothing at all.
    pub(super) fn apply(&self, settings: &Settings) -> Result<Reloaded, ReloadError> {
        let push = parts::push_providers(settings)?;
        let token = settings::operator_token(settings)?;
        self.services.push.replace(push);
        self.access.replace(token);
        self.limits.replace(limits(settings));
        self.origins.replace(&serve::origins(settings, self.address));
        let now = flat(settings);
        let differs = |key: &&String| self.started_with.get(*key) != now.get(*key);
        let keys = self.started_with.keys().chain(now.keys().filter(|key| !self.started_with.contains_key(*key)));
        let is_reloaded =
            |key: &str| RELOADED.iter().any(|section| key == *section || key.starts_with(&format!("{section}.")));
        Ok(Reloaded {
            reloaded: RELOADED.to_vec(),
            followed: FOLLOWED.to_vec(),
            restart_needed: keys.filter(differs).filter(|key| !is_reloaded(key)).cloned().collect(),
        })
    }
}

/// Every setting by its key; secrets are hidden, so that a change of one does not show.
fn flat(settings: &Settings) -> BTreeMap<String, Value> {
    let mut keys = BTreeMap::new();
    let mut sections = vec![(String::new(), serde_json::to_value(settings).unwrap_or_default())];
    while let Some((prefix, value)) = sections.pop() {
        match value {
            Value::Object(below) => {
                let dot = if prefix.is_empty() { "" } else { "." };
                sections.extend(below.into_iter().map(|(name, value)| (format!("{prefix}{dot}{name}"), value)));
            }
            value => {
                keys.insert(prefix, value);
            }
        }
    }
    keys
}
