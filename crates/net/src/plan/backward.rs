//! The order and places of the backward pass.

use super::places::{Place, Places};
use super::tasks::{self, Task};
use super::{Span, forward::Forward};
use crate::graph::{Graph, Node};
use crate::matrix::Accumulate;
use crate::operator::{Operator, Retains};

/// Work, in floating-point operations over the batch, after which lanes stop for the weight
/// gradients: about a millisecond, so that stopping costs nothing, while what the weight
/// gradients read is still in the outer cache and their places come free early.
pub(super) const SEGMENT_WORK: u64 = 1 << 28;

/// Values of gradients, over the batch, that are held for weight gradients before lanes stop for
/// them: 4 MiB, so that a deep narrow network holds a stretch of its gradients and not all.
const SEGMENT_VALUES: usize = 1 << 20;

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
    pub(crate) accumulate: Accumulate,
    pub(crate) in_place: bool,
}

/// A stretch of the backward pass: each lane takes its steps, then the weight gradients of its
/// layers are summed over the lanes.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) steps: Span,
    pub(crate) tasks: Span,
}

/// The backward pass.
#[derive(Debug, Default)]
pub(super) struct Backward {
    pub(super) seed: Option<Place>,
    pub(super) steps: Vec<BackwardStep>,
    pub(super) tasks: Vec<Task>,
    pub(super) segments: Vec<Segment>,
}

/// Plans the backward pass; `None` when memory's address range is at its end.
pub(super) fn plan(
    graph: &Graph,
    forward: &Forward,
    batch: usize,
    places: &mut Places,
) -> Option<Backward> {
    let wanted = wanted_gradients(graph);
    if !wanted[graph.output] {
        return Some(Backward::default());
    }
    let mut planner = Planner {
        graph,
        forward,
        batch,
        places,
        wanted,
        gradient: vec![None; graph.values.len()],
        free_later: Vec::new(),
        work: 0,
        held: 0,
        total_work: tasks::total_work(graph, batch),
        made: Backward::default(),
    };
    let seed = planner.places.take(graph.features(graph.output))?;
    planner.gradient[graph.output] = Some(seed);
    planner.made.seed = Some(seed);
    for index in (0..graph.nodes.len()).rev() {
        if planner.gradient[graph.nodes[index].output].is_some() {
            planner.node(index)?;
        }
    }
    planner.end_segment();
    Some(planner.made)
}

/// Which values' gradients are wanted: those that a parameter has an effect on and that have an
/// effect on the output.
fn wanted_gradients(graph: &Graph) -> Vec<bool> {
    let mut trained = vec![false; graph.values.len()];
    for node in &graph.nodes {
        trained[node.output] = node.weight.is_some() || node.inputs.iter().any(|v| trained[v]);
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
    forward: &'a Forward,
    batch: usize,
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
    fn node(&mut self, index: usize) -> Option<()> {
        let node = &self.graph.nodes[index];
        let gradient = self.gradient[node.output]
            .take()
            .expect("checked by the caller");
        let retained = self.retained(node);
        let step = BackwardStep {
            node: index,
            first: true,
            gradient,
            retained,
            out: None,
            accumulate: Accumulate::Overwrite,
            in_place: false,
        };
        let mut handed_on = false;
        let mut first = true;
        for value in node.inputs.iter().filter(|&value| self.wanted[value]) {
            let in_place = self.graph.nodes[index].operator.is_elementwise()
                && self.graph.values[value].readers == 1;
            let (out, accumulate) = match self.gradient[value] {
                Some(place) => (place, Accumulate::Add),
                None if in_place => (gradient, Accumulate::Overwrite),
                None => (
                    self.places.take(self.graph.features(value))?,
                    Accumulate::Overwrite,
                ),
            };
            self.gradient[value] = Some(out);
            handed_on |= in_place;
            let out = Some(out);
            self.made.steps.push(BackwardStep {
                first,
                out,
                accumulate,
                in_place,
                ..step
            });
            first = false;
        }
        if first {
            // Nothing below is trained, but the tap still sees this gradient.
            self.made.steps.push(step);
        }
        self.after(index, gradient, handed_on);
        Some(())
    }

    fn retained(&self, node: &Node) -> Place {
        let value = match node.operator.retains() {
            // A linear layer's input is read by its weight gradient, not by its steps.
            _ if node.weight.is_some() => return Place::NOTHING,
            Retains::Neither => return Place::NOTHING,
            Retains::Input => node.inputs.first(),
            Retains::Output => node.output,
        };
        self.forward.kept[value].expect("what the backward reads is kept")
    }

    /// Plans the weight gradients of a node whose steps are planned, and frees what is done.
    fn after(&mut self, index: usize, gradient: Place, handed_on: bool) {
        let node = &self.graph.nodes[index];
        if let (Operator::Linear(linear), Some(weight)) = (&node.operator, node.weight) {
            let input = self.forward.kept[node.inputs.first()].expect("a layer's input is kept");
            let source = tasks::Source {
                node: index,
                weight,
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
        // Every operator that reads this node's output is done.
        let output = node.output;
        if self.forward.needed[output] && output != self.graph.output {
            self.free_later.extend(self.forward.kept[output]);
        }
        if self.work >= SEGMENT_WORK || self.held >= SEGMENT_VALUES {
            self.end_segment();
        }
    }

    fn end_segment(&mut self) {
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
            steps: first_step..steps,
            tasks: first_task..tasks,
        });
        for place in self.free_later.drain(..) {
            self.places.give_back(place);
        }
        self.work = 0;
        self.held = 0;
    }
}
