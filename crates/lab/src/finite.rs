//! The bands of a plain network of any activation for one fixed input.

use evenkeel_theory::finite_width::{FiniteWidth, LogBand, Site};
use evenkeel_theory::{Activation, MeanField, Moments};

use crate::error::LabError;
use crate::results::Band;

const CONFIDENCE: f64 = 0.95;

/// A band so narrow that its ends are the median.
const MIDDLE: f64 = 1e-9;

/// |V(q)/q − 1| below this counts as a fixed point, as in [`FiniteWidth::new`]: following an
/// unstable one by its map would only amplify rounding.
const FIXED: f64 = 1e-12;

/// A network `h_l = W_l φ(h_{l−1}) + b_l`: its predictions at infinite width and its fluctuations.
pub(crate) struct Finite {
    law: FiniteWidth,
    /// E[φ²] at each layer.
    second_moments: Vec<f64>,
    /// σ_w² E[φ′²] at each layer.
    backward_factors: Vec<f64>,
}

impl Finite {
    /// Hidden layers of `widths`; the first layer's pre-activations have the variance `q1`.
    pub(crate) fn new(
        activation: &Activation,
        (sigma_w2, sigma_b2): (f64, f64),
        q1: f64,
        widths: &[usize],
    ) -> Result<Self, LabError> {
        let mean_field = MeanField::new(activation, sigma_w2, sigma_b2)?;
        let law = FiniteWidth::new(&mean_field, q1, widths)?;
        let (mut second_moments, mut backward_factors) = (Vec::new(), Vec::new());
        let mut q = q1;
        let mut moments = Moments::at(activation, q)?;
        for _ in widths {
            second_moments.push(moments.second_moment.value);
            backward_factors.push(sigma_w2 * moments.derivative_second_moment.value);
            let next = sigma_w2 * moments.second_moment.value + sigma_b2;
            if (next / q - 1.0).abs() > FIXED {
                q = next;
                moments = Moments::at(activation, q)?;
            }
        }
        Ok(Self {
            law,
            second_moments,
            backward_factors,
        })
    }

    /// Mean and variance of ln rms of the activations of each layer.
    pub(crate) fn log_rms(&self) -> Vec<(f64, f64)> {
        let laws = self.law.forward(Site::PostActivation);
        let laws = laws.iter().zip(&self.second_moments);
        laws.map(|(law, m)| (0.5 * (m.ln() + law.mean), 0.25 * law.variance))
            .collect()
    }

    /// The rms of the activations, first layer first.
    pub(crate) fn forward(&self) -> Result<Vec<Band>, LabError> {
        let bands = self.law.forward_bands(Site::PostActivation, CONFIDENCE)?;
        let rms = self.second_moments.iter().map(|m| m.sqrt());
        let middle = self.law.forward_bands(Site::PostActivation, MIDDLE)?;
        Ok(scaled(&bands, &middle, rms))
    }

    /// The rms of the gradient at the activations, first layer first, when it is expected to be
    /// `top` at the last of them.
    pub(crate) fn backward(&self, top: f64) -> Result<Vec<Band>, LabError> {
        let bands = self.law.backward_bands(Site::PostActivation, CONFIDENCE)?;
        let mut rms = vec![top; bands.len()];
        for layer in (1..bands.len()).rev() {
            rms[layer - 1] = rms[layer] * self.backward_factors[layer].sqrt();
        }
        let middle = self.law.backward_bands(Site::PostActivation, MIDDLE)?;
        Ok(scaled(&bands, &middle, rms.into_iter()))
    }
}

fn scaled(bands: &[LogBand], middles: &[LogBand], rms: impl Iterator<Item = f64>) -> Vec<Band> {
    let bands = bands.iter().zip(middles).zip(rms).enumerate();
    let bands = bands.map(|(layer, ((band, middle), rms))| {
        let [low, middle, high] =
            [band.lower, middle.lower, band.upper].map(|log| (rms * log.exp()).into());
        Band {
            layer,
            low,
            middle,
            high,
        }
    });
    bands.collect()
}
