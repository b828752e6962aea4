//! Creating an account: the address is confirmed first.

use std::time::Instant;

use crate::domain::account::email::EmailAddress;
use crate::domain::account::password::Password;
use crate::domain::challenge::{Method, Purpose};
use crate::domain::device::DeviceInfo;
use crate::domain::value::id::AccountId;
use crate::service::challenge::start::Start;
use crate::service::constant_time::next_tick;
use crate::service::sign_in::password_hashing::Lane;
use crate::service::{Accounts, ChallengeView, Origin, VerificationError, fresh};
use crate::store;

impl Accounts {
    /// Sends a code to the address. The answer is the same when the address is somebody's already: then the mail
    /// tells its owner so, and no code is right.
    ///
    /// # Errors
    /// [`VerificationError::CommonPassword`], whether the address is taken or not;
    /// [`VerificationError::TooManyOpenChallenges`], [`VerificationError::Busy`], or the database's.
    pub async fn create_account(
        &self,
        email: EmailAddress,
        password: Password,
        device: DeviceInfo,
        origin: &Origin,
    ) -> Result<ChallengeView, VerificationError> {
        self.require_room()?;
        let begun = Instant::now();
        let password_hash = self.passwords.hash_new(password, email.clone(), Lane::Strangers).await?;
        let mut events = Vec::new();
        let transaction = self.store.transaction(async |db| {
            let reserved = store::account::reserve_address(db, fresh(AccountId::new), &email).await?;
            let start = Start {
                account_id: reserved.account_id,
                mailbox: Some(&email),
                mailbox_changed_at: None,
                purpose: Purpose::CreateAccount,
                method: Method::Email,
                requester: origin.requester(device),
                session_id: None,
                password_hash: Some(password_hash),
                address_taken: reserved.taken,
                for_app: None,
                now: reserved.now,
            };
            let challenge = self.start(db, start, &mut events).await?;
            Ok::<_, VerificationError>((reserved.account_id, challenge))
        });
        let (account, challenge) = transaction.await?;
        self.publish(account, events).await;
        next_tick(begun).await;
        Ok(challenge)
    }
}
