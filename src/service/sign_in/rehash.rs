//! Hashing passwords anew when the cost of a hash was changed.

use secrecy::SecretString;

use crate::domain::account::email::EmailAddress;
use crate::domain::account::password::Password;
use crate::service::sign_in::password_hashing::Lane;
use crate::service::{Core, VerificationError};
use crate::store;
use crate::store::account::SignInAccount;

impl Core {
    /// Hashes a password that was just found right anew, if its hash is of another cost than those made today, or may be of another form of its letters, so that a cost
    /// that was raised protects who signs in (NIST SP 800-63B-4 section 3.1.1.2), and a check of theirs takes as long as that of
    /// an address without an account. When too many hashes wait, it is left for another time.
    ///
    /// # Errors
    /// [`VerificationError::InvalidCredentials`] when the password was changed meanwhile; the database's.
    pub(in crate::service) async fn renew_hash(
        &self,
        mut account: SignInAccount,
        email: &EmailAddress,
        password: Password,
        lane: Lane,
    ) -> Result<SignInAccount, VerificationError> {
        // Typed in another form it may have been hashed in that one, by an earlier version.
        let is_current = !self.passwords.is_of_another_cost(&account.password_hash);
        if is_current && password.as_typed_bytes().is_none() {
            return Ok(account);
        }
        let Ok(new) = self.passwords.hash(password.clone(), lane).await else { return Ok(account) };
        let id = account.id;
        let old = &account.password_hash;
        if self.store.run(async |db| store::account::renew_hash(db, id, &new, old).await).await? {
            account.password_hash = new;
            return Ok(account);
        }
        self.checked_again(email, password, lane).await
    }

    /// Another sign-in did it first, or the password was changed.
    async fn checked_again(
        &self,
        email: &EmailAddress,
        password: Password,
        lane: Lane,
    ) -> Result<SignInAccount, VerificationError> {
        let account = self.store.run(async |db| store::account::by_email(db, email).await).await?;
        let account = account.ok_or(VerificationError::InvalidCredentials)?;
        let stored: SecretString = account.password_hash.clone();
        match self.passwords.verify(password, Some(stored), lane).await? {
            true => Ok(account),
            false => Err(VerificationError::InvalidCredentials),
        }
    }
}
