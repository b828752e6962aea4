//! Login activity: reading it, and writing it from inside other use cases.

use crate::domain::account::activity::{ActivityEntry, ActivityKind, ActivityOutcome};
use crate::domain::delivery::{Acting, Requester};
use crate::domain::device::session::ActiveSession;
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::value::id::{AccountId, ActivityId, NoticeId};
use crate::service::device::session::speaks_for_owner;
use crate::service::{Accounts, Core, Origin, VerificationError, fresh};
use crate::store::activity::{Cursor, NewEntry, Reader};
use crate::store::{self, Db};

/// A page of the login activity.
pub struct ActivityPage {
    /// Newest first.
    pub entries: Vec<ActivityEntry>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<Cursor>,
}

impl Accounts {
    /// A page of `limit` entries, beginning after `cursor`.
    ///
    /// # Errors
    /// The database's.
    pub async fn login_activity(
        &self,
        session: &ActiveSession,
        cursor: Option<Cursor>,
        limit: u16,
    ) -> Result<ActivityPage, VerificationError> {
        let is_owner = self.store.run(async |db| {
            let account =
                store::account::by_id(db, session.account_id).await?.ok_or(VerificationError::Unauthorized)?;
            Ok::<_, VerificationError>(speaks_for_owner(db, session, account.two_step_enabled).await?)
        });
        let reader = Reader { is_owner: is_owner.await?, session_id: Some(session.session_id) };
        self.activity_page(session.account_id, cursor, limit, reader).await
    }

    /// As [`Self::login_activity`], for an operator.
    ///
    /// # Errors
    /// The database's.
    pub async fn activity_of(
        &self,
        account: AccountId,
        cursor: Option<Cursor>,
        limit: u16,
    ) -> Result<ActivityPage, VerificationError> {
        self.activity_page(account, cursor, limit, Reader { is_owner: false, session_id: None }).await
    }
}

impl Core {
    async fn activity_page(
        &self,
        account: AccountId,
        cursor: Option<Cursor>,
        limit: u16,
        reader: Reader,
    ) -> Result<ActivityPage, VerificationError> {
        let wanted = usize::from(limit);
        // One more than asked for tells whether there is a next page.
        let fetch = i64::from(limit) + 1;
        let page = async |db: &_| store::activity::page(db, account, cursor, fetch, reader).await;
        let mut entries = self.store.run(page).await?;
        let has_more = entries.len() > wanted;
        entries.truncate(wanted);
        let next = entries.last().filter(|_| has_more).map(|last| Cursor { at: last.at, id: last.id });
        Ok(ActivityPage { entries, next })
    }

    pub(in crate::service) async fn record(
        &self,
        db: &impl Db,
        account_id: AccountId,
        kind: ActivityKind,
        outcome: ActivityOutcome,
        requester: Option<&Requester>,
    ) -> Result<(), VerificationError> {
        let entry = NewEntry::plain(account_id, fresh(ActivityId::new), kind, outcome, requester);
        Ok(store::activity::record(db, &entry).await?)
    }

    /// A security change that is done.
    pub(in crate::service) async fn record_change(
        &self,
        db: &impl Db,
        account: AccountId,
        kind: ActivityKind,
        requester: Option<&Requester>,
    ) -> Result<(), VerificationError> {
        self.record(db, account, kind, ActivityOutcome::Succeeded, requester).await
    }

    /// What was done to a trusted device, named as it is or was.
    pub(in crate::service) async fn record_device_change(
        &self,
        db: &impl Db,
        account_id: AccountId,
        kind: ActivityKind,
        requester: Option<&Requester>,
        about: &str,
    ) -> Result<(), VerificationError> {
        let id = fresh(ActivityId::new);
        let outcome = ActivityOutcome::Succeeded;
        let plain = NewEntry::plain(account_id, id, kind, outcome, requester);
        let entry = NewEntry { about: Some(about), ..plain };
        // A device has as many names as its owner likes; it is removed once.
        match kind {
            ActivityKind::DeviceRenamed => Ok(store::activity::record_folded(db, &entry).await?),
            _ => Ok(store::activity::record(db, &entry).await?),
        }
    }

    /// Tells the owner by email, and on every connected device once this is committed.
    pub(in crate::service) async fn alert(
        &self,
        db: &impl Db,
        account: AccountId,
        kind: AlertKind,
        requester: Option<&Requester>,
        events: &mut Vec<AccountEvent>,
    ) -> Result<(), VerificationError> {
        store::notice::add(db, account, fresh(NoticeId::new), kind, requester).await?;
        events.push(AccountEvent::SecurityAlert { kind });
        Ok(())
    }

    /// The session's device as the one that asks.
    pub(in crate::service) async fn requester_of(
        &self,
        db: &impl Db,
        session: &ActiveSession,
        origin: &Origin,
    ) -> Result<Requester, VerificationError> {
        let device = store::device::by_id(db, session.account_id, session.device_id).await?;
        let device = device.ok_or(VerificationError::Unauthorized)?;
        let acting = Acting { device_id: session.device_id, session_id: session.session_id };
        Ok(Requester { acting: Some(acting), ..origin.requester(device.info) })
    }
}
