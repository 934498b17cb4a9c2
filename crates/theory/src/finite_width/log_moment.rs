//! The law of one layer: mean and variance of the logarithm of a mean of squares.

use super::FiniteWidthError;
use super::transform::{log_moment_from_transform, transform_of, two_slopes};
use crate::activation::Activation;
use crate::gaussian::ExpectationError;
use crate::mean_field::MeanFieldError;
use crate::moments::{FourthMoments, Moments, negative_slope};
use crate::special::{digamma, normal_quantile, trigamma};

/// Whether a law is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exactness {
    /// Exact at any width, for Gaussian weights without bias.
    Exact,
    /// Not exact: the law depends on fluctuations of earlier layers.
    Estimated,
}

impl Exactness {
    /// Exact only if both are.
    pub(crate) fn and(self, other: Self) -> Self {
        if self == Self::Exact { other } else { self }
    }
}

/// Mean and variance of the natural logarithm of a mean-square ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogMoment {
    /// E\[log r\]
    pub mean: f64,
    /// Var\[log r\]
    pub variance: f64,
    /// Whether these are exact
    pub exactness: Exactness,
}

/// A band for the logarithm of a root mean square, relative to the infinite-width prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogBand {
    /// The mean of log(rms/prediction); below zero, as a logarithm's mean is
    pub mean: f64,
    /// The lower end
    pub lower: f64,
    /// The upper end
    pub upper: f64,
    /// Whether mean and variance behind it are exact
    pub exactness: Exactness,
}

impl LogBand {
    /// The band as factors on the predicted root mean square: lower, middle, upper.
    pub fn factors(&self) -> [f64; 3] {
        [self.lower, self.mean, self.upper].map(libm::exp)
    }
}

impl LogMoment {
    /// The law of a ratio that is always one.
    pub(crate) const CERTAIN: Self = Self {
        mean: 0.0,
        variance: 0.0,
        exactness: Exactness::Exact,
    };

    /// The law of the product of two independent ratios.
    pub(crate) fn times(&self, other: &Self) -> Self {
        Self {
            mean: self.mean + other.mean,
            variance: self.variance + other.variance,
            exactness: self.exactness.and(other.exactness),
        }
    }

    /// The band that holds log rms = ½ log r with probability `confidence`, taking log r as normal.
    ///
    /// A sum over several layers is nearly normal; one layer narrower than about 16 is skewed
    /// towards small values, and its band is then a little too low at both ends.
    ///
    /// # Errors
    /// [`FiniteWidthError::Confidence`] outside (0, 1).
    pub fn rms_band(&self, confidence: f64) -> Result<LogBand, FiniteWidthError> {
        if !(confidence > 0.0 && confidence < 1.0) {
            return Err(FiniteWidthError::Confidence { got: confidence });
        }
        let mean = 0.5 * self.mean;
        let reach = normal_quantile(0.5 + 0.5 * confidence) * 0.5 * self.variance.sqrt();
        Ok(LogBand {
            mean,
            lower: mean - reach,
            upper: mean + reach,
            exactness: self.exactness,
        })
    }
}

/// Which way the signal goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Activations, from the input to the output.
    Forward,
    /// Gradients, from the output to the input.
    Backward,
}

/// The law of log r for one layer of `width` neurons whose preactivations are independent
/// N(0, `q`), given that the layer is not all dead.
///
/// Forward, r = (1/n) Σ φ(h_i)²/E\[φ²\]; backward, r = (1/n) Σ φ′(h_i)² g_i²/E\[φ′²\] with
/// independent standard normal g_i. Both have mean one.
///
/// - Linear (and |x|): n·r is χ²_n, so E\[log r\] = ψ(n/2) − ln(n/2) and Var\[log r\] = ψ₁(n/2).
/// - ReLU: n·r/2 is χ²_m with m binomial(n, ½); the law is that mixture over m ≥ 1.
/// - Any other: from the Laplace transform E\[e^{−sφ²}\], to about 10⁻⁸. The one layer
///   is exact; [`Exactness::Estimated`] says that for an activation that is not homogeneous the
///   layers of a network are coupled, so that their logarithms do not simply add.
///
/// # Errors
/// [`FiniteWidthError::Width`] for a width of zero; [`FiniteWidthError::Silent`];
/// [`FiniteWidthError::MeanField`].
///
/// # Example
/// ```
/// use evenkeel_theory::{Activation, Direction, layer_log_moment};
///
/// let law = layer_log_moment(&Activation::relu(), 512, 1.0, Direction::Forward)?;
/// assert!((law.mean + 0.004_898_479_352_695_5).abs() < 1e-14);
/// assert!((law.variance - 0.009_836_836_036_995_1).abs() < 1e-14);
/// # Ok::<(), evenkeel_theory::FiniteWidthError>(())
/// ```
///
/// # Source
/// Hanin and Nica (2020), main theorem, for ReLU to leading order, log r ~ N(−5/2n, 5/n) a layer; the
/// mixture is exact at every width.
pub fn layer_log_moment(
    activation: &Activation,
    width: usize,
    q: f64,
    direction: Direction,
) -> Result<LogMoment, FiniteWidthError> {
    if width == 0 {
        return Err(FiniteWidthError::Width { layer: 0 });
    }
    match negative_slope(activation.kind()) {
        Some(slope) if slope.abs() == 1.0 => return Ok(linear(width)),
        Some(0.0) => return Ok(relu(width)),
        Some(slope) => {
            let transform = |s: f64| Ok(two_slopes(slope, s));
            return log_moment_from_transform(width, Exactness::Exact, transform);
        }
        None => {}
    }
    let refused = |source: ExpectationError| {
        FiniteWidthError::MeanField(MeanFieldError::Expectation {
            activation: activation.to_string(),
            source,
        })
    };
    let moments = Moments::at(activation, q).map_err(refused)?;
    let size = match direction {
        Direction::Forward => moments.second_moment.value,
        Direction::Backward => moments.derivative_second_moment.value,
    };
    if size <= 0.0 {
        return Err(FiniteWidthError::Silent { layer: 0 });
    }
    let transform = |s: f64| transform_of(activation, q, direction, size, s).map_err(refused);
    log_moment_from_transform(width, Exactness::Estimated, transform)
}

/// r = χ²_n/n.
pub(crate) fn linear(width: usize) -> LogMoment {
    let half = 0.5 * width as f64;
    LogMoment {
        mean: digamma(half) - libm::log(half),
        variance: trigamma(half),
        exactness: Exactness::Exact,
    }
}

/// r = (2/n) χ²_m, m binomial(n, ½) and not zero.
fn relu(width: usize) -> LogMoment {
    let n = width as f64;
    let (mut mass, mut mean, mut square, mut spread) = (0.0, 0.0, 0.0, 0.0);
    let mut add = |m: usize, weight: f64| {
        let half = 0.5 * m as f64;
        let log_mean = digamma(half) + libm::log(4.0 / n);
        mass += weight;
        mean += weight * log_mean;
        square += weight * log_mean * log_mean;
        spread += weight * trigamma(half);
    };
    // Binomial weights relative to the middle one, outwards until they no longer count.
    let middle = width.div_ceil(2);
    let mut weight = 1.0;
    let mut m = middle;
    while m <= width && weight > 1e-22 {
        add(m, weight);
        weight *= (width - m) as f64 / (m + 1) as f64;
        m += 1;
    }
    weight = middle as f64 / (width - middle + 1) as f64;
    m = middle - 1;
    while m > 0 && weight > 1e-22 {
        add(m, weight);
        weight *= m as f64 / (width - m + 1) as f64;
        m -= 1;
    }
    let mean = mean / mass;
    LogMoment {
        mean,
        variance: spread / mass + (square / mass - mean * mean),
        exactness: Exactness::Exact,
    }
}

/// E\[r²\] = 1 + (κ − 1)/n for one layer, κ = E\[φ⁴\]/E\[φ²\]²; it is E\[r²\] that makes the mean of
/// products of many layers so much larger than their typical value.
///
/// # Errors
/// As [`layer_log_moment`].
pub fn ratio_second_moment(
    activation: &Activation,
    width: usize,
    q: f64,
) -> Result<f64, FiniteWidthError> {
    if width == 0 {
        return Err(FiniteWidthError::Width { layer: 0 });
    }
    let refused = |source| MeanFieldError::Expectation {
        activation: activation.to_string(),
        source,
    };
    let second = Moments::at(activation, q)
        .map_err(refused)?
        .second_moment
        .value;
    let fourth = FourthMoments::at(activation, q)
        .map_err(refused)?
        .value
        .value;
    if second <= 0.0 {
        return Err(FiniteWidthError::Silent { layer: 0 });
    }
    Ok(1.0 + (fourth / (second * second) - 1.0) / width as f64)
}
