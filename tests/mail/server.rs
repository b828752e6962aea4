//! A real mail server in a process of its own (aiosmtpd), scripted by the test, with a certificate made for it.

use std::process::Stdio;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use twostep::providers::mail::SmtpTls;
use twostep::settings::Settings;

use crate::support::client::{DEADLINE, code_in};
use crate::support::python::test_python;

pub const USER: &str = "gateway";
/// Looks like a number: it is a text all the same.
pub const PASSWORD: &str = "0123456789";

/// How the server speaks.
pub struct Speaks {
    pub tls: SmtpTls,
    /// It wants the user name and the password.
    pub authentication: bool,
    /// It knows addresses that are not ASCII.
    pub smtputf8: bool,
}

impl Default for Speaks {
    fn default() -> Self {
        Self { tls: SmtpTls::Starttls, authentication: true, smtputf8: false }
    }
}

pub struct MailServer {
    port: u16,
    stdin: ChildStdin,
    events: watch::Receiver<Vec<Value>>,
    folder: TempDir,
    tls: SmtpTls,
    _child: Child,
}

/// A mail that the server took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received(Value);

impl Received {
    pub fn text(&self) -> &str {
        self.0["plain"].as_str().expect("a plain part")
    }

    pub fn html(&self) -> &str {
        self.0["html"].as_str().expect("a part of HTML")
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.0["headers"][name].as_str()
    }

    pub fn sender(&self) -> &str {
        self.0["sender"].as_str().expect("a sender")
    }

    pub fn code(&self) -> String {
        code_in(self.text()).unwrap_or_else(|| panic!("no code in {}", self.text()))
    }

    fn is_for(&self, to: &str, subject: &str) -> bool {
        self.0["to"][0] == to && self.header("subject").is_some_and(|text| text.contains(subject))
    }
}

impl MailServer {
    pub async fn start() -> Self {
        Self::start_speaking(Speaks::default()).await
    }

    pub async fn start_speaking(speaks: Speaks) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        write_certificates(&folder);
        let mut child = command(&speaks, &folder).spawn().expect("the mail server starts");
        let stdin = child.stdin.take().expect("piped");
        let events = follow(child.stdout.take().expect("piped"));
        let mut server = Self { port: 0, stdin, events, folder, tls: speaks.tls, _child: child };
        let ready = server.event(|event| event["event"] == "ready").await;
        server.port = ready["port"].as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port");
        server
    }

    /// Points a gateway at it.
    pub fn configure(&self, settings: &mut Settings) {
        settings.mail.from = "Example <no-reply@example.com>".to_owned();
        settings.delivery.sweep_period_ms = 100;
        let smtp = &mut settings.smtp;
        smtp.host = Some("localhost".to_owned());
        smtp.port = self.port;
        smtp.tls = self.tls;
        smtp.username = Some(USER.to_owned());
        smtp.password = Some(PASSWORD.to_owned().into());
        smtp.trust_root_file = Some(self.folder.path().join("authority.pem"));
        // A try that came to nothing is made again at once.
        (smtp.retry_first_ms, smtp.retry_longest_ms) = (10, 10);
    }

    /// What it does with the next mails, one each; then it takes them.
    pub async fn script(&mut self, behaviours: &[&str]) {
        let before = self.count(|event| event["event"] == "scripted");
        let line = format!("{}\n", serde_json::to_string(behaviours).expect("JSON"));
        self.stdin.write_all(line.as_bytes()).await.expect("it listens");
        self.wait_for(|events| events.iter().filter(|event| event["event"] == "scripted").count() > before).await;
    }

    /// The first mail to an address whose subject holds `subject`; waits for it.
    pub async fn mail(&self, to: &str, subject: &str) -> Received {
        let is_it = |event: &Value| event["event"] == "mail" && Received(event.clone()).is_for(to, subject);
        Received(self.event(is_it).await)
    }

    /// Every mail to an address so far.
    pub fn mails(&self, to: &str) -> Vec<Received> {
        let events = self.events.borrow();
        events.iter().filter(|event| event["event"] == "mail" && event["to"][0] == to).cloned().map(Received).collect()
    }

    /// Mails that somebody began to send, whatever became of them.
    pub fn tries(&self) -> Vec<Value> {
        self.events.borrow().iter().filter(|event| event["event"] == "try").cloned().collect()
    }

    /// Waits until that many tries were made.
    pub async fn wait_for_tries(&self, count: usize) {
        self.wait_for(|events| events.iter().filter(|event| event["event"] == "try").count() >= count).await;
    }

    fn count(&self, is_it: impl Fn(&Value) -> bool) -> usize {
        self.events.borrow().iter().filter(|event| is_it(event)).count()
    }

    async fn event(&self, is_it: impl Fn(&Value) -> bool) -> Value {
        self.wait_for(|events| events.iter().any(&is_it)).await;
        self.events.borrow().iter().find(|event| is_it(event)).expect("it came").clone()
    }

    async fn wait_for(&self, is_so: impl Fn(&[Value]) -> bool) {
        let mut events = self.events.clone();
        let waited = tokio::time::timeout(DEADLINE, events.wait_for(|events| is_so(events))).await;
        assert!(matches!(waited, Ok(Ok(_))), "the mail server did not see it: {:?}", self.events.borrow());
    }
}

fn command(speaks: &Speaks, folder: &TempDir) -> Command {
    let mut command = Command::new(test_python());
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mail/smtp_server.py"));
    command.arg("--tls").arg(match speaks.tls {
        SmtpTls::None => "none",
        SmtpTls::Starttls => "starttls",
        SmtpTls::Implicit => "implicit",
    });
    command.arg("--certificate").arg(folder.path().join("server.pem"));
    command.arg("--key").arg(folder.path().join("server.key"));
    if speaks.authentication {
        command.args(["--user", USER, "--password", PASSWORD]);
    }
    if speaks.smtputf8 {
        command.arg("--smtputf8");
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    command
}

fn follow(stdout: ChildStdout) -> watch::Receiver<Vec<Value>> {
    let (sender, receiver) = watch::channel(Vec::new());
    tokio::spawn(async move {
        let mut lines = BufReader::new(stdout).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let event = serde_json::from_str(&line).expect("JSON");
            sender.send_modify(|events: &mut Vec<Value>| events.push(event));
        }
    });
    receiver
}

fn write_certificates(folder: &TempDir) {
    let mut params = CertificateParams::new(Vec::default()).expect("valid");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.distinguished_name.push(DnType::CommonName, "Twostep test authority");
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate().expect("a key");
    let authority = params.self_signed(&key).expect("signed");
    let issuer = Issuer::new(params, key);

    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("valid");
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, &issuer).expect("signed");
    for (name, pem) in
        [("authority.pem", authority.pem()), ("server.pem", certificate.pem()), ("server.key", key.serialize_pem())]
    {
        std::fs::write(folder.path().join(name), pem).expect("written");
    }
}
