//! Firebase Cloud Messaging, HTTP v1, with the OAuth token endpoint of a service account.
//!
//! Sources: the discovery document of FCM v1 (revision 20261023),
//! <https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode> and
//! <https://developers.google.com/identity/protocols/oauth2/service-account#httprest>.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::StartError;
use crate::clock::Clock;
use crate::journal::Journal;
use crate::listener::{Bound, Listener};
use crate::script::Script;

mod account;
mod behaviour;
mod check;
mod schema;
mod server;
mod shared;
mod workload;

pub use behaviour::{FcmBehaviour, FcmFailure, TokenBehaviour};
pub use shared::{FcmRequest, TokenRequest};

use account::Account;
use shared::Shared;
use workload::Workload;

/// The settings of an FCM simulator.
#[derive(Debug, Clone)]
pub struct FcmOptions {
    /// The Firebase project it plays.
    pub project: String,
    /// The life of access tokens.
    pub token_life: Duration,
    /// Requests kept in memory.
    pub keep: usize,
    /// The name that its clients know it by, where a proxy brings them; otherwise its address.
    pub host: Option<String>,
    /// Where the service account's file goes; without it, into a directory that goes away with the simulator.
    pub directory: Option<PathBuf>,
}

impl Default for FcmOptions {
    fn default() -> Self {
        let project = "twostep-simulated".to_owned();
        Self { project, token_life: server::TOKEN_LIFE, keep: 20_000, host: None, directory: None }
    }
}

/// A running FCM simulator; it ends when dropped.
#[derive(Debug)]
pub struct FcmSimulator {
    shared: Arc<Shared>,
    listener: Listener,
    base_url: String,
    _directory: Option<TempDir>,
}

impl FcmSimulator {
    /// Starts with the default options on a loopback address; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address is no loopback address or is taken.
    pub async fn start(address: SocketAddr) -> Result<Self, StartError> {
        Self::start_with(address, FcmOptions::default()).await
    }

    /// Starts with options.
    ///
    /// # Errors
    /// As [`start`](Self::start), and when the service account's file cannot be written.
    pub async fn start_with(address: SocketAddr, options: FcmOptions) -> Result<Self, StartError> {
        let (path, directory) = match options.directory {
            Some(path) => (path, None),
            None => {
                let directory = tempfile::tempdir()?;
                (directory.path().to_owned(), Some(directory))
            }
        };
        let bound = Bound::new(address).await?;
        let address = bound.address();
        let base_url = match options.host {
            Some(host) => format!("http://{host}:{}", address.port()),
            None => format!("http://{address}"),
        };
        let shared = Arc::new(Shared {
            account: Account::create(&path, &base_url, &options.project)?,
            workload: Workload::default(),
            send_path: format!("/v1/projects/{}/messages:send", options.project),
            project: options.project,
            token_life: options.token_life,
            clock: Clock::default(),
            script: Script::new(FcmBehaviour::Accept),
            token_script: Script::new(TokenBehaviour::Issue),
            requests: Journal::new(options.keep),
            token_requests: Journal::new(options.keep),
            accepted: AtomicU64::new(0),
        });
        let serving = Arc::clone(&shared);
        let listener = bound.serve(move |stream| server::serve(stream, Arc::clone(&serving)));
        Ok(Self { shared, listener, base_url, _directory: directory })
    }

    /// `http://HOST:PORT`, for `TWOSTEP__FCM__BASE_URL`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What the file of an external account holds, whose own token comes from this `credential_source`.
    #[must_use]
    pub fn external_account(&self, source: &Value, impersonates: bool) -> Value {
        Workload::file(&self.base_url, source, impersonates)
    }

    /// The token of a machine that is believed.
    #[must_use]
    pub fn subject_token(&self) -> &'static str {
        workload::SUBJECT_TOKEN
    }

    /// The service account's JSON file.
    #[must_use]
    pub fn service_account_file(&self) -> &Path {
        self.shared.account.file()
    }

    /// The next requests for an access token.
    pub fn script_tokens(&self, behaviours: Vec<TokenBehaviour>) {
        self.shared.token_script.queue(None, behaviours);
    }

    /// Makes every access token issued so far invalid: the next send is answered with a plain 401.
    pub fn revoke_access_tokens(&self) {
        self.shared.account.revoke_all();
    }

    /// The record of requests for access tokens.
    #[must_use]
    pub fn token_journal(&self) -> &Journal<TokenRequest> {
        &self.shared.token_requests
    }
}

controls!(FcmSimulator, FcmBehaviour, FcmRequest);

impl FcmRequest {
    /// A value of the message's data.
    #[must_use]
    pub fn data(&self, key: &str) -> Option<&str> {
        self.body["message"]["data"][key].as_str()
    }
}
