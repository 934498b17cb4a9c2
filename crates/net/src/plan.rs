//! Where every tensor lies, and in which order the work is done, decided before the run.
//!
//! The batch is cut into lanes of a few rows, by its size alone. Each lane has its own stretch of
//! one arena, with every activation and gradient of its rows at offsets that are the same in each
//! lane, and runs the whole forward pass, and each segment of the backward pass, without waiting
//! for another lane. Weight gradients are sums over lanes, taken lane by lane in order, each
//! block of rows by one worker. So no sum depends on the number of threads.
//!
//! Places are given again as soon as they are free: an activation that nothing needs for its
//! backward, a gradient whose layer is done. Elementwise operators work in place where they may.

mod backward;
mod error;
mod forward;
mod lanes;
mod places;
mod tasks;

use std::ops::Range;

pub(crate) use backward::{BackwardStep, Segment};
pub use error::PlanError;
pub(crate) use forward::ForwardStep;
pub(crate) use lanes::Lanes;
pub(crate) use places::{ALIGN, Place, write_one_read_two};
pub(crate) use tasks::{Source, Task, Work};

use crate::graph::Graph;
use places::Places;

/// What a network is run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Forward passes only: an activation's memory is used again once it has been read.
    Forward,
    /// Forward and backward passes.
    Training,
}

/// The layout of a graph's tensors for a batch, and the order of work.
///
/// # Example
///
/// ```
/// use evenkeel_net::{Activation, Mode, Plan, zoo};
///
/// let graph = zoo::mlp(&zoo::MlpSpec::new(784, 50, 2, 10, Activation::relu()))?;
/// let plan = Plan::new(&graph, 512, Mode::Training)?;
/// assert!(plan.arena_bytes() > 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) batch: usize,
    pub(crate) mode: Mode,
    pub(crate) lanes: Lanes,
    /// Where a value lies in a lane after a forward pass; `None` where it has been overwritten.
    pub(crate) kept: Vec<Option<Place>>,
    pub(crate) inputs: Vec<Place>,
    pub(crate) output: Place,
    pub(crate) forward: Vec<ForwardStep>,
    /// Where the gradient of the output is put; `None` when only forward passes are run, and
    /// when no parameter has an effect on the output.
    pub(crate) seed: Option<Place>,
    pub(crate) backward: Vec<BackwardStep>,
    pub(crate) weight_tasks: Vec<Task>,
    pub(crate) segments: Vec<Segment>,
    pub(crate) transposes: Vec<Task>,
    pub(crate) sections: Sections,
}

/// Lengths, in values, of the arena's parts, in their order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sections {
    /// One lane's activations and gradients.
    pub(crate) lane: usize,
    /// All lanes'.
    pub(crate) lanes: usize,
    /// Weights, inputs first.
    pub(crate) transposed: usize,
    /// Gradients of the parameters.
    pub(crate) gradients: usize,
}

impl Sections {
    pub(crate) fn total(self) -> usize {
        self.lanes + self.transposed + self.gradients
    }
}

impl Plan {
    /// Lays out `graph` for batches of up to `batch` examples.
    ///
    /// # Errors
    ///
    /// [`PlanError::NoBatch`] for a batch of 0, [`PlanError::TooLarge`] when the arena does not
    /// fit in memory's address range.
    pub fn new(graph: &Graph, batch: usize, mode: Mode) -> Result<Self, PlanError> {
        if batch == 0 {
            return Err(PlanError::NoBatch);
        }
        let lanes = Lanes::of(batch);
        let too_large = || PlanError::TooLarge { batch };
        let mut places = Places::new(lanes.rows);
        let forward = forward::plan(graph, mode, &mut places).ok_or_else(too_large)?;
        let backward = match mode {
            Mode::Forward => backward::Backward::default(),
            Mode::Training => {
                backward::plan(graph, &forward, batch, &mut places).ok_or_else(too_large)?
            }
        };
        let parameters = graph.parameter_count();
        let lane = places.end();
        let sections = Sections {
            lane,
            lanes: lane.checked_mul(lanes.count).ok_or_else(too_large)?,
            transposed: parameters,
            gradients: if mode == Mode::Training {
                parameters
            } else {
                0
            },
        };
        let total = sections.lanes.checked_add(2 * parameters);
        if total.is_none_or(|total| total > isize::MAX as usize / size_of::<f32>()) {
            return Err(too_large());
        }
        Ok(Self {
            batch,
            mode,
            lanes,
            inputs: forward.inputs,
            output: forward.kept[graph.output].expect("the output is kept"),
            kept: forward.kept,
            forward: forward.steps,
            seed: backward.seed,
            backward: backward.steps,
            weight_tasks: backward.tasks,
            segments: backward.segments,
            transposes: tasks::transposes(graph),
            sections,
        })
    }

    /// Bytes of the arena that holds activations, gradients and transposed weights, for the
    /// whole batch. The parameters themselves are not in it.
    pub fn arena_bytes(&self) -> usize {
        self.sections.total() * size_of::<f32>()
    }

    /// Into how many parts a tap is shown each parameter's gradient.
    pub(crate) fn parameter_parts(&self, graph: &Graph) -> Vec<usize> {
        let mut parts = vec![0; graph.parameters.len()];
        for task in &self.weight_tasks {
            parts[task.parameter] = task.parts;
        }
        parts
    }

    /// The largest batch.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// What it is planned for.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// How many lanes the batch is cut into: more threads than this find no work in a pass.
    pub fn lane_count(&self) -> usize {
        self.lanes.count
    }
}

/// A half-open range of indices into one of the plan's lists.
pub(crate) type Span = Range<usize>;
