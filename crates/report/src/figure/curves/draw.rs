//! Draws panels of curves.

use evenkeel_lab::results::{Number, Series};

use super::panel::Panel;
use crate::figure::axes::{self, Plot, X_AXIS_HEIGHT};
use crate::figure::key::{self, Entry, Sign};
use crate::figure::{Along, Canvas, Drawing, Size, hit};
use crate::number::number;
use crate::palette::swatch_of;
use crate::svg::{Node, Path, Scale, decimate, dodge, fit, width};

const PANEL_GAP: f64 = 34.0;
const ROW_GAP: f64 = 22.0;
/// A panel's title and the name of its vertical axis.
const PANEL_HEAD: f64 = 46.0;
const LABEL_HEIGHT: f64 = 15.0;
/// How much wider bold letters run.
const BOLDER: f64 = 1.1;
const MOST_LABEL_ROOM: f64 = 172.0;

pub(super) fn draw(panels: &[Panel], canvas: &Canvas) -> Drawing {
    let columns = if canvas.size == Size::Wide {
        panels.len().min(2)
    } else {
        1
    };
    let direct = canvas.size == Size::Wide;
    let entries = if direct {
        Vec::new()
    } else {
        key_entries(panels)
    };
    let (mut body, key_height) = key::rows(&entries, canvas.width);
    let label_room = if direct {
        widest_label(panels) + 26.0
    } else {
        10.0
    };
    let plot_height = if columns == 1 && direct { 280.0 } else { 210.0 };

    let room = canvas.width - label_room - PANEL_GAP * (columns as f64 - 1.0);
    let panel_width = room / columns as f64;
    let panel_height = PANEL_HEAD + plot_height + X_AXIS_HEIGHT;
    let key_gap = if key_height > 0.0 {
        key_height + 10.0
    } else {
        0.0
    };
    let mut height: f64 = 0.0;
    for (i, panel) in panels.iter().enumerate() {
        let (row, column) = (i / columns, i % columns);
        let left = column as f64 * (panel_width + PANEL_GAP);
        let top = key_gap + row as f64 * (panel_height + ROW_GAP);
        let y_range = (top + PANEL_HEAD + plot_height, top + PANEL_HEAD);
        let y = panel.y_scale(y_range);
        let plot = Plot {
            left: left + axes::label_room(&panel.y_ticks(&y)),
            right: left + panel_width,
            top: y_range.1,
            bottom: y_range.0,
        };
        let ends_row = column + 1 == columns || i + 1 == panels.len();
        body.push(draw_panel(panel, left, &plot, &y, direct && ends_row));
        height = height.max(plot.bottom + X_AXIS_HEIGHT);
    }
    Drawing {
        width: canvas.width,
        height,
        body,
    }
}

fn draw_panel(panel: &Panel, left: f64, plot: &Plot, y: &Scale, labelled: bool) -> Node {
    let x = panel.x_scale((plot.left, plot.right));
    let title = fit(&panel.curves.name, 13.0, plot.right - left);
    let mut group = Node::group("panel-group")
        .child(Node::text_at("panel", (left, plot.top - 33.0), &title))
        .child(Node::text_at(
            "tick",
            (left, plot.top - 14.0),
            &panel.curves.y_label,
        ))
        .child(axes::y_axis(plot, y, &panel.y_ticks(y)));
    let (guide_lines, guide_names) = guides(panel, plot, &x, y);
    group = group.children(guide_lines);
    for series in &panel.curves.series {
        group = group.children(spread(series, &x, y));
    }
    for series in &panel.curves.series {
        group = group.child(line(series, &x, y));
    }
    group = group.children(
        panel
            .curves
            .series
            .iter()
            .filter_map(|s| predicted(s, &x, y)),
    );
    group = group.children(guide_names);
    let x_ticks = panel.x_ticks(&x);
    group = group.child(axes::x_axis(plot, &x, &x_ticks, &panel.curves.x_label));
    group = group.child(losses(panel, plot, &x, y));
    if panel.curves.x_label == "layer" {
        group = group.child(hit(plot, Along::X, x.domain()));
    }
    if labelled {
        group.child(labels(panel, plot, y))
    } else {
        group
    }
}

/// Level lines to read the curves by, and their names, on the side of the line and at the end of it
/// where the fewest curves pass.
fn guides(panel: &Panel, plot: &Plot, x: &Scale, y: &Scale) -> (Vec<Node>, Vec<Node>) {
    let (mut lines, mut names) = (Vec::new(), Vec::new());
    let points = points(panel, x, y);
    for guide in &panel.curves.guides {
        let inside = |at: &f64| (plot.top..=plot.bottom).contains(at);
        let Some(at) = y.at(guide.y.0).filter(inside) else {
            continue;
        };
        let name = fit(&guide.label, 12.0, plot.right - plot.left - 12.0);
        let wide = width(&name, 12.0);
        let starts = [plot.left + 6.0, plot.right - 6.0 - wide];
        let places = [-6.0, 15.0]
            .into_iter()
            .flat_map(|dy| starts.map(|start| (start, at + dy)))
            .filter(|(_, baseline)| (plot.top + 6.0..=plot.bottom - 4.0).contains(baseline));
        let passing = |place: &(f64, f64)| passing(&points, *place, (wide, LABEL_HEIGHT));
        lines.push(Node::line("guide", (plot.left, at), (plot.right, at)));
        if let Some(place) = places.min_by_key(passing) {
            names.push(Node::text_at("halo", place, &name));
        }
    }
    (lines, names)
}

/// The area between the lowest and the highest seed.
fn spread(series: &Series, x: &Scale, y: &Scale) -> Option<Node> {
    let edge = |values: &[Number]| -> Vec<Option<(f64, f64)>> {
        let points: Vec<_> = series
            .x
            .iter()
            .zip(values)
            .map(|(at, value)| Some((x.at(at.0)?, y.clamped(value.0)?)))
            .filter(Option::is_some)
            .collect();
        decimate(&points)
    };
    let (upper, lower) = (edge(&series.high), edge(&series.low));
    let path = Path::area(upper.into_iter().chain(lower.into_iter().rev()).flatten());
    let key = swatch_of(&series.init).key;
    (!path.is_empty()).then(|| Node::path(&format!("band f-{key}"), &path))
}

/// The median, with a cross where it stops being finite.
fn line(series: &Series, x: &Scale, y: &Scale) -> Node {
    let points: Vec<Option<(f64, f64)>> = series
        .x
        .iter()
        .zip(&series.y)
        .map(|(a, b)| Some((x.at(a.0)?, y.at(b.0)?)))
        .collect();
    let key = swatch_of(&series.init).key;
    let path = Path::broken(decimate(&points));
    let mut group = Node::group("series").child(Node::new("title").text(&series.label));
    if !path.is_empty() {
        group = group.child(Node::path(&format!("line s-{key}"), &path));
    }
    let lost = series.y.iter().position(|value| !value.0.is_finite());
    if let Some((px, py)) = lost.and_then(|i| points[..i.min(points.len())].iter().flatten().last())
    {
        let cross = [
            ((px - 4.0, py - 4.0), (px + 4.0, py + 4.0)),
            ((px - 4.0, py + 4.0), (px + 4.0, py - 4.0)),
        ];
        group =
            group.children(cross.map(|(from, to)| Node::line(&format!("line s-{key}"), from, to)));
    }
    group
}

/// What theory predicts, as in a depth profile.
fn predicted(series: &Series, x: &Scale, y: &Scale) -> Option<Node> {
    let points = series.x.iter().zip(&series.predicted);
    let points: Vec<_> = points
        .map(|(a, b)| Some((x.at(a.0)?, y.clamped(b.0)?)))
        .collect();
    let path = Path::broken(decimate(&points));
    (!path.is_empty()).then(|| Node::path("predicted", &path))
}

/// Where the curves pass, in pixels.
fn points(panel: &Panel, x: &Scale, y: &Scale) -> Vec<(f64, f64)> {
    let series = panel.curves.series.iter();
    series
        .flat_map(|s| s.x.iter().zip(&s.y))
        .filter_map(|(a, b)| Some((x.at(a.0)?, y.at(b.0)?)))
        .collect()
}

/// How many points lie under a text of a size, that begins and stands at a place.
fn passing(
    points: &[(f64, f64)],
    (start, baseline): (f64, f64),
    (wide, high): (f64, f64),
) -> usize {
    let near = |(px, py): &&(f64, f64)| {
        (start - 4.0..=start + wide + 4.0).contains(px)
            && (baseline - 14.0..=baseline - 10.0 + high).contains(py)
    };
    points.iter().filter(near).count()
}

/// Which curves stop being finite, and where, at the right, as high as no curve passes.
fn losses(panel: &Panel, plot: &Plot, x: &Scale, scale: &Scale) -> Node {
    let texts = loss_texts(panel, plot);
    let mut group = Node::group("losses");
    let wide = texts.iter().map(|t| width(&t.1, 12.0) * BOLDER);
    let block = (wide.fold(0.0, f64::max), texts.len() as f64 * LABEL_HEIGHT);
    let points = points(panel, x, scale);
    let heights = (0..).map(|step| plot.top + 12.0 + f64::from(step) * LABEL_HEIGHT);
    let mut y = heights
        .take_while(|top| top - 12.0 + block.1 < plot.bottom)
        .min_by_key(|top| passing(&points, (plot.right - block.0, *top), block))
        .unwrap_or(plot.top + 12.0);
    for (class, text) in texts {
        group = group.child(Node::text_at(&class, (plot.right, y), &text));
        y += LABEL_HEIGHT;
    }
    group
}

/// The class and the words for each curve that stops being finite.
fn loss_texts(panel: &Panel, plot: &Plot) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for series in &panel.curves.series {
        let Some(i) = series.y.iter().position(|value| !value.0.is_finite()) else {
            continue;
        };
        let what = if series.y[i].0.is_nan() { "NaN" } else { "∞" };
        let at = series.x.get(i).map_or(f64::NAN, |x| x.0);
        let text = format!(
            "{}: {what} from {} {}",
            series.label,
            panel.curves.x_label,
            number(at)
        );
        let text = fit(&text, 12.0, plot.right - plot.left);
        let class = format!("strong end halo f-{}", swatch_of(&series.init).key);
        texts.push((class, text));
    }
    texts
}

fn key_entries(panels: &[Panel]) -> Vec<Entry> {
    let series = panels.first().map_or(&[][..], |p| &p.curves.series);
    series
        .iter()
        .map(|s| Entry {
            sign: Sign::Line(swatch_of(&s.init), 0),
            text: s.label.clone(),
        })
        .collect()
}

fn widest_label(panels: &[Panel]) -> f64 {
    panels
        .iter()
        .flat_map(|p| &p.curves.series)
        .map(|s| width(&s.label, 12.0) * BOLDER)
        .fold(30.0, f64::max)
        .min(MOST_LABEL_ROOM)
}

/// Names at the right, each beside the end of its curve.
fn labels(panel: &Panel, plot: &Plot, y: &Scale) -> Node {
    // A curve that never was finite is named in the corner alone.
    let last = |s: &Series| s.y.iter().rev().find_map(|value| y.at(value.0));
    let named: Vec<(&Series, f64)> = panel
        .curves
        .series
        .iter()
        .filter_map(|s| Some((s, last(s)?)))
        .collect();
    let wishes: Vec<(f64, f64)> = named.iter().map(|(_, at)| (*at, LABEL_HEIGHT)).collect();
    let centres = dodge(&wishes, (plot.top - 8.0, plot.bottom + 8.0));
    let mut group = Node::group("labels");
    for ((series, wish), centre) in named.iter().zip(centres) {
        let key = swatch_of(&series.init).key;
        if (centre - wish).abs() > 3.0 {
            let x = plot.right;
            let leader = Path::through([(x + 3.0, *wish), (x + 9.0, *wish), (x + 14.0, centre)]);
            group = group.child(Node::path(&format!("leader s-{key}"), &leader));
        }
        let text = fit(&series.label, 12.0, MOST_LABEL_ROOM);
        let at = (plot.right + 17.0, centre + 4.0);
        group = group.child(Node::text_at(&format!("strong f-{key}"), at, &text));
    }
    group
}
