//! Jobs, and the supervisor that keeps them running.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tracing::{debug, error};

/// How long after a panic a job starts again: a cause that stays must not fill the log.
const RESTART_AFTER: Duration = Duration::from_secs(1);

/// Something that runs by itself.
pub trait Job: 'static {
    /// What the log calls it.
    fn name(&self) -> &'static str;

    /// Runs until the node stops, or until nothing is left to do. After a panic it is called again, on the same value.
    fn run(&mut self) -> impl Future<Output = ()>;
}

/// A job that does one thing at fixed intervals, at once for the first time. Missed turns are not made up for.
pub struct Every<F> {
    name: &'static str,
    period: Duration,
    work: F,
}

impl<F: AsyncFnMut() + 'static> Every<F> {
    /// Does `work` each `period`.
    pub fn new(name: &'static str, period: Duration, work: F) -> Self {
        Self { name, period, work }
    }
}

impl<F: AsyncFnMut() + 'static> Job for Every<F> {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn run(&mut self) {
        let mut turns = interval(self.period);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            (self.work)().await;
        }
    }
}

/// Starts jobs on this thread, starts them again when they panic, and ends them.
#[derive(Default)]
pub struct Supervisor {
    running: Vec<JoinHandle<()>>,
}

impl Supervisor {
    /// Starts a job.
    pub fn start(&mut self, job: impl Job) {
        self.running.push(actix_web::rt::spawn(keep_running(job)));
    }

    /// Takes over tasks that run already. They are ended with the rest, and not started again.
    pub fn adopt(&mut self, tasks: impl IntoIterator<Item = JoinHandle<()>>) {
        self.running.extend(tasks);
    }

    /// Ends every job where it waits.
    pub fn end(&self) {
        self.running.iter().for_each(JoinHandle::abort);
    }
}

async fn keep_running(mut job: impl Job) {
    let name = job.name();
    // A job holds connections, channels and settings, which a panic leaves as they are.
    while AssertUnwindSafe(job.run()).catch_unwind().await.is_err() {
        error!(job.name = name, "a job panicked: it starts again in a second");
        sleep(RESTART_AFTER).await;
    }
    debug!(job.name = name, "a job has nothing left to do");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;

    use super::*;

    struct Clumsy {
        runs: u32,
        done: Arc<Notify>,
    }

    impl Job for Clumsy {
        fn name(&self) -> &'static str {
            "clumsy"
        }

        async fn run(&mut self) {
            self.runs += 1;
            assert!(self.runs == 3, "not yet");
            self.done.notify_one();
        }
    }

    #[actix_web::test]
    async fn a_job_that_panics_starts_again_with_what_it_held() {
        tokio::time::pause();
        let done = Arc::<Notify>::default();
        let mut supervisor = Supervisor::default();
        supervisor.start(Clumsy { runs: 0, done: Arc::clone(&done) });
        done.notified().await;
    }

    #[actix_web::test]
    async fn a_turn_that_panics_is_not_the_last_one() {
        tokio::time::pause();
        let turns = Arc::<AtomicU32>::default();
        let done = Arc::<Notify>::default();
        let work = {
            let (turns, done) = (Arc::clone(&turns), Arc::clone(&done));
            async move || {
                assert!(turns.fetch_add(1, Ordering::Relaxed) != 1, "the second one fails");
                if turns.load(Ordering::Relaxed) == 4 {
                    done.notify_one();
                }
            }
        };
        let mut supervisor = Supervisor::default();
        supervisor.start(Every::new("test", Duration::from_secs(5), work));
        done.notified().await;
        supervisor.end();
        assert_eq!(turns.load(Ordering::Relaxed), 4);
    }
}
