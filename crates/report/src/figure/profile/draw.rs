//! Draws a depth profile.

use evenkeel_lab::results::{Band, Direction};

use super::DepthProfile;
use super::family::{Family, Member};
use super::healthy;
use super::labels::labels;
use super::layout::{Layout, y_ticks};
use super::reading::Reading;
use crate::figure::axes::{self, Plot, X_AXIS_HEIGHT};
use crate::figure::key::{self, Entry, Sign, dash_class};
use crate::figure::{Along, Canvas, Drawing, Size, hit};
use crate::palette::Swatch;
use crate::svg::{Node, Path, decimate};

/// More families than this are named in the key: beside the lines they would crowd.
const MOST_DIRECT_LABELS: usize = 8;

/// Draws a profile: gutters and bands behind, measured lines, predictions and names in front.
pub(super) fn draw(profile: &DepthProfile, canvas: &Canvas) -> Drawing {
    let direct = canvas.size == Size::Wide && profile.families.len() <= MOST_DIRECT_LABELS;
    let (mut body, key_height) = key::rows(&key_entries(profile, direct), canvas.width);
    let layout = Layout::new(profile, canvas, key_height, direct);
    let clip = format!("{}-clip", canvas.id);
    let clipped = || Node::new("g").attr("clip-path", format!("url(#{clip})"));
    let quantity = Node::text_at("tick", (0.0, key_height + 16.0), profile.quantity());
    let predictions = profile.predictions.iter();

    body.extend([clip_path(&clip, &layout.plot), quantity]);
    body.push(axes::y_axis(
        &layout.plot,
        &layout.y,
        &layout.y.ticks(y_ticks(canvas)),
    ));
    body.extend(healthy::shade(profile, &layout));
    body.extend(unit_line(&layout));
    let (limit_lines, limit_words) = layout.limits(profile);
    body.extend(limit_lines);
    let gutters = layout.gutters.iter();
    body.extend(
        gutters
            .clone()
            .map(|g| g.back(&profile.families, &layout.x)),
    );
    body.push(clipped().children(predictions.clone().filter_map(|p| band(p, &layout))));
    body.extend(
        profile
            .families
            .iter()
            .enumerate()
            .map(|(i, f)| lines(f, i, &layout)),
    );
    body.push(clipped().children(predictions.filter_map(|p| middle(p.0, &layout))));
    body.extend(limit_words);
    body.extend(gutters.map(|g| g.front(&profile.families, &layout.x)));
    body.push(healthy::marks(profile, &layout));
    if direct {
        body.push(labels(profile, &layout));
    }
    body.push(layer_axis(profile, &layout, canvas));
    body.push(hit(&layout.area(), Along::X, layout.x.domain()));
    Drawing {
        width: canvas.width,
        height: layout.foot + X_AXIS_HEIGHT,
        body,
    }
}

/// The axis of layers, below the lowest gutter, with the way that the signal goes.
fn layer_axis(profile: &DepthProfile, layout: &Layout, canvas: &Canvas) -> Node {
    let plot = Plot {
        bottom: layout.foot,
        ..layout.plot
    };
    let along = match profile.direction {
        Direction::Forward => "layer (the signal travels →)",
        Direction::Backward => "layer (← the gradient travels)",
    };
    let ticks = layout
        .x
        .whole_ticks(if canvas.size == Size::Wide { 10 } else { 5 });
    axes::x_axis(&plot, &layout.x, &ticks, along)
}

/// A stronger line at rms = 1, where a signal that is held stays.
fn unit_line(layout: &Layout) -> Option<Node> {
    let y = layout.y.at(1.0)?;
    // On the foot of the plot it would only double the axis.
    (layout.plot.top..=layout.plot.bottom - 8.0)
        .contains(&y)
        .then(|| Node::line("unit", (layout.plot.left, y), (layout.plot.right, y)))
}

fn key_entries(profile: &DepthProfile, direct: bool) -> Vec<Entry> {
    let mut entries = Vec::new();
    if !direct {
        entries.extend(profile.families.iter().map(|f| Entry {
            sign: Sign::Line(f.swatch, f.dash),
            text: f.name.clone(),
        }));
    }
    let seeds = profile
        .families
        .iter()
        .map(|f| f.members.len())
        .max()
        .unwrap_or(1);
    let measured = match seeds {
        1 => "measured".to_owned(),
        n => format!("measured, a line a seed ({n})"),
    };
    entries.push(Entry {
        sign: Sign::Measured,
        text: measured,
    });
    if !profile.predictions.is_empty() {
        entries.push(Entry {
            sign: Sign::Predicted,
            text: "predicted".to_owned(),
        });
        entries.push(Entry {
            sign: Sign::Band,
            text: "95% of networks".to_owned(),
        });
    }
    entries.push(Entry {
        sign: Sign::Healthy,
        text: profile.healthy.words(),
    });
    entries
}

fn clip_path(id: &str, plot: &Plot) -> Node {
    let size = (plot.right - plot.left, plot.bottom - plot.top);
    let clip = Node::new("clipPath").attr("id", id);
    Node::new("defs").child(clip.child(Node::rect("clip", (plot.left, plot.top), size)))
}

/// The bands of the layers that are measured.
fn shown<'a>(bands: &'a [Band], layout: &'a Layout) -> impl Iterator<Item = &'a Band> {
    bands
        .iter()
        .filter(|b| (layout.layers.0..=layout.layers.1).contains(&(b.layer as f64)))
}

/// The shaded interval of a prediction.
fn band((bands, swatch): &(&[Band], Swatch), layout: &Layout) -> Option<Node> {
    let edge = |pick: fn(&Band) -> f64| -> Vec<Option<(f64, f64)>> {
        let points = shown(bands, layout)
            .map(|b| Some((layout.x.at(b.layer as f64)?, layout.y.clamped(pick(b))?)));
        decimate(&points.filter(Option::is_some).collect::<Vec<_>>())
    };
    let upper = edge(|b| b.high.0);
    let lower = edge(|b| b.low.0);
    let path = Path::area(upper.into_iter().chain(lower.into_iter().rev()).flatten());
    (!path.is_empty()).then(|| Node::path(&format!("band f-{}", swatch.key), &path))
}

/// The predicted median.
fn middle(bands: &[Band], layout: &Layout) -> Option<Node> {
    let points: Vec<_> = shown(bands, layout)
        .map(|b| Some((layout.x.at(b.layer as f64)?, layout.y.at(b.middle.0)?)))
        .collect();
    let path = Path::broken(decimate(&points));
    (!path.is_empty()).then(|| Node::path("predicted", &path))
}

/// A line that goes up and down by more than this many heights of its plot is a thicket.
const MOST_HEIGHTS: f64 = 4.0;

/// The class of a line: thinner for one of several seeds, finest where ragged ones crowd the plot.
fn weight(family: &Family, layout: &Layout) -> &'static str {
    let heights: Vec<f64> = family
        .points()
        .filter_map(|(_, rms)| layout.y.at(rms))
        .collect();
    let travelled: f64 = heights
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .sum();
    let each = travelled / family.members.len().max(1) as f64;
    let layers = layout.layers.1 - layout.layers.0;
    let crowded = layers > 2.0 * (layout.plot.right - layout.plot.left);
    if crowded && each > MOST_HEIGHTS * (layout.plot.bottom - layout.plot.top) {
        "dense"
    } else if family.members.len() > 1 {
        "seed"
    } else {
        "line"
    }
}

/// A family's measured lines, and dotted ones to the gutters that they end in.
fn lines(family: &Family, index: usize, layout: &Layout) -> Node {
    let mut group = Node::group("family").child(Node::new("title").text(&family.describe()));
    let key = family.swatch.key;
    let class = format!(
        "{} s-{key} {}",
        weight(family, layout),
        dash_class(family.dash)
    );
    let mut drops: Vec<Drop> = Vec::new();
    for member in &family.members {
        let points: Vec<_> = member
            .readings()
            .map(|(layer, reading)| match reading {
                Reading::Positive(rms) => Some((layout.x.at(layer as f64)?, layout.y.at(rms)?)),
                Reading::Beyond(_) => None,
            })
            .collect();
        let path = Path::broken(decimate(&points));
        if !path.is_empty() {
            group = group.child(Node::path(class.trim_end(), &path));
        }
        if let Some(drop) = drop(member, index, layout).filter(|drop| !drops.contains(drop)) {
            drops.push(drop);
        }
    }
    let drop_class = format!("drop s-{key}");
    group.children(
        drops
            .into_iter()
            .map(|(from, to)| Node::line(&drop_class, from, to)),
    )
}

/// The two ends of a dotted line.
type Drop = ((f64, f64), (f64, f64));

/// From the last place on the axis to the place in a gutter, where a line first leaves the axis.
fn drop(member: &Member, family: usize, layout: &Layout) -> Option<Drop> {
    let path: Vec<(usize, Reading)> = member.travelled().collect();
    path.windows(2).find_map(|pair| {
        let (Reading::Positive(rms), Reading::Beyond(lane)) = (pair[0].1, pair[1].1) else {
            return None;
        };
        let from = (layout.x.at(pair[0].0 as f64)?, layout.y.at(rms)?);
        let to = (
            layout.x.at(pair[1].0 as f64)?,
            layout.gutter_row(lane, family)?,
        );
        Some((from, to))
    })
}
