//! The order and places of the forward pass.

use std::ops::Range;

use super::places::{Place, Places};
use super::{Span, Stage};
use crate::graph::{Graph, Inputs, Node, Producer};
use crate::operator::{GradientOf, Retains};

/// One operator on one lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ForwardStep {
    pub(crate) node: usize,
    pub(crate) out: Place,
    /// What it reads; where it works in place, that is `out`.
    pub(crate) reads: [Place; 2],
    pub(crate) in_place: bool,
    pub(crate) stage: Stage,
}

/// A stretch of the forward pass that each lane takes without waiting for another.
#[derive(Clone, Debug)]
pub(crate) struct ForwardSegment {
    pub(crate) steps: Span,
    /// The node whose lanes' sums are added at its end.
    pub(crate) reduce: Option<usize>,
}

/// The forward pass.
#[derive(Debug)]
pub(super) struct Forward {
    pub(super) steps: Vec<ForwardStep>,
    pub(super) segments: Vec<ForwardSegment>,
    pub(super) inputs: Vec<Place>,
    /// Where each value lies at the end, or `None` where its place was given to another.
    pub(super) kept: Vec<Option<Place>>,
    /// Which values must be there at the end.
    pub(super) needed: Vec<bool>,
}

/// Plans the forward pass, after which the values that are `needed` are there; `None` when memory's
/// address range is at its end.
pub(super) fn plan(graph: &Graph, needed: Vec<bool>, places: &mut Places) -> Option<Forward> {
    let mut kept: Vec<Option<Place>> = vec![None; graph.values.len()];
    let mut inputs = Vec::with_capacity(graph.inputs.len());
    for &input in &graph.inputs {
        let place = places.take(graph.features(input), graph.layout(input))?;
        kept[input] = Some(place);
        inputs.push(place);
    }
    let mut planner = Planner::new(graph, kept, needed);
    for node in 0..graph.nodes.len() {
        if graph.nodes[node].operator.gradient_of() == GradientOf::Batch {
            planner.collect(node);
        }
        planner.node(node, places)?;
    }
    planner.end_segment(None);
    let Planner {
        steps,
        segments,
        kept,
        needed,
        ..
    } = planner;
    Some(Forward {
        steps,
        segments,
        inputs,
        kept,
        needed,
    })
}

/// Plans the steps that make the values of one stretch again, from those that were kept: after
/// them what the stretch's backward pass reads is there too.
pub(super) fn again(
    graph: &Graph,
    stretch: Range<usize>,
    forward: &Forward,
    places: &mut Places,
) -> Option<Forward> {
    let mut needed = needed_by(graph, stretch.clone());
    for (needed, kept) in needed.iter_mut().zip(&forward.needed) {
        *needed |= kept;
    }
    let mut planner = Planner::new(graph, forward.kept.clone(), needed);
    for node in stretch {
        // What crosses into a later stretch is there still.
        if forward.needed[graph.nodes[node].output] {
            planner.read(node, false, places);
        } else {
            planner.node(node, places)?;
        }
    }
    let Planner {
        steps,
        kept,
        needed,
        ..
    } = planner;
    Some(Forward {
        steps,
        segments: Vec::new(),
        inputs: Vec::new(),
        kept,
        needed,
    })
}

struct Planner<'a> {
    graph: &'a Graph,
    steps: Vec<ForwardStep>,
    segments: Vec<ForwardSegment>,
    kept: Vec<Option<Place>>,
    needed: Vec<bool>,
    readers_left: Vec<usize>,
}

impl<'a> Planner<'a> {
    fn new(graph: &'a Graph, kept: Vec<Option<Place>>, needed: Vec<bool>) -> Self {
        Self {
            graph,
            steps: Vec::new(),
            segments: Vec::new(),
            kept,
            needed,
            readers_left: graph.values.iter().map(|value| value.readers).collect(),
        }
    }

    fn reads(&self, node: &Node) -> [Place; 2] {
        let read =
            |value: usize| self.kept[value].expect("a value that is still to be read is kept");
        match node.inputs {
            Inputs::One(first) => [read(first), Place::NOTHING],
            Inputs::Two(first, second) => [read(first), read(second)],
        }
    }

    /// The step in which each lane leaves its sums for the whole batch.
    fn collect(&mut self, index: usize) {
        self.steps.push(ForwardStep {
            node: index,
            out: Place::NOTHING,
            reads: self.reads(&self.graph.nodes[index]),
            in_place: false,
            stage: Stage::Collect,
        });
        self.end_segment(Some(index));
    }

    fn end_segment(&mut self, reduce: Option<usize>) {
        let begin = self.segments.last().map_or(0, |last| last.steps.end);
        self.segments.push(ForwardSegment {
            steps: begin..self.steps.len(),
            reduce,
        });
    }

    fn node(&mut self, index: usize, places: &mut Places) -> Option<()> {
        let node = &self.graph.nodes[index];
        let reads = self.reads(node);
        let in_place = may_work_in_place(self.graph, node, &self.needed);
        let out = if in_place {
            reads[0]
        } else {
            places.take(
                self.graph.features(node.output),
                self.graph.layout(node.output),
            )?
        };
        self.steps.push(ForwardStep {
            node: index,
            out,
            reads,
            in_place,
            stage: Stage::Whole,
        });
        self.read(index, in_place, places);
        self.kept[node.output] = Some(out);
        Some(())
    }

    /// Gives back the places of what `index` was the last to read.
    fn read(&mut self, index: usize, in_place: bool, places: &mut Places) {
        for value in self.graph.nodes[index].inputs.iter() {
            self.readers_left[value] -= 1;
            let done =
                self.readers_left[value] == 0 && !self.needed[value] && value != self.graph.output;
            if in_place {
                self.kept[value] = None;
            } else if done {
                places.give_back(self.kept[value].take().expect("it was read just now"));
            }
        }
    }
}

/// Which values the backward pass of some nodes reads.
pub(super) fn needed_by(graph: &Graph, nodes: Range<usize>) -> Vec<bool> {
    let mut needed = vec![false; graph.values.len()];
    for node in &graph.nodes[nodes] {
        match node.operator.retains() {
            Retains::Neither => {}
            Retains::Input => needed[node.inputs.first()] = true,
            Retains::Output => needed[node.output] = true,
            Retains::Both => node.inputs.iter().for_each(|value| needed[value] = true),
        }
    }
    needed
}

/// An elementwise operator may write over its input where nothing else reads it: no other
/// operator, no backward pass, and not the caller.
fn may_work_in_place(graph: &Graph, node: &Node, needed: &[bool]) -> bool {
    let input = node.inputs.first();
    let value = &graph.values[input];
    node.operator.is_elementwise()
        && value.readers == 1
        && value.producer != Producer::Input
        && !needed[input]
        && input != graph.output
}
