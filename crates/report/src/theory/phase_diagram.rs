//! The phase diagram: what becomes of signals over (σ_w², σ_b²).

mod depths;
mod regions;

use evenkeel_theory::{CriticalPoint, Phase, PhaseDiagram};

use super::contour::Place;
use super::layout::{Frame, Note, Room, Sign, Titles, room_of};
use super::{Network, Overlay};
use crate::Figure;
use crate::figure::{Canvas, Cell, Draft, Drawing, Sheet};
use crate::number::number;
use crate::svg::{Node, Path, Scale, width};
use regions::Region;

/// How much wider bold letters run.
const BOLDER: f64 = 1.1;
/// The edge of chaos.
const CRITICAL: &str = "line s-fixup";
/// Its part at a variance that repels.
const UNSTABLE: &str = "line s-fixup dash-1";

/// What a drawing of the phase diagram shows.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseDiagramDrawing {
    /// The network, whose place is marked.
    pub network: Network,
    /// The phase that it is in.
    pub phase: Phase,
    /// The grid, from zero to the drawing's edges, evenly spaced.
    pub diagram: PhaseDiagram,
    /// The critical line, in the order of its variance.
    pub critical: Vec<CriticalPoint>,
}

impl PhaseDiagramDrawing {
    /// Draws it.
    pub fn figure(&self) -> Figure {
        let draft = Draft {
            kind: "phase-diagram",
            title: format!("The phase diagram of {}", self.network.activation),
            subtitle: "What becomes of signals, over the weights' variance times fan-in, σ_w², and the biases' variance, σ_b²; networks start from variance 1.".to_owned(),
            description: self.describe(),
            sheet: self.sheet(),
            draw: Box::new(|canvas| self.draw(canvas, None)),
        };
        self.network.figure(&draft)
    }

    pub(crate) fn describe(&self) -> String {
        let mut text = format!(
            "{} at {} is {}.",
            self.network.activation,
            self.network.phrase(),
            self.phase
        );
        for region in Region::ALL {
            let share = self.share(region);
            if share > 0.0 {
                let percent = number(100.0 * share);
                text.push_str(&format!(" {percent}% of the area is {}.", region.word()));
            }
        }
        let shown: Vec<&CriticalPoint> = self.shown_critical().collect();
        if let (Some(first), Some(last)) = (shown.first(), shown.last()) {
            text.push_str(&format!(
                " The critical line runs from σ_w² = {} at σ_b² = {} to σ_w² = {} at σ_b² = {}.",
                number(first.sigma_w2),
                number(first.sigma_b2),
                number(last.sigma_w2),
                number(last.sigma_b2)
            ));
        }
        text
    }

    /// A row a node: its place, its phase, χ₁ and the depth scale.
    pub(crate) fn sheet(&self) -> Sheet {
        let columns = ["sigma_w2", "sigma_b2", "phase", "chi_1", "xi_c"].map(str::to_owned);
        let rows = self.diagram.points.iter().enumerate().map(|(i, point)| {
            let width = self.diagram.sigma_w2.len().max(1);
            let at = |values: &[f64], index: usize| Cell::from(values.get(index).copied());
            vec![
                at(&self.diagram.sigma_w2, i % width),
                at(&self.diagram.sigma_b2, i / width),
                point.phase.to_string().as_str().into(),
                point.chi_1.into(),
                point.xi_c.into(),
            ]
        });
        Sheet::new(columns.to_vec(), rows.collect())
    }

    /// The part of the grid's nodes that are in a region.
    fn share(&self, region: Region) -> f64 {
        let inside = |point: &&evenkeel_theory::PhasePoint| Region::of(point.phase) == region;
        let count = self.diagram.points.iter().filter(inside).count();
        count as f64 / self.diagram.points.len().max(1) as f64
    }

    fn edges(&self) -> (f64, f64) {
        let last = |values: &[f64]| values.last().copied().unwrap_or(1.0);
        (last(&self.diagram.sigma_w2), last(&self.diagram.sigma_b2))
    }

    fn shown_critical(&self) -> impl Iterator<Item = &CriticalPoint> {
        let (right, top) = self.edges();
        self.critical
            .iter()
            .filter(move |point| point.sigma_w2 <= right && point.sigma_b2 <= top)
    }

    /// The drawing, with the networks that were trained over it where there are some.
    pub(crate) fn draw<'a>(
        &self,
        canvas: &Canvas,
        overlay: impl Into<Option<&'a Overlay>>,
    ) -> Drawing {
        let overlay = overlay.into();
        let (right, top) = self.edges();
        let frame = Frame::new(
            canvas,
            0.9,
            |range| Scale::linear((0.0, right), range),
            |range| Scale::linear((0.0, top), range),
        );
        let (mark, taken) = self.own_point(&frame, overlay);
        let mut rooms: Vec<Room> = taken;
        let trained = overlay.map(|overlay| overlay.marks(&frame));
        let places = overlay.iter().flat_map(|overlay| &overlay.places);
        rooms.extend(places.filter_map(|place| {
            let (x, y) = frame.place((place.sigma_w2, place.sigma_b2))?;
            Some((x - 6.0, y - 6.0, x + 6.0, y + 6.0))
        }));
        let names = regions::names(&self.diagram, &frame, &mut rooms);
        let (contours, labels) = depths::draw(&self.diagram, &frame, &mut rooms);
        let inside = frame
            .clipped()
            .child(regions::draw(&self.diagram, &frame))
            .child(contours)
            .children(self.critical_line(&frame));
        let content = std::iter::once(inside)
            .chain(trained)
            .chain([labels, names, mark])
            .collect();
        let titles = Titles {
            along: "σ_w², the weights' variance times fan-in",
            up: "σ_b², the biases' variance",
        };
        frame.finish(canvas, &titles, content, &self.notes(overlay))
    }

    /// The line χ₁ = 1, its stable stretches and its unstable ones.
    fn critical_line(&self, frame: &Frame) -> Vec<Node> {
        let stretches = self.critical.chunk_by(|a, b| {
            // Where σ_b² would be negative between two points there is no line.
            is_stable(a) == is_stable(b) && b.q_star <= MOST_STEP * a.q_star
        });
        stretches
            .filter_map(|stretch| {
                let places = stretch
                    .iter()
                    .map(|p| frame.place((p.sigma_w2, p.sigma_b2)));
                let path = Path::broken(places);
                let class = if is_stable(&stretch[0]) {
                    CRITICAL
                } else {
                    UNSTABLE
                };
                (!path.is_empty()).then(|| Node::path(class, &path))
            })
            .collect()
    }

    /// The user's own network, named, and the room that it takes.
    fn own_point(&self, frame: &Frame, overlay: Option<&Overlay>) -> (Node, Vec<Room>) {
        let group = Node::group("own");
        let Some((x, y)) = frame.place((self.network.sigma_w2, self.network.sigma_b2)) else {
            return (group, Vec::new());
        };
        let text = match overlay {
            Some(overlay) => overlay.own.clone(),
            None => format!("here: {}", self.phase),
        };
        // To the left, where the critical line is not; to the right at the left edge.
        let wide = width(&text, 12.0) * BOLDER;
        let (class, anchor, middle) = if x - 22.0 - wide > frame.plot.left {
            ("strong end halo", x - 14.0, x - 14.0 - 0.5 * wide)
        } else {
            ("strong halo", x + 14.0, x + 14.0 + 0.5 * wide)
        };
        // On the foot of the plot the name stands above the axis.
        let baseline = (y + 4.0).min(frame.plot.bottom - 8.0);
        let label = Node::text_at(class, (anchor, baseline), &text);
        let rooms = vec![
            room_of(&text, 12.0 * BOLDER, (middle, baseline - 4.0)),
            (x - 10.0, y - 10.0, x + 10.0, y + 10.0),
        ];
        (group.children(own_mark((x, y))).child(label), rooms)
    }

    fn notes(&self, overlay: Option<&Overlay>) -> Vec<Note> {
        let mut notes: Vec<Note> = Region::ALL
            .into_iter()
            .filter(|&region| self.share(region) > 0.0)
            .map(|region| Note::new(region.sign(), region.meaning(&self.diagram)))
            .collect();
        let drawn = |stable| {
            self.shown_critical()
                .filter(move |p| is_stable(p) == stable)
                .count()
                > 1
        };
        if drawn(true) {
            let text = "the edge of chaos: χ₁ = 1 at the variance that layers keep";
            notes.push(Note::new(Sign::Line(CRITICAL), text));
        }
        if drawn(false) {
            let text = "χ₁ = 1 at a variance that is unstable: networks leave it";
            notes.push(Note::new(Sign::Line(UNSTABLE), text));
        }
        if depths::any(&self.diagram) {
            let text = "contours: plain networks train to about so many layers (6 ξ_c)";
            notes.push(Note::new(Sign::Line("axis"), text));
        }
        notes.extend(overlay.iter().flat_map(|overlay| overlay.notes()));
        let own = own_mark((0.0, 0.0))
            .into_iter()
            .fold(Node::new("g"), Node::child);
        let name = overlay.map_or("this network", |overlay| overlay.own.as_str());
        let text = format!("{name}: {}, {}", self.network.phrase(), self.phase);
        notes.push(Note::new(Sign::Mark(own), text));
        notes
    }
}

/// Neighbours on the critical line whose variances differ by more belong to two stretches of it.
const MOST_STEP: f64 = 2.0;

fn is_stable(point: &CriticalPoint) -> bool {
    point.chi_q.abs() <= 1.0
}

fn own_mark(at: (f64, f64)) -> [Node; 2] {
    [
        Node::circle("paper axis", at, 7.5),
        Node::circle("dots", at, 4.0),
    ]
}

/// The pixel of a place on the grid.
fn on_paper(diagram: &PhaseDiagram, frame: &Frame, (column, row): Place) -> Option<(f64, f64)> {
    frame.place((
        between(&diagram.sigma_w2, column),
        between(&diagram.sigma_b2, row),
    ))
}

/// The value at a fractional index.
fn between(values: &[f64], index: f64) -> f64 {
    let below = index.floor().max(0.0) as usize;
    match (values.get(below), values.get(below + 1)) {
        (Some(&a), Some(&b)) => a + (index - below as f64) * (b - a),
        _ => values.last().copied().unwrap_or(f64::NAN),
    }
}
