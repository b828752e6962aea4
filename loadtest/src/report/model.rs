//! A report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::machine::Samples;
use crate::measure::median;

/// What a scenario found out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Which scenario.
    pub(crate) scenario: String,
    /// When it began (RFC 3339).
    pub(crate) began: String,
    /// The command line.
    pub(crate) command: String,
    /// Where it ran.
    pub(crate) machine: Machine,
    /// What was found, one number each.
    pub(crate) figures: Vec<Figure>,
    /// What must hold.
    pub(crate) checks: Vec<Check>,
    /// Each run.
    pub(crate) runs: Vec<Run>,
}

/// Where a scenario ran.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// Processors that all share.
    pub(crate) cores: usize,
    /// Load in the minute before.
    pub(crate) load_before: f64,
    /// Load in the last minute of it.
    pub(crate) load_after: f64,
}

/// A number, measured once a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// What it is.
    pub(crate) name: String,
    /// Its unit.
    pub(crate) unit: String,
    /// Its value in each run.
    pub(crate) values: Vec<f64>,
}

impl Figure {
    /// One that was measured once.
    pub(crate) fn once(name: impl Into<String>, unit: &str, value: f64) -> Self {
        Self { name: name.into(), unit: unit.to_owned(), values: vec![value] }
    }

    /// The median of the runs, with the smallest and the greatest when there are more of them.
    pub(crate) fn text(&self) -> String {
        let (least, most) =
            self.values.iter().fold((f64::MAX, f64::MIN), |(least, most), value| (least.min(*value), most.max(*value)));
        let middle = short(median(&self.values));
        match self.values.len() {
            0 => "-".to_owned(),
            1 => format!("{middle} {}", self.unit),
            _ => format!("{middle} {} ({} to {})", self.unit, short(least), short(most)),
        }
    }
}

/// Three digits, or whole numbers.
pub(super) fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// Something that must hold.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Check {
    /// What.
    pub(crate) name: String,
    /// It does.
    pub(crate) passed: bool,
    /// What was seen.
    pub(crate) seen: String,
}

impl Check {
    /// One that holds or not.
    pub(crate) fn new(name: impl Into<String>, passed: bool, seen: impl Into<String>) -> Self {
        Self { name: name.into(), passed, seen: seen.into() }
    }
}

/// One run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Run {
    /// Its name, such as `gateway 1`.
    pub(crate) name: String,
    /// How long things took.
    pub(crate) latencies: Vec<Latencies>,
    /// What the server used.
    pub(crate) samples: Samples,
    /// What was counted.
    pub(crate) counts: BTreeMap<String, u64>,
    /// Named stretches of time to mark in plots: seconds from and to.
    #[serde(default)]
    pub(crate) phases: Vec<(String, f64, f64)>,
}

/// How long one kind of thing took.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Latencies {
    /// What.
    pub(crate) name: String,
    /// How many.
    pub(crate) count: u64,
    /// Half of them took no longer.
    pub(crate) p50_ms: f64,
    /// 90 % took no longer.
    pub(crate) p90_ms: f64,
    /// 99 % took no longer.
    pub(crate) p99_ms: f64,
    /// 99.9 % took no longer.
    pub(crate) p999_ms: f64,
    /// None took longer.
    pub(crate) max_ms: f64,
    /// Share of all, and what it stays under in milliseconds.
    pub(crate) curve: Vec<(f64, f64)>,
    /// Second by second.
    pub(crate) seconds: Vec<Second>,
}

/// A second of a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Second {
    /// Which, from 0.
    pub(crate) second: u32,
    /// How many began in it.
    pub(crate) count: u64,
    /// Half of them took no longer.
    pub(crate) p50_ms: f64,
    /// 99 % took no longer.
    pub(crate) p99_ms: f64,
    /// None took longer.
    pub(crate) max_ms: f64,
}

impl Report {
    /// One without results yet.
    pub(crate) fn begin(scenario: &str) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut arguments = std::env::args();
        let program = arguments.next().unwrap_or_default();
        let program = program.rsplit('/').next().unwrap_or_default().to_owned();
        Self {
            scenario: scenario.to_owned(),
            began: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            command: std::iter::once(program).chain(arguments).collect::<Vec<_>>().join(" "),
            machine: Machine { cores, load_before: crate::machine::load_average(), load_after: 0.0 },
            figures: Vec::new(),
            checks: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// Adds the value of one run to a figure.
    pub(crate) fn figure(&mut self, name: impl Into<String>, unit: &str, value: f64) {
        let name = name.into();
        match self.figures.iter_mut().find(|figure| figure.name == name) {
            Some(figure) => figure.values.push(value),
            None => self.figures.push(Figure::once(name, unit, value)),
        }
    }

    /// Adds something that must hold. Of runs that say the same, the first that failed stays.
    pub(crate) fn check(&mut self, check: Check) {
        match self.checks.iter_mut().find(|known| known.name == check.name) {
            Some(known) if known.passed => *known = check,
            Some(_) => {}
            None => self.checks.push(check),
        }
    }

    /// Adds how many times the floor's each figure of the gateway is, run by run.
    pub(crate) fn compare_with_floor(&mut self) {
        let mut ratios = Vec::new();
        for figure in &self.figures {
            let Some(what) = figure.name.strip_prefix("gateway: ") else { continue };
            let floor = self.figures.iter().find(|other| other.name.strip_prefix("floor: ") == Some(what));
            let pairs = floor.iter().flat_map(|floor| figure.values.iter().zip(&floor.values));
            let values: Vec<f64> =
                pairs.filter(|(_, floor)| **floor > 0.0).map(|(value, floor)| value / floor).collect();
            if !values.is_empty() {
                ratios.push(Figure { name: format!("gateway / floor: {what}"), unit: String::new(), values });
            }
        }
        self.figures.append(&mut ratios);
    }

    /// All that must hold does.
    pub(crate) fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_failed_once_stays_failed() {
        let mut report = Report::begin("x");
        for passed in [true, false, true] {
            report.check(Check::new("a", passed, ""));
        }
        assert!(!report.passed());
        assert_eq!(report.checks.len(), 1);
    }

    #[test]
    fn ratios_are_of_the_same_run() {
        let mut report = Report::begin("x");
        for (gateway, floor) in [(4.0, 2.0), (9.0, 3.0)] {
            report.figure("gateway: cost", "ms", gateway);
            report.figure("floor: cost", "ms", floor);
        }
        report.compare_with_floor();
        assert_eq!(report.figures[2].values, [2.0, 3.0]);
    }

    #[test]
    fn a_figure_of_several_runs_shows_its_spread() {
        let mut report = Report::begin("x");
        for value in [3.0, 1.0, 2.5] {
            report.figure("speed", "1/s", value);
        }
        assert_eq!(report.figures[0].text(), "2.50 1/s (1 to 3)");
    }
}
