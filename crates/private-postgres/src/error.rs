//! Why the private PostgreSQL could not be started. Each message is one line that ends with what to do next.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Why [`PrivatePostgres::start`](super::PrivatePostgres::start) failed.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The machine has no server programs of a supported version.
    #[error(
        "no server programs of PostgreSQL 15 to 18 were found: install them ({install}), \
         or set PG_BIN to the directory that holds initdb, postgres and pg_ctl, \
         or set TWOSTEP__DATABASE__URL to a server that runs already"
    )]
    NoServerPrograms {
        /// The command that installs them on this kind of system.
        install: &'static str,
    },

    /// `PG_BIN` is set but does not lead to usable server programs.
    #[error(
        "PG_BIN is {}, which holds no initdb, postgres and pg_ctl of PostgreSQL 15 to 18 that the user '{user}' can run: \
         correct it, or unset it to have the usual places searched", .directory.display()
    )]
    PgBin {
        /// What `PG_BIN` says.
        directory: PathBuf,
        /// Who has to be able to run the programs.
        user: String,
    },

    /// The data was made by a supported version that is not installed (any more).
    #[error(
        "the data in {} was made by PostgreSQL {made_by}, but only version {installed} is here: install PostgreSQL {made_by}, \
         or set PG_BIN to its programs, or choose another TWOSTEP__DATABASE__DATA_DIR", .cluster.display()
    )]
    OtherMajor {
        /// The directory with the data.
        cluster: PathBuf,
        /// The major version that made the data.
        made_by: u32,
        /// The major versions that are installed.
        installed: String,
    },

    /// The data was made by a version this gateway does not run.
    #[error(
        "the data in {} was made by PostgreSQL {made_by}, and the gateway runs versions 15 to 18: bring the data over with \
         pg_upgrade or pg_dump, or choose another TWOSTEP__DATABASE__DATA_DIR", .cluster.display()
    )]
    UnsupportedMajor {
        /// The directory with the data.
        cluster: PathBuf,
        /// The major version that made the data.
        made_by: u32,
    },

    /// Something other than a PostgreSQL cluster is in the cluster's place.
    #[error(
        "{} has files in it but is no PostgreSQL cluster: move it away, or choose another TWOSTEP__DATABASE__DATA_DIR",
        .cluster.display()
    )]
    NotACluster {
        /// The directory in question.
        cluster: PathBuf,
    },

    /// A living gateway holds the directory.
    #[error(
        "{} is in use by another gateway (pid {pid}): stop that one, or choose another TWOSTEP__DATABASE__DATA_DIR, \
         or set TWOSTEP__DATABASE__URL", .directory.display()
    )]
    InUse {
        /// The directory both want.
        directory: PathBuf,
        /// The process that holds it.
        pid: u32,
    },

    /// The gateway that held the directory is gone, but what it left behind does not let go.
    #[error(
        "{} is still locked after {seconds} s by what an earlier gateway left running: end the processes that \
         `fuser {}` names, or choose another TWOSTEP__DATABASE__DATA_DIR", .directory.display(), .directory.join("lock").display()
    )]
    StillLocked {
        /// The directory that is locked.
        directory: PathBuf,
        /// How long was waited.
        seconds: u64,
    },

    /// A server that was started by other means runs on the data.
    #[error(
        "a PostgreSQL server that the gateway did not start (pid {pid}) runs on {}: stop it with \
         `kill -INT {pid}` and start the gateway again", .cluster.display()
    )]
    ForeignServer {
        /// The directory with the data.
        cluster: PathBuf,
        /// That server's postmaster.
        pid: u32,
    },

    /// PostgreSQL refuses to run as root, and there is nobody else to run it as.
    #[error(
        "PostgreSQL does not run as root, and none of the users twostep, postgres and nobody exists: \
         create one (useradd --system twostep), or start the gateway as an ordinary user"
    )]
    NoUnprivilegedUser,

    /// The user the server runs as cannot get into the data directory.
    #[error(
        "the user '{user}', as whom PostgreSQL runs, cannot enter {}: allow it to pass through every directory above \
         (chmod o+x), or choose another TWOSTEP__DATABASE__DATA_DIR", .directory.display()
    )]
    Unreachable {
        /// The directory that holds the data.
        directory: PathBuf,
        /// Who cannot enter it.
        user: String,
    },

    /// A directory that must be the gateway's own belongs to somebody else.
    #[error(
        "{} is not a directory of the user '{user}': run the gateway as its owner, or move it away, \
         or choose another TWOSTEP__DATABASE__DATA_DIR", .path.display()
    )]
    NotOurs {
        /// The path in question.
        path: PathBuf,
        /// Whose it should be.
        user: String,
    },

    /// A file or directory could not be made, read or changed.
    #[error(
        "cannot {action} {}: {source}; make it accessible to the gateway's user, \
         or choose another TWOSTEP__DATABASE__DATA_DIR", .path.display()
    )]
    File {
        /// What was tried, as a verb.
        action: &'static str,
        /// With which path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// A program could not be run at all.
    #[error("cannot run {}: {source}; check that it is installed and executable, or set TWOSTEP__DATABASE__URL", .program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// A program that prepares the data failed.
    #[error("{} failed ({status}): {reason}; put that right, or set TWOSTEP__DATABASE__URL", .program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
        /// Its own words.
        reason: String,
    },

    /// The server ended instead of becoming ready.
    #[error("PostgreSQL did not start: {reason}; the whole story is in {}", .log.display())]
    Refused {
        /// The server's own words.
        reason: String,
        /// Its log file.
        log: PathBuf,
    },

    /// The server runs but is not ready yet.
    #[error(
        "PostgreSQL was not ready after {seconds} s: see {}; if it was still recovering from a crash, start again",
        .log.display()
    )]
    NotReady {
        /// How long was waited.
        seconds: u64,
        /// Its log file.
        log: PathBuf,
    },
}

impl StartError {
    /// For `map_err`: what was being done to `path` when the system refused.
    pub(super) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }

    /// For `map_err`: the program that could not be run.
    pub(super) fn spawn(program: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let program = program.into();
        move |source| Self::Spawn { program, source }
    }
}

/// The line of a program's output that says what went wrong: the last complaint, else the last line.
pub(super) fn complaint(output: &str) -> String {
    const MARKS: [&str; 4] = ["FATAL:", "PANIC:", "ERROR:", "error:"];
    let lines = || output.lines().rev().map(str::trim).filter(|line| !line.is_empty());
    lines()
        .find(|line| MARKS.iter().any(|mark| line.contains(mark)))
        .or_else(|| lines().next())
        .unwrap_or("it said nothing")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::complaint;

    #[test]
    fn complaint_is_the_line_that_names_the_cause() {
        let output = "fixing permissions ...\ninitdb: error: could not create directory\ninitdb: removing contents\n";
        assert_eq!(complaint(output), "initdb: error: could not create directory");
        assert_eq!(complaint("no mark\nlast line\n\n"), "last line");
        assert_eq!(complaint(""), "it said nothing");
    }
}
