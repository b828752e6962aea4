//! Whether accounts must have two-step verification, and by when.

use jiff::{SignedDuration, Timestamp};

use crate::domain::value::string_enum::words;

words! {
    /// Who decides whether two-step verification is on.
    TwoStepPolicy("two-step policy") {
        /// Its owner.
        Optional = "optional",
        /// The operator: every account that it is offered to must have it.
        Required = "required",
    }
}

/// Longest time that can be given, in days.
pub const MOST_GRACE_DAYS: u16 = 365;

/// What is asked of an account that signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// Nothing.
    None,
    /// To turn it on some day: the time that it has begins.
    TimeBegins,
    /// To turn it on by then.
    By(Timestamp),
    /// To turn it on now, by a code that goes to its mailbox.
    Now,
}

/// How an account stands, for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// It is on.
    pub has_two_step: bool,
    /// The rollout offers it.
    pub is_offered: bool,
    /// There is a mailbox that a code can go to.
    pub has_mailbox: bool,
    /// By when it was asked to, if it was.
    pub due_at: Option<Timestamp>,
}

/// What a sign-in of an account is asked for where two-step verification is required of it. What it cannot do is not asked: the rollout
/// holds it back, or no code would reach it.
#[must_use]
pub fn demand(is_required: bool, grace: SignedDuration, account: Account, now: Timestamp) -> Demand {
    let can_comply = account.is_offered && account.has_mailbox;
    if !is_required || account.has_two_step || !can_comply {
        return Demand::None;
    }
    match account.due_at {
        None if grace.is_zero() => Demand::Now,
        None => Demand::TimeBegins,
        Some(due_at) if now < due_at => Demand::By(due_at),
        Some(_) => Demand::Now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: SignedDuration = SignedDuration::from_hours(24);

    #[test]
    fn time_begins_with_a_sign_in_and_what_cannot_be_done_is_not_asked() {
        let now = Timestamp::UNIX_EPOCH;
        let fresh = Account { has_two_step: false, is_offered: true, has_mailbox: true, due_at: None };
        assert_eq!(demand(true, GRACE, fresh, now), Demand::TimeBegins);
        assert_eq!(demand(true, SignedDuration::ZERO, fresh, now), Demand::Now);
        let due_at = now + GRACE;
        let asked = Account { due_at: Some(due_at), ..fresh };
        assert_eq!(demand(true, GRACE, asked, now), Demand::By(due_at));
        assert_eq!(demand(true, GRACE, asked, due_at), Demand::Now);
        for account in [
            Account { has_two_step: true, ..asked },
            Account { is_offered: false, ..asked },
            Account { has_mailbox: false, ..asked },
        ] {
            assert_eq!(demand(true, GRACE, account, due_at), Demand::None, "{account:?}");
        }
        assert_eq!(demand(false, GRACE, asked, due_at), Demand::None);
    }
}
