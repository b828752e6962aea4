//! A part of a run: sign-ins at a fixed rate before, during or after an attack.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::options::Options;
use crate::report::Run;
use crate::scenario::stream::{Flow, Pace, Stream};
use crate::stage::Stage;

/// Sign-ins may take this many times as long meanwhile.
pub(super) const MOST_TIMES_SLOWER: f64 = 2.0;

/// Memory in MiB at the end of each part.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) before: f64,
    pub(super) most: f64,
    pub(super) after: f64,
}

/// What each part of a run needs.
pub(super) struct Part<'a> {
    pub(super) stage: &'a Stage,
    pub(super) stream: &'a Arc<Stream>,
    pub(super) options: &'a Options,
    pub(super) began: Instant,
}

impl Part<'_> {
    /// Plays it, and writes down how it went.
    pub(super) async fn play(&self, name: &str, warm_up: Duration, run: &mut Run) -> anyhow::Result<Arc<Flow>> {
        self.stage.progress.say(&format!("sign-ins {name}: {} s", self.options.seconds));
        let span = Duration::from_secs(self.options.seconds);
        let from = (self.began.elapsed() + warm_up).as_secs_f64();
        let flow = self.stream.run(Pace { rate: self.options.rate, warm_up, span }).await?;
        run.phases.push((name.to_owned(), from, from + span.as_secs_f64()));
        let mut whole = flow.whole.finish();
        whole.name = format!("{}, {name}", whole.name);
        // Each part is drawn where it was in the run.
        for second in &mut whole.seconds {
            second.second += from.round() as u32;
        }
        run.latencies.push(whole);
        for (outcome, count) in flow.counts() {
            run.counts.insert(format!("{name}: {outcome}"), count);
        }
        Ok(flow)
    }
}
