//! What measurements say: medians, how sure they are, and whether two sets can be told apart.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Resamples of a bootstrap.
const RESAMPLES: usize = 2000;

/// A value, and where it lies with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Interval {
    /// The value.
    pub(crate) value: f64,
    /// Lower end.
    pub(crate) low: f64,
    /// Upper end.
    pub(crate) high: f64,
}

/// The median; 0 of nothing.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    median_of_sorted(&values)
}

fn median_of_sorted(values: &[f64]) -> f64 {
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        length if length % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

/// The median of the first values less that of the second ones, over pairs: percentile bootstrap, the pairs drawn as wholes.
pub(crate) fn bootstrap_of_medians(pairs: &[(f64, f64)]) -> Interval {
    let difference = |pairs: &[(f64, f64)]| {
        let (first, second): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        median(&first) - median(&second)
    };
    // The same pairs always give the same interval.
    let mut random = StdRng::seed_from_u64(1);
    let mut resample = || {
        let drawn: Vec<(f64, f64)> = pairs.iter().map(|_| pairs[random.random_range(0..pairs.len())]).collect();
        difference(&drawn)
    };
    let mut differences: Vec<f64> = (0..RESAMPLES).map(|_| resample()).collect();
    differences.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| differences[((RESAMPLES - 1) as f64 * share).round() as usize];
    Interval { value: difference(pairs), low: at(0.025), high: at(0.975) }
}

/// How likely two samples of one distribution differ as much as these (Mann-Whitney U, two-sided, normal approximation with
/// correction for ties: good from some twenty values each).
pub(crate) fn mann_whitney(first: &[f64], second: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> = first.iter().map(|value| (*value, true)).collect();
    all.extend(second.iter().map(|value| (*value, false)));
    all.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    let n1 = first.len() as f64;
    let n2 = second.len() as f64;
    let n = all.len() as f64;
    let mut rank_sum = 0.0;
    let mut ties = 0.0;
    let mut begin = 0;
    while begin < all.len() {
        let same = all[begin..].iter().take_while(|(value, _)| *value == all[begin].0).count();
        let rank = begin as f64 + (same as f64 + 1.0) / 2.0;
        rank_sum += rank * all[begin..begin + same].iter().filter(|(_, is_first)| *is_first).count() as f64;
        ties += (same as f64).powi(3) - same as f64;
        begin += same;
    }
    let u = rank_sum - n1 * (n1 + 1.0) / 2.0;
    let variance = n1 * n2 / 12.0 * ((n + 1.0) - ties / (n * (n - 1.0)));
    if variance <= 0.0 {
        return 1.0;
    }
    let z = ((u - n1 * n2 / 2.0).abs() - 0.5).max(0.0) / variance.sqrt();
    complementary_error(z / std::f64::consts::SQRT_2)
}

/// erfc for values from 0 on (Abramowitz and Stegun, formula 7.1.26: exact to 1.5e-7).
fn complementary_error(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let factors = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    factors.iter().fold(0.0, |sum, factor| (sum + factor) * t) * (-x * x).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&[]), 0.0);
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    /// U is 200 here, z 3.6897 with the correction for continuity and ties, and erfc gives 0.000 224 48.
    #[test]
    fn samples_are_told_apart_as_elsewhere() {
        let a: Vec<f64> = (1..=30).map(f64::from).collect();
        let b: Vec<f64> = (11..=40).map(f64::from).collect();
        assert!((mann_whitney(&a, &b) - 0.000_224_48).abs() < 1e-6, "{}", mann_whitney(&a, &b));
        assert!(mann_whitney(&a, &a) > 0.99);
    }

    #[test]
    fn a_shift_smaller_than_the_noise_is_found_in_many_pairs() {
        let mut random = StdRng::seed_from_u64(7);
        let mut noise = || random.random_range(0.0..1.0);
        let shifted: Vec<(f64, f64)> = (0..2000).map(|_| (noise() + 0.1, noise())).collect();
        let interval = bootstrap_of_medians(&shifted);
        assert!(interval.low > 0.0 && interval.high < 0.2, "{interval:?}");
        let (first, second): (Vec<f64>, Vec<f64>) = shifted.into_iter().unzip();
        assert!(mann_whitney(&first, &second) < 0.01);
    }
}
