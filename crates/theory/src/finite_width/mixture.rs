//! Mixtures of normal distributions: the law of a logarithm, given what came before.

use super::FiniteWidthError;
use super::log_moment::{Exactness, LogBand, LogMoment};
use crate::special::{normal_cdf, normal_pdf, normal_quantile};

/// This many standard deviations out a normal's tail is 10⁻¹⁷: in f64 nothing beside the rest.
const BEYOND: f64 = 8.5;

/// One normal component.
#[derive(Clone, Copy, Debug)]
pub(super) struct Component {
    pub(super) weight: f64,
    pub(super) mean: f64,
    pub(super) variance: f64,
}

/// The law of the logarithm of a mean square, relative to its prediction.
#[derive(Clone, Debug)]
pub(super) struct Mixture {
    pub(super) components: Vec<Component>,
    pub(super) exactness: Exactness,
}

impl Mixture {
    pub(super) fn single(law: &LogMoment) -> Self {
        let component = Component {
            weight: 1.0,
            mean: law.mean,
            variance: law.variance,
        };
        Self {
            components: vec![component],
            exactness: law.exactness,
        }
    }

    /// The law of the sum with an independent normal of these moments.
    pub(super) fn plus(mut self, law: &LogMoment) -> Self {
        for component in &mut self.components {
            component.mean += law.mean;
            component.variance += law.variance;
        }
        self.exactness = self.exactness.and(law.exactness);
        self
    }

    pub(super) fn moments(&self) -> LogMoment {
        let mean: f64 = self.components.iter().map(|c| c.weight * c.mean).sum();
        let variance = self
            .components
            .iter()
            .map(|c| c.weight * (c.variance + (c.mean - mean) * (c.mean - mean)))
            .sum();
        LogMoment {
            mean,
            variance,
            exactness: self.exactness,
        }
    }

    /// The band of log rms = ½ log m with this confidence, from the mixture's own quantiles.
    pub(super) fn rms_band(&self, confidence: f64) -> Result<LogBand, FiniteWidthError> {
        let moments = self.moments();
        let normal = moments.rms_band(confidence)?;
        if self.components.len() == 1 {
            return Ok(normal);
        }
        let tail = 0.5 * (1.0 - confidence);
        Ok(LogBand {
            lower: 0.5 * self.quantile(tail, &moments),
            upper: 0.5 * self.quantile(1.0 - tail, &moments),
            ..normal
        })
    }

    /// The quantile, by Newton's iteration from the normal one, kept inside a bracket.
    fn quantile(&self, p: f64, moments: &LogMoment) -> f64 {
        let reach = |c: &Component| 9.0 * c.variance.sqrt();
        let fold = |start: f64, ends: &dyn Fn(&Component) -> f64, pick: fn(f64, f64) -> f64| {
            self.components.iter().map(ends).fold(start, pick)
        };
        let mut low = fold(f64::INFINITY, &|c| c.mean - reach(c), f64::min);
        let mut high = fold(f64::NEG_INFINITY, &|c| c.mean + reach(c), f64::max);
        let mut x = moments.mean + normal_quantile(p) * moments.variance.sqrt();
        for _ in 0..60 {
            if !(x > low && x < high) {
                x = 0.5 * (low + high);
            }
            let (mut below, mut density) = (-p, 0.0);
            for c in &self.components {
                // A component without spread is a step; a tiny one stands for it.
                let std = c.variance.sqrt().max(1e-9);
                let z = (x - c.mean) / std;
                if z.abs() > BEYOND {
                    // Most components of a wide mixture are out here, and need no functions.
                    below += if z > 0.0 { c.weight } else { 0.0 };
                    continue;
                }
                below += c.weight * normal_cdf(z);
                density += c.weight * normal_pdf(z) / std;
            }
            if below > 0.0 {
                high = x
            } else {
                low = x
            }
            let step = below / density;
            if step.abs() < 1e-7 || high - low < 1e-9 {
                return x;
            }
            x -= step;
        }
        x
    }
}
