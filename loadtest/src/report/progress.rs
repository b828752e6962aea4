//! What is shown while a scenario runs: bars on a terminal, a line a step elsewhere.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Says what goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    is_terminal: bool,
}

/// A bar of something that has an end.
pub(crate) struct Bar {
    bar: ProgressBar,
}

impl Progress {
    /// To the standard error.
    pub(crate) fn new() -> Self {
        Self { is_terminal: std::io::stderr().is_terminal() }
    }

    /// Says what comes next.
    pub(crate) fn say(&self, text: &str) {
        // Nobody may listen.
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// A bar that goes to `length`.
    pub(crate) fn bar(&self, name: &str, length: u64) -> Bar {
        let target = if self.is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(length), target);
        let template = "{prefix:>12} [{bar:32}] {pos}/{len} {elapsed} (left {eta}) {msg}";
        bar.set_style(ProgressStyle::with_template(template).expect("the template is valid").progress_chars("=> "));
        bar.set_prefix(name.to_owned());
        if !self.is_terminal {
            self.say(&format!("{name}: {length}"));
        }
        Bar { bar }
    }

    /// Waits, with a bar of the seconds.
    pub(crate) async fn wait(&self, name: &str, span: Duration) {
        let bar = self.bar(name, span.as_secs());
        let began = tokio::time::Instant::now();
        while began.elapsed() < span {
            tokio::time::sleep_until((began + span).min(tokio::time::Instant::now() + Duration::from_secs(1))).await;
            bar.set(began.elapsed().as_secs());
        }
        bar.finish();
    }
}

impl Bar {
    /// So many are done.
    pub(crate) fn set(&self, done: u64) {
        self.bar.set_position(done);
    }

    /// All are done.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
