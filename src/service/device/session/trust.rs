//! Whether a session is trusted, and speaks for the owner.

use crate::domain::account::owner;
use crate::domain::delivery::Requester;
use crate::domain::device::Device;
use crate::domain::device::session::ActiveSession;
use crate::domain::device::token::Token;
use crate::domain::value::id::{AccountId, DeviceId};
use crate::service::{VerificationError, fresh};
use crate::store::trust_token::EarlierUse;
use crate::store::{self, Db, StoreError};

/// What a sign-in means for the trust in its device.
pub(in crate::service) enum Trust<'a> {
    /// It showed a valid token, which is used; perhaps it was used before.
    Follow(&'a Token, Option<EarlierUse>),
    /// It passed verification and its user wants it trusted.
    Grant,
    /// It is not trusted, whatever it was before.
    No,
}

/// For what only a trusted device may do.
pub(in crate::service) fn require_trusted(session: &ActiveSession) -> Result<(), VerificationError> {
    if session.device_trusted { Ok(()) } else { Err(VerificationError::DeviceNotTrusted) }
}

/// Whether a session speaks for the owner ([`owner::speaks_for_owner`]).
pub(in crate::service) async fn speaks_for_owner(
    db: &impl Db,
    session: &ActiveSession,
    two_step_enabled: bool,
) -> Result<bool, StoreError> {
    // The one look that the answer may depend on.
    let trusts_any = match (session.device_trusted, two_step_enabled) {
        (false, false) => store::device::has_trusted(db, session.account_id).await?,
        _ => true,
    };
    Ok(owner::speaks_for_owner(session.device_trusted, two_step_enabled, trusts_any))
}

/// The device of an installation as the account knows it from now on.
pub(in crate::service) async fn meet(
    db: &impl Db,
    account: AccountId,
    requester: &Requester,
) -> Result<Device, StoreError> {
    let info = requester.device.clone();
    let location = requester.location.as_deref();
    store::device::meet(db, account, fresh(DeviceId::new), info, location).await
}
