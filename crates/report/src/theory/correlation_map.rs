//! The correlation map: how alike two inputs become from layer to layer.

use evenkeel_theory::{Analysis, Stability};

use super::layout::{Frame, Note, Sign, Titles};
use super::{Network, marks};
use crate::Figure;
use crate::figure::{Canvas, Draft, Drawing, Sheet};
use crate::number::number;
use crate::svg::Scale;

/// c* closer to one than this is one on paper.
const ONE: f64 = 1e-6;

/// What a drawing of the correlation map C(c) at a fixed point of the variance shows.
#[derive(Clone, Debug, PartialEq)]
pub struct CorrelationMapDrawing {
    /// The network.
    pub network: Network,
    /// The fixed points, slopes and depth scales.
    pub analysis: Analysis,
    /// Correlations from 0 to 1.
    pub c: Vec<f64>,
    /// C at each of them.
    pub next: Vec<f64>,
    /// The slope C′(1); infinite for an activation that jumps.
    pub slope_at_one: f64,
    /// The correlations of successive layers.
    pub profile: Vec<f64>,
}

impl CorrelationMapDrawing {
    /// Draws it.
    pub fn figure(&self) -> Figure {
        let draft = Draft {
            kind: "correlation-map",
            title: format!("The correlation map of {}", self.network.activation),
            subtitle: format!(
                "{}, at the variance q* = {}. The correlation of two inputs in the next layer, C(c), against their correlation c in this one.",
                self.network.phrase(),
                number(self.analysis.q_star)
            ),
            description: self.describe(),
            sheet: Sheet::joined(
                "c",
                vec![(
                    "C(c)".to_owned(),
                    self.c
                        .iter()
                        .copied()
                        .zip(self.next.iter().copied())
                        .collect(),
                )],
            ),
            draw: Box::new(|canvas| self.draw(canvas)),
        };
        self.network.figure(&draft)
    }

    fn describe(&self) -> String {
        let mut text = format!(
            "{}: {}. The slope at c = 1 is {}. Two inputs settle at the correlation c* = {}",
            self.network.activation,
            self.network.phrase(),
            number(self.slope_at_one),
            number(self.analysis.c_star),
        );
        if self.analysis.xi_c.is_finite() {
            text.push_str(&format!(
                ", to which they come closer by a factor e every {} layers",
                number(self.analysis.xi_c)
            ));
        }
        if let (Some(first), Some(last)) = (self.profile.first(), self.profile.last()) {
            text.push_str(&format!(
                ". From c = {} they come to {} in {} layers",
                number(*first),
                number(*last),
                self.profile.len() - 1
            ));
        }
        text.push('.');
        text
    }

    fn draw(&self, canvas: &Canvas) -> Drawing {
        let scale = |range| Scale::linear((0.0, 1.0), range);
        let frame = Frame::new(canvas, 1.0, scale, scale);
        let mut inside = frame.clipped().child(marks::diagonal(&frame.plot));
        inside = inside.children(marks::staircase(&frame, &self.profile));
        inside = inside.child(marks::curve(&frame, &self.c, &self.next));
        let mut content = vec![inside];
        content.extend(self.points().into_iter().filter_map(|(stability, c)| {
            let at = frame.place((c, c))?;
            let label = if c == self.analysis.c_star {
                format!("c* = {}", number(c))
            } else {
                "c = 1".to_owned()
            };
            Some(marks::labelled_point(stability, at, &label, &frame.plot))
        }));
        let titles = Titles {
            along: "correlation c in this layer",
            up: "correlation C(c) in the next layer",
        };
        frame.finish(canvas, &titles, content, &self.notes())
    }

    fn settles_apart(&self) -> bool {
        self.analysis.c_star < 1.0 - ONE
    }

    /// Whether inputs that are nearly alike become more so.
    fn at_one(&self) -> Stability {
        if self.settles_apart() {
            Stability::Unstable
        } else if self.analysis.xi_c.is_finite() {
            Stability::Stable
        } else {
            Stability::Marginal
        }
    }

    fn points(&self) -> Vec<(Stability, f64)> {
        let mut points = vec![(self.at_one(), 1.0)];
        if self.settles_apart() {
            points.push((Stability::Stable, self.analysis.c_star));
        }
        points
    }

    fn notes(&self) -> Vec<Note> {
        let mut notes = vec![
            Note::new(
                Sign::Line(marks::CURVE),
                "C(c) = (σ_w² E[φ(u₁)φ(u₂)] + σ_b²)/q*",
            ),
            Note::new(Sign::Line(marks::DIAGONAL), "no change: C(c) = c"),
        ];
        if let Some(first) = self.profile.first() {
            let text = format!("layer after layer, from c = {}", number(*first));
            notes.push(Note::new(Sign::Line(marks::WAY), text));
        }
        let slope = number(self.slope_at_one);
        let at_one = match self.at_one() {
            Stability::Unstable => {
                format!("c = 1: slope {slope} > 1, so inputs that are close part")
            }
            Stability::Stable => format!("c = 1: slope {slope} < 1, so all inputs become alike"),
            Stability::Marginal => {
                "c = 1: slope 1, the edge of chaos: inputs become alike only slowly".to_owned()
            }
        };
        notes.push(Note::new(
            Sign::Mark(marks::fixed_point(self.at_one())),
            at_one,
        ));
        if self.settles_apart() {
            let text = format!(
                "c* = {}: where two different inputs settle, closer by e every {} layers (ξ_c)",
                number(self.analysis.c_star),
                number(self.analysis.xi_c)
            );
            notes.push(Note::new(
                Sign::Mark(marks::fixed_point(Stability::Stable)),
                text,
            ));
        }
        notes
    }
}
