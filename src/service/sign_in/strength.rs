//! How strong a new password is.

use crate::domain::account::email::EmailAddress;
use crate::domain::account::password::Password;
use crate::domain::account::password_strength::Strength;
use crate::service::{SignIns, VerificationError};

impl SignIns {
    /// How strong a new password is, for people who choose one.
    ///
    /// # Errors
    /// [`VerificationError::Busy`] when too many wait.
    pub async fn password_strength(
        &self,
        password: Password,
        email: Option<EmailAddress>,
    ) -> Result<Strength, VerificationError> {
        self.passwords.strength(password, email).await
    }
}
