//! What stands between the dispatcher and a provider: capacity, concurrency, breaker, retries, dead-address alarm.

mod alarm_gauge;
mod breaker;
mod dead_tokens;
mod retry;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::{
    CheckError, GuardSettings, MisconfiguredReason, Push, PushAddress, PushOutcome, PushProvider, RejectedReason,
    TransientCause, UnavailableReason,
};
use crate::telemetry;
use crate::telemetry::traces::{Kind, Step};

pub use breaker::{Admission, Breaker, Health};
pub use dead_tokens::{DeadTokenVerdict, DeadTokens};
pub use retry::{Next, RetryPolicy};

use crate::providers::push::guard::alarm_gauge::Light;

/// A provider behind its guard. Every outcome is final: [`PushOutcome::RetryAfter`] does not come out of it.
///
/// A provider that hangs holds its own permits at most; all others wait or are turned away. Waiting for a retry holds no
/// permit. Memory is bounded by the capacity, in pushes.
pub struct Guarded<P> {
    provider: P,
    name: Arc<str>,
    permits: Semaphore,
    capacity: usize,
    held: AtomicUsize,
    retries: RetryPolicy,
    breaker: Mutex<Breaker>,
    breaker_light: Light,
    dead_tokens: Mutex<DeadTokens>,
    dead_token_light: Light,
}

/// A push's place in memory, given back when the push is done or its caller gives up.
struct Held<'a> {
    held: &'a AtomicUsize,
    provider: &'static str,
}

/// An admitted attempt. Dropped without a report (its caller gave up), it tells the breaker that nothing was learned.
struct Attempt<'a> {
    breaker: &'a Mutex<Breaker>,
    admission: Admission,
    clock: Clock,
    reported: bool,
}

/// The time at the call, moved on by what passed since.
#[derive(Clone, Copy)]
struct Clock {
    start: Timestamp,
    started: Instant,
}

impl<P: PushProvider> Guarded<P> {
    /// Puts a provider behind its guard.
    pub fn new(provider: P, settings: &GuardSettings) -> Self {
        Self::named(provider, settings, P::NAME)
    }

    /// Puts one of several places of a provider behind a guard of its own, whose warning lights have its name.
    pub fn named(provider: P, settings: &GuardSettings, name: &str) -> Self {
        let name: Arc<str> = name.into();
        Self {
            provider,
            permits: Semaphore::new(settings.concurrency.clamp(1, Semaphore::MAX_PERMITS)),
            capacity: settings.capacity,
            held: AtomicUsize::new(0),
            retries: RetryPolicy {
                attempts: settings.attempts,
                base: Duration::from_millis(settings.backoff_base_ms),
                cap: Duration::from_millis(settings.backoff_cap_ms),
            },
            breaker: Mutex::new(Breaker::new(
                settings.breaker_failures,
                Duration::from_millis(settings.breaker_open_ms),
            )),
            dead_tokens: Mutex::new(DeadTokens::new(settings.dead_percent, settings.dead_minimum_sample)),
            breaker_light: Light::new(telemetry::PUSH_BREAKER_OPEN, &name),
            dead_token_light: Light::new(telemetry::PUSH_DEAD_TOKEN_ALARM, &name),
            name,
        }
    }

    /// Sends a push, trying again as long as that makes sense within its life.
    pub async fn send(&self, address: &PushAddress, push: &Push, now: Timestamp) -> PushOutcome {
        let outcome = match self.hold() {
            Some(_held) => self.send_held(address, push, Clock::from(now)).await,
            None => PushOutcome::Unavailable(UnavailableReason::Overloaded),
        };
        metrics::counter!(telemetry::PUSHES, "provider" => P::NAME, "outcome" => outcome.word()).increment(1);
        outcome
    }

    /// Proves that the credentials work; see [`PushProvider::check`].
    ///
    /// # Errors
    /// As the provider says.
    pub async fn check(&self, now: Timestamp) -> Result<(), CheckError> {
        self.provider.check(now).await
    }

    /// Pushes in memory: under way, waiting for their turn or for their next try.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    async fn send_held(&self, address: &PushAddress, push: &Push, clock: Clock) -> PushOutcome {
        let mut made = 0;
        loop {
            let outcome = self.attempt(address, push, clock).await;
            // Being turned away by the breaker uses up no attempt: a short outage must not lose a code.
            made += u32::from(!was_turned_away(&outcome));
            let dice = rand::random();
            match self.retries.after(made, outcome, clock.now(), push.expires_at, dice) {
                Next::Done(outcome) => return self.judge(outcome, clock.now()),
                Next::Again(wait) => tokio::time::sleep(wait).await,
            }
        }
    }

    async fn attempt(&self, address: &PushAddress, push: &Push, clock: Clock) -> PushOutcome {
        let Some(_permit) = self.permit(push, clock).await else {
            return PushOutcome::Unavailable(UnavailableReason::Expired);
        };
        let attempt = match self.admit(clock) {
            Ok(attempt) => attempt,
            Err(wait) => return turned_away(wait),
        };
        // Boxed, so that the memory of a request is taken only while a permit is held: thousands may wait for one.
        let began = Instant::now();
        let step = Step::here(Kind::Client, P::NAME);
        let outcome = Box::pin(self.provider.send(address, push, clock.now())).await;
        step.note("outcome", outcome.word());
        metrics::histogram!(telemetry::PUSH_ATTEMPT_SECONDS, "provider" => P::NAME).record(began.elapsed());
        attempt.report(health(&outcome));
        self.show_breaker();
        metrics::counter!(telemetry::PUSH_ATTEMPTS, "provider" => P::NAME, "outcome" => outcome.word()).increment(1);
        outcome
    }

    /// Waits for a permit, at most until the push expires.
    async fn permit(&self, push: &Push, clock: Clock) -> Option<SemaphorePermit<'_>> {
        let left = push.life_left(clock.now());
        if left.is_zero() {
            return None;
        }
        tokio::time::timeout(left, self.permits.acquire()).await.ok()?.ok()
    }

    fn admit(&self, clock: Clock) -> Result<Attempt<'_>, Duration> {
        match lock(&self.breaker).admit(clock.now()) {
            Admission::Refused(wait) => Err(wait),
            admission @ (Admission::Go | Admission::Probe) => {
                Ok(Attempt { breaker: &self.breaker, admission, clock, reported: false })
            }
        }
    }

    fn hold(&self) -> Option<Held<'_>> {
        let free = |held| (held < self.capacity).then_some(held + 1);
        self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, free).ok()?;
        metrics::gauge!(telemetry::PUSHES_HELD, "provider" => P::NAME).increment(1.0);
        Some(Held { held: &self.held, provider: P::NAME })
    }

    /// Lets an address be called dead only as long as that is believable.
    fn judge(&self, outcome: PushOutcome, now: Timestamp) -> PushOutcome {
        let mut tokens = lock(&self.dead_tokens);
        let outcome = match outcome {
            PushOutcome::TokenDead { as_of } => match tokens.record_dead(now) {
                DeadTokenVerdict::Forget => PushOutcome::TokenDead { as_of },
                DeadTokenVerdict::KeepForNow => PushOutcome::Rejected(RejectedReason::DeadTokenKept),
                DeadTokenVerdict::KeepAndAlarm => PushOutcome::Misconfigured(MisconfiguredReason::TooManyDeadTokens),
            },
            PushOutcome::Accepted { .. } => {
                tokens.record_alive(now);
                outcome
            }
            // Says nothing about the address.
            PushOutcome::Rejected(_)
            | PushOutcome::RetryAfter { .. }
            | PushOutcome::Unavailable(_)
            | PushOutcome::Misconfigured(_) => outcome,
        };
        let alarming = tokens.is_alarming(now);
        drop(tokens);
        match self.dead_token_light.show(alarming) {
            Some(true) => tracing::error!(
                push.provider = &*self.name,
                "too many push addresses are called dead: none is forgotten; check the provider's key and environment"
            ),
            Some(false) => tracing::info!(push.provider = &*self.name, "dead push addresses are forgotten again"),
            None => {}
        }
        outcome
    }

    fn show_breaker(&self) {
        let open = lock(&self.breaker).is_open();
        match self.breaker_light.show(open) {
            Some(true) => {
                tracing::warn!(push.provider = &*self.name, "push provider fails: its circuit breaker opened");
            }
            Some(false) => {
                tracing::info!(push.provider = &*self.name, "push provider works again: its circuit breaker closed");
            }
            None => {}
        }
    }
}

impl Attempt<'_> {
    fn report(mut self, health: Health) {
        self.reported = true;
        lock(self.breaker).report(self.admission, health, self.clock.now());
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.reported {
            lock(self.breaker).report(self.admission, Health::Unknown, self.clock.now());
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.held.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!(telemetry::PUSHES_HELD, "provider" => self.provider).decrement(1.0);
    }
}

impl Clock {
    fn from(start: Timestamp) -> Self {
        Self { start, started: Instant::now() }
    }

    fn now(self) -> Timestamp {
        let passed = SignedDuration::try_from(self.started.elapsed()).unwrap_or(SignedDuration::MAX);
        self.start.saturating_add(passed).unwrap_or(self.start)
    }
}

fn turned_away(wait: Duration) -> PushOutcome {
    PushOutcome::RetryAfter { cause: TransientCause::BreakerOpen, wait: Some(wait) }
}

fn was_turned_away(outcome: &PushOutcome) -> bool {
    let cause = TransientCause::BreakerOpen;
    matches!(outcome, PushOutcome::RetryAfter { cause: found, .. } if *found == cause)
}

/// What an outcome says about the provider's health. Throttling and refusals are answers of a healthy provider; what was
/// decided without asking it says nothing.
fn health(outcome: &PushOutcome) -> Health {
    match outcome {
        PushOutcome::Rejected(
            RejectedReason::WrongProvider | RejectedReason::PayloadTooLarge | RejectedReason::UnknownService,
        )
        | PushOutcome::Misconfigured(MisconfiguredReason::SigningFailed) => Health::Unknown,
        PushOutcome::Accepted { .. }
        | PushOutcome::TokenDead { .. }
        | PushOutcome::Rejected(_)
        | PushOutcome::Misconfigured(_) => Health::Well,
        PushOutcome::RetryAfter { cause, .. } => match cause {
            TransientCause::Throttled => Health::Well,
            TransientCause::BreakerOpen => Health::Unknown,
            TransientCause::ServerError
            | TransientCause::TimedOut
            | TransientCause::ConnectionLost
            | TransientCause::Unintelligible => Health::Ill,
        },
        PushOutcome::Unavailable(UnavailableReason::ServerError) => Health::Ill,
        PushOutcome::Unavailable(_) => Health::Unknown,
    }
}

/// A panic while one of these locks was held leaves plain counters behind, which are usable as they are.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
