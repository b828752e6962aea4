//! Files with secrets: written so that nobody else can read them, and refused in production when others can.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use zeroize::Zeroizing;

/// Rights that a file with a secret must not give: anything to others, and writing to its group. Reading by the group is how
/// Kubernetes hands a secret to a process that is not root (`fsGroup`, `defaultMode: 0440`).
const TOO_OPEN: u32 = 0o027;
/// Rights of a new file: its owner's alone.
const PRIVATE: u32 = 0o600;

/// Others can read or change a file with a secret.
#[derive(Debug, thiserror::Error)]
pub enum NotPrivate {
    /// Its rights are too wide.
    #[error("{} can be read or changed by others (its mode is {mode:04o}): chmod 600 it, or 440 if its group must read it", path.display())]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its rights.
        mode: u32,
    },
    /// It cannot be looked at.
    #[error("{} cannot be read: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

/// Makes sure that a file is no business of others.
///
/// # Errors
/// [`NotPrivate`] says what to do.
pub(super) fn require(path: &Path) -> Result<(), NotPrivate> {
    let metadata = fs::metadata(path).map_err(|cause| NotPrivate::Unreadable { path: path.to_owned(), cause })?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & TOO_OPEN == 0 { Ok(()) } else { Err(NotPrivate::TooOpen { path: path.to_owned(), mode }) }
}

/// Reads a secret.
///
/// # Errors
/// The system's, and when it is no UTF-8.
pub fn read(path: &Path) -> io::Result<SecretString> {
    let mut file = File::open(path)?;
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let length = usize::try_from(file.metadata()?.len()).unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(length + 1));
    file.read_to_string(&mut text)?;
    Ok(text.as_str().into())
}

/// Puts a text in the place of a file: written aside, brought to the disk, then renamed, so that a crash leaves the old or the
/// new one whole. A file that was there keeps its owner, and its rights as far as they are not too wide.
///
/// # Errors
/// The system's; [`io::ErrorKind::AlreadyExists`] when somebody else is writing, or died while writing.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link stays one: what it leads to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let aside = folder.join(name);
    let file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(&aside)?;
    let written = write(file, &path, text).and_then(|()| fs::rename(&aside, &path));
    if written.is_err() {
        let _ = fs::remove_file(&aside);
    }
    written?;
    File::open(folder)?.sync_all()
}

fn write(mut file: File, path: &Path, text: &str) -> io::Result<()> {
    if let Ok(before) = fs::metadata(path) {
        let now = file.metadata()?;
        if (before.uid(), before.gid()) != (now.uid(), now.gid()) {
            fchown(&file, Some(before.uid()), Some(before.gid()))?;
        }
        file.set_permissions(Permissions::from_mode((before.mode() & 0o777 & !TOO_OPEN) | PRIVATE))?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("there").mode() & 0o777
    }

    #[test]
    fn a_new_file_is_its_owners_alone_and_an_old_one_keeps_what_it_may() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("keys");
        replace(&path, "one").expect("written");
        assert_eq!((mode(&path), read(&path).expect("read").expose_secret()), (0o600, "one"));
        for (before, after) in [(0o640, 0o640), (0o664, 0o640), (0o400, 0o600)] {
            fs::set_permissions(&path, Permissions::from_mode(before)).expect("changed");
            replace(&path, "two").expect("written");
            assert_eq!(mode(&path), after, "{before:o}");
        }
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left aside");
    }

    #[test]
    fn a_link_stays_one_and_two_writers_do_not_mix() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, link) = (folder.path().join("keys"), folder.path().join("link"));
        replace(&path, "one").expect("written");
        std::os::unix::fs::symlink(&path, &link).expect("linked");
        replace(&link, "two").expect("written");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(read(&path).expect("read").expose_secret(), "two");

        fs::write(folder.path().join("keys.new"), "half").expect("written");
        assert_eq!(replace(&path, "three").map_err(|error| error.kind()), Err(io::ErrorKind::AlreadyExists));
        assert_eq!(read(&path).expect("read").expose_secret(), "two");
    }

    #[test]
    fn only_the_owner_and_readers_of_the_group_are_let_in() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("keys");
        replace(&path, "one").expect("written");
        for (mode, is_fine) in
            [(0o400, true), (0o600, true), (0o440, true), (0o640, true), (0o660, false), (0o604, false), (0o444, false)]
        {
            fs::set_permissions(&path, Permissions::from_mode(mode)).expect("changed");
            assert_eq!(require(&path).is_ok(), is_fine, "{mode:o}");
        }
        assert!(matches!(require(&folder.path().join("gone")), Err(NotPrivate::Unreadable { .. })));
    }
}
