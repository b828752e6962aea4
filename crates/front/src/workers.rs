//! The threads that serve the public side, as a probe asks them: one that is held up serves nobody, while the process lives.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{mpsc, oneshot};

/// Questions that may wait for one thread. A probe that finds no room knows enough.
const WAITING: usize = 4;

type Question = oneshot::Sender<()>;

/// The threads that answer.
#[derive(Debug, Clone, Default)]
pub struct Workers(Arc<Mutex<Vec<mpsc::Sender<Question>>>>);

impl Workers {
    /// Makes the thread that calls answer, for as long as its runtime lives.
    pub(super) fn join(&self) {
        let (ask, mut questions) = mpsc::channel::<Question>(WAITING);
        let mut workers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        workers.retain(|worker| !worker.is_closed());
        workers.push(ask);
        actix_web::rt::spawn(async move {
            while let Some(answer) = questions.recv().await {
                // Who asked may have given up.
                let _ = answer.send(());
            }
        });
    }

    /// Whether each of them has a turn within `patience`.
    pub async fn have_turns(&self, patience: Duration) -> bool {
        let workers = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let turns = workers.iter().filter(|worker| !worker.is_closed()).map(async |worker| {
            let (answer, answered) = oneshot::channel();
            worker.try_send(answer).is_ok() && answered.await.is_ok()
        });
        let turns = tokio::time::timeout(patience, join_all(turns)).await;
        turns.is_ok_and(|turns| turns.into_iter().all(|had_turn| had_turn))
    }
}

#[cfg(test)]
mod tests {
    use actix::Arbiter;

    use super::*;

    #[actix_web::test]
    async fn a_thread_that_is_held_up_has_no_turn_until_it_is_free() {
        let workers = Workers::default();
        let free = Arbiter::new();
        let held_up = Arbiter::new();
        let (release, wait) = std::sync::mpsc::channel::<()>();
        for arbiter in [&free, &held_up] {
            let (joined, join) = oneshot::channel();
            let workers = workers.clone();
            arbiter.spawn_fn(move || {
                workers.join();
                joined.send(()).expect("awaited");
            });
            join.await.expect("joined");
        }
        let minute = Duration::from_secs(60);
        assert!(workers.have_turns(minute).await);
        let (begun, begins) = oneshot::channel();
        held_up.spawn_fn(move || {
            begun.send(()).expect("awaited");
            wait.recv().expect("released");
        });
        begins.await.expect("it is held up");
        assert!(!workers.have_turns(Duration::from_millis(50)).await);
        for _ in 0..2 * WAITING {
            assert!(!workers.have_turns(Duration::from_millis(1)).await, "questions do not pile up");
        }
        release.send(()).expect("it waits");
        while !workers.have_turns(minute).await {}
        // A thread that ended is not missed: another takes its place.
        held_up.stop();
        held_up.join().expect("it ends");
        assert!(workers.have_turns(minute).await);
        free.stop();
        free.join().expect("it ends");
    }
}
