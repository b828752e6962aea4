//! What the simulator can be told to do.

use std::time::Duration;

use twostep_simulators::{WebPushBehaviour, WebPushFailure};

use crate::application_server::ApplicationServer;
use crate::{DEADLINE, push, start};

#[tokio::test]
async fn every_failure_is_on_the_wire() {
    let simulator = start().await;
    let subscription = simulator.subscribe(None);
    for failure in WebPushFailure::all() {
        simulator.script(&subscription.endpoint, vec![WebPushBehaviour::Fail(failure.clone())]);
        assert_eq!(push(&simulator, &subscription).await, (failure.status(), None), "{failure:?}");
        // It was in order all the same.
        let received = simulator.received().pop().unwrap();
        assert!(received.refusal.is_none() && received.message.is_some());
    }
    for (milliseconds, seconds) in [(30_000, "30"), (1_500, "2")] {
        let retry_after = Some(Duration::from_millis(milliseconds));
        let busy = WebPushBehaviour::Fail(WebPushFailure::TooManyRequests { retry_after });
        let down = WebPushBehaviour::Fail(WebPushFailure::Unavailable { retry_after });
        simulator.script_all(vec![busy, down]);
        assert_eq!(push(&simulator, &subscription).await, (429, Some(seconds.to_owned())));
        assert_eq!(push(&simulator, &subscription).await, (503, Some(seconds.to_owned())));
    }
}

#[tokio::test]
async fn behaviours_stand_for_one_endpoint_or_for_all() {
    let simulator = start().await;
    let first = simulator.subscribe(None);
    let second = simulator.subscribe(None);
    simulator.always(&first.endpoint, Some(WebPushBehaviour::Fail(WebPushFailure::Gone)));
    simulator.always_all(Some(WebPushBehaviour::Answer {
        status: 502,
        content_type: "text/plain",
        body: "no".to_owned(),
    }));
    for _ in 0..2 {
        assert_eq!(push(&simulator, &first).await.0, 410);
        assert_eq!(push(&simulator, &second).await.0, 502);
    }
    simulator.always(&first.endpoint, None);
    simulator.always_all(Some(WebPushBehaviour::Slow(Duration::from_millis(10))));
    assert_eq!((push(&simulator, &first).await.0, push(&simulator, &second).await.0), (201, 201));
}

#[tokio::test]
async fn a_redirect_names_its_place() {
    let simulator = start().await;
    let subscription = simulator.subscribe(None);
    let location = "https://127.0.0.1:1/push/x".to_owned();
    simulator.script_all(vec![WebPushBehaviour::Fail(WebPushFailure::Redirect { location: location.clone() })]);
    let request = ApplicationServer::generate().request(&simulator, &subscription, b"{}");
    let answer = request.send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (307, location.as_str()));
}

#[tokio::test]
async fn the_line_is_harmed() {
    let simulator = start().await;
    let subscription = simulator.subscribe(None);
    simulator.script_all(vec![WebPushBehaviour::Cut, WebPushBehaviour::Hang]);
    let server = ApplicationServer::generate();
    assert!(server.request(&simulator, &subscription, b"{}").send().await.is_err());
    // It hangs while a later push on a connection of its own is answered.
    let hanging = tokio::spawn(server.request(&simulator, &subscription, b"{}").send());
    simulator.wait_for(DEADLINE, |received| received.len() == 2).await.unwrap();
    assert_eq!(push(&simulator, &subscription).await.0, 201);
    assert!(!hanging.is_finished());
    assert!(simulator.open_connections() >= 1);
    hanging.abort();
}
