//! A report as text.

use std::io::{self, Write};

use super::model::{Report, short};

/// Writes what a person looks at first.
///
/// # Errors
/// The output's.
pub(crate) fn write_summary(report: &Report, output: &mut impl Write) -> io::Result<()> {
    let machine = &report.machine;
    writeln!(output, "\n{} · {} · {} cores", report.scenario, report.began, machine.cores)?;
    writeln!(output, "load of the machine {:.1} before, {:.1} at the end", machine.load_before, machine.load_after)?;
    if report.runs.iter().any(|run| !run.latencies.is_empty()) {
        let run = "run";
        let name = "latency in ms";
        writeln!(
            output,
            "\n{run:<24}{name:<28}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}",
            "count", "p50", "p90", "p99", "p99.9", "max"
        )?;
    }
    for run in &report.runs {
        for latencies in &run.latencies {
            let columns = [latencies.p50_ms, latencies.p90_ms, latencies.p99_ms, latencies.p999_ms, latencies.max_ms];
            write!(output, "{:<24}{:<28}{:>9}", run.name, latencies.name, latencies.count)?;
            for column in columns {
                write!(output, "{:>9}", short(column))?;
            }
            writeln!(output)?;
        }
    }
    for run in report.runs.iter().filter(|run| !run.counts.is_empty()) {
        writeln!(output, "\n{}", run.name)?;
        for (name, count) in &run.counts {
            writeln!(output, "  {count:>10}  {name}")?;
        }
    }
    if !report.figures.is_empty() {
        writeln!(output)?;
    }
    for figure in &report.figures {
        writeln!(output, "{:<52}{}", figure.name, figure.text())?;
    }
    writeln!(output)?;
    for check in &report.checks {
        let word = if check.passed { "ok    " } else { "FAILED" };
        writeln!(output, "{word}  {} ({})", check.name, check.seen)?;
    }
    output.flush()
}
