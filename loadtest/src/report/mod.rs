//! What a scenario found out, and how it is shown: while it runs, as text, as JSON, as a page with plots.

mod html;
mod model;
mod plot;
mod progress;
mod style;
mod summary;

use std::io::Write;
use std::path::Path;

use anyhow::Context;

pub(crate) use self::html::write_page;
pub(crate) use self::model::{Check, Figure, Latencies, Machine, Report, Run, Second};
pub(crate) use self::progress::Progress;
pub(crate) use self::summary::write_summary;

/// Reads a report that `--json` wrote.
///
/// # Errors
/// When it is none.
pub(crate) fn read_report(path: &Path) -> anyhow::Result<Report> {
    let text = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is no report of this harness", path.display()))
}

/// Writes a report where it was asked for, and a summary to the standard output.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn deliver(report: &Report, json: Option<&Path>, html: Option<&Path>) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    write_summary(report, &mut output)?;
    if let Some(path) = json {
        std::fs::write(path, serde_json::to_vec_pretty(report)?)
            .with_context(|| format!("{} cannot be written", path.display()))?;
        writeln!(output, "JSON: {}", path.display())?;
    }
    if let Some(path) = html {
        std::fs::write(path, write_page(&[("", report)]))
            .with_context(|| format!("{} cannot be written", path.display()))?;
        writeln!(output, "page: {}", path.display())?;
    }
    Ok(())
}
