//! A gateway that holds a private PostgreSQL, to be killed: the one place that names the program.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use crate::machine::{DEADLINE, is_stopped, signal, wait_until, watchdog};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_twostep");

/// What it prints when the server is there.
const READY: &str = "listening on";

/// Ends its process when dropped, so that a failed test leaves none.
pub(crate) struct Holder(Child);

impl Holder {
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// SIGKILL: it gets no chance to stop anything.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// SIGKILL for it and its watchdog. It is stopped first: a gateway looks every second and would replace the watchdog.
    pub(crate) fn kill_with_watchdog(self, data_dir: &Path) {
        signal("STOP", self.pid());
        wait_until("the gateway has stopped", || is_stopped(self.pid()));
        signal("KILL", watchdog(data_dir));
        self.kill();
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The command that holds the server of `data_dir`.
pub(crate) fn holder_command(program: impl AsRef<OsStr>, data_dir: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env("TWOSTEP__DATABASE__DATA_DIR", data_dir)
        .env("TWOSTEP__HTTP__ADDRESS", "127.0.0.1:0")
        .env("TWOSTEP__OPERATOR__ADDRESS", "127.0.0.1:0")
        .env("TWOSTEP__PASSWORDS__MEMORY_KIB", "8192")
        .env("TWOSTEP__LOG__FILTER", "error");
    command
}

/// A holder whose server is ready.
pub(crate) fn spawn_holder(data_dir: &Path) -> Holder {
    wait_until_ready(&mut holder_command(PROGRAM, data_dir))
}

/// A holder that may still be anywhere on its way to ready.
pub(crate) fn spawn_unready(data_dir: &Path) -> Holder {
    Holder(holder_command(PROGRAM, data_dir).stdout(Stdio::null()).spawn().unwrap())
}

/// Runs a holder's command until it says that its server is ready.
pub(crate) fn wait_until_ready(command: &mut Command) -> Holder {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let holder = Holder(child);
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let first = lines.recv_timeout(DEADLINE).expect("the holder says that it is ready");
    assert!(first.starts_with(READY), "{first}");
    holder
}

/// Runs a holder's command that is expected to be refused: what it says about that.
pub(crate) fn refusal(command: &mut Command) -> String {
    let mut holder = Holder(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let mut said = String::new();
    holder.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(!holder.0.wait().unwrap().success(), "not refused");
    assert_eq!(said.trim_end().lines().count(), 1, "one readable line: {said}");
    said
}
