//! What the branches of residual networks have in common.

use std::f64::consts::FRAC_1_SQRT_2;

use evenkeel_theory::Activation;

use super::Surroundings;
use crate::graph::{BatchNorm, Bias, Extent, GraphBuilder, GraphError, ValueId};

/// A builder at work on one branch of a residual network.
pub(super) struct Branch<'a> {
    pub(super) builder: &'a mut GraphBuilder,
    /// `blocks.0`, say: what the names of its layers begin with.
    pub(super) name: String,
    pub(super) surroundings: Surroundings,
    /// Scalar biases so far.
    biases: usize,
}

impl<'a> Branch<'a> {
    pub(super) fn new(
        builder: &'a mut GraphBuilder,
        name: String,
        surroundings: Surroundings,
    ) -> Self {
        Self {
            builder,
            name,
            surroundings,
            biases: 0,
        }
    }

    /// Whether a weight layer has a bias of its own, where the network's layers have `bias`.
    pub(super) fn layer_bias(&self, bias: Bias) -> Bias {
        match self.surroundings {
            Surroundings::FixupScalars | Surroundings::BatchNorm => Bias::No,
            _ => bias,
        }
    }

    /// Batch normalisation, where the network has it.
    pub(super) fn norm(&mut self, x: ValueId, number: usize) -> Result<ValueId, GraphError> {
        let name = format!("{}.bn{number}", self.name);
        norm(self.builder, self.surroundings, x, &name)
    }

    /// What precedes a weight layer or an activation: Fixup's scalar bias.
    pub(super) fn before(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        match self.surroundings {
            Surroundings::FixupScalars => self.scalar_bias(x),
            _ => Ok(x),
        }
    }

    /// An activation, with what belongs around it.
    pub(super) fn activation(
        &mut self,
        x: ValueId,
        suffix: &str,
        activation: &Activation,
    ) -> Result<ValueId, GraphError> {
        let x = self.before(x)?;
        let name = format!("{}.{suffix}", self.name);
        let x = self.builder.activation(x, &name, activation)?;
        match self.surroundings {
            Surroundings::Shift => self
                .builder
                .bias(x, &format!("{name}.shift"), Extent::Tensor),
            _ => Ok(x),
        }
    }

    /// What ends a branch, and its sum with the trunk.
    pub(super) fn join(&mut self, trunk: ValueId, x: ValueId) -> Result<ValueId, GraphError> {
        let x = match self.surroundings {
            Surroundings::FixupScalars => {
                let x = self.multiplier(x)?;
                self.scalar_bias(x)?
            }
            Surroundings::BranchScalar => self.multiplier(x)?,
            _ => x,
        };
        let sum = self.builder.add(trunk, x, &format!("{}.sum", self.name))?;
        match self.surroundings {
            Surroundings::HalfVariance => {
                let name = format!("{}.half", self.name);
                self.builder.scale_by(sum, &name, FRAC_1_SQRT_2)
            }
            _ => Ok(sum),
        }
    }

    fn multiplier(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        let name = format!("{}.multiplier", self.name);
        self.builder.scale(x, &name, Extent::Tensor)
    }

    fn scalar_bias(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.biases += 1;
        let name = format!("{}.bias{}", self.name, self.biases);
        self.builder.bias(x, &name, Extent::Tensor)
    }
}

/// Batch normalisation, where the network has it.
pub(super) fn norm(
    builder: &mut GraphBuilder,
    surroundings: Surroundings,
    x: ValueId,
    name: &str,
) -> Result<ValueId, GraphError> {
    match surroundings {
        Surroundings::BatchNorm => builder.batch_norm(x, name, &BatchNorm::default()),
        _ => Ok(x),
    }
}
