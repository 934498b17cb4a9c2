//! Work that is cut by parameter: weight gradients, and weights as the passes read them.

use std::ops::Range;

use super::backward::SEGMENT_WORK;
use super::places::Place;
use crate::graph::{Bias, Graph, Node, ParameterSpec};
use crate::operator::{BatchNorm, Direction, LaidPart, Linear, Operator};

/// Into how many tasks the weight gradients of a segment should at least fall, so that several
/// threads find work, and of a layer at most.
const WANTED: u64 = 8;
/// A layer is cut only down to tasks of this much work: 20 microseconds.
const MIN_WORK: u64 = 1 << 22;
/// Values of a gradient that one task adds over the lanes, at least: 64 KiB.
const PARTIAL_VALUES: usize = 1 << 14;

/// One worker's part of a pass over the parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    /// The parameter.
    pub(crate) parameter: usize,
    /// The first value that it writes among all gradients, or all weights as they are read, and how
    /// many there are.
    pub(crate) start: usize,
    pub(crate) len: usize,
    /// Which part of its parameter it is, of how many.
    pub(crate) part: usize,
    pub(crate) parts: usize,
    pub(crate) work: Work,
}

/// What a task does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    /// Some rows (outputs) of a weight's gradient.
    Weight {
        source: Source,
        first: usize,
        count: usize,
    },
    /// A bias's gradient.
    Bias { source: Source },
    /// The sum of the lanes' parts, which begin at value `first` of their place.
    Partial {
        node: usize,
        partial: Place,
        first: usize,
    },
    /// Numbers of the statistics from `first` on, which are sums over the batch already.
    Statistics { node: usize, first: usize },
    /// A part of a layer's weight as a pass reads it.
    Lay {
        node: usize,
        direction: Direction,
        first: usize,
    },
}

/// What a weight gradient is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    pub(crate) node: usize,
    /// Index of the layer's weight; its bias, if it has one, follows.
    pub(crate) weight: usize,
    pub(crate) gradient: Place,
    pub(crate) input: Place,
}

impl Task {
    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.start + self.len
    }
}

/// Floating-point operations of a linear layer's backward pass over a batch.
pub(super) fn linear_work(linear: &Linear, batch: usize) -> u64 {
    [4, linear.inputs, linear.outputs, batch]
        .into_iter()
        .fold(1, |work: u64, size| work.saturating_mul(size as u64))
}

pub(super) fn total_work(graph: &Graph, batch: usize) -> u64 {
    let works = graph.nodes.iter().map(|node| match &node.operator {
        Operator::Linear(linear) => linear_work(linear, batch),
        _ => 0,
    });
    works.fold(0, u64::saturating_add)
}

/// The tasks of one layer's gradients, in the order of its parameters.
pub(super) fn weight_tasks(
    linear: &Linear,
    parameters: &[ParameterSpec],
    source: Source,
    batch: usize,
    total_work: u64,
) -> impl Iterator<Item = Task> {
    let blocks = blocks(linear, batch, total_work);
    // Whole vectors of 16 outputs.
    let rows = linear.outputs.div_ceil(blocks).next_multiple_of(16);
    let parts = linear.outputs.div_ceil(rows);
    let Linear {
        inputs,
        outputs,
        bias,
    } = *linear;
    let weight_start = parameters[source.weight].start;
    let weight = (0..parts).map(move |part| {
        let first = part * rows;
        let count = rows.min(outputs - first);
        Task {
            parameter: source.weight,
            start: weight_start + first * inputs,
            len: count * inputs,
            part,
            parts,
            work: Work::Weight {
                source,
                first,
                count,
            },
        }
    });
    let bias = (bias == Bias::Yes).then(|| Task {
        parameter: source.weight + 1,
        start: parameters[source.weight + 1].start,
        len: outputs,
        part: 0,
        parts: 1,
        work: Work::Bias { source },
    });
    weight.chain(bias)
}

/// The tasks that add the lanes' parts of the gradients of a node's parameters.
pub(super) fn partial_tasks<'a>(
    node: &'a Node,
    index: usize,
    parameters: &'a [ParameterSpec],
    partial: Place,
) -> impl Iterator<Item = Task> + 'a {
    node.parameters.clone().flat_map(move |parameter| {
        let spec = &parameters[parameter];
        // Whole rows, so that a tap sees whole rows.
        let row = spec.shape.len() / spec.shape.axes().first().copied().unwrap_or(1);
        let len = PARTIAL_VALUES.div_ceil(row).saturating_mul(row);
        let parts = spec.shape.len().div_ceil(len);
        (0..parts).map(move |part| {
            let start = spec.start + part * len;
            Task {
                parameter,
                start,
                len: len.min(spec.range().end - start),
                part,
                parts,
                work: Work::Partial {
                    node: index,
                    partial,
                    first: start - node.storage.start,
                },
            }
        })
    })
}

/// The tasks that take the gradients of batch normalisation's weight and bias from its sums.
pub(super) fn batch_norm_tasks(
    norm: &BatchNorm,
    node: &Node,
    index: usize,
    parameters: &[ParameterSpec],
) -> [Task; 2] {
    let [bias, weight] = norm.gradients();
    let first = node.parameters.start;
    [(first, weight), (first + 1, bias)].map(|(parameter, sums)| Task {
        parameter,
        start: parameters[parameter].start,
        len: sums.len(),
        part: 0,
        parts: 1,
        work: Work::Statistics {
            node: index,
            first: sums.start,
        },
    })
}

/// Into how many blocks of rows the gradient of one weight is cut.
fn blocks(linear: &Linear, batch: usize, total_work: u64) -> usize {
    let segment = total_work.min(SEGMENT_WORK);
    let target = (segment / WANTED).max(MIN_WORK);
    let wanted = linear_work(linear, batch).div_ceil(target).min(WANTED) as usize;
    wanted.clamp(1, linear.outputs.div_ceil(16))
}

/// Tasks that write the weights as the passes read them, one after another, but those that are read
/// as they are and those that lanes lay by themselves; and where that of each node's forward and backward
/// begins, with the end of the last. `in_lanes` tells of each node whether lanes lay its weight, `passes_back`
/// whether its gradient by its input is wanted.
pub(super) fn layings(
    graph: &Graph,
    in_lanes: &[bool],
    passes_back: &[bool],
) -> (Vec<Task>, Vec<usize>) {
    let mut tasks = Vec::new();
    let mut starts = vec![0];
    let mut start = 0;
    for (index, node) in graph.nodes.iter().enumerate() {
        for direction in [Direction::Forward, Direction::Backward] {
            let is_wanted = match direction {
                Direction::Forward => !in_lanes[index],
                Direction::Backward => passes_back[index],
            };
            let parts = match is_wanted {
                true => node.operator.laid_parts(direction),
                false => Vec::new(),
            };
            let count = parts.len();
            for (part, LaidPart { first, len }) in parts.into_iter().enumerate() {
                tasks.push(Task {
                    parameter: node.parameters.start,
                    start,
                    len,
                    part,
                    parts: count,
                    work: Work::Lay {
                        node: index,
                        direction,
                        first,
                    },
                });
                start += len;
            }
            starts.push(start);
        }
    }
    (tasks, starts)
}
