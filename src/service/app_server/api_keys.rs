//! Keys of apps' servers: making, ending, and recognising them.
//!
//! There are few, so each node keeps all of them in memory and looks for changes every two seconds: a call with a key costs the
//! database nothing, and neither does one with a made-up key.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::SignedDuration;

use super::known_api_keys::Known;
use crate::domain::app_server::api_key::{ApiKey, Scope};
use crate::domain::device::token::{Token, TokenKind};
use crate::domain::value::id::ApiKeyId;
use crate::service::{AppServers, Core, VerificationError, fresh, fresh_token};
use crate::store::{self, StoreError};

/// Keys that were read longer ago are read again.
const LOOK_PERIOD: Duration = Duration::from_secs(2);
/// Keys that were read longer ago are not believed: one of them may have been revoked.
const BELIEVED_FOR: Duration = Duration::from_secs(30);

/// A key that was just made.
pub struct NewApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The key itself, which nobody can show again.
    pub token: Token,
    /// Whom its assertions are for.
    pub audience: String,
}

/// A key to be made.
pub struct WantedApiKey<'a> {
    /// As people call it.
    pub name: &'a str,
    /// Whom its assertions are for. `None`: the audience of `same_app_as`, or the name, with the end of the key's id where another
    /// app has that.
    pub audience: Option<&'a str>,
    /// What it may be used for.
    pub scopes: &'a [Scope],
    /// The subjects that it is for: those that begin so; `None`: all.
    pub subject_prefix: Option<&'a str>,
    /// A key of the same app, which may have the same audience.
    pub same_app_as: Option<ApiKeyId>,
}

/// Whom the assertions of a new key are for.
fn audience(wanted: &WantedApiKey<'_>, keys: &[ApiKey], id: ApiKeyId) -> Result<String, VerificationError> {
    let good = || keys.iter().filter(|key| key.is_good);
    let sibling = match wanted.same_app_as {
        Some(same) => Some(good().find(|key| key.id == same).ok_or(VerificationError::NotFound)?),
        None => None,
    };
    let is_of_app = |audience: &str| sibling.is_some_and(|key| key.audience == audience);
    let is_free = |audience: &str| is_of_app(audience) || good().all(|key| key.audience != audience);
    match (wanted.audience, sibling) {
        (Some(audience), _) if is_free(audience) => Ok(audience.to_owned()),
        (Some(_), _) => Err(VerificationError::AudienceTaken),
        (None, Some(key)) => Ok(key.audience.clone()),
        (None, None) if is_free(wanted.name) => Ok(wanted.name.to_owned()),
        (None, None) => Ok(format!("{}-{}", wanted.name, &id.uuid().simple().to_string()[24..])),
    }
}

impl AppServers {
    /// Makes a key. An audience is one app's: of the keys that are good only those of the same app have it.
    ///
    /// # Errors
    /// [`VerificationError::AudienceTaken`] when another app's key has it; [`VerificationError::NotFound`] when there is no key
    /// `same_app_as` that is good; the database's.
    pub async fn create_api_key(&self, wanted: &WantedApiKey<'_>) -> Result<NewApiKey, VerificationError> {
        let id = fresh(ApiKeyId::new);
        let token = fresh_token(TokenKind::ApiKey);
        let hash = token.hash();
        let transaction = self.store.transaction(async |db| {
            store::api_key::lock(db).await?;
            let keys: Vec<ApiKey> = store::api_key::list(db).await?.into_iter().map(|(_, key)| key).collect();
            let audience = audience(wanted, &keys, id)?;
            let name = wanted.name;
            let scopes = wanted.scopes;
            let prefix = wanted.subject_prefix;
            store::api_key::create(db, id, name, &audience, &hash, scopes, prefix).await?;
            Ok::<_, VerificationError>(audience)
        });
        let audience = transaction.await?;
        self.api_keys.set(None);
        Ok(NewApiKey { id, token, audience })
    }

    /// Every key, newest first, also those that ended.
    ///
    /// # Errors
    /// The database's.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, VerificationError> {
        let listed = self.store.run(async |db| store::api_key::list(db).await).await?;
        Ok(listed.into_iter().map(|(_, key)| key).collect())
    }

    /// Makes a key that may do what another one may, and lets that one end in `grace`.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when there is no such key, or it ended.
    pub async fn rotate_api_key(&self, key: ApiKeyId, grace: SignedDuration) -> Result<NewApiKey, VerificationError> {
        let id = fresh(ApiKeyId::new);
        let token = fresh_token(TokenKind::ApiKey);
        let hash = token.hash();
        let transaction = self.store.transaction(async |db| {
            let keys = store::api_key::list(db).await?;
            let old = keys.into_iter().map(|(_, key)| key).find(|known| known.id == key && known.is_good);
            let old = old.ok_or(VerificationError::NotFound)?;
            let prefix = old.subject_prefix.as_deref();
            store::api_key::create(db, id, &old.name, &old.audience, &hash, &old.scopes, prefix).await?;
            store::api_key::end(db, key, grace).await?;
            Ok::<_, VerificationError>(old.audience)
        });
        let audience = transaction.await?;
        self.api_keys.set(None);
        Ok(NewApiKey { id, token, audience })
    }

    /// Ends a key: this node does not take it any more, and within two seconds no other one does.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when there is no such key. It is fine when it ended before.
    pub async fn revoke_api_key(&self, key: ApiKeyId) -> Result<(), VerificationError> {
        let transaction = self.store.transaction(async |db| {
            if !store::api_key::list(db).await?.iter().any(|(_, known)| known.id == key) {
                return Err(VerificationError::NotFound);
            }
            store::api_key::end(db, key, SignedDuration::ZERO).await?;
            Ok(())
        });
        transaction.await?;
        self.api_keys.set(None);
        Ok(())
    }

    /// The key that a token is, if it may be used now.
    ///
    /// # Errors
    /// [`VerificationError::Unauthorized`] when it is none; the database's when nobody could look for long.
    pub async fn api_key(&self, token: &Token) -> Result<ApiKey, VerificationError> {
        let known = self.known_api_keys().await?;
        let key = known.keys.get(&token.hash()).filter(|key| key.is_good).ok_or(VerificationError::Unauthorized)?;
        self.api_keys.use_key(key.id);
        Ok(key.clone())
    }
}

impl Core {
    async fn known_api_keys(&self) -> Result<Arc<Known>, StoreError> {
        let is_fresh = |known: &Arc<Known>| known.read_at.elapsed() < LOOK_PERIOD;
        if let Some(known) = self.api_keys.current().filter(is_fresh) {
            return Ok(known);
        }
        let _one = self.api_keys.reading.lock().await;
        let current = self.api_keys.current();
        if let Some(known) = current.clone().filter(is_fresh) {
            return Ok(known);
        }
        match (self.read_api_keys().await, current) {
            (Ok(known), _) => Ok(known),
            (Err(_), Some(known)) if known.read_at.elapsed() < BELIEVED_FOR => Ok(known),
            (Err(error), _) => Err(error),
        }
    }

    async fn read_api_keys(&self) -> Result<Arc<Known>, StoreError> {
        let read_at = Instant::now();
        let used = self.api_keys.take_used();
        let listed = self.store.run(async |db| {
            if !used.is_empty() {
                store::api_key::mark_used(db, &used).await?;
            }
            store::api_key::list(db).await
        });
        let known = Arc::new(Known { read_at, keys: listed.await?.into_iter().collect() });
        self.api_keys.set(Some(Arc::clone(&known)));
        Ok(known)
    }
}
