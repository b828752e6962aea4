//! Password hashing: argon2id, off the event loop, bounded in parallelism.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::hasher::Hasher;
use crate::domain::account::email::EmailAddress;
use crate::domain::account::password::Password;
use crate::domain::account::password_strength::{Strength, estimate, is_common};
use crate::service::VerificationError;

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
    /// In each lane.
    places: usize,
    strangers: Semaphore,
    owners: Semaphore,
    running: Semaphore,
    /// Strengths are judged apart, so that a flood of them holds up no sign-in and no registration.
    judge: Judge,
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

/// Who waits for a hash. Each has places of their own: a flood of strangers refuses no owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Anybody.
    Strangers,
    /// Trusted devices, and sessions of them.
    Owners,
}

impl Lane {
    /// The word for metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Strangers => "strangers",
            Self::Owners => "owners",
        }
    }
}

impl Passwords {
    /// Gives memory back that no hash needed lately.
    pub fn forget_unused(&self) {
        self.hasher.forget_unused();
    }

    /// Prepares the hasher; computes one hash.
    ///
    /// # Errors
    /// The text says which cost argon2 does not take.
    pub fn new(cost: PasswordCost) -> Result<Self, argon2::Error> {
        let hasher = Hasher::new(cost.memory_kib, cost.iterations)?;
        // By a hasher of its own, whose memory goes with it.
        let decoy = Hasher::new(cost.memory_kib, cost.iterations)?;
        let decoy = decoy.hash(&rand::random::<[u8; 32]>()).map_err(|_| argon2::Error::AlgorithmInvalid)?;
        let places = cost.parallel + cost.queue;
        Ok(Self {
            hasher: Arc::new(hasher),
            decoy,
            places,
            strangers: Semaphore::new(places),
            owners: Semaphore::new(places),
            running: Semaphore::new(cost.parallel),
            judge: Judge::new(),
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
        self.judge.judge(password, email).await
    }

    /// Hashes a new password of the account of `email` into PHC format, unless it is one of those that are tried first: for that
    /// lists are looked up, in a time that is bounded whatever was typed.
    ///
    /// # Errors
    /// [`VerificationError::CommonPassword`]; [`VerificationError::Busy`] when too many wait.
    pub async fn hash_new(
        &self,
        password: Password,
        email: EmailAddress,
        lane: Lane,
    ) -> Result<SecretString, VerificationError> {
        let hasher = Arc::clone(&self.hasher);
        let hash = move || {
            if is_common(password.expose(), &email.parts()) {
                return Err(VerificationError::CommonPassword);
            }
            hasher.hash(password.as_bytes()).map_err(|_| VerificationError::Busy)
        };
        self.off_the_event_loop(lane, hash).await?
    }

    /// Hashes a password that was found right anew into PHC format.
    ///
    /// # Errors
    /// [`VerificationError::Busy`] when too many wait.
    pub async fn hash(&self, password: Password, lane: Lane) -> Result<SecretString, VerificationError> {
        let hasher = Arc::clone(&self.hasher);
        let hash = move || hasher.hash(password.as_bytes()).map_err(|_| VerificationError::Busy);
        self.off_the_event_loop(lane, hash).await?
    }

    /// Checks a password. Without a stored hash the same work is done and the answer is no.
    ///
    /// # Errors
    /// [`VerificationError::Busy`] when too many wait.
    pub async fn verify(
        &self,
        password: Password,
        stored: Option<SecretString>,
        lane: Lane,
    ) -> Result<bool, VerificationError> {
        let hasher = Arc::clone(&self.hasher);
        let exists = stored.is_some();
        // Copied for both, so that no allocation tells which it is.
        let decoy = self.decoy.clone();
        let stored = stored.unwrap_or(decoy);
        let verify = move || {
            let is_right = hasher.verify(password.as_bytes(), &stored);
            // Whatever came of the first, so that the time goes by what was typed and by nothing else.
            let is_right_as_typed = password.as_typed_bytes().is_some_and(|typed| hasher.verify(typed, &stored));
            is_right || is_right_as_typed
        };
        Ok(self.off_the_event_loop(lane, verify).await? && exists)
    }

    /// How many hashes are computed or wait in each lane.
    #[must_use]
    pub fn waiting(&self) -> [(Lane, usize); 2] {
        let taken = |places: &Semaphore| self.places.saturating_sub(places.available_permits());
        [(Lane::Strangers, taken(&self.strangers)), (Lane::Owners, taken(&self.owners))]
    }

    /// How many there may be in a lane.
    #[must_use]
    pub fn places(&self) -> usize {
        self.places
    }

    /// A hash of nothing anybody can type, to be checked where there is no account.
    #[must_use]
    pub fn decoy(&self) -> &SecretString {
        &self.decoy
    }

    /// Whether a hash is of another cost than those made today.
    #[must_use]
    pub fn is_of_another_cost(&self, stored: &SecretString) -> bool {
        cost(stored) != cost(&self.decoy)
    }

    async fn off_the_event_loop<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, VerificationError> {
        let places = match lane {
            Lane::Strangers => &self.strangers,
            Lane::Owners => &self.owners,
        };
        let _place = places.try_acquire().map_err(|_| VerificationError::Busy)?;
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
        let hash = passwords.hash(password("correct horse"), Lane::Strangers).await.expect("hashed");
        assert!(hash.expose_secret().starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        let matches =
            async |text, stored| passwords.verify(password(text), stored, Lane::Strangers).await.expect("checked");
        assert!(matches("correct horse", Some(hash.clone())).await);
        assert!(!matches("wrong horse", Some(hash)).await);
        assert!(!matches("correct horse", None).await);
    }

    #[tokio::test]
    async fn a_flood_of_strangers_refuses_no_owner_and_a_flood_of_estimates_no_registration() {
        let passwords = passwords(1, 1);
        let email = EmailAddress::parse("anna@example.com").expect("an address");
        let new = || password("a good long one of nobody's");
        let _estimates = passwords.judge.places.acquire_many(9).await.expect("open");
        assert!(matches!(passwords.strength(new(), None).await, Err(VerificationError::Busy)));
        passwords.hash_new(new(), email.clone(), Lane::Strangers).await.expect("hashed");

        assert_eq!(passwords.waiting(), [(Lane::Strangers, 0), (Lane::Owners, 0)]);
        let _strangers = passwords.strangers.acquire_many(2).await.expect("open");
        assert_eq!(passwords.waiting(), [(Lane::Strangers, passwords.places()), (Lane::Owners, 0)]);
        let refused = passwords.verify(password("x"), None, Lane::Strangers).await;
        assert!(matches!(refused, Err(VerificationError::Busy)), "at once");
        passwords.verify(password("x"), None, Lane::Owners).await.expect("checked");
        passwords.hash_new(new(), email, Lane::Owners).await.expect("hashed");
    }

    #[tokio::test]
    async fn a_common_password_is_not_hashed() {
        let email = EmailAddress::parse("anna@example.com").expect("an address");
        let refused = passwords(1, 1).hash_new(password("qwertyuiop"), email, Lane::Strangers).await;
        assert!(matches!(refused, Err(VerificationError::CommonPassword)));
    }
}
