//! Making the cluster: PostgreSQL's data directory, with the gateway's empty database in it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::{self, Command, Stdio};

use super::account::Account;
use super::directory::{self, Directory};
use super::error::{self, StartError};
use super::programs::Programs;
use super::sockets::NAME;

/// A cluster in the making has this at the start of its name.
const UNFINISHED: &str = "pg.new-";

const CREATE_DATABASE: &[u8] = include_bytes!("create_database.sql");

/// The major version that made the data; `None` when there is no data yet.
///
/// # Errors
/// When the place is taken by something else, or cannot be read.
pub(super) fn made_by(cluster: &Path) -> Result<Option<u32>, StartError> {
    let not_a_cluster = || StartError::NotACluster { cluster: cluster.to_owned() };
    let version_file = cluster.join("PG_VERSION");
    match fs::read_to_string(&version_file) {
        Ok(text) => {
            let major = text.trim().split('.').next().and_then(|major| major.parse().ok());
            major.map(Some).ok_or_else(not_a_cluster)
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StartError::file("read", version_file)(error)),
        Err(_) if fs::read_dir(cluster).is_ok_and(|mut entries| entries.next().is_some()) => Err(not_a_cluster()),
        Err(_) => Ok(None),
    }
}

/// Removes what gateways that were killed have left. An `initdb` of theirs may still be writing: then this does not
/// succeed before a later start, and no harm is done, because each gateway has a side directory of its own.
pub(super) fn remove_unfinished(directory: &Directory) {
    for entry in fs::read_dir(directory.root()).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Makes the cluster, complete or not at all: in a side directory that gets its name as the last step.
///
/// # Errors
/// When PostgreSQL's programs fail, or the directory cannot be written.
pub(super) fn create(directory: &Directory, programs: &Programs, account: &Account) -> Result<(), StartError> {
    let side = directory.root().join(format!("{UNFINISHED}{}", process::id()));
    directory::make_private(&side, account)?;
    init(&side, programs, account)?;
    create_database(&side, programs, account)?;

    let cluster = directory.cluster();
    fs::rename(&side, &cluster).map_err(StartError::file("create", &cluster))?;
    File::open(directory.root()).and_then(|root| root.sync_all()).map_err(StartError::file("write", directory.root()))
}

fn init(side: &Path, programs: &Programs, account: &Account) -> Result<(), StartError> {
    let mut initdb = account.command(programs.initdb());
    initdb.arg("--pgdata").arg(side).args(["--username", NAME, "--encoding", "UTF8", "--no-locale"]);
    // Trust is safe because the socket's directory is closed to everyone else; no other way in exists.
    initdb.args(["--auth-local", "trust", "--auth-host", "reject"]);
    run(&mut initdb, &[])
}

/// In single-user mode: no server runs in the side directory that a kill could leave behind.
fn create_database(side: &Path, programs: &Programs, account: &Account) -> Result<(), StartError> {
    let mut single = account.command(programs.postgres());
    single.args(["--single", "-c", "exit_on_error=on", "-D"]).arg(side).arg("postgres");
    run(&mut single, CREATE_DATABASE)
}

/// Runs a program that ends by itself; a failure carries its own words.
fn run(command: &mut Command, input: &[u8]) -> Result<(), StartError> {
    let program = command.get_program().to_owned();
    let mut child =
        command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(StartError::spawn(&program))?;
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(input); // a program that does not want it says why on its way out
    }
    let output = child.wait_with_output().map_err(StartError::spawn(&program))?;
    if output.status.success() {
        return Ok(());
    }
    let reason = error::complaint(&String::from_utf8_lossy(&output.stderr));
    Err(StartError::Failed { program: program.into(), status: output.status, reason })
}
