//! Gutters beside the plot: where a signal is NaN, infinite or exactly zero, from which layer on.

use evenkeel_lab::results::Direction;

use super::family::Family;
use super::reading::Lane;
use super::span::Span;
use crate::svg::{Node, Scale, fit, width};

const ROW: f64 = 17.0;
const PADDING: f64 = 4.0;
/// Between a gutter's words and the bar that goes on behind them.
const BESIDE_WORDS: f64 = 7.0;
/// How much wider than reckoned a reader's own letters may run.
const BOLDER: f64 = 1.05;

/// A gutter with a row for each family that enters it.
pub(super) struct Gutter {
    pub(super) lane: Lane,
    pub(super) top: f64,
    pub(super) height: f64,
    rows: Vec<usize>,
}

impl Gutter {
    pub(super) fn new(lane: Lane, families: &[Family], top: f64) -> Self {
        let rows: Vec<usize> = (0..families.len())
            .filter(|i| families[*i].span(lane).is_some())
            .collect();
        Self {
            lane,
            top,
            height: rows.len() as f64 * ROW + 2.0 * PADDING,
            rows,
        }
    }

    /// The middle of a family's row.
    pub(super) fn row(&self, family: usize) -> Option<f64> {
        let row = self.rows.iter().position(|i| *i == family)?;
        Some(self.top + PADDING + (row as f64 + 0.5) * ROW)
    }

    /// The gutter, its sign at the left, and a bar a family from where it enters to where it ends:
    /// what lies behind the lines.
    pub(super) fn back(&self, families: &[Family], x: &Scale) -> Node {
        let (left, right) = x.range();
        let class = self.lane.class();
        let middle = self.top + self.height / 2.0;
        let mut group = Node::group("gutter")
            .child(Node::rect(
                &format!("lane {class}-f"),
                (left, self.top),
                (right - left, self.height),
            ))
            .child(Node::text_at(
                &format!("strong end {class}-f"),
                (left - 8.0, middle + 4.0),
                self.lane.sign(),
            ));
        for &i in &self.rows {
            if let (Some(span), Some(y)) = (families[i].span(self.lane), self.row(i)) {
                group = group.children(self.bar(span, x, y));
            }
        }
        group
    }

    fn bar(&self, span: Span, x: &Scale, y: f64) -> Option<Node> {
        let (start, end) = (x.at(span.first as f64)?, x.at(span.end as f64)?);
        let class = format!("lane-bar {}-s", self.lane.class());
        let (at, anchor, words) = beside(span, start, x);
        let long = width(&words, 12.0) * BOLDER + BESIDE_WORDS;
        // Words over the bar break it: it goes on behind them, as far as there is any of it left.
        let over = if anchor.contains("end") {
            (at - long, at)
        } else {
            (at, at + long)
        };
        let begins = match span.direction {
            Direction::Forward if over.0 >= start => over.1.min(end),
            Direction::Backward if over.1 <= start => over.0.max(end),
            _ => start,
        };
        Some(Node::line(&class, (begins, y), (end, y)))
    }

    /// Where each family enters, and the words for it: over the lines, so that none strikes a word
    /// through.
    pub(super) fn front(&self, families: &[Family], x: &Scale) -> Node {
        let mut group = Node::group("gutter-words");
        for &i in &self.rows {
            let (Some(span), Some(y)) = (families[i].span(self.lane), self.row(i)) else {
                continue;
            };
            let Some(start) = x.at(span.first as f64) else {
                continue;
            };
            let (text_x, anchor, words) = beside(span, start, x);
            let text_class = format!("{anchor} {}-f", self.lane.class());
            let marker = format!("f-{}", families[i].swatch.key);
            group = group
                .child(Node::circle(&marker, (start, y), 4.0))
                .child(Node::text_at(&text_class, (text_x, y + 4.0), &words));
        }
        group
    }
}

/// The words beside a marker, and where they go: on the side that the signal comes from, clear of
/// the line that leads here from the layer before, or else over the bar; shorter where they must.
fn beside(span: Span, start: f64, x: &Scale) -> (f64, &'static str, String) {
    let (left, right) = x.range();
    let place = |layer: f64| x.at(layer).unwrap_or(start);
    let (before, after) = match span.direction {
        Direction::Forward => (place(span.first as f64 - 1.0).min(start) - 9.0, start + 9.0),
        Direction::Backward => (start - 9.0, place(span.first as f64 + 1.0).max(start) + 9.0),
    };
    let mut sides = [
        (before, "halo end", before - left),
        (after, "halo", right - after),
    ];
    if span.direction == Direction::Backward {
        sides.reverse();
    }
    for words in [span.words(), span.short_words()] {
        let room = width(&words, 12.0);
        if let Some((at, anchor, _)) = sides.into_iter().find(|side| side.2 >= room) {
            return (at, anchor, words);
        }
    }
    let [a, b] = sides;
    let (at, anchor, room) = if a.2 >= b.2 { a } else { b };
    (at, anchor, fit(&span.short_words(), 12.0, room))
}

#[cfg(test)]
mod tests {
    use super::{beside, width};
    use crate::figure::profile::span::Span;
    use crate::svg::Scale;
    use evenkeel_lab::results::Direction;

    /// Wherever a signal is lost, the words stay within the plot.
    #[test]
    fn words_beside_a_marker_stay_in_the_plot() {
        for direction in [Direction::Forward, Direction::Backward] {
            for room in [120.0, 240.0, 600.0] {
                let x = Scale::linear((0.0, 99.0), (40.0, 40.0 + room));
                for first in [0, 1, 30, 50, 70, 98, 99] {
                    let span = Span {
                        direction,
                        first,
                        last: 40,
                        end: 0,
                    };
                    let start = x.at(first as f64).unwrap();
                    let (at, anchor, words) = beside(span, start, &x);
                    let long = width(&words, 12.0);
                    let left = if anchor.contains("end") {
                        at - long
                    } else {
                        at
                    };
                    assert!(
                        left >= 39.9 && left + long <= 40.1 + room,
                        "{words} at {left} of {room}"
                    );
                }
            }
        }
    }
}
