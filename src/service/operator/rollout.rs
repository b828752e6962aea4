//! The rollout: what an operator does with it, and what shadow mode counts.

use metrics::counter;

use crate::domain::account::rollout::{Batch, Listed, ListedAccount, RolloutMode, RolloutState, ShadowReach};
use crate::domain::delivery::Requester;
use crate::domain::value::id::AccountId;
use crate::service::{Operators, VerificationError};
use crate::store::{self, Db};
use crate::telemetry::SHADOW_CHALLENGES;

/// Accounts of the lists on a page.
const PAGE: i64 = 500;

/// A page of the accounts on the lists.
pub struct ListedPage {
    /// By id.
    pub accounts: Vec<ListedAccount>,
    /// After which the next page begins; `None` on the last one.
    pub next: Option<AccountId>,
}

impl Operators {
    /// The switch as it stands.
    ///
    /// # Errors
    /// The database's.
    pub async fn rollout(&self) -> Result<RolloutState, VerificationError> {
        Ok(self.store.run(async |db| store::rollout::get_state(db).await).await?)
    }

    /// Moves the switch: the share (0 to 100), the mode, or both. It is in force on every node at once. Accounts that
    /// have two-step verification on keep it, whatever the switch says.
    ///
    /// # Errors
    /// [`VerificationError::RolloutHeld`] for a higher share while the rollout holds.
    pub async fn set_rollout(
        &self,
        percent: Option<f64>,
        mode: Option<RolloutMode>,
    ) -> Result<RolloutState, VerificationError> {
        let transaction = self.store.transaction(async |db| {
            if !store::rollout::lock(db).await?.may_move(percent, mode) {
                return Err(VerificationError::RolloutHeld);
            }
            store::rollout::set(db, percent, mode).await?;
            store::rollout::settle_batches(db).await?;
            Ok(store::rollout::get_state(db).await?)
        });
        transaction.await
    }

    /// The newest batch of the share and the one before it, the newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn rollout_batches(&self) -> Result<Vec<Batch>, VerificationError> {
        Ok(self.store.run(async |db| store::rollout::batches(db).await).await?)
    }

    /// A page of the accounts on the lists, beginning after `after`.
    ///
    /// # Errors
    /// The database's.
    pub async fn listed_accounts(&self, after: Option<AccountId>) -> Result<ListedPage, VerificationError> {
        // One more than a page tells whether there is a next one.
        let mut accounts = self.store.run(async |db| store::rollout::list(db, after, PAGE + 1).await).await?;
        let is_last = accounts.len() as i64 <= PAGE;
        accounts.truncate(PAGE as usize);
        let next = accounts.last().filter(|_| !is_last).map(|account| account.id);
        Ok(ListedPage { accounts, next })
    }

    /// Puts an account on a list, and takes it off the other one.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when there is no such account.
    pub async fn list_account(&self, account: AccountId, listed: Listed) -> Result<ListedAccount, VerificationError> {
        let put = self.store.run(async |db| store::rollout::put_on_list(db, account, listed).await).await?;
        put.ok_or(VerificationError::NotFound)
    }

    /// Takes an account off its list; one that is on none is fine.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when there is no such account.
    pub async fn unlist_account(&self, account: AccountId) -> Result<(), VerificationError> {
        self.store
            .run(async |db| {
                store::account::by_id(db, account).await?.ok_or(VerificationError::NotFound)?;
                store::rollout::take_off_list(db, account).await?;
                Ok(())
            })
            .await
    }
}

/// For a sign-in of a device that is not trusted, to an account with two-step verification off: whether a device could
/// have shown the code that shadow mode would have asked for; `None` when it would have asked for none.
pub(in crate::service) async fn shadow_reach(
    db: &impl Db,
    account: AccountId,
    requester: &Requester,
) -> Result<Option<ShadowReach>, VerificationError> {
    if !store::rollout::shadows(db, account).await? {
        return Ok(None);
    }
    let could = store::device::could_show_code(db, account, requester.device.install_id).await?;
    Ok(Some(if could { ShadowReach::Reachable } else { ShadowReach::Unreachable }))
}

/// Counts a sign-in that would have been challenged; never by account.
pub(in crate::service) fn count_shadow(shadow: Option<ShadowReach>) {
    if let Some(reach) = shadow {
        counter!(SHADOW_CHALLENGES, "reach" => reach.as_str()).increment(1);
    }
}
