//! Requests that may come twice: who sends one again gets the first answer.

use crate::domain::app_server::idempotency::{IdempotencyKey, NONCE_BYTES, RequestHash};
use crate::domain::device::token::Token;
use crate::domain::value::id::{AccountId, ApiKeyId};
use crate::service::{AppServers, VerificationError};
use crate::store;
use crate::store::idempotent_request::Known;

/// A request with its idempotency key, and who sends it.
pub struct OnceRequest {
    /// The caller's key.
    pub caller: ApiKeyId,
    /// The same, as it was sent.
    pub caller_token: Token,
    /// The idempotency key.
    pub key: IdempotencyKey,
    /// All of the request.
    pub request: RequestHash,
}

/// An answer to be given again.
pub struct KeptAnswer {
    /// Its HTTP status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
    /// Whom it is about: it goes with them.
    pub account: Option<AccountId>,
}

/// Whether a request is to be carried out.
pub enum Once {
    /// It is new: carry it out, then [`AppServers::keep_answer`] or [`AppServers::release_request`].
    First,
    /// It came before: this was the answer.
    Again(KeptAnswer),
    /// It is being carried out now.
    UnderWay,
    /// Its key names another request.
    Reused,
    /// It came before, and whom it was about was deleted since.
    Erased,
}

impl OnceRequest {
    pub(in crate::service) fn known(&self) -> Known {
        Known::new(self.caller, &self.key, self.request)
    }

    /// An answer, as it is kept: for nobody but who sends this request.
    pub(in crate::service) fn seal(&self, answer: &KeptAnswer) -> Vec<u8> {
        let nonce = rand::random::<[u8; NONCE_BYTES]>();
        self.key.seal(&self.caller_token, &self.request, &answer.body, nonce)
    }
}

impl AppServers {
    /// Claims a request, or finds out what became of it.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin_once(&self, request: &OnceRequest) -> Result<Once, VerificationError> {
        let known = request.known();
        self.store
            .run(async |db| {
                if store::idempotent_request::claim(db, &known).await? {
                    return Ok(Once::First);
                }
                // Gone since: whoever had it let go, and it may come again.
                let Some(earlier) = store::idempotent_request::find(db, &known).await? else {
                    return Ok(Once::UnderWay);
                };
                if earlier.request != request.request {
                    return Ok(Once::Reused);
                }
                if earlier.is_erased {
                    return Ok(Once::Erased);
                }
                let Some((status, sealed)) = earlier.answer else { return Ok(Once::UnderWay) };
                let body = request.key.open(&request.caller_token, &request.request, &sealed);
                // What does not open was sealed for nobody who can ask: as if another request had the key.
                Ok(body.map_or(Once::Reused, |body| Once::Again(KeptAnswer { status, body, account: None })))
            })
            .await
    }

    /// Keeps the answer to a request that was carried out.
    ///
    /// # Errors
    /// The database's. Who sends the request again then waits until nobody carries it out, and it is carried out again.
    pub async fn keep_answer(&self, request: &OnceRequest, answer: &KeptAnswer) -> Result<(), VerificationError> {
        let known = request.known();
        let sealed = request.seal(answer);
        let account = answer.account;
        let status = answer.status;
        let keep = async |db: &_| store::idempotent_request::keep(db, &known, account, status, &sealed).await;
        Ok(self.store.run(keep).await?)
    }

    /// Lets go of a request that came to nothing, so that it may come again at once.
    ///
    /// # Errors
    /// The database's.
    pub async fn release_request(&self, request: &OnceRequest) -> Result<(), VerificationError> {
        let known = request.known();
        Ok(self.store.run(async |db| store::idempotent_request::release(db, &known).await).await?)
    }
}
