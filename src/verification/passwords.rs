//! Password hashing: argon2id, off the event loop, bounded in parallelism.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::VerificationError;
use super::hasher::Hasher;
use crate::domain::email::EmailAddress;
use crate::domain::password::Password;
use crate::domain::strength::{Strength, estimate};

/// What a hash costs. OWASP's Password Storage Cheat Sheet: at least 19 MiB, 2 iterations, 1 lane.
#[derive(Debug, Clone, Copy)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub iterations: u32,
    /// Hashes computed at the same time on this node.
    pub parallel: usize,
    /// Hashes that may wait; more are refused, so that a flood cannot pile up.
    pub queue: usize,
}

/// Hashes and checks passwords.
pub struct Passwords {
    hasher: Arc<Hasher>,
    /// A hash of nothing anybody can type, checked when there is no account: the same time passes.
    decoy: SecretString,
    waiting: Arc<Semaphore>,
    running: Arc<Semaphore>,
    /// Strengths are judged apart, so that a flood of them holds up no sign-in.
    of_anybody: Judge,
    /// And here those of owners who change theirs: a flood by strangers does not hold them up.
    of_owners: Judge,
}

/// Strengths that may wait to be judged.
const JUDGING_QUEUE: usize = 8;

/// Judges strengths one at a time.
struct Judge {
    turn: Semaphore,
    places: Semaphore,
}

impl Judge {
    fn new() -> Self {
        Self { turn: Semaphore::new(1), places: Semaphore::new(1 + JUDGING_QUEUE) }
    }

    async fn judge(&self, password: Password, email: Option<EmailAddress>) -> Result<Strength, VerificationError> {
        let judge = move || {
            let personal = email.as_ref().map(EmailAddress::parts).unwrap_or_default();
            estimate(password.expose(), &personal)
        };
        let _place = self.places.try_acquire().map_err(|_| VerificationError::Busy)?;
        let _turn = self.turn.acquire().await.map_err(|_| VerificationError::Busy)?;
        tokio::task::spawn_blocking(judge).await.map_err(|_| VerificationError::Busy)
    }
}

/// Whose new password is judged.
#[derive(Debug, Clone, Copy)]
pub enum NewPasswordOf {
    /// Anybody who makes an account.
    Anybody,
    /// An owner who changes it.
    Owner,
}

impl Passwords {
    /// Prepares the hasher; computes one hash.
    ///
    /// # Errors
    /// The text says which cost argon2 does not take.
    pub fn new(cost: PasswordCost) -> Result<Self, argon2::Error> {
        let hasher = Hasher::new(cost.memory_kib, cost.iterations)?;
        let decoy = hasher.hash(&rand::random::<[u8; 32]>()).map_err(|_| argon2::Error::AlgorithmInvalid)?;
        Ok(Self {
            hasher: Arc::new(hasher),
            decoy,
            waiting: Arc::new(Semaphore::new(cost.parallel + cost.queue)),
            running: Arc::new(Semaphore::new(cost.parallel)),
            of_anybody: Judge::new(),
            of_owners: Judge::new(),
        })
    }

    /// Judges what anybody asks about, as a new password of the account of `email`.
    ///
    /// # Errors
    /// [`VerificationError::Busy`] when too many wait.
    pub async fn strength(
        &self,
        password: Password,
        email: Option<EmailAddress>,
    ) -> Result<Strength, VerificationError> {
        self.of_anybody.judge(password, email).await
    }

    /// Makes sure that a new password is none of those that are tried first.
    ///
    /// # Errors
    /// [`VerificationError::CommonPassword`]; [`VerificationError::Busy`] when too many wait.
    pub async fn require_uncommon(
        &self,
        whose: NewPasswordOf,
        password: &Password,
        email: &EmailAddress,
    ) -> Result<(), VerificationError> {
        let judge = match whose {
            NewPasswordOf::Anybody => &self.of_anybody,
            NewPasswordOf::Owner => &self.of_owners,
        };
        match judge.judge(password.clone(), Some(email.clone())).await?.is_common {
            true => Err(VerificationError::CommonPassword),
            false => Ok(()),
        }
    }

    /// Hashes a new password into PHC format.
    ///
    /// # Errors
    /// [`VerificationError::Busy`] when too many wait.
    pub async fn hash(&self, password: Password) -> Result<SecretString, VerificationError> {
        let hasher = Arc::clone(&self.hasher);
        self.off_the_event_loop(move || hasher.hash(password.as_bytes()).map_err(|_| VerificationError::Busy)).await?
    }

    /// Checks a password. Without a stored hash the same work is done and the answer is no.
    ///
    /// # Errors
    /// [`VerificationError::Busy`] when too many wait.
    pub async fn verify(&self, password: Password, stored: Option<SecretString>) -> Result<bool, VerificationError> {
        let hasher = Arc::clone(&self.hasher);
        let exists = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        Ok(self.off_the_event_loop(move || hasher.verify(password.as_bytes(), &stored)).await? && exists)
    }

    /// Whether a hash is of another cost than those made today.
    #[must_use]
    pub fn is_of_another_cost(&self, stored: &SecretString) -> bool {
        cost(stored) != cost(&self.decoy)
    }

    async fn off_the_event_loop<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, VerificationError> {
        let _place = self.waiting.try_acquire().map_err(|_| VerificationError::Busy)?;
        let _turn: SemaphorePermit<'_> = self.running.acquire().await.map_err(|_| VerificationError::Busy)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| VerificationError::Busy)
    }
}

/// What stands before the salt in PHC format: algorithm, version and parameters.
fn cost(hash: &SecretString) -> Option<&str> {
    hash.expose_secret().rsplitn(3, '$').nth(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(parallel: usize, queue: usize) -> Passwords {
        Passwords::new(PasswordCost { memory_kib: 64, iterations: 1, parallel, queue }).expect("valid cost")
    }

    fn password(text: &str) -> Password {
        Password::typed(text.to_owned().into())
    }

    #[tokio::test]
    async fn only_the_right_password_matches_and_no_account_never_does() {
        let passwords = passwords(1, 8);
        let hash = passwords.hash(password("correct horse")).await.expect("hashed");
        assert!(hash.expose_secret().starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        assert!(passwords.verify(password("correct horse"), Some(hash.clone())).await.expect("checked"));
        assert!(!passwords.verify(password("wrong horse"), Some(hash)).await.expect("checked"));
        assert!(!passwords.verify(password("correct horse"), None).await.expect("checked"));
    }

    #[tokio::test]
    async fn a_flood_of_strangers_holds_up_no_owners_change() {
        let passwords = passwords(1, 1);
        let email = EmailAddress::parse("anna@example.com").expect("an address");
        let _all_places = passwords.of_anybody.places.acquire_many(9).await.expect("open");
        let new = password("a good long one of nobody's");
        let judged = passwords.strength(new.clone(), None).await;
        assert!(matches!(judged, Err(VerificationError::Busy)));
        let made = passwords.require_uncommon(NewPasswordOf::Anybody, &new, &email).await;
        assert!(matches!(made, Err(VerificationError::Busy)));
        passwords.require_uncommon(NewPasswordOf::Owner, &new, &email).await.expect("judged");
    }

    #[tokio::test]
    async fn a_full_queue_is_refused_at_once() {
        let passwords = passwords(1, 1);
        let _all_places = passwords.waiting.acquire_many(2).await.expect("open");
        let refused = passwords.verify(password("x"), None).await;
        assert!(matches!(refused, Err(VerificationError::Busy)));
    }
}
