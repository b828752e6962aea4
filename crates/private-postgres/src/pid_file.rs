//! `postmaster.pid`: what the server says about itself, in the cluster's directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::StartError;
use super::process::Pid;

/// What the file and the process that it names say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ServerState {
    /// No server. A file may have been left: PostgreSQL judges it at the next start, with the shared memory that it
    /// names, and so finds backends that outlived their postmaster.
    Down,
    /// No server, but another process has its id: after a power cut, or in a new container. PostgreSQL would take
    /// it for a server and refuse to start, and its tools would stop that process in its place.
    IdReused,
    /// A server starts or stops.
    Changing(Pid),
    /// A server accepts connections.
    Ready(Pid),
}

/// The state of the server of the data in `cluster`.
pub(super) fn server_state(cluster: &Path) -> ServerState {
    let text = fs::read_to_string(path(cluster)).unwrap_or_default();
    match parse(&text) {
        None => ServerState::Down,
        Some((pid, true)) if pid.is_postmaster_of(cluster) => ServerState::Ready(pid),
        Some((pid, false)) if pid.is_postmaster_of(cluster) => ServerState::Changing(pid),
        Some((pid, _)) if pid_is_taken(pid) => ServerState::IdReused,
        Some(_) => ServerState::Down,
    }
}

/// Removes the file.
///
/// # Errors
/// When the system refuses.
pub(super) fn remove(cluster: &Path) -> Result<(), StartError> {
    let path = path(cluster);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StartError::file("remove", path)(error)),
        _ => Ok(()),
    }
}

fn path(cluster: &Path) -> PathBuf {
    cluster.join("postmaster.pid")
}

/// Process id on the first line, state on the last
/// (src/include/utils/pidfile.h in PostgreSQL's source; the state is there since version 10).
fn parse(text: &str) -> Option<(Pid, bool)> {
    let pid = Pid::parse(text.lines().next()?)?;
    let is_ready = text.lines().last().is_some_and(|state| state.trim() == "ready");
    Some((pid, is_ready))
}

/// A zombie counts: PostgreSQL only asks whether a signal could be sent.
fn pid_is_taken(pid: Pid) -> bool {
    pid.is_alive() || Path::new(&format!("/proc/{}", pid.get())).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_and_state_are_read_at_every_stage_of_the_file() {
        let pid = Pid::parse("77").unwrap();
        assert_eq!(parse(""), None);
        assert_eq!(parse("77\n/srv/pg\n1700000000\n5432\n"), Some((pid, false)));
        assert_eq!(parse("77\n/srv/pg\n1700000000\n5432\n/srv/run\n\n  1 2\nstarting\n"), Some((pid, false)));
        assert_eq!(parse("77\n/srv/pg\n1700000000\n5432\n/srv/run\n\n  1 2\nready   \n"), Some((pid, true)));
    }

    #[test]
    fn a_file_that_names_another_process_is_told_from_a_stale_one() {
        let cluster = tempfile::tempdir().unwrap();
        assert_eq!(server_state(cluster.path()), ServerState::Down);
        fs::write(path(cluster.path()), std::process::id().to_string()).unwrap();
        assert_eq!(server_state(cluster.path()), ServerState::IdReused);
        fs::write(path(cluster.path()), u32::MAX.to_string()).unwrap();
        assert_eq!(server_state(cluster.path()), ServerState::Down);
        remove(cluster.path()).unwrap();
        remove(cluster.path()).unwrap();
    }
}
