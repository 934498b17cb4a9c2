use super::Scheme;
use super::elementwise::Elementwise;
use super::family::Family;
use crate::number::Plain;
use crate::{Block, Fan, InitError};

/// A weight's std under the maximal update parametrisation, as a function of its width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mup {
    std: f64,
    base_fan_in: usize,
    power: Power,
}

/// How the std falls with fan_in/base_fan_in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Power {
    None,
    Half,
    One,
}

impl Mup {
    pub(super) fn check(&self, scheme: &Scheme) -> Result<(), InitError> {
        scheme.require_non_negative("std", self.std)?;
        scheme.require_positive("base_fan_in", self.base_fan_in as f64)
    }

    pub(super) fn values(&self, block: &Block) -> Elementwise {
        let ratio = self.base_fan_in as f64 / block.fan(Fan::In);
        let std = match self.power {
            Power::None => self.std,
            Power::Half => self.std * ratio.sqrt(),
            Power::One => self.std * ratio,
        };
        Elementwise::Normal { mean: 0.0, std }
    }

    pub(super) fn parameters(&self) -> Vec<String> {
        let std = format!("std={}", Plain(self.std));
        match self.power {
            Power::None => vec![std],
            Power::Half | Power::One => vec![std, format!("base_fan_in={}", self.base_fan_in)],
        }
    }
}

impl Scheme {
    /// muP for a weight whose inputs and outputs both grow with the width.
    ///
    /// N(0, std²·base_fan_in/fan_in): `std` is what a model of width `base_fan_in` was tuned with;
    /// at that width nothing changes. With Adam, its learning rate falls as base_fan_in/fan_in.
    ///
    /// # Shapes
    /// Any tensor with inputs.
    ///
    /// # Scale
    /// std·√(base_fan_in/fan_in).
    ///
    /// # Errors
    /// On preparing: a negative or NaN std, a base of 0, a tensor without inputs.
    ///
    /// # Source
    /// Yang et al., *Tensor programs V*, 2022, table 3, with the base shapes of its section 4.
    pub fn mup_hidden(std: f64, base_fan_in: usize) -> Self {
        Self::new(
            "mup_hidden",
            Family::Mup(Mup {
                std,
                base_fan_in,
                power: Power::Half,
            }),
        )
    }

    /// muP for a weight whose inputs grow with the width and whose outputs do not: the head.
    ///
    /// N(0, (std·base_fan_in/fan_in)²): outputs shrink as the width grows, so that they neither
    /// blow up nor stop learning. (The form without an output multiplier.)
    ///
    /// # Shapes
    /// Any tensor with inputs.
    ///
    /// # Scale
    /// std·base_fan_in/fan_in.
    ///
    /// # Errors
    /// As [`Scheme::mup_hidden`].
    ///
    /// # Source
    /// As [`Scheme::mup_hidden`].
    pub fn mup_output(std: f64, base_fan_in: usize) -> Self {
        Self::new(
            "mup_output",
            Family::Mup(Mup {
                std,
                base_fan_in,
                power: Power::One,
            }),
        )
    }

    /// muP for a weight whose inputs do not grow with the width: embeddings and first layers.
    ///
    /// N(0, std²) at every width.
    ///
    /// # Shapes
    /// Any tensor with inputs.
    ///
    /// # Scale
    /// std.
    ///
    /// # Errors
    /// As [`Scheme::mup_hidden`].
    ///
    /// # Source
    /// As [`Scheme::mup_hidden`].
    pub fn mup_embedding(std: f64) -> Self {
        Self::new(
            "mup_embedding",
            Family::Mup(Mup {
                std,
                base_fan_in: 1,
                power: Power::None,
            }),
        )
    }
}
