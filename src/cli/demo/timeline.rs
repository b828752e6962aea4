//! What the demo prints.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Instant;

/// Prints steps as they happen, each with the time since the beginning and the time it took.
pub(super) struct Timeline {
    start: Instant,
    step: Instant,
    steps: usize,
    colours: bool,
}

impl Timeline {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let timeline = Self { start: now, step: now, steps: 0, colours };
        timeline.print(&format!("{}\n", timeline.bold("Twostep, from a password to a trusted device")));
        timeline.print("     at      took");
        timeline
    }

    /// A step begins now.
    pub(super) fn begin(&mut self) {
        self.step = Instant::now();
    }

    /// The step that began last did what it must.
    pub(super) fn done(&mut self, what: &str, detail: &str) {
        self.steps += 1;
        let detail = if detail.is_empty() { String::new() } else { format!("  {}", self.dim(detail)) };
        self.print(&format!("{} {what}{detail}", self.times(&self.green("✔"))));
        self.begin();
    }

    /// Something that happened on the way, `since` a moment.
    pub(super) fn hop(&self, what: &str, since: Instant) {
        let milliseconds = since.elapsed().as_secs_f64() * 1000.0;
        let at = self.start.elapsed().as_secs_f64();
        self.print(&format!("{at:>7.3} s {milliseconds:>7.1} ms   ↳ {what}"));
    }

    pub(super) fn chapter(&self, title: &str) {
        self.print(&format!("\n{}", self.bold(title)));
    }

    pub(super) fn print(&self, line: &str) {
        // Nobody reads any more: the exit status still tells.
        let _ = writeln!(std::io::stdout(), "{line}");
    }

    /// The last line and the exit status.
    pub(super) fn conclude(&self, result: anyhow::Result<()>) -> ExitCode {
        let seconds = self.start.elapsed().as_secs_f64();
        match result {
            Ok(()) => {
                self.print(&format!("\n{} {} steps in {seconds:.1} s", self.green("✔ all as it must be:"), self.steps));
                ExitCode::SUCCESS
            }
            Err(error) => {
                self.print(&format!("{} {error:#}", self.times(&self.paint("✘", 31))));
                ExitCode::FAILURE
            }
        }
    }

    fn times(&self, mark: &str) -> String {
        let at = self.start.elapsed().as_secs_f64();
        let took = self.step.elapsed().as_secs_f64() * 1000.0;
        format!("{at:>7.3} s {took:>7.1} ms {mark}")
    }

    pub(super) fn bold(&self, text: &str) -> String {
        self.paint(text, 1)
    }

    fn dim(&self, text: &str) -> String {
        self.paint(text, 2)
    }

    fn green(&self, text: &str) -> String {
        self.paint(text, 32)
    }

    fn paint(&self, text: &str, code: u8) -> String {
        if self.colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
