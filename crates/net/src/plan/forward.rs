//! The order and places of the forward pass.

use super::Mode;
use super::places::{Place, Places};
use crate::graph::{Graph, Inputs, Node, Producer};
use crate::operator::Retains;

/// One operator on one lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ForwardStep {
    pub(crate) node: usize,
    pub(crate) out: Place,
    /// What it reads; where it works in place, that is `out`.
    pub(crate) reads: [Place; 2],
    pub(crate) in_place: bool,
}

/// The forward pass.
#[derive(Debug)]
pub(super) struct Forward {
    pub(super) steps: Vec<ForwardStep>,
    pub(super) inputs: Vec<Place>,
    /// Where each value lies at the end, or `None` where its place was given to another.
    pub(super) kept: Vec<Option<Place>>,
    /// Whether a backward pass reads the value.
    pub(super) needed: Vec<bool>,
}

/// Plans the forward pass; `None` when memory's address range is at its end.
pub(super) fn plan(graph: &Graph, mode: Mode, places: &mut Places) -> Option<Forward> {
    let needed = needed_backward(graph, mode);
    let mut kept: Vec<Option<Place>> = vec![None; graph.values.len()];
    let mut readers_left: Vec<usize> = graph.values.iter().map(|value| value.readers).collect();
    for &input in &graph.inputs {
        kept[input] = Some(places.take(graph.features(input))?);
    }
    let inputs = graph
        .inputs
        .iter()
        .map(|&input| kept[input].expect("just placed"))
        .collect();
    let mut steps = Vec::with_capacity(graph.nodes.len());
    for (index, node) in graph.nodes.iter().enumerate() {
        let read = |value: usize| kept[value].expect("a value that is still to be read is kept");
        let reads = match node.inputs {
            Inputs::One(first) => [read(first), Place::NOTHING],
            Inputs::Two(first, second) => [read(first), read(second)],
        };
        let in_place = may_work_in_place(graph, node, &needed);
        let out = if in_place {
            reads[0]
        } else {
            places.take(graph.features(node.output))?
        };
        steps.push(ForwardStep {
            node: index,
            out,
            reads,
            in_place,
        });
        for value in node.inputs.iter() {
            readers_left[value] -= 1;
            let done = readers_left[value] == 0 && !needed[value] && value != graph.output;
            if in_place {
                kept[value] = None;
            } else if done {
                places.give_back(kept[value].take().expect("it was read just now"));
            }
        }
        kept[node.output] = Some(out);
    }
    Some(Forward {
        steps,
        inputs,
        kept,
        needed,
    })
}

/// Which values the backward pass reads.
fn needed_backward(graph: &Graph, mode: Mode) -> Vec<bool> {
    let mut needed = vec![false; graph.values.len()];
    if mode == Mode::Training {
        for node in &graph.nodes {
            match node.operator.retains() {
                Retains::Neither => {}
                Retains::Input => needed[node.inputs.first()] = true,
                Retains::Output => needed[node.output] = true,
            }
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
