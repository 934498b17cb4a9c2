//! Between segments: what the lanes left is added in their order, whoever computed it.

use crate::graph::Graph;
use crate::operator::{BatchNorm, Operator};
use crate::plan::Plan;

/// What every lane left.
pub(super) struct Lanes<'a> {
    pub(super) sums: &'a [f64],
    pub(super) plan: &'a Plan,
}

impl Lanes<'_> {
    /// Each lane's sums after that of its losses.
    fn iter(&self) -> impl Iterator<Item = &[f64]> + Clone {
        self.sums
            .chunks_exact(self.plan.sums)
            .map(|lane| &lane[1..])
    }
}

/// Makes the moments of the batch that `node` normalises by.
pub(super) fn forward(
    graph: &Graph,
    node: usize,
    lanes: Lanes<'_>,
    examples: usize,
    statistics: &mut [f64],
    buffers: &mut [f32],
) {
    let norm = batch_norm(graph, node);
    let running = running(graph, norm, buffers);
    norm.reduce_forward(lanes.iter(), examples, statistics, running);
}

/// Makes the moments of every layer from its running ones.
pub(super) fn recall(graph: &Graph, statistics: &mut [f64], buffers: &mut [f32]) {
    if graph.buffers.is_empty() {
        return;
    }
    for node in &graph.nodes {
        if let Operator::BatchNorm(norm) = &node.operator {
            norm.recall(statistics, running(graph, norm, buffers));
        }
    }
}

/// Makes the sums over the batch that the gradient of `node` by its input needs.
pub(super) fn backward(graph: &Graph, node: usize, lanes: Lanes<'_>, statistics: &mut [f64]) {
    batch_norm(graph, node).reduce_backward(lanes.iter(), statistics);
}

fn batch_norm(graph: &Graph, node: usize) -> &BatchNorm {
    match &graph.nodes[node].operator {
        Operator::BatchNorm(norm) => norm,
        _ => unreachable!("only batch normalisation stops the lanes"),
    }
}

/// The running mean and, behind it, the running variance.
fn running<'a>(graph: &Graph, norm: &BatchNorm, buffers: &'a mut [f32]) -> &'a mut [f32] {
    let (mean, variance) = (&graph.buffers[norm.buffer], &graph.buffers[norm.buffer + 1]);
    &mut buffers[mean.range().start..variance.range().end]
}
