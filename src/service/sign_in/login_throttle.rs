//! Checking passwords no faster than somebody who knows theirs needs.

use std::hash::BuildHasher;
use std::sync::PoisonError;

use jiff::Timestamp;
use secrecy::SecretString;

use super::password_waits::PasswordWaiting;
use crate::domain::account::email::EmailAddress;
use crate::domain::account::login_throttle::Typist;
use crate::domain::account::password::Password;
use crate::domain::value::id::DeviceId;
use crate::service::sign_in::password_hashing::Lane;
use crate::service::{Core, Origin, VerificationError};

impl Core {
    /// Checks a password that was typed for an address, which may have no account: then the same is done and the answer is no. With
    /// `device` it is typed on a device that the account trusts: it waits for nothing that strangers did.
    ///
    /// # Errors
    /// [`VerificationError::InvalidCredentials`]; [`VerificationError::TooManyWrongPasswords`] before anything costly is done;
    /// [`VerificationError::Busy`].
    pub(in crate::service) async fn check_password(
        &self,
        email: &EmailAddress,
        password: Password,
        stored: Option<SecretString>,
        device: Option<DeviceId>,
        origin: &Origin,
    ) -> Result<(), VerificationError> {
        let PasswordWaiting { hasher, waits } = &self.password_waits;
        let subject = hasher.hash_one(email.as_str());
        let stranger = Typist::Stranger { ip: origin.ip, is_exempt: origin.is_exempt };
        let typist = device.map_or(stranger, Typist::Device);
        let lane = if device.is_some() { Lane::Owners } else { Lane::Strangers };
        let waits = || waits.lock().unwrap_or_else(PoisonError::into_inner);
        let may_try = waits().begin(subject, typist, Timestamp::now());
        may_try.map_err(|retry_after| VerificationError::TooManyWrongPasswords { retry_after })?;
        match self.passwords.verify(password, stored, lane).await {
            Ok(true) => {
                waits().right(subject, typist);
                Ok(())
            }
            Ok(false) => Err(VerificationError::InvalidCredentials),
            Err(error) => {
                waits().give_back(subject, typist);
                Err(error)
            }
        }
    }
}
