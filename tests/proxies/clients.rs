//! Clients that nobody here wrote, each in a process that says a line for each thing that went as it should.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::fronts::Pair;
use crate::support::client::{Challenge, DEADLINE, SignedIn};
use crate::support::python::{test_python, test_tools};

/// Which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Aiohttp,
    Websockets,
    Undici,
    Ws,
    Jdk,
    Curl,
}

pub(super) const ALL: &[Kind] = &[Kind::Aiohttp, Kind::Websockets, Kind::Undici, Kind::Ws, Kind::Jdk, Kind::Curl];
/// One of each language, that does everything.
pub(super) const FEW: &[Kind] = &[Kind::Aiohttp, Kind::Undici, Kind::Jdk];
/// Those that open no WebSocket.
pub(super) const WITHOUT_WEBSOCKETS: &[Kind] = &[Kind::Undici, Kind::Curl];

const CALLS: &str = "calls";
const EVENT: &str = "event open";
const WELCOME: &str = "welcome";
/// The session ended (docs/errors.md).
const CLOSED: &str = "closed 4401";

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Aiohttp => "aiohttp",
            Self::Websockets => "websockets",
            Self::Undici => "undici",
            Self::Ws => "ws",
            Self::Jdk => "jdk",
            Self::Curl => "curl",
        }
    }

    /// What it says before its owner is signed out.
    pub(super) fn says_at_first(self) -> &'static [&'static str] {
        match self {
            Self::Aiohttp | Self::Jdk => &[CALLS, EVENT, WELCOME],
            Self::Websockets | Self::Ws => &[WELCOME],
            Self::Undici | Self::Curl => &[CALLS, EVENT],
        }
    }

    /// And after that.
    pub(super) fn says_at_last(self) -> &'static [&'static str] {
        match self {
            Self::Aiohttp | Self::Jdk | Self::Websockets | Self::Ws => &[CLOSED],
            Self::Undici | Self::Curl => &[],
        }
    }

    pub(super) fn start(self, base: &str, authority: Option<&Pair>, device: &SignedIn, challenge: &Challenge) -> Guest {
        let script = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proxies/clients").join(name);
        let mut command = match self {
            Self::Aiohttp | Self::Websockets => Command::new(test_python()),
            Self::Undici | Self::Ws => Command::new("node"),
            Self::Jdk => Command::new("java"),
            Self::Curl => Command::new("sh"),
        };
        match self {
            Self::Aiohttp | Self::Websockets => command.arg(script("tour.py")).arg(self.name()),
            Self::Undici | Self::Ws => command.arg(script("tour.mjs")).arg(self.name()),
            // Several at once on two cores: the second compiler is not worth its threads.
            Self::Jdk => command.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]).arg(script("Tour.java")),
            Self::Curl => command.arg(script("tour.sh")),
        };
        let authority = authority.map_or(PathBuf::from("-"), Pair::certificate);
        command.arg(base).arg(authority).args([&device.access_token, &challenge.id, &challenge.token]);
        command.env("TOUR_MODULES", test_tools().join("node"));
        command.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process =
            command.spawn().unwrap_or_else(|error| panic!("{}: {error}: run scripts/install-test-tools", self.name()));
        let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        Guest { kind: self, process, lines }
    }
}

/// A client at work.
pub(super) struct Guest {
    kind: Kind,
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Guest {
    /// Waits until it said these lines, in this order; others may be between them.
    pub(super) async fn hear(&mut self, expected: &[&str]) {
        for expected in expected {
            let name = self.kind.name();
            let mut said = Vec::new();
            let heard = async {
                while let Ok(Some(line)) = self.lines.next_line().await {
                    if line == *expected {
                        return true;
                    }
                    said.push(line);
                }
                false
            };
            match tokio::time::timeout(DEADLINE, heard).await {
                Ok(true) => {}
                Ok(false) => panic!("{name} ended without {expected:?}, after {said:?}: {}", self.complaint().await),
                Err(_) => panic!("{name} does not say {expected:?}, but {said:?}"),
            }
        }
    }

    /// Waits for its end, which must be a good one.
    pub(super) async fn end(mut self) {
        let status = tokio::time::timeout(DEADLINE, self.process.wait()).await.expect("it ends").expect("waited for");
        assert!(status.success(), "{}: {status}: {}", self.kind.name(), self.complaint().await);
    }

    async fn complaint(&mut self) -> String {
        let mut text = String::new();
        if let Some(errors) = &mut self.process.stderr {
            // What can be read of it is shown.
            let _ = tokio::time::timeout(DEADLINE, errors.read_to_string(&mut text)).await;
        }
        text
    }
}
