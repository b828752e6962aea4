//! The directory with the server's Unix socket, and how clients find it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::account::Account;
use super::directory::{self, Directory};
use super::error::StartError;

/// Database and superuser have the same name; PostgreSQL trusts whoever gets into the socket's directory.
pub(super) const NAME: &str = "twostep";

/// Only names the socket: the server listens on no network address.
pub(super) const PORT: &str = "5432";

/// `sockaddr_un` holds 107 bytes of path on Linux and 103 on macOS and the BSDs.
const LONGEST_SOCKET_PATH: usize = 103;

/// Where the socket is, when its path would otherwise be too long.
///
/// Not `TMPDIR`, which may have another value at the next start: a server that survived until then is found by path.
const SHORT_PARENT: &str = "/tmp";

/// The directory with the server's socket.
#[derive(Debug)]
pub(super) struct Sockets {
    path: PathBuf,
}

impl Sockets {
    /// Makes the socket directory: open to the server's user only (and to root, who may do anything).
    ///
    /// # Errors
    /// When it cannot be made, or is somebody else's.
    pub(super) fn prepare(directory: &Directory, account: &Account) -> Result<Self, StartError> {
        let path = Some(directory.root().join("run")).filter(|path| is_usable(path));
        let path = path.map_or_else(|| short_path(directory), Ok)?;
        directory::make_private(&path, account)?;
        Ok(Self { path })
    }

    /// The directory.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// For clients, in libpq's `key=value` form.
    pub(super) fn connection_string(&self) -> String {
        format!("host={} port={PORT} user={NAME} dbname={NAME}", quote(&self.path.to_string_lossy()))
    }

    /// Whether a server listens.
    pub(super) fn is_answered(&self) -> bool {
        UnixStream::connect(self.path.join(format!(".s.PGSQL.{PORT}"))).is_ok()
    }

    /// Removes the note beside the socket that names the server it belongs to.
    pub(super) fn remove_lock(&self) {
        let _ = fs::remove_file(self.path.join(format!(".s.PGSQL.{PORT}.lock")));
    }

    /// Leaves nothing behind outside the data directory.
    pub(super) fn remove_if_elsewhere(&self) {
        if self.path.parent() == Some(Path::new(SHORT_PARENT)) {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// Whether both the server's setting and a client's `host` can carry the path: each takes a comma for a separator.
fn is_usable(path: &Path) -> bool {
    let socket_length = path.as_os_str().len() + format!("/.s.PGSQL.{PORT}").len();
    socket_length <= LONGEST_SOCKET_PATH && path.to_str().is_some_and(|text| !text.contains([',', '\n']))
}

/// Always the same for one directory, and no other's.
fn short_path(directory: &Directory) -> Result<PathBuf, StartError> {
    let found = fs::metadata(directory.root()).map_err(StartError::file("read", directory.root()))?;
    Ok(Path::new(SHORT_PARENT).join(format!("{NAME}-{:x}-{:x}", found.dev(), found.ino())))
}

/// Quotes a value where libpq's syntax asks for it
/// (<https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE>).
fn quote(value: &str) -> String {
    if !value.contains([' ', '\t', '\'', '\\']) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_only_where_needed() {
        assert_eq!(quote("/srv/data/run"), "/srv/data/run");
        assert_eq!(quote(r"/srv/it's a \ path"), r"'/srv/it\'s a \\ path'");
    }

    #[test]
    fn paths_that_a_socket_cannot_have_are_told() {
        assert!(is_usable(Path::new("/srv/it's mine/run")));
        assert!(!is_usable(Path::new("/srv/a,b/run")));
        assert!(is_usable(Path::new(&format!("/{}", "x".repeat(88)))));
        assert!(!is_usable(Path::new(&format!("/{}", "x".repeat(89)))));
    }
}
