//! Draws heat maps of layer × value.

use evenkeel_lab::results::Ridgeline;

use super::Heatmaps;
use super::raster::{Raster, fullness, grey};
use crate::figure::axes::{self, Plot, X_AXIS_HEIGHT};
use crate::figure::pixels::{encode, image};
use crate::figure::{Along, Canvas, Drawing, Size, hit};
use crate::palette::swatch_of;
use crate::svg::{Label, Node, Scale, Tick, fit, width};

const PANEL_GAP: f64 = 18.0;
const ROW_GAP: f64 = 14.0;
const PANEL_TITLE: f64 = 22.0;
/// A strip for what lies beyond an end of the axis, and the air between it and the plot.
const STRIP: f64 = 6.0;
const STRIP_GAP: f64 = 2.0;

/// The bar of colours.
const KEY_CELLS: u32 = 40;
const KEY_WIDTH: f64 = 168.0;
const KEY_HEIGHT: f64 = 12.0;
const KEY_ROOM: f64 = 40.0;

/// Where each panel goes.
struct Grid {
    columns: usize,
    panel_width: f64,
    plot_height: f64,
    left: f64,
    strips: Strips,
}

/// Whether any panel has values beyond the axis' ends, or none that are numbers.
#[derive(Clone, Copy)]
struct Strips {
    nonfinite: bool,
    above: bool,
    below: bool,
}

impl Strips {
    fn of(maps: &Heatmaps) -> Self {
        let any = |count: fn(&evenkeel_lab::results::Ridge) -> u64| {
            let ridges = maps.panels.iter().flat_map(|p| &p.ridges);
            ridges.map(count).any(|count| count > 0)
        };
        Self {
            nonfinite: any(|r| r.nonfinite),
            above: any(|r| r.above),
            below: any(|r| r.below),
        }
    }

    fn over(self) -> f64 {
        let strips = f64::from(u8::from(self.nonfinite) + u8::from(self.above));
        strips * (STRIP + STRIP_GAP)
    }

    fn under(self) -> f64 {
        f64::from(u8::from(self.below)) * (STRIP + STRIP_GAP)
    }
}

pub(super) fn draw(maps: &Heatmaps, canvas: &Canvas) -> Drawing {
    let mut body = key(maps, canvas);
    let key_room = key_room(maps, canvas);
    let grid = layout(maps, canvas);
    let rows = maps.panels.len().div_ceil(grid.columns);
    let head = PANEL_TITLE + grid.strips.over();
    let pitch = head + grid.plot_height + grid.strips.under() + X_AXIS_HEIGHT + ROW_GAP;
    for (i, panel) in maps.panels.iter().enumerate() {
        let (row, column) = (i / grid.columns, i % grid.columns);
        let left = grid.left + column as f64 * (grid.panel_width + PANEL_GAP);
        let top = key_room + row as f64 * pitch + head;
        let plot = Plot {
            left,
            right: left + grid.panel_width,
            top,
            bottom: top + grid.plot_height,
        };
        let names = if column == 0 {
            Names::Shown
        } else {
            Names::Left
        };
        body.push(draw_panel(maps, panel, (&plot, names), &grid, canvas, i));
    }
    Drawing {
        width: canvas.width,
        height: key_room + rows as f64 * pitch - ROW_GAP,
        body,
    }
}

/// Whether a panel names the values of its vertical axis.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Shown,
    /// The panel at its left does.
    Left,
}

fn layout(maps: &Heatmaps, canvas: &Canvas) -> Grid {
    let columns = match (canvas.size, maps.panels.len()) {
        (_, 1) => 1,
        (Size::Wide, 2 | 4) | (Size::Narrow, 4..) => 2,
        (Size::Wide, _) => 3,
        (Size::Narrow, _) => 1,
    };
    let values = Scale::linear(maps.values, (1.0, 0.0));
    let left = axes::label_room(&value_ticks(&values, columns));
    let room = canvas.width - left - 6.0 - PANEL_GAP * (columns as f64 - 1.0);
    let plot_height = match (canvas.size, columns) {
        (Size::Wide, 1) => 300.0,
        (Size::Wide, 2) => 200.0,
        (Size::Wide, _) => 150.0,
        (Size::Narrow, 1) => 200.0,
        (Size::Narrow, _) => 110.0,
    };
    Grid {
        columns,
        panel_width: room / columns as f64,
        plot_height,
        left,
        strips: Strips::of(maps),
    }
}

fn value_ticks(values: &Scale, columns: usize) -> Vec<Tick> {
    values.ticks(if columns == 1 { 6 } else { 4 })
}

fn draw_panel(
    maps: &Heatmaps,
    panel: &Ridgeline,
    (plot, names): (&Plot, Names),
    grid: &Grid,
    canvas: &Canvas,
    index: usize,
) -> Node {
    // A layer is a column: its number stands under the column's middle.
    let layers = (-0.5, maps.layers as f64 - 0.5);
    let x = Scale::linear(layers, (plot.left, plot.right));
    let y = Scale::linear(maps.values, (plot.bottom, plot.top));
    let title = fit(&panel.name, 13.0, grid.panel_width);
    let class = format!("panel f-{}", swatch_of(&panel.init).key);
    let title_at = (plot.left, plot.top - grid.strips.over() - 8.0);
    let mut group = Node::group("panel-group").child(Node::text_at(&class, title_at, &title));
    let drawn = picture(maps, panel, (&x, &y), plot, grid, canvas, index);
    group = group.children(drawn.into_iter().flatten());
    let size = (plot.right - plot.left, plot.bottom - plot.top);
    group = group.child(Node::rect("frame", (plot.left, plot.top), size));
    group = group.children(nonfinite(panel, &x, plot, grid.strips));
    if names == Names::Shown {
        group = group.child(value_names(&y, plot, grid));
    }
    let foot = Plot {
        bottom: plot.bottom + grid.strips.under(),
        ..*plot
    };
    let most = if grid.columns == 1 { 10 } else { 4 };
    group
        .child(axes::x_axis(&foot, &x, &x.whole_ticks(most), "layer"))
        .child(hit(plot, Along::X, layers))
}

/// The values along the vertical axis.
fn value_names(y: &Scale, plot: &Plot, grid: &Grid) -> Node {
    let mut group = Node::group("y-axis");
    for tick in value_ticks(y, grid.columns) {
        let Some(at) = y.at(tick.value) else { continue };
        group = group
            .child(Node::line("axis", (plot.left - 4.0, at), (plot.left, at)))
            .child(Node::label_at(
                "tick end",
                (plot.left - 7.0, at + 4.0),
                &tick.label,
            ));
    }
    group
}

/// The colours: grey values are a mask over a rectangle of the theme's own colour.
fn picture(
    maps: &Heatmaps,
    panel: &Ridgeline,
    (x, y): (&Scale, &Scale),
    plot: &Plot,
    grid: &Grid,
    canvas: &Canvas,
    index: usize,
) -> Option<Vec<Node>> {
    let most = (plot.right - plot.left).floor() as usize;
    let raster = Raster::of(panel, most, maps.least);
    let (columns, bins) = (raster.columns as u32, raster.bins as u32);
    let (left, right) = (x.at(-0.5)?, x.at(panel.ridges.len() as f64 - 0.5)?);
    let (top, bottom) = (y.at(panel.high.0)?, y.at(panel.low.0)?);
    let wide = right - left;
    let inside = encode(columns, bins, &raster.inside)?;
    let id = format!("{}-mask-{index}", canvas.id);
    let mut mask = Node::new("mask").attr("id", id.as_str()).child(image(
        &inside,
        (left, top),
        (wide, bottom - top),
    ));
    if grid.strips.above {
        let strip = encode(columns, 1, &raster.above)?;
        let at = (left, plot.top - STRIP_GAP - STRIP);
        mask = mask.child(image(&strip, at, (wide, STRIP)));
    }
    if grid.strips.below {
        let strip = encode(columns, 1, &raster.below)?;
        let at = (left, plot.bottom + STRIP_GAP);
        mask = mask.child(image(&strip, at, (wide, STRIP)));
    }
    let over = STRIP + STRIP_GAP;
    let area = (plot.right - plot.left, plot.bottom - plot.top + 2.0 * over);
    let colour =
        Node::rect("heat", (plot.left, plot.top - over), area).attr("mask", format!("url(#{id})"));
    Some(vec![Node::new("defs").child(mask), colour])
}

/// A bar over the layers that hold values which are no numbers.
fn nonfinite(panel: &Ridgeline, x: &Scale, plot: &Plot, strips: Strips) -> Vec<Node> {
    if !strips.nonfinite {
        return Vec::new();
    }
    let top = plot.top - strips.over();
    let mut nodes = Vec::new();
    let mut start = 0;
    for run in panel
        .ridges
        .chunk_by(|a, b| (a.nonfinite > 0) == (b.nonfinite > 0))
    {
        let end = start + run.len();
        let ends = (x.at(start as f64 - 0.5), x.at(end as f64 - 0.5));
        if let ((Some(from), Some(to)), true) = (ends, run[0].nonfinite > 0) {
            nodes.push(Node::rect("i-f", (from, top), (to - from, STRIP)));
        }
        start = end;
    }
    nodes
}

/// A bar of the colours over the shares that they stand for, and what else there is to tell apart.
fn key(maps: &Heatmaps, canvas: &Canvas) -> Vec<Node> {
    let text = "share of the layer's values";
    let left = width(text, 12.0) + 12.0;
    let wide = KEY_WIDTH.min(canvas.width - left - 12.0);
    let mut group = Node::group("key").child(Node::text_at("note", (0.0, KEY_HEIGHT - 2.0), text));
    group = group.children(colour_bar(maps, canvas, (left, wide)).into_iter().flatten());
    let scale = Scale::log((maps.least, 1.0), (left, left + wide));
    for tick in scale.ticks(3) {
        let Some(at) = scale.at(tick.value) else {
            continue;
        };
        // One is all of them.
        let label = match tick.label {
            Label::Plain(text) if text == "1" => Label::Plain("all".to_owned()),
            other => other,
        };
        group = group
            .child(Node::line("axis", (at, KEY_HEIGHT), (at, KEY_HEIGHT + 3.0)))
            .child(Node::label_at("tick mid", (at, KEY_HEIGHT + 15.0), &label));
    }
    let strips = Strips::of(maps);
    let signs = [
        (strips.nonfinite, "i-f", "NaN or ∞ among them"),
        (strips.above || strips.below, "heat", "beyond the axis"),
    ];
    // Beside the bar where there is room, else below it.
    let (mut x, mut y) = (left + wide + 26.0, 0.0);
    for (_, class, text) in signs.into_iter().filter(|(is_there, ..)| *is_there) {
        let room = 30.0 + width(text, 12.0);
        if x + room > canvas.width {
            (x, y) = (0.0, KEY_ROOM - 6.0);
        }
        let sign = Node::rect(class, (x, y + 3.0), (22.0, STRIP));
        let opacity = if class == "heat" { "0.6" } else { "1" };
        group = group
            .child(sign.attr("fill-opacity", opacity))
            .child(Node::text_at(
                "note",
                (x + 28.0, y + KEY_HEIGHT - 2.0),
                text,
            ));
        x += room + 14.0;
    }
    vec![group]
}

/// Room for the key above the panels.
fn key_room(maps: &Heatmaps, canvas: &Canvas) -> f64 {
    let strips = Strips::of(maps);
    let has_signs = strips.nonfinite || strips.above || strips.below;
    match canvas.size {
        Size::Narrow if has_signs => KEY_ROOM + 24.0,
        _ => KEY_ROOM,
    }
}

/// The bar itself: drawn as the panels are, so that its colours are theirs.
fn colour_bar(maps: &Heatmaps, canvas: &Canvas, (left, wide): (f64, f64)) -> Option<Vec<Node>> {
    let decades = -libm::log10(maps.least);
    let shades: Vec<u8> = (0..KEY_CELLS)
        .map(|i| {
            let along = (f64::from(i) + 0.5) / f64::from(KEY_CELLS);
            grey(fullness(
                libm::pow(10.0, -decades * (1.0 - along)),
                maps.least,
            ))
        })
        .collect();
    let id = format!("{}-key", canvas.id);
    let bar = image(
        &encode(KEY_CELLS, 1, &shades)?,
        (left, 0.0),
        (wide, KEY_HEIGHT),
    );
    let mask = Node::new("mask").attr("id", id.as_str()).child(bar);
    let size = (wide, KEY_HEIGHT);
    let colour = Node::rect("heat", (left, 0.0), size).attr("mask", format!("url(#{id})"));
    let frame = Node::rect("frame", (left, 0.0), size);
    Some(vec![Node::new("defs").child(mask), colour, frame])
}
