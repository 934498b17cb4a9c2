//! A plot with a column of notes: beside it where there is room, below it elsewhere.

use crate::figure::axes::{self, Plot, X_AXIS_HEIGHT};
use crate::figure::{Canvas, Drawing, Size};
use crate::svg::{Node, Scale, width, wrap};

/// Room above the plot for the name of what runs upwards.
const HEAD: f64 = 28.0;
const NOTES_WIDTH: f64 = 232.0;
const NOTES_GAP: f64 = 30.0;
const SIGN: f64 = 22.0;
const LINE: f64 = 16.0;
const NOTE_GAP: f64 = 9.0;
const FONT: f64 = 12.0;

/// A sign and what it means.
pub(super) struct Note {
    sign: Sign,
    text: String,
}

/// How a thing is drawn; lines and areas by their classes.
pub(super) enum Sign {
    Line(&'static str),
    Area(&'static str, f64),
    Mark(Node),
}

impl Note {
    pub(super) fn new(sign: Sign, text: impl Into<String>) -> Self {
        Self {
            sign,
            text: text.into(),
        }
    }
}

/// A plot with its scales, before anything is drawn in it.
pub(super) struct Frame {
    pub(super) plot: Plot,
    pub(super) x: Scale,
    pub(super) y: Scale,
    clip: String,
    size: Size,
}

/// What stands along the axes.
pub(super) struct Titles {
    pub(super) along: &'static str,
    pub(super) up: &'static str,
}

impl Frame {
    /// A plot of height `aspect` times its width; the scales are given their ranges.
    pub(super) fn new(
        canvas: &Canvas,
        aspect: f64,
        x: impl Fn((f64, f64)) -> Scale,
        y: impl Fn((f64, f64)) -> Scale,
    ) -> Self {
        let right = match canvas.size {
            Size::Wide => canvas.width - NOTES_WIDTH - NOTES_GAP,
            Size::Narrow => canvas.width - 12.0,
        };
        // The labels' room depends on the ticks alone, not on the range.
        let left = axes::label_room(&y((1.0, 0.0)).ticks(6));
        let bottom = HEAD + aspect * (right - left);
        Self {
            plot: Plot {
                left,
                right,
                top: HEAD,
                bottom,
            },
            x: x((left, right)),
            y: y((bottom, HEAD)),
            clip: format!("{}-clip", canvas.id),
            size: canvas.size,
        }
    }

    /// A place on paper; none for what lies on neither scale.
    pub(super) fn place(&self, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        Some((self.x.at(x)?, self.y.at(y)?))
    }

    /// A group whose parts end at the plot's edge.
    pub(super) fn clipped(&self) -> Node {
        Node::new("g").attr("clip-path", format!("url(#{})", self.clip))
    }

    /// The finished drawing: axes behind, then `content`, then the notes.
    pub(super) fn finish(
        self,
        canvas: &Canvas,
        titles: &Titles,
        content: Vec<Node>,
        notes: &[Note],
    ) -> Drawing {
        let plot = self.plot;
        let size = (plot.right - plot.left, plot.bottom - plot.top);
        let clip = Node::new("clipPath")
            .attr("id", self.clip.as_str())
            .child(Node::rect("clip", (plot.left, plot.top), size));
        let most = match self.size {
            Size::Wide => 6,
            Size::Narrow => 4,
        };
        let mut body = vec![
            Node::new("defs").child(clip),
            Node::text_at("tick", (0.0, HEAD - 14.0), titles.up),
            axes::y_axis(&plot, &self.y, &self.y.ticks(most)),
        ];
        body.extend(content);
        body.push(axes::x_axis(
            &plot,
            &self.x,
            &self.x.ticks(most),
            titles.along,
        ));
        let (at, room) = match self.size {
            Size::Wide => ((plot.right + NOTES_GAP, plot.top), NOTES_WIDTH),
            Size::Narrow => (
                (0.0, plot.bottom + X_AXIS_HEIGHT + 14.0),
                canvas.width - 8.0,
            ),
        };
        let (nodes, foot) = draw_notes(notes, at, room);
        body.extend(nodes);
        Drawing {
            width: canvas.width,
            height: foot.max(plot.bottom + X_AXIS_HEIGHT),
            body,
        }
    }
}

/// Draws notes one below the other; returns them with the place where they end.
fn draw_notes(notes: &[Note], (x, top): (f64, f64), room: f64) -> (Vec<Node>, f64) {
    let mut nodes = Vec::new();
    let mut y = top;
    for note in notes {
        nodes.push(draw_sign(&note.sign, x, y + 0.5 * LINE));
        for line in wrap(&note.text, FONT, room - SIGN - 10.0, 6) {
            nodes.push(Node::text_at("note", (x + SIGN + 10.0, y + 12.0), &line));
            y += LINE;
        }
        y += NOTE_GAP;
    }
    (nodes, y)
}

fn draw_sign(sign: &Sign, x: f64, y: f64) -> Node {
    match sign {
        Sign::Line(class) => Node::line(class, (x, y), (x + SIGN, y)),
        Sign::Area(class, opacity) => {
            Node::rect(class, (x, y - 7.0), (SIGN, 14.0)).attr("fill-opacity", opacity.to_string())
        }
        Sign::Mark(mark) => Node::new("g")
            .attr(
                "transform",
                format!("translate({:.1} {y:.1})", x + 0.5 * SIGN),
            )
            .child(mark.clone()),
    }
}

/// A rectangle that a text takes: left, top, right, bottom.
pub(super) type Room = (f64, f64, f64, f64);

/// The room of a text that is centred on a place.
pub(super) fn room_of(text: &str, size: f64, (x, y): (f64, f64)) -> Room {
    let half = 0.5 * width(text, size) + 3.0;
    (x - half, y - 0.75 * size, x + half, y + 0.75 * size)
}

pub(super) fn overlap(a: &Room, b: &Room) -> bool {
    a.0 < b.2 && b.0 < a.2 && a.1 < b.3 && b.1 < a.3
}
