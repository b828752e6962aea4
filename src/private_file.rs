//! Files with secrets: written so that nobody else can read them, and refused in production when others can read, change or replace
//! them.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Component, Path, PathBuf};

use secrecy::SecretString;
use zeroize::Zeroizing;

/// Rights that a file with a secret must not give: anything to others, and writing to its group. Reading by the group is how
/// Kubernetes hands a secret to a process that is not root (`fsGroup`, `defaultMode: 0440`).
const TOO_OPEN: u32 = 0o027;
/// Rights of a new file: its owner's alone.
const PRIVATE: u32 = 0o600;
/// Who may write to a directory may replace every file in it, whatever the file's own rights are.
const WRITTEN_BY_OTHERS: u32 = 0o022;
/// In a directory with this bit nobody replaces what is somebody else's (`/tmp`, and the volumes of secrets in Kubernetes).
const STICKY: u32 = 0o1000;
/// The owner that everybody depends on anyway.
const ROOT: u32 = 0;
/// Links that are followed until a path counts as a circle, as in Linux (`path_resolution(7)`).
const MOST_LINKS: usize = 40;
/// Looks at a file that is being replaced. Kubernetes swaps a link when it renews a secret.
const LOOKS: usize = 3;

/// Whether a file with a secret must be nobody else's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// Its rights, its owner, and the links and directories on the way to it are checked: in production.
    Required,
    /// It is only read: in development, where secrets are samples.
    Unchecked,
}

/// Others can read, change or replace a file with a secret.
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
    /// Somebody else owns the file, a link to it, or a directory that it is in.
    #[error("{} belongs to user {owner}, who can change it: chown {what} to the user that runs the gateway, or to root", path.display())]
    Foreign {
        /// The file, link or directory.
        path: PathBuf,
        /// Which of them it is.
        what: &'static str,
        /// The user that owns it.
        owner: u32,
    },
    /// Others may replace the file: they may write to a directory that leads to it.
    #[error("{} can be written by others (its mode is {mode:04o}), who can replace the files in it: chmod go-w it", path.display())]
    OpenDirectory {
        /// The directory.
        path: PathBuf,
        /// Its rights.
        mode: u32,
    },
    /// It is a directory, a device or a pipe.
    #[error("{} is no regular file: name the file that holds the secret", .0.display())]
    NoFile(PathBuf),
    /// It cannot be looked at.
    #[error("{} cannot be read: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

impl NotPrivate {
    fn unreadable(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |cause| Self::Unreadable { path: path.to_owned(), cause }
    }
}

/// Makes sure that a file is no business of others.
///
/// # Errors
/// [`NotPrivate`] says what to do.
pub fn require(path: &Path) -> Result<(), NotPrivate> {
    open(path, Privacy::Required).map(|_| ())
}

/// Reads a secret, from the very file that was checked.
///
/// # Errors
/// [`NotPrivate`] says what to do; [`NotPrivate::Unreadable`] also when the file is no UTF-8.
pub fn read(path: &Path, privacy: Privacy) -> Result<SecretString, NotPrivate> {
    read_to_end(open(path, privacy)?).map_err(NotPrivate::unreadable(path))
}

/// Reads a secret for whoever changes it, without asking whose it is.
///
/// # Errors
/// The system's, and when it is no UTF-8.
pub fn read_unchecked(path: &Path) -> io::Result<SecretString> {
    read_to_end(File::open(path)?)
}

fn read_to_end(mut file: File) -> io::Result<SecretString> {
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let length = usize::try_from(file.metadata()?.len()).unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(length + 1));
    file.read_to_string(&mut text)?;
    Ok(text.as_str().into())
}

/// Opens a file and checks what was opened, not what the path leads to a moment later.
fn open(path: &Path, privacy: Privacy) -> Result<File, NotPrivate> {
    let mut looks = 1;
    loop {
        let file = File::open(path).map_err(NotPrivate::unreadable(path))?;
        if privacy == Privacy::Unchecked {
            return Ok(file);
        }
        let opened = file.metadata().map_err(NotPrivate::unreadable(path))?;
        check_file(path, &opened)?;
        let found = follow(path)?;
        if (found.dev(), found.ino()) == (opened.dev(), opened.ino()) {
            return Ok(file);
        }
        if looks == LOOKS {
            let cause = io::Error::new(io::ErrorKind::ResourceBusy, "it is being replaced all the time");
            return Err(NotPrivate::unreadable(path)(cause));
        }
        looks += 1;
    }
}

fn check_file(path: &Path, file: &Metadata) -> Result<(), NotPrivate> {
    if !file.is_file() {
        return Err(NotPrivate::NoFile(path.to_owned()));
    }
    check_owner(path, "it", file)?;
    let mode = file.permissions().mode() & 0o7777;
    if mode & TOO_OPEN == 0 { Ok(()) } else { Err(NotPrivate::TooOpen { path: path.to_owned(), mode }) }
}

/// The owner of a file can change its rights, so they say nothing about what the owner does.
fn check_owner(path: &Path, what: &'static str, found: &Metadata) -> Result<(), NotPrivate> {
    let owner = found.uid();
    let is_trusted = owner == ROOT || owner == rustix::process::geteuid().as_raw();
    if is_trusted { Ok(()) } else { Err(NotPrivate::Foreign { path: path.to_owned(), what, owner }) }
}

fn check_directory(path: &Path, directory: &Metadata) -> Result<(), NotPrivate> {
    check_owner(path, "the directory", directory)?;
    let mode = directory.permissions().mode() & 0o7777;
    let is_shut = mode & WRITTEN_BY_OTHERS == 0 || mode & STICKY != 0;
    if is_shut { Ok(()) } else { Err(NotPrivate::OpenDirectory { path: path.to_owned(), mode }) }
}

/// Walks to a file as the system does, and checks every directory and link on the way; answers with what is at the end.
fn follow(path: &Path) -> Result<Metadata, NotPrivate> {
    let absolute = std::path::absolute(path).map_err(NotPrivate::unreadable(path))?;
    let mut ahead: Vec<OsString> = Vec::new();
    push_steps(&mut ahead, &absolute);
    let mut here = PathBuf::from("/");
    let mut found = look(&here)?;
    let mut links = 0;
    while let Some(step) = ahead.pop() {
        check_directory(&here, &found)?;
        if step == ".." {
            here.pop();
            found = look(&here)?;
            continue;
        }
        let next = here.join(step);
        found = look(&next)?;
        if !found.is_symlink() {
            here = next;
            continue;
        }
        check_owner(&next, "the link", &found)?;
        links += 1;
        if links > MOST_LINKS {
            let cause = io::Error::new(io::ErrorKind::InvalidInput, "too many links lead to it");
            return Err(NotPrivate::unreadable(path)(cause));
        }
        let target = fs::read_link(&next).map_err(NotPrivate::unreadable(&next))?;
        if target.is_absolute() {
            here = PathBuf::from("/");
        }
        push_steps(&mut ahead, &target);
        found = look(&here)?;
    }
    Ok(found)
}

fn look(path: &Path) -> Result<Metadata, NotPrivate> {
    fs::symlink_metadata(path).map_err(NotPrivate::unreadable(path))
}

/// Puts the steps of a path on a stack, the first on top.
fn push_steps(ahead: &mut Vec<OsString>, path: &Path) {
    let steps = path.components().rev().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    ahead.extend(steps);
}

/// Makes a file that is readable by its owner alone, with the directories that lead to it. One that is there already is left as
/// it is, and counts as made: of two processes that do this at once both find one whole text.
///
/// # Errors
/// The system's.
pub fn create(path: &Path, text: &str) -> io::Result<()> {
    let folder = folder_of(path);
    fs::create_dir_all(folder)?;
    let mut aside = tempfile::Builder::new().permissions(Permissions::from_mode(PRIVATE)).tempfile_in(folder)?;
    aside.write_all(text.as_bytes())?;
    aside.as_file().sync_all()?;
    match aside.persist_noclobber(path) {
        Ok(_) => File::open(folder)?.sync_all(),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Puts a text in the place of a file: written aside, brought to the disk, then renamed, so that a crash leaves the old or the
/// new one whole. A file that was there keeps its owner, and its rights as far as they are not too wide.
///
/// # Errors
/// The system's; [`io::ErrorKind::AlreadyExists`] when somebody else is writing, or died while writing.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link stays one: what it leads to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = folder_of(&path);
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
    use std::os::unix::fs::{chown, lchown, symlink};

    use secrecy::ExposeSecret;

    use super::*;

    /// Some other user's number.
    const STRANGER: u32 = 54_321;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("there").mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("changed");
    }

    fn text(path: &Path) -> String {
        read(path, Privacy::Unchecked).expect("read").expose_secret().to_owned()
    }

    /// A folder with a secret in it.
    fn secret() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("keys");
        replace(&path, "one").expect("written");
        (folder, path)
    }

    /// Whether this test may give files away.
    fn is_root(test: &str) -> bool {
        let is_root = rustix::process::geteuid().is_root();
        if !is_root {
            let _ = writeln!(io::stderr(), "skipped, for want of root: {test}");
        }
        is_root
    }

    #[test]
    fn a_new_file_is_its_owners_alone_and_an_old_one_keeps_what_it_may() {
        let (folder, path) = secret();
        assert_eq!((mode(&path), text(&path).as_str()), (0o600, "one"));
        for (before, after) in [(0o640, 0o640), (0o664, 0o640), (0o400, 0o600)] {
            set_mode(&path, before);
            replace(&path, "two").expect("written");
            assert_eq!(mode(&path), after, "{before:o}");
        }
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left aside");
    }

    #[test]
    fn a_file_is_made_once_with_its_folders_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/er/token");
        create(&path, "one").expect("made");
        create(&path, "two").expect("is there");
        assert_eq!((mode(&path), text(&path).as_str()), (0o600, "one"));
        assert_eq!(fs::read_dir(path.parent().expect("a folder")).expect("a folder").count(), 1);
    }

    #[test]
    fn a_link_stays_one_and_two_writers_do_not_mix() {
        let (folder, path) = secret();
        let link = folder.path().join("link");
        symlink(&path, &link).expect("linked");
        replace(&link, "two").expect("written");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(text(&path), "two");

        fs::write(folder.path().join("keys.new"), "half").expect("written");
        assert_eq!(replace(&path, "three").map_err(|error| error.kind()), Err(io::ErrorKind::AlreadyExists));
        assert_eq!(text(&path), "two");
    }

    #[test]
    fn only_the_owner_and_readers_of_the_group_are_let_in() {
        let (folder, path) = secret();
        for (mode, is_fine) in
            [(0o400, true), (0o600, true), (0o440, true), (0o640, true), (0o660, false), (0o604, false), (0o444, false)]
        {
            set_mode(&path, mode);
            assert_eq!(require(&path).is_ok(), is_fine, "{mode:o}");
        }
        assert!(matches!(require(&folder.path().join("gone")), Err(NotPrivate::Unreadable { .. })));
        assert!(matches!(require(folder.path()), Err(NotPrivate::NoFile(_))));
    }

    #[test]
    fn a_directory_that_others_write_to_is_refused_unless_it_is_sticky() {
        let folder = tempfile::tempdir().expect("a folder");
        let (outer, inner) = (folder.path().join("outer"), folder.path().join("outer/inner"));
        fs::create_dir_all(&inner).expect("made");
        let path = inner.join("keys");
        replace(&path, "one").expect("written");
        for directory in [&outer, &inner] {
            for (mode, is_fine) in [(0o777, false), (0o775, false), (0o757, false), (0o1777, true), (0o755, true)] {
                set_mode(directory, mode);
                let checked = require(&path);
                assert_eq!(checked.is_ok(), is_fine, "{} {mode:o}: {checked:?}", directory.display());
            }
        }
    }

    /// Kubernetes: the file is a link to `..data/keys`, and `..data` one to a folder with the time in its name.
    #[test]
    fn links_of_a_volume_of_secrets_are_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let volume = folder.path().join("volume");
        fs::create_dir_all(volume.join("..2026_01_01")).expect("made");
        set_mode(&volume, 0o3777);
        replace(&volume.join("..2026_01_01/keys"), "one").expect("written");
        symlink("..2026_01_01", volume.join("..data")).expect("linked");
        symlink("..data/keys", volume.join("keys")).expect("linked");
        let path = volume.join("keys");
        assert_eq!(read(&path, Privacy::Required).expect("private").expose_secret(), "one");
        // Also by a detour.
        require(&volume.join("..data/../keys")).expect("private");

        set_mode(&volume.join("..2026_01_01"), 0o777);
        assert!(matches!(require(&path), Err(NotPrivate::OpenDirectory { .. })), "behind the links too");
        symlink("circle", volume.join("circle")).expect("linked");
        assert!(matches!(require(&volume.join("circle")), Err(NotPrivate::Unreadable { .. })));
    }

    #[test]
    fn what_somebody_else_owns_is_refused_file_link_or_directory() {
        if !is_root("what_somebody_else_owns_is_refused_file_link_or_directory") {
            return;
        }
        let (folder, path) = secret();
        let link = folder.path().join("link");
        symlink(&path, &link).expect("linked");
        require(&link).expect("a link of root's");
        lchown(&link, Some(STRANGER), None).expect("given away");
        let refused = require(&link).expect_err("refused").to_string();
        assert!(refused.contains("belongs to user 54321") && refused.contains("chown the link"), "{refused}");

        chown(&path, Some(STRANGER), None).expect("given away");
        let refused = read(&path, Privacy::Required).expect_err("refused").to_string();
        assert!(refused.contains("belongs to user 54321") && refused.contains("chown it"), "{refused}");
        assert_eq!(text(&path), "one", "development reads it");
        chown(&path, Some(ROOT), None).expect("taken back");

        chown(folder.path(), Some(STRANGER), None).expect("given away");
        let refused = require(&path).expect_err("refused").to_string();
        assert!(refused.contains("belongs to user 54321") && refused.contains("chown the directory"), "{refused}");
        // A link from a place that is private to one that is not.
        let elsewhere = tempfile::tempdir().expect("a folder");
        symlink(&path, elsewhere.path().join("keys")).expect("linked");
        assert!(matches!(require(&elsewhere.path().join("keys")), Err(NotPrivate::Foreign { .. })));
    }
}
