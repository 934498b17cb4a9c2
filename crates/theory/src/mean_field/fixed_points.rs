//! The fixed points of the variance map.

use super::{MeanField, MeanFieldError};
use crate::moments::negative_slope;

/// The range of q that is searched, as powers of ten; q = 0 is looked at besides.
const DECADES: (i32, i32) = (-12, 12);
/// Steps a decade: neighbouring fixed points closer than 15% may be missed.
const STEPS_PER_DECADE: i32 = 16;
/// |χ_q − 1| below this counts as one.
pub(crate) const MARGINAL: f64 = 1e-9;

/// A start that one layer moves by no more than this fraction, the rounding of V, is a fixed point:
/// from an unstable one, rounding alone would carry it to zero or to infinity.
const STILL: f64 = 16.0 * f64::EPSILON;

/// |V(q) − q| below this fraction of q may be the error of the integral.
const NOISE: f64 = 1e-13;

/// What a small deviation from a fixed point does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stability {
    /// |χ_q| < 1: it dies out.
    Stable,
    /// |χ_q| = 1 within 10⁻⁹: it neither grows nor dies exponentially.
    Marginal,
    /// |χ_q| > 1: it grows.
    Unstable,
}

impl Stability {
    fn of(chi_q: f64) -> Self {
        if (chi_q.abs() - 1.0).abs() <= MARGINAL {
            Self::Marginal
        } else if chi_q.abs() < 1.0 {
            Self::Stable
        } else {
            Self::Unstable
        }
    }
}

/// A variance that a layer reproduces.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FixedPoint {
    /// The variance.
    pub q: f64,
    /// The slope of the variance map there.
    pub chi_q: f64,
    /// What a deviation does.
    pub stability: Stability,
}

/// All fixed points of a variance map.
#[derive(Clone, Debug, PartialEq)]
pub enum FixedPoints {
    /// Every q is one, as for ReLU at σ_w² = 2 without bias.
    Every,
    /// These, in rising order; none when the variance always grows.
    Isolated(Vec<FixedPoint>),
}

impl MeanField {
    /// All q with V(q) = q: zero, and those between 10⁻¹² and 10¹².
    ///
    /// # Errors
    /// [`MeanFieldError::Expectation`] when V cannot be had even for small q. When it cannot be
    /// had from some q on, the search ends there.
    ///
    /// # Example
    /// ```
    /// use evenkeel_theory::{Activation, FixedPoints, MeanField};
    ///
    /// // σ_w² E[relu²(x)²] = 1.5 σ_w² q² meets q at 0, which is stable, and at 2/3, which is not.
    /// let net = MeanField::new(&"relu_squared".parse()?, 1.0, 0.0)?;
    /// let FixedPoints::Isolated(points) = net.fixed_points()? else { panic!() };
    /// assert_eq!(points.len(), 2);
    /// assert!((points[1].q - 2.0 / 3.0).abs() < 1e-14);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fixed_points(&self) -> Result<FixedPoints, MeanFieldError> {
        if let Some(slope) = negative_slope(self.activation.kind()) {
            return Ok(self.homogeneous(0.5 * self.sigma_w2 * (1.0 + slope * slope)));
        }
        let mut points = Vec::new();
        if self.variance_map(0.0).is_ok_and(|q| q == 0.0) {
            points.push(self.fixed_point(0.0)?);
        }
        let mut before: Option<Sample> = None;
        let mut first = true;
        for step in DECADES.0 * STEPS_PER_DECADE..=DECADES.1 * STEPS_PER_DECADE {
            let q = libm::exp10(f64::from(step) / f64::from(STEPS_PER_DECADE));
            let sample = match self.sample(q) {
                Ok(sample) => sample,
                Err(error) if first => return Err(error),
                Err(_) => break,
            };
            first = false;
            // A sign that is rounding's own is none. If q itself is a fixed point, its neighbours
            // differ in sign; if V nears q without meeting it, as for a large q, they do not.
            if sample.excess.abs() <= NOISE * q {
                continue;
            }
            if let Some(before) = before
                && before.excess.is_sign_positive() != sample.excess.is_sign_positive()
            {
                points.push(self.refine(before, sample)?);
            }
            before = Some(sample);
        }
        Ok(FixedPoints::Isolated(points))
    }

    /// V(q) = χq + σ_b² has one fixed point, none, or all.
    fn homogeneous(&self, chi_q: f64) -> FixedPoints {
        let point = |q| FixedPoint {
            q,
            chi_q,
            stability: Stability::of(chi_q),
        };
        if (chi_q - 1.0).abs() <= 4.0 * f64::EPSILON {
            return match self.sigma_b2 == 0.0 {
                true => FixedPoints::Every,
                false => FixedPoints::Isolated(Vec::new()),
            };
        }
        let q = self.sigma_b2 / (1.0 - chi_q);
        FixedPoints::Isolated(if q >= 0.0 {
            vec![point(q.abs())]
        } else {
            Vec::new()
        })
    }

    /// What a deviation from the fixed point `q` does.
    pub(super) fn fixed_point(&self, q: f64) -> Result<FixedPoint, MeanFieldError> {
        let chi_q = self.chi_q(q)?;
        Ok(FixedPoint {
            q,
            chi_q,
            stability: Stability::of(chi_q),
        })
    }

    fn sample(&self, q: f64) -> Result<Sample, MeanFieldError> {
        let moments = self.moments(q)?;
        let excess = self.sigma_w2 * moments.second_moment.value + self.sigma_b2 - q;
        let slope = self.sigma_w2 * moments.second_moment_slope.value - 1.0;
        Ok(Sample { q, excess, slope })
    }

    /// Newton's iteration for V(q) − q = 0, kept inside the bracket by bisection.
    fn refine(&self, mut low: Sample, mut high: Sample) -> Result<FixedPoint, MeanFieldError> {
        let rising = high.excess > 0.0;
        let mut best = low;
        for _ in 0..100 {
            let newton = best.q - best.excess / best.slope;
            let inside = newton > low.q && newton < high.q;
            let q = if inside {
                newton
            } else {
                0.5 * (low.q + high.q)
            };
            let step = (q - best.q).abs();
            let sample = self.sample(q)?;
            if (sample.excess > 0.0) == rising {
                high = sample;
            } else {
                low = sample;
            }
            best = sample;
            if step <= 2.0 * f64::EPSILON * q || sample.excess == 0.0 {
                break;
            }
        }
        self.fixed_point(best.q)
    }

    /// The fixed point that the variance settles at when it starts from q = 1.
    ///
    /// Where q = 1 is a fixed point, stable or not, this is q = 1 itself: at an activation's gain, and
    /// where every q is one.
    ///
    /// # Errors
    /// [`MeanFieldError::Diverges`] when it grows without end; [`MeanFieldError::Expectation`].
    pub fn equilibrium(&self) -> Result<FixedPoint, MeanFieldError> {
        let points = match self.fixed_points()? {
            FixedPoints::Every => {
                return Ok(FixedPoint {
                    q: 1.0,
                    chi_q: 1.0,
                    stability: Stability::Marginal,
                });
            }
            FixedPoints::Isolated(points) => points,
        };
        let start = 1.0;
        let next = self.variance_map(start)?;
        if (next - start).abs() <= STILL * start {
            return self.fixed_point(start);
        }
        let rises = next >= start;
        let reached = if rises {
            points.iter().find(|point| point.q >= start)
        } else {
            points.iter().rev().find(|point| point.q <= start)
        };
        reached.copied().ok_or_else(|| MeanFieldError::Diverges {
            activation: self.activation.to_string(),
            sigma_w2: self.sigma_w2,
            sigma_b2: self.sigma_b2,
        })
    }
}

#[derive(Clone, Copy)]
struct Sample {
    q: f64,
    excess: f64,
    slope: f64,
}
