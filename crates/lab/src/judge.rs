//! Sets a measurement beside the known answer, with tolerances that follow from the sample.

use std::f64::consts::SQRT_2;

use evenkeel_theory::special::erf;

/// How many standard errors a measurement may stray and still agree. A true theory is contradicted
/// by chance once in 15,800 judgements at 4.
pub(crate) const STANDARD_ERRORS: f64 = 4.0;

/// Mean and standard deviation (with `n − 1`) of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) count: usize,
    pub(crate) mean: f64,
    pub(crate) std: f64,
}

impl Sample {
    pub(crate) fn of(values: &[f64]) -> Self {
        let count = values.len();
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
        let std = (squares / (count as f64 - 1.0).max(1.0)).sqrt();
        Self { count, mean, std }
    }

    /// Whether the mean is within [`STANDARD_ERRORS`] of `expected`, given the standard deviation
    /// that one value is known to have.
    pub(crate) fn mean_agrees(&self, expected: f64, known_std: f64) -> bool {
        (self.mean - expected).abs() <= STANDARD_ERRORS * known_std / (self.count as f64).sqrt()
    }

    /// Whether the standard deviation is within [`STANDARD_ERRORS`] of `expected`. For a nearly
    /// normal sample its standard error is `σ/√(2(n−1))`.
    pub(crate) fn std_agrees(&self, expected: f64) -> bool {
        let standard_error = expected / (2.0 * (self.count as f64 - 1.0)).sqrt();
        (self.std - expected).abs() <= STANDARD_ERRORS * standard_error
    }
}

/// The middle of some values, the upper of the two in the middle of an even number.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Whether `hits` of `trials` agree with a share of `expected` that is itself known from
/// `known_trials` (infinite when it is exact). The variance is the binomial's, with half a hit
/// added so that a share of 0 does not forbid the first hit.
pub(crate) fn share_agrees(hits: u64, trials: u64, expected: f64, known_trials: f64) -> bool {
    let trials = trials as f64;
    let share = expected.clamp(0.5 / trials, 1.0 - 0.5 / trials);
    let variance = share * (1.0 - share) * (1.0 / trials + 1.0 / known_trials);
    (hits as f64 / trials - expected).abs() <= STANDARD_ERRORS * variance.sqrt()
}

/// Probability that the largest of `count` standard normal magnitudes exceeds `threshold`.
pub(crate) fn largest_exceeds(threshold: f64, count: usize) -> f64 {
    1.0 - erf(threshold / SQRT_2).powi(i32::try_from(count).unwrap_or(i32::MAX))
}

/// E[g(X)] for X ~ N(mean, variance), by the trapezoidal rule over ±8 standard deviations: for a
/// smooth g its error falls faster than any power of the step.
pub(crate) fn normal_expectation(mean: f64, variance: f64, g: impl Fn(f64) -> f64) -> f64 {
    const STEPS: i32 = 640;
    const REACH: f64 = 8.0;
    let std = variance.sqrt();
    let (mut sum, mut weights) = (0.0, 0.0);
    for i in -STEPS..=STEPS {
        let z = REACH * f64::from(i) / f64::from(STEPS);
        let weight = (-0.5 * z * z).exp();
        sum += weight * g(mean + std * z);
        weights += weight;
    }
    sum / weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_knows_its_mean_and_std() {
        let sample = Sample::of(&[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(sample.mean, 2.5);
        assert!((sample.std - (5.0f64 / 3.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn agreement_is_refused_beyond_four_standard_errors() {
        let sample = Sample {
            count: 100,
            mean: 0.39,
            std: 1.0,
        };
        assert!(sample.mean_agrees(0.0, 1.0));
        assert!(!sample.mean_agrees(-0.02, 1.0));
        assert!(sample.std_agrees(1.2));
        assert!(!sample.std_agrees(2.0), "a doubled scale must not pass");
    }

    #[test]
    fn shares_agree_within_binomial_error_only() {
        assert!(share_agrees(40, 200, 0.2, 3_000.0));
        assert!(!share_agrees(0, 200, 0.2, 3_000.0));
        assert!(!share_agrees(200, 200, 0.2, 3_000.0));
        assert!(share_agrees(0, 200, 0.0, f64::INFINITY));
    }

    #[test]
    fn normal_expectations_match_closed_forms() {
        assert!((normal_expectation(1.0, 4.0, |x| x * x) - 5.0).abs() < 1e-10);
        let moment = normal_expectation(0.5, 0.25, f64::exp);
        assert!((moment - (0.5f64 + 0.125).exp()).abs() < 1e-10);
    }

    #[test]
    fn the_largest_of_one_normal_is_the_normal() {
        assert!((largest_exceeds(1.959_963_984_540_054, 1) - 0.05).abs() < 1e-12);
        assert!(largest_exceeds(3.0, 512) > 0.74);
    }
}
