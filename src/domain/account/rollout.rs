//! Rollout: the accounts to which two-step verification is offered so far.

pub mod hold;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use self::hold::{BatchFigures, Finding};
use super::email::EmailAddress;
use crate::domain::value::id::{AccountId, BatchId};
use crate::domain::value::string_enum::words;

words! {
    /// What is done for the accounts that the rollout selects.
    RolloutMode("rollout mode") {
        /// Two-step verification is offered to them.
        On = "on",
        /// Nothing is offered by the share; their sign-ins only count as if two-step verification were on.
        Shadow = "shadow",
    }
}

words! {
    /// Where an account stands by name, before the share counts.
    Listed("list") {
        /// Always offered.
        Allow = "allow",
        /// Never offered.
        Deny = "deny",
    }
}

words! {
    /// Whether another device of an account could have shown a code.
    ShadowReach("shadow reach") {
        /// At least one could.
        Reachable = "reachable",
        /// None could: only a mailbox is left.
        Unreachable = "unreachable",
    }
}

/// The switch as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollout {
    /// Share of accounts, 0 to 100.
    pub percent: f64,
    /// While the rollout holds, the share that it is offered to at most.
    pub held_percent: Option<f64>,
    /// What is done for them.
    pub mode: RolloutMode,
    /// Fixed for the life of an installation, so that other features do not pick the same accounts.
    pub salt: String,
}

/// The switch, for the operator.
#[derive(Debug, Clone, PartialEq)]
pub struct RolloutState {
    /// Share of accounts, 0 to 100.
    pub percent: f64,
    /// What is done for them.
    pub mode: RolloutMode,
    /// Accounts on the allow list.
    pub allowed: i64,
    /// Accounts on the deny list.
    pub denied: i64,
    /// When the share or the mode was last set.
    pub changed_at: Timestamp,
    /// Why it holds, if it does.
    pub held: Option<Hold>,
}

/// A rollout that stopped itself: the newest batch is not offered two-step verification, and the share is not raised, until an operator
/// lets it go on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hold {
    /// Since when.
    pub at: Timestamp,
    /// The share that is offered meanwhile, 0 to 100.
    pub percent: f64,
    /// Why.
    pub finding: Finding,
}

/// A step of the share: the accounts whose places it took in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Batch {
    /// Which one.
    pub id: BatchId,
    /// The first place, 0 to 100.
    pub from: f64,
    /// The place after the last one.
    pub to: f64,
    /// Since when accounts count that turn two-step verification on.
    pub began_at: Timestamp,
    /// Whole hours since then.
    pub hours: u32,
    /// Whether its first hours can still be counted: challenges are forgotten after a month.
    pub is_remembered: bool,
    /// What was counted last, with the hours it is about.
    pub counted: Option<(u32, BatchFigures)>,
}

/// An account on a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAccount {
    /// The account.
    pub id: AccountId,
    /// Its address, if it has one.
    pub email: Option<EmailAddress>,
    /// Which list.
    pub listed: Listed,
    /// Since when.
    pub listed_at: Timestamp,
}

impl Rollout {
    /// Whether two-step verification may be turned on for an account. In shadow mode only the allow list counts, so
    /// that a team can try the feature while everybody else is only counted. While the rollout holds, its newest batch is left out.
    #[must_use]
    pub fn offers(&self, account_id: AccountId, listed: Option<Listed>) -> bool {
        let percent = self.held_percent.map_or(self.percent, |held| held.min(self.percent));
        match self.mode {
            RolloutMode::On => self.selects(account_id, listed, percent),
            RolloutMode::Shadow => listed == Some(Listed::Allow),
        }
    }

    /// Whether sign-ins of an account count as if two-step verification were on for it.
    #[must_use]
    pub fn shadows(&self, account_id: AccountId, listed: Option<Listed>) -> bool {
        self.mode == RolloutMode::Shadow && self.selects(account_id, listed, self.percent)
    }

    /// Whether it may be moved: not to a higher share while it holds. Lowering the share, or going to shadow mode, takes the offer from
    /// accounts and is always possible.
    #[must_use]
    pub fn may_move(&self, percent: Option<f64>, mode: Option<RolloutMode>) -> bool {
        let share = |mode, percent| if mode == RolloutMode::On { percent } else { 0.0 };
        let wanted = share(mode.unwrap_or(self.mode), percent.unwrap_or(self.percent));
        self.held_percent.is_none() || wanted <= share(self.mode, self.percent)
    }

    /// Whether the lists and the share select an account. One that the share selects stays selected as the share
    /// grows, because its place on the line from 0 to 100 never moves.
    fn selects(&self, account_id: AccountId, listed: Option<Listed>, percent: f64) -> bool {
        match listed {
            Some(Listed::Allow) => true,
            Some(Listed::Deny) => false,
            None => self.place(account_id) < percent,
        }
    }

    /// The account's place: uniform in [0, 100). The function `rollout_place` of the database gives the same.
    #[must_use]
    pub fn place(&self, account_id: AccountId) -> f64 {
        let mut hash = Sha256::new();
        hash.update(self.salt.as_bytes());
        hash.update(account_id.uuid().as_bytes());
        let digest = hash.finalize();
        let first: [u8; 4] = digest[..4].try_into().expect("a digest has 32 bytes");
        f64::from(u32::from_be_bytes(first)) / (f64::from(u32::MAX) + 1.0) * 100.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn rollout(percent: f64, mode: RolloutMode) -> Rollout {
        Rollout { percent, held_percent: None, mode, salt: "salt".to_owned() }
    }

    fn account(id: u128) -> AccountId {
        AccountId::new(Uuid::from_u128(id))
    }

    #[test]
    fn the_share_is_what_it_says() {
        for percent in [0.0, 10.0, 50.0, 100.0] {
            let rollout = rollout(percent, RolloutMode::On);
            let offered = (0..10_000).filter(|id| rollout.offers(account(*id), None)).count();
            assert!((offered as f64 / 100.0 - percent).abs() < 1.0, "{percent} %: {offered}");
        }
    }

    proptest! {
        #[test]
        fn nobody_falls_out_as_the_share_grows(
            id: u128, salt: String, smaller in 0.0..=100.0_f64, larger in 0.0..=100.0_f64, shadow: bool,
        ) {
            let (smaller, larger) = if smaller <= larger { (smaller, larger) } else { (larger, smaller) };
            let mode = if shadow { RolloutMode::Shadow } else { RolloutMode::On };
            let at = |percent| Rollout { percent, held_percent: None, mode, salt: salt.clone() };
            prop_assert!(!at(smaller).offers(account(id), None) || at(larger).offers(account(id), None));
            prop_assert!(!at(smaller).shadows(account(id), None) || at(larger).shadows(account(id), None));
        }

        #[test]
        fn nobody_is_in_at_0_and_everybody_at_100(id: u128, salt: String) {
            let at = |percent| Rollout { percent, held_percent: None, mode: RolloutMode::On, salt: salt.clone() };
            prop_assert!(!at(0.0).offers(account(id), None));
            prop_assert!(at(100.0).offers(account(id), None));
        }

        #[test]
        fn lists_come_before_the_share(id: u128, percent in 0.0..=100.0_f64) {
            let on = rollout(percent, RolloutMode::On);
            prop_assert!(on.offers(account(id), Some(Listed::Allow)));
            prop_assert!(!on.offers(account(id), Some(Listed::Deny)));
            prop_assert!(!on.shadows(account(id), Some(Listed::Allow)));
        }

        #[test]
        fn shadow_counts_whom_on_would_offer_and_offers_to_the_allow_list_only(id: u128, percent in 0.0..=100.0_f64) {
            let on = rollout(percent, RolloutMode::On);
            let shadow = rollout(percent, RolloutMode::Shadow);
            for listed in [None, Some(Listed::Allow), Some(Listed::Deny)] {
                prop_assert_eq!(shadow.shadows(account(id), listed), on.offers(account(id), listed));
                prop_assert_eq!(shadow.offers(account(id), listed), listed == Some(Listed::Allow));
            }
        }

        #[test]
        fn while_it_holds_nobody_is_added_and_the_earlier_batches_stay(
            id: u128, percent in 0.0..=100.0_f64, held in 0.0..=100.0_f64, to in 0.0..=100.0_f64,
        ) {
            let free = rollout(percent, RolloutMode::On);
            let holds = Rollout { held_percent: Some(held), ..free.clone() };
            let smaller = rollout(held.min(percent), RolloutMode::On);
            for listed in [None, Some(Listed::Allow), Some(Listed::Deny)] {
                prop_assert_eq!(holds.offers(account(id), listed), smaller.offers(account(id), listed));
            }
            prop_assert!(free.may_move(Some(to), None));
            prop_assert_eq!(holds.may_move(Some(to), None), to <= percent);
            prop_assert!(holds.may_move(Some(to), Some(RolloutMode::Shadow)));
            let shadow = Rollout { mode: RolloutMode::Shadow, ..holds };
            prop_assert_eq!(shadow.may_move(None, Some(RolloutMode::On)), percent == 0.0);
        }
    }
}
