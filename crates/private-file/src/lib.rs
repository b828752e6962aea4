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
mod tests;
