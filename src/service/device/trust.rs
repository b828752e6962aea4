//! The trust in a device: granting and ending it.

use futures_util::future::try_join;

use crate::domain::account::activity::ActivityKind;
use crate::domain::challenge::{Method, Progress};
use crate::domain::delivery::CodeToDeliver;
use crate::domain::delivery::Requester;
use crate::domain::device::session::SessionEnd;
use crate::domain::device::token::Token;
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::value::id::{AccountId, DeviceId};
use crate::service::challenge::start::issued;
use crate::service::{Core, VerificationError};
use crate::store::challenge::Replaceable;
use crate::store::{self, Db};

impl Core {
    /// Trusts a device, which shows `token` from now on. The one that was unused the longest makes room if the account has too many, and the owner is told.
    pub(in crate::service) async fn grant_trust(
        &self,
        db: &impl Db,
        account: AccountId,
        device: DeviceId,
        requester: &Requester,
        token: Token,
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
        store::trust_token::issue(db, account, device, &token.hash()).await?;
        Ok(token)
    }

    /// [`Self::revoke_trust`], written into the login activity with the device's name: what every road does that removes a
    /// device. Tell the owner as well. `false` when it was not trusted.
    pub(in crate::service) async fn remove_trusted(
        &self,
        db: &impl Db,
        account: AccountId,
        device: DeviceId,
        why: SessionEnd,
        requester: Option<&Requester>,
        events: &mut Vec<AccountEvent>,
    ) -> Result<bool, VerificationError> {
        let Some(removed) = store::device::by_id(db, account, device).await? else { return Ok(false) };
        if !self.revoke_trust(db, account, device, why, events).await? {
            return Ok(false);
        }
        let kind = ActivityKind::DeviceRemoved;
        let name = &removed.info.name;
        self.record_device_change(db, account, kind, requester, name).await?;
        Ok(true)
    }

    /// Ends the trust in a device, its sessions and its connection, and replaces every open code it may have
    /// seen. `false` when it was not trusted.
    pub(in crate::service) async fn revoke_trust(
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
        store::session::end_of_device(db, account, device, None, why).await?;
        events.push(AccountEvent::DeviceRemoved { device_id: device });
        let seen = store::challenge::shown_on_devices(db, account).await?;
        self.replace_codes(db, account, seen, None, events).await?;
        Ok(true)
    }

    /// Replaces codes that somebody may have seen who should not, and sends the new ones, by `method` if one is given.
    pub(in crate::service) async fn replace_codes(
        &self,
        db: &impl Db,
        account: AccountId,
        seen: Vec<Replaceable>,
        method: Option<Method>,
        events: &mut Vec<AccountEvent>,
    ) -> Result<(), VerificationError> {
        let key = self.current_key();
        for open in seen {
            let next = open.progress.reissue(open.now)?;
            let next = Progress { method: method.unwrap_or(next.method), ..next };
            let challenge = open.code.challenge_id;
            if store::challenge::replace_code(db, account, challenge, &open.progress, &next, &key).await? {
                store::delivery::cancel(db, account, challenge, Some(open.progress.generation)).await?;
                let generation = next.generation;
                let method = next.method;
                let planned = store::delivery::plan(db, account, challenge, generation, method, self.node).await?;
                let key_id = key.clone();
                let expires_at = next.expires_at;
                events.push(issued(CodeToDeliver { generation, key_id, expires_at, ..open.code }, planned));
            }
        }
        Ok(())
    }
}
