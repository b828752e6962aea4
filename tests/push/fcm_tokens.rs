//! Access tokens: kept, renewed in time, replaced after a plain 401, fetched by one at a time.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::task::JoinSet;
use twostep::providers::push::{
    CheckError, Fcm, MisconfiguredReason, PushOutcome, PushProvider, PushSetupError, TransientCause,
};
use twostep_private_file::Privacy;
use twostep_simulators::TokenBehaviour;

use crate::support::{code, fcm, fcm_settings, fcm_simulator, fcm_token, push};

fn is_accepted(outcome: &PushOutcome) -> bool {
    matches!(outcome, PushOutcome::Accepted { .. })
}

#[tokio::test]
async fn a_crowd_shares_one_fetch() {
    let simulator = fcm_simulator().await;
    let slow = TokenBehaviour::Slow(Duration::from_millis(100), Box::new(TokenBehaviour::Issue));
    simulator.script_tokens(vec![slow]);
    let fcm = Arc::new(fcm(&simulator));
    let mut sends = JoinSet::new();
    for number in 0..50 {
        let fcm = Arc::clone(&fcm);
        sends.spawn(async move {
            let address = fcm_token(&format!("device-{number}"));
            fcm.send(&address, &push(code()), Timestamp::now()).await
        });
    }
    assert!(sends.join_all().await.iter().all(is_accepted));
    assert_eq!(simulator.token_journal().count(), 1);
    assert_eq!(simulator.token_journal().received()[0].refusal, None);
}

#[tokio::test]
async fn token_is_renewed_before_its_end() {
    let simulator = fcm_simulator().await;
    let fcm = fcm(&simulator);
    let start = Timestamp::now();
    let mut minutes_before = 0;
    for (minutes, fetched) in [(0, 1), (54, 1), (55, 2), (109, 2)] {
        let passed = SignedDuration::from_mins(minutes - minutes_before);
        simulator.advance_clock(passed.unsigned_abs());
        minutes_before = minutes;
        let now = start + SignedDuration::from_mins(minutes);
        let mut push = push(code());
        push.expires_at = now + SignedDuration::from_mins(5);
        assert!(is_accepted(&fcm.send(&fcm_token("device"), &push, now).await));
        assert_eq!(simulator.token_journal().count(), fetched, "after {minutes} minutes");
    }
}

#[tokio::test]
async fn plain_401_is_mended_with_one_new_token() {
    let simulator = fcm_simulator().await;
    let fcm = Arc::new(fcm(&simulator));
    let first = fcm.send(&fcm_token("device"), &push(code()), Timestamp::now()).await;
    assert!(is_accepted(&first));
    simulator.revoke_access_tokens();
    let mut sends = JoinSet::new();
    for _ in 0..20 {
        let fcm = Arc::clone(&fcm);
        sends.spawn(async move { fcm.send(&fcm_token("device"), &push(code()), Timestamp::now()).await });
    }
    assert!(sends.join_all().await.iter().all(is_accepted));
    assert_eq!(simulator.token_journal().count(), 2);
}

#[tokio::test]
async fn failures_of_the_token_endpoint_have_outcomes() {
    let simulator = fcm_simulator().await;
    let mut settings = fcm_settings(&simulator);
    settings.request_timeout_ms = 1_500;
    let retry = |cause| PushOutcome::RetryAfter { cause, wait: None };
    let fail = |status, error| TokenBehaviour::Fail { status, error };
    let refused = PushOutcome::Misconfigured(MisconfiguredReason::ServiceAccountRefused);
    for (behaviour, expected) in [
        (fail(400, "invalid_grant"), refused.clone()),
        (fail(401, "invalid_client"), refused),
        (fail(503, "unavailable"), retry(TransientCause::ServerError)),
        (fail(429, "slow_down"), retry(TransientCause::Throttled)),
        (TokenBehaviour::Garbage("<html>"), retry(TransientCause::Unintelligible)),
        (
            TokenBehaviour::Garbage("{\"access_token\":\"a\\nb\",\"expires_in\":9}"),
            retry(TransientCause::Unintelligible),
        ),
        (TokenBehaviour::CutLine, retry(TransientCause::ConnectionLost)),
        (TokenBehaviour::Hang, retry(TransientCause::TimedOut)),
    ] {
        let fcm = Fcm::open(&settings, Privacy::Unchecked).unwrap().unwrap();
        simulator.script_tokens(vec![behaviour.clone()]);
        let outcome = fcm.send(&fcm_token("device"), &push(code()), Timestamp::now()).await;
        assert_eq!(outcome, expected, "{behaviour:?}");
    }
    assert_eq!(simulator.journal().count(), 0);
}

#[tokio::test]
async fn a_failed_fetch_is_not_repeated_by_everybody() {
    let simulator = fcm_simulator().await;
    simulator.script_tokens(vec![TokenBehaviour::Fail { status: 503, error: "unavailable" }]);
    let fcm = fcm(&simulator);
    let now = Timestamp::now();
    for _ in 0..20 {
        assert!(!is_accepted(&fcm.send(&fcm_token("device"), &push(code()), now).await));
    }
    assert_eq!(simulator.token_journal().count(), 1);
    let later = now + SignedDuration::from_secs(2);
    assert!(is_accepted(&fcm.send(&fcm_token("device"), &push(code()), later).await));
}

#[tokio::test]
async fn old_token_serves_while_it_cannot_be_renewed() {
    let simulator = fcm_simulator().await;
    let fcm = fcm(&simulator);
    let start = Timestamp::now();
    fcm.check(start).await.unwrap();
    simulator.script_tokens(vec![TokenBehaviour::Fail { status: 503, error: "unavailable" }]);
    let late = start + SignedDuration::from_mins(56);
    let mut push = push(code());
    push.expires_at = late + SignedDuration::from_mins(5);
    assert!(is_accepted(&fcm.send(&fcm_token("device"), &push, late).await));
    assert_eq!(simulator.token_journal().count(), 2);
}

#[tokio::test]
async fn check_tells_a_refused_key_from_a_provider_that_is_away() {
    let simulator = fcm_simulator().await;
    fcm(&simulator).check(Timestamp::now()).await.unwrap();

    simulator.script_tokens(vec![TokenBehaviour::Fail { status: 400, error: "invalid_grant" }]);
    let refused = fcm(&simulator).check(Timestamp::now()).await;
    let reason = MisconfiguredReason::ServiceAccountRefused;
    assert!(matches!(refused, Err(CheckError::Misconfigured(found)) if found == reason));

    simulator.script_tokens(vec![TokenBehaviour::CutLine]);
    let away = fcm(&simulator).check(Timestamp::now()).await;
    assert!(matches!(away, Err(CheckError::Unreachable(TransientCause::ConnectionLost))));

    let old_clock = Timestamp::now() - SignedDuration::from_hours(3);
    let skewed = fcm(&simulator).check(old_clock).await;
    assert!(matches!(skewed, Err(CheckError::Misconfigured(found)) if found == reason));
}

#[tokio::test]
async fn bad_settings_are_named() {
    let simulator = fcm_simulator().await;
    let error = |change: &dyn Fn(&mut twostep::providers::push::FcmSettings)| {
        let mut settings = fcm_settings(&simulator);
        change(&mut settings);
        Fcm::open(&settings, Privacy::Unchecked).map(|_| ()).unwrap_err().to_string()
    };
    assert!(error(&|settings| settings.base_url = "ftp://x".into()).starts_with("fcm.base_url"));
    assert!(error(&|settings| settings.base_url = "http://x/y".into()).starts_with("fcm.base_url"));
    assert!(error(&|settings| settings.project_id = Some("a/b".into())).starts_with("fcm.project_id"));
    assert!(error(&|settings| settings.service_account_file = Some("/nowhere".into())).contains("/nowhere"));
    assert_eq!(error(&|settings| settings.guard.attempts = 0), "fcm.guard.attempts: must be 1 to 20");
    assert_eq!(error(&|settings| settings.request_timeout_ms = 0), "fcm.request_timeout_ms: must be 100 to 60000");
    let not_json = Fcm::new(&fcm_settings(&simulator), &"{}".to_owned().into());
    assert!(matches!(not_json, Err(PushSetupError::ServiceAccount)));
}

/// Workload identity federation: the machine's token, from a file or a URL, as it is or inside JSON; with and without a
/// service account.
#[tokio::test]
async fn a_gateway_without_a_key_is_who_its_machine_says() {
    let simulator = fcm_simulator().await;
    let folder = tempfile::tempdir().unwrap();
    let (plain, inside) = (folder.path().join("token"), folder.path().join("token.json"));
    std::fs::write(&plain, format!("{}\n", simulator.subject_token())).unwrap();
    std::fs::write(&inside, json!({ "id_token": simulator.subject_token() }).to_string()).unwrap();
    let format = json!({ "type": "json", "subject_token_field_name": "id_token" });
    let mut exchanges = 0;
    for source in [json!({ "file": plain }), json!({ "file": inside, "format": format })] {
        for impersonates in [true, false] {
            let mut settings = fcm_settings(&simulator);
            settings.project_id = Some("twostep-simulated".to_owned());
            let account = simulator.external_account(&source, impersonates).to_string();
            let fcm = Fcm::new(&settings, &account.into()).unwrap();
            for _ in 0..2 {
                let outcome = fcm.send(&fcm_token("device"), &push(code()), Timestamp::now()).await;
                assert!(is_accepted(&outcome), "{source} {impersonates}: {outcome:?}");
            }
            exchanges += 1;
            assert_eq!(simulator.token_journal().count(), exchanges, "the token is kept");
        }
    }

    let settings = {
        let mut settings = fcm_settings(&simulator);
        settings.project_id = Some("twostep-simulated".to_owned());
        settings
    };
    let outcome = async |source: serde_json::Value| {
        let account = simulator.external_account(&source, true).to_string();
        Fcm::new(&settings, &account.into()).unwrap().send(&fcm_token("device"), &push(code()), Timestamp::now()).await
    };
    let none = PushOutcome::Misconfigured(MisconfiguredReason::NoSubjectToken);
    for source in [
        json!({ "file": folder.path().join("nowhere") }),
        json!({ "file": plain, "format": format }),
        json!({ "file": inside, "format": { "type": "json", "subject_token_field_name": "other" } }),
    ] {
        assert_eq!(outcome(source.clone()).await, none, "{source}");
    }
    std::fs::write(&plain, "somebody-else").unwrap();
    let refused = PushOutcome::Misconfigured(MisconfiguredReason::ServiceAccountRefused);
    assert_eq!(outcome(json!({ "file": plain })).await, refused);

    let mut whole = simulator.external_account(&json!({ "file": plain }), true);
    for source in [json!({}), json!({ "executable": { "command": "id" } }), json!({ "environment_id": "aws1" })] {
        whole["credential_source"] = source;
        let refused = Fcm::new(&settings, &whole.to_string().into()).err();
        assert!(matches!(refused, Some(PushSetupError::WorkloadIdentity)), "{whole}");
    }
}
