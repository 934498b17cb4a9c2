//! Where every tensor lies, and in which order the work is done, decided before the run.
//!
//! The batch is cut into lanes of a few rows, by its size alone. Each lane has its own stretch of
//! one arena, with every activation and gradient of its rows at offsets that are the same in each
//! lane, and runs the whole forward pass, and each segment of the backward pass, without waiting
//! for another thread; lanes of one thread may take turns, and share what they make of a weight.
//! Weight gradients are sums over lanes, taken lane by lane in order, each block of rows by one
//! worker. So no sum depends on the number of threads.
//!
//! Places are given again as soon as they are free: an activation that nothing needs for its
//! backward, a gradient whose layer is done. Elementwise operators work in place where they may.

mod backward;
mod error;
mod forward;
mod lanes;
mod places;
mod stretches;
mod tasks;

use std::ops::Range;

pub(crate) use backward::{BackwardStep, Segment};
pub use error::PlanError;
pub(crate) use forward::{ForwardSegment, ForwardStep};
pub(crate) use lanes::Lanes;
pub(crate) use places::{ALIGN, Place, carve, carve_one};
pub(crate) use tasks::{Source, Task, Work};

use crate::blocks::Layout;
use crate::graph::Graph;
use crate::operator::{Direction, Operator};
use places::Places;

/// What a network is run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Forward passes only: an activation's memory is used again once it has been read.
    Forward,
    /// Forward and backward passes.
    Training,
}

/// Whether a backward pass computes activations again rather than have them kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Recompute {
    /// Every activation that it reads is kept.
    #[default]
    Nothing,
    /// Of about √n stretches of the graph's n operators only what passes from one to the next is
    /// kept, and the rest is made again, stretch by stretch: activations take memory as √depth, for
    /// a second forward pass. Results have the same bits.
    Sqrt,
}

/// Values of one example, on average over the layers, up to which a layer is faster made again than
/// fetched: the arithmetic of narrow layers is cheap.
const NARROW_VALUE: usize = 64;
/// Values over the batch from which activations are not in the caches when the backward pass comes:
/// 16 MiB.
const OUT_OF_CACHE: usize = 1 << 22;

impl Recompute {
    /// The faster way for training `graph`: [`Recompute::Sqrt`] for narrow layers in a network so
    /// deep that its activations outgrow the caches (measured on 10,000 residual layers of 16:
    /// `cargo run --release -p evenkeel-net --example step case ... recompute=sqrt`).
    pub fn advised(graph: &Graph, batch: usize) -> Self {
        let features = |value: usize| graph.features(value);
        let made: usize = graph.nodes.iter().map(|node| features(node.output)).sum();
        let narrow = made <= NARROW_VALUE.saturating_mul(graph.nodes.len());
        if narrow && made.saturating_mul(batch) > OUT_OF_CACHE {
            Self::Sqrt
        } else {
            Self::Nothing
        }
    }
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
    /// How many lanes of a thread take turns at each step, at most, so that its parameters are read once.
    pub(crate) turns: usize,
    /// Where a value lies in a lane after a forward pass; `None` where it has been overwritten.
    pub(crate) kept: Vec<Option<Place>>,
    pub(crate) inputs: Vec<Place>,
    pub(crate) output: Place,
    /// Where the output lies before, if it is an image: the caller has rows.
    pub(crate) output_blocks: Option<Place>,
    pub(crate) forward: Vec<ForwardStep>,
    pub(crate) forward_segments: Vec<ForwardSegment>,
    /// Where the gradient of the output is put; `None` when only forward passes are run, and
    /// when no parameter has an effect on the output.
    pub(crate) seed: Option<Place>,
    /// Where it is put as blocks, if the output is an image.
    pub(crate) seed_blocks: Option<Place>,
    pub(crate) backward: Vec<BackwardStep>,
    /// Forward steps that the backward pass takes again.
    pub(crate) again: Vec<ForwardStep>,
    pub(crate) weight_tasks: Vec<Task>,
    pub(crate) segments: Vec<Segment>,
    pub(crate) layings: Vec<Task>,
    /// Where the weight of each node's forward, then of its backward, begins among those that are laid
    /// for them, with the end of the last.
    laid: Vec<usize>,
    pub(crate) sections: Sections,
    /// Where operators work on each lane.
    pub(crate) scratch: Place,
    /// Numbers in f64 that each lane leaves: the loss first.
    pub(crate) sums: usize,
    /// Bytes of what is kept besides the arena.
    besides: usize,
}

/// Which part of an operator's work a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// All of it, or all that is left.
    Whole,
    /// What each lane leaves for the whole batch to be known.
    Collect,
}

/// Lengths, in values, of the arena's parts, in their order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sections {
    /// One lane's activations and gradients.
    pub(crate) lane: usize,
    /// All lanes'.
    pub(crate) lanes: usize,
    /// Weights as the passes read them.
    pub(crate) laid: usize,
    /// Gradients of the parameters.
    pub(crate) gradients: usize,
}

impl Sections {
    pub(crate) fn total(self) -> usize {
        self.lanes + self.laid + self.gradients
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
        Self::recomputing(graph, batch, mode, Recompute::Nothing)
    }

    /// [`Plan::new`] with activations computed again in the backward pass.
    ///
    /// # Errors
    ///
    /// Those of [`Plan::new`].
    pub fn recomputing(
        graph: &Graph,
        batch: usize,
        mode: Mode,
        recompute: Recompute,
    ) -> Result<Self, PlanError> {
        if batch == 0 {
            return Err(PlanError::NoBatch);
        }
        let lanes = Lanes::of(graph, batch);
        let in_lanes = laid_in_lanes(graph, lanes, mode);
        let too_large = || PlanError::TooLarge { batch };
        let mut places = Places::new(lanes.rows);
        // Before every value, so that it is no place that a value has had and another may have.
        let scratch = match scratch(graph, lanes, &in_lanes).ok_or_else(too_large)? {
            0 => Place::NOTHING,
            len => places.take_fixed(len).ok_or_else(too_large)?,
        };
        let stretches = stretches::of(graph, recompute);
        let needed = match mode {
            Mode::Forward => vec![false; graph.values.len()],
            Mode::Training => kept(graph, &stretches),
        };
        let forward = forward::plan(graph, needed, &mut places).ok_or_else(too_large)?;
        let made = forward.kept[graph.output].expect("the output is kept");
        let (output, output_blocks) = match made.layout() {
            Layout::Rows => (made, None),
            Layout::Blocks => {
                let rows = places.take(graph.features(graph.output), Layout::Rows);
                (rows.ok_or_else(too_large)?, Some(made))
            }
        };
        let backward = match mode {
            Mode::Forward => backward::Backward::default(),
            Mode::Training => {
                let batch = (batch, lanes);
                backward::plan(graph, &forward, &stretches, batch, &mut places)
                    .ok_or_else(too_large)?
            }
        };
        let parameters = graph.parameter_count();
        let mut passes_back = vec![false; graph.nodes.len()];
        for step in &backward.steps {
            passes_back[step.node] |= step.out.is_some();
        }
        let (layings, laid) = tasks::layings(graph, &in_lanes, &passes_back);
        let sums = graph.nodes.iter().map(|node| match &node.operator {
            Operator::BatchNorm(norm) => norm.sums(),
            _ => 0,
        });
        let sums = 1 + sums.max().unwrap_or(0);
        let lane = places.end();
        let sections = Sections {
            lane,
            lanes: lane.checked_mul(lanes.count).ok_or_else(too_large)?,
            laid: *laid.last().expect("the end is there"),
            gradients: if mode == Mode::Training {
                parameters
            } else {
                0
            },
        };
        let total = sections.lanes.checked_add(3 * parameters);
        if total.is_none_or(|total| total > isize::MAX as usize / size_of::<f32>()) {
            return Err(too_large());
        }
        let steps = forward.steps.len() + backward.again.len();
        let task_count = backward.tasks.len() + layings.len();
        let besides = [
            // The plan itself, which a deep narrow network would show.
            (steps, size_of::<ForwardStep>()),
            (backward.steps.len(), size_of::<BackwardStep>()),
            (task_count, size_of::<Task>()),
            // Kept, and what planning has used besides: it is given back, but not to the system.
            (graph.values.len(), 4 * size_of::<Option<Place>>()),
            (graph.values.len(), size_of::<usize>()),
            (laid.len(), size_of::<usize>()),
            (parameters + graph.buffer_count(), size_of::<f32>()),
            (sums.saturating_mul(lanes.count), size_of::<f64>()),
            (graph.statistics, size_of::<f64>()),
        ];
        let besides = besides.iter().fold(0usize, |sum, &(count, size)| {
            sum.saturating_add(count.saturating_mul(size))
        });
        Ok(Self {
            batch,
            mode,
            lanes,
            turns: lanes.turns(graph),
            inputs: forward.inputs,
            output,
            output_blocks,
            kept: forward.kept,
            forward: exact(forward.steps),
            forward_segments: forward.segments,
            seed: backward.seed,
            seed_blocks: backward.seed_blocks,
            backward: exact(backward.steps),
            again: exact(backward.again),
            weight_tasks: exact(backward.tasks),
            segments: exact(backward.segments),
            layings: exact(layings),
            laid: exact(laid),
            sections,
            scratch,
            sums,
            besides,
        })
    }

    /// Where a node's weight lies as a pass reads it; nowhere if that is as it is.
    pub(crate) fn laid(&self, node: usize, direction: Direction) -> Range<usize> {
        let index = 2 * node + usize::from(direction == Direction::Backward);
        self.laid[index]..self.laid[index + 1]
    }

    /// Where an operator works in so many values of each lane; nowhere if there are none.
    pub(crate) fn scratch_of(&self, len: usize) -> Range<usize> {
        match len {
            0 => 0..0,
            len => {
                let start = self.scratch.range(0).start;
                start..start + len
            }
        }
    }

    /// Values of a node's weight that lanes lay for the forward by themselves.
    pub(crate) fn laid_in_lanes(&self, node: usize, operator: &Operator) -> usize {
        match self.laid(node, Direction::Forward).is_empty() {
            true => operator.laid_in_lanes(),
            false => 0,
        }
    }

    /// Bytes of the arena that holds activations, gradients and weights as they are read, for the
    /// whole batch. The parameters themselves are not in it.
    pub fn arena_bytes(&self) -> usize {
        self.sections.total() * size_of::<f32>()
    }

    /// Bytes that a network of this plan holds in all: the arena, the parameters, buffers, what
    /// layers keep of the whole batch, and the plan itself.
    pub fn memory_bytes(&self) -> usize {
        self.arena_bytes().saturating_add(self.besides)
    }

    /// Whether it fits in `available` bytes of memory.
    ///
    /// # Errors
    ///
    /// [`PlanError::DoesNotFit`], which says how much is needed, when it does not.
    pub fn check_memory(&self, available: u64) -> Result<(), PlanError> {
        let needed = self.memory_bytes() as u64;
        if needed > available {
            return Err(PlanError::DoesNotFit { needed, available });
        }
        Ok(())
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

/// Parameters from which on a network leaves the caches nearest to a core: 1 MiB.
const LARGE_NETWORK: usize = 1 << 18;

/// Which nodes' weights lanes lay for the forward by themselves: in a large network, where together they do not
/// come to hold more than all weights would take that are laid once. Weights that are not trained, or for many
/// rows, are laid once.
fn laid_in_lanes(graph: &Graph, lanes: Lanes, mode: Mode) -> Vec<bool> {
    let parameters = graph.parameter_count();
    let pays = mode == Mode::Training && lanes.are_short() && parameters >= LARGE_NETWORK;
    let room = if pays { parameters / lanes.count } else { 0 };
    let operators = graph.nodes.iter().map(|node| &node.operator);
    let each = operators.map(|operator| operator.is_laid_in_lanes(room));
    each.collect()
}

/// Values that an operator works in, or that a weight is laid in, or that a tap is shown rows in; `None` when there
/// are too many.
fn scratch(graph: &Graph, lanes: Lanes, in_lanes: &[bool]) -> Option<usize> {
    let operators = graph.nodes.iter().zip(in_lanes);
    let operators = operators.map(|(node, &in_lanes)| match in_lanes {
        true => node.operator.laid_in_lanes(),
        false => node.operator.scratch(),
    });
    let images = graph
        .values
        .iter()
        .map(|value| match Layout::of(&value.shape) {
            Layout::Rows => Some(0),
            Layout::Blocks => value.shape.len().checked_mul(lanes.rows),
        });
    images.fold(operators.max(), |most, len| Some(most?.max(len?)))
}

/// A list without room for more: a deep network's are long.
fn exact<T>(mut list: Vec<T>) -> Vec<T> {
    list.shrink_to_fit();
    list
}

/// Which values a forward pass must leave for the backward one: what the last stretch reads, and
/// what crosses from any stretch into a later one.
fn kept(graph: &Graph, stretches: &[Range<usize>]) -> Vec<bool> {
    let last = stretches.last().cloned().unwrap_or(0..0);
    let mut kept = forward::needed_by(graph, last);
    if stretches.len() > 1 {
        for (kept, crosses) in kept.iter_mut().zip(stretches::boundary(graph, stretches)) {
            *kept |= crosses;
        }
    }
    kept
}

/// A half-open range of indices into one of the plan's lists.
pub(crate) type Span = Range<usize>;
