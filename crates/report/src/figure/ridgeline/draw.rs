//! Draws ridgelines.

use evenkeel_lab::results::{Ridge, Ridgeline};

use super::{Heights, Ridgelines, bin_width, finite_count, peak};
use crate::figure::axes::{self, Plot, X_AXIS_HEIGHT};
use crate::figure::{Along, Canvas, Drawing, Size, hit};
use crate::number::{fixed, number};
use crate::palette::swatch_of;
use crate::svg::{Node, Path, Scale, fit, width};

/// Room at the right of a panel for the standard deviations.
const STD_ROOM: f64 = 68.0;
const PANEL_GAP: f64 = 24.0;
const PANEL_TITLE: f64 = 24.0;
/// Between the last base line and the axis.
const FOOT: f64 = 10.0;
/// Ridges closer than this crowd.
const DENSE: f64 = 14.0;
const ROW_GAP: f64 = 18.0;
/// A share beyond the axis that is worth a word.
const WORTH_A_WORD: f64 = 0.005;

/// One panel's place.
struct Place {
    /// Whether it is the first of its row, which has the layers' names.
    is_first: bool,
    left: f64,
    right: f64,
    top: f64,
    /// The first layer's base line.
    first: f64,
}

/// What all panels share.
struct Grid {
    pitch: f64,
    /// Height of the tallest ridge, which may reach over those before it.
    tallest: f64,
    /// Every how many layers a name is written.
    every: usize,
}

impl Grid {
    fn new(figure: &Ridgelines) -> Self {
        let layers = figure
            .panels
            .iter()
            .map(|p| p.ridges.len())
            .max()
            .unwrap_or(1);
        let pitch = (260.0 / layers as f64).clamp(6.0, 44.0);
        let tallest = (3.0 * pitch).max(72.0);
        let every = (13.0 / pitch).ceil() as usize;
        Self {
            pitch,
            tallest,
            every,
        }
    }

    /// Room above the first base line of a row of panels for the ridges that reach over it.
    fn head(&self, figure: &Ridgelines, row: &[&Ridgeline]) -> f64 {
        let over = |panel: &Ridgeline, i: usize| {
            self.tallest * relative_peak(figure, panel, &panel.ridges[i]) - i as f64 * self.pitch
        };
        row.iter()
            .flat_map(|panel| (0..panel.ridges.len()).map(|i| over(panel, i)))
            .fold(16.0, f64::max)
            + 6.0
    }
}

/// A ridge's peak as a share of the tallest.
fn relative_peak(figure: &Ridgelines, panel: &Ridgeline, ridge: &Ridge) -> f64 {
    match figure.heights {
        Heights::Shared(highest) => {
            peak(ridge, bin_width(panel, ridge)) / highest.max(f64::MIN_POSITIVE)
        }
        Heights::OwnPeak => 1.0,
    }
}

pub(super) fn draw(figure: &Ridgelines, canvas: &Canvas) -> Drawing {
    let columns = match canvas.size {
        Size::Wide => figure.panels.len().min(2),
        Size::Narrow => 1,
    };
    let grid = Grid::new(figure);
    let names = names_room(figure);
    let room = canvas.width - names - PANEL_GAP * (columns as f64 - 1.0);
    let panel_width = room / columns as f64;

    let mut body = Vec::new();
    let mut top = 0.0;
    for row in figure.panels.chunks(columns) {
        let first = top + PANEL_TITLE + grid.head(figure, row);
        let most = row.iter().map(|p| p.ridges.len()).max().unwrap_or(1);
        for (column, panel) in row.iter().enumerate() {
            let left = names + column as f64 * (panel_width + PANEL_GAP);
            let right = left + panel_width - STD_ROOM;
            let place = Place {
                is_first: column == 0,
                left,
                right,
                top,
                first,
            };
            body.push(draw_panel(figure, panel, &place, &grid));
        }
        top = first + grid.pitch * (most as f64 - 1.0) + FOOT + X_AXIS_HEIGHT + ROW_GAP;
    }
    Drawing {
        width: canvas.width,
        height: top - ROW_GAP,
        body,
    }
}

fn names_room(figure: &Ridgelines) -> f64 {
    let labels = figure
        .panels
        .iter()
        .flat_map(|p| p.ridges.iter().map(|r| r.label.as_str()));
    labels
        .map(|label| width(label, 12.0))
        .fold(0.0, f64::max)
        .min(96.0)
        + 12.0
}

fn draw_panel(figure: &Ridgelines, panel: &Ridgeline, place: &Place, grid: &Grid) -> Node {
    let x = Scale::linear(figure.axis, (place.left, place.right));
    let first = place.first;
    let last = first + grid.pitch * (panel.ridges.len() as f64 - 1.0);
    let top = place.top + PANEL_TITLE;
    let plot = Plot {
        left: place.left,
        right: place.right,
        top,
        bottom: last + FOOT,
    };
    let title = fit(
        figure.panel_title(panel),
        13.0,
        place.right - place.left + STD_ROOM,
    );
    let mut group = Node::group("panel-group").child(Node::text_at(
        "panel",
        (place.left, place.top + 13.0),
        &title,
    ));
    let ticks = x.ticks(4);
    for position in ticks.iter().filter_map(|t| x.at(t.value)) {
        group = group.child(Node::line(
            "grid",
            (position, plot.top),
            (position, plot.bottom),
        ));
    }
    let are_layers = figure.are_layers();
    for (i, ridge) in panel.ridges.iter().enumerate() {
        let base = first + i as f64 * grid.pitch;
        let ridge_drawn = draw_ridge(figure, panel, ridge, base, &x, grid);
        group = group.children(ridge_drawn.map(|node| {
            if are_layers {
                node.attr("data-layer", i.to_string())
            } else {
                node
            }
        }));
        if i.is_multiple_of(grid.every) {
            group = group.children(names_of(ridge, place, base));
        }
    }
    let title = axis_title(panel);
    // A ridge stands on its base line: what a pointer above that line means is this ridge.
    let bands = Plot {
        top: first - grid.pitch,
        bottom: last,
        ..plot
    };
    let rows = (-0.5, panel.ridges.len() as f64 - 0.5);
    group
        .child(axes::x_axis(&plot, &x, &ticks, &title))
        .children(are_layers.then(|| hit(&bands, Along::Y, rows)))
}

/// The axis' title, with what lies beyond its ends if that is worth a word.
fn axis_title(panel: &Ridgeline) -> String {
    let beyond = |r: &Ridge| (r.below as f64 + r.above as f64) / finite_count(r).max(1.0);
    let most = panel.ridges.iter().map(beyond).fold(0.0, f64::max);
    if most > WORTH_A_WORD {
        format!(
            "{} (up to {:.0}% lie beyond)",
            panel.x_label,
            (most * 100.0).max(1.0)
        )
    } else {
        panel.x_label.clone()
    }
}

fn names_of(ridge: &Ridge, place: &Place, base: f64) -> Vec<Node> {
    let mut nodes = Vec::new();
    if place.is_first {
        let label = fit(&ridge.label, 12.0, 96.0);
        nodes.push(Node::text_at(
            "tick end",
            (place.left - 10.0, base + 1.0),
            &label,
        ));
    }
    let (class, text) = if ridge.nonfinite > 0 {
        ("i-f strong", "NaN or ∞".to_owned())
    } else if finite_count(ridge) == 0.0 {
        ("tick", "no values".to_owned())
    } else {
        ("tick", format!("σ {}", short(ridge.std.0)))
    };
    nodes.push(Node::text_at(class, (place.right + 8.0, base + 1.0), &text));
    nodes
}

/// Two significant digits are enough beside a picture.
fn short(x: f64) -> String {
    if !x.is_finite() || x <= 0.0 {
        return number(x);
    }
    // Down to 0.0010 with its zeros, so that a column of them lines up.
    let decimals = 1.0 - libm::log10(x).floor();
    if (0.0..=4.0).contains(&decimals) {
        return fixed(x, decimals as usize);
    }
    number(format!("{x:.1e}").parse().unwrap_or(x))
}

/// A ridge as an area: up at the left end, along the middles of the bins, down at the right end.
fn draw_ridge(
    figure: &Ridgelines,
    panel: &Ridgeline,
    ridge: &Ridge,
    base: f64,
    x: &Scale,
    grid: &Grid,
) -> Option<Node> {
    let bin = bin_width(panel, ridge);
    let unit = match figure.heights {
        Heights::Shared(highest) => highest,
        Heights::OwnPeak => peak(ridge, bin),
    };
    if unit <= 0.0 || finite_count(ridge) == 0.0 {
        return None;
    }
    let scale = grid.tallest / (unit * finite_count(ridge) * bin);
    let middles = ridge.counts.iter().enumerate().filter_map(|(i, count)| {
        let position = x.at(panel.low.0 + (i as f64 + 0.5) * bin)?;
        Some((position, base - *count as f64 * scale))
    });
    let (left, right) = (x.at(panel.low.0)?, x.at(panel.high.0)?);
    let outline: Vec<(f64, f64)> = std::iter::once((left, base))
        .chain(middles)
        .chain(std::iter::once((right, base)))
        .collect();
    let key = swatch_of(&panel.init).key;
    let path = Path::area(without_flats(&outline));
    // Where ridges crowd, tints would add up to mud: paper hides what lies behind instead.
    let class = if grid.pitch < DENSE {
        format!("ridge-line s-{key}")
    } else {
        format!("ridge s-{key} f-{key}")
    };
    Some(Node::path(&class, &path))
}

/// Drops the points in the middle of a level stretch: most bins of a collapsed layer are empty.
fn without_flats(outline: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let level = |a: f64, b: f64| (a - b).abs() < 0.05;
    let inner = |i: usize| {
        i > 0
            && i + 1 < outline.len()
            && level(outline[i - 1].1, outline[i].1)
            && level(outline[i + 1].1, outline[i].1)
    };
    (0..outline.len())
        .filter(|i| !inner(*i))
        .map(|i| outline[i])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::without_flats;

    #[test]
    fn a_flat_stretch_keeps_its_ends() {
        let outline = [
            (0.0, 5.0),
            (1.0, 5.0),
            (2.0, 5.0),
            (3.0, 1.0),
            (4.0, 5.0),
            (5.0, 5.0),
        ];
        assert_eq!(
            without_flats(&outline),
            [(0.0, 5.0), (2.0, 5.0), (3.0, 1.0), (4.0, 5.0), (5.0, 5.0)]
        );
    }
}
