//! Looking at the machine: directories, processes, the database.

use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// For whatever a test waits for: generous, since several servers start at once on a small machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// The user of no file and no service.
pub(crate) const NOBODY: u32 = 65534;

/// A place for a data directory, open to the user that root lends to the server.
///
/// It goes when nothing works in it any more; a test during which that never happens fails.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.set_mode(0o755);
        place
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn set_mode(&self, mode: u32) {
        fs::set_permissions(self.path(), Permissions::from_mode(mode)).unwrap();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !thread::panicking() {
            let path = self.path().as_os_str().as_bytes();
            let is_in_use = || pids().any(|pid| arguments(pid).windows(path.len()).any(|part| part == path));
            wait_until("every process of the test has ended", || !is_in_use());
        }
    }
}

/// Whether the tests run as root: a file is made by whoever makes it.
pub(crate) fn is_root() -> bool {
    fs::metadata(tempfile::tempdir().unwrap().path()).unwrap().uid() == 0
}

/// The private directory in a data directory.
pub(crate) fn private(data_dir: &Path) -> PathBuf {
    fs::canonicalize(data_dir.join("postgres")).unwrap()
}

/// PostgreSQL's data in a data directory.
pub(crate) fn cluster(data_dir: &Path) -> PathBuf {
    private(data_dir).join("pg")
}

/// How the crate's documentation says that clients connect, where the path needs no quoting.
pub(crate) fn connection_string(data_dir: &Path) -> String {
    format!("host={}/run port=5432 user=twostep dbname=twostep", private(data_dir).display())
}

/// The first column of the first row.
pub(crate) fn query(connection_string: &str, sql: &str) -> String {
    Runtime::new().unwrap().block_on(async {
        let (client, connection) = tokio_postgres::connect(connection_string, NoTls).await.unwrap();
        let driver = tokio::spawn(connection);
        let messages = client.simple_query(sql).await.unwrap();
        drop(client);
        driver.await.unwrap().unwrap();
        let row = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        row.unwrap_or_default().to_owned()
    })
}

/// The server's process.
pub(crate) fn postmaster(data_dir: &Path) -> u32 {
    let text = fs::read_to_string(cluster(data_dir).join("postmaster.pid")).unwrap();
    text.lines().next().unwrap().parse().unwrap()
}

/// The watchdog's process.
pub(crate) fn watchdog(data_dir: &Path) -> u32 {
    let cluster = cluster(data_dir);
    let names = |arguments: &[u8], name: &[u8]| arguments.split(|byte| *byte == 0).any(|argument| argument == name);
    let is_watchdog = |pid: &u32| {
        let arguments = arguments(*pid);
        names(&arguments, b"twostep-watchdog") && names(&arguments, cluster.as_os_str().as_bytes())
    };
    let mut found = None; // a new process shows no arguments for a moment
    wait_until("there is a watchdog", || {
        found = pids().find(is_watchdog);
        found.is_some()
    });
    found.unwrap()
}

fn pids() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The command line, each argument ended by a zero byte; empty for a zombie.
fn arguments(pid: u32) -> Vec<u8> {
    fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

/// The user a process runs as.
pub(crate) fn user_of(pid: u32) -> u32 {
    fs::metadata(format!("/proc/{pid}")).unwrap().uid()
}

/// Whether a process lives; a zombie does not.
pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
}

/// SIGKILL, to one process that the test started.
pub(crate) fn kill(pid: u32) {
    signal("KILL", pid);
}

pub(crate) fn signal(name: &str, pid: u32) {
    let status = Command::new("kill").args(["-s", name, &pid.to_string()]).status().unwrap();
    assert!(status.success());
}

/// Whether SIGSTOP has reached it.
pub(crate) fn is_stopped(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('T'))
}

/// A process of the same user as the server of `data_dir`, but with nothing to do with it.
pub(crate) fn bystander(data_dir: &Path, program: &[&str]) -> Child {
    let owner = fs::metadata(cluster(data_dir)).unwrap().uid();
    Command::new(program[0]).args(&program[1..]).uid(owner).spawn().unwrap()
}

/// Waits for something that can be seen.
#[expect(
    clippy::disallowed_methods,
    reason = "other processes give no sign of their own; this is the one place that looks again"
)]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
