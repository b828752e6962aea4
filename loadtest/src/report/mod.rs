//! What a scenario found out, and how it is shown: while it runs, as text, as JSON, as a page with plots.

mod escape;
mod html;
mod model;
mod plot;
mod progress;
mod style;
mod summary;

use std::io::Write;
use std::path::Path;

use anyhow::Context;

use self::html::write_page;
pub(crate) use self::model::{Check, Figure, Latencies, Report, Run, Second};
pub(crate) use self::progress::Progress;
use self::summary::write_summary;

/// Draws two reports into one page.
///
/// # Errors
/// When one is no report, or the page cannot be written.
pub(crate) fn compare(first: &Path, second: &Path, html: &Path) -> anyhow::Result<()> {
    let reports = [read_report(first)?, read_report(second)?];
    let page = write_page(&[("first", &reports[0]), ("second", &reports[1])]);
    std::fs::write(html, page).with_context(|| format!("{} cannot be written", html.display()))
}

/// Reads a report that `--json` wrote.
///
/// # Errors
/// When it is none.
fn read_report(path: &Path) -> anyhow::Result<Report> {
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
