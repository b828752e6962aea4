//! What the runs showed, as a table of medians.

use std::io::{self, Write};

use super::run::{Measured, Provider};

/// All runs.
#[derive(Default)]
pub struct Report {
    runs: Vec<(Provider, Measured)>,
}

impl Report {
    pub fn add(&mut self, provider: Provider, measured: Measured) {
        self.runs.push((provider, measured));
    }

    /// Writes one line a provider: the median of each figure, and the smallest and greatest in brackets.
    pub fn write(&self, output: &mut impl Write, pushes: u32) -> io::Result<()> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        writeln!(output, "\n{pushes} pushes a run; medians (smallest to greatest) of the runs; {cores} cores for all")?;
        writeln!(output, "{:<9}{:>26}{:>28}{:>18}", "provider", "pushes/s", "CPU s per 1,000", "memory MiB")?;
        let thousands = f64::from(pushes) / 1000.0;
        for provider in Provider::ALL {
            let figures = |figure: fn(&Measured) -> f64| {
                let of_provider = self.runs.iter().filter(|(found, _)| *found == provider);
                of_provider.map(|(_, measured)| figure(measured)).collect::<Vec<f64>>()
            };
            let rate = spread(figures(|run| run.pushes_per_second), 0);
            let cost = figures(|run| run.processor_seconds).into_iter().map(|seconds| seconds / thousands).collect();
            let cost = spread(cost, 2);
            let memory = spread(figures(|run| run.memory_mib), 0);
            writeln!(output, "{:<9}{rate:>26}{cost:>28}{memory:>18}", provider.name())?;
        }
        Ok(())
    }
}

fn spread(mut values: Vec<f64>, decimals: usize) -> String {
    values.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (values.first(), values.last()) else { return "-".to_owned() };
    let median = values[values.len() / 2];
    format!("{median:.decimals$} ({least:.decimals$} to {most:.decimals$})")
}
