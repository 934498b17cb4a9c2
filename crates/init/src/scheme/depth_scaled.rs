use super::Scheme;
use super::elementwise::Elementwise;
use super::family::Family;
use crate::number::Plain;
use crate::{Bounds, Convention, InitError};

/// Where large language models cut their weights, in standard deviations of the parent.
const CUT_SIGMAS: f64 = 3.0;

/// By how much depth shrinks the weights that write into the residual stream.
///
/// A block adds to the stream twice, after attention and after the feed-forward part; with 2L
/// additions of equal variance, 1/√(2L) each keeps the sum's variance that of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DepthScale {
    /// 1/√(2·layers) in every block, as GPT-2.
    Total {
        /// Blocks of the model.
        layers: usize,
    },
    /// 1/√(2·(layer + 1)) in block `layer`, counted from 0, as OLMo and torchtitan's Llama: each
    /// addition is as large as the share it has in the stream so far.
    Index {
        /// This block's number, from 0.
        layer: usize,
    },
}

impl DepthScale {
    /// The factor on the std.
    pub fn factor(self) -> f64 {
        1.0 / (2.0 * self.depth()).sqrt()
    }

    fn depth(self) -> f64 {
        match self {
            Self::Total { layers } => layers as f64,
            Self::Index { layer } => layer as f64 + 1.0,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct DepthScaled {
    std: f64,
    depth: DepthScale,
    tails: Tails,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Tails {
    Kept,
    Cut,
}

impl DepthScaled {
    pub(super) fn values(&self, scheme: &Scheme) -> Result<Elementwise, InitError> {
        scheme.require_positive("layers", self.depth.depth())?;
        let std = self.std * self.depth.factor();
        Ok(match self.tails {
            Tails::Kept => Elementwise::Normal { mean: 0.0, std },
            Tails::Cut => Elementwise::TruncatedNormal {
                mean: 0.0,
                std,
                bounds: Bounds::Sigmas {
                    low: -CUT_SIGMAS,
                    high: CUT_SIGMAS,
                },
                convention: Convention::Resulting,
            },
        })
    }

    pub(super) fn parameters(&self) -> Vec<String> {
        let depth = match self.depth {
            DepthScale::Total { layers } => format!("layers={layers}"),
            DepthScale::Index { layer } => format!("layer={layer}"),
        };
        vec![format!("std={}", Plain(self.std)), depth]
    }
}

impl Scheme {
    /// GPT-2's weights that write into the residual stream: N(0, std²/(2·layers)).
    ///
    /// For the output projections of attention and of the feed-forward part; everything else is
    /// normal with `std`, 0.02 in GPT-2.
    ///
    /// # Shapes
    /// Any.
    ///
    /// # Scale
    /// std/√(2·layers).
    ///
    /// # Errors
    /// On preparing: no layers, a negative or NaN std.
    ///
    /// # Source
    /// Radford et al., *Language models are unsupervised multitask learners*, 2019, section 2.3;
    /// their text counts the residual additions, of which each block has two.
    pub fn gpt2_residual(std: f64, layers: usize) -> Self {
        let depth = DepthScale::Total { layers };
        Self::new(
            "gpt2_residual",
            Family::DepthScaled(DepthScaled {
                std,
                depth,
                tails: Tails::Kept,
            }),
        )
    }

    /// A truncated normal, cut at 3σ, that shrinks with depth, as large language models use it for
    /// the weights that write into the residual stream.
    ///
    /// # Shapes
    /// Any.
    ///
    /// # Scale
    /// std·[`DepthScale::factor`]. That std comes out; where PyTorch's `trunc_normal_` is used with
    /// the same number, 0.9866 of it does.
    ///
    /// # Errors
    /// On preparing: no layers, a std that is not positive.
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::{DepthScale, Geometry, Scheme, Seed};
    /// let output = Geometry::linear(4096, 11008)?;
    /// let scheme = Scheme::depth_scaled_truncated_normal(0.02, DepthScale::Index { layer: 7 });
    /// let prepared = scheme.prepare(&output, &Seed(0).stream("layers.7.mlp.down_proj.weight"))?;
    /// assert!((prepared.std() - 0.02 / 4.0).abs() < 1e-12);
    /// # Ok::<(), evenkeel_init::InitError>(())
    /// ```
    ///
    /// # Source
    /// Groeneveld et al., *OLMo: accelerating the science of language models*, 2024 (the code's
    /// "Mitchell" initialisation); torchtitan's Llama models.
    pub fn depth_scaled_truncated_normal(std: f64, depth: DepthScale) -> Self {
        let scaled = DepthScaled {
            std,
            depth,
            tails: Tails::Cut,
        };
        Self::new("depth_scaled_truncated_normal", Family::DepthScaled(scaled))
    }
}
