//! Neither addresses nor codes nor credentials reach a log, whatever goes wrong.
//!
//! A process of its own: which events are worth anything is cached for all threads, and other tests beside it would
//! change that.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it set it up")]

#[path = "../push/support.rs"]
#[expect(dead_code, reason = "the other tests of the module use the rest")]
mod support;

use std::io;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tracing::instrument::WithSubscriber;
use tracing_subscriber::fmt::MakeWriter;
use twostep::providers::push::webpush::new_key;
use twostep::providers::push::{GuardSettings, Guarded, WebPushSettings};
use twostep_simulators::{ApnsBehaviour, ApnsFailure, FcmBehaviour, FcmFailure, WebPushBehaviour, WebPushFailure};

use crate::support::{
    apns, apns_simulator, apns_token, apns_token_text, browser, code, fcm, fcm_simulator, fcm_token, push,
    push_service, webpush, webpush_settings,
};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self::Writer {
        self.clone()
    }
}

async fn logged(level: &str, work: impl Future<Output = ()>) -> String {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_env_filter(level).with_writer(log.clone()).finish();
    work.with_subscriber(subscriber).await;
    let bytes = log.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

async fn send_through_all_weathers() {
    let settings = GuardSettings { attempts: 1, breaker_failures: 2, ..GuardSettings::default() };
    let fcm_simulator = fcm_simulator().await;
    let guarded_fcm = Guarded::new(fcm(&fcm_simulator), &settings);
    let dead = FcmBehaviour::Fail(FcmFailure::Unregistered);
    let bad = FcmBehaviour::BadGateway;
    fcm_simulator.script_all(vec![FcmBehaviour::Accept, dead, FcmBehaviour::CutLine, bad]);
    let apns_simulator = apns_simulator().await;
    let guarded_apns = Guarded::new(apns(&apns_simulator), &settings);
    let dead = ApnsBehaviour::Fail(ApnsFailure::Unregistered);
    apns_simulator.script_all(vec![ApnsBehaviour::Accept, dead, ApnsBehaviour::GoAway, ApnsBehaviour::CutLine]);
    let service = push_service().await;
    let client = webpush(&webpush_settings(&service), &new_key().unwrap());
    let guarded_webpush = Guarded::new(client, &settings);
    let dead = WebPushBehaviour::Fail(WebPushFailure::Gone);
    let elsewhere = WebPushFailure::Redirect { location: "https://push.invalid/secret-redirect".to_owned() };
    let script = vec![WebPushBehaviour::Accept, dead, WebPushBehaviour::Cut, WebPushBehaviour::Fail(elsewhere)];
    service.script_all(script);
    let open = browser(&service.subscribe(None));
    // Nobody listens there.
    let mut gone = service.subscribe(None);
    gone.endpoint = "https://127.0.0.1:1/push/secret-endpoint".to_owned();
    let gone = browser(&gone);
    let services = vec!["127.0.0.1:1".to_owned()];
    let nowhere = WebPushSettings { services, ..webpush_settings(&service) };
    let nowhere = Guarded::new(webpush(&nowhere, &new_key().unwrap()), &settings);
    for _ in 0..5 {
        let mut push = push(code());
        push.expires_at = Timestamp::now() + jiff::SignedDuration::from_secs(5);
        guarded_fcm.send(&fcm_token("secret-fcm-address"), &push, Timestamp::now()).await;
        guarded_apns.send(&apns_token(0x5ec7e7), &push, Timestamp::now()).await;
        guarded_webpush.send(&open, &push, Timestamp::now()).await;
        nowhere.send(&gone, &push, Timestamp::now()).await;
    }
}

#[tokio::test]
async fn logs_hold_no_secret() {
    for level in ["twostep=trace,info", "debug"] {
        let log = Box::pin(logged(level, send_through_all_weathers())).await;
        assert!(log.contains("circuit breaker opened"), "{log}");
        for secret in
            ["secret-fcm-address", &apns_token_text(0x5ec7e7), "123456", "123 456", "ya29.", "eyJ", "/push/", "secret-"]
        {
            assert!(!log.contains(secret), "{level}: {secret} in {log}");
        }
    }
}
