//! What theory says of a plain network at finite width.

use evenkeel_theory::Moments;
use evenkeel_theory::finite_width::{Direction, layer_log_moment};
use evenkeel_theory::{Activation, Gain};

use crate::error::LabError;
use crate::results::Band;

/// Half-width of the central 95% of a normal law, in standard deviations: Φ⁻¹(0.975).
const CENTRAL_95: f64 = 1.959_963_984_540_054;

/// The law of the growth of ln rms: independent layers add their means and their variances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Growth {
    /// Mean of the growth of ln rms.
    pub(crate) mean: f64,
    /// Variance of the growth of ln rms.
    pub(crate) variance: f64,
}

impl Growth {
    /// No layer at all.
    pub(crate) const NONE: Self = Self {
        mean: 0.0,
        variance: 0.0,
    };

    /// One layer `x ← φ(W x)` with `fan_in · Var W = scale` and `width` outputs, for a φ that keeps
    /// its shape at every size (identity, ReLU and its leaky kin):
    /// Δ ln rms = ½ ln(scale · E[φ²]) + ½ ln r, with r the finite-width ratio of mean 1.
    pub(crate) fn per_layer(
        activation: &Activation,
        scale: f64,
        width: usize,
    ) -> Result<Self, LabError> {
        let law = layer_log_moment(activation, width, 1.0, Direction::Forward)?;
        let second_moment = Gain::of(activation)?.second_moment;
        Ok(Self {
            mean: 0.5 * ((scale * second_moment).ln() + law.mean),
            variance: 0.25 * law.variance,
        })
    }

    /// ln rms of a standard normal vector of `width` values: a layer of its own, started at 0.
    pub(crate) fn of_standard_normal(width: usize) -> Result<Self, LabError> {
        Self::per_layer(&Activation::identity(), 1.0, width)
    }

    /// So many independent layers of this kind.
    pub(crate) fn times(self, layers: usize) -> Self {
        Self {
            mean: self.mean * layers as f64,
            variance: self.variance * layers as f64,
        }
    }

    /// Both, one after the other.
    pub(crate) fn then(self, next: Self) -> Self {
        Self {
            mean: self.mean + next.mean,
            variance: self.variance + next.variance,
        }
    }

    /// Standard deviation of the growth of ln rms.
    pub(crate) fn std(self) -> f64 {
        self.variance.sqrt()
    }

    /// The rms to expect at one layer, with the central 95% of networks.
    pub(crate) fn band(self, layer: usize) -> Band {
        let reach = CENTRAL_95 * self.std();
        Band {
            layer,
            low: (self.mean - reach).exp().into(),
            middle: self.mean.exp().into(),
            high: (self.mean + reach).exp().into(),
        }
    }

    /// Bands after 1, 2, … `depth` such layers that begin with `start`.
    pub(crate) fn bands(self, start: Self, depth: usize) -> Vec<Band> {
        (0..depth)
            .map(|layer| start.then(self.times(layer + 1)).band(layer))
            .collect()
    }
}

/// Growth of ln rms from the input to the last layer of a plain network whose layer from `m` to
/// `n` units has weights of variance `variance(m, n)`.
pub(crate) fn forward(
    activation: &Activation,
    widths: &[usize],
    variance: impl Fn(usize, usize) -> f64,
) -> Result<Growth, LabError> {
    widths.windows(2).try_fold(Growth::NONE, |so_far, ends| {
        let (inputs, outputs) = (ends[0], ends[1]);
        let scale = variance(inputs, outputs) * inputs as f64;
        Ok(so_far.then(Growth::per_layer(activation, scale, outputs)?))
    })
}

/// Bands of the activations of such a network for a standard normal input, first layer first.
pub(crate) fn forward_bands(
    activation: &Activation,
    widths: &[usize],
    variance: impl Fn(usize, usize) -> f64,
) -> Result<Vec<Band>, LabError> {
    let mut so_far = Growth::of_standard_normal(widths[0])?;
    let mut bands = Vec::with_capacity(widths.len() - 1);
    for (layer, ends) in widths.windows(2).enumerate() {
        let scale = variance(ends[0], ends[1]) * ends[0] as f64;
        so_far = so_far.then(Growth::per_layer(activation, scale, ends[1])?);
        bands.push(so_far.band(layer));
    }
    Ok(bands)
}

/// Bands of the gradient behind each layer's weights for a standard normal one at the output, in
/// the order in which it meets the layers: last layer first.
///
/// Behind layer l stands a Gaussian vector of its input's width, whose size the masked sums of the
/// layers above decide; see [`backward`].
pub(crate) fn backward_bands(
    activation: &Activation,
    widths: &[usize],
    variance: impl Fn(usize, usize) -> f64,
) -> Result<Vec<Band>, LabError> {
    let mut masked = Growth::NONE;
    let mut bands = Vec::with_capacity(widths.len() - 1);
    for (layer, ends) in widths.windows(2).enumerate().rev() {
        let scale = variance(ends[0], ends[1]) * ends[1] as f64;
        masked = masked.then(Growth::per_layer(activation, scale, ends[1])?);
        bands.push(
            masked
                .then(Growth::of_standard_normal(ends[0])?)
                .band(layer),
        );
    }
    Ok(bands)
}

/// Growth of ln rms from a standard normal gradient at the last layer to the input.
///
/// A layer masks its gradient by φ′ and multiplies by Wᵀ. The masked sum over its `n` outputs has
/// the forward law at width n; behind the first layer stands a plain Gaussian vector of the
/// input's width, and the starting gradient's own norm, already inside the last layer's sum, is
/// taken out: ± the linear law at the two ends.
pub(crate) fn backward(
    activation: &Activation,
    widths: &[usize],
    variance: impl Fn(usize, usize) -> f64,
) -> Result<Growth, LabError> {
    let masked = widths.windows(2).try_fold(Growth::NONE, |so_far, ends| {
        let (inputs, outputs) = (ends[0], ends[1]);
        let scale = variance(inputs, outputs) * outputs as f64;
        Ok::<_, LabError>(so_far.then(Growth::per_layer(activation, scale, outputs)?))
    })?;
    let first = Growth::of_standard_normal(widths[0])?;
    let last = Growth::of_standard_normal(widths[widths.len() - 1])?;
    Ok(Growth {
        mean: masked.mean + first.mean - last.mean,
        variance: masked.variance + first.variance - last.variance,
    })
}

/// One layer of a network of infinite width.
pub(crate) struct MeanFieldLayer {
    /// Variance of its activations, `E[φ(√q z)²] − E[φ(√q z)]²`.
    pub(crate) variance: f64,
    /// `E[φ′(√q z)²]`.
    pub(crate) derivative_second_moment: f64,
}

/// `depth` layers of `q ← sigma_w2 · E[φ(√q z)²]`, the first layer's pre-activations having the
/// variance `q`.
pub(crate) fn mean_field(
    activation: &Activation,
    sigma_w2: f64,
    q: f64,
    depth: usize,
) -> Result<Vec<MeanFieldLayer>, LabError> {
    let mut q = q;
    let mut layers = Vec::with_capacity(depth);
    for _ in 0..depth {
        let moments = Moments::at(activation, q)?;
        let second_moment = moments.second_moment.value;
        layers.push(MeanFieldLayer {
            variance: second_moment - moments.mean.value.powi(2),
            derivative_second_moment: moments.derivative_second_moment.value,
        });
        q = sigma_w2 * second_moment;
    }
    Ok(layers)
}
