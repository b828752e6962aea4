//! Processes that stand still for a while, as after `kill -STOP`: what they hold stays, and nothing answers.

use std::fs;
use std::path::Path;

use anyhow::Context;
use rustix::process::Signal;

use super::process::{send, stat_fields};

/// Processes that stand still until this is dropped.
pub(crate) struct Frozen {
    processes: Vec<u32>,
}

impl Frozen {
    /// Stops a process and its children.
    ///
    /// # Errors
    /// When it is gone, or belongs to another user.
    pub(crate) fn with_children(process: u32) -> anyhow::Result<Self> {
        let mut frozen = Self { processes: Vec::new() };
        // The parent first: it has no more children from then on.
        frozen.stop(process)?;
        for child in children(process)? {
            // One that ended in between is no loss.
            let _ = frozen.stop(child);
        }
        Ok(frozen)
    }

    fn stop(&mut self, process: u32) -> anyhow::Result<()> {
        send(process, Signal::STOP)?;
        self.processes.push(process);
        Ok(())
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for process in &self.processes {
            // One that ended meanwhile needs nothing.
            let _ = send(*process, Signal::CONT);
        }
    }
}

/// The process that keeps a PostgreSQL cluster: the first line of its `postmaster.pid`.
///
/// # Errors
/// When the file is not there.
pub(crate) fn postmaster(cluster: &Path) -> anyhow::Result<u32> {
    let file = cluster.join("postmaster.pid");
    let text = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    text.lines().next().and_then(|line| line.trim().parse().ok()).context("postmaster.pid has no process in it")
}

fn children(parent: u32) -> anyhow::Result<Vec<u32>> {
    let processes = fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    Ok(processes.filter(|process| parent_of(*process) == Some(parent)).collect())
}

fn parent_of(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat_fields(&stat).nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn state(process: u32) -> String {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        stat_fields(&stat).next().unwrap().to_owned()
    }

    fn wait_for(process: u32, is_so: impl Fn(&str) -> bool) {
        for _ in 0..1000 {
            if is_so(&state(process)) {
                return;
            }
            std::thread::yield_now();
            std::thread::park_timeout(std::time::Duration::from_millis(5));
        }
        panic!("{process} is {}", state(process));
    }

    #[test]
    fn what_is_frozen_stands_still_until_it_is_let_go() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let id = child.id();
        assert!(children(std::process::id()).unwrap().contains(&id));
        let frozen = Frozen::with_children(id).unwrap();
        wait_for(id, |state| state == "T");
        drop(frozen);
        wait_for(id, |state| state != "T");
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(Frozen::with_children(id).is_err());
    }
}
