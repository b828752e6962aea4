//! Stops the server when the gateway can no longer do it itself, because it was killed.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};

use super::account::Account;
use super::lock::Lock;
use super::programs::Programs;

/// Told that the server is down, it has nothing to do. The pipe closed without that word: the gateway is gone.
///
/// Signals to the whole session are for the gateway, which stops the server when it is done with it.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
while read -r word; do
    [ "$word" = stopped ] && exit 0
done
"$1" -D "$2" -s -w -t 30 -m fast stop || exec "$1" -D "$2" -s -w -t 10 -m immediate stop
"#;

/// A shell that waits at the other end of a pipe which the system closes however this process ends.
#[derive(Debug)]
pub(super) struct Watchdog {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Watchdog {
    /// Watches over the server of the data in `cluster`.
    ///
    /// It holds the lock as its standard output, so that a gateway that starts meanwhile waits for the shutdown.
    ///
    /// # Errors
    /// When the shell cannot be run.
    pub(super) fn start(
        account: &Account,
        programs: &Programs,
        cluster: &Path,
        lock: &Lock,
        log: File,
    ) -> io::Result<Self> {
        let mut command = account.command("/bin/sh");
        command.args(["-c", SCRIPT, "twostep-watchdog"]).arg(programs.pg_ctl()).arg(cluster);
        command.stdin(Stdio::piped()).stdout(lock.share()?).stderr(log);
        let mut shell = command.spawn()?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, pipe })
    }

    /// Whether it was killed in its turn.
    pub(super) fn is_gone(&mut self) -> bool {
        !matches!(self.shell.try_wait(), Ok(None))
    }

    /// Sends it home: the server is down.
    pub(super) fn dismiss(mut self) {
        if let Some(mut pipe) = self.pipe.take() {
            let _ = pipe.write_all(b"stopped\n"); // fails if it is gone, which is as well
        }
        let _ = self.shell.wait();
    }
}
