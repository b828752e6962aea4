//! Rollout: the share of accounts to which two-step verification is offered so far.

use sha2::{Digest, Sha256};

use super::id::AccountId;

/// The switch as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollout {
    /// Share of accounts, 0 to 100.
    pub percent: f64,
    /// Fixed for the life of an installation, so that other features do not pick the same accounts.
    pub salt: String,
}

/// Where an account stands by name, before the share counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// Always offered.
    Allow,
    /// Never offered.
    Deny,
}

impl Rollout {
    /// Whether two-step verification is offered to an account. One that is in stays in as the share grows,
    /// because its place on the line from 0 to 100 never moves.
    #[must_use]
    pub fn offers(&self, account_id: AccountId, listed: Option<Listed>) -> bool {
        match listed {
            Some(Listed::Allow) => true,
            Some(Listed::Deny) => false,
            None => self.place(account_id) < self.percent,
        }
    }

    /// The account's place: uniform in [0, 100).
    fn place(&self, account_id: AccountId) -> f64 {
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
    use uuid::Uuid;

    use super::*;

    fn rollout(percent: f64) -> Rollout {
        Rollout { percent, salt: "salt".to_owned() }
    }

    #[test]
    fn the_share_is_what_it_says_and_nobody_falls_out_as_it_grows() {
        let accounts: Vec<AccountId> = (0..10_000).map(|id| AccountId::new(Uuid::from_u128(id))).collect();
        let mut before = 0;
        for percent in [0.0, 10.0, 50.0, 100.0] {
            let offered = accounts.iter().filter(|account| rollout(percent).offers(**account, None)).count();
            assert!((offered as f64 / 100.0 - percent).abs() < 1.0, "{percent} %: {offered}");
            assert!(accounts.iter().all(
                |account| !rollout(before.into()).offers(*account, None) || rollout(percent).offers(*account, None)
            ));
            before = percent as u32;
        }
    }

    #[test]
    fn lists_come_before_the_share() {
        let account = AccountId::new(Uuid::from_u128(1));
        assert!(rollout(0.0).offers(account, Some(Listed::Allow)));
        assert!(!rollout(100.0).offers(account, Some(Listed::Deny)));
    }
}
