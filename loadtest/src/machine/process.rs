//! What processes use, from /proc (proc(5)); nothing where there is no /proc.

use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

/// How often processes are looked at.
const PERIOD: Duration = Duration::from_millis(500);
/// Clock ticks a second in /proc (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// What a set of processes uses.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Usage {
    /// Processor time so far, user and system, in seconds.
    pub(crate) cpu_seconds: f64,
    /// Resident memory in KiB.
    pub(crate) memory_kib: f64,
    /// Open files, connections among them.
    pub(crate) open_files: usize,
    /// Threads.
    pub(crate) threads: usize,
}

impl Usage {
    /// What they use now; `None` when one of them is gone or there is no /proc.
    pub(crate) fn of(processes: &[u32]) -> Option<Self> {
        let mut sum = Self::default();
        for id in processes {
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
            sum.cpu_seconds += cpu_seconds(&stat)?;
            sum.memory_kib += field(&status, "VmRSS:")?;
            sum.threads += field(&status, "Threads:")? as usize;
            sum.open_files += fs::read_dir(format!("/proc/{id}/fd")).ok()?.count();
        }
        (!processes.is_empty()).then_some(sum)
    }
}

/// Sends a process a signal.
///
/// # Errors
/// When it is gone, or belongs to another user.
pub(super) fn send(process: u32, signal: Signal) -> anyhow::Result<()> {
    let id = Pid::from_raw(process.try_into()?).context("no process has the number 0")?;
    kill_process(id, signal).with_context(|| format!("process {process} takes no signal"))
}

/// The fields of /proc/PID/stat from the third on (proc(5)); the second, a name in brackets, may hold anything.
pub(super) fn stat_fields(stat: &str) -> impl Iterator<Item = &str> {
    stat.rsplit(')').next().unwrap_or_default().split_whitespace()
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    let mut fields = stat_fields(stat).skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS_PER_SECOND)
}

/// The number of a line of /proc/PID/status; sizes are in KiB.
fn field(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// The load of the machine in the last minute; 0 where nobody knows.
pub(crate) fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or_default()
}

/// How memory and processor went over a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Samples {
    /// Seconds since the run began, and MiB.
    pub(crate) memory_mib: Vec<(f64, f64)>,
    /// Seconds since the run began, and percent of one core.
    pub(crate) cpu_percent: Vec<(f64, f64)>,
}

/// Watches processes until it is dropped.
pub(crate) struct Sampler {
    samples: Arc<Mutex<Samples>>,
    task: JoinHandle<()>,
}

impl Sampler {
    /// Begins to watch; times count from `began`.
    pub(crate) fn start(processes: Vec<u32>, began: Instant) -> Self {
        let samples = Arc::<Mutex<Samples>>::default();
        let task = tokio::spawn(watch(processes, began, Arc::clone(&samples)));
        Self { samples, task }
    }

    /// What was seen so far.
    pub(crate) fn samples(&self) -> Samples {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch(processes: Vec<u32>, began: Instant, samples: Arc<Mutex<Samples>>) {
    let mut ticks = tokio::time::interval(PERIOD);
    let mut before = None::<(Instant, f64)>;
    loop {
        ticks.tick().await;
        let Some(usage) = Usage::of(&processes) else { return };
        let now = Instant::now();
        let at = began.elapsed().as_secs_f64();
        let mut samples = samples.lock().unwrap_or_else(PoisonError::into_inner);
        samples.memory_mib.push((at, usage.memory_kib / 1024.0));
        if let Some((then, cpu_then)) = before.replace((now, usage.cpu_seconds)) {
            let share = (usage.cpu_seconds - cpu_then) / now.duration_since(then).as_secs_f64();
            samples.cpu_percent.push((at, 100.0 * share));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_and_memory_are_read() {
        let stat = "12 (a name) with) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 1 0 99";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(field("VmPeak:\t 9 kB\nVmRSS:\t  2048 kB\nThreads:\t7\n", "VmRSS:"), Some(2048.0));
        assert_eq!(Usage::of(&[]), None);
    }
}
