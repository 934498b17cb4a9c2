//! Signs that the maps share: fixed points, the diagonal, the way from layer to layer.

use evenkeel_theory::Stability;

use super::layout::Frame;
use crate::figure::axes::Plot;
use crate::svg::{Node, Path, width};

/// The curve of a map. No initialisation has this colour.
pub(super) const CURVE: &str = "line s-other-2";
/// Where a layer changes nothing.
pub(super) const DIAGONAL: &str = "limit";
/// The way from layer to layer.
pub(super) const WAY: &str = "leader s-other-2";

/// The sign of a fixed point about the origin: full where it attracts, hollow where it repels.
pub(super) fn fixed_point(stability: Stability) -> Node {
    let at = |class, radius| Node::circle(class, (0.0, 0.0), radius);
    match stability {
        Stability::Stable => at("dots", 5.0),
        Stability::Unstable => at("paper i-s", 5.0).attr("stroke-width", "2"),
        Stability::Marginal => Node::new("g")
            .child(at("paper axis", 5.5))
            .child(at("dots", 2.5)),
    }
}

/// The sign at its place, with its value beside it.
pub(super) fn labelled_point(
    stability: Stability,
    (x, y): (f64, f64),
    label: &str,
    plot: &Plot,
) -> Node {
    let mark = Node::new("g")
        .attr("transform", format!("translate({x:.1} {y:.1})"))
        .child(fixed_point(stability));
    // Right below the diagonal the curve of a rising map never runs close to its fixed point;
    // near the right or the lower edge, the same holds left above it.
    let right_below = x + 14.0 + width(label, 12.0) < plot.right && y + 22.0 < plot.bottom;
    let text = if right_below {
        Node::text_at("strong halo", (x + 10.0, y + 18.0), label)
    } else if x - 14.0 - width(label, 12.0) > plot.left {
        Node::text_at("strong end halo", (x - 8.0, y - 12.0), label)
    } else {
        // In the lower left corner, as far as the rising curve leaves room below it.
        Node::text_at("strong halo", (x + 34.0, y - 6.0), label)
    };
    Node::group("fixed-point").child(mark).child(text)
}

/// The diagonal of a plot whose axes are alike.
pub(super) fn diagonal(plot: &Plot) -> Node {
    Node::line(DIAGONAL, (plot.left, plot.bottom), (plot.right, plot.top))
}

/// A curve through samples of a map.
pub(super) fn curve(frame: &Frame, x: &[f64], y: &[f64]) -> Node {
    let points = x.iter().zip(y).map(|(&x, &y)| frame.place((x, y)));
    Node::path(CURVE, &Path::broken(points))
}

/// The staircase between diagonal and curve that a profile climbs, starting on the horizontal axis.
pub(super) fn staircase(frame: &Frame, profile: &[f64]) -> Option<Node> {
    let corners = profile
        .windows(2)
        .flat_map(|pair| [(pair[0], pair[1]), (pair[1], pair[1])]);
    let first = *profile.first()?;
    let start = (frame.x.at(first)?, frame.plot.bottom);
    let rest: Option<Vec<(f64, f64)>> = corners.map(|corner| frame.place(corner)).collect();
    let points = std::iter::once(start).chain(rest?);
    Some(Node::path(WAY, &Path::through(points)).attr("fill", "none"))
}
