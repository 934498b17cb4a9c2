//! Draws a heat map.

use evenkeel_lab::results::{Grid, GridAxis, GridLine};

use super::shade::{samples, shade};
use super::{is_of_layers, place, value};
use crate::figure::axes::{Plot, X_AXIS_HEIGHT};
use crate::figure::key::{self, Entry, Sign};
use crate::figure::{Along, Canvas, Drawing, Size, hit};
use crate::svg::{Node, Path, Scale, fit, width};

/// Height of a row with a name beside it, and of the whole plot where rows have none.
const NAMED_ROW: f64 = 15.0;
const PLOT_HEIGHT: f64 = 300.0;
const NARROW_PLOT_HEIGHT: f64 = 240.0;

/// The most room for names at the left.
const MOST_NAME_ROOM: f64 = 130.0;

/// The key's bar of colours.
const KEY_CELLS: usize = 24;
const KEY_WIDTH: f64 = 168.0;
const KEY_HEIGHT: f64 = 12.0;

/// Air between the labels along an axis.
const LABEL_GAP: f64 = 10.0;

pub(super) fn draw(grid: &Grid, canvas: &Canvas) -> Drawing {
    let (mut body, mut top) = colour_key(grid);
    let (entries, entries_height) = key::rows(&key_entries(grid), canvas.width);
    let entries_at = format!("translate(0 {top})");
    body.push(
        Node::new("g")
            .attr("transform", entries_at)
            .children(entries),
    );
    top += entries_height + 22.0;

    let rows = grid.rows.len() as f64;
    let named = !grid.y.names.is_empty();
    let height = match canvas.size {
        _ if named => rows * NAMED_ROW,
        Size::Wide => PLOT_HEIGHT,
        Size::Narrow => NARROW_PLOT_HEIGHT,
    };
    let plot = Plot {
        left: name_room(&grid.y),
        right: canvas.width - 4.0,
        top,
        bottom: top + height,
    };
    let x = Cells::of(&grid.x, (plot.left, plot.right));
    // Numbers rise upwards; names are read from the top.
    let y = if named {
        Cells::of(&grid.y, (plot.top, plot.bottom))
    } else {
        Cells::of(&grid.y, (plot.bottom, plot.top))
    };
    body.push(Node::text_at("tick", (0.0, plot.top - 9.0), &grid.y.label));
    let size = (plot.right - plot.left, plot.bottom - plot.top);
    body.push(cells(grid, &x, &y, canvas));
    body.push(Node::rect("frame", (plot.left, plot.top), size));
    body.extend(overlay(grid, &x, &y, &plot, canvas));
    body.push(row_labels(grid, &y, &plot));
    body.push(column_labels(grid, &x, &plot));
    if is_of_layers(grid) {
        body.push(hit(&plot, Along::X, x.scale.domain()));
    }
    Drawing {
        width: canvas.width,
        height: plot.bottom + X_AXIS_HEIGHT,
        body,
    }
}

/// Lines, and the cells that are no numbers, if there are any.
fn key_entries(grid: &Grid) -> Vec<Entry> {
    let lines = grid.lines.iter().map(|line| Entry {
        sign: Sign::Overlay,
        text: line.label.clone(),
    });
    let values = || grid.rows.iter().flatten().map(|number| number.0);
    let lost = [
        (values().any(|x| x == f64::INFINITY), "i-f", "∞"),
        (values().any(f64::is_nan), "n-f", "NaN"),
    ];
    let lost = lost.into_iter().filter(|(is_there, ..)| *is_there);
    let lost = lost.map(|(_, class, text)| Entry {
        sign: Sign::Cell(class),
        text: text.to_owned(),
    });
    lines.chain(lost).collect()
}

/// The cells along one axis: the pixel of each edge, halfway between neighbouring values.
struct Cells {
    scale: Scale,
    edges: Vec<f64>,
}

impl Cells {
    fn of(axis: &GridAxis, range: (f64, f64)) -> Self {
        let v: Vec<f64> = axis.values.iter().map(|v| v.0).collect();
        let last = v.len() - 1;
        let half = |i: usize| {
            if last == 0 {
                0.5
            } else {
                0.5 * (v[i + 1] - v[i])
            }
        };
        let mut edges = vec![v[0] - half(0)];
        edges.extend(v.windows(2).map(|pair| 0.5 * (pair[0] + pair[1])));
        edges.push(v[last] + half(last.saturating_sub(1)));
        let scale = Scale::linear((edges[0], edges[last + 1]), range);
        let edges = edges.iter().map(|&e| scale.at(e).unwrap_or(range.0));
        Self {
            edges: edges.collect(),
            scale,
        }
    }

    /// Start and length of a cell.
    fn cell(&self, index: usize) -> (f64, f64) {
        let (a, b) = (self.edges[index], self.edges[index + 1]);
        (a.min(b), (b - a).abs())
    }

    fn middle(&self, index: usize) -> f64 {
        0.5 * (self.edges[index] + self.edges[index + 1])
    }
}

fn cells(grid: &Grid, x: &Cells, y: &Cells, canvas: &Canvas) -> Node {
    let mut group = Node::group("cells");
    for (row, values) in grid.rows.iter().enumerate() {
        let (top, height) = y.cell(row);
        for (column, number) in values.iter().enumerate() {
            let (left, width) = x.cell(column);
            let look = shade(grid, number.0);
            let is_asked = canvas.size == Size::Wide && !is_of_layers(grid);
            if look.opacity < 0.005 && !is_asked {
                // Bare paper.
                continue;
            }
            let rect = Node::rect(
                &format!("cell {}", look.class),
                (left, top),
                (width, height),
            )
            .attr("fill-opacity", format!("{:.2}", look.opacity));
            // A telephone has no pointer to ask a cell with, and layers are asked through the page.
            group = group.child(match canvas.size {
                Size::Wide if is_asked => {
                    rect.child(Node::new("title").text(&told(grid, row, column)))
                }
                _ => rect,
            });
        }
    }
    group
}

/// A cell in words.
fn told(grid: &Grid, row: usize, column: usize) -> String {
    format!(
        "{} {}, {} {}: {}",
        grid.x.label,
        place(&grid.x, column),
        grid.y.label,
        place(&grid.y, row),
        value(grid, grid.rows[row][column].0)
    )
}

/// The lines, each over a halo of paper so that it is seen on every colour.
fn overlay(grid: &Grid, x: &Cells, y: &Cells, plot: &Plot, canvas: &Canvas) -> Vec<Node> {
    if grid.lines.is_empty() {
        return Vec::new();
    }
    let id = format!("{}-clip", canvas.id);
    let size = (plot.right - plot.left, plot.bottom - plot.top);
    let clip = Node::new("clipPath").attr("id", &*id);
    let defs = Node::new("defs").child(clip.child(Node::rect("clip", (plot.left, plot.top), size)));
    let mut group = Node::new("g").attr("clip-path", format!("url(#{id})"));
    for path in grid.lines.iter().map(|line| path(line, x, y)) {
        if !path.is_empty() {
            group = group
                .child(Node::path("trace-halo", &path))
                .child(Node::path("trace", &path));
        }
    }
    vec![defs, group]
}

fn path(line: &GridLine, x: &Cells, y: &Cells) -> Path {
    let points = line.x.iter().zip(&line.y);
    Path::broken(points.map(|(a, b)| Some((x.scale.at(a.0)?, y.scale.at(b.0)?))))
}

fn name_room(axis: &GridAxis) -> f64 {
    let widest = (0..axis.values.len())
        .map(|i| width(&place(axis, i), 12.0))
        .fold(0.0, f64::max);
    (widest + 12.0).clamp(34.0, MOST_NAME_ROOM).ceil()
}

fn row_labels(grid: &Grid, y: &Cells, plot: &Plot) -> Node {
    let mut group = Node::group("y-axis");
    for row in thinned(grid.rows.len(), |row| y.cell(row).1, NAMED_ROW - 1.0) {
        let text = fit(&place(&grid.y, row), 12.0, plot.left - 12.0);
        group = group.child(Node::text_at(
            "tick end",
            (plot.left - 7.0, y.middle(row) + 4.0),
            &text,
        ));
    }
    group
}

fn column_labels(grid: &Grid, x: &Cells, plot: &Plot) -> Node {
    let count = grid.x.values.len();
    let widest = (0..count)
        .map(|column| width(&place(&grid.x, column), 12.0))
        .fold(0.0, f64::max);
    let mut group = Node::group("x-axis");
    for column in thinned(count, |column| x.cell(column).1, widest + LABEL_GAP) {
        let text = place(&grid.x, column);
        group = group.child(Node::text_at(
            "tick mid",
            (x.middle(column), plot.bottom + 16.0),
            &text,
        ));
    }
    group.child(Node::text_at(
        "tick mid",
        ((plot.left + plot.right) / 2.0, plot.bottom + 35.0),
        &grid.x.label,
    ))
}

/// The first cell and every so many after it, so that labels of this size stay apart.
fn thinned(count: usize, length: impl Fn(usize) -> f64, room: f64) -> Vec<usize> {
    let shortest = (0..count).map(length).fold(f64::INFINITY, f64::min);
    let every = (room / shortest.max(0.1)).ceil().max(1.0) as usize;
    (0..count).step_by(every).collect()
}

/// A bar of the colours between the values at their ends; returns it with its height.
fn colour_key(grid: &Grid) -> (Vec<Node>, f64) {
    let low = value(grid, grid.low.0);
    let left = width(&low, 12.0) + 8.0;
    let step = KEY_WIDTH / KEY_CELLS as f64;
    let mut bar = Node::group("key").child(Node::text_at("note", (0.0, KEY_HEIGHT - 1.0), &low));
    for (i, sample) in samples(grid, KEY_CELLS).into_iter().enumerate() {
        let look = shade(grid, sample);
        let at = (left + step * i as f64, 0.0);
        bar = bar.child(
            Node::rect(look.class, at, (step + 0.1, KEY_HEIGHT))
                .attr("fill-opacity", format!("{:.2}", look.opacity)),
        );
    }
    let frame = Node::rect("frame", (left, 0.0), (KEY_WIDTH, KEY_HEIGHT));
    let right = (left + KEY_WIDTH + 8.0, KEY_HEIGHT - 1.0);
    let bar = bar
        .child(frame)
        .child(Node::text_at("note", right, &value(grid, grid.high.0)));
    (vec![bar], KEY_HEIGHT + 6.0)
}
