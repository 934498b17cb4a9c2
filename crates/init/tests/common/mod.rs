//! Samples, and the bounds that their size allows.

use statrs::distribution::{ContinuousCDF, Normal};

/// The standard normal's distribution function, from statrs.
pub(crate) fn normal_cdf(x: f64) -> f64 {
    Normal::standard().cdf(x)
}

/// That of the standard normal between two bounds, counted from the nearer tail.
pub(crate) fn truncated_cdf(x: f64, low: f64, high: f64) -> f64 {
    let tail = |x: f64| {
        if low > 0.0 {
            -normal_cdf(-x)
        } else {
            normal_cdf(x)
        }
    };
    ((tail(x.clamp(low, high)) - tail(low)) / (tail(high) - tail(low))).clamp(0.0, 1.0)
}

/// Values, in the order they were drawn.
pub(crate) struct Sample {
    values: Vec<f64>,
}

impl Sample {
    pub(crate) fn new(values: Vec<f64>) -> Self {
        Self { values }
    }

    pub(crate) fn into_sorted(mut self) -> Vec<f64> {
        self.values.sort_by(f64::total_cmp);
        self.values
    }

    /// The mean of xᵏ.
    pub(crate) fn moment(&self, k: i32) -> f64 {
        self.values
            .iter()
            .map(|x| libm::pow(*x, f64::from(k)))
            .sum::<f64>()
            / self.values.len() as f64
    }

    /// The Kolmogorov–Smirnov distance to `cdf` is what chance allows: P(√n·D > d) ≈ 2e^(−2d²),
    /// which is 10⁻⁶ at d = 2.693.
    pub(crate) fn assert_ks(&self, cdf: impl Fn(f64) -> f64) {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len() as f64;
        let distance = sorted.iter().enumerate().fold(0.0_f64, |worst, (i, &x)| {
            let expected = cdf(x);
            worst
                .max(expected - i as f64 / n)
                .max((i + 1) as f64 / n - expected)
        });
        assert!(distance * n.sqrt() < 2.693, "D√n = {}", distance * n.sqrt());
    }

    /// Moments 1 to 4 against those of a symmetric distribution, `even[k]` = E[x²ᵏ]: the mean of xᵏ
    /// has the standard error √((E[x²ᵏ] − E[xᵏ]²)/n), of which 5 are allowed.
    pub(crate) fn assert_even_moments(&self, even: [f64; 5]) {
        for k in 1..5 {
            let expected = if k % 2 == 0 { even[k / 2] } else { 0.0 };
            let error = ((even[k] - expected * expected) / self.values.len() as f64).sqrt();
            let got = self.moment(k as i32);
            assert!(
                (got - expected).abs() < 5.0 * error,
                "E[x^{k}] = {got}, expected {expected}"
            );
        }
    }

    /// Values up to 5 apart do not correlate: the mean of products of independent values of mean 0
    /// has the standard error σ²/√n.
    pub(crate) fn assert_uncorrelated_neighbours(&self) {
        let variance = self.moment(2);
        for lag in [1, 2, 3, 4, 5, 16, 64, 128] {
            let pairs = self.values.iter().zip(&self.values[lag..]);
            let mean = pairs.map(|(x, y)| x * y).sum::<f64>() / self.values.len() as f64;
            let bound = 5.0 * variance / (self.values.len() as f64).sqrt();
            assert!(
                mean.abs() < bound,
                "lag {lag}: correlation {}",
                mean / variance
            );
        }
    }
}
