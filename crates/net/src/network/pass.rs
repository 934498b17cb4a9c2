//! Forward and backward passes.

mod backward;
mod check;
mod forward;

use super::{Network, RunError, Seeded, State, Transposed};
use crate::loss::Targets;
use crate::plan::Mode;
use crate::tap::Tap;

impl Network {
    /// Runs the network forward and gives the mean loss over the examples.
    ///
    /// # Shapes
    ///
    /// `inputs` holds one slice for each input of the graph, in the order of declaration,
    /// examples × features row-major. There may be fewer examples than the planned batch.
    ///
    /// # Errors
    ///
    /// [`RunError::NoLoss`] in a graph without a loss, and the errors that say which input or
    /// target does not fit. Nothing is computed then.
    pub fn forward(
        &mut self,
        inputs: &[&[f32]],
        targets: Targets<'_>,
        tap: &dyn Tap,
    ) -> Result<f64, RunError> {
        let examples = check::inputs(&self.graph, self.plan.batch, inputs)?;
        check::targets(&self.graph, examples, targets)?;
        self.run_forward(inputs, examples, Some(targets), tap);
        // Lanes in order: the sum does not depend on who computed them.
        Ok(self.losses.iter().sum::<f64>() / examples as f64)
    }

    /// Runs the network forward without targets: [`Network::output`] has the result.
    ///
    /// # Errors
    ///
    /// The errors that say which input does not fit. Nothing is computed then.
    pub fn predict(&mut self, inputs: &[&[f32]], tap: &dyn Tap) -> Result<(), RunError> {
        let examples = check::inputs(&self.graph, self.plan.batch, inputs)?;
        self.run_forward(inputs, examples, None, tap);
        Ok(())
    }

    /// Runs the network backward from the loss of the latest forward pass.
    ///
    /// # Errors
    ///
    /// [`RunError::NotTraining`] in a network planned for forward passes; [`RunError::NoForward`]
    /// without a forward pass since the latest backward pass; [`RunError::NoSeed`] when that one
    /// had no targets.
    pub fn backward(&mut self, tap: &dyn Tap) -> Result<(), RunError> {
        self.training()?;
        match self.state {
            State::Forward {
                examples,
                seeded: Seeded::Yes,
            } => {
                self.run_backward(examples, None, tap);
                Ok(())
            }
            State::Forward {
                seeded: Seeded::No, ..
            } => Err(RunError::NoSeed),
            State::Nothing | State::Backward { .. } => Err(RunError::NoForward),
        }
    }

    /// Runs the network backward from `gradient`, taken as the gradient of a loss by the output
    /// of the latest forward pass. Nothing is divided by the number of examples.
    ///
    /// # Shapes
    ///
    /// `gradient`: examples × the output's features, row-major.
    ///
    /// # Errors
    ///
    /// As [`Network::backward`], but [`RunError::GradientLength`] in place of
    /// [`RunError::NoSeed`].
    pub fn backward_from(&mut self, gradient: &[f32], tap: &dyn Tap) -> Result<(), RunError> {
        self.training()?;
        let State::Forward { examples, .. } = self.state else {
            return Err(RunError::NoForward);
        };
        let expected = examples * self.graph.output().shape().len();
        if gradient.len() != expected {
            return Err(RunError::GradientLength {
                expected,
                got: gradient.len(),
            });
        }
        self.run_backward(examples, Some(gradient), tap);
        Ok(())
    }

    fn run_forward(
        &mut self,
        inputs: &[&[f32]],
        examples: usize,
        targets: Option<Targets<'_>>,
        tap: &dyn Tap,
    ) {
        let Self {
            graph,
            plan,
            parameters,
            arena,
            workers,
            losses,
            ..
        } = self;
        let parts = arena.parts();
        let stale = self.transposed == Transposed::Stale;
        workers.enter(|team| {
            if stale {
                forward::transpose(team, plan, parameters, parts.transposed);
            }
            let lane = forward::Lane {
                graph,
                plan,
                parameters,
                transposed: parts.transposed,
                inputs,
                targets,
                examples,
                tap,
            };
            let run = |index: usize, values: &mut [f32]| lane.run(index, values);
            team.map_lanes(parts.lanes, plan.sections.lane, losses, run);
        });
        self.transposed = Transposed::Current;
        let training = self.plan.mode == Mode::Training;
        let seeded = if targets.is_some() && training {
            Seeded::Yes
        } else {
            Seeded::No
        };
        self.state = State::Forward { examples, seeded };
    }

    fn run_backward(&mut self, examples: usize, seed: Option<&[f32]>, tap: &dyn Tap) {
        let Self {
            graph,
            plan,
            parameters,
            arena,
            workers,
            ..
        } = self;
        let pass = backward::Pass {
            graph,
            plan,
            parameters,
            examples,
            tap,
        };
        let parts = arena.parts();
        workers.enter(|team| pass.run(team, parts, seed));
        self.state = State::Backward { examples };
    }
}
