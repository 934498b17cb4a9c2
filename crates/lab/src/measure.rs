//! Shared measuring: networks without data, and the statistics of a layer.

use evenkeel_init::{Geometry, Scheme, Seed};
use evenkeel_net::chain::{Chain, Stop};
use evenkeel_net::{Moments, Orientation};
use evenkeel_theory::Activation;

use crate::error::LabError;
use crate::results::{Direction, Layer, Profile};
use crate::study::Bench;

/// Whether each product takes a matrix of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matrices {
    /// One matrix, again and again, as the lesson's loop does.
    One,
    /// A fresh one each time, as a network has.
    Fresh,
}

/// What a plain network is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Input {
    /// A standard normal vector, its size left to chance.
    Normal,
    /// A random direction with exactly this root mean square: what theory calls a fixed input.
    Rms(f64),
}

/// A plain deep network without data or biases: one random vector x, then `x ← φ(W x)`.
pub(crate) struct PlainNetwork<'a> {
    /// First part of the names of its random streams; what comes after it is the trial and layer.
    pub(crate) stream: &'a str,
    /// What goes in.
    pub(crate) input: Input,
    /// Width of the input and of each layer.
    pub(crate) widths: Vec<usize>,
    /// The scheme of its weights.
    pub(crate) scheme: Scheme,
    /// One matrix or many.
    pub(crate) matrices: Matrices,
    /// φ; the identity is left out of the loop.
    pub(crate) activation: Activation,
    /// When to stop early.
    pub(crate) stop: Stop,
}

/// What one pass left behind.
pub(crate) struct Pass {
    /// Moments of the vector that went in.
    pub(crate) input: Moments,
    /// Moments after each layer, in the order in which the signal passed them.
    pub(crate) layers: Vec<Moments>,
    /// 0-based first product that was not finite.
    pub(crate) first_nonfinite: Option<usize>,
    /// 0-based first product that was exactly zero.
    pub(crate) first_all_zero: Option<usize>,
}

impl Pass {
    /// ln(rms of the last layer / rms of the input).
    pub(crate) fn log_growth(&self) -> f64 {
        self.log_growth_over(self.layers.len())
    }

    /// ln(rms after so many layers / rms of the input).
    pub(crate) fn log_growth_over(&self, layers: usize) -> f64 {
        let last = layers.checked_sub(1).and_then(|last| self.layers.get(last));
        0.5 * (last.unwrap_or(&self.input).second_moment() / self.input.second_moment()).ln()
    }
}

impl PlainNetwork<'_> {
    /// A network of equal widths whose matrices are all fresh and which is run to its end.
    pub(crate) fn uniform_width(
        stream: &str,
        depth: usize,
        width: usize,
        scheme: Scheme,
        activation: Activation,
    ) -> PlainNetwork<'_> {
        PlainNetwork {
            stream,
            input: Input::Normal,
            widths: vec![width; depth + 1],
            scheme,
            matrices: Matrices::Fresh,
            activation,
            stop: Stop::Never,
        }
    }

    /// Sends the input forward.
    pub(crate) fn forward(&self, seed: Seed, trial: usize) -> Result<Pass, LabError> {
        self.forward_keeping(seed, trial, |_| {})
    }

    /// Sends a standard normal gradient backward through the network that [`Self::forward`]
    /// with the same seed and trial goes through.
    ///
    /// `g ← Wᵀ (g ⊙ φ′(z))`, with the pre-activations z kept on the way forward.
    pub(crate) fn backward(&self, seed: Seed, trial: usize) -> Result<Pass, LabError> {
        let mut pre_activations = Vec::with_capacity(self.widths.len());
        self.forward_keeping(seed, trial, |z| pre_activations.push(z.to_vec()))?;
        let outputs = self.widths[self.widths.len() - 1];
        let start = self.normal_vector(seed, trial, "gradient", outputs)?;
        let input = Moments::of(&start);
        let mut chain = Chain::vector(start)?;
        let mut weight = Vec::new();
        let mut layers = Vec::with_capacity(pre_activations.len());
        for (layer, z) in pre_activations.iter().enumerate().rev() {
            chain.apply(|g| {
                for (g, &z) in g.iter_mut().zip(z) {
                    *g *= self.activation.derivative(f64::from(z)) as f32;
                }
            });
            self.fill_weight(seed, trial, layer, &mut weight)?;
            layers.push(chain.multiply(&weight, Orientation::Transposed)?);
        }
        Ok(Pass {
            input,
            layers,
            first_nonfinite: chain.first_nonfinite(),
            first_all_zero: chain.first_all_zero(),
        })
    }

    fn forward_keeping(
        &self,
        seed: Seed,
        trial: usize,
        mut keep: impl FnMut(&[f32]),
    ) -> Result<Pass, LabError> {
        let mut start = self.normal_vector(seed, trial, "input", self.widths[0])?;
        if let Input::Rms(rms) = self.input {
            let factor = rms / Moments::of(&start).rms();
            start
                .iter_mut()
                .for_each(|x| *x = (f64::from(*x) * factor) as f32);
        }
        let input = Moments::of(&start);
        let mut chain = Chain::vector(start)?;
        let mut weight = Vec::new();
        let mut layers = Vec::with_capacity(self.widths.len() - 1);
        for layer in 0..self.widths.len() - 1 {
            if layer == 0 || self.matrices == Matrices::Fresh {
                self.fill_weight(seed, trial, layer, &mut weight)?;
            }
            let mut moments = chain.multiply(&weight, Orientation::Plain)?;
            keep(chain.state());
            if self.activation != Activation::identity() {
                moments = chain.apply(|x| {
                    for x in x {
                        *x = self.activation.value(f64::from(*x)) as f32;
                    }
                });
            }
            layers.push(moments);
            if self.stop.applies(&moments) {
                break;
            }
        }
        Ok(Pass {
            input,
            layers,
            first_nonfinite: chain.first_nonfinite(),
            first_all_zero: chain.first_all_zero(),
        })
    }

    fn fill_weight(
        &self,
        seed: Seed,
        trial: usize,
        layer: usize,
        weight: &mut Vec<f32>,
    ) -> Result<(), LabError> {
        let geometry = Geometry::linear(self.widths[layer + 1], self.widths[layer])?;
        let stream = seed.stream(&format!("{}/{trial}/{layer}.weight", self.stream));
        weight.resize(geometry.len(), 0.0);
        let prepared = self.scheme.prepare(&geometry, &stream)?;
        prepared.fill(0..geometry.len() as u64, weight)?;
        Ok(())
    }

    fn normal_vector(
        &self,
        seed: Seed,
        trial: usize,
        what: &str,
        len: usize,
    ) -> Result<Vec<f32>, LabError> {
        let name = format!("{}/{trial}/{what}", self.stream);
        let geometry = Geometry::linear(len, 1)?;
        Ok(Scheme::normal(0.0, 1.0).tensor(&geometry, seed, &name)?)
    }
}

/// A pass as a profile, without a prediction.
pub(crate) fn profile(
    name: impl Into<String>,
    init: &str,
    direction: Direction,
    moments: &[Moments],
) -> Profile {
    let depth = moments.len();
    let layers = moments.iter().enumerate().map(|(passed, moments)| {
        // A backward pass meets the last layer first; its profile is kept in the order of layers.
        let layer = match direction {
            Direction::Forward => passed,
            Direction::Backward => depth - 1 - passed,
        };
        self::layer(layer, moments)
    });
    let mut layers: Vec<Layer> = layers.collect();
    layers.sort_by_key(|l| l.layer);
    Profile {
        name: name.into(),
        init: init.to_owned(),
        direction,
        layers,
        predicted: Vec::new(),
    }
}

/// The moments of one layer as results keep them.
pub(crate) fn layer(layer: usize, moments: &Moments) -> Layer {
    Layer {
        layer,
        count: moments.count(),
        mean: moments.mean().into(),
        std: moments.std().into(),
        second_moment: moments.second_moment().into(),
        min: moments.min().into(),
        max: moments.max().into(),
        zero_fraction: moments.zero_fraction().into(),
        nonfinite: moments.nonfinite_count(),
        nan: moments.nan_count(),
    }
}

/// One layer on the validation images.
pub(crate) struct FirstLayer {
    /// The layer's outputs, image after image.
    pub(crate) chain: Chain,
    /// Their moments.
    pub(crate) moments: Moments,
}

/// Sends the validation images through one layer of `units` units without bias.
pub(crate) fn first_layer(
    bench: &Bench<'_>,
    stream: &str,
    scheme: &Scheme,
    trial: usize,
    units: usize,
) -> Result<FirstLayer, LabError> {
    let part = bench.valid;
    let geometry = Geometry::linear(units, part.features)?;
    let stream = bench.seed().stream(&format!("{stream}/{trial}/0.weight"));
    let mut weight = vec![0.0; geometry.len()];
    scheme
        .prepare(&geometry, &stream)?
        .fill(0..geometry.len() as u64, &mut weight)?;
    let mut chain = Chain::columns(part.features, part.count, part.pixels.clone())?;
    let moments = chain.multiply(&weight, Orientation::Plain)?;
    Ok(FirstLayer { chain, moments })
}
