//! A report as a page of its own.

use std::fmt::Write;

use super::escape::escape;
use super::model::{Latencies, Report, Run, Second, short};
use super::plot::{Across, Line, Plot, draw};
use super::style::STYLE;

/// The page of one report, or of several to compare.
pub(crate) fn write_page(reports: &[(&str, &Report)]) -> String {
    let names: Vec<&str> = reports.iter().map(|(_, report)| report.scenario.as_str()).collect();
    let title = if names.windows(2).all(|pair| pair[0] == pair[1]) { names[0].to_owned() } else { names.join(" and ") };
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{0}: load test</title><style>{STYLE}</style><h1>{0}</h1>",
        escape(&title)
    );
    for (name, report) in reports {
        let machine = &report.machine;
        let name = if name.is_empty() { String::new() } else { format!("<b>{}</b> · ", escape(name)) };
        let _ = write!(
            page,
            "<p class=\"soft\">{name}{} · {} cores · load {:.1} before, {:.1} at the end</p><p class=\"soft\"><code>{}</code></p>",
            escape(&report.began),
            machine.cores,
            machine.load_before,
            machine.load_after,
            escape(&report.command)
        );
    }
    checks(&mut page, reports);
    figures(&mut page, reports);
    plots(&mut page, reports);
    latencies(&mut page, reports);
    counts(&mut page, reports);
    page
}

fn checks(page: &mut String, reports: &[(&str, &Report)]) {
    page.push_str("<h2>What must hold</h2><div class=\"wide\"><table>");
    for (name, check) in reports.iter().flat_map(|(name, report)| report.checks.iter().map(move |check| (name, check)))
    {
        let (class, word) = if check.passed { ("good", "holds") } else { ("bad", "fails") };
        let name = escape(name);
        let _ = write!(
            page,
            "<tr><td class=\"{class}\">{word}</td><td>{name}</td><td>{}</td><td>{}</td></tr>",
            escape(&check.name),
            escape(&check.seen)
        );
    }
    page.push_str("</table></div>");
}

fn figures(page: &mut String, reports: &[(&str, &Report)]) {
    let mut names: Vec<&str> = Vec::new();
    for figure in reports.iter().flat_map(|(_, report)| &report.figures) {
        if !names.contains(&&*figure.name) {
            names.push(&figure.name);
        }
    }
    page.push_str("<h2>Figures</h2><div class=\"wide\"><table><tr><th>");
    for (name, _) in reports {
        let _ = write!(page, "<th class=\"n\">{}", escape(name));
    }
    for name in names {
        let _ = write!(page, "<tr><td>{}", escape(name));
        for (_, report) in reports {
            let figure = report.figures.iter().find(|figure| figure.name == name);
            let _ =
                write!(page, "<td class=\"n\">{}", escape(&figure.map_or_else(|| "–".to_owned(), super::Figure::text)));
        }
    }
    page.push_str("</table></div>");
}

/// Lines of every run of every report.
fn lines<'a>(reports: &[(&str, &'a Report)], of: impl Fn(&'a Run) -> Vec<(String, Vec<(f64, f64)>)>) -> Vec<Line> {
    let mut lines = Vec::new();
    for (name, report) in reports {
        for run in &report.runs {
            for (what, points) in of(run).into_iter().filter(|(_, points)| !points.is_empty()) {
                let parts = [name, run.name.as_str(), what.as_str()];
                let name = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
                lines.push(Line { name, points });
            }
        }
    }
    lines
}

fn by_second(run: &Run, value: impl Fn(&Second) -> f64) -> Vec<(String, Vec<(f64, f64)>)> {
    let points = |latencies: &Latencies| {
        let counted = latencies.seconds.iter().filter(|second| second.count > 0);
        counted.map(|second| (f64::from(second.second), value(second))).collect()
    };
    run.latencies.iter().map(|latencies| (latencies.name.clone(), points(latencies))).collect()
}

fn plots(page: &mut String, reports: &[(&str, &Report)]) {
    page.push_str("<h2>Plots</h2>");
    let phases = reports.iter().flat_map(|(_, report)| &report.runs).next().map_or(&[][..], |run| &run.phases);
    let curves = |run: &Run| run.latencies.iter().map(|one| (one.name.clone(), one.curve.clone())).collect();
    let once = |points: &Vec<(f64, f64)>| vec![(String::new(), points.clone())];
    let seconds = |title, unit, lines| Plot { title, unit, across: Across::Seconds, lines, phases };
    let all = [
        seconds(
            "Latency over time, p99 of each second",
            "ms",
            lines(reports, |run| by_second(run, |second| second.p99_ms)),
        ),
        seconds(
            "Latency over time, median of each second",
            "ms",
            lines(reports, |run| by_second(run, |second| second.p50_ms)),
        ),
        Plot { title: "Latency by share", unit: "ms", across: Across::Shares, lines: lines(reports, curves), phases },
        seconds("Throughput", "1/s", lines(reports, |run| by_second(run, |second| second.count as f64))),
        seconds("Memory of the server", "MiB", lines(reports, |run| once(&run.samples.memory_mib))),
        seconds("Processor of the server, 100 is one core", "%", lines(reports, |run| once(&run.samples.cpu_percent))),
    ];
    for plot in &all {
        page.push_str(&draw(plot));
    }
}

fn latencies(page: &mut String, reports: &[(&str, &Report)]) {
    page.push_str("<h2>Latencies in ms</h2><div class=\"wide\"><table><tr><th>run<th>what");
    for head in ["count", "p50", "p90", "p99", "p99.9", "max"] {
        let _ = write!(page, "<th class=\"n\">{head}");
    }
    for (name, run) in reports.iter().flat_map(|(name, report)| report.runs.iter().map(move |run| (name, run))) {
        for one in &run.latencies {
            let _ = write!(
                page,
                "<tr><td>{} {}<td>{}<td class=\"n\">{}",
                escape(name),
                escape(&run.name),
                escape(&one.name),
                one.count
            );
            for value in [one.p50_ms, one.p90_ms, one.p99_ms, one.p999_ms, one.max_ms] {
                let _ = write!(page, "<td class=\"n\">{}", short(value));
            }
        }
    }
    page.push_str("</table></div>");
}

fn counts(page: &mut String, reports: &[(&str, &Report)]) {
    page.push_str("<h2>Counts</h2><div class=\"wide\"><table>");
    for (name, run) in reports.iter().flat_map(|(name, report)| report.runs.iter().map(move |run| (name, run))) {
        for (what, count) in &run.counts {
            let _ = write!(
                page,
                "<tr><td>{} {}<td>{}<td class=\"n\">{count}",
                escape(name),
                escape(&run.name),
                escape(what)
            );
        }
    }
    page.push_str("</table></div></html>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_needs_nothing_else_and_shows_text_as_text() {
        let mut report = Report::begin("x");
        report.command = "a <script>".to_owned();
        report.figure("speed", "1/s", 3.0);
        report.runs.push(Run { name: "gateway 1".to_owned(), ..Run::default() });
        report.runs[0].samples.memory_mib = vec![(0.0, 10.0), (1.0, 12.0)];
        let page = write_page(&[("a", &report), ("b", &report)]);
        assert!(page.contains("a &lt;script&gt;") && page.contains("<svg"), "{page}");
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="), "{page}");
    }
}
