use serde::{Deserialize, Serialize};

use super::{Connections, GateOrder, Shape};
use crate::Fan;

/// Numbers and choices that a scheme may take, each absent unless it was given.
///
/// This is what a `with` table of a rules file holds, and what command-line options become.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// `constant`: the value.
    pub value: Option<f64>,
    /// The mean of `normal` and `truncated_normal`, 0 unless given.
    pub mean: Option<f64>,
    /// The standard deviation.
    pub std: Option<f64>,
    /// The lower bound of `uniform` and `truncated_normal`.
    pub low: Option<f64>,
    /// The upper bound.
    pub high: Option<f64>,
    /// What a truncated normal's bounds are counted in, standard deviations unless given.
    pub unit: Option<BoundsUnit>,
    /// Whose the std of a truncated normal is: what comes out, unless given.
    pub convention: Option<StdOf>,
    /// The gain, 1 unless given (√2 for Kaiming's).
    pub gain: Option<f64>,
    /// An activation, whose gain is computed.
    pub activation: Option<String>,
    /// `variance_scaling`: the scale, 1 unless given.
    pub scale: Option<f64>,
    /// Which fan divides, fan_in unless given.
    pub fan: Option<Fan>,
    /// `variance_scaling`: the distribution's shape, normal unless given.
    pub shape: Option<Shape>,
    /// A fan_in that the tensor itself does not tell: `pytorch_default_bias`.
    pub fan_in: Option<usize>,
    /// Blocks of the model.
    pub layers: Option<usize>,
    /// Number of the block, from 0.
    pub layer: Option<usize>,
    /// muP: the fan_in that `std` was tuned at.
    pub base_fan_in: Option<usize>,
    /// `lstm_bias`: the forget gate's value, 1 unless given.
    pub forget: Option<f64>,
    /// `lstm_bias`: the order of the gates.
    pub order: Option<GateOrder>,
    /// `sparse`: the share of zeros.
    pub sparsity: Option<f64>,
    /// `sparse`: along what the share is kept.
    pub connections: Option<Connections>,
}

/// What a truncated normal's bounds are counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoundsUnit {
    /// Standard deviations of the parent, from its mean.
    #[default]
    Sigmas,
    /// The values' own unit.
    Absolute,
}

/// Whose standard deviation a truncated normal's `std` is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StdOf {
    /// Of the values that come out: Keras, JAX.
    #[default]
    Resulting,
    /// Of the normal before it is cut: PyTorch.
    Parent,
}

impl Parameters {
    /// The names of the parameters that were given.
    pub(super) fn given(&self) -> Vec<&'static str> {
        let all = [
            ("value", self.value.is_some()),
            ("mean", self.mean.is_some()),
            ("std", self.std.is_some()),
            ("low", self.low.is_some()),
            ("high", self.high.is_some()),
            ("unit", self.unit.is_some()),
            ("convention", self.convention.is_some()),
            ("gain", self.gain.is_some()),
            ("activation", self.activation.is_some()),
            ("scale", self.scale.is_some()),
            ("fan", self.fan.is_some()),
            ("shape", self.shape.is_some()),
            ("fan_in", self.fan_in.is_some()),
            ("layers", self.layers.is_some()),
            ("layer", self.layer.is_some()),
            ("base_fan_in", self.base_fan_in.is_some()),
            ("forget", self.forget.is_some()),
            ("order", self.order.is_some()),
            ("sparsity", self.sparsity.is_some()),
            ("connections", self.connections.is_some()),
        ];
        all.iter()
            .filter(|(_, given)| *given)
            .map(|(name, _)| *name)
            .collect()
    }
}
