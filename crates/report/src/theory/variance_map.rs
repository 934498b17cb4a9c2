//! The variance map: how the size of a signal goes from layer to layer.

use evenkeel_theory::{FixedPoint, FixedPoints, Stability};

use super::layout::{Frame, Note, Sign, Titles};
use super::{Axis, Network, marks};
use crate::Figure;
use crate::figure::{Canvas, Draft, Drawing, Sheet};
use crate::number::number;

/// What a drawing of the variance map V(q) shows.
///
/// # Example
/// ```
/// use evenkeel_report::theory::{Axis, Network, VarianceMapDrawing};
/// use evenkeel_theory::{Activation, MeanField};
///
/// let net = MeanField::new(&Activation::tanh(), 1.5, 0.05)?;
/// let fixed_points = net.fixed_points()?;
/// let axis = Axis::of_variances(&fixed_points);
/// let q = axis.samples(50);
/// let next = q.iter().map(|&q| net.variance_map(q)).collect::<Result<_, _>>()?;
/// let drawing = VarianceMapDrawing {
///     network: Network { activation: "tanh".into(), sigma_w2: 1.5, sigma_b2: 0.05 },
///     axis,
///     q,
///     next,
///     fixed_points,
///     profile: net.variance_profile(1.0, 20)?,
/// };
/// let figure = drawing.figure();
/// assert_eq!(figure.file_name, "tanh-variance-map.svg");
/// assert!(figure.description.contains("q = 0.418 is stable"));
/// # Ok::<(), evenkeel_theory::MeanFieldError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct VarianceMapDrawing {
    /// The network.
    pub network: Network,
    /// What both axes show.
    pub axis: Axis,
    /// Variances along the axis.
    pub q: Vec<f64>,
    /// V at each of them; what is not finite is left out.
    pub next: Vec<f64>,
    /// The variances that a layer keeps.
    pub fixed_points: FixedPoints,
    /// The variances of successive layers.
    pub profile: Vec<f64>,
}

impl VarianceMapDrawing {
    /// Draws it.
    pub fn figure(&self) -> Figure {
        let draft = Draft {
            kind: "variance-map",
            title: format!("The variance map of {}", self.network.activation),
            subtitle: format!(
                "{}. The preactivations' variance in the next layer, V(q), against the variance q in this one.",
                self.network.phrase()
            ),
            description: self.describe(),
            sheet: Sheet::joined(
                "q",
                vec![(
                    "V(q)".to_owned(),
                    self.q
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
        let mut text = format!("{}: {}.", self.network.activation, self.network.phrase());
        match &self.fixed_points {
            FixedPoints::Every => text.push_str(" Every q is a fixed point."),
            FixedPoints::Isolated(points) if points.is_empty() => {
                text.push_str(" There is no fixed point: the variance grows without end.");
            }
            FixedPoints::Isolated(points) => {
                for point in points {
                    text.push_str(&format!(
                        " The fixed point q = {} is {} (slope {}).",
                        number(point.q),
                        word(point.stability),
                        number(point.chi_q)
                    ));
                }
            }
        }
        if let (Some(first), Some(last)) = (self.profile.first(), self.profile.last()) {
            let layers = self.profile.len() - 1;
            text.push_str(&format!(
                " From q = {} the variance comes to {} in {layers} layers.",
                number(*first),
                number(*last)
            ));
        }
        text
    }

    fn draw(&self, canvas: &Canvas) -> Drawing {
        let scale = |range| self.axis.scale(range);
        let frame = Frame::new(canvas, 1.0, scale, scale);
        let mut inside = frame.clipped().child(marks::diagonal(&frame.plot));
        inside = inside.children(marks::staircase(&frame, &self.profile));
        inside = inside.child(marks::curve(&frame, &self.q, &self.next));
        let mut content = vec![inside];
        content.extend(self.shown().filter_map(|point| {
            let at = frame.place((point.q, point.q))?;
            let label = format!("q* = {}", number(point.q));
            Some(marks::labelled_point(
                point.stability,
                at,
                &label,
                &frame.plot,
            ))
        }));
        let titles = Titles {
            along: "variance q in this layer",
            up: "variance V(q) in the next layer",
        };
        frame.finish(canvas, &titles, content, &self.notes())
    }

    /// The fixed points that lie on the axes.
    fn shown(&self) -> impl Iterator<Item = &FixedPoint> {
        self.isolated()
            .iter()
            .filter(|point| self.axis.shows(point.q))
    }

    fn isolated(&self) -> &[FixedPoint] {
        match &self.fixed_points {
            FixedPoints::Every => &[],
            FixedPoints::Isolated(points) => points,
        }
    }

    fn notes(&self) -> Vec<Note> {
        let mut notes = vec![
            Note::new(Sign::Line(marks::CURVE), "V(q) = σ_w² E[φ(√q z)²] + σ_b²"),
            Note::new(Sign::Line(marks::DIAGONAL), "no change: V(q) = q"),
        ];
        if let Some(first) = self.profile.first() {
            let text = format!("layer after layer, from q = {}", number(*first));
            notes.push(Note::new(Sign::Line(marks::WAY), text));
        }
        let point = |stability| Sign::Mark(marks::fixed_point(stability));
        match &self.fixed_points {
            FixedPoints::Every => notes.push(Note::new(
                point(Stability::Marginal),
                "every q is a fixed point: any variance is kept as it is",
            )),
            FixedPoints::Isolated(points) if points.is_empty() => notes.push(Note::new(
                Sign::Line(marks::CURVE),
                "stays above the diagonal: the variance grows without end",
            )),
            FixedPoints::Isolated(points) => notes.extend(points.iter().map(|fixed| {
                let text = format!(
                    "q* = {}: {} (χ_q = {}){}",
                    number(fixed.q),
                    word(fixed.stability),
                    number(fixed.chi_q),
                    if self.axis.shows(fixed.q) {
                        ""
                    } else {
                        ", off the picture"
                    }
                );
                Note::new(point(fixed.stability), text)
            })),
        }
        notes
    }
}

fn word(stability: Stability) -> &'static str {
    match stability {
        Stability::Stable => "stable",
        Stability::Marginal => "marginal",
        Stability::Unstable => "unstable",
    }
}
