//! A graph with its parameters and its memory, ready to run.

mod arena;
mod error;
mod pass;
mod workers;

use crate::graph::{Graph, ParameterSpec};
use crate::plan::{Mode, Plan, PlanError};
use arena::Arena;
use workers::Workers;

pub use error::RunError;
pub use workers::Threads;

/// A graph, its parameters, and the arena that its [`Plan`] lays out.
///
/// After the network is made, a step (forward, backward, optimiser) allocates nothing of its
/// own; the `gemm` crate takes and returns its packing buffers within a product.
///
/// The results of a pass, and of every step of a training run, have the same bits for any
/// number of threads.
///
/// # Example
///
/// One step of gradient descent on `y = w x` from `w = 2`, with the target 0 for `x = 1`:
/// the loss is w² and its gradient 2w.
///
/// ```
/// use evenkeel_net::{Bias, GraphBuilder, Mode, Network, NoTap, Sgd, Targets, Threads};
///
/// let mut builder = GraphBuilder::new();
/// let x = builder.input("x", &[1])?;
/// let y = builder.linear(x, "fc", 1, Bias::No)?;
/// builder.mean_squared_error(y, "loss")?;
/// let mut network = Network::new(builder.finish()?, 1, Mode::Training, Threads(1))?;
/// network.parameter_mut("fc.weight")?.fill(2.0);
///
/// let loss = network.forward(&[&[1.0]], Targets::Values(&[0.0]), &NoTap)?;
/// network.backward(&NoTap)?;
/// assert_eq!(loss, 4.0);
/// assert_eq!(network.gradient("fc.weight")?, [4.0]);
/// Sgd::new(0.25)?.step(&mut network);
/// assert_eq!(network.parameter("fc.weight")?, [1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Network {
    pub(crate) graph: Graph,
    pub(crate) plan: Plan,
    pub(crate) parameters: Vec<f32>,
    pub(crate) arena: Arena,
    pub(crate) workers: Workers,
    losses: Vec<f64>,
    /// Whether the transposed weights are those of the parameters.
    transposed: Transposed,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transposed {
    Current,
    Stale,
}

/// What the arena holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Nothing,
    /// Activations of this many examples, and the gradient of the loss where there is one.
    Forward {
        examples: usize,
        seeded: Seeded,
    },
    /// Gradients of the parameters, and the output of this many examples; other activations have
    /// been overwritten.
    Backward {
        examples: usize,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seeded {
    Yes,
    No,
}

/// A parameter's name, shape and role, with its values.
#[derive(Clone, Copy, Debug)]
pub struct Parameter<'a> {
    /// Name, shape and role.
    pub spec: &'a ParameterSpec,
    /// Its values, row-major.
    pub values: &'a [f32],
}

impl Network {
    /// A network of `graph` for batches of up to `batch` examples, every parameter 0.
    ///
    /// # Errors
    ///
    /// Those of [`Plan::new`]; [`PlanError::Memory`] when the memory is refused;
    /// [`PlanError::NoThreads`] and [`PlanError::Threads`] when there are none or they cannot be
    /// started.
    pub fn new(
        graph: Graph,
        batch: usize,
        mode: Mode,
        threads: Threads,
    ) -> Result<Self, PlanError> {
        let plan = Plan::new(&graph, batch, mode)?;
        let parameters = arena::zeros(graph.parameter_count())?;
        let arena = Arena::new(plan.sections)?;
        let workers = Workers::new(threads)?;
        let losses = vec![0.0; plan.lanes.count];
        let (transposed, state) = (Transposed::Stale, State::Nothing);
        Ok(Self {
            graph,
            plan,
            parameters,
            arena,
            workers,
            losses,
            transposed,
            state,
        })
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Every parameter, in the order of computation.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter<'_>> {
        let values = |spec: &ParameterSpec| &self.parameters[spec.range()];
        self.graph.parameters.iter().map(move |spec| Parameter {
            spec,
            values: values(spec),
        })
    }

    /// Gives each parameter to `fill`, with its name, shape and role, to be set.
    pub fn initialize(&mut self, mut fill: impl FnMut(&ParameterSpec, &mut [f32])) {
        self.transposed = Transposed::Stale;
        for spec in &self.graph.parameters {
            fill(spec, &mut self.parameters[spec.range()]);
        }
    }

    /// The values of one parameter.
    ///
    /// # Errors
    ///
    /// [`RunError::UnknownParameter`] for a name that is none.
    pub fn parameter(&self, name: &str) -> Result<&[f32], RunError> {
        Ok(&self.parameters[self.spec(name)?.range()])
    }

    /// The values of one parameter, to be changed.
    ///
    /// # Errors
    ///
    /// [`RunError::UnknownParameter`] for a name that is none.
    pub fn parameter_mut(&mut self, name: &str) -> Result<&mut [f32], RunError> {
        let range = self.spec(name)?.range();
        self.transposed = Transposed::Stale;
        Ok(&mut self.parameters[range])
    }

    /// The gradient of the loss by one parameter, from the latest backward pass. It is zero for
    /// a parameter that has no effect on the output.
    ///
    /// # Errors
    ///
    /// [`RunError::UnknownParameter`] for a name that is none; [`RunError::NotTraining`] in a
    /// network that is planned for forward passes; [`RunError::NoGradients`] before the first
    /// backward pass and after a forward pass.
    pub fn gradient(&self, name: &str) -> Result<&[f32], RunError> {
        let range = self.spec(name)?.range();
        self.training()?;
        match self.state {
            State::Backward { .. } => Ok(&self.arena.gradients()[range]),
            State::Nothing | State::Forward { .. } => Err(RunError::NoGradients),
        }
    }

    /// The output of the latest forward pass, a slice of whole examples at a time, in order. It
    /// is kept through the backward pass.
    pub fn output(&self) -> impl Iterator<Item = &[f32]> {
        let examples = match self.state {
            State::Forward { examples, .. } | State::Backward { examples } => examples,
            State::Nothing => 0,
        };
        self.rows(self.plan.output, examples)
    }

    /// The values named `name` after a forward pass, a slice of whole examples at a time.
    ///
    /// # Errors
    ///
    /// [`RunError::UnknownValue`] for a name that is none; [`RunError::NotKept`] for a value
    /// whose memory has been used again (a [`Tap`](crate::Tap) sees every value);
    /// [`RunError::NoForward`] before a forward pass and after a backward pass.
    pub fn value(&self, name: &str) -> Result<impl Iterator<Item = &[f32]>, RunError> {
        let unknown = || RunError::UnknownValue { name: name.into() };
        let index = self.graph.value_index(name).ok_or_else(unknown)?;
        let State::Forward { examples, .. } = self.state else {
            return Err(RunError::NoForward);
        };
        let not_kept = || RunError::NotKept { name: name.into() };
        let place = self.plan.kept[index].ok_or_else(not_kept)?;
        Ok(self.rows(place, examples))
    }

    /// How many of the latest forward pass's examples have their largest output at their label.
    /// A tie goes to the first; an example with a NaN before any number is wrong.
    pub fn correct(&self, labels: &[u8]) -> usize {
        let features = self.graph.output().shape().len();
        let rows = self.output().flat_map(|lane| lane.chunks_exact(features));
        rows.zip(labels)
            .filter(|&(row, &label)| largest(row) == Some(usize::from(label)))
            .count()
    }

    fn rows(&self, place: crate::plan::Place, examples: usize) -> impl Iterator<Item = &[f32]> {
        let lanes = self.plan.lanes;
        let used = examples.div_ceil(lanes.rows);
        let slices = self
            .arena
            .lanes()
            .chunks_exact(self.plan.sections.lane)
            .take(used);
        slices
            .enumerate()
            .map(move |(lane, values)| &values[place.range(lanes.rows_of(lane, examples))])
    }

    fn spec(&self, name: &str) -> Result<&ParameterSpec, RunError> {
        let unknown = || RunError::UnknownParameter { name: name.into() };
        let index = self.graph.parameter_index(name).ok_or_else(unknown)?;
        Ok(&self.graph.parameters[index])
    }

    fn training(&self) -> Result<(), RunError> {
        match self.plan.mode {
            Mode::Training => Ok(()),
            Mode::Forward => Err(RunError::NotTraining),
        }
    }

    /// Storage of the parameters and their gradients, for an optimiser. Gradients are empty when
    /// there are none.
    pub(crate) fn parameters_and_gradients(&mut self) -> (&mut [f32], &[f32], &Workers) {
        self.transposed = Transposed::Stale;
        let gradients = match self.state {
            State::Backward { .. } => self.arena.gradients(),
            State::Nothing | State::Forward { .. } => &[],
        };
        (&mut self.parameters, gradients, &self.workers)
    }
}

/// Index of the largest value; the first of equals.
fn largest(row: &[f32]) -> Option<usize> {
    let mut best: Option<(usize, f32)> = None;
    for (index, &value) in row.iter().enumerate() {
        if best.is_none_or(|(_, largest)| value > largest) {
            best = Some((index, value));
        }
    }
    best.filter(|(_, value)| !value.is_nan())
        .map(|(index, _)| index)
}
