//! Looking at other processes, and waiting for them, without `unsafe`: `/proc` where there is one, else `ps`.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// A process id read from a file, so not to be trusted: the process may be long gone, and the id reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pid(u32);

impl Pid {
    /// `None` for what is no process id.
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.trim().parse().ok().filter(|pid| *pid > 0).map(Self)
    }

    /// The bare number.
    pub(super) fn get(self) -> u32 {
        self.0
    }

    /// Whether such a process lives. A zombie does not: it only waits for its parent to take notice.
    pub(super) fn is_alive(self) -> bool {
        let state = if has_proc() {
            let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap_or_default();
            // "pid (name) state …": the name may itself contain parentheses.
            stat.rsplit_once(") ").map(|(_, rest)| rest.to_owned())
        } else {
            self.ask_ps("stat=")
        };
        state.is_some_and(|state| !state.is_empty() && !state.starts_with(['Z', 'X']))
    }

    /// Whether this is the postmaster that serves the data in `cluster` (an absolute path).
    pub(super) fn is_postmaster_of(self, cluster: &Path) -> bool {
        if !has_proc() {
            let arguments = self.ask_ps("args=").unwrap_or_default();
            return arguments.contains("postgres") && arguments.contains(&*cluster.to_string_lossy());
        }
        // Either sign will do. The arguments can be read by anyone, but name the directory as the caller spelt it;
        // the working directory is exact, but hidden from a root without CAP_SYS_PTRACE, as in a container.
        let arguments = fs::read(format!("/proc/{}/cmdline", self.0)).unwrap_or_default();
        let mut arguments = arguments.split(|byte| *byte == 0);
        let is_postgres = arguments.next().is_some_and(|program| program.ends_with(b"postgres"));
        let named = arguments.any(|argument| argument == cluster.as_os_str().as_bytes());
        let works_there = || fs::read_link(format!("/proc/{}/cwd", self.0)).is_ok_and(|directory| directory == cluster);
        is_postgres && (named || works_there())
    }

    fn ask_ps(self, column: &str) -> Option<String> {
        let output = Command::new("ps").args(["-ww", "-o", column, "-p", &self.0.to_string()]).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

/// Looks again and again until `look` finds something; `None` when the time is up.
///
/// # Errors
/// Those of `look`, at once.
pub(super) fn wait_for<T, E>(within: Duration, mut look: impl FnMut() -> Result<Option<T>, E>) -> Result<Option<T>, E> {
    let deadline = Instant::now() + within;
    loop {
        if let Some(found) = look()? {
            return Ok(Some(found));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        pause();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "file locks with a deadline and processes that are not our children have no event to wait for; \
              this room is blocking by contract"
)]
fn pause() {
    thread::sleep(Duration::from_millis(10));
}

fn has_proc() -> bool {
    Path::new("/proc/self/stat").exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_positive_numbers_are_process_ids() {
        assert_eq!(Pid::parse(" 42\n"), Some(Pid(42)));
        for text in ["", "0", "-1", "12a"] {
            assert_eq!(Pid::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_zombie_is_not_alive() {
        let mut child = Command::new("true").spawn().unwrap();
        let pid = Pid(child.id());
        let ended = wait_for(Duration::from_secs(10), || Ok::<_, ()>((!pid.is_alive()).then_some(())));
        assert_eq!(ended, Ok(Some(())), "nobody has waited for it yet");
        child.wait().unwrap();
        assert!(Pid(std::process::id()).is_alive());
        assert!(!Pid(std::process::id()).is_postmaster_of(Path::new("/")));
    }
}
