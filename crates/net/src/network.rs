//! A graph with its parameters and its memory, ready to run.

mod arena;
mod error;
mod pass;
mod workers;

use std::borrow::Cow;

use crate::graph::{BufferSpec, Graph, ParameterSpec, Role};
use crate::operator::Behaviour;
use crate::plan::{Mode, Plan, PlanError, Recompute};
use arena::Arena;
use evenkeel_init::Seed;
use workers::Workers;

pub use error::RunError;
pub(crate) use workers::Team;
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
    pub(crate) buffers: Vec<f32>,
    /// What each lane leaves for the whole batch: the sum of its losses first.
    sums: Vec<f64>,
    /// What layers keep of the whole batch.
    pub(crate) statistics: Vec<f64>,
    /// A key for each dropout.
    pub(crate) keys: Vec<[u32; 2]>,
    pub(crate) step: u64,
    /// Whether the weights are laid as the parameters are.
    laid: Laid,
    state: State,
}

/// What an optimiser works on.
pub(crate) struct Storage<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) parameters: &'a mut [f32],
    /// Empty when there are none.
    pub(crate) gradients: &'a [f32],
    pub(crate) workers: &'a Workers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Laid {
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
        behaviour: Behaviour,
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

/// A buffer's name and shape, with its values: what is kept with a network but not trained.
#[derive(Clone, Copy, Debug)]
pub struct Buffer<'a> {
    /// Name and shape.
    pub spec: &'a BufferSpec,
    /// Its values, row-major.
    pub values: &'a [f32],
}

impl Network {
    /// A network of `graph` for batches of up to `batch` examples: every parameter 0, but 1 where
    /// its role is [`Role::Scale`]; running means 0 and running variances 1.
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
        Self::of_plan(graph, plan, threads)
    }

    /// A network for training in which the backward pass computes activations again.
    ///
    /// # Errors
    ///
    /// Those of [`Network::new`].
    pub fn recomputing(
        graph: Graph,
        batch: usize,
        recompute: Recompute,
        threads: Threads,
    ) -> Result<Self, PlanError> {
        let plan = Plan::recomputing(&graph, batch, Mode::Training, recompute)?;
        Self::of_plan(graph, plan, threads)
    }

    fn of_plan(graph: Graph, plan: Plan, threads: Threads) -> Result<Self, PlanError> {
        let mut parameters = arena::zeros(graph.parameter_count())?;
        for spec in graph
            .parameters
            .iter()
            .filter(|spec| spec.role == Role::Scale)
        {
            parameters[spec.range()].fill(1.0);
        }
        let mut buffers = arena::zeros(graph.buffer_count())?;
        for spec in &graph.buffers {
            buffers[spec.range()].fill(spec.initial);
        }
        let arena = Arena::new(plan.sections)?;
        let workers = Workers::new(threads)?;
        let sums = vec![0.0; plan.lanes.count * plan.sums];
        let statistics = vec![0.0; graph.statistics];
        let keys = keys(&graph, 0);
        let (laid, state) = (Laid::Stale, State::Nothing);
        Ok(Self {
            graph,
            plan,
            parameters,
            arena,
            workers,
            buffers,
            sums,
            statistics,
            keys,
            step: 0,
            laid,
            state,
        })
    }

    /// Runs `work`, many passes perhaps, on one of the network's threads: a pass from elsewhere is
    /// handed over to them and waited for, which a step of less than a millisecond feels. The other
    /// threads stay awake meanwhile, until a millisecond has gone by without a pass. With one thread it
    /// is the caller's own.
    ///
    /// # Example
    ///
    /// ```
    /// use evenkeel_net::{Activation, Mode, Network, NoTap, Threads, zoo};
    ///
    /// let graph = zoo::mlp(&zoo::MlpSpec::new(4, 8, 2, 2, Activation::relu()))?;
    /// let mut network = Network::new(graph, 2, Mode::Forward, Threads(2))?;
    /// let outputs = network.session(|network| {
    ///     network.predict(&[&[1.0; 8]], &NoTap)?;
    ///     Ok::<_, evenkeel_net::RunError>(network.output().flatten().count())
    /// })?;
    /// assert_eq!(outputs, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn session<R: Send>(&mut self, work: impl FnOnce(&mut Self) -> R + Send) -> R {
        let workers = self.workers.clone();
        workers.session(|| work(self))
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
        self.laid = Laid::Stale;
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
        self.laid = Laid::Stale;
        Ok(&mut self.parameters[range])
    }

    /// Every buffer, in the order of computation.
    pub fn buffers(&self) -> impl Iterator<Item = Buffer<'_>> {
        self.graph.buffers.iter().map(|spec| Buffer {
            spec,
            values: &self.buffers[spec.range()],
        })
    }

    /// The values of one buffer.
    ///
    /// # Errors
    ///
    /// [`RunError::UnknownBuffer`] for a name that is none.
    pub fn buffer(&self, name: &str) -> Result<&[f32], RunError> {
        Ok(&self.buffers[self.buffer_spec(name)?.range()])
    }

    /// The values of one buffer, to be changed.
    ///
    /// # Errors
    ///
    /// [`RunError::UnknownBuffer`] for a name that is none.
    pub fn buffer_mut(&mut self, name: &str) -> Result<&mut [f32], RunError> {
        let range = self.buffer_spec(name)?.range();
        Ok(&mut self.buffers[range])
    }

    fn buffer_spec(&self, name: &str) -> Result<&BufferSpec, RunError> {
        let unknown = || RunError::UnknownBuffer { name: name.into() };
        let index = self.graph.buffer_index(name).ok_or_else(unknown)?;
        Ok(&self.graph.buffers[index])
    }

    /// Sets the seed of what is drawn within a pass: dropout's masks. It is 0 to begin with.
    pub fn set_seed(&mut self, seed: u64) {
        self.keys = keys(&self.graph, seed);
    }

    /// Sets the step of training that what is drawn within a pass belongs to. Two forward passes
    /// of one step draw the same. It is 0 to begin with.
    pub fn set_step(&mut self, step: u64) {
        self.step = step;
    }

    /// Bytes of memory that it holds: parameters, buffers, the arena, and what layers keep of the
    /// whole batch.
    pub fn memory_bytes(&self) -> usize {
        self.plan.memory_bytes()
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
        let place = self.plan.output;
        let lanes = self.lanes_in_use(examples);
        lanes.map(move |(lane, rows)| &lane[place.range(rows)])
    }

    /// The values named `name` after a forward pass, whole examples at a time, row-major.
    ///
    /// # Errors
    ///
    /// [`RunError::UnknownValue`] for a name that is none; [`RunError::NotKept`] for a value
    /// whose memory has been used again (a [`Tap`](crate::Tap) sees every value);
    /// [`RunError::NoForward`] before a forward pass and after a backward pass.
    pub fn value(&self, name: &str) -> Result<impl Iterator<Item = Cow<'_, [f32]>>, RunError> {
        let unknown = || RunError::UnknownValue { name: name.into() };
        let index = self.graph.value_index(name).ok_or_else(unknown)?;
        let State::Forward { examples, .. } = self.state else {
            return Err(RunError::NoForward);
        };
        let not_kept = || RunError::NotKept { name: name.into() };
        let place = self.plan.kept[index].ok_or_else(not_kept)?;
        let features = self.graph.features(index);
        let whole = self.lanes_in_use(examples).map(move |(lane, rows)| {
            let values = &lane[place.range(rows)];
            place.layout().rows(values.into(), features, rows)
        });
        Ok(whole)
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

    /// Each lane that has rows, with how many.
    fn lanes_in_use(&self, examples: usize) -> impl Iterator<Item = (&[f32], usize)> {
        let lanes = self.plan.lanes;
        let used = lanes.used(examples);
        let slices = self
            .arena
            .lanes()
            .chunks_exact(self.plan.sections.lane)
            .take(used);
        slices
            .enumerate()
            .map(move |(lane, values)| (values, lanes.rows_of(lane, examples)))
    }

    fn spec(&self, name: &str) -> Result<&ParameterSpec, RunError> {
        let unknown = || RunError::UnknownParameter { name: name.into() };
        self.graph.parameter(name).ok_or_else(unknown)
    }

    fn training(&self) -> Result<(), RunError> {
        match self.plan.mode {
            Mode::Training => Ok(()),
            Mode::Forward => Err(RunError::NotTraining),
        }
    }

    /// Storage of the parameters and their gradients, for an optimiser. Gradients are empty when
    /// there are none.
    pub(crate) fn parameters_and_gradients(&mut self) -> Storage<'_> {
        self.laid = Laid::Stale;
        let gradients = match self.state {
            State::Backward { .. } => self.arena.gradients(),
            State::Nothing | State::Forward { .. } => &[],
        };
        Storage {
            graph: &self.graph,
            parameters: &mut self.parameters,
            gradients,
            workers: &self.workers,
        }
    }

    /// Storage of the gradients, with the workers to go through it; empty when there are none.
    pub(crate) fn gradients(&self) -> (&[f32], &Workers) {
        let gradients = match self.state {
            State::Backward { .. } => self.arena.gradients(),
            State::Nothing | State::Forward { .. } => &[],
        };
        (gradients, &self.workers)
    }

    /// Storage of the gradients, to be changed before an optimiser's step; empty when there are
    /// none.
    pub(crate) fn gradients_mut(&mut self) -> (&mut [f32], &Workers) {
        let gradients = match self.state {
            State::Backward { .. } => self.arena.parts().gradients,
            State::Nothing | State::Forward { .. } => &mut [],
        };
        (gradients, &self.workers)
    }
}

/// The key of each dropout: the first words of the stream of its value's name.
fn keys(graph: &Graph, seed: u64) -> Vec<[u32; 2]> {
    let of = |&value: &usize| {
        let [first, second, ..] = Seed(seed).stream(&graph.values[value].name).block(0);
        [first, second]
    };
    graph.dropouts.iter().map(of).collect()
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
