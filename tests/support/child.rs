//! The real gateway as a process of its own, to be killed and measured. The benchmark uses it too, so it needs nothing of
//! what tests share; `process.rs` has one for tests of starting and stopping.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;

/// How long a node may take to start.
const READY_WITHIN: Duration = Duration::from_secs(20);

pub struct ChildGateway {
    process: Child,
    pub url: String,
    pub operator_url: String,
}

/// Where a node listens: the public side and the operator's.
type Addresses = (String, String);

impl ChildGateway {
    /// Starts a node on any free ports and waits until it serves.
    pub async fn start(program: &str, environment: &[(String, String)]) -> Self {
        let mut process = Command::new(program)
            .env("TWOSTEP__DATABASE__DATA_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/gateways"))
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .env("TWOSTEP__HTTP__ADDRESS", "127.0.0.1:0")
            .env("TWOSTEP__OPERATOR__ADDRESS", "127.0.0.1:0")
            .env("TWOSTEP__LOG__FORMAT", "json")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let log = process.stderr.take().expect("it is piped");
        let (tell, told) = oneshot::channel();
        thread::spawn(move || follow(log, tell));
        let (address, operator) =
            tokio::time::timeout(READY_WITHIN, told).await.expect("ready in time").expect("it says where it listens");
        Self { process, url: format!("http://{address}"), operator_url: format!("http://{operator}") }
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill().expect("it was there");
        self.process.wait().expect("it ends");
    }

    /// Resident memory in KiB.
    pub fn memory_kib(&self) -> u64 {
        memory_kib(self.process.id())
    }

    /// Processor time so far, of the process and the kernel for it, in hundredths of a second (`USER_HZ`, proc(5)).
    pub fn processor_ticks(&self) -> u64 {
        processor_ticks(self.process.id())
    }

    /// The sum of a metric over the label sets that hold `label`; 0 while there is none.
    pub async fn metric(&self, name: &str, label: &str) -> f64 {
        let answer = reqwest::get(format!("{}/metrics", self.operator_url)).await.expect("an answer");
        let text = answer.text().await.expect("a text");
        let lines = text.lines().filter(|line| line.starts_with(name) && line.contains(label));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }
}

/// Resident memory of a process in KiB (proc(5)).
pub fn memory_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Processor time of a process so far, its own and the kernel's for it, in hundredths of a second (`USER_HZ`, proc(5)).
pub fn processor_ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("it runs");
    let after_name = stat.rsplit(')').next().expect("a name in brackets");
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let number = |index: usize| fields[index].parse::<u64>().expect("a number");
    number(11) + number(12)
}

/// Reads the log to its end, so that the node never waits for a reader.
fn follow(log: ChildStderr, tell: oneshot::Sender<Addresses>) {
    let mut tell = Some(tell);
    for line in BufReader::new(log).lines() {
        let Ok(line) = line else { return };
        let Some(addresses) = addresses(&line) else { continue };
        if let Some(tell) = tell.take() {
            let _ = tell.send(addresses);
        }
    }
}

fn addresses(line: &str) -> Option<Addresses> {
    let entry: Value = serde_json::from_str(line).ok()?;
    let fields = &entry["fields"];
    let text = |name: &str| fields[name].as_str().map(str::to_owned);
    (fields["message"] == "ready").then(|| Some((text("http.address")?, text("operator.address")?)))?
}

impl Drop for ChildGateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
