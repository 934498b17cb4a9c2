//! The scale that μP gives the weights of any recipe.

use evenkeel_init::Seed;
use evenkeel_theory::Activation;

use super::scheme::Drawing;
use super::{Recipe, RecipeError, re_zero};
use crate::graph::{Graph, ParameterSpec, Role};
use crate::network::Network;
use crate::zoo::NetSpec;

impl Recipe {
    /// [`initialize`](Self::initialize), at the scale that μP gives a network as wide as `network` by
    /// one of the same layers and another width, `base`.
    ///
    /// At the base's width nothing changes. With r_in and r_out, how many times the base's fan-in and
    /// fan-out a weight has, and s, the root mean square that the recipe gives it at the base's width,
    /// its values are multiplied so that they have
    ///
    /// - s where r_in is 1: an input layer;
    /// - s/√r_in where both grow: a hidden layer;
    /// - s/r_in where r_out is 1: the output layer, whose variance falls as 1/fan_in².
    ///
    /// Kaiming's and LeCun's weights have that scale already, but for the output layer's; Xavier's and
    /// those of `normal(std=…)` have not. Biases keep the size that they have at the base's width.
    /// What was 0 stays 0, as Fixup's output layer does, with which μP's authors would begin.
    ///
    /// μP is this scale and the learning rates of [`Multipliers::mup`](crate::Multipliers::mup).
    ///
    /// # Errors
    ///
    /// Those of [`initialize`](Self::initialize); [`RecipeError::Base`] for a base with another layer,
    /// or a parameter of another kind; [`RecipeError::Mean`] for a scheme of weights with a mean that
    /// does not fall as the fan-in grows, as `constant(value=0.1)`: whatever its scale, what comes out
    /// of a layer grows with its width.
    ///
    /// # Example
    ///
    /// ```
    /// use evenkeel_init::Seed;
    /// use evenkeel_net::zoo::{MlpSpec, NetSpec};
    /// use evenkeel_net::{Activation, Mode, Network, Recipe, Threads};
    ///
    /// let of_width = |width| NetSpec::from(MlpSpec::new(784, width, 3, 10, Activation::relu()));
    /// let recipe: Recipe = "kaiming_normal".parse()?;
    /// let (spec, base) = (of_width(1024), recipe.build(&of_width(64))?);
    /// let mut network = Network::new(recipe.build(&spec)?, 1, Mode::Forward, Threads(1))?;
    /// recipe.initialize_mup(&mut network, &spec, &base, Seed(1), None)?;
    /// // √(2/64) at the base's width; a sixteenth of it at sixteen times that.
    /// let squares = network.parameter("fc2.weight")?.iter().map(|w| w * w);
    /// let rms = (squares.sum::<f32>() / 10_240.0).sqrt();
    /// assert!((rms * 16.0 / (2.0f32 / 64.0).sqrt() - 1.0).abs() < 0.03);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Source
    ///
    /// G. Yang, E. J. Hu, I. Babuschkin et al. (2021), "Tensor Programs V: tuning large neural
    /// networks via zero-shot hyperparameter transfer", table 3; that it is relative to a base shape is
    /// their package `mup`, which multiplies biases as this does.
    pub fn initialize_mup(
        &self,
        network: &mut Network,
        spec: &NetSpec,
        base: &Graph,
        seed: Seed,
        batch: Option<&[f32]>,
    ) -> Result<(), RecipeError> {
        let factors = self.mup_factors(network.graph(), base, spec.activation())?;
        self.initialize(network, spec, seed, batch)?;
        let mut factors = factors.into_iter();
        network.initialize(|_, values| match factors.next() {
            None | Some(1.0) => {}
            Some(factor) => values
                .iter_mut()
                .for_each(|value| *value = (f64::from(*value) * factor) as f32),
        });
        Ok(())
    }

    /// What each parameter is multiplied by, in the order of the graph.
    fn mup_factors(
        &self,
        graph: &Graph,
        base: &Graph,
        activation: &Activation,
    ) -> Result<Vec<f64>, RecipeError> {
        let law = Law::of(self, activation)?;
        let factor = |spec: &ParameterSpec| {
            let other = base.parameter(spec.name());
            let factor = other.map_or(Ok(None), |base| law.factor(spec, base));
            factor?.ok_or_else(|| RecipeError::Base {
                parameter: spec.name().to_owned(),
            })
        };
        graph.parameters().iter().map(factor).collect()
    }
}

/// How the size of a recipe's parameters follows from their width.
enum Law {
    /// Weights and biases as a scheme has them.
    Drawn(Drawing),
    /// Weights of a root mean square of 1/√fan_in, times what no width changes; all else of one size.
    FanIn,
    /// As `FanIn`, each unit's bias centring what its weights make.
    Centred,
}

impl Law {
    fn of(recipe: &Recipe, activation: &Activation) -> Result<Self, RecipeError> {
        Ok(match recipe {
            Recipe::Scheme(scheme) => Self::Drawn(scheme.drawing(activation)?),
            Recipe::ReZero => Self::Drawn(Drawing::by(re_zero::scheme())),
            Recipe::WeightNorm => Self::Centred,
            // He's; or such that what comes out of a layer has a given variance, which is the same.
            _ => Self::FanIn,
        })
    }

    /// What a parameter's values are multiplied by; nothing where the two are not of one kind.
    fn factor(
        &self,
        spec: &ParameterSpec,
        base: &ParameterSpec,
    ) -> Result<Option<f64>, RecipeError> {
        let growth = |here: usize, there: usize| here as f64 / there as f64;
        let grows_with_width = spec.shape() != base.shape();
        Ok(match (spec.role(), base.role()) {
            (
                Role::Weight { fan_in, fan_out },
                Role::Weight {
                    fan_in: base_in,
                    fan_out: base_out,
                },
            ) => {
                let r_in = growth(fan_in, base_in);
                let falls_as = if fan_out == base_out {
                    r_in
                } else {
                    r_in.sqrt()
                };
                Some(self.weight_at_base(spec, base, r_in)? / falls_as)
            }
            (Role::Bias { fan_in }, Role::Bias { fan_in: base_in }) => {
                let root = growth(fan_in, base_in).sqrt();
                Some(match self {
                    Self::Drawn(drawing) if drawing.draws_biases() => root,
                    // The output layer's weights are 1/√r_in of what they were centred at.
                    Self::Centred if !grows_with_width => 1.0 / root,
                    _ => 1.0,
                })
            }
            (Role::Scale, Role::Scale) | (Role::Offset, Role::Offset) => Some(1.0),
            _ => None,
        })
    }

    /// How many times its own root mean square a weight has at the base's width.
    fn weight_at_base(
        &self,
        spec: &ParameterSpec,
        base: &ParameterSpec,
        r_in: f64,
    ) -> Result<f64, RecipeError> {
        let Self::Drawn(drawing) = self else {
            return Ok(r_in.sqrt());
        };
        let (here, there) = (drawing.size(spec)?, drawing.size(base)?);
        // What a layer adds up is its fan-in times the mean.
        let (sum, sum_at_base) = (here.mean * r_in, there.mean);
        let apart = (sum - sum_at_base).abs();
        if r_in != 1.0 && apart > ROUNDING * sum.abs().max(sum_at_base.abs()) {
            return Err(RecipeError::Mean {
                recipe: drawing.name(),
                parameter: spec.name().to_owned(),
                mean: here.mean,
            });
        }
        Ok(match here.root_mean_square() {
            0.0 => 1.0,
            rms => there.root_mean_square() / rms,
        })
    }
}

/// How far apart two equal sums may lie.
const ROUNDING: f64 = 1e-9;
