//! Codes for a browser whose page is closed. Its push service is a simulator: what the gateway sent there is handed to the worker.

use std::sync::Arc;

use serde_json::{Value, json};
use twostep_simulators::webpush::{WebPushRequest, WebPushSimulator};

use crate::driver::{Browser, Driver};
use crate::person::{Stage, shown_code};
use crate::support::client::DEADLINE;
use crate::support::gateway::TestGateway;
use crate::worker::Worker;

/// A gateway whose pushes go to the simulator.
pub struct Pushed {
    pub stage: Stage,
    service: WebPushSimulator,
}

impl Pushed {
    pub async fn new() -> Self {
        let service = WebPushSimulator::start("127.0.0.1:0".parse().expect("an address")).await.expect("it starts");
        let gateway = TestGateway::start_with(|settings| {
            settings.webpush.services = vec![service.host().to_owned()];
            settings.webpush.trust_root_file = Some(service.ca_file().to_owned());
        });
        Self { stage: Stage { gateway: gateway.await, driver: Driver::start() }, service }
    }

    /// A trusted browser whose user is asked on the page.
    pub async fn asked(&self) -> Browser {
        let browser = self.stage.trusted().await;
        let keys = self.stage.client().send(reqwest::Method::GET, "/v1/push/web", None, None).await.expect(200);
        let key = keys["public_key"].as_str().expect("Web Push is on").to_owned();
        let subscription = self.service.subscribe(Some(&key));
        let subscription = json!({ "endpoint": subscription.endpoint, "keys": { "p256dh": subscription.p256dh, "auth": subscription.auth } });
        permit(&browser, "prompt").await;
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": stub(&subscription) })).await;
        browser.go("/").await;
        browser.see("#notifications", "even while this page is closed").await;
        browser
    }

    /// Says yes to the page and to the browser.
    pub async fn turn_on(&self, browser: &Browser) {
        browser.click("#allow-notifications").await;
        permit(browser, "granted").await;
        browser.wait("Notification.permission === 'granted'").await;
        browser.run("window.answerPermission(Notification.permission)", json!([])).await;
        browser.see("#notifications", "Codes also reach this browser").await;
        let registered = "SELECT count(*) FROM devices WHERE push_kind = 'web_push' AND notifications_allowed";
        self.stage.gateway.database.await_count(registered, 1).await;
    }

    async fn turned_on(&self) -> Browser {
        let browser = self.asked().await;
        browser.expect_accessible("notifications are asked for").await;
        self.turn_on(&browser).await;
        browser.expect_accessible("notifications are on").await;
        browser
    }

    /// The message of the first push of a kind.
    async fn message(&self, kind: &str) -> Vec<u8> {
        let is_it = |push: &Arc<WebPushRequest>| push.json().is_some_and(|message| message["type"] == kind);
        let pushes = self.service.wait_for(DEADLINE, |pushes| pushes.iter().any(is_it)).await;
        let pushes = pushes.unwrap_or_else(|error| panic!("{kind}: {error}"));
        let push = pushes.iter().find(|push| is_it(push)).expect("it came");
        assert_eq!(push.refusal, None);
        push.message.clone().expect("it decrypts")
    }
}

/// What a browser without a push service lacks, and somebody who answers what it asks. Only the button tells the page.
fn stub(subscription: &Value) -> String {
    format!(
        "{{
            const kept = (key) => {{
                const applicationServerKey = Uint8Array.from(atob(key.replaceAll('-', '+').replaceAll('_', '/')), (byte) => byte.charCodeAt(0)).buffer;
                return {{ options: {{ userVisibleOnly: true, applicationServerKey }}, toJSON: () => ({subscription}), unsubscribe: async () => (localStorage.removeItem('subscribed'), true) }};
            }};
            navigator.permissions.query = () => Promise.reject(new Error('nobody listens'));
            Notification.requestPermission = () => new Promise((resolve) => (window.answerPermission = resolve));
            PushManager.prototype.getSubscription = async () => (localStorage.getItem('subscribed') ? kept(localStorage.getItem('subscribed')) : null);
            PushManager.prototype.subscribe = async ({{ userVisibleOnly, applicationServerKey }}) => {{
                if (!userVisibleOnly) throw new TypeError('silent pushes are not allowed');
                localStorage.setItem('subscribed', applicationServerKey);
                return kept(applicationServerKey);
            }};
        }}"
    )
}

async fn permit(browser: &Browser, setting: &str) {
    let permission = json!({ "permission": { "name": "notifications" }, "setting": setting });
    browser.devtools("Browser.setPermission", permission).await;
}

#[actix_web::test]
async fn a_closed_page_shows_a_code_and_says_so() {
    let pushed = Pushed::new().await;
    let first = pushed.turned_on().await;
    // At the next visit nothing is asked, and the subscription is the same.
    first.go("/").await;
    first.see("#notifications", "Codes also reach this browser").await;
    first.expect_clean_console().await;
    first.close_page().await;
    let mut worker = Worker::of(&first, &pushed.stage.gateway.url()).await;

    let second = pushed.stage.asking().await;
    let message = pushed.message("code").await;
    worker.push(&message).await;
    second.see("#shown", "Shown on 1 of 1 trusted device").await;
    let shown = worker.wait("shown.length === 1").await;
    let message: Value = serde_json::from_slice(&message).expect("JSON");
    let code = message["code"].as_str().expect("a code");
    let body = shown[0]["body"].as_str().expect("a text");
    assert!(body.contains(&format!("{}\u{a0}{}", &code[..3], &code[3..])), "{body}");
    assert_eq!(body.matches("Chrome on Linux").count(), 1, "{body}");
    assert_eq!((&shown[0]["tag"], &shown[0]["silent"]), (&message["challenge_id"], &json!(false)));
    assert_eq!((&shown[0]["lang"], &shown[0]["requireInteraction"]), (&json!("en"), &json!(true)));
    assert_eq!(shown[0]["actions"][0]["action"], "deny");

    // It is used: the notification goes.
    second.fill("#code", code).await;
    second.see("#connection", "Live").await;
    worker.push(&pushed.message("withdraw").await).await;
    worker.wait("shown.length === 0").await;
    second.expect_clean_console().await;
    drop(worker);
    pushed.stage.end([first, second]).await;
}

#[actix_web::test]
async fn this_was_not_me_is_said_on_the_notification() {
    let pushed = Pushed::new().await;
    let first = pushed.turned_on().await;
    first.close_page().await;
    let mut worker = Worker::of(&first, &pushed.stage.gateway.url()).await;
    let second = pushed.stage.asking().await;
    worker.push(&pushed.message("code").await).await;
    worker.wait("shown.length === 1").await;
    // A click that a script makes up keeps no worker alive: this one waits for it.
    let deny = "const [notification] = await registration.getNotifications();
        const event = new NotificationEvent('notificationclick', { notification, action: 'deny' });
        let work;
        event.waitUntil = (promise) => (work = promise);
        dispatchEvent(event);
        await work;";
    worker.run(deny).await;
    second.see("#notice", "this was not them").await;
    let shown = worker.wait("shown.length === 1").await;
    assert_eq!(shown[0]["title"], "Request stopped");
    assert!(shown[0]["body"].as_str().is_some_and(|body| body.contains("Change it now")), "{shown:?}");
    // What is withdrawn says nothing beside it.
    let denied: Value = serde_json::from_slice(&pushed.message("code").await).expect("JSON");
    let mut withdrawn = denied.clone();
    withdrawn["type"] = "withdraw".into();
    worker.push(withdrawn.to_string().as_bytes()).await;
    let shown = worker.wait("shown.length === 1").await;
    assert_eq!(shown[0]["title"], "Request stopped");
    second.expect_clean_console().await;
    drop(worker);
    pushed.stage.end([first, second]).await;
}

#[actix_web::test]
async fn a_code_that_comes_by_socket_and_by_push_is_one_notification_and_rings_once() {
    let pushed = Pushed::new().await;
    let first = pushed.turned_on().await;
    first.see("#connection", "Live").await;
    first.click("#test-notification").await;
    first.see("#announcer", "A test is on its way").await;
    let mut worker = Worker::of(&first, &pushed.stage.gateway.url()).await;
    worker.push(&pushed.message("alert").await).await;
    let shown = worker.wait("shown.length === 1").await;
    assert_eq!(shown[0]["title"], "Notifications work");
    worker.run("for (const one of await registration.getNotifications()) one.close()").await;

    let second = pushed.stage.asking().await;
    let code = shown_code(&first).await;
    let challenge = first.wait("document.querySelector('#codes section').dataset.challenge").await;
    let challenge = challenge.as_str().expect("an id");
    let shown = worker.wait("shown.length === 1").await;
    assert_eq!((&shown[0]["tag"], &shown[0]["actions"]), (&json!(challenge), &json!([])));
    let message = |generation: u32| {
        json!({
            "type": "code", "account_tag": "a", "challenge_id": challenge, "generation": generation, "language": "en",
            "title": "Your sign-in code", "body": code, "code": code, "requester": "Chrome on Linux",
            "requested_at": "2026-03-05T08:00:00Z", "expires_at": "2026-03-05T08:05:00Z",
        })
    };
    worker.push(message(1).to_string().as_bytes()).await;
    let shown = worker.wait("shown.length === 1 && shown[0].actions.length === 1").await;
    assert_eq!(shown[0]["silent"], true);
    // An earlier code comes too late.
    worker.push(message(0).to_string().as_bytes()).await;
    let shown = worker.wait("shown.length === 1").await;
    assert_eq!(shown[0]["data"]["generation"], 1);

    second.fill("#code", &code).await;
    second.see("#connection", "Live").await;
    first.gone("#codes").await;
    worker.wait("shown.length === 0").await;
    // The last account of this browser leaves, and its subscription with it.
    first.click("#sign-out").await;
    first.wait("localStorage.getItem('subscribed') === null").await;
    for browser in [&first, &second] {
        browser.expect_clean_console().await;
    }
    drop(worker);
    pushed.stage.end([first, second]).await;
}
