//! Plots as SVG.

use std::fmt::Write;

use super::escape::escape;
use super::model::short;

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 22.0;
const BOTTOM: f64 = 46.0;
/// Colours that the style has.
const COLOURS: usize = 6;
/// A range wider than this is drawn in powers of ten.
const LOGARITHMIC_FROM: f64 = 40.0;
/// Shares of all that get a line, with what stands under them.
const SHARES: [(f64, &str); 6] =
    [(0.0, "0"), (0.5, "50"), (0.9, "90"), (0.99, "99"), (0.999, "99.9"), (0.9999, "99.99")];

/// A line with a name.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
}

/// What the horizontal axis is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Across {
    /// Seconds.
    Seconds,
    /// Shares of all, each nine as wide as the one before.
    Shares,
}

/// A plot.
pub(super) struct Plot<'a> {
    pub(super) title: &'a str,
    pub(super) unit: &'a str,
    pub(super) across: Across,
    pub(super) lines: Vec<Line>,
    /// Named stretches behind the lines.
    pub(super) phases: &'a [(String, f64, f64)],
}

struct Scale {
    low: f64,
    high: f64,
    is_logarithmic: bool,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let high = values.clone().fold(0.0, f64::max);
        let least = values.filter(|value| *value > 0.0).fold(f64::MAX, f64::min);
        if high > 0.0 && high / least > LOGARITHMIC_FROM {
            let low = 10_f64.powf(least.log10().floor());
            let high = 10_f64.powf(high.log10().ceil());
            return Self { low, high, is_logarithmic: true };
        }
        let step = step(high);
        Self { low: 0.0, high: (high / step).ceil().max(1.0) * step, is_logarithmic: false }
    }

    fn place(&self, value: f64) -> f64 {
        let share = if self.is_logarithmic {
            (value.max(self.low).log10() - self.low.log10()) / (self.high.log10() - self.low.log10())
        } else {
            (value - self.low) / (self.high - self.low)
        };
        TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - share)
    }

    fn ticks(&self) -> Vec<f64> {
        if self.is_logarithmic {
            let low = self.low.log10().round() as i32;
            let high = self.high.log10().round() as i32;
            return (low..=high).map(|power| 10_f64.powi(power)).collect();
        }
        let step = step(self.high);
        (0..=(self.high / step).round() as u32).map(|number| f64::from(number) * step).collect()
    }
}

/// A round number that goes into `high` four to ten times.
fn step(high: f64) -> f64 {
    if high <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf((high / 5.0).log10().floor());
    [1.0, 2.0, 5.0].into_iter().map(|factor| factor * power).find(|step| high / step <= 8.0).unwrap_or(10.0 * power)
}

/// Title, legend and drawing; nothing when there is nothing to draw.
pub(super) fn draw(plot: &Plot<'_>) -> String {
    let points = || plot.lines.iter().flat_map(|line| &line.points);
    if points().count() == 0 {
        return String::new();
    }
    let nines = |share: f64| -(1.0 - share).max(1e-9).log10();
    let x_of = |x: f64| if plot.across == Across::Shares { nines(x) } else { x };
    let end = points().map(|point| x_of(point.0)).fold(1e-9, f64::max);
    let x_place = |x: f64| LEFT + (WIDTH - LEFT - RIGHT) * (x_of(x) / end).clamp(0.0, 1.0);
    let scale = Scale::of(points().map(|point| point.1));
    let mut svg = format!("<h3>{}</h3><ul class=\"legend\">", escape(plot.title));
    for (number, line) in plot.lines.iter().enumerate() {
        let _ = write!(svg, "<li><i class=\"b{}\"></i>{}</li>", number % COLOURS, escape(&line.name));
    }
    let title = escape(plot.title);
    let _ = write!(svg, "</ul><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">");
    let floor = HEIGHT - BOTTOM;
    for (name, from, to) in plot.phases.iter().filter(|_| plot.across == Across::Seconds) {
        let from = x_place(*from);
        let to = x_place(*to);
        let wide = to - from;
        let tall = floor - TOP;
        let _ = write!(
            svg,
            "<rect class=\"band\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{wide:.1}\" height=\"{tall}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            from + 5.0,
            TOP - 7.0,
            escape(name)
        );
    }
    for tick in scale.ticks() {
        let y = scale.place(tick);
        let text = tick_text(tick);
        let x = LEFT - 8.0;
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{:.1}\"/><text x=\"{x}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
            WIDTH - RIGHT,
            y + 4.0
        );
    }
    for (x, text) in ticks_across(plot.across, end) {
        let place = x_place(x);
        let _ = write!(
            svg,
            "<path class=\"axis\" d=\"M{place:.1} {floor}v5\"/><text x=\"{place:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{text}</text>",
            floor + 19.0
        );
    }
    let across = if plot.across == Across::Shares { "share of all, %" } else { "time, s" };
    let middle = (LEFT + WIDTH - RIGHT) / 2.0;
    let low = HEIGHT - 8.0;
    let _ = write!(
        svg,
        "<path class=\"axis\" d=\"M{LEFT} {TOP}V{floor}H{:.1}\"/><text x=\"{middle}\" y=\"{low}\" text-anchor=\"middle\">{across}</text>\
         <text transform=\"translate(14 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
        WIDTH - RIGHT,
        (TOP + floor) / 2.0,
        escape(plot.unit)
    );
    for (number, line) in plot.lines.iter().enumerate() {
        let mut path = String::new();
        for (place, (x, y)) in line.points.iter().enumerate() {
            let letter = if place == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{letter}{:.1} {:.1}", x_place(*x), scale.place(*y));
        }
        let _ = write!(svg, "<path class=\"k s{}\" d=\"{path}\"/>", number % COLOURS);
    }
    svg.push_str("</svg>");
    svg
}

fn ticks_across(across: Across, end: f64) -> Vec<(f64, String)> {
    match across {
        Across::Shares => {
            let near = |share: f64| -(1.0 - share).log10() <= end + 1e-9;
            SHARES.iter().filter(|(share, _)| near(*share)).map(|(share, text)| (*share, (*text).to_owned())).collect()
        }
        Across::Seconds => {
            let step = step(end);
            let numbers = 0..=(end / step).floor() as u32;
            numbers.map(|number| f64::from(number) * step).map(|tick| (tick, tick_text(tick))).collect()
        }
    }
}

/// Without zeros at the end.
fn tick_text(tick: f64) -> String {
    if tick.abs() >= 1.0 || tick == 0.0 {
        return short(tick);
    }
    format!("{tick:.4}").trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        assert_eq!([7.0, 10.0, 33.0, 0.8].map(step), [1.0, 2.0, 5.0, 0.1]);
    }

    #[test]
    fn a_wide_range_is_drawn_in_powers_of_ten() {
        let scale = Scale::of([0.5, 300.0].into_iter());
        assert_eq!(scale.ticks(), [0.1, 1.0, 10.0, 100.0, 1000.0]);
        assert!(scale.place(0.5) > scale.place(300.0), "small is low");
    }
}
