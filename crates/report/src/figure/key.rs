//! The key of a figure: small signs and their meaning, flowing in rows.

use crate::palette::Swatch;
use crate::svg::{Node, fit, width};

/// A sign and what it means.
pub(super) struct Entry {
    pub(super) sign: Sign,
    pub(super) text: String,
}

/// How a thing is drawn.
#[derive(Clone, Copy)]
pub(super) enum Sign {
    /// A line in an initialisation's colour, with one of the dash patterns.
    Line(Swatch, usize),
    /// Any measured line.
    Measured,
    /// The predicted line.
    Predicted,
    /// A line over a heat map.
    Overlay,
    /// A cell of a heat map, of this class.
    Cell(&'static str),
    /// The shaded interval.
    Band,
    /// The range in which a signal is healthy.
    Healthy,
}

const ROW: f64 = 20.0;
const SIGN: f64 = 22.0;

/// Draws entries from the upper left corner; returns them with the height that they take.
pub(super) fn rows(entries: &[Entry], room: f64) -> (Vec<Node>, f64) {
    let mut nodes = Vec::new();
    let (mut x, mut y) = (0.0, 0.0);
    for entry in entries {
        let text = fit(&entry.text, 12.0, room - SIGN - 6.0);
        let wide = SIGN + 6.0 + width(&text, 12.0);
        if x > 0.0 && x + wide > room {
            (x, y) = (0.0, y + ROW);
        }
        nodes.push(draw_sign(entry.sign, x, y + ROW / 2.0));
        nodes.push(Node::text_at(
            "note",
            (x + SIGN + 6.0, y + ROW / 2.0 + 4.0),
            &text,
        ));
        x += wide + 18.0;
    }
    let height = if entries.is_empty() { 0.0 } else { y + ROW };
    (nodes, height)
}

fn draw_sign(sign: Sign, x: f64, y: f64) -> Node {
    let line = |class: &str| Node::line(class, (x, y), (x + SIGN, y));
    match sign {
        Sign::Line(swatch, dash) => line(&format!("line s-{} {}", swatch.key, dash_class(dash))),
        Sign::Measured => line("key-line"),
        Sign::Predicted => line("predicted"),
        Sign::Overlay => line("trace"),
        Sign::Cell(class) => Node::rect(class, (x, y - 6.0), (SIGN, 12.0)),
        Sign::Healthy => Node::rect("key-healthy", (x, y - 6.0), (SIGN, 12.0)),
        Sign::Band => Node::rect("key-band", (x, y - 6.0), (SIGN, 12.0)),
    }
}

/// The class of the n-th dash pattern among lines of one colour; the first is solid.
pub(super) fn dash_class(dash: usize) -> String {
    match dash % 4 {
        0 => String::new(),
        n => format!("dash-{n}"),
    }
}
