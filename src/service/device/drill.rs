//! What sleeping devices say of drills: that one came.

use secrecy::SecretString;

use crate::domain::delivery::drill_receipt::DrillReceipt;
use crate::service::challenge::push_receipt::Said;
use crate::service::{Devices, VerificationError};
use crate::store;

impl Devices {
    /// The drill that a token stands for, if it is one of a drill.
    #[must_use]
    pub fn read_drill_receipt(&self, token: &SecretString) -> Option<DrillReceipt> {
        DrillReceipt::read(token, &self.code_keys())
    }

    /// Takes that a drill came to its device, whether or not that can show anything. The same twice is fine.
    ///
    /// # Errors
    /// [`VerificationError::Unauthorized`] when it is not the last one of a device that is still trusted, and for a denial: there is
    /// nothing to deny.
    pub async fn take_drill_receipt(&self, drill: DrillReceipt, said: Said) -> Result<(), VerificationError> {
        if said == Said::Denied {
            return Err(VerificationError::Unauthorized);
        }
        let is_taken = self.store.run(async |db| store::drill::answer(db, drill.0).await).await?;
        is_taken.then_some(()).ok_or(VerificationError::Unauthorized)
    }
}
