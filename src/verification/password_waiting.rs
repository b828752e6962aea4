//! Checking passwords no faster than somebody who knows theirs needs.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use secrecy::SecretString;

use super::{Origin, Verification, VerificationError};
use crate::domain::email::EmailAddress;
use crate::domain::network::Network;
use crate::domain::password::Password;
use crate::domain::password_waits::PasswordWaits;

/// The waits of this node.
#[derive(Default)]
pub(super) struct PasswordWaiting {
    /// Addresses are remembered as hashes under a key of this process.
    hasher: RandomState,
    waits: Mutex<PasswordWaits<u64>>,
}

impl Verification {
    /// Checks a password that was typed for an address, which may have no account: then the same is done and the answer is no.
    ///
    /// # Errors
    /// [`VerificationError::InvalidCredentials`]; [`VerificationError::TooManyWrongPasswords`] before anything costly is done;
    /// [`VerificationError::Busy`].
    pub(super) async fn check_password(
        &self,
        email: &EmailAddress,
        password: Password,
        stored: Option<SecretString>,
        origin: &Origin,
    ) -> Result<(), VerificationError> {
        let PasswordWaiting { hasher, waits } = &self.password_waits;
        let (subject, network) = (hasher.hash_one(email.as_str()), Network::of(origin.ip));
        let waits = || waits.lock().unwrap_or_else(PoisonError::into_inner);
        let may_try = waits().begin(subject, network, Timestamp::now());
        may_try.map_err(|retry_after| VerificationError::TooManyWrongPasswords { retry_after })?;
        match self.passwords.verify(password, stored).await {
            Ok(true) => {
                waits().record_right(subject, network);
                Ok(())
            }
            Ok(false) => {
                waits().record_wrong(subject, network, Timestamp::now());
                Err(VerificationError::InvalidCredentials)
            }
            Err(error) => {
                waits().give_back(subject, network);
                Err(error)
            }
        }
    }
}
