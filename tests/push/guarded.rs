//! The guard: retries, concurrency, breaker, alarm. Time passes on the test runtime's paused clock where no socket is used.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use twostep::providers::push::{
    CheckError, Fcm, GuardSettings, Guarded, MisconfiguredReason, Push, PushAddress, PushOutcome, PushProvider,
    RejectedReason, TransientCause, UnavailableReason,
};
use twostep_private_file::Privacy;
use twostep_simulators::{FcmBehaviour, FcmFailure};

use crate::support::{
    DEADLINE, apns, apns_simulator, apns_token, code, fcm, fcm_settings, fcm_simulator, fcm_token, push, push_for,
};

/// A provider that answers from a list, then accepts.
#[derive(Default)]
struct Listed {
    answers: Mutex<VecDeque<PushOutcome>>,
    sends: AtomicUsize,
}

impl PushProvider for Listed {
    const NAME: &'static str = "listed";

    async fn send(&self, _: &PushAddress, _: &Push, _: Timestamp) -> PushOutcome {
        self.sends.fetch_add(1, Ordering::Relaxed);
        self.answers.lock().unwrap().pop_front().unwrap_or_else(accepted)
    }

    async fn check(&self, _: Timestamp) -> Result<(), CheckError> {
        Ok(())
    }
}

/// A provider that holds every request until it is given a pass.
struct Gated {
    passes: Semaphore,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl PushProvider for &Gated {
    const NAME: &'static str = "gated";

    async fn send(&self, _: &PushAddress, _: &Push, _: Timestamp) -> PushOutcome {
        let at_once = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(at_once, Ordering::SeqCst);
        self.passes.acquire().await.unwrap().forget();
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        accepted()
    }

    async fn check(&self, _: Timestamp) -> Result<(), CheckError> {
        Ok(())
    }
}

fn accepted() -> PushOutcome {
    PushOutcome::Accepted { provider_message_id: None }
}

fn retry(cause: TransientCause, seconds: Option<u64>) -> PushOutcome {
    PushOutcome::RetryAfter { cause, wait: seconds.map(Duration::from_secs) }
}

fn listed(answers: impl IntoIterator<Item = PushOutcome>) -> Listed {
    Listed { answers: Mutex::new(answers.into_iter().collect()), ..Listed::default() }
}

#[tokio::test(start_paused = true)]
async fn retries_wait_as_told_and_then_succeed() {
    let answers = [retry(TransientCause::Throttled, Some(60)), retry(TransientCause::ConnectionLost, None)];
    let guarded = Guarded::new(listed(answers), &GuardSettings::default());
    let started = Instant::now();
    let outcome = guarded.send(&fcm_token("device"), &push(code()), Timestamp::now()).await;
    assert_eq!(outcome, accepted());
    let took = started.elapsed();
    assert!((Duration::from_secs(60)..Duration::from_secs(64)).contains(&took), "{took:?}");
    assert_eq!(guarded.held(), 0);
}

#[tokio::test(start_paused = true)]
async fn no_retry_goes_past_expiry() {
    let guarded = Guarded::new(listed([retry(TransientCause::Throttled, Some(60))]), &GuardSettings::default());
    let outcome = guarded.send(&fcm_token("device"), &push_for(code(), 50), Timestamp::now()).await;
    let given_up = UnavailableReason::GivenUp(TransientCause::Throttled);
    assert_eq!(outcome, PushOutcome::Unavailable(given_up));
}

#[tokio::test(start_paused = true)]
async fn attempts_are_counted() {
    let answers = vec![retry(TransientCause::ServerError, None); 20];
    let provider = Arc::new(listed(answers));
    let guarded =
        Guarded::new(Shared(Arc::clone(&provider)), &GuardSettings { attempts: 3, ..GuardSettings::default() });
    let outcome = guarded.send(&fcm_token("device"), &push(code()), Timestamp::now()).await;
    let given_up = UnavailableReason::GivenUp(TransientCause::ServerError);
    assert_eq!(outcome, PushOutcome::Unavailable(given_up));
    assert_eq!(provider.sends.load(Ordering::Relaxed), 3);
}

/// A provider that the test can look at while the guard owns it.
struct Shared(Arc<Listed>);

impl PushProvider for Shared {
    const NAME: &'static str = "shared";

    async fn send(&self, address: &PushAddress, push: &Push, now: Timestamp) -> PushOutcome {
        self.0.send(address, push, now).await
    }

    async fn check(&self, now: Timestamp) -> Result<(), CheckError> {
        self.0.check(now).await
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_opens_the_breaker_and_loses_no_push() {
    let settings = GuardSettings { breaker_failures: 5, attempts: 10, ..GuardSettings::default() };
    let provider = Arc::new(listed(vec![retry(TransientCause::ConnectionLost, None); 7]));
    let guarded = Arc::new(Guarded::new(Shared(Arc::clone(&provider)), &settings));
    let mut sends = JoinSet::new();
    for _ in 0..50 {
        let guarded = Arc::clone(&guarded);
        sends.spawn(async move { guarded.send(&fcm_token("device"), &push(code()), Timestamp::now()).await });
    }
    assert!(sends.join_all().await.iter().all(|outcome| *outcome == accepted()));
    // Five failures open it, two probes fail, all fifty succeed: nobody hammered the provider meanwhile.
    assert_eq!(provider.sends.load(Ordering::Relaxed), 57);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_provider_holds_its_permits_only() {
    let gated = Box::leak(Box::new(Gated {
        passes: Semaphore::new(0),
        at_once: AtomicUsize::new(0),
        most_at_once: AtomicUsize::new(0),
    }));
    let settings = GuardSettings { concurrency: 3, capacity: 10, ..GuardSettings::default() };
    let guarded = Arc::new(Guarded::new(&*gated, &settings));
    let mut sends = JoinSet::new();
    for _ in 0..15 {
        let guarded = Arc::clone(&guarded);
        sends.spawn(async move { guarded.send(&fcm_token("device"), &push_for(code(), 60), Timestamp::now()).await });
    }
    // Five find no room, at once.
    for _ in 0..5 {
        let outcome = sends.join_next().await.unwrap().unwrap();
        assert_eq!(outcome, PushOutcome::Unavailable(UnavailableReason::Overloaded));
    }
    assert_eq!(guarded.held(), 10);
    // Seven wait for a permit until they expire.
    for _ in 0..7 {
        let outcome = sends.join_next().await.unwrap().unwrap();
        assert_eq!(outcome, PushOutcome::Unavailable(UnavailableReason::Expired));
    }
    gated.passes.add_permits(3);
    for _ in 0..3 {
        assert_eq!(sends.join_next().await.unwrap().unwrap(), accepted());
    }
    assert_eq!(gated.most_at_once.load(Ordering::SeqCst), 3);
    assert_eq!(guarded.held(), 0);
}

#[tokio::test]
async fn a_waiting_push_is_small() {
    let simulator = apns_simulator().await;
    let guarded = Guarded::new(apns(&simulator), &GuardSettings::default());
    let (address, push) = (apns_token(1), push(code()));
    let bytes = size_of_val(&guarded.send(&address, &push, Timestamp::now()));
    assert!(bytes <= 1024, "{bytes}");
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_send_gives_everything_back() {
    let gated = Box::leak(Box::new(Gated {
        passes: Semaphore::new(0),
        at_once: AtomicUsize::new(0),
        most_at_once: AtomicUsize::new(0),
    }));
    let settings = GuardSettings { concurrency: 1, capacity: 1, ..GuardSettings::default() };
    let guarded = Guarded::new(&*gated, &settings);
    let address = fcm_token("device");
    let push = push(code());
    let abandoned = guarded.send(&address, &push, Timestamp::now());
    assert!(tokio::time::timeout(Duration::from_secs(1), abandoned).await.is_err());
    assert_eq!(guarded.held(), 0);
    gated.passes.add_permits(1);
    assert_eq!(guarded.send(&address, &push, Timestamp::now()).await, accepted());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_key_does_not_erase_every_device() {
    let dead = PushOutcome::TokenDead { as_of: None };
    let guarded = Guarded::new(listed(vec![dead.clone(); 1_000]), &GuardSettings::default());
    let mut forgotten = 0;
    let mut outcomes = Vec::new();
    for _ in 0..1_000 {
        let outcome = guarded.send(&fcm_token("device"), &push(code()), Timestamp::now()).await;
        forgotten += usize::from(outcome == dead);
        outcomes.push(outcome);
    }
    assert_eq!(forgotten, 2);
    assert_eq!(outcomes[2], PushOutcome::Rejected(RejectedReason::DeadTokenKept));
    let alarm = PushOutcome::Misconfigured(MisconfiguredReason::TooManyDeadTokens);
    assert_eq!(outcomes.last(), Some(&alarm));
    // Ten minutes later the counts are gone.
    let later = Timestamp::now() + SignedDuration::from_mins(11);
    let mut late = push(code());
    late.expires_at = later + SignedDuration::from_mins(5);
    assert_eq!(guarded.send(&fcm_token("device"), &late, later).await, accepted());
}

#[tokio::test]
async fn a_throttled_push_goes_out_after_the_wait() {
    let simulator = fcm_simulator().await;
    simulator.script_all(vec![FcmBehaviour::FailWithRetryAfter(FcmFailure::QuotaExceeded, 1), FcmBehaviour::CutLine]);
    let settings = GuardSettings { backoff_base_ms: 10, ..GuardSettings::default() };
    let guarded = Guarded::new(fcm(&simulator), &settings);
    let outcome = guarded.send(&fcm_token("device"), &push(code()), Timestamp::now()).await;
    assert!(matches!(outcome, PushOutcome::Accepted { .. }), "{outcome:?}");
    let received = simulator.received();
    assert_eq!(received.len(), 3);
    assert!(received[1].at - received[0].at >= Duration::from_secs(1));
    let collapse_key = |index: usize| received[index].body["message"]["android"]["collapse_key"].clone();
    assert!(collapse_key(0) == collapse_key(1) && collapse_key(1) == collapse_key(2));
}

#[tokio::test]
async fn a_hang_of_fcm_ends_with_the_timeout_and_stays_within_its_permits() {
    let simulator = fcm_simulator().await;
    simulator.always_all(Some(FcmBehaviour::Hang));
    let mut settings = fcm_settings(&simulator);
    settings.request_timeout_ms = 1_000;
    settings.guard = GuardSettings { concurrency: 4, attempts: 1, breaker_failures: 1_000, ..GuardSettings::default() };
    let client = Fcm::open(&settings, Privacy::Unchecked).unwrap().unwrap();
    client.check(Timestamp::now()).await.unwrap();
    let guarded = Arc::new(Guarded::new(client, &settings.guard));
    let mut sends = JoinSet::new();
    for _ in 0..8 {
        let guarded = Arc::clone(&guarded);
        sends.spawn(async move { guarded.send(&fcm_token("device"), &push(code()), Timestamp::now()).await });
    }
    simulator.journal().wait_for_count(4, DEADLINE).await.unwrap();
    assert!(simulator.open_connections() <= 5, "{}", simulator.open_connections());
    let given_up = PushOutcome::Unavailable(UnavailableReason::GivenUp(TransientCause::TimedOut));
    assert!(sends.join_all().await.iter().all(|outcome| *outcome == given_up));
    assert_eq!(simulator.journal().count(), 8);
}

#[tokio::test]
async fn the_breaker_opens_tries_once_and_closes() {
    let simulator = fcm_simulator().await;
    let settings = GuardSettings { attempts: 1, breaker_failures: 3, ..GuardSettings::default() };
    let guarded = Guarded::new(fcm(&simulator), &settings);
    let start = Timestamp::now();
    let send_after = |seconds: i64| {
        let now = start + SignedDuration::from_secs(seconds);
        let mut push = push(code());
        push.expires_at = now + SignedDuration::from_secs(5);
        let guarded = &guarded;
        async move { guarded.send(&fcm_token("device"), &push, now).await }
    };
    let given_up = |cause| PushOutcome::Unavailable(UnavailableReason::GivenUp(cause));
    simulator.script_all(vec![FcmBehaviour::BadGateway; 4]);
    for _ in 0..3 {
        assert_eq!(send_after(0).await, given_up(TransientCause::ServerError));
    }
    assert_eq!(send_after(0).await, given_up(TransientCause::BreakerOpen));
    assert_eq!(simulator.journal().count(), 3);
    assert_eq!(send_after(11).await, given_up(TransientCause::ServerError));
    assert_eq!(send_after(12).await, given_up(TransientCause::BreakerOpen));
    assert!(matches!(send_after(23).await, PushOutcome::Accepted { .. }));
    assert!(matches!(send_after(23).await, PushOutcome::Accepted { .. }));
    assert_eq!(simulator.journal().count(), 6);
}
