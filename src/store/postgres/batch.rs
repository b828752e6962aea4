//! Questions of many at once, batches: while the statement of one batch is on its way, what is asked meanwhile waits and
//! travels together in the next. A question that finds no batch under way goes at once, alone, unless its kind
//! [lingers](Batch::lingering) a moment for company. So a quiet gateway answers as fast as it would otherwise, and a busy one
//! makes few statements of many.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::store::StoreError;

/// Questions of one batch at most.
const BATCH: usize = 256;

/// How long the next batch waits for the one before: a connection that hangs holds up those of its own batch only.
const PATIENCE: Duration = Duration::from_millis(250);

/// Where questions of one kind wait for the batch before theirs.
pub(in crate::store) struct Batch<Q, A> {
    waiting: Arc<Mutex<Waiting<Q, A>>>,
    /// How long the first of a batch waits for others.
    linger: Duration,
}

struct Waiting<Q, A> {
    asked: Vec<Asked<Q, A>>,
    is_under_way: bool,
}

struct Asked<Q, A> {
    question: Q,
    answer: oneshot::Sender<Result<A, StoreError>>,
}

impl<Q, A> Default for Batch<Q, A> {
    fn default() -> Self {
        Self::lingering(Duration::ZERO)
    }
}

impl<Q, A> Batch<Q, A> {
    /// Batches whose first question waits for others: for what nobody waits for, and what several say at about the same time.
    pub(in crate::store) fn lingering(linger: Duration) -> Self {
        Self { waiting: Arc::new(Mutex::new(Waiting { asked: Vec::new(), is_under_way: false })), linger }
    }
}

impl<Q: Clone + Send + 'static, A: Send + 'static> Batch<Q, A> {
    /// Asks, with others or alone. `answer_all` answers a batch: one answer a question, in their order. It is called on a task
    /// of its own, so that whoever asked first may go away without harm to the others.
    ///
    /// # Errors
    /// What `answer_all` says: to this question alone, or [`StoreError::Unavailable`] to its whole batch.
    pub(in crate::store) async fn ask<F>(
        &self,
        question: Q,
        answer_all: impl Fn(Arc<[Q]>) -> F + Send + Sync + 'static,
    ) -> Result<A, StoreError>
    where
        F: Future<Output = Result<Vec<A>, StoreError>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let is_first = {
            let mut waiting = self.waiting();
            waiting.asked.push(Asked { question, answer });
            !mem::replace(&mut waiting.is_under_way, true)
        };
        if is_first {
            let gather = Self { waiting: Arc::clone(&self.waiting), linger: self.linger };
            let carrier = Carrier { gather, is_done: false };
            tokio::spawn(async move { carrier.run(Arc::new(answer_all)).await });
        }
        answered.await.unwrap_or_else(|gone| Err(StoreError::Unavailable(gone.into())))
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting<Q, A>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Carries batch after batch while there are questions. However it ends, the next question starts another.
struct Carrier<Q: Clone + Send + 'static, A: Send + 'static> {
    gather: Batch<Q, A>,
    is_done: bool,
}

impl<Q: Clone + Send + 'static, A: Send + 'static> Carrier<Q, A> {
    async fn run<F>(mut self, answer_all: Arc<impl Fn(Arc<[Q]>) -> F + Send + Sync + 'static>)
    where
        F: Future<Output = Result<Vec<A>, StoreError>> + Send + 'static,
    {
        let linger = self.gather.linger;
        loop {
            if !linger.is_zero() {
                sleep(linger).await;
            }
            let Some(batch) = self.next() else { return };
            let under_way = tokio::spawn(carry(batch, Arc::clone(&answer_all)));
            // It goes on by itself if it takes longer, and those who wait for it learn how it ends.
            let _ = timeout(PATIENCE, under_way).await;
        }
    }

    /// The next batch; `None` when nobody asks any more: from then on another carrier may be under way.
    fn next(&mut self) -> Option<Vec<Asked<Q, A>>> {
        let mut waiting = self.gather.waiting();
        // Who waited in vain went away: an answer would come too late, and hold up those that are there.
        waiting.asked.retain(|asked| !asked.answer.is_closed());
        let count = waiting.asked.len().min(BATCH);
        waiting.is_under_way = count > 0;
        let batch = (count > 0).then(|| waiting.asked.drain(..count).collect());
        drop(waiting);
        self.is_done = batch.is_none();
        batch
    }
}

impl<Q: Clone + Send + 'static, A: Send + 'static> Drop for Carrier<Q, A> {
    /// After a panic, or at the end of its thread, those who wait are told.
    fn drop(&mut self) {
        if !self.is_done {
            let mut waiting = self.gather.waiting();
            waiting.is_under_way = false;
            waiting.asked.clear();
        }
    }
}

async fn carry<Q: Clone, A, F>(batch: Vec<Asked<Q, A>>, answer_all: Arc<impl Fn(Arc<[Q]>) -> F>)
where
    F: Future<Output = Result<Vec<A>, StoreError>>,
{
    let questions: Arc<[Q]> = batch.iter().map(|asked| asked.question.clone()).collect();
    match answer_all(questions).await {
        Ok(answers) => {
            debug_assert_eq!(answers.len(), batch.len(), "a batch needs an answer to each question");
            for (asked, answer) in batch.into_iter().zip(answers) {
                asked.tell(Ok(answer));
            }
        }
        Err(StoreError::Unavailable(error)) => {
            let error: Arc<dyn std::error::Error + Send + Sync> = Arc::from(error);
            for asked in batch {
                asked.tell(Err(StoreError::Unavailable(Box::new(Arc::clone(&error)))));
            }
        }
        // One of them is at fault: the others do not pay for it.
        Err(_) => {
            for asked in batch {
                let alone = answer_all(Arc::from([asked.question.clone()])).await;
                asked.tell(alone.and_then(|answers| answers.into_iter().next().ok_or_else(no_answer)));
            }
        }
    }
}

fn no_answer() -> StoreError {
    StoreError::Corrupt("a question has no answer".to_owned())
}

impl<Q, A> Asked<Q, A> {
    fn tell(self, answer: Result<A, StoreError>) {
        // Who asked may be gone.
        let _ = self.answer.send(answer);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::{BoxFuture, FutureExt, join_all};
    use tokio::sync::{Notify, mpsc};

    use super::*;

    type Numbers = Batch<u32, u32>;

    fn doubled(numbers: &[u32]) -> Vec<u32> {
        numbers.iter().map(|number| number * 2).collect()
    }

    #[tokio::test]
    async fn what_is_asked_while_a_batch_is_under_way_travels_in_the_next() {
        let numbers = Numbers::default();
        let go = Arc::new(Notify::new());
        let (seen, mut batches) = mpsc::unbounded_channel();
        let ask = |number| {
            let go = Arc::clone(&go);
            let seen = seen.clone();
            numbers.ask(number, move |asked: Arc<[u32]>| {
                seen.send(asked.len()).expect("the test reads");
                let go = Arc::clone(&go);
                async move {
                    go.notified().await;
                    Ok(doubled(&asked))
                }
            })
        };
        let drive = async {
            let mut sizes = vec![batches.recv().await.expect("the first")];
            for _ in 0..2 {
                go.notify_one();
                sizes.push(batches.recv().await.expect("another"));
            }
            go.notify_one();
            sizes
        };
        let first = ask(0);
        let others = async {
            // The first is on its way before anybody else asks.
            tokio::task::yield_now().await;
            join_all((1..=300).map(&ask)).await
        };
        let (first, others, sizes) = tokio::join!(first, others, drive);
        assert_eq!(first.expect("answered"), 0);
        let others: Vec<u32> = others.into_iter().map(|answer| answer.expect("answered")).collect();
        assert_eq!(others, doubled(&(1..=300).collect::<Vec<_>>()), "each has its own answer");
        assert_eq!(sizes, [1, BATCH, 300 - BATCH]);
    }

    /// Refuses batches with a 13.
    fn superstitious(asked: Arc<[u32]>) -> BoxFuture<'static, Result<Vec<u32>, StoreError>> {
        async move {
            tokio::task::yield_now().await;
            if asked.contains(&13) { Err(StoreError::Conflict) } else { Ok(doubled(&asked)) }
        }
        .boxed()
    }

    #[tokio::test]
    async fn a_question_at_fault_spoils_no_other() {
        let numbers = Numbers::default();
        let answers = join_all((11..=15).map(|number| numbers.ask(number, superstitious))).await;
        let answers: Vec<Option<u32>> = answers.into_iter().map(Result::ok).collect();
        assert_eq!(answers, [Some(22), Some(24), None, Some(28), Some(30)]);
    }

    #[tokio::test]
    async fn a_database_that_is_away_is_away_for_the_whole_batch_and_asked_once() {
        let numbers = Numbers::default();
        let (seen, mut batches) = mpsc::unbounded_channel();
        let away = move |asked: Arc<[u32]>| {
            seen.send(asked.len()).expect("the test reads");
            async { Err(StoreError::Unavailable("gone".into())) }
        };
        let answers = join_all((0..5).map(|number| numbers.ask(number, away.clone()))).await;
        for answer in answers {
            assert!(matches!(answer, Err(StoreError::Unavailable(error)) if error.to_string() == "gone"));
        }
        assert_eq!(batches.recv().await, Some(5));
        assert!(batches.try_recv().is_err());
    }

    #[tokio::test]
    async fn after_a_panic_the_waiting_are_told_and_the_next_is_answered() {
        let numbers = Numbers::default();
        let broken = |_: Arc<[u32]>| async { panic!("a mistake of ours") };
        for answer in join_all((0..5).map(|number| numbers.ask(number, broken))).await {
            assert!(matches!(answer, Err(StoreError::Unavailable(_))));
        }
        assert_eq!(numbers.ask(4, superstitious).await.expect("answered"), 8);
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_that_hangs_holds_up_no_other() {
        let numbers = Numbers::default();
        let hangs_at_1 = |asked: Arc<[u32]>| async move {
            if asked.contains(&1) {
                std::future::pending::<()>().await;
            }
            Ok(doubled(&asked))
        };
        let mut first = Box::pin(numbers.ask(1, hangs_at_1));
        assert!(first.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
        assert_eq!(numbers.ask(2, hangs_at_1).await.expect("answered"), 4);
        assert!(first.now_or_never().is_none());
    }

    #[tokio::test]
    async fn who_goes_away_takes_no_answer_of_others_along() {
        let numbers = Numbers::default();
        let mut first = Box::pin(numbers.ask(1, superstitious));
        assert!(first.as_mut().now_or_never().is_none(), "it began the batch");
        let second = numbers.ask(2, superstitious);
        drop(first);
        assert_eq!(second.await.expect("answered"), 4);
    }
}
