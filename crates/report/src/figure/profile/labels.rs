//! Names beside the lines of a depth profile.

use super::DepthProfile;
use super::family::Family;
use super::layout::Layout;
use super::reading::Reading;
use crate::figure::key::dash_class;
use crate::svg::{Node, Path, dodge, width, wrap};

const LABEL_ROOM: f64 = 170.0;
const LINE_HEIGHT: f64 = 14.0;
/// How much wider bold letters run.
const BOLDER: f64 = 1.1;

/// Room for the names at the right of the plot.
pub(super) fn room(profile: &DepthProfile) -> f64 {
    let lines = profile.families.iter().flat_map(label_lines);
    let widest = lines
        .map(|line| width(&line, 12.0) * BOLDER)
        .fold(40.0, f64::max);
    label_x(profile) + widest
}

fn label_lines(family: &Family) -> Vec<String> {
    wrap(&family.name, 12.0, LABEL_ROOM, 3)
}

/// Whether families share a colour, so that their names need a sample of their lines.
fn needs_samples(profile: &DepthProfile) -> bool {
    profile.families.iter().any(|f| f.dash > 0)
}

/// How far right of the plot the names begin.
fn label_x(profile: &DepthProfile) -> f64 {
    if needs_samples(profile) { 38.0 } else { 16.0 }
}

/// Names at the right, each beside the end of its line or its row in a gutter.
pub(super) fn labels(profile: &DepthProfile, layout: &Layout) -> Node {
    let named: Vec<(&Family, f64, Vec<String>)> = profile
        .families
        .iter()
        .enumerate()
        .filter_map(|(i, f)| Some((f, label_wish(f, i, layout)?, label_lines(f))))
        .collect();
    let wishes: Vec<(f64, f64)> = named
        .iter()
        .map(|(_, y, lines)| (*y, lines.len() as f64 * LINE_HEIGHT + 3.0))
        .collect();
    let top = layout
        .gutters
        .first()
        .map_or(layout.plot.top, |g| g.top.min(layout.plot.top));
    let centres = dodge(&wishes, (top - 8.0, layout.foot + 8.0));
    let mut group = Node::group("labels");
    for ((family, wish, lines), centre) in named.iter().zip(centres) {
        group = group.children(label(profile, layout, family, lines, (*wish, centre)));
    }
    group
}

/// A name where there is room for it, joined to where its line ends.
fn label(
    profile: &DepthProfile,
    layout: &Layout,
    family: &Family,
    lines: &[String],
    (wish, centre): (f64, f64),
) -> Vec<Node> {
    let (x, key) = (layout.plot.right, family.swatch.key);
    let mut nodes = Vec::new();
    if (centre - wish).abs() > 3.0 {
        let leader = Path::through([(x + 2.0, wish), (x + 7.0, wish), (x + 12.0, centre)]);
        nodes.push(Node::path(&format!("leader s-{key}"), &leader));
    }
    if needs_samples(profile) {
        let class = format!("line s-{key} {}", dash_class(family.dash));
        nodes.push(Node::line(
            class.trim_end(),
            (x + 14.0, centre),
            (x + 33.0, centre),
        ));
    }
    let first = centre - (lines.len() as f64 - 1.0) * LINE_HEIGHT / 2.0 + 4.0;
    for (row, line) in lines.iter().enumerate() {
        let at = (x + label_x(profile), first + row as f64 * LINE_HEIGHT);
        nodes.push(Node::text_at(&format!("strong f-{key}"), at, line));
    }
    nodes
}

fn label_wish(family: &Family, index: usize, layout: &Layout) -> Option<f64> {
    match family.right_end()? {
        Reading::Positive(rms) => layout.y.at(rms),
        Reading::Beyond(lane) => layout.gutter_row(lane, index),
    }
}
