//! The order and places of the backward pass.

use std::ops::Range;

use super::forward::{self, Forward, ForwardStep};
use super::lanes::Lanes;
use super::places::{ALIGN, Place, Places};
use super::tasks::{self, Task};
use super::{Span, Stage};
use crate::blocks::Layout;
use crate::graph::{Graph, Inputs, Node};
use crate::matrix::Accumulate;
use crate::operator::{GradientOf, Operator, Retains};

/// Work, in floating-point operations over the batch, after which lanes stop for the weight
/// gradients: about a millisecond, so that stopping costs nothing, while what the weight
/// gradients read is still in the outer cache and their places come free early.
pub(super) const SEGMENT_WORK: u64 = 1 << 28;

/// Values of gradients, over the batch, that are held for weight gradients before lanes stop for
/// them: 1 MiB, so that a deep narrow network holds a stretch of its gradients and not all.
const SEGMENT_VALUES: usize = 1 << 18;

/// The gradient of one input of one operator, on one lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BackwardStep {
    pub(crate) node: usize,
    /// Whether this is the node's first step: the gradient of its output is whole by now, and
    /// shown to the tap.
    pub(crate) first: bool,
    /// Gradient of the output.
    pub(crate) gradient: Place,
    /// What the operator retained.
    pub(crate) retained: Place,
    /// Where the gradient of the input goes, or nothing when it is not needed.
    pub(crate) out: Option<Place>,
    /// Where the lane's part of the gradient by the parameters goes, if the operator makes it.
    pub(crate) partial: Place,
    pub(crate) accumulate: Accumulate,
    pub(crate) in_place: bool,
    pub(crate) stage: Stage,
}

/// A stretch of the backward pass: each lane takes its steps, then the weight gradients of its
/// layers are summed over the lanes.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    /// Forward steps that each lane takes again before.
    pub(crate) again: Span,
    pub(crate) steps: Span,
    pub(crate) tasks: Span,
    /// The node whose lanes' sums are added between.
    pub(crate) reduce: Option<usize>,
}

/// The backward pass.
#[derive(Debug, Default)]
pub(super) struct Backward {
    pub(super) seed: Option<Place>,
    pub(super) seed_blocks: Option<Place>,
    pub(super) steps: Vec<BackwardStep>,
    pub(super) tasks: Vec<Task>,
    pub(super) segments: Vec<Segment>,
    /// Forward steps that are taken again.
    pub(super) again: Vec<ForwardStep>,
}

/// Plans the backward pass, in which the values of every stretch but the last are made again;
/// `None` when memory's address range is at its end.
pub(super) fn plan(
    graph: &Graph,
    forward: &Forward,
    stretches: &[Range<usize>],
    (batch, lanes): (usize, Lanes),
    places: &mut Places,
) -> Option<Backward> {
    let wanted = wanted_gradients(graph);
    if !wanted[graph.output] {
        return Some(Backward::default());
    }
    let mut planner = Planner {
        graph,
        kept: forward.kept.clone(),
        needed: forward.needed.clone(),
        again: 0..0,
        batch,
        lanes,
        places,
        wanted,
        gradient: vec![None; graph.values.len()],
        free_later: Vec::new(),
        work: 0,
        held: 0,
        total_work: tasks::total_work(graph, batch),
        made: Backward::default(),
    };
    let features = graph.features(graph.output);
    let seed = planner.places.take(features, Layout::Rows)?;
    planner.made.seed = Some(seed);
    planner.made.seed_blocks = match graph.layout(graph.output) {
        Layout::Rows => None,
        Layout::Blocks => Some(planner.places.take(features, Layout::Blocks)?),
    };
    planner.gradient[graph.output] = planner.made.seed_blocks.or(Some(seed));
    for (number, stretch) in stretches.iter().enumerate().rev() {
        if number + 1 < stretches.len() {
            planner.again(stretch.clone(), forward)?;
        }
        for index in stretch.clone().rev() {
            if planner.gradient[graph.nodes[index].output].is_some() {
                planner.node(index)?;
            }
        }
        planner.end_segment(None);
    }
    Some(planner.made)
}

/// Which values' gradients are wanted: those that a parameter has an effect on and that have an
/// effect on the output.
fn wanted_gradients(graph: &Graph) -> Vec<bool> {
    let mut trained = vec![false; graph.values.len()];
    for node in &graph.nodes {
        trained[node.output] =
            !node.parameters.is_empty() || node.inputs.iter().any(|v| trained[v]);
    }
    let mut reaches = vec![false; graph.values.len()];
    reaches[graph.output] = true;
    for node in graph.nodes.iter().rev() {
        if reaches[node.output] {
            for value in node.inputs.iter() {
                reaches[value] = true;
            }
        }
    }
    trained
        .into_iter()
        .zip(reaches)
        .map(|(trained, reaches)| trained && reaches)
        .collect()
}

struct Planner<'a> {
    graph: &'a Graph,
    /// Where the values lie that the backward pass reads by now.
    kept: Vec<Option<Place>>,
    /// Which values have a place that is given back when their operator is done.
    needed: Vec<bool>,
    /// Steps to be taken again before the segment that is being planned.
    again: Span,
    batch: usize,
    lanes: Lanes,
    places: &'a mut Places,
    wanted: Vec<bool>,
    /// Where each value's gradient lies, from its first contribution until its operator is done.
    gradient: Vec<Option<Place>>,
    /// Places that are read by this segment's weight gradients, or written before them.
    free_later: Vec<Place>,
    work: u64,
    /// Values of the gradients among them, over the batch.
    held: usize,
    total_work: u64,
    made: Backward,
}

impl Planner<'_> {
    /// Plans to make the values of a stretch again.
    fn again(&mut self, stretch: Range<usize>, forward: &Forward) -> Option<()> {
        let made = forward::again(self.graph, stretch, forward, self.places)?;
        let first = self.made.again.len();
        self.made.again.extend(made.steps);
        self.again = first..self.made.again.len();
        self.kept = made.kept;
        self.needed = made.needed;
        Some(())
    }

    fn node(&mut self, index: usize) -> Option<()> {
        let node = &self.graph.nodes[index];
        let gradient = self.gradient[node.output]
            .take()
            .expect("checked by the caller");
        let partial = match node.operator.gradient_of() {
            GradientOf::Partials => self.places.take_fixed(node.storage.len())?,
            GradientOf::Nothing | GradientOf::Blocks | GradientOf::Batch => Place::NOTHING,
        };
        let step = BackwardStep {
            node: index,
            first: true,
            gradient,
            retained: Place::NOTHING,
            out: None,
            partial,
            accumulate: Accumulate::Overwrite,
            in_place: false,
            stage: Stage::Whole,
        };
        let mut handed_on = false;
        let mut first = true;
        if node.operator.gradient_of() == GradientOf::Batch {
            self.made.steps.push(BackwardStep {
                retained: self.retained(node, 0),
                stage: Stage::Collect,
                ..step
            });
            self.end_segment(Some(index));
            first = false;
        }
        for (which, value) in node.inputs.iter().enumerate() {
            if !self.wanted[value] {
                continue;
            }
            let in_place = self.graph.nodes[index].operator.is_elementwise()
                && self.graph.values[value].readers == 1;
            let (out, accumulate) = match self.gradient[value] {
                Some(place) => (place, Accumulate::Add),
                None if in_place => (gradient, Accumulate::Overwrite),
                None => (
                    self.places
                        .take(self.graph.features(value), self.graph.layout(value))?,
                    Accumulate::Overwrite,
                ),
            };
            self.gradient[value] = Some(out);
            handed_on |= in_place;
            let out = Some(out);
            self.made.steps.push(BackwardStep {
                first,
                retained: self.retained(node, which),
                out,
                accumulate,
                in_place,
                ..step
            });
            first = false;
        }
        if first {
            // Nothing below is trained, but the tap still sees this gradient, and the parameters
            // want theirs.
            let retained = self.retained(node, 0);
            self.made.steps.push(BackwardStep { retained, ..step });
        }
        self.after(index, gradient, partial, handed_on);
        Some(())
    }

    /// What the step for input `which` of a node reads besides the gradient.
    fn retained(&self, node: &Node, which: usize) -> Place {
        let value = match (node.operator.retains(), node.inputs) {
            // A linear layer's input is read by its weight gradient, not by its steps.
            _ if node.operator.gradient_of() == GradientOf::Blocks => return Place::NOTHING,
            (Retains::Neither, _) => return Place::NOTHING,
            (Retains::Input, inputs) => inputs.first(),
            (Retains::Output, _) => node.output,
            (Retains::Both, Inputs::Two(_, other)) if which == 0 => other,
            (Retains::Both, inputs) => inputs.first(),
        };
        self.kept[value].expect("what the backward reads is kept")
    }

    /// Plans the weight gradients of a node whose steps are planned, and frees what is done.
    fn after(&mut self, index: usize, gradient: Place, partial: Place, handed_on: bool) {
        let node = &self.graph.nodes[index];
        if let (Operator::Linear(linear), GradientOf::Blocks) =
            (&node.operator, node.operator.gradient_of())
        {
            let input = self.kept[node.inputs.first()].expect("a layer's input is kept");
            let source = tasks::Source {
                node: index,
                weight: node.parameters.start,
                gradient,
                input,
            };
            self.work += tasks::linear_work(linear, self.batch);
            let parameters = &self.graph.parameters;
            let made = tasks::weight_tasks(linear, parameters, source, self.batch, self.total_work);
            self.made.tasks.extend(made);
            self.held = self
                .held
                .saturating_add(linear.outputs.saturating_mul(self.batch));
            self.free_later.push(gradient);
        } else if !handed_on {
            self.places.give_back(gradient);
        }
        if let Operator::BatchNorm(norm) = &node.operator {
            let made = tasks::batch_norm_tasks(norm, node, index, &self.graph.parameters);
            self.made.tasks.extend(made);
        }
        if node.operator.gradient_of() == GradientOf::Partials {
            let made = tasks::partial_tasks(node, index, &self.graph.parameters, partial);
            self.made.tasks.extend(made);
            // Held by every lane, each with as many values as a whole number of cache lines.
            let values = node.storage.len().next_multiple_of(ALIGN);
            let values = values.saturating_mul(self.lanes.count);
            self.held = self.held.saturating_add(values);
            self.free_later.push(partial);
        }
        // Every operator that reads this node's output is done.
        let output = node.output;
        if self.needed[output] && output != self.graph.output {
            self.free_later.extend(self.kept[output]);
        }
        if self.work >= SEGMENT_WORK || self.held >= SEGMENT_VALUES {
            self.end_segment(None);
        }
    }

    fn end_segment(&mut self, reduce: Option<usize>) {
        let (steps, tasks) = (self.made.steps.len(), self.made.tasks.len());
        let (first_step, first_task) = self
            .made
            .segments
            .last()
            .map_or((0, 0), |last| (last.steps.end, last.tasks.end));
        // Gradients lie in the order of the parameters; tasks of a segment follow it, so that
        // the storage can be cut between them.
        self.made.tasks[first_task..].sort_by_key(|task| task.start);
        self.made.segments.push(Segment {
            again: std::mem::take(&mut self.again),
            steps: first_step..steps,
            tasks: first_task..tasks,
            reduce,
        });
        for place in self.free_later.drain(..) {
            self.places.give_back(place);
        }
        self.work = 0;
        self.held = 0;
    }
}
