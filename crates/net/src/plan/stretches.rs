//! Cuts a graph into stretches, of which a backward pass may compute the activations again.
//!
//! With about √n stretches of √n of n operators, what is kept of the forward pass (the values that
//! cross a cut) and what is made again of one stretch at a time both grow as the root of the depth.
//!
//! # Source
//!
//! T. Chen, B. Xu, C. Zhang, C. Guestrin (2016), "Training deep nets with sublinear memory cost",
//! arXiv 1604.06174, section 3.

use std::ops::Range;

use super::Recompute;
use crate::graph::Graph;

/// The stretches of a graph's nodes, in order.
pub(super) fn of(graph: &Graph, recompute: Recompute) -> Vec<Range<usize>> {
    let nodes = graph.nodes.len();
    let count = match recompute {
        Recompute::Nothing => 1,
        Recompute::Sqrt => (nodes as f64).sqrt().round() as usize,
    };
    let mut cuts = vec![0];
    let crossing = crossing(graph);
    for part in 1..count {
        // Where the fewest values cross, half a stretch to either side.
        let (middle, reach) = (part * nodes / count, nodes / count / 2);
        let window = middle.saturating_sub(reach).max(1)..(middle + reach).min(nodes);
        let best = window.min_by_key(|&cut| (crossing[cut], cut.abs_diff(middle)));
        cuts.extend(best.filter(|cut| Some(cut) > cuts.last()));
    }
    cuts.push(nodes);
    cuts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// Which values are made in one stretch and read in a later one; the inputs and the output with
/// them.
pub(super) fn boundary(graph: &Graph, stretches: &[Range<usize>]) -> Vec<bool> {
    let mut made_in = vec![None; graph.values.len()];
    let mut boundary = vec![false; graph.values.len()];
    for (index, stretch) in stretches.iter().enumerate() {
        for node in &graph.nodes[stretch.clone()] {
            for value in node.inputs.iter() {
                boundary[value] |= made_in[value] != Some(index);
            }
            made_in[node.output] = Some(index);
        }
    }
    for &input in &graph.inputs {
        boundary[input] = true;
    }
    boundary[graph.output] = true;
    boundary
}

/// For each place before a node, how many features cross it.
fn crossing(graph: &Graph) -> Vec<usize> {
    let mut last_read = vec![None; graph.values.len()];
    for (index, node) in graph.nodes.iter().enumerate() {
        for value in node.inputs.iter() {
            last_read[value] = Some(index);
        }
    }
    let mut ends = vec![0usize; graph.nodes.len() + 1];
    let mut live = 0usize;
    let mut crossing = Vec::with_capacity(graph.nodes.len());
    for (index, node) in graph.nodes.iter().enumerate() {
        crossing.push(live);
        live -= std::mem::take(&mut ends[index]);
        if let Some(last) = last_read[node.output] {
            live += graph.features(node.output);
            ends[last] += graph.features(node.output);
        }
    }
    crossing
}
