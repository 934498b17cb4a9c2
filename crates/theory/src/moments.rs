//! The Gaussian moments of an activation that everything else is made of.

use crate::activation::{Activation, Kind};
use crate::gaussian::{Estimate, ExpectationError, expectations, rough_expectations};
use crate::special::normal_pdf;

/// The moments of φ and φ′ under x ~ N(0, q).
///
/// φ′ is the derivative almost everywhere, which is what automatic differentiation and so a
/// network's backward pass sees: a jump of φ adds nothing to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// The variance q of x.
    pub q: f64,
    /// E\[φ\]
    pub mean: Estimate,
    /// E\[φ²\]
    pub second_moment: Estimate,
    /// E\[φ²\] − E\[φ\]², without the cancellation of that difference
    pub variance: Estimate,
    /// E\[φ′\]
    pub derivative_mean: Estimate,
    /// E\[φ′²\]
    pub derivative_second_moment: Estimate,
    /// d E\[φ²\]/dq; for a φ without jumps this is E\[z φ φ′\]/√q
    pub second_moment_slope: Estimate,
}

/// The fourth moments, which set how a network of finite width fluctuates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FourthMoments {
    /// E\[φ⁴\]
    pub value: Estimate,
    /// E\[φ′⁴\]
    pub derivative: Estimate,
    /// E\[φ² φ′²\]
    pub mixed: Estimate,
    /// E\[z² φ′²\]
    pub derivative_by_position: Estimate,
}

impl Moments {
    /// The moments of `activation` at variance `q`.
    ///
    /// Positively homogeneous activations, sine and cosine are taken from their closed forms,
    /// everything else is integrated.
    ///
    /// # Errors
    /// [`ExpectationError`], as [`expectation`](crate::gaussian::expectation).
    ///
    /// # Example
    /// ```
    /// use evenkeel_theory::{Activation, Moments};
    ///
    /// let moments = Moments::at(&Activation::erf(), 1.0)?;
    /// // E[erf(z)²] = (2/π) arcsin(2q/(1 + 2q)) (Williams, 1998).
    /// let closed_form = std::f64::consts::FRAC_2_PI * (2.0_f64 / 3.0).asin();
    /// assert!((moments.second_moment.value - closed_form).abs() < 1e-14);
    /// # Ok::<(), evenkeel_theory::gaussian::ExpectationError>(())
    /// ```
    pub fn at(activation: &Activation, q: f64) -> Result<Self, ExpectationError> {
        if !(q.is_finite() && q >= 0.0) {
            return Err(ExpectationError::Variance { got: q });
        }
        if let Some(moments) = closed_form(activation.kind(), q) {
            return Ok(moments);
        }
        if q == 0.0 {
            return Self::at_zero(activation);
        }
        let root = q.sqrt();
        let integrand = |x: f64| {
            let jet = activation.jet(x);
            let (v, d) = (jet.value, jet.first);
            [v, v * v, d, d * d, x * v * d, v * v * (x * x / q - 1.0)]
        };
        let [
            mean,
            second_moment,
            derivative_mean,
            derivative_second_moment,
            product,
            by_density,
        ] = expectations(
            integrand,
            q,
            activation.breakpoints(),
            activation.evaluations(),
        )?;
        // x φφ′ = √q·z φφ′, so that d E[φ²]/dq = E[z φφ′]/√q = E[x φφ′]/q.
        let jumps: f64 = activation
            .jumps()
            .iter()
            .map(|jump| {
                let rise = jump.after * jump.after - jump.before * jump.before;
                0.5 * rise * jump.at / q * normal_pdf(jump.at / root) / root
            })
            .sum();
        let by_product = Estimate {
            value: product.value / q + jumps,
            error: product.error / q,
        };
        // Differentiating the density instead gives E[φ²(z² − 1)]/2q. It needs no slope of φ but
        // loses digits at small q, so it only speaks where the two disagree: an expression may jump
        // where no sample saw it.
        let by_density = Estimate {
            value: 0.5 * by_density.value / q,
            error: 0.5 * by_density.error / q,
        };
        let apart = (by_product.value - by_density.value).abs();
        let noise = 4.0 * (by_product.error + by_density.error) + 1e-8 * by_density.value.abs();
        let second_moment_slope = if apart > noise {
            by_density
        } else {
            by_product
        };
        let mut variance = Estimate {
            value: second_moment.value - mean.value * mean.value,
            error: second_moment.error + 2.0 * mean.value.abs() * mean.error,
        };
        // Where the mean makes up nearly all of φ, the difference would lose digits.
        if variance.value < 0.1 * second_moment.value {
            let centred = |x: f64| {
                let off = activation.value(x) - mean.value;
                [off * off]
            };
            [variance] = rough_expectations(
                centred,
                q,
                activation.breakpoints(),
                activation.evaluations(),
            )?;
            // The rounding of φ itself, seen beside what is left of it.
            variance.error += f64::EPSILON * (second_moment.value * variance.value).sqrt();
        }
        Ok(Self {
            q,
            mean,
            second_moment,
            variance,
            derivative_mean,
            derivative_second_moment,
            second_moment_slope,
        })
    }

    /// The limit q → 0, for an activation that is smooth there or has a kink at zero.
    fn at_zero(activation: &Activation) -> Result<Self, ExpectationError> {
        let (before, after) = activation.one_sided(0.0);
        let value = activation.value(0.0);
        let numbers = [
            value,
            before.first,
            after.first,
            before.second,
            after.second,
        ];
        if numbers.iter().any(|number| !number.is_finite()) {
            return Err(ExpectationError::Undefined { at: 0.0 });
        }
        let average = |of: fn(&crate::scalar::Jet) -> f64| 0.5 * (of(&before) + of(&after));
        let exact = Estimate::closed_form;
        Ok(Self {
            q: 0.0,
            mean: exact(value),
            second_moment: exact(value * value),
            variance: exact(0.0),
            derivative_mean: exact(average(|jet| jet.first)),
            derivative_second_moment: exact(average(|jet| jet.first * jet.first)),
            second_moment_slope: exact(average(|jet| {
                jet.first * jet.first + jet.value * jet.second
            })),
        })
    }
}

impl FourthMoments {
    /// The fourth moments of `activation` at variance `q`.
    ///
    /// # Errors
    /// [`ExpectationError`], as [`expectation`](crate::gaussian::expectation).
    pub fn at(activation: &Activation, q: f64) -> Result<Self, ExpectationError> {
        let integrand = |x: f64| {
            let jet = activation.jet(x);
            let (v2, d2) = (jet.value * jet.value, jet.first * jet.first);
            // As q → 0, φ′ is constant and E[z²] = 1.
            let z2 = if q == 0.0 { 1.0 } else { x * x / q };
            [v2 * v2, d2 * d2, v2 * d2, z2 * d2]
        };
        let [value, derivative, mixed, derivative_by_position] = expectations(
            integrand,
            q,
            activation.breakpoints(),
            activation.evaluations(),
        )?;
        Ok(Self {
            value,
            derivative,
            mixed,
            derivative_by_position,
        })
    }
}

/// The slope on the negative side of a positively homogeneous activation, φ(x) = x for x > 0.
pub(crate) fn negative_slope(kind: &Kind) -> Option<f64> {
    match *kind {
        Kind::Identity => Some(1.0),
        Kind::Relu => Some(0.0),
        Kind::LeakyRelu { slope } | Kind::Prelu { slope } => Some(slope),
        Kind::Abs => Some(-1.0),
        _ => None,
    }
}

fn closed_form(kind: &Kind, q: f64) -> Option<Moments> {
    if let Some(slope) = negative_slope(kind) {
        return Some(homogeneous(slope, q));
    }
    match kind {
        Kind::Sin => Some(wave(q, Wave::Sine)),
        Kind::Cos => Some(wave(q, Wave::Cosine)),
        _ => None,
    }
}

/// E\[φ²\] = q(1 + a²)/2 and E\[φ\] = (1 − a)√(q/2π) for slope a below zero.
fn homogeneous(slope: f64, q: f64) -> Moments {
    let exact = Estimate::closed_form;
    let power = 0.5 * (1.0 + slope * slope);
    let spread = (1.0 - slope) * normal_pdf(0.0);
    Moments {
        q,
        mean: exact(spread * q.sqrt()),
        second_moment: exact(power * q),
        variance: exact(q * (power - spread * spread)),
        derivative_mean: exact(0.5 * (1.0 + slope)),
        derivative_second_moment: exact(power),
        second_moment_slope: exact(power),
    }
}

enum Wave {
    Sine,
    Cosine,
}

/// E\[sin² x\] = (1 − e^{−2q})/2, E\[cos x\] = e^{−q/2}.
fn wave(q: f64, wave: Wave) -> Moments {
    let exact = Estimate::closed_form;
    let odd = -0.5 * libm::expm1(-2.0 * q);
    let even = 0.5 * (1.0 + libm::exp(-2.0 * q));
    let mean = libm::exp(-0.5 * q);
    let slope = libm::exp(-2.0 * q);
    match wave {
        Wave::Sine => Moments {
            q,
            mean: exact(0.0),
            second_moment: exact(odd),
            variance: exact(odd),
            derivative_mean: exact(mean),
            derivative_second_moment: exact(even),
            second_moment_slope: exact(slope),
        },
        Wave::Cosine => Moments {
            q,
            mean: exact(mean),
            second_moment: exact(even),
            variance: exact(0.5 * libm::expm1(-q) * libm::expm1(-q)),
            derivative_mean: exact(0.0),
            derivative_second_moment: exact(odd),
            second_moment_slope: exact(-slope),
        },
    }
}
