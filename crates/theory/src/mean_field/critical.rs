//! The edge of chaos: χ₁ = 1 at the variance's fixed point.

use super::{MeanField, MeanFieldError, error::non_negative};
use crate::activation::Activation;
use crate::gaussian::{ExpectationError, expectation};
use crate::moments::{Moments, negative_slope};
use crate::special::normal_pdf;

/// The variances that are searched, as powers of ten, and the steps a decade.
const DECADES: (i32, i32) = (-12, 8);
const STEPS_PER_DECADE: i32 = 16;
/// Beyond this a critical σ_w² in the limit q → 0 is the rounding of a slope that is zero there.
const MOST_SIGMA_W2: f64 = 1e15;

/// A point of the critical line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CriticalPoint {
    /// σ_w² = 1/E\[φ′²\]
    pub sigma_w2: f64,
    /// σ_b² = q − σ_w² E\[φ²\]
    pub sigma_b2: f64,
    /// The variance's fixed point q*
    pub q_star: f64,
    /// The slope of the variance map there; below one the point is stable
    pub chi_q: f64,
}

/// How the correlation of two inputs approaches one on the critical line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CriticalApproach {
    /// 1 − c_l → `coefficient`/l, for a φ with a continuous derivative.
    InverseDepth {
        /// 2E\[φ′²\]/(q E\[φ″²\])
        coefficient: f64,
    },
    /// 1 − c_l → `coefficient`/l², for a φ with kinks; 9π²/2 for ReLU.
    InverseSquaredDepth {
        /// 9/(σ_w² B)², B = Σ Δ²·p(z)/√π over the kinks, Δ the change of slope
        coefficient: f64,
    },
    /// The correlation does not change at all: φ is linear, or q* is zero.
    Constant,
}

/// The critical point of variance `q`: any q > 0 (and q = 0 as the limit) has exactly one.
fn at_variance(activation: &Activation, q: f64) -> Result<CriticalPoint, MeanFieldError> {
    let moments = Moments::at(activation, q).map_err(|source| refused(activation, source))?;
    let slope = moments.derivative_second_moment.value;
    if slope <= 0.0 {
        return Err(MeanFieldError::Flat {
            activation: activation.to_string(),
        });
    }
    Ok(CriticalPoint {
        sigma_w2: 1.0 / slope,
        sigma_b2: q - moments.second_moment.value / slope,
        q_star: q,
        chi_q: moments.second_moment_slope.value / slope,
    })
}

fn refused(activation: &Activation, source: ExpectationError) -> MeanFieldError {
    MeanFieldError::Expectation {
        activation: activation.to_string(),
        source,
    }
}

/// The critical line, one point for each fixed-point variance of `variances`. Points that would
/// need a negative σ_b² do not exist and are left out.
///
/// # Errors
/// [`MeanFieldError::Flat`] for a φ without slope; [`MeanFieldError::Expectation`].
///
/// # Source
/// Hayou, Doucet and Rousseau (2019), who compute the line from q in the same way.
pub fn critical_line(
    activation: &Activation,
    variances: &[f64],
) -> Result<Vec<CriticalPoint>, MeanFieldError> {
    let mut line = Vec::new();
    for &q in variances {
        let point = at_variance(activation, q)?;
        if point.sigma_b2 >= 0.0 {
            line.push(point);
        }
    }
    Ok(line)
}

/// The point of the critical line at a given `sigma_b2`.
///
/// Where several variances qualify, a stable one is preferred, then the smallest. For a positively
/// homogeneous φ without bias every q is a fixed point, and q* is given as 1.
///
/// # Errors
/// [`MeanFieldError::NoCriticalPoint`] with the range of σ_b² that has one (ReLU has none with a
/// bias); [`MeanFieldError::Flat`]; [`MeanFieldError::Parameter`]; [`MeanFieldError::Expectation`].
///
/// # Example
/// ```
/// use evenkeel_theory::{Activation, critical_point};
///
/// let edge = critical_point(&Activation::tanh(), 0.05)?;
/// assert!((edge.sigma_w2 - 1.760_954_639_606_74).abs() < 1e-12);
/// assert!((edge.q_star - 0.570_047_881_640_764).abs() < 1e-12);
/// # Ok::<(), evenkeel_theory::MeanFieldError>(())
/// ```
pub fn critical_point(
    activation: &Activation,
    sigma_b2: f64,
) -> Result<CriticalPoint, MeanFieldError> {
    non_negative("sigma_b2", sigma_b2)?;
    let none = |lowest: f64, highest: f64| MeanFieldError::NoCriticalPoint {
        activation: activation.to_string(),
        sigma_b2,
        lowest,
        highest,
    };
    if negative_slope(activation.kind()).is_some() {
        // E[φ²] = q E[φ′²] exactly, so the line is the single point σ_b² = 0.
        let point = CriticalPoint {
            sigma_b2: 0.0,
            ..at_variance(activation, 1.0)?
        };
        return if sigma_b2 == 0.0 {
            Ok(point)
        } else {
            Err(none(0.0, 0.0))
        };
    }
    let mut found = Vec::new();
    if sigma_b2 == 0.0 && activation.value(0.0) == 0.0 {
        // A slope that is zero at x = 0, or rounding about zero, puts nothing on the edge of chaos.
        let limit = at_variance(activation, 0.0).ok();
        found.extend(limit.filter(|point| point.sigma_w2 < MOST_SIGMA_W2));
    }
    let (mut lowest, mut highest) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut before: Option<CriticalPoint> = None;
    for step in DECADES.0 * STEPS_PER_DECADE..=DECADES.1 * STEPS_PER_DECADE {
        let q = libm::exp10(f64::from(step) / f64::from(STEPS_PER_DECADE));
        let point = match at_variance(activation, q) {
            Ok(point) => point,
            Err(error) if before.is_none() && step == DECADES.1 * STEPS_PER_DECADE => {
                return Err(error);
            }
            // φ may be flat near zero, and integrable only up to some variance.
            Err(_) if before.is_none() => continue,
            Err(_) => break,
        };
        if point.sigma_b2 >= 0.0 {
            lowest = lowest.min(point.sigma_b2);
            highest = highest.max(point.sigma_b2);
        }
        if let Some(before) = before
            && crosses(&before, &point, sigma_b2)
        {
            found.push(bisect(activation, before, point, sigma_b2)?);
        }
        before = Some(point);
    }
    found
        .iter()
        .find(|point| point.chi_q.abs() <= 1.0)
        .or(found.first())
        .copied()
        .ok_or_else(|| none(lowest, highest))
}

/// Whether σ_b² passes the wanted value between two points; rounding about zero is no crossing.
fn crosses(before: &CriticalPoint, after: &CriticalPoint, sigma_b2: f64) -> bool {
    let noise = |point: &CriticalPoint| 64.0 * f64::EPSILON * point.q_star;
    let (low, high) = (before.sigma_b2 - sigma_b2, after.sigma_b2 - sigma_b2);
    (low < 0.0) != (high < 0.0) && low.abs().max(high.abs()) > noise(after)
}

/// The root of σ_b²(q) − `sigma_b2`, by the Illinois form of false position.
fn bisect(
    activation: &Activation,
    low: CriticalPoint,
    high: CriticalPoint,
    sigma_b2: f64,
) -> Result<CriticalPoint, MeanFieldError> {
    let (mut q0, mut f0) = (low.q_star, low.sigma_b2 - sigma_b2);
    let (mut q1, mut f1) = (high.q_star, high.sigma_b2 - sigma_b2);
    let mut point = high;
    for _ in 0..100 {
        let q = if f1 == f0 {
            0.5 * (q0 + q1)
        } else {
            q1 - f1 * (q1 - q0) / (f1 - f0)
        };
        point = at_variance(activation, q)?;
        let f = point.sigma_b2 - sigma_b2;
        if f == 0.0 || (q - q1).abs() <= 2.0 * f64::EPSILON * q {
            break;
        }
        if (f < 0.0) == (f1 < 0.0) {
            f0 *= 0.5;
        } else {
            (q0, f0) = (q1, f1);
        }
        (q1, f1) = (q, f);
    }
    Ok(CriticalPoint { sigma_b2, ..point })
}

impl CriticalPoint {
    /// How two inputs' correlation approaches one at this point.
    ///
    /// # Errors
    /// [`MeanFieldError::Expectation`], and [`MeanFieldError::Parameter`] for a φ with jumps, which
    /// is chaotic at every weight variance.
    ///
    /// # Source
    /// Hayou, Doucet and Rousseau (2019) for a smooth φ and for ReLU; for kinks away from zero, the probability that
    /// the two preactivations lie on different sides of the kink, which is p(k)·E|u₁ − u₂|.
    pub fn approach(&self, activation: &Activation) -> Result<CriticalApproach, MeanFieldError> {
        if let Some(jump) = activation.jumps().first() {
            return Err(MeanFieldError::Parameter {
                parameter: "a critical activation",
                expected: "without jumps, but this one jumps at",
                got: jump.at,
            });
        }
        let q = self.q_star;
        let root = q.sqrt();
        let kinks: f64 = activation
            .kinks()
            .iter()
            .filter(|_| q > 0.0)
            .map(|kink| {
                let change = kink.after - kink.before;
                change * change * normal_pdf(kink.at / root)
            })
            .sum();
        if kinks > 0.0 {
            let b = kinks / std::f64::consts::PI.sqrt();
            let coefficient = 9.0 / (self.sigma_w2 * b * self.sigma_w2 * b);
            return Ok(CriticalApproach::InverseSquaredDepth { coefficient });
        }
        let bend = |x: f64| {
            let second = activation.second_derivative(x);
            second * second
        };
        let curvature = expectation(bend, q, activation.breakpoints())
            .map_err(|source| refused(activation, source))?
            .value;
        if curvature * q == 0.0 {
            return Ok(CriticalApproach::Constant);
        }
        let coefficient = 2.0 / (self.sigma_w2 * q * curvature);
        Ok(CriticalApproach::InverseDepth { coefficient })
    }

    /// The mean-field theory at this point.
    ///
    /// # Errors
    /// None in practice: a point of the line has valid variances.
    pub fn mean_field(&self, activation: &Activation) -> Result<MeanField, MeanFieldError> {
        MeanField::new(activation, self.sigma_w2, self.sigma_b2)
    }
}
