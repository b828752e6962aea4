//! What a token is good for, without doing anything with it: limits are counted by who turns out to call.

use super::{AppServers, Challenges, Core, Devices, VerificationError};
use crate::domain::account::email::EmailAddress;
use crate::domain::account::subject::Subject;
use crate::domain::device::token::Token;
use crate::domain::value::id::{AccountId, ChallengeId, DeviceId, InstallId, SessionId};
use crate::store;
use crate::store::trust_token::TrustCheck;

impl Challenges {
    /// Makes sure that a token is the one of a challenge.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when there is no such challenge, [`VerificationError::Unauthorized`] when the token is not its
    /// token.
    pub async fn check_challenge_token(&self, id: ChallengeId, token: &Token) -> Result<(), VerificationError> {
        self.authorized(id, token).await.map(|_| ())
    }
}

impl Devices {
    /// The session that a refresh token is or was of. Whether it still buys anything is for [`Self::refresh`] to say.
    ///
    /// # Errors
    /// [`VerificationError::Unauthorized`] when it is unknown.
    pub async fn session_of_refresh_token(&self, token: &Token) -> Result<SessionId, VerificationError> {
        let hash = token.hash();
        let owner = self.store.run(async |db| store::refresh_token::owner(db, &hash).await).await?;
        owner.map(|(_, session)| session).ok_or(VerificationError::Unauthorized)
    }

    /// The device of an account that a trust token is good for now.
    ///
    /// # Errors
    /// [`VerificationError::Unauthorized`] when there is none.
    pub async fn device_of_trust_token(
        &self,
        email: &EmailAddress,
        token: &Token,
        install: InstallId,
    ) -> Result<DeviceId, VerificationError> {
        let account = self.store.run(async |db| store::account::by_email(db, email).await).await?;
        self.trusted_device(account.map(|account| account.id), token, install).await
    }
}

impl AppServers {
    /// [`Devices::device_of_trust_token`](crate::service::Devices::device_of_trust_token) for an account that an app keeps.
    ///
    /// # Errors
    /// As there.
    pub async fn device_of_subjects_trust_token(
        &self,
        subject: &Subject,
        token: &Token,
        install: InstallId,
    ) -> Result<DeviceId, VerificationError> {
        let account = self.store.run(async |db| store::subject::find(db, subject).await).await?;
        self.trusted_device(account, token, install).await
    }
}

impl Core {
    async fn trusted_device(
        &self,
        account: Option<AccountId>,
        token: &Token,
        install: InstallId,
    ) -> Result<DeviceId, VerificationError> {
        let account = account.ok_or(VerificationError::Unauthorized)?;
        let hash = token.hash();
        let checked = self.store.run(async |db| store::trust_token::check(db, account, &hash, install).await).await?;
        match checked {
            TrustCheck::Trusted { device, .. } => Ok(device),
            TrustCheck::Reused(_) | TrustCheck::Unknown => Err(VerificationError::Unauthorized),
        }
    }
}
