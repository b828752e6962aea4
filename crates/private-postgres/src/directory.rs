//! The private directory that everything of the server lives in: `postgres` in the gateway's data directory.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use super::account::Account;
use super::error::StartError;

/// Our part of the data directory. The data directory itself is left as it is: it may be anything, even `/tmp`.
const NAME: &str = "postgres";

/// Where the data goes when the gateway is root and the server's user cannot get to the place it should be in.
const SYSTEM_STATE: &str = "/var/lib";

/// The place of the data in a data directory, before anything was made there.
pub(super) fn cluster_in(data_dir: &Path) -> PathBuf {
    data_dir.join(NAME).join("pg")
}

/// The private directory and the places in it.
#[derive(Debug)]
pub(super) struct Directory {
    root: PathBuf,
}

impl Directory {
    /// Makes the directory if need be, so that only the gateway and the server's user can enter it.
    ///
    /// Below `/root` or another closed directory a lent user cannot reach it. A new one is then made under
    /// [`SYSTEM_STATE`] and a link left in its place, so that it is found again even if the closed one opens up.
    ///
    /// # Errors
    /// When it cannot be made, is somebody else's, or holds data that the server's user cannot reach.
    pub(super) fn prepare(data_dir: &Path, account: &Account) -> Result<Self, StartError> {
        let wanted = data_dir.join(NAME);
        fs::create_dir_all(data_dir).map_err(StartError::file("create", data_dir))?;
        let mut root = make_root(&wanted, account)?;
        if account.is_lent() && !account.can_enter(&root) {
            let unreachable = |directory| StartError::Unreachable { directory, user: account.name().to_owned() };
            fs::remove_dir(&wanted).map_err(|_| unreachable(root))?; // refuses unless it is empty and no link
            root = make_elsewhere(&wanted, account)?;
            if !account.can_enter(&root) {
                return Err(unreachable(root));
            }
        }
        Ok(Self { root })
    }

    /// The directory itself: absolute, free of links.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// PostgreSQL's data.
    pub(super) fn cluster(&self) -> PathBuf {
        self.root.join("pg")
    }

    /// What the server has to say.
    pub(super) fn log(&self) -> PathBuf {
        self.root.join("postgres.log")
    }

    /// Held by whoever may run a server here.
    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }
}

/// Makes a directory that belongs to the server's user alone, or checks that it is one.
///
/// # Errors
/// When it cannot be made, or is somebody else's.
pub(super) fn make_private(path: &Path, account: &Account) -> Result<(), StartError> {
    create(path)?;
    let found = fs::symlink_metadata(path).map_err(StartError::file("read", path))?;
    if !found.is_dir() || !account.may_trust(&found) {
        return Err(StartError::NotOurs { path: path.to_owned(), user: account.name().to_owned() });
    }
    account
        .give(path)
        .and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o700)))
        .map_err(StartError::file("change the owner and permissions of", path))
}

/// A lent user gets the right to pass through, not to write: lock and log stay out of its reach.
fn make_root(path: &Path, account: &Account) -> Result<PathBuf, StartError> {
    create(path)?;
    let link = fs::symlink_metadata(path).map_err(StartError::file("read", path))?;
    let root = fs::canonicalize(path).map_err(StartError::file("open", path))?;
    let found = fs::metadata(&root).map_err(StartError::file("read", &root))?;
    if !found.is_dir() || !account.may_trust(&link) || !account.may_trust(&found) {
        return Err(StartError::NotOurs { path: path.to_owned(), user: account.name().to_owned() });
    }
    let closed = if account.owns(&found) {
        fs::set_permissions(&root, Permissions::from_mode(0o700))
    } else {
        chown(&root, None, Some(account.gid())).and_then(|()| fs::set_permissions(&root, Permissions::from_mode(0o750)))
    };
    closed.map_err(StartError::file("change the permissions of", &root))?;
    Ok(root)
}

fn make_elsewhere(wanted: &Path, account: &Account) -> Result<PathBuf, StartError> {
    let home = first_free_in(Path::new(SYSTEM_STATE))?;
    let root = make_root(&home, account)?;
    symlink(&root, wanted).map_err(StartError::file("create", wanted))?;
    tracing::warn!(
        postgres.directory = %root.display(),
        postgres.link = %wanted.display(),
        "the user that PostgreSQL runs as cannot reach the data directory: the data is kept elsewhere, behind a link"
    );
    Ok(root)
}

/// A new directory with a number that no other data directory's link points to.
fn first_free_in(parent: &Path) -> Result<PathBuf, StartError> {
    let mut number = 1_u32;
    loop {
        let path = parent.join(format!("twostep-{number}"));
        match DirBuilder::new().recursive(false).mode(0o700).create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(StartError::file("create", path)(error)),
        }
    }
}

/// A closed directory; one that is there already, or a link to one, is left alone.
fn create(path: &Path) -> Result<(), StartError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(StartError::file("create", path)(error)),
        _ => Ok(()),
    }
}
