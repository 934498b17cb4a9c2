//! From the law of one layer to a band along the depth.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::FiniteWidthError;
use super::coupled::Coupled;
use super::log_moment::{Direction, LogBand, LogMoment, layer_log_moment, linear};
use super::mixture::Mixture;
use crate::activation::Activation;
use crate::gain::Gain;
use crate::mean_field::MeanField;
use crate::moments::negative_slope;

/// |V(q)/q − 1| below this counts as a fixed point, at which the profile is held: following an
/// unstable one by its map would only amplify rounding.
const FIXED: f64 = 1e-12;

/// Where in a layer a signal is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// Before the activation, h_l.
    PreActivation,
    /// After it, φ(h_l).
    PostActivation,
}

/// The fluctuations of a network h_l = W_l φ(h_{l−1}) + b_l with Gaussian weights, for one fixed
/// input vector.
///
/// # Model
/// Given the layer before, the preactivations of layer l are independent N(0, q_l), with
/// q_l = σ_w² m_{l−1} + σ_b² and m the mean square of the activations. For an activation that is
/// homogeneous, without bias, the ratios of successive mean squares are independent with the law of
/// [`layer_log_moment`]: the logarithms add, and mean and variance are exact at any width.
///
/// For any other, ln m_l is a Markov chain whose distribution is carried along a lattice, so that
/// even a network that drifts away from its fixed point keeps a right band. One layer's noise is
/// taken as normal there: [`Exactness::Estimated`](super::Exactness::Estimated). Since the input is fixed, the first layer adds
/// its own noise and nothing more.
///
/// Backward, the gradient's logarithm gathers ln E\[φ′²\](q_k) and its own noise over k ≥ l, along the
/// same chain; the two noises of one layer are correlated, and the gradient is not independent of the
/// signal (`docs/theory.md` derives both).
///
/// # Where it fails
/// It is the law for one input. An average over a batch fluctuates less, until the inputs have become
/// alike (for ReLU after some tens of layers). Weights that are not Gaussian change the noise at
/// order 1/width; orthogonal ones remove most of it. Layers narrower than about 16 are skewed.
#[derive(Clone, Debug)]
pub struct FiniteWidth {
    layers: Vec<Layer>,
}

/// The laws at one layer.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) forward: Sites,
    pub(super) backward: Sites,
}

/// The laws before and after the activation.
#[derive(Clone, Debug)]
pub(super) struct Sites {
    pub(super) before: Mixture,
    pub(super) after: Mixture,
}

impl Sites {
    fn at(&self, site: Site) -> &Mixture {
        match site {
            Site::PreActivation => &self.before,
            Site::PostActivation => &self.after,
        }
    }
}

impl FiniteWidth {
    /// The fluctuations of a network of the given hidden `widths`, whose first preactivations have
    /// variance `q1` = σ_w²·(mean square of the input) + σ_b².
    ///
    /// # Errors
    /// [`FiniteWidthError::Width`], [`FiniteWidthError::Silent`], [`FiniteWidthError::MeanField`].
    pub fn new(
        mean_field: &MeanField,
        q1: f64,
        widths: &[usize],
    ) -> Result<Self, FiniteWidthError> {
        if let Some(layer) = widths.iter().position(|&width| width == 0) {
            return Err(FiniteWidthError::Width { layer });
        }
        let fixed = (mean_field.variance_map(q1)? / q1 - 1.0).abs() <= FIXED;
        let variances = if fixed {
            vec![q1; widths.len()]
        } else {
            mean_field.variance_profile(q1, widths.len().saturating_sub(1))?
        };
        let homogeneous = negative_slope(mean_field.activation().kind()).is_some();
        let layers = if homogeneous && mean_field.sigma_b2() == 0.0 {
            independent(mean_field.activation(), widths)?
        } else {
            Coupled::new(mean_field, widths, &variances)?.laws()?
        };
        Ok(Self { layers })
    }

    /// The law of the logarithm of the forward mean square at each layer, relative to its
    /// infinite-width prediction.
    pub fn forward(&self, site: Site) -> Vec<LogMoment> {
        self.layers
            .iter()
            .map(|layer| layer.forward.at(site).moments())
            .collect()
    }

    /// The law of the logarithm of the gradient's mean square at each layer, relative to its
    /// infinite-width prediction, for a fixed gradient of the outputs behind one more linear layer.
    pub fn backward(&self, site: Site) -> Vec<LogMoment> {
        self.layers
            .iter()
            .map(|layer| layer.backward.at(site).moments())
            .collect()
    }

    /// Bands for the root mean square of the activations, layer by layer.
    ///
    /// # Errors
    /// [`FiniteWidthError::Confidence`].
    pub fn forward_bands(
        &self,
        site: Site,
        confidence: f64,
    ) -> Result<Vec<LogBand>, FiniteWidthError> {
        self.layers
            .iter()
            .map(|layer| layer.forward.at(site).rms_band(confidence))
            .collect()
    }

    /// Bands for the root mean square of the gradients, layer by layer.
    ///
    /// # Errors
    /// [`FiniteWidthError::Confidence`].
    pub fn backward_bands(
        &self,
        site: Site,
        confidence: f64,
    ) -> Result<Vec<LogBand>, FiniteWidthError> {
        self.layers
            .iter()
            .map(|layer| layer.backward.at(site).rms_band(confidence))
            .collect()
    }
}

/// Independent layers: running sums from both ends.
fn independent(activation: &Activation, widths: &[usize]) -> Result<Vec<Layer>, FiniteWidthError> {
    let mut laws = BTreeMap::new();
    for &width in widths {
        if let Entry::Vacant(place) = laws.entry(width) {
            place.insert(layer_log_moment(
                activation,
                width,
                1.0,
                Direction::Forward,
            )?);
        }
    }
    let sites = |before_this: &LogMoment, width: usize| {
        // The linear map alone, and the whole layer.
        let before = Mixture::single(&before_this.times(&linear(width)));
        let after = Mixture::single(&before_this.times(&laws[&width]));
        (before, after)
    };
    let mut sum = LogMoment::CERTAIN;
    let mut forward = Vec::with_capacity(widths.len());
    for &width in widths {
        let (before, after) = sites(&sum, width);
        sum = sum.times(&laws[&width]);
        forward.push(Sites { before, after });
    }
    sum = LogMoment::CERTAIN;
    let mut layers = Vec::with_capacity(widths.len());
    for (&width, forward) in widths.iter().zip(forward).rev() {
        // Backward the linear map comes first: the gradient after the activation has passed it.
        let (after, before) = sites(&sum, width);
        sum = sum.times(&laws[&width]);
        layers.push(Layer {
            forward,
            backward: Sites { before, after },
        });
    }
    layers.reverse();
    Ok(layers)
}

/// Bands for the root mean square of the activations of a plain network at its gain: hidden layers
/// of the given `widths`, weights of variance gain²/fan_in, no bias, unit preactivation variance.
///
/// # Errors
/// [`FiniteWidthError`].
///
/// # Example
/// ```
/// use evenkeel_theory::{Activation, log_rms_band};
///
/// // A hundred ReLU layers of width 512: log m ~ N(−5·100/(2·512), 5·100/512).
/// let bands = log_rms_band(&Activation::relu(), &[512; 100], 0.95)?;
/// let last = bands[99];
/// assert!((last.mean + 0.5 * 250.0 / 512.0).abs() < 0.01);
/// let half_width = 0.5 * (last.upper - last.lower);
/// assert!((half_width - 1.96 * 0.5 * (500.0_f64 / 512.0).sqrt()).abs() < 0.01);
/// # Ok::<(), evenkeel_theory::FiniteWidthError>(())
/// ```
pub fn log_rms_band(
    activation: &Activation,
    widths: &[usize],
    confidence: f64,
) -> Result<Vec<LogBand>, FiniteWidthError> {
    at_gain(activation, widths)?.forward_bands(Site::PostActivation, confidence)
}

/// The same for the gradients at the preactivations.
///
/// # Errors
/// [`FiniteWidthError`].
pub fn log_gradient_rms_band(
    activation: &Activation,
    widths: &[usize],
    confidence: f64,
) -> Result<Vec<LogBand>, FiniteWidthError> {
    at_gain(activation, widths)?.backward_bands(Site::PreActivation, confidence)
}

fn at_gain(activation: &Activation, widths: &[usize]) -> Result<FiniteWidth, FiniteWidthError> {
    let gain = Gain::of(activation)?;
    let sigma_w2 = 1.0 / gain.second_moment;
    FiniteWidth::new(&MeanField::new(activation, sigma_w2, 0.0)?, 1.0, widths)
}
