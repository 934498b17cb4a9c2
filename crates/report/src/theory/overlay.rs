//! Networks that were trained, over a phase diagram.

use super::layout::{Frame, Note, Sign};
use crate::figure::{Cell, Sheet};
use crate::svg::Node;

/// What is laid over a diagram.
#[derive(Clone, Debug)]
pub(crate) struct Overlay {
    /// The name of the network whose place is marked.
    pub(crate) own: String,
    /// What the trained networks were asked.
    pub(crate) asked: String,
    pub(crate) places: Vec<Place>,
}

/// A network that was trained.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) sigma_w2: f64,
    pub(crate) sigma_b2: f64,
    pub(crate) accuracy: f64,
    pub(crate) learnt: bool,
}

impl Overlay {
    /// A filled circle where a network learnt, an empty one where it did not.
    pub(super) fn marks(&self, frame: &Frame) -> Node {
        let mut group = Node::group("trained");
        for place in &self.places {
            if let Some(at) = frame.place((place.sigma_w2, place.sigma_b2)) {
                let told = format!("{:.0}% right", 100.0 * place.accuracy);
                group = group.child(circle(place.learnt, at).child(Node::new("title").text(&told)));
            }
        }
        group
    }

    pub(super) fn notes(&self) -> Vec<Note> {
        let note = |learnt, text: String| {
            let mark = Node::new("g").child(circle(learnt, (0.0, 0.0)));
            Note::new(Sign::Mark(mark), text)
        };
        vec![
            note(true, format!("learnt: {}", self.asked)),
            note(false, "did not".to_owned()),
        ]
    }

    pub(crate) fn describe(&self) -> String {
        let learnt = self.places.iter().filter(|place| place.learnt).count();
        format!(
            "Of {} networks trained over it {learnt} learnt: {}.",
            self.places.len(),
            self.asked
        )
    }

    /// A row a network.
    pub(crate) fn sheet(&self) -> Sheet {
        let columns = ["sigma_w2", "sigma_b2", "accuracy", "learnt"].map(str::to_owned);
        let rows = self.places.iter().map(|place| {
            let learnt = if place.learnt { "yes" } else { "no" };
            vec![
                place.sigma_w2.into(),
                place.sigma_b2.into(),
                place.accuracy.into(),
                Cell::from(learnt),
            ]
        });
        Sheet::new(columns.to_vec(), rows.collect())
    }
}

fn circle(learnt: bool, at: (f64, f64)) -> Node {
    let class = if learnt { "learnt" } else { "lost" };
    Node::circle(class, at, 4.2)
}
