//! What lets an owner in on a new device.

use jiff::Timestamp;

use crate::domain::delivery::Reach;
use crate::domain::value::id::{AccountId, DeviceId};
use crate::service::{Core, VerificationError};
use crate::store::account::Account;
use crate::store::device::TrustedDevice;
use crate::store::recovery_code::CodesLeft;
use crate::store::{self, Db};

/// What an owner can still come in by on a new device.
pub struct WaysLeft {
    /// Trusted devices, besides the one that asks.
    pub devices: usize,
    /// Those of them that a code reaches while they are not connected.
    pub reachable_devices: usize,
    /// When one of them was last seen.
    pub device_seen_at: Option<Timestamp>,
    /// The recovery codes.
    pub recovery_codes: CodesLeft,
    /// When its authenticator app was set up, if there is one.
    pub authenticator_made_at: Option<Timestamp>,
    /// A code may go to the mailbox.
    pub email: bool,
    /// When somebody last showed that they read it.
    pub email_proven_at: Option<Timestamp>,
}

impl Core {
    /// The ways into an account that are left, besides the device `but`.
    pub(in crate::service) async fn ways_left(
        &self,
        db: &impl Db,
        id: AccountId,
        account: &Account,
        trusted: &[TrustedDevice],
        but: Option<DeviceId>,
    ) -> Result<WaysLeft, VerificationError> {
        let is_other = |device: DeviceId| Some(device) != but;
        let is_reachable =
            |(device, reach): &(DeviceId, Reach)| is_other(*device) && reach.unreachable_reason().is_none();
        let reach = store::device::reach(db, &[id]).await?.pop().unwrap_or_default();
        let others = || trusted.iter().filter(|trusted| is_other(trusted.device.id));
        Ok(WaysLeft {
            devices: others().count(),
            reachable_devices: reach.iter().filter(|of| is_reachable(of)).count(),
            device_seen_at: others().map(|trusted| trusted.last_seen_at).max(),
            recovery_codes: store::recovery_code::left(db, id).await?,
            authenticator_made_at: store::authenticator::find(db, id).await?.map(|found| found.made_at),
            email: account.email.is_some() && self.rules.email_fallback.is_a_way(),
            email_proven_at: store::account::mailbox_proven(db, id).await?,
        })
    }
}
