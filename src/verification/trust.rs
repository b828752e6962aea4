//! The trust in a device: granting and ending it.

use futures_util::future::try_join;

use super::{Verification, VerificationError, fresh_token};
use crate::domain::activity::ActivityKind;
use crate::domain::delivery::Requester;
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::id::{AccountId, DeviceId};
use crate::domain::session::SessionEnd;
use crate::domain::token::{Token, TokenKind};
use crate::store::{self, Db};

impl Verification {
    /// Trusts a device. The one that was unused the longest makes room if the account has too many, and the owner is told.
    pub(super) async fn grant_trust(
        &self,
        db: &impl Db,
        account: AccountId,
        device: DeviceId,
        requester: &Requester,
        events: &mut Vec<AccountEvent>,
    ) -> Result<Token, VerificationError> {
        let forget = store::trust_token::forget(db, account, device);
        let trust = store::device::trust(db, account, device);
        let ((), beyond) = store::together(db, try_join(forget, trust)).await?;
        for beyond in beyond {
            let evicted = store::device::by_id(db, account, beyond).await?;
            let name = evicted.map(|device| device.info.name).unwrap_or_default();
            self.revoke_trust(db, account, beyond, SessionEnd::DeviceRemoved, events).await?;
            self.record_device_change(db, account, ActivityKind::DeviceEvicted, Some(requester), &name).await?;
            self.alert(db, account, AlertKind::DeviceEvicted, Some(requester), events).await?;
        }
        self.issue_trust_token(db, account, device).await
    }

    pub(super) async fn issue_trust_token(
        &self,
        db: &impl Db,
        account: AccountId,
        device: DeviceId,
    ) -> Result<Token, VerificationError> {
        let token = fresh_token(TokenKind::Trust);
        store::trust_token::issue(db, account, device, &token.hash()).await?;
        Ok(token)
    }

    /// Ends the trust in a device, its sessions and its connection, and replaces every open code it may have
    /// seen. `false` when it was not trusted.
    pub(super) async fn revoke_trust(
        &self,
        db: &impl Db,
        account: AccountId,
        device: DeviceId,
        why: SessionEnd,
        events: &mut Vec<AccountEvent>,
    ) -> Result<bool, VerificationError> {
        if !store::device::untrust(db, account, device).await? {
            return Ok(false);
        }
        store::trust_token::forget(db, account, device).await?;
        store::session::end_of_device(db, account, device, why).await?;
        events.push(AccountEvent::DeviceRemoved { device_id: device });
        let key = self.current_key();
        for open in store::challenge::shown_on_devices(db, account).await? {
            let next = open.progress.reissue(open.now)?;
            if store::challenge::replace_code(db, account, open.challenge_id, &open.progress, &next, &key).await? {
                store::delivery::cancel(db, account, open.challenge_id, Some(open.progress.generation)).await?;
                store::delivery::plan(db, account, open.challenge_id, next.generation, next.method, self.node).await?;
                events.push(AccountEvent::CodeIssued { challenge_id: open.challenge_id });
            }
        }
        Ok(true)
    }
}
