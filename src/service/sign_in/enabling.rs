//! Sign-ins that turn two-step verification on, because it is required and the time for it is over.

use crate::domain::account::activity::ActivityKind;
use crate::domain::account::two_step_policy::{self, Demand, TwoStepPolicy, demand};
use crate::domain::challenge::guess_budget::{BUDGET_RULES, BudgetKind};
use crate::domain::challenge::{Method, Purpose};
use crate::domain::delivery::Requester;
use crate::domain::device::successor::Predecessor;
use crate::domain::event::AccountEvent;
use crate::service::challenge::start::Start;
use crate::service::challenge::verify::no_guess;
use crate::service::device::session::Trust;
use crate::service::sign_in::password_sign_in::{Admission, Asks};
use crate::service::{Core, VerificationError, Verified};
use crate::store::account::LockedAccount;
use crate::store::challenge::NewChallenge;
use crate::store::{self, Db};

impl Core {
    /// Whether two-step verification must be on.
    pub(in crate::service) fn requires_two_step(&self, locked: &LockedAccount, is_of_app: bool) -> bool {
        if is_of_app { locked.two_step_required } else { self.rules.two_step == TwoStepPolicy::Required }
    }

    /// Whether a sign-in has to turn two-step verification on now. The first one that is asked to some day begins the time for it.
    pub(super) async fn must_enable(
        &self,
        db: &impl Db,
        asks: &Asks<'_>,
        locked: &LockedAccount,
    ) -> Result<bool, VerificationError> {
        let is_required = self.requires_two_step(locked, asks.for_app.is_some());
        if !is_required || locked.two_step_enabled {
            return Ok(false);
        }
        let account = two_step_policy::Account {
            has_two_step: false,
            is_offered: store::rollout::offers(db, asks.account).await?,
            has_mailbox: asks.mailbox.is_some(),
            due_at: locked.two_step_due_at,
        };
        let grace = self.rules.two_step_grace;
        match demand(is_required, grace, account, locked.now) {
            Demand::None | Demand::By(_) => Ok(false),
            Demand::TimeBegins => {
                store::account::set_two_step_due(db, asks.account, grace).await?;
                Ok(false)
            }
            Demand::Now => Ok(true),
        }
    }

    /// Asks for the code that turns two-step verification on, which goes to the mailbox.
    pub(super) async fn challenge_to_enable(
        &self,
        db: &impl Db,
        asks: Asks<'_>,
        locked: &LockedAccount,
        events: &mut Vec<AccountEvent>,
    ) -> Result<Result<Admission, VerificationError>, VerificationError> {
        let kind = BudgetKind::Enabling;
        let budget = store::budget::get_budget(db, asks.account, kind, &BUDGET_RULES).await?;
        if let Err(refusal) = budget.check(locked.now) {
            return Ok(Err(no_guess(kind, refusal)));
        }
        let start = Start {
            account_id: asks.account,
            mailbox: asks.mailbox,
            mailbox_changed_at: locked.mailbox_changed_at,
            purpose: Purpose::EnableTwoStep,
            method: Method::Email,
            requester: asks.requester,
            session_id: None,
            password_hash: None,
            for_app: asks.for_app,
            address_taken: false,
            now: locked.now,
        };
        Ok(Ok(Admission::Challenged(Box::new(self.start(db, start, events).await?))))
    }

    /// The code was right: two-step verification is on, and the device is signed in and trusted.
    pub(in crate::service) async fn enable_by_sign_in(
        &self,
        db: &impl Db,
        new: &NewChallenge,
        after: &Predecessor<'_>,
        events: &mut Vec<AccountEvent>,
    ) -> Result<Verified, VerificationError> {
        let account = new.account_id;
        let requester = &new.requester;
        if !self.turn_on(db, account, None, Some(requester), events).await? {
            return Err(VerificationError::AlreadySo("two-step verification is on already"));
        }
        let signed_in = self.grant_session(db, account, requester, Trust::Grant, Some(after), events).await?;
        let requester = Requester { acting: Some(signed_in.acting()), ..requester.clone() };
        self.record_change(db, account, ActivityKind::SignIn, Some(&requester)).await?;
        Ok(Verified::SignedIn { signed_in: Box::new(signed_in), assertion: None })
    }
}
