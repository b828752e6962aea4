//! Chromium through chromedriver: W3C WebDriver over plain HTTP, as far as the tests need it.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::client::DEADLINE;

/// Looking through a whole page takes long where many browsers share a machine.
const SCRIPT_DEADLINE: Duration = Duration::from_secs(300);
/// WebDriver section 12: the name of a reference to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// What is announced goes after some seconds: every page keeps what it was.
const LISTEN: &str = "window.said = []; document.addEventListener('DOMContentLoaded', () => {
    const announcer = document.getElementById('announcer');
    if (announcer) new MutationObserver(() => window.said.push(announcer.textContent)).observe(announcer, { childList: true });
});";
const HELP: &str = "scripts/install-browser installs Chromium and chromedriver";

/// chromedriver, and the browsers that it started.
pub struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    pub fn start() -> Self {
        // The port that it finds free on IPv4 may be taken on IPv6; it then ends.
        (0..3).find_map(|_| Self::try_to_start()).expect("it says where it listens")
    }

    fn try_to_start() -> Option<Self> {
        let started = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut process = started.expect(HELP);
        let said = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut lines = said.lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            let port = line.strip_prefix("ChromeDriver was started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        let Some(port) = port else {
            process.wait().expect("it has ended");
            return None;
        };
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { process, port })
    }

    /// A browser with a profile of its own that shows this site.
    pub async fn open(&self, url: &str) -> Browser {
        let profile = tempfile::tempdir().expect("a folder");
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--lang=en",
            "--window-size=1280,900",
        ];
        let mut arguments: Vec<String> = arguments.map(str::to_owned).to_vec();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "script": SCRIPT_DEADLINE.as_millis() },
        } } });
        let http = reqwest::Client::builder().timeout(2 * SCRIPT_DEADLINE).build().expect("a client");
        let mut browser = Browser {
            http,
            port: self.port,
            session: String::new(),
            debugger: String::new(),
            site: url.to_owned(),
            _profile: profile,
        };
        let opened = browser.call(Method::POST, "", capabilities).await;
        browser.session = opened["sessionId"].as_str().unwrap_or_else(|| panic!("{opened}")).to_owned();
        let debugger = &opened["capabilities"]["goog:chromeOptions"]["debuggerAddress"];
        browser.debugger = debugger.as_str().unwrap_or_else(|| panic!("{opened}")).to_owned();
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": LISTEN })).await;
        browser.go("/").await;
        browser
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One browser with one window.
pub struct Browser {
    http: reqwest::Client,
    port: u16,
    session: String,
    debugger: String,
    site: String,
    _profile: TempDir,
}

impl Browser {
    async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let value = self.answer(method, path, body).await;
        assert!(value.get("error").is_none(), "{path}: {} {}", value["error"], value["message"]);
        value
    }

    /// What chromedriver says, also if it is an error.
    async fn answer(&self, method: Method, path: &str, body: Value) -> Value {
        let session = if self.session.is_empty() { String::new() } else { format!("/{}", self.session) };
        let request =
            self.http.request(method.clone(), format!("http://127.0.0.1:{}/session{session}{path}", self.port));
        let request = if method == Method::POST { request.json(&body) } else { request };
        let answer = request.send().await.expect("chromedriver answers");
        let text = answer.text().await.expect("a body");
        let answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path}: {text}"));
        answer["value"].clone()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.call(Method::POST, path, body).await
    }

    /// Shows a page of the site.
    pub async fn go(&self, path: &str) {
        self.post("/url", json!({ "url": format!("{}{path}", self.site) })).await;
    }

    /// Leaves the site: no window of it is open any more.
    pub async fn close_page(&self) {
        self.post("/url", json!({ "url": "about:blank" })).await;
    }

    /// Where its DevTools listen.
    pub fn debugger(&self) -> &str {
        &self.debugger
    }

    /// Waits until this page has announced a text.
    #[track_caller]
    pub fn heard<'a>(&'a self, text: &str) -> impl Future<Output = Value> + use<'a> {
        self.wait(&format!("window.said.some((said) => said.includes({text:?}))"))
    }

    /// Runs a function body in the page.
    pub async fn run(&self, script: &str, arguments: Value) -> Value {
        self.post("/execute/sync", json!({ "script": script, "args": arguments })).await
    }

    /// Waits until an expression in the page is true; returns its value.
    #[track_caller]
    pub fn wait<'a>(&'a self, expression: &str) -> impl Future<Output = Value> + use<'a> {
        let at = std::panic::Location::caller();
        let script = format!(
            "const done = arguments[0], end = performance.now() + {};
             (function look() {{
                 let value = null;
                 try {{ value = ({expression}); }} catch {{}}
                 if (value || performance.now() > end) return done(value || null);
                 setTimeout(look, 15);
             }})();",
            DEADLINE.as_millis() - 1000
        );
        let expression = expression.to_owned();
        async move {
            let value = self.post("/execute/async", json!({ "script": script, "args": [] })).await;
            if value.is_null() {
                let shown = self.run("return document.body.innerText", json!([])).await;
                panic!("{at}: never came: {expression}\non the page: {shown}\nconsole: {:?}", self.console().await);
            }
            value
        }
    }

    /// Waits until something visible holds this text.
    #[track_caller]
    pub fn see<'a>(&'a self, css: &str, text: &str) -> impl Future<Output = Value> + use<'a> {
        self.wait(&format!(
            "[...document.querySelectorAll({css:?})].some((found) => found.checkVisibility() && found.textContent.includes({text:?}))"
        ))
    }

    /// Waits until nothing visible matches.
    #[track_caller]
    pub fn gone<'a>(&'a self, css: &str) -> impl Future<Output = Value> + use<'a> {
        self.wait(&format!("![...document.querySelectorAll({css:?})].some((found) => found.checkVisibility())"))
    }

    #[track_caller]
    fn usable<'a>(&'a self, css: &str) -> impl Future<Output = Value> + use<'a> {
        self.wait(&format!(
            "[...document.querySelectorAll({css:?})].find((found) => found.checkVisibility() && !found.disabled)"
        ))
    }

    /// Clicks what matches, as a person does.
    #[track_caller]
    pub fn click<'a>(&'a self, css: &str) -> impl Future<Output = ()> + use<'a> {
        self.act(css, vec![("click", json!({}))])
    }

    /// Types into a field that is then the only text in it.
    #[track_caller]
    pub fn fill<'a>(&'a self, css: &str, text: &str) -> impl Future<Output = ()> + use<'a> {
        self.act(css, vec![("clear", json!({})), ("value", json!({ "text": text }))])
    }

    /// Does one thing after the other to what matches. Where that is drawn anew between two calls, once more from the beginning: a person
    /// would not have noticed.
    #[track_caller]
    fn act<'a>(&'a self, css: &str, steps: Vec<(&'static str, Value)>) -> impl Future<Output = ()> + use<'a> {
        let css = css.to_owned();
        let (usable, again) = (self.usable(&css), self.usable(&css));
        async move {
            let found = usable.await;
            if self.try_steps(&found, &steps).await.is_some() {
                let refused = self.try_steps(&again.await, &steps).await;
                assert!(refused.is_none(), "{css}: {refused:?}");
            }
        }
    }

    /// Does steps to an element; what the driver says of one that is drawn anew meanwhile.
    async fn try_steps(&self, found: &Value, steps: &[(&'static str, Value)]) -> Option<Value> {
        let element = found[ELEMENT].as_str().expect("an element");
        for (step, body) in steps {
            let answer = self.answer(Method::POST, &format!("/element/{element}/{step}"), body.clone()).await;
            if answer["error"] == "stale element reference" {
                return Some(answer);
            }
            assert!(answer.get("error").is_none(), "{step}: {answer}");
        }
        None
    }

    /// Chooses from a list.
    pub async fn choose(&self, css: &str, value: &str) {
        self.usable(css).await;
        let choose = "const list = document.querySelector(arguments[0]); list.value = arguments[1]; list.dispatchEvent(new Event('change'));";
        self.run(choose, json!([css, value])).await;
    }

    /// Presses keys wherever the keyboard is.
    pub async fn press(&self, keys: &[&str]) {
        let mut actions = Vec::new();
        for key in keys {
            for kind in ["keyDown", "keyUp"] {
                actions.push(json!({ "type": kind, "value": key }));
            }
        }
        self.post("/actions", json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] })).await;
    }

    /// The text of what matches first.
    #[track_caller]
    pub fn text<'a>(&'a self, css: &str) -> impl Future<Output = String> + use<'a> {
        let found = self.wait(&format!("document.querySelector({css:?}).textContent"));
        async move { found.await.as_str().expect("a text").to_owned() }
    }

    /// What the console of the page holds since the last look: level and message.
    pub async fn console(&self) -> Vec<(String, String)> {
        let entries = self.post("/se/log", json!({ "type": "browser" })).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        entries.as_array().into_iter().flatten().map(|entry| (text(&entry["level"]), text(&entry["message"]))).collect()
    }

    /// Asserts that nothing went wrong in the page: no error, no breach of its policy, no other host.
    #[track_caller]
    pub fn expect_clean_console(&self) -> impl Future<Output = ()> {
        let at = std::panic::Location::caller();
        async move {
            // Chromium notes every refused call; what the page made of it is what the tests look at.
            let is_refusal = |text: &str| {
                let is_call = text.contains("/v1/") || text.contains("/admin/");
                is_call && text.contains("the server responded with a status of 4")
            };
            let is_bad =
                |(level, text): &(String, String)| matches!(level.as_str(), "SEVERE" | "WARNING") && !is_refusal(text);
            let bad: Vec<_> = self.console().await.into_iter().filter(is_bad).collect();
            assert!(bad.is_empty(), "{at}: {bad:?}");
        }
    }

    /// Asserts that axe-core finds nothing that keeps people out (WCAG 2.2 A and AA, and its best practices).
    #[track_caller]
    pub fn expect_accessible(&self, screen: &str) -> impl Future<Output = ()> {
        let (at, screen) = (std::panic::Location::caller(), screen.to_owned());
        async move {
            self.settle().await;
            self.run(&axe(), json!([])).await;
            let script = "const done = arguments[0]; axe.run().then((found) => done(found.violations), (error) => done(String(error)));";
            let violations = self.post("/execute/async", json!({ "script": script, "args": [] })).await;
            let mut found = String::new();
            for violation in violations.as_array().unwrap_or_else(|| panic!("{violations}")) {
                let _ = writeln!(found, "{}: {}", violation["id"], violation["help"]);
                for node in violation["nodes"].as_array().into_iter().flatten() {
                    let _ = writeln!(found, "  {} {}", node["html"], node["failureSummary"]);
                }
            }
            assert!(found.is_empty(), "{at}: {screen}\n{found}");
        }
    }

    /// Waits until nothing moves: a colour half way is not what people read.
    async fn settle(&self) {
        self.wait("document.getAnimations().every((one) => one.playState === 'finished')").await;
    }

    /// A size in CSS pixels, and light or dark.
    pub async fn look(&self, width: u32, height: u32, scheme: &str) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700 });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    /// A command of the Chrome DevTools Protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.post("/goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    /// A picture of the window as a PNG.
    pub async fn picture(&self) -> Vec<u8> {
        self.settle().await;
        let picture = self.call(Method::GET, "/screenshot", Value::Null).await;
        base64::engine::general_purpose::STANDARD.decode(picture.as_str().expect("a text")).expect("base64")
    }
}

impl Drop for Browser {
    /// Chromium ends with its session; chromedriver's own end would leave it.
    fn drop(&mut self) {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return };
        let request =
            format!("DELETE /session/{} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", self.session);
        if stream.write_all(request.as_bytes()).is_ok() {
            let _ = stream.set_read_timeout(Some(DEADLINE));
            // The answer begins when Chromium is gone.
            let _ = stream.read(&mut [0; 64]);
        }
    }
}

fn axe() -> String {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let path = target.join("browser-tools/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run scripts/install-browser", path.display()))
}
