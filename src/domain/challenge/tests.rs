//! The state machine under plain examples and under every sequence that proptest thinks of.

use proptest::prelude::*;

use jiff::Timestamp;

use super::limits::{MAX_ATTEMPTS, MAX_RESENDS};
use super::*;

const LIFETIMES: Lifetimes = Lifetimes {
    app: SignedDuration::from_secs(300),
    email: SignedDuration::from_secs(600),
    confirmation: SignedDuration::from_hours(24),
};
const BOTH: [Method; 2] = [Method::App, Method::Email];

fn start() -> Progress {
    Progress::start(Purpose::SignIn, Method::App, &LIFETIMES, at(0))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("in range")
}

fn resend(progress: Progress, method: Option<Method>, second: i64) -> Result<Progress, Refusal> {
    progress.resend(Purpose::SignIn, method, &BOTH, &LIFETIMES, at(second))
}

#[test]
fn five_comparisons_and_no_more() {
    let mut progress = start();
    for left in (1..5).rev() {
        progress = progress.count_attempt(at(1)).expect("allowed");
        assert_eq!(progress.judge(false), Verdict::Wrong { attempts_left: left });
    }
    progress = progress.count_attempt(at(1)).expect("the fifth");
    assert_eq!(progress.judge(false), Verdict::LastWrong);
    assert_eq!(progress.judge(true), Verdict::Right);
    assert_eq!(progress.count_attempt(at(1)), Err(Refusal::TooManyAttempts));
}

#[test]
fn expired_code_is_refused() {
    assert!(start().count_attempt(at(299)).is_ok());
    assert_eq!(start().count_attempt(at(300)), Err(Refusal::Closed(Outcome::Expired)));
    assert_eq!(start().close(Outcome::Verified, at(300)), Err(Refusal::Closed(Outcome::Expired)));
    assert!(start().close(Outcome::Expired, at(300)).is_ok());
}

#[test]
fn a_resend_waits_and_the_waits_grow() {
    let wait = |seconds| Err(Refusal::ResendTooSoon { retry_after: SignedDuration::from_secs(seconds) });
    assert_eq!(resend(start(), None, 10), wait(20));
    let second = resend(start(), None, 30).expect("after 30 s");
    assert_eq!((second.generation, second.expires_at), (2, at(330)));
    assert_eq!(resend(second, None, 31), wait(59));
    assert!(resend(second, None, 90).is_ok());
}

#[test]
fn the_first_change_of_method_may_come_at_once() {
    let by_email = resend(start(), Some(Method::Email), 1).expect("at once");
    assert_eq!((by_email.method, by_email.generation, by_email.expires_at), (Method::Email, 2, at(601)));
    assert!(matches!(resend(by_email, Some(Method::App), 2), Err(Refusal::ResendTooSoon { .. })));
    assert!(matches!(resend(by_email, Some(Method::Email), 2), Err(Refusal::ResendTooSoon { .. })));
}

#[test]
fn a_method_that_is_not_offered_is_refused() {
    let refused = start().resend(Purpose::SignIn, Some(Method::Email), &[Method::App], &LIFETIMES, at(60));
    assert_eq!(refused, Err(Refusal::MethodNotOffered));
}

#[test]
fn a_resend_gives_no_attempts_back() {
    let tired = (0..4).fold(start(), |progress, _| progress.count_attempt(at(1)).expect("allowed"));
    let renewed = resend(tired, None, 31).expect("allowed");
    assert_eq!(renewed.attempts_left(), 1);
    let spent =
        renewed.count_attempt(at(32)).expect("the last").close(Outcome::AttemptsExhausted, at(32)).expect("open");
    assert_eq!(resend(spent, None, 200), Err(Refusal::TooManyAttempts));
    assert_eq!(spent.count_attempt(at(33)), Err(Refusal::TooManyAttempts));
}

#[test]
fn confirming_an_address_may_take_a_day() {
    let progress = Progress::start(Purpose::CreateAccount, Method::Email, &LIFETIMES, at(0));
    assert!(progress.count_attempt(at(86_399)).is_ok());
    assert!(progress.count_attempt(at(86_400)).is_err());
}

/// One thing that can happen to a challenge.
#[derive(Debug, Clone, Copy)]
enum Step {
    Attempt { right: bool },
    Resend(Option<Method>),
    Reissue,
    Close(Outcome),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<bool>().prop_map(|right| Step::Attempt { right }),
        3 => prop::option::of(prop::sample::select(BOTH.to_vec())).prop_map(Step::Resend),
        1 => Just(Step::Reissue),
        1 => prop::sample::select(Outcome::ALL.to_vec()).prop_map(Step::Close),
    ]
}

fn apply(progress: Progress, step: Step, now: Timestamp) -> Result<Progress, Refusal> {
    match step {
        Step::Attempt { right } => {
            let counted = progress.count_attempt(now)?;
            match counted.judge(right) {
                Verdict::Right => counted.close(Outcome::Verified, now),
                Verdict::LastWrong => counted.close(Outcome::AttemptsExhausted, now),
                Verdict::Wrong { .. } => Ok(counted),
            }
        }
        Step::Resend(method) => progress.resend(Purpose::SignIn, method, &BOTH, &LIFETIMES, now),
        Step::Reissue => progress.reissue(now),
        Step::Close(outcome) => progress.close(outcome, now),
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_bounds_hold(steps in prop::collection::vec((step(), 0_i64..200), 0..60)) {
        let mut progress = start();
        let mut clock = 0;
        for (step, seconds) in steps {
            clock += seconds;
            let now = at(clock);
            let closed_before = progress.outcome_at(now);
            let Ok(next) = apply(progress, step, now) else { continue };
            prop_assert!(closed_before.is_none() || (closed_before == Some(Outcome::Expired) && progress.outcome.is_none() && next.outcome == closed_before));
            prop_assert!(next.attempts >= progress.attempts && next.attempts <= MAX_ATTEMPTS);
            prop_assert!(next.generation >= progress.generation && next.resends <= MAX_RESENDS);
            prop_assert!(next.expires_at <= now + LIFETIMES.email || next.expires_at == progress.expires_at);
            progress = next;
        }
    }

    #[test]
    fn a_refused_step_changes_nothing_and_a_closed_challenge_takes_none(steps in prop::collection::vec(step(), 1..20), outcome in prop::sample::select(Outcome::ALL.to_vec())) {
        let closed = start().close(outcome, at(1)).expect("open");
        for step in steps {
            prop_assert!(apply(closed, step, at(2)).is_err());
        }
    }
}
