//! What an optimiser remembers between steps.

use super::OptimizerError;

/// What an optimiser remembers of the steps so far: all that a checkpoint must keep of it.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerState {
    /// Which optimiser: `sgd`, `adam`, `adamw`.
    pub optimizer: String,
    /// Steps that were taken.
    pub steps: u64,
    /// Running averages, a value for each parameter value; empty before the first step.
    pub buffers: Vec<StateBuffer>,
}

/// A running average over the steps, in the order of the parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct StateBuffer {
    /// Its name, as PyTorch has it: `momentum_buffer`, `exp_avg`, `exp_avg_sq`.
    pub name: String,
    /// Its values.
    pub values: Vec<f32>,
}

impl OptimizerState {
    /// The values of the buffers of these names, of a state that is of this optimiser and of a
    /// network of so many values.
    pub(super) fn into_buffers<const N: usize>(
        self,
        optimizer: &str,
        names: [&str; N],
        parameter_count: usize,
    ) -> Result<[Vec<f32>; N], OptimizerError> {
        let mismatch = |expected: String, got: String| OptimizerError::State { expected, got };
        if self.optimizer != optimizer {
            return Err(mismatch(
                format!("the state of `{optimizer}`"),
                format!("that of `{}`", self.optimizer),
            ));
        }
        let got: Vec<&str> = self.buffers.iter().map(|b| b.name.as_str()).collect();
        if got != names {
            let list = |names: &[&str]| match names {
                [] => "no running average".to_owned(),
                names => names.join(" and "),
            };
            return Err(mismatch(list(&names), list(&got)));
        }
        let wrong = |buffer: &&StateBuffer| {
            let len = buffer.values.len();
            len != parameter_count && !(len == 0 && self.steps == 0)
        };
        if let Some(buffer) = self.buffers.iter().find(wrong) {
            return Err(mismatch(
                format!("{parameter_count} values of {}", buffer.name),
                buffer.values.len().to_string(),
            ));
        }
        let mut values = self.buffers.into_iter().map(|buffer| buffer.values);
        Ok(std::array::from_fn(|_| values.next().unwrap_or_default()))
    }
}
