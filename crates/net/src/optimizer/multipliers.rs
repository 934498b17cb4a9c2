//! Learning rates and weight decays of single parameters.

use super::OptimizerError;
use crate::graph::Graph;

/// A factor of the learning rate for each parameter, as Fixup gives its scalars 0.1.
///
/// The parameter's learning rate is the product, everywhere that the optimiser's formula has one,
/// as in a parameter group of PyTorch with a learning rate of its own. [μP's](Self::mup) factors
/// change weight decay too, as such a group may.
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

/// Values that share their factors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Run {
    /// One past the last of them.
    pub(super) end: usize,
    pub(super) factors: Factors,
}

/// What a parameter's settings are multiplied by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Factors {
    pub(super) learning_rate: f64,
    pub(super) weight_decay: f64,
}

impl Factors {
    const NONE: Self = Self::of_learning_rate(1.0);

    /// With the learning rate times `factor`; weight decay is as it was, and so its step, which the
    /// learning rate multiplies, times `factor` too.
    pub(super) const fn of_learning_rate(factor: f64) -> Self {
        Self {
            learning_rate: factor,
            weight_decay: 1.0,
        }
    }

    fn times(self, other: Self) -> Self {
        Self {
            learning_rate: self.learning_rate * other.learning_rate,
            weight_decay: self.weight_decay * other.weight_decay,
        }
    }
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
            factors: Factors::NONE,
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
        let mut by_index = vec![Factors::NONE; graph.parameters().len()];
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
            by_index[index] = Factors::of_learning_rate(factor);
        }
        Ok(Self::by_index(graph, by_index))
    }

    /// The factors of each parameter of `graph`.
    pub(super) fn by_index(graph: &Graph, factors: impl IntoIterator<Item = Factors>) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        for (spec, factors) in graph.parameters().iter().zip(factors) {
            push(&mut runs, spec.range().end, factors);
        }
        match runs.last_mut() {
            Some(last) => last.end = usize::MAX,
            None => return Self::none(),
        }
        Self { runs }
    }

    /// Both: each parameter's factors are the products of these and those of `other`, for the same
    /// graph.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        let mut runs = Vec::with_capacity(self.runs.len().max(other.runs.len()));
        let (mut ours, mut theirs) = (self.runs.iter().peekable(), other.runs.iter().peekable());
        while let (Some(a), Some(b)) = (ours.peek(), theirs.peek()) {
            let end = a.end.min(b.end);
            push(&mut runs, end, a.factors.times(b.factors));
            ours.next_if(|run| run.end == end);
            theirs.next_if(|run| run.end == end);
        }
        Self { runs }
    }

    /// The runs from the one that holds value `first` on.
    pub(super) fn from(&self, first: usize) -> &[Run] {
        &self.runs[self.runs.partition_point(|run| run.end <= first)..]
    }
}

/// Adds the values up to `end`, to the last run where they share its factors.
fn push(runs: &mut Vec<Run>, end: usize, factors: Factors) {
    match runs.last_mut() {
        Some(last) if last.factors == factors => last.end = end,
        _ => runs.push(Run { end, factors }),
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
        let last = usize::MAX;
        assert_eq!(
            rates(&multipliers),
            [(6, 1.0), (18, 0.5), (24, 1.0), (last, 0.0)]
        );
        assert_eq!(multipliers.from(0).len(), 4);
        assert_eq!(multipliers.from(17).len(), 3);
        assert_eq!(multipliers.from(18).len(), 2);
        assert_eq!(multipliers.from(24).len(), 1);
    }

    /// Where each run ends, and its factor of the learning rate.
    fn rates(multipliers: &Multipliers) -> Vec<(usize, f64)> {
        let runs = multipliers.runs.iter();
        runs.map(|run| (run.end, run.factors.learning_rate))
            .collect()
    }

    #[test]
    fn factors_multiply_value_by_value() {
        let graph = zoo::mlp(&zoo::MlpSpec::new(2, 3, 3, 1, Activation::relu())).unwrap();
        let of =
            |factors: &[(&str, f64)]| Multipliers::new(&graph, factors.iter().copied()).unwrap();
        let a = of(&[("fc0.bias", 0.5), ("fc1.weight", 0.5)]);
        let b = of(&[("fc1.weight", 2.0), ("fc1.bias", 0.25)]);
        let last = usize::MAX;
        let both = [(6, 1.0), (9, 0.5), (18, 1.0), (21, 0.25), (last, 1.0)];
        assert_eq!(rates(&a.times(&b)), both);
        assert_eq!(b.times(&a), a.times(&b));
        assert_eq!(a.times(&Multipliers::none()), a);
        let half = of(&[("fc0.bias", 2.0), ("fc1.weight", 2.0)]);
        assert_eq!(a.times(&half), Multipliers::none());
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
