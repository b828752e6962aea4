//! The service worker of a page, through the Chrome DevTools Protocol itself: chromedriver hands on no events and no workers.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::driver::Browser;
use crate::support::client::DEADLINE;

/// The worker of a site in a browser, whatever its window shows.
pub struct Worker {
    devtools: DevTools,
    page: String,
    worker: String,
    origin: String,
    registration: String,
}

impl Worker {
    /// The running worker of a site that a page registered.
    pub async fn of(browser: &Browser, origin: &str) -> Self {
        let mut devtools = DevTools::connect(browser.debugger()).await;
        let page = devtools.attach("page").await;
        devtools.call(Some(&page), "ServiceWorker.enable", json!({})).await;
        let scope = format!("{origin}/");
        let ours = |updated: &Value| {
            let all = updated["registrations"].as_array()?;
            let ours = all.iter().find(|one| one["scopeURL"] == scope.as_str())?;
            ours["registrationId"].as_str().map(str::to_owned)
        };
        let registration = devtools.event("ServiceWorker.workerRegistrationUpdated", ours).await;
        devtools.call(Some(&page), "ServiceWorker.startWorker", json!({ "scopeURL": scope })).await;
        let worker = devtools.attach("service_worker").await;
        let mut worker = Self { devtools, page, worker, origin: origin.to_owned(), registration };
        worker.wait("registration.active?.state === 'activated'").await;
        // Counts what was handled to the end.
        let count = "globalThis.handled = 0;
            const { waitUntil } = ExtendableEvent.prototype;
            ExtendableEvent.prototype.waitUntil = function (work) {
                waitUntil.call(this, work);
                Promise.resolve(work).catch(() => {}).then(() => (globalThis.handled += 1));
            };";
        worker.run(count).await;
        worker
    }

    /// Delivers what a push service would have, and waits until the worker is done with it. Nobody may ask for notifications meanwhile:
    /// Chromium forgets one that is asked about after it was written down and before it is on the screen.
    pub async fn push(&mut self, message: &[u8]) {
        let before = self.run("return globalThis.handled;").await;
        let data = std::str::from_utf8(message).expect("JSON");
        let push = json!({ "origin": self.origin, "registrationId": self.registration, "data": data });
        self.devtools.call(Some(&self.page), "ServiceWorker.deliverPushMessage", push).await;
        let done = format!(
            "const end = performance.now() + {};
            while (globalThis.handled === {before} && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 15));
            return globalThis.handled;",
            DEADLINE.as_millis() / 2
        );
        let handled = self.run(&done).await;
        assert!(handled.as_u64() > before.as_u64(), "the worker did not handle a push: {handled}");
    }

    /// Runs the body of an asynchronous function in the worker.
    pub async fn run(&mut self, body: &str) -> Value {
        let expression = format!("(async () => {{ {body} }})()");
        let evaluate = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.devtools.call(Some(&self.worker), "Runtime.evaluate", evaluate).await;
        assert!(answer.get("exceptionDetails").is_none(), "{body}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression about `shown`, the notifications of this site, is true in the worker; returns them.
    #[track_caller]
    pub fn wait<'a>(&'a mut self, expression: &str) -> impl Future<Output = Vec<Value>> + use<'a> {
        let at = std::panic::Location::caller();
        let look = format!(
            "const end = performance.now() + {}; let shown = [];
             while (performance.now() < end) {{
                 shown = (await registration.getNotifications()).map(({{ title, body, tag, lang, silent, requireInteraction, actions, data }}) =>
                     ({{ title, body, tag, lang, silent, requireInteraction, actions, data }}));
                 if ({expression}) return {{ shown, found: true }};
                 await new Promise((resolve) => setTimeout(resolve, 200));
             }}
             return {{ shown }};",
            DEADLINE.as_millis() / 2
        );
        let expression = expression.to_owned();
        async move {
            let answer = self.run(&look).await;
            assert!(answer["found"] == true, "{at}: never came: {expression}: {answer}");
            answer["shown"].as_array().expect("a list").clone()
        }
    }
}

struct DevTools {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_id: u64,
    events: Vec<Value>,
}

impl DevTools {
    async fn connect(debugger: &str) -> Self {
        let version = reqwest::get(format!("http://{debugger}/json/version")).await.expect("Chromium answers");
        let version: Value = version.json().await.expect("JSON");
        let url = version["webSocketDebuggerUrl"].as_str().expect("an address").to_owned();
        let (socket, _) = connect_async(url).await.expect("let in");
        let mut devtools = Self { socket, last_id: 0, events: Vec::new() };
        devtools.call(None, "Target.setDiscoverTargets", json!({ "discover": true })).await;
        devtools
    }

    /// Attaches to the first target of a kind, once there is one.
    async fn attach(&mut self, kind: &str) -> String {
        let id = |created: &Value| {
            let target = &created["targetInfo"];
            (target["type"] == kind).then(|| target["targetId"].clone())
        };
        let target = self.event("Target.targetCreated", id).await;
        let attach = json!({ "targetId": target, "flatten": true });
        let attached = self.call(None, "Target.attachToTarget", attach).await;
        attached["sessionId"].as_str().expect("a session").to_owned()
    }

    async fn call(&mut self, session: Option<&str>, method: &str, parameters: Value) -> Value {
        self.last_id += 1;
        let mut call = json!({ "id": self.last_id, "method": method, "params": parameters });
        if let Some(session) = session {
            call["sessionId"] = session.into();
        }
        self.socket.send(Message::text(call.to_string())).await.expect("Chromium listens");
        loop {
            let message = self.next().await;
            if message["id"] == self.last_id {
                assert!(message.get("error").is_none(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    /// What is looked for in the events of a name, in those that came already and those that come.
    async fn event<T>(&mut self, name: &str, find: impl Fn(&Value) -> Option<T>) -> T {
        let find = |event: &Value| (event["method"] == name).then(|| find(&event["params"]))?;
        if let Some(found) = self.events.iter().find_map(find) {
            return found;
        }
        loop {
            let message = self.next().await;
            if let Some(found) = find(&message) {
                return found;
            }
            self.events.push(message);
        }
    }

    async fn next(&mut self) -> Value {
        loop {
            let message = tokio::time::timeout(DEADLINE, self.socket.next()).await.expect("a message in time");
            if let Message::Text(text) = message.expect("it is open").expect("it is in order") {
                return serde_json::from_str(&text).expect("JSON");
            }
        }
    }
}
