//! The connections to APNs: how many, how they start, how their ends are survived.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use twostep::providers::push::{Apns, PushOutcome, PushProvider, TransientCause};
use twostep_private_file::Privacy;
use twostep_simulators::{ApnsBehaviour, ApnsOptions, ApnsSimulator};

use crate::support::{
    DEADLINE, any_port, apns, apns_settings, apns_simulator, apns_token, apns_token_text, code, push,
};

fn lost() -> PushOutcome {
    PushOutcome::RetryAfter { cause: TransientCause::ConnectionLost, wait: None }
}

fn is_accepted(outcome: &PushOutcome) -> bool {
    matches!(outcome, PushOutcome::Accepted { .. })
}

async fn send_many(apns: &Arc<Apns>, count: usize) -> Vec<PushOutcome> {
    let mut sends = JoinSet::new();
    for number in 0..count {
        let apns = Arc::clone(apns);
        sends.spawn(async move { apns.send(&apns_token(number), &push(code()), Timestamp::now()).await });
    }
    sends.join_all().await
}

#[tokio::test]
async fn two_thousand_pushes_share_two_connections() {
    let options = ApnsOptions { most_streams: 200, ..ApnsOptions::default() };
    let simulator = ApnsSimulator::start_with(any_port(), options).await.unwrap();
    let later = ApnsBehaviour::Slow(Duration::from_millis(5), Box::new(ApnsBehaviour::Accept));
    simulator.always_all(Some(later));
    let mut settings = apns_settings(&simulator);
    settings.connections = 2;
    settings.request_timeout_ms = 30_000;
    let apns = Arc::new(Apns::open(&settings, Privacy::Unchecked).unwrap().unwrap());
    let outcomes = send_many(&apns, 2_000).await;
    assert!(outcomes.iter().all(is_accepted));
    assert_eq!(simulator.connections(), 2);
    assert_eq!(simulator.early_streams(), 0);
    assert_eq!(simulator.journal().count(), 2_000);
    assert!((2..=200).contains(&simulator.most_open_streams()), "{}", simulator.most_open_streams());
}

#[tokio::test]
async fn one_stream_until_the_first_success() {
    let simulator = apns_simulator().await;
    let later = ApnsBehaviour::Slow(Duration::from_millis(100), Box::new(ApnsBehaviour::Accept));
    simulator.script_all(vec![later.clone(); 20]);
    let outcomes = send_many(&Arc::new(apns(&simulator)), 20).await;
    assert!(outcomes.iter().all(is_accepted));
    assert_eq!(simulator.early_streams(), 0);
    assert!(simulator.most_open_streams() > 1);
    let received = simulator.received();
    let pause = received[1].at - received[0].at;
    assert!(pause >= Duration::from_millis(100), "{pause:?}");
}

#[tokio::test]
async fn goaway_moves_what_was_not_looked_at() {
    let simulator = apns_simulator().await;
    let apns = apns(&simulator);
    assert!(is_accepted(&apns.send(&apns_token(1), &push(code()), Timestamp::now()).await));
    simulator.script_all(vec![ApnsBehaviour::GoAway]);
    assert!(is_accepted(&apns.send(&apns_token(2), &push(code()), Timestamp::now()).await));
    let connections: Vec<_> = simulator.received().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0, 1]);
    let received = simulator.received();
    assert_eq!(received[1].headers["apns-id"], received[2].headers["apns-id"]);
}

#[tokio::test]
async fn goaway_leaves_earlier_streams_their_answers() {
    let simulator = apns_simulator().await;
    let apns = Arc::new(apns(&simulator));
    assert!(is_accepted(&apns.send(&apns_token(1), &push(code()), Timestamp::now()).await));
    let late = ApnsBehaviour::Slow(Duration::from_millis(300), Box::new(ApnsBehaviour::Accept));
    simulator.script(&apns_token_text(2), vec![late]);
    let earlier = tokio::spawn({
        let apns = Arc::clone(&apns);
        async move { apns.send(&apns_token(2), &push(code()), Timestamp::now()).await }
    });
    simulator.journal().wait_for_count(2, DEADLINE).await.unwrap();
    simulator.script(&apns_token_text(3), vec![ApnsBehaviour::GoAway]);
    assert!(is_accepted(&apns.send(&apns_token(3), &push(code()), Timestamp::now()).await));
    assert!(is_accepted(&earlier.await.unwrap()));
    let to_second = simulator.received().iter().filter(|request| request.device_token == apns_token_text(2)).count();
    assert_eq!(to_second, 1);
    assert_eq!(simulator.connections(), 2);
}

#[tokio::test]
async fn goaway_after_an_answer_only_costs_a_new_connection() {
    let simulator = apns_simulator().await;
    let apns = apns(&simulator);
    simulator.script_all(vec![ApnsBehaviour::AcceptThenGoAway]);
    for number in 0..3 {
        assert!(is_accepted(&apns.send(&apns_token(number), &push(code()), Timestamp::now()).await));
    }
    assert_eq!(simulator.connections(), 2);
    assert_eq!(simulator.journal().count(), 3);
}

#[tokio::test]
async fn refused_stream_is_sent_again() {
    let simulator = apns_simulator().await;
    let apns = apns(&simulator);
    assert!(is_accepted(&apns.send(&apns_token(1), &push(code()), Timestamp::now()).await));
    simulator.script_all(vec![ApnsBehaviour::RefuseStream]);
    assert!(is_accepted(&apns.send(&apns_token(2), &push(code()), Timestamp::now()).await));
}

#[tokio::test]
async fn cut_line_is_reported_and_the_next_push_connects_anew() {
    let simulator = apns_simulator().await;
    let apns = apns(&simulator);
    assert!(is_accepted(&apns.send(&apns_token(1), &push(code()), Timestamp::now()).await));
    simulator.script_all(vec![ApnsBehaviour::CutLine]);
    assert_eq!(apns.send(&apns_token(2), &push(code()), Timestamp::now()).await, lost());
    assert!(is_accepted(&apns.send(&apns_token(2), &push(code()), Timestamp::now()).await));
    assert_eq!(simulator.connections(), 2);
}

#[tokio::test]
async fn silent_connection_is_replaced_after_a_timeout() {
    let simulator = apns_simulator().await;
    let mut settings = apns_settings(&simulator);
    settings.request_timeout_ms = 1_500;
    let apns = Apns::open(&settings, Privacy::Unchecked).unwrap().unwrap();
    assert!(is_accepted(&apns.send(&apns_token(1), &push(code()), Timestamp::now()).await));
    simulator.script_all(vec![ApnsBehaviour::Hang]);
    let timed_out = PushOutcome::RetryAfter { cause: TransientCause::TimedOut, wait: None };
    assert_eq!(apns.send(&apns_token(2), &push(code()), Timestamp::now()).await, timed_out);
    assert!(is_accepted(&apns.send(&apns_token(2), &push(code()), Timestamp::now()).await));
    assert_eq!(simulator.connections(), 2);
}

#[tokio::test]
async fn one_slow_device_does_not_cost_the_connection() {
    let simulator = apns_simulator().await;
    let mut settings = apns_settings(&simulator);
    settings.request_timeout_ms = 1_500;
    let apns = Arc::new(Apns::open(&settings, Privacy::Unchecked).unwrap().unwrap());
    assert!(is_accepted(&apns.send(&apns_token(1), &push(code()), Timestamp::now()).await));
    simulator.script(&apns_token_text(2), vec![ApnsBehaviour::Hang]);
    let slow = tokio::spawn({
        let apns = Arc::clone(&apns);
        async move { apns.send(&apns_token(2), &push(code()), Timestamp::now()).await }
    });
    simulator.journal().wait_for_count(2, DEADLINE).await.unwrap();
    assert!(is_accepted(&apns.send(&apns_token(3), &push(code()), Timestamp::now()).await));
    assert!(!is_accepted(&slow.await.unwrap()));
    assert!(is_accepted(&apns.send(&apns_token(3), &push(code()), Timestamp::now()).await));
    assert_eq!(simulator.connections(), 1);
}

#[tokio::test]
async fn a_server_that_always_cuts_is_not_hammered() {
    let simulator = apns_simulator().await;
    simulator.always_all(Some(ApnsBehaviour::CutLine));
    let mut settings = apns_settings(&simulator);
    settings.request_timeout_ms = 2_000;
    let apns = Arc::new(Apns::open(&settings, Privacy::Unchecked).unwrap().unwrap());
    let outcomes = send_many(&apns, 200).await;
    assert!(!outcomes.iter().any(is_accepted));
    assert!(simulator.connections() <= 5, "{}", simulator.connections());
}

#[tokio::test]
async fn nobody_listening_is_a_lost_connection() {
    let simulator = apns_simulator().await;
    let settings = apns_settings(&simulator);
    let apns = Apns::open(&settings, Privacy::Unchecked).unwrap().unwrap();
    drop(simulator);
    tokio::task::yield_now().await;
    let outcome = apns.send(&apns_token(1), &push(code()), Timestamp::now()).await;
    let cause = TransientCause::ConnectionLost;
    assert!(matches!(outcome, PushOutcome::RetryAfter { cause: found, .. } if found == cause), "{outcome:?}");
}

#[tokio::test]
async fn a_server_that_never_shakes_hands_is_a_lost_connection() {
    let simulator = apns_simulator().await;
    let black_hole = std::net::TcpListener::bind(any_port()).unwrap();
    let mut settings = apns_settings(&simulator);
    settings.base_url = format!("https://{}", black_hole.local_addr().unwrap());
    settings.request_timeout_ms = 600;
    let apns = Apns::open(&settings, Privacy::Unchecked).unwrap().unwrap();
    assert_eq!(apns.send(&apns_token(1), &push(code()), Timestamp::now()).await, lost());
}
