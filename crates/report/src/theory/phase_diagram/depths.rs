//! Contours of the depth to which plain networks train, 6 ξ_c.

use evenkeel_theory::PhaseDiagram;

use super::on_paper;
use crate::number::count;
use crate::svg::{Node, Path};
use crate::theory::contour::Field;
use crate::theory::layout::{Frame, Room, overlap, room_of};

/// The rule of thumb of Schoenholz and others (2017): training reaches 6 ξ_c layers.
const TRAINABLE: f64 = 6.0;
/// The depths that are drawn; deeper ones lie on the critical line, as far as paper can show.
const DEPTHS: [u32; 4] = [10, 30, 100, 300];
/// A contour shorter than this, in pixels, stays unnamed.
const LEAST_LENGTH: f64 = 70.0;
/// The parts of a contour at which its name may stand, the best first.
const PARTS: [f64; 9] = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9];

/// 1/(6 ξ_c), the field whose contours these are.
fn rates(diagram: &PhaseDiagram) -> Field {
    // 1/(6 ξ_c) falls to zero at the edge of chaos, where ξ_c itself has no value between two nodes.
    let rates = diagram.points.iter().map(|point| {
        if point.xi_c == 0.0 {
            f64::from(DEPTHS[0])
        } else {
            1.0 / (TRAINABLE * point.xi_c)
        }
    });
    Field::new(diagram.sigma_w2.len(), rates.collect())
}

/// Whether there is a contour to draw.
pub(super) fn any(diagram: &PhaseDiagram) -> bool {
    let field = rates(diagram);
    DEPTHS
        .iter()
        .any(|&depth| !field.lines(1.0 / f64::from(depth)).is_empty())
}

/// The contours, and their names where these have room.
pub(super) fn draw(diagram: &PhaseDiagram, frame: &Frame, rooms: &mut Vec<Room>) -> (Node, Node) {
    let field = rates(diagram);
    let mut lines = Node::group("depths");
    let mut names = Node::group("depth-names");
    for depth in DEPTHS {
        for line in field.lines(1.0 / f64::from(depth)) {
            let places: Vec<(f64, f64)> = line
                .into_iter()
                .filter_map(|place| on_paper(diagram, frame, place))
                .collect();
            lines = lines.child(
                Node::path("axis", &Path::through(places.iter().copied())).attr("fill", "none"),
            );
            let text = count(u64::from(depth));
            if let Some(at) = free_place(&places, &text, frame, rooms) {
                rooms.push(room_of(&text, 12.0, at));
                names = names.child(Node::text_at("tick mid halo", (at.0, at.1 + 4.0), &text));
            }
        }
    }
    (lines, names)
}

fn free_place(
    line: &[(f64, f64)],
    text: &str,
    frame: &Frame,
    rooms: &[Room],
) -> Option<(f64, f64)> {
    let length = |pair: &[(f64, f64)]| libm::hypot(pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
    let total: f64 = line.windows(2).map(length).sum();
    if total < LEAST_LENGTH {
        return None;
    }
    PARTS.into_iter().find_map(|part| {
        let mut walked = 0.0;
        let pair = line.windows(2).find(|pair| {
            walked += length(pair);
            walked >= part * total
        })?;
        let at = pair[1];
        let own = room_of(text, 12.0, at);
        let plot = &frame.plot;
        let inside =
            own.0 > plot.left && own.2 < plot.right && own.1 > plot.top && own.3 < plot.bottom;
        (inside && rooms.iter().all(|room| !overlap(room, &own))).then_some(at)
    })
}
