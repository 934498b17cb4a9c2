//! Draws histograms.

use evenkeel_lab::results::{Distribution, Spacing};

use super::{percent, share, whole};
use crate::figure::axes::{self, Plot, X_AXIS_HEIGHT};
use crate::figure::{Canvas, Drawing, Size};
use crate::palette::swatch_of;
use crate::svg::{Label, Node, Path, Scale, Tick, fit};

const PANEL_GAP: f64 = 34.0;
const ROW_GAP: f64 = 20.0;
/// A panel's title and the name of its vertical axis.
const PANEL_HEAD: f64 = 44.0;
const PLOT_HEIGHT: f64 = 150.0;
/// Where the fullest bin holds so many times what the middle one does, a linear axis would show that
/// bin alone.
const MOST_LINEAR_RATIO: f64 = 20.0;
/// A share beyond the axis that is worth a word.
const WORTH_A_WORD: f64 = 0.005;

pub(super) fn draw(panels: &[&Distribution], canvas: &Canvas) -> Drawing {
    let columns = match canvas.size {
        Size::Wide => panels.len().min(2),
        Size::Narrow => 1,
    };
    let wide = (canvas.width - 6.0 - PANEL_GAP * (columns as f64 - 1.0)) / columns as f64;
    let pitch = PANEL_HEAD + PLOT_HEIGHT + X_AXIS_HEIGHT + ROW_GAP;
    let mut body = Vec::new();
    for (i, panel) in panels.iter().enumerate() {
        let (row, column) = ((i / columns) as f64, (i % columns) as f64);
        let at = (column * (wide + PANEL_GAP), row * pitch);
        body.push(draw_panel(panel, at, wide));
    }
    Drawing {
        width: canvas.width,
        height: panels.len().div_ceil(columns) as f64 * pitch - ROW_GAP,
        body,
    }
}

fn draw_panel(d: &Distribution, (left, top): (f64, f64), wide: f64) -> Node {
    let range = (top + PANEL_HEAD + PLOT_HEIGHT, top + PANEL_HEAD);
    let y = shares(d, range);
    let y_ticks = in_percent(y.ticks(4));
    let plot = Plot {
        left: left + axes::label_room(&y_ticks),
        right: left + wide,
        top: range.1,
        bottom: range.0,
    };
    let ends = (d.low.0, d.high.0);
    let x = match d.spacing {
        Spacing::Linear => Scale::linear(ends, (plot.left, plot.right)),
        Spacing::Logarithmic => Scale::log(ends, (plot.left, plot.right)),
    };
    let key = swatch_of(&d.init).key;
    let title = fit(&d.name, 13.0, plot.right - left);
    Node::group("panel-group")
        .child(Node::text_at("panel", (left, plot.top - 30.0), &title))
        .child(Node::text_at(
            "tick",
            (left, plot.top - 12.0),
            "share of all values",
        ))
        .child(axes::y_axis(&plot, &y, &y_ticks))
        .children(
            outline(d, &x, &y, &plot)
                .map(|path| Node::path(&format!("bars s-{key} f-{key}"), &path)),
        )
        .children(law(d, &x, &y))
        .child(axes::x_axis(&plot, &x, &x.ticks(5), &axis_title(d)))
}

/// The scale of the shares: even where bins are of one order, logarithmic where one is not.
fn shares(d: &Distribution, range: (f64, f64)) -> Scale {
    let predicted = d.predicted.iter().map(|p| p.0).filter(|p| p.is_finite());
    let measured = (0..d.counts.len()).map(|bin| share(d, bin));
    let highest = measured.clone().chain(predicted).fold(0.0, f64::max);
    let mut present: Vec<f64> = measured.filter(|share| *share > 0.0).collect();
    present.sort_by(f64::total_cmp);
    let middle = present.get(present.len() / 2).copied().unwrap_or(1.0);
    if present.len() > 4 && highest > MOST_LINEAR_RATIO * middle {
        Scale::log((0.5 * present[0], 1.0), range)
    } else {
        Scale::linear((0.0, 1.05 * highest.max(1e-12)), range)
    }
}

fn in_percent(ticks: Vec<Tick>) -> Vec<Tick> {
    let as_percent = |tick: Tick| Tick {
        label: Label::Plain(percent((tick.value * 1e9).round() / 1e9)),
        ..tick
    };
    ticks.into_iter().map(as_percent).collect()
}

/// The bars as one outline, so that no hair of paper parts them.
fn outline(d: &Distribution, x: &Scale, y: &Scale, plot: &Plot) -> Option<Path> {
    let mut points = vec![(plot.left, plot.bottom)];
    for bin in 0..d.counts.len() {
        let (from, to) = (x.at(d.edge(bin))?, x.at(d.edge(bin + 1))?);
        let height = y.clamped(share(d, bin)).unwrap_or(plot.bottom);
        points.extend([(from, height), (to, height)]);
    }
    points.push((plot.right, plot.bottom));
    Some(Path::area(points))
}

/// A dot a bin where the law's share has a place.
fn law(d: &Distribution, x: &Scale, y: &Scale) -> Vec<Node> {
    let dots = d.predicted.iter().enumerate().filter_map(|(bin, share)| {
        let (from, to) = (x.at(d.edge(bin))?, x.at(d.edge(bin + 1))?);
        let at = (0.5 * (from + to), y.at(share.0)?);
        Some(Node::circle("law", at, 2.6))
    });
    dots.collect()
}

/// The axis' title, with what lies beyond its ends if that is worth a word.
fn axis_title(d: &Distribution) -> String {
    let beyond = (d.below as f64 + d.above as f64) / whole(d);
    if beyond > WORTH_A_WORD {
        format!(
            "{} ({} lie beyond)",
            d.x_label,
            percent((beyond * 1e3).round() / 1e3)
        )
    } else {
        d.x_label.clone()
    }
}
