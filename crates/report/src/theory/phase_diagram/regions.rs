//! The areas of a phase diagram: ordered, chaotic, divergent.

use evenkeel_theory::{Phase, PhaseDiagram, PhasePoint};

use super::on_paper;
use crate::svg::{Node, Path};
use crate::theory::contour::Field;
use crate::theory::layout::{Frame, Room, Sign, overlap, room_of};

/// What becomes of a signal, as far as an area can show it: the critical line has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Region {
    Ordered,
    Chaotic,
    Divergent,
}

impl Region {
    pub(super) const ALL: [Self; 3] = [Self::Ordered, Self::Chaotic, Self::Divergent];

    pub(super) fn of(phase: Phase) -> Self {
        match phase {
            Phase::Ordered | Phase::Critical => Self::Ordered,
            Phase::Chaotic => Self::Chaotic,
            Phase::Divergent => Self::Divergent,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Chaotic => "chaotic",
            Self::Divergent => "divergent",
        }
    }

    pub(super) fn meaning(self, diagram: &PhaseDiagram) -> &'static str {
        let jumps = |p: &PhasePoint| p.phase == Phase::Chaotic && p.chi_1 < 1.0;
        match self {
            Self::Ordered => "ordered (χ₁ < 1): inputs become alike, gradients vanish",
            Self::Chaotic if diagram.points.iter().any(jumps) => {
                "chaotic: the activation jumps, so that close inputs part"
            }
            Self::Chaotic => "chaotic (χ₁ > 1): close inputs part, gradients explode",
            Self::Divergent => "divergent: the variance grows without end",
        }
    }

    /// The colours of what the signal and its gradient tend to: zero, and infinity.
    fn fill(self) -> (&'static str, f64) {
        match self {
            Self::Ordered => ("z-f", 0.17),
            Self::Chaotic => ("i-f", 0.12),
            Self::Divergent => ("i-f", 0.42),
        }
    }

    pub(super) fn sign(self) -> Sign {
        let (class, opacity) = self.fill();
        Sign::Area(class, opacity)
    }

    /// A field that is positive inside, and in the regions that are drawn over this one.
    fn field(self, diagram: &PhaseDiagram) -> Field {
        let heights = diagram.points.iter().map(|point| self.height(point));
        let field = Field::new(diagram.sigma_w2.len(), heights.collect());
        match self {
            // Whether the variance diverges is a yes or a no: its boundary is a staircase of nodes.
            Self::Divergent => field.smoothed(SMOOTHING),
            _ => field,
        }
    }

    fn height(self, point: &PhasePoint) -> f64 {
        let own = Self::of(point.phase);
        match self {
            Self::Divergent if own == self => 1.0,
            Self::Divergent => -1.0,
            _ if own == Self::Divergent => f64::MIN_POSITIVE,
            // An activation that jumps is chaotic whatever its χ₁.
            Self::Chaotic if own == self && point.chi_1 <= 1.0 => 1.0,
            _ if own == self => (point.chi_1 - 1.0).max(f64::MIN_POSITIVE),
            _ => (point.chi_1 - 1.0).min(-f64::MIN_POSITIVE),
        }
    }
}

/// Nodes on either side that a boundary is smoothed over: more than a step of a steep one is long.
const SMOOTHING: usize = 12;

/// The areas: the first fills the plot, each of the others covers what was below it.
pub(super) fn draw(diagram: &PhaseDiagram, frame: &Frame) -> Node {
    let present = |region: &Region| {
        diagram
            .points
            .iter()
            .any(|p| Region::of(p.phase) == *region)
    };
    let mut group = Node::group("regions");
    let plot = &frame.plot;
    for (index, region) in Region::ALL.into_iter().filter(present).enumerate() {
        let outline = if index == 0 {
            let corners = [
                (plot.left, plot.top),
                (plot.right, plot.top),
                (plot.right, plot.bottom),
                (plot.left, plot.bottom),
            ];
            Path::area(corners).data().to_owned()
        } else {
            outline(region, diagram, frame)
        };
        let area = |class| {
            Node::new("path")
                .attr("class", class)
                .attr("fill-rule", "evenodd")
                .attr("d", outline.as_str())
        };
        let (class, opacity) = region.fill();
        group = group
            .child(area("paper"))
            .child(area(class).attr("fill-opacity", opacity.to_string()));
    }
    group
}

/// The outlines of a region as the data of one path.
fn outline(region: Region, diagram: &PhaseDiagram, frame: &Frame) -> String {
    region
        .field(diagram)
        .outlines()
        .into_iter()
        .map(|ring| {
            let places = ring
                .into_iter()
                .filter_map(|place| on_paper(diagram, frame, place));
            Path::area(places).data().to_owned()
        })
        .collect()
}

/// Steps of the grid of places that a name may take.
const STEPS: usize = 28;
/// A region narrower than this many pixels about its name stays unnamed: the notes name it.
const LEAST_ROOM: f64 = 22.0;

/// The regions' names, each in the middle of the widest part of its region.
pub(super) fn names(diagram: &PhaseDiagram, frame: &Frame, rooms: &mut Vec<Room>) -> Node {
    let mut group = Node::group("names");
    let places = places(diagram, frame);
    for region in Region::ALL {
        if let Some((x, y)) = middle(region, &places, frame, rooms) {
            rooms.push(room_of(region.word(), 13.0, (x, y - 4.0)));
            group = group.child(Node::text_at("panel mid halo", (x, y), region.word()));
        }
    }
    group
}

/// Places spread over the plot with the region that each is in.
fn places(diagram: &PhaseDiagram, frame: &Frame) -> Vec<(Region, (f64, f64))> {
    let (columns, rows) = (diagram.sigma_w2.len(), diagram.sigma_b2.len());
    let node = |i: usize, count: usize| (2 * i + 1) * count.saturating_sub(1) / (2 * STEPS);
    let grid = (0..STEPS).flat_map(|i| (0..STEPS).map(move |j| (i, j)));
    grid.filter_map(|(i, j)| {
        let (column, row) = (node(i, columns), node(j, rows));
        let at = on_paper(diagram, frame, (column as f64, row as f64))?;
        Some((Region::of(diagram.at(row, column).phase), at))
    })
    .collect()
}

fn middle(
    region: Region,
    places: &[(Region, (f64, f64))],
    frame: &Frame,
    rooms: &[Room],
) -> Option<(f64, f64)> {
    let free = |at: &(f64, f64)| {
        let own = room_of(region.word(), 13.0, (at.0, at.1 - 4.0));
        rooms.iter().all(|room| !overlap(room, &own))
    };
    // A name is wider than high, so that sideways room counts for less.
    let distance = |a: (f64, f64), b: (f64, f64)| {
        let (dx, dy) = (0.45 * (a.0 - b.0), a.1 - b.1);
        (dx * dx + dy * dy).sqrt()
    };
    let clearance = |at: (f64, f64)| {
        let plot = &frame.plot;
        let edge = (0.45 * (at.0 - plot.left).min(plot.right - at.0))
            .min(at.1 - plot.top)
            .min(plot.bottom - at.1);
        places
            .iter()
            .filter(|(other, _)| *other != region)
            .map(|&(_, other)| distance(at, other))
            .fold(edge, f64::min)
    };
    places
        .iter()
        .filter(|(own, at)| *own == region && free(at))
        .map(|&(_, at)| (clearance(at), at))
        .filter(|&(room, _)| room >= LEAST_ROOM)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, at)| at)
}
