//! Statistics against depth.

use serde::{Deserialize, Serialize};

use super::Number;

/// One quantity followed through the layers of one network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// What this is, unique within the experiment.
    pub name: String,
    /// The initialisation, the key of its colour: `naive`, `small`, `xavier`, `kaiming`, …
    pub init: String,
    /// Which way the signal travels.
    pub direction: Direction,
    /// What is followed: activations, their gradients, or weight gradients.
    pub layers: Vec<Layer>,
    /// What theory predicts for the root mean square at each layer, where it does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicted: Vec<Band>,
}

/// Which way a signal travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Activations, from the input to the loss.
    Forward,
    /// Gradients, from the loss to the input.
    Backward,
}

/// Statistics of one layer, accumulated in f64 over its finite values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// 0-based layer.
    pub layer: usize,
    /// How many values.
    pub count: u64,
    /// Mean.
    pub mean: Number,
    /// Standard deviation.
    pub std: Number,
    /// Mean of the squares.
    pub second_moment: Number,
    /// Smallest value.
    pub min: Number,
    /// Largest value.
    pub max: Number,
    /// Share of values that are exactly zero.
    pub zero_fraction: Number,
    /// How many values are NaN or infinite.
    pub nonfinite: u64,
    /// How many of those are NaN.
    pub nan: u64,
}

impl Layer {
    /// Root mean square, `√(second moment)`.
    pub fn rms(&self) -> f64 {
        self.second_moment.0.sqrt()
    }
}

/// A predicted root mean square with the interval that holds 95% of networks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// 0-based layer.
    pub layer: usize,
    /// 2.5% quantile.
    pub low: Number,
    /// Median.
    pub middle: Number,
    /// 97.5% quantile.
    pub high: Number,
}
