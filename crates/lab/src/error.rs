//! What can go wrong in the lab.

use evenkeel_data::BatchError;
use evenkeel_init::{GeometryError, InitError};
use evenkeel_net::chain::ChainError;
use evenkeel_net::{GraphError, HistogramError, OptimizerError, PlanError, RecipeError, RunError};
use evenkeel_theory::finite_width::FiniteWidthError;
use evenkeel_theory::gaussian::ExpectationError;
use evenkeel_theory::{GainError, MeanFieldError};
use thiserror::Error;

use crate::study::{Parameter, catalogue};

/// Why a run of the lab could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LabError {
    /// An experiment was asked for that there is not.
    #[error("there is no experiment `{given}`{hint}; the experiments are: {known}")]
    UnknownExperiment {
        /// What was asked for.
        given: String,
        /// ` (did you mean …?)`, or nothing.
        hint: String,
        /// The ids that there are.
        known: String,
    },
    /// An empty list of experiments, or an empty name in it.
    #[error("--only has an empty name; name experiments, with commas between them: {known}")]
    NoExperiment {
        /// The ids that there are.
        known: String,
    },
    /// A number outside what the lab takes.
    #[error("{option} is {given}; it must be from {min} to {max}")]
    OutOfRange {
        /// The option's name.
        option: &'static str,
        /// What was given.
        given: usize,
        /// The least that is taken.
        min: usize,
        /// The most that is taken.
        max: usize,
    },
    /// A network that is too large to be meant.
    #[error(
        "{depth} layers of width {width} have more than {max} weights; \
         choose a smaller --depth or --width"
    )]
    TooManyWeights {
        /// Layers.
        depth: usize,
        /// Width.
        width: usize,
        /// The most weights that are taken.
        max: usize,
    },
    /// An experiment that could not be run to its end.
    #[error("experiment `{id}`: {source}")]
    Experiment {
        /// Its id.
        id: &'static str,
        /// Why not.
        source: Box<LabError>,
    },
    /// A parameter that none of the chosen experiments takes.
    #[error("none of the chosen experiments takes {parameter}; these do: {takers}")]
    NotTaken {
        /// The parameter.
        parameter: Parameter,
        /// The ids of the experiments that take it.
        takers: String,
    },
    /// The thread pool could not be made.
    #[error("cannot start {threads} threads: {source}; try a smaller --threads")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// Why not.
        source: rayon::ThreadPoolBuildError,
    },
    /// Weights that cannot be made.
    #[error(transparent)]
    Init(#[from] InitError),
    /// A layer that cannot be.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    /// A chain of products that cannot go on.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A network that cannot be.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// A network that does not fit in memory.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A pass that cannot run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A histogram that cannot be.
    #[error(transparent)]
    Histogram(#[from] HistogramError),
    /// A recipe that does not suit its network.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// An optimiser that cannot be.
    #[error(transparent)]
    Optimizer(#[from] OptimizerError),
    /// Batches that the data cannot fill.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// An activation for which theory has no gain.
    #[error(transparent)]
    Gain(#[from] GainError),
    /// An activation whose signal theory cannot follow.
    #[error(transparent)]
    MeanField(#[from] MeanFieldError),
    /// An activation whose Gaussian moments do not exist.
    #[error(transparent)]
    Expectation(#[from] ExpectationError),
    /// A width at which theory has no law.
    #[error(transparent)]
    FiniteWidth(#[from] FiniteWidthError),
}

impl LabError {
    pub(crate) fn unknown_experiment(given: &str) -> Self {
        let known: Vec<_> = catalogue().iter().map(|s| s.id()).collect();
        if given.trim().is_empty() {
            let known = known.join(", ");
            return Self::NoExperiment { known };
        }
        let nearest = known.iter().min_by_key(|id| edit_distance(id, given));
        let hint = match nearest {
            Some(id) if edit_distance(id, given) <= id.len().div_ceil(3) => {
                format!(" (did you mean `{id}`?)")
            }
            _ => String::new(),
        };
        Self::UnknownExperiment {
            given: given.to_owned(),
            hint,
            known: known.join(", "),
        }
    }

    /// This error, met while experiment `id` ran.
    pub(crate) fn within(self, id: &'static str) -> Self {
        Self::Experiment {
            id,
            source: Box::new(self),
        }
    }

    pub(crate) fn not_taken(parameter: Parameter) -> Self {
        let takers: Vec<_> = catalogue()
            .iter()
            .filter(|s| s.takes().contains(&parameter))
            .map(|s| s.id())
            .collect();
        Self::NotTaken {
            parameter,
            takers: takers.join(", "),
        }
    }
}

/// Levenshtein's distance: insertions, deletions and substitutions that lead from `a` to `b`.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &cb) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{LabError, edit_distance};

    #[test]
    fn the_nearest_experiment_is_suggested() {
        assert_eq!(edit_distance("kaiming", "kaming"), 1);
        assert_eq!(edit_distance("", "abc"), 3);
        let message = LabError::unknown_experiment("kaming").to_string();
        assert!(message.contains("did you mean `kaiming`?"), "{message}");
        let message = LabError::unknown_experiment("zzzzzz").to_string();
        assert!(!message.contains("did you mean"), "{message}");
        assert!(message.contains("explode, vanish"), "{message}");
    }
}
