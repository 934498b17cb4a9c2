//! What layers get by default elsewhere, so that it can be had again, or compared with.
//!
//! A [`Framework`]'s defaults follow from the layer. They use the fans that the framework itself
//! reads off the stored shape, right or wrong: [`Framework::as_read`]. A model's own defaults
//! ([`Preset::Gpt2`], [`Preset::VitTimm`]) follow from its tensors' names: they are [`Rules`].

mod flax;
mod framework;
mod gpt2;
mod keras;
mod pytorch;
mod vit;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use framework::{Framework, LayerDefault};

use crate::{Rules, RulesError};

/// Defaults for a whole checkpoint, by its tensors' names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Preset {
    /// PyTorch's modules.
    Pytorch,
    /// Keras's layers.
    Keras,
    /// Flax's modules.
    Flax,
    /// GPT-2, as the `transformers` package names and lays out its tensors.
    Gpt2,
    /// timm's vision transformers.
    VitTimm,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 5] = [
        Self::Pytorch,
        Self::Keras,
        Self::Flax,
        Self::Gpt2,
        Self::VitTimm,
    ];

    /// The name, as the command line spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pytorch => "pytorch",
            Self::Keras => "keras",
            Self::Flax => "flax",
            Self::Gpt2 => "gpt2",
            Self::VitTimm => "vit-timm",
        }
    }

    /// The rules for a model whose tensors have these names.
    ///
    /// # Errors
    /// [`RulesError::Layers`] where the scale depends on the number of blocks and no name tells it.
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::{Preset, TensorShape};
    /// let tensors = [
    ///     TensorShape::new("h.0.mlp.c_proj.weight", &[3072, 768]),
    ///     TensorShape::new("h.1.mlp.c_proj.weight", &[3072, 768]),
    ///     TensorShape::new("ln_f.weight", &[768]),
    /// ];
    /// let names = tensors.iter().map(|tensor| tensor.name.as_str());
    /// let assigned = Preset::Gpt2.rules(names)?.assign(&tensors)?;
    /// assert_eq!(assigned[0].scheme.to_string(), "gpt2_residual(std=0.02, layers=2)");
    /// assert_eq!(assigned[0].geometry.fan_in(), 3072); // Conv1D stores inputs first
    /// assert_eq!(assigned[2].scheme.to_string(), "ones");
    /// # Ok::<(), evenkeel_init::RulesError>(())
    /// ```
    pub fn rules<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Result<Rules, RulesError> {
        match self {
            Self::Pytorch => Ok(Rules::of_framework(Framework::Pytorch)),
            Self::Keras => Ok(Rules::of_framework(Framework::Keras)),
            Self::Flax => Ok(Rules::of_framework(Framework::Flax)),
            Self::Gpt2 => gpt2::rules(names),
            Self::VitTimm => vit::rules(),
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Preset {
    type Err = RulesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|preset| preset.name() == text);
        found.ok_or_else(|| RulesError::UnknownPreset {
            name: text.into(),
            known: Self::ALL.map(Self::name).join(", "),
        })
    }
}

#[cfg(test)]
mod tests;
