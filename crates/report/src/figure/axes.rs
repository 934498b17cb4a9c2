//! Axes: faint lines across for the values, one line below for the layers or steps.

use crate::svg::{Label, Node, Scale, Tick, width};

/// The rectangle that data is drawn in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plot {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

/// Height below the plot for tick labels and the axis' title.
pub(crate) const X_AXIS_HEIGHT: f64 = 40.0;

/// Room to the left of the plot for these labels.
pub(crate) fn label_room(ticks: &[Tick]) -> f64 {
    let widest = ticks
        .iter()
        .map(|t| label_width(&t.label))
        .fold(0.0, f64::max);
    (widest + 12.0).max(34.0).ceil()
}

fn label_width(label: &Label) -> f64 {
    match label {
        Label::Plain(text) => width(text, 12.0),
        Label::Power(exponent) => width("10", 12.0) + width(&exponent.to_string(), 8.5),
    }
}

/// Lines across the plot with their values at the left, and above them what is measured.
pub(crate) fn y_axis(plot: &Plot, scale: &Scale, ticks: &[Tick]) -> Node {
    let mut group = Node::group("y-axis");
    for tick in ticks {
        let Some(y) = scale.at(tick.value) else {
            continue;
        };
        group = group
            .child(Node::line("grid", (plot.left, y), (plot.right, y)))
            .child(Node::label_at(
                "tick end",
                (plot.left - 8.0, y + 4.0),
                &tick.label,
            ));
    }
    group
}

/// The line below the plot, its ticks, and what runs along it.
pub(crate) fn x_axis(plot: &Plot, scale: &Scale, ticks: &[Tick], title: &str) -> Node {
    let y = plot.bottom;
    let mut group =
        Node::group("x-axis").child(Node::line("axis", (plot.left, y), (plot.right, y)));
    for tick in ticks {
        let Some(x) = scale.at(tick.value) else {
            continue;
        };
        group = group
            .child(Node::line("axis", (x, y), (x, y + 4.0)))
            .child(Node::label_at("tick mid", (x, y + 17.0), &tick.label));
    }
    group.child(Node::text_at(
        "tick mid",
        ((plot.left + plot.right) / 2.0, y + 35.0),
        title,
    ))
}
