//! The server process: starting it, finding one that runs already, stopping it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use super::account::Account;
use super::error::{self, StartError};
use super::pid_file::{self, ServerState};
use super::process::{Pid, wait_for};
use super::programs::Programs;
use super::sockets::{PORT, Sockets};

/// Recovery after a crash replays up to 1 GB of write-ahead log (`max_wal_size`) on whatever disk there is.
const READY_WITHIN: Duration = Duration::from_secs(300);

/// Backends that outlive their postmaster end when they next look up from their work.
const SURVIVORS_GONE_WITHIN: Duration = Duration::from_secs(30);

/// What PostgreSQL says while such backends are left.
const SURVIVORS: &str = "pre-existing shared memory block";

/// How to stop, and the seconds to wait for it: first with a checkpoint, then as a crash (which loses nothing either).
const STOP_MODES: [(&str, &str); 2] = [("fast", "15"), ("immediate", "5")];

/// On the command line they win over any file. The rest, `fsync` above all, is as PostgreSQL has it by default.
const SETTINGS: [&str; 7] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=100",
    "jit=off", // pays for long queries, of which the gateway has none
    "log_destination=stderr",
    "logging_collector=off",
    "log_error_verbosity=terse", // the details of a violated constraint would put addresses into the log
];

/// The server of one cluster.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) account: Account,
    pub(super) programs: Programs,
    pub(super) cluster: PathBuf,
    pub(super) sockets: Sockets,
    pub(super) log: PathBuf,
    pub(super) postmaster: Postmaster,
}

/// The server process, as far as it is ours to stop.
#[derive(Debug)]
pub(super) enum Postmaster {
    /// Not started yet, or ended.
    None,
    /// Started by this gateway.
    Child(Child),
    /// Started by an earlier one that was killed together with its watchdog.
    Adopted,
}

impl Server {
    /// Whether the postmaster is there.
    pub(super) fn is_running(&self) -> bool {
        matches!(pid_file::server_state(&self.cluster), ServerState::Changing(_) | ServerState::Ready(_))
    }

    /// Makes sure that nothing takes another process for the server.
    ///
    /// # Errors
    /// When the file that names it cannot be removed.
    pub(super) fn forget_reused_id(&mut self) -> Result<(), StartError> {
        self.reap();
        if pid_file::server_state(&self.cluster) == ServerState::IdReused {
            pid_file::remove(&self.cluster)?;
        }
        Ok(())
    }

    /// Returns when the server accepts connections: a new one, or one that outlived its gateway and watchdog.
    ///
    /// # Errors
    /// When it does not start, or not in time, or when one runs that was started by other means.
    pub(super) fn ensure_ready(&mut self) -> Result<(), StartError> {
        if let Some(pid) = self.find_running()? {
            if !self.sockets.is_answered() {
                return Err(StartError::ForeignServer { cluster: self.cluster.clone(), pid: pid.get() });
            }
            self.postmaster = Postmaster::Adopted;
            tracing::info!(
                postgres.pid = pid.get(),
                "using the PostgreSQL server that an earlier gateway left running"
            );
            return Ok(());
        }
        self.forget_reused_id()?;
        self.sockets.remove_lock(); // names a process too, and nobody but this server can own the socket
        let started = wait_for(SURVIVORS_GONE_WITHIN, || match self.launch() {
            Err(StartError::Refused { reason, .. }) if reason.contains(SURVIVORS) => Ok(None),
            result => result.map(Some),
        })?;
        started.ok_or_else(|| {
            self.refused(format!("processes of a killed server still work on {}", self.cluster.display()))
        })
    }

    /// Stops the server, unless it is none of ours, and waits until it is down.
    pub(super) fn stop(&mut self) {
        for (mode, seconds) in STOP_MODES {
            self.reap();
            if matches!(self.postmaster, Postmaster::None) || !self.is_running() {
                break;
            }
            let mut pg_ctl = self.account.command(self.programs.pg_ctl());
            pg_ctl.arg("-D").arg(&self.cluster).args(["-s", "-w", "-t", seconds, "-m", mode, "stop"]);
            if !pg_ctl.status().is_ok_and(|status| status.success()) {
                tracing::warn!(postgres.stop_mode = mode, postgres.log = %self.log.display(), "PostgreSQL did not stop in time");
            }
        }
        if let Postmaster::Child(child) = &mut self.postmaster {
            let _ = child.kill(); // one that would not stop, or has only just begun; nothing to one that has ended
            let _ = child.wait();
        }
        self.postmaster = Postmaster::None;
        self.sockets.remove_if_elsewhere();
    }

    /// Opens the log for a process to write to.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn open_log(&self) -> Result<File, StartError> {
        let mut options = File::options();
        options.append(true).create(true).mode(0o600);
        options.open(&self.log).map_err(StartError::file("open", &self.log))
    }

    /// Takes notice of a postmaster that ended by itself: until then its id stays taken.
    fn reap(&mut self) {
        if let Postmaster::Child(child) = &mut self.postmaster
            && !matches!(child.try_wait(), Ok(None))
        {
            self.postmaster = Postmaster::None;
        }
    }

    /// The server that runs already, once it is ready; `None` when there is none, or it was on its way down.
    fn find_running(&self) -> Result<Option<Pid>, StartError> {
        let settled = wait_for(READY_WITHIN, || {
            Ok(match pid_file::server_state(&self.cluster) {
                ServerState::Ready(pid) => Some(Some(pid)),
                ServerState::Down | ServerState::IdReused => Some(None),
                ServerState::Changing(_) => None,
            })
        })?;
        settled.ok_or_else(|| self.not_ready())
    }

    /// Without `pg_ctl`, which would hand the paths to a shell.
    fn launch(&mut self) -> Result<(), StartError> {
        let program = self.programs.postgres();
        let log = self.open_log()?;
        let log_start = log.metadata().map_or(0, |found| found.len());
        let output = log.try_clone().map_err(StartError::file("open", &self.log))?;
        let mut command = self.command(&program);
        let child = command.stdout(output).stderr(log).spawn().map_err(StartError::spawn(program))?;
        let id = child.id();
        self.postmaster = Postmaster::Child(child);

        let ready = wait_for(READY_WITHIN, || {
            self.reap();
            if matches!(self.postmaster, Postmaster::None) {
                let said = read_from(&self.log, log_start).unwrap_or_default();
                return Err(self.refused(error::complaint(&words_of(id, &said))));
            }
            Ok(matches!(pid_file::server_state(&self.cluster), ServerState::Ready(_)).then_some(()))
        })?;
        ready.ok_or_else(|| self.not_ready())
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = self.account.command(program);
        command.arg("-D").arg(&self.cluster).args(["-p", PORT]).arg("-k").arg(self.sockets.path());
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command
    }

    fn refused(&self, reason: String) -> StartError {
        StartError::Refused { reason, log: self.log.clone() }
    }

    fn not_ready(&self) -> StartError {
        StartError::NotReady { seconds: READY_WITHIN.as_secs(), log: self.log.clone() }
    }
}

/// What one process wrote to a log that it may share with survivors of an earlier server. PostgreSQL begins its lines with
/// the time and `[process id]`; lines without a process id count for everybody.
fn words_of(id: u32, log: &str) -> String {
    let own = format!("[{id}]");
    let of_another = |line: &&str| {
        let mark = line.split(' ').find(|word| word.starts_with('[') && word.ends_with(']'));
        mark.is_some_and(|mark| mark != own)
    };
    log.lines().filter(|line| !of_another(line)).collect::<Vec<_>>().join("\n")
}

fn read_from(path: &Path, start: u64) -> io::Result<String> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::words_of;

    #[test]
    fn words_of_a_survivor_are_not_those_of_the_new_server() {
        let log = "2026-01-01 00:00:00.000 UTC [7] FATAL:  pre-existing shared memory block\nHINT: wait\n\
                   2026-01-01 00:00:00.001 UTC [6] FATAL:  terminating connection";
        assert_eq!(
            words_of(7, log),
            "2026-01-01 00:00:00.000 UTC [7] FATAL:  pre-existing shared memory block\nHINT: wait"
        );
        assert_eq!(
            words_of(6, log).lines().last(),
            Some("2026-01-01 00:00:00.001 UTC [6] FATAL:  terminating connection")
        );
    }
}
