//! Learning rates of single parameters.

use super::OptimizerError;
use crate::graph::Graph;

/// A factor of the learning rate for each parameter, as Fixup gives its scalars 0.1.
///
/// The parameter's learning rate is the product, everywhere that the optimiser's formula has one,
/// as in a parameter group of PyTorch with a learning rate of its own.
///
/// # Example
///
/// ```
/// use evenkeel_net::{Activation, Multipliers, Sgd, zoo};
///
/// let graph = zoo::mlp(&zoo::MlpSpec::new(4, 8, 2, 3, Activation::relu()))?;
/// let slow_biases = Multipliers::new(&graph, [("fc0.bias", 0.1), ("fc1.bias", 0.1)])?;
/// let sgd = Sgd::new(0.1)?.with_multipliers(slow_biases);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Multipliers {
    /// Stretches of the parameter storage, in order, without gaps; the last has no end.
    runs: Vec<Run>,
}

/// Values that share a factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Run {
    /// One past the last of them.
    pub(super) end: usize,
    pub(super) factor: f64,
}

impl Default for Multipliers {
    fn default() -> Self {
        Self::none()
    }
}

impl Multipliers {
    /// A factor of 1 for every parameter.
    pub fn none() -> Self {
        let run = Run {
            end: usize::MAX,
            factor: 1.0,
        };
        Self { runs: vec![run] }
    }

    /// These factors, by the parameter's name, and 1 for the other parameters of `graph`. Of two
    /// factors for one parameter the later holds.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::UnknownParameter`] for a name that is none;
    /// [`OptimizerError::Multiplier`] for a factor that is negative or not finite.
    pub fn new<S: AsRef<str>>(
        graph: &Graph,
        factors: impl IntoIterator<Item = (S, f64)>,
    ) -> Result<Self, OptimizerError> {
        let mut by_index = vec![1.0; graph.parameters().len()];
        for (name, factor) in factors {
            let parameter = || name.as_ref().to_owned();
            let unknown = || OptimizerError::UnknownParameter {
                parameter: parameter(),
            };
            let index = graph.parameter_index(name.as_ref()).ok_or_else(unknown)?;
            if !(factor >= 0.0 && factor.is_finite()) {
                return Err(OptimizerError::Multiplier {
                    parameter: parameter(),
                    got: factor,
                });
            }
            by_index[index] = factor;
        }
        let mut runs: Vec<Run> = Vec::new();
        for (spec, factor) in graph.parameters().iter().zip(by_index) {
            let end = spec.range().end;
            match runs.last_mut() {
                Some(last) if last.factor == factor => last.end = end,
                _ => runs.push(Run { end, factor }),
            }
        }
        match runs.last_mut() {
            Some(last) => last.end = usize::MAX,
            None => return Ok(Self::none()),
        }
        Ok(Self { runs })
    }

    /// The runs from the one that holds value `first` on.
    pub(super) fn from(&self, first: usize) -> &[Run] {
        &self.runs[self.runs.partition_point(|run| run.end <= first)..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, zoo};

    #[test]
    fn neighbours_of_one_factor_make_one_run() {
        let graph = zoo::mlp(&zoo::MlpSpec::new(2, 3, 3, 1, Activation::relu())).unwrap();
        // fc0: 6 + 3, fc1: 9 + 3, fc2: 3 + 1.
        let factors = [("fc0.bias", 0.5), ("fc1.weight", 0.5), ("fc2.bias", 0.0)];
        let multipliers = Multipliers::new(&graph, factors).unwrap();
        let runs: Vec<_> = multipliers.runs.iter().map(|r| (r.end, r.factor)).collect();
        assert_eq!(runs, [(6, 1.0), (18, 0.5), (24, 1.0), (usize::MAX, 0.0)]);
        assert_eq!(multipliers.from(0).len(), 4);
        assert_eq!(multipliers.from(17).len(), 3);
        assert_eq!(multipliers.from(18).len(), 2);
        assert_eq!(multipliers.from(24).len(), 1);
    }

    #[test]
    fn wrong_names_and_factors_are_refused() {
        let graph = zoo::mlp(&zoo::MlpSpec::new(2, 3, 2, 1, Activation::relu())).unwrap();
        let error = Multipliers::new(&graph, [("fc7.bias", 0.1)]).unwrap_err();
        assert!(error.to_string().contains("`fc7.bias`"), "{error}");
        for factor in [-0.1, f64::NAN, f64::INFINITY] {
            let error = Multipliers::new(&graph, [("fc0.bias", factor)]).unwrap_err();
            assert!(
                matches!(error, OptimizerError::Multiplier { .. }),
                "{error}"
            );
        }
    }
}
