//! Forward and backward passes.

mod backward;
mod check;
mod forward;
mod reduce;

use super::{Laid, Network, RunError, Seeded, State};
use crate::loss::Targets;
use crate::network::arena::Parts;
use crate::operator::{Behaviour, Context};
use crate::plan::Mode;
use crate::tap::Tap;

impl Network {
    /// Runs the network forward and gives the mean loss over the examples.
    ///
    /// In a network planned for training, batch normalisation takes the batch's moments (and
    /// follows them with its running ones), and dropout drops; in one planned for forward passes
    /// it is [`Network::evaluate`].
    ///
    /// # Shapes
    ///
    /// `inputs` holds one slice for each input of the graph, in the order of declaration,
    /// examples × features row-major. There may be fewer examples than the planned batch.
    ///
    /// # Errors
    ///
    /// [`RunError::NoLoss`] in a graph without a loss, [`RunError::OneValue`] where batch
    /// normalisation would take the variance of one value, and the errors that say which input or
    /// target does not fit. Nothing is computed then.
    pub fn forward(
        &mut self,
        inputs: &[&[f32]],
        targets: Targets<'_>,
        tap: &dyn Tap,
    ) -> Result<f64, RunError> {
        let examples = check::inputs(&self.graph, self.plan.batch, inputs)?;
        check::targets(&self.graph, examples, targets)?;
        let behaviour = match self.plan.mode {
            Mode::Training => Behaviour::Training,
            Mode::Forward => Behaviour::Evaluation,
        };
        if behaviour == Behaviour::Training {
            check::variance(&self.graph, examples)?;
        }
        self.run_forward(inputs, examples, Some(targets), behaviour, tap);
        Ok(self.mean_loss(examples))
    }

    /// Runs the network forward as it is used, and gives the mean loss over the examples: batch
    /// normalisation goes by its running moments, and dropout passes everything on.
    ///
    /// # Errors
    ///
    /// [`RunError::NoLoss`] in a graph without a loss, and the errors that say which input or
    /// target does not fit. Nothing is computed then.
    pub fn evaluate(
        &mut self,
        inputs: &[&[f32]],
        targets: Targets<'_>,
        tap: &dyn Tap,
    ) -> Result<f64, RunError> {
        let examples = check::inputs(&self.graph, self.plan.batch, inputs)?;
        check::targets(&self.graph, examples, targets)?;
        self.run_forward(inputs, examples, Some(targets), Behaviour::Evaluation, tap);
        Ok(self.mean_loss(examples))
    }

    /// Makes the running moments what batch normalisation goes by.
    pub(crate) fn recall_statistics(&mut self) {
        reduce::recall(&self.graph, &mut self.statistics, &mut self.buffers);
    }

    fn mean_loss(&self, examples: usize) -> f64 {
        // Lanes in order: the sum does not depend on who computed them.
        let losses = self.sums.iter().step_by(self.plan.sums);
        losses.sum::<f64>() / examples as f64
    }

    /// Runs the network forward without targets, as [`Network::evaluate`] does:
    /// [`Network::output`] has the result.
    ///
    /// # Errors
    ///
    /// The errors that say which input does not fit. Nothing is computed then.
    pub fn predict(&mut self, inputs: &[&[f32]], tap: &dyn Tap) -> Result<(), RunError> {
        let examples = check::inputs(&self.graph, self.plan.batch, inputs)?;
        self.run_forward(inputs, examples, None, Behaviour::Evaluation, tap);
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
                behaviour,
            } => {
                self.run_backward(examples, None, behaviour, tap);
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
        let State::Forward {
            examples,
            behaviour,
            ..
        } = self.state
        else {
            return Err(RunError::NoForward);
        };
        let expected = examples * self.graph.output().shape().len();
        if gradient.len() != expected {
            return Err(RunError::GradientLength {
                expected,
                got: gradient.len(),
            });
        }
        self.run_backward(examples, Some(gradient), behaviour, tap);
        Ok(())
    }

    fn run_forward(
        &mut self,
        inputs: &[&[f32]],
        examples: usize,
        targets: Option<Targets<'_>>,
        behaviour: Behaviour,
        tap: &dyn Tap,
    ) {
        let Self {
            graph,
            plan,
            parameters,
            arena,
            workers,
            buffers,
            sums,
            statistics,
            keys,
            step,
            ..
        } = self;
        let parts = arena.parts();
        let stale = self.laid == Laid::Stale;
        workers.enter(|team| {
            if stale {
                forward::lay(team, graph, plan, parameters, parts.laid);
            }
            if behaviour == Behaviour::Evaluation {
                reduce::recall(graph, statistics, buffers);
            }
            for segment in &plan.forward_segments {
                let context = Context {
                    behaviour,
                    examples,
                    first_row: 0,
                    rows: 0,
                    step: *step,
                    keys,
                    statistics,
                };
                let pass = forward::Lanes {
                    graph,
                    plan,
                    parameters,
                    laid: parts.laid,
                    inputs,
                    targets,
                    context,
                    tap,
                };
                let lanes = (&mut *parts.lanes, plan.sections.lane);
                let sums_of_each = (&mut **sums, plan.sums);
                let shape = (pass.used(0), plan.turns);
                team.for_lanes(lanes, sums_of_each, shape, |first, lanes, sums| {
                    pass.run(first, lanes, sums, segment);
                });
                if let (Some(node), Behaviour::Training) = (segment.reduce, behaviour) {
                    let lanes = reduce::Lanes { sums, plan };
                    reduce::forward(graph, node, lanes, examples, statistics, buffers);
                }
            }
        });
        self.laid = Laid::Current;
        let training = self.plan.mode == Mode::Training;
        let seeded = if targets.is_some() && training {
            Seeded::Yes
        } else {
            Seeded::No
        };
        self.state = State::Forward {
            examples,
            seeded,
            behaviour,
        };
    }

    fn run_backward(
        &mut self,
        examples: usize,
        seed: Option<&[f32]>,
        behaviour: Behaviour,
        tap: &dyn Tap,
    ) {
        let Self {
            graph,
            plan,
            parameters,
            arena,
            workers,
            sums,
            statistics,
            keys,
            step,
            ..
        } = self;
        let Parts {
            lanes,
            laid,
            gradients,
        } = arena.parts();
        let pass = backward::Pass {
            graph,
            plan,
            parameters,
            laid,
            examples,
            behaviour,
            step: *step,
            keys,
            tap,
        };
        let arena = (lanes, gradients);
        workers.enter(|team| pass.run(team, arena, seed, sums, statistics));
        self.state = State::Backward { examples };
    }
}
