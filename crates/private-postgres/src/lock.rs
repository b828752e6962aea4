//! One gateway a directory: a file lock, with the holder's process id in it for the refusal.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process;
use std::time::Duration;

use super::directory::Directory;
use super::error::StartError;
use super::process::{Pid, wait_for};

/// The watchdog of a gateway that was killed keeps the lock until the server is down: at most 40 s, see `watchdog.rs`.
const WAIT_FOR_WATCHDOG: Duration = Duration::from_secs(45);

/// The lock of a [`Directory`]: until it is dropped or, after a kill, until those it was shared with are gone too.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock. Waits when its holder is dead, because then only the server's shutdown is under way.
    ///
    /// # Errors
    /// When a living gateway holds it, when it does not become free, or when the file cannot be used.
    pub(super) fn take(directory: &Directory) -> Result<Self, StartError> {
        let path = directory.lock();
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(StartError::file("open", &path))?;

        let mut is_waiting = false;
        let taken = wait_for(WAIT_FOR_WATCHDOG, || match file.try_lock() {
            Ok(()) => Ok(Some(())),
            Err(TryLockError::Error(error)) => Err(StartError::file("lock", &path)(error)),
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(&path).ok().and_then(|text| Pid::parse(&text));
                if let Some(pid) = holder.filter(|pid| pid.is_alive()) {
                    return Err(StartError::InUse { directory: directory.root().to_owned(), pid: pid.get() });
                }
                if !is_waiting {
                    is_waiting = true;
                    tracing::info!("waiting for the PostgreSQL server of an earlier gateway to stop");
                }
                Ok(None)
            }
        })?;
        if taken.is_none() {
            let seconds = WAIT_FOR_WATCHDOG.as_secs();
            return Err(StartError::StillLocked { directory: directory.root().to_owned(), seconds });
        }
        write_pid(&file).map_err(StartError::file("write", &path))?;
        Ok(Self { file })
    }

    /// A second handle on the same lock, to hand to a child process.
    pub(super) fn share(&self) -> io::Result<File> {
        self.file.try_clone()
    }
}

/// Unlocks rather than only closes: a child process that is just being made has a copy of the file for a moment.
/// A gateway that is killed does not come here, and leaves the lock to its watchdog.
impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

fn write_pid(mut file: &File) -> io::Result<()> {
    file.set_len(0)?;
    write!(file, "{}", process::id())
}

#[cfg(test)]
mod tests {
    use super::super::account::Account;
    use super::*;

    #[test]
    fn dropped_lock_is_free_even_while_a_copy_of_the_file_is_open() {
        let place = tempfile::tempdir().unwrap();
        let account = Account::choose(place.path()).unwrap();
        let directory = Directory::prepare(place.path(), &account).unwrap();
        let lock = Lock::take(&directory).unwrap();
        let copy = lock.share().unwrap();
        assert!(matches!(Lock::take(&directory), Err(StartError::InUse { pid, .. }) if pid == process::id()));
        drop(lock);
        Lock::take(&directory).unwrap();
        drop(copy);
    }
}
