//! Where a pointer finds a layer: a rectangle that is not seen, with what its edges stand for.
//!
//! A page may read, from any `rect.hit`, the layer under a pointer: `data-along` says whether the
//! layers run along `x` or `y`, `data-from` and `data-to` which layer lies at the left or top edge
//! and at the right or bottom one, `data-scale` how they run between. Marks that belong to one
//! layer carry its number as `data-layer`.

use super::axes::Plot;
use crate::svg::Node;

/// Which way the layers run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Along {
    X,
    Y,
}

/// A rectangle over a plot whose layers run evenly from one edge to the other.
pub(crate) fn hit(plot: &Plot, along: Along, (from, to): (f64, f64)) -> Node {
    let size = (plot.right - plot.left, plot.bottom - plot.top);
    let along = match along {
        Along::X => "x",
        Along::Y => "y",
    };
    Node::rect("hit", (plot.left, plot.top), size)
        .attr("data-axis", "layer")
        .attr("data-along", along)
        .attr("data-from", edge(from))
        .attr("data-to", edge(to))
        .attr("data-scale", "linear")
}

/// A layer, or a place between two, without the tail that a quotient of pixels leaves.
fn edge(layer: f64) -> String {
    let thousandths = (layer * 1000.0).round() / 1000.0;
    format!("{}", thousandths + 0.0)
}
