//! Where everything in a depth profile goes.

use evenkeel_lab::results::Direction;

use super::family::Family;
use super::gutter::Gutter;
use super::reading::Lane;
use super::{DepthProfile, labels};
use crate::figure::axes::{self, Plot};
use crate::figure::{Canvas, Size};
use crate::svg::{Node, Scale};

const GUTTER_GAP: f64 = 5.0;

/// The largest f32, and the smallest that is not zero (2⁻¹⁴⁹): past them lie the gutters.
const F32_LARGEST: f64 = f32::MAX as f64;
const F32_SMALLEST: f64 = 1.401_298_464_324_817e-45;

/// The places and scales of a depth profile.
pub(super) struct Layout {
    pub(super) plot: Plot,
    pub(super) x: Scale,
    pub(super) y: Scale,
    pub(super) gutters: Vec<Gutter>,
    /// First and last layer.
    pub(super) layers: (f64, f64),
    /// Where the horizontal axis lies: below the lowest gutter.
    pub(super) foot: f64,
}

impl Layout {
    /// Lays a profile out below a key of some height, with names beside the lines or without.
    pub(super) fn new(
        profile: &DepthProfile,
        canvas: &Canvas,
        key_height: f64,
        direct: bool,
    ) -> Self {
        let height = if canvas.size == Size::Wide {
            300.0
        } else {
            240.0
        };
        let label_room = if direct { labels::room(profile) } else { 10.0 };
        let values = stretched(profile);
        let trial = Scale::log(values, (height, 0.0));
        let left = axes::label_room(&trial.ticks(y_ticks(canvas)));
        let right = canvas.width - label_room;

        let mut top = key_height + 26.0;
        let mut gutters = Vec::new();
        for lane in profile.lanes().into_iter().filter(|l| *l != Lane::Zero) {
            let gutter = Gutter::new(lane, &profile.families, top);
            top += gutter.height + GUTTER_GAP;
            gutters.push(gutter);
        }
        let bottom = top + height;
        let mut foot = bottom;
        if profile.lanes().contains(&Lane::Zero) {
            let gutter = Gutter::new(Lane::Zero, &profile.families, bottom + GUTTER_GAP);
            foot = gutter.top + gutter.height;
            gutters.push(gutter);
        }
        Self {
            plot: Plot {
                left,
                right,
                top,
                bottom,
            },
            x: Scale::linear(profile.layers, (left, right)),
            y: Scale::log(values, (bottom, top)),
            gutters,
            layers: profile.layers,
            foot,
        }
    }

    /// The plot and the gutters above and below it.
    pub(super) fn area(&self) -> Plot {
        let top = self
            .gutters
            .first()
            .map_or(self.plot.top, |g| g.top.min(self.plot.top));
        Plot {
            top,
            bottom: self.foot,
            ..self.plot
        }
    }

    /// The middle of a family's row in a gutter.
    pub(super) fn gutter_row(&self, lane: Lane, family: usize) -> Option<f64> {
        self.gutters.iter().find(|g| g.lane == lane)?.row(family)
    }

    /// Lines at the ends of f32 where a signal went past them, named on the side that it comes
    /// from, where the plot is empty; the lines, which lie behind all others, and their names.
    pub(super) fn limits(&self, profile: &DepthProfile) -> (Vec<Node>, Vec<Node>) {
        let (x, class) = match profile.direction {
            Direction::Forward => (self.plot.left + 6.0, "tick halo"),
            Direction::Backward => (self.plot.right - 6.0, "tick halo end"),
        };
        let limits = [
            (
                overflows(profile),
                F32_LARGEST,
                15.0,
                "largest f32, 3.4 × 10³⁸",
            ),
            (
                underflows(profile),
                F32_SMALLEST,
                -7.0,
                "smallest f32, 1.4 × 10⁻⁴⁵",
            ),
        ];
        let (mut lines, mut words) = (Vec::new(), Vec::new());
        for (is_near, value, offset, text) in limits {
            if let Some(y) = self.y.at(value).filter(|_| is_near) {
                lines.push(Node::line(
                    "limit",
                    (self.plot.left, y),
                    (self.plot.right, y),
                ));
                words.push(Node::text_at(class, (x, y + offset), text));
            }
        }
        (lines, words)
    }
}

/// The most ticks on the vertical axis.
pub(super) fn y_ticks(canvas: &Canvas) -> usize {
    if canvas.size == Size::Wide { 7 } else { 6 }
}

/// Whether a signal that became infinite is seen to come near the largest f32.
fn overflows(profile: &DepthProfile) -> bool {
    let (_, highest) = measured(profile);
    profile.lanes().contains(&Lane::Infinity) && (1e30..=F32_LARGEST).contains(&highest)
}

/// Whether a signal that became zero is seen to come near the smallest f32.
fn underflows(profile: &DepthProfile) -> bool {
    let (lowest, _) = measured(profile);
    profile.lanes().contains(&Lane::Zero) && lowest < 1e-38
}

/// The lowest and the highest measured value that has a place on the axis.
fn measured(profile: &DepthProfile) -> (f64, f64) {
    let values = profile
        .families
        .iter()
        .flat_map(Family::points)
        .map(|(_, rms)| rms);
    values.fold((f64::INFINITY, 0.0), |(low, high), v| {
        (low.min(v), high.max(v))
    })
}

/// The domain of the vertical axis, ending where f32 does if a signal went past it.
fn stretched(profile: &DepthProfile) -> (f64, f64) {
    let (low, high) = profile.values;
    // The rms of many values of which one is the smallest f32 lies below that one.
    let low = if underflows(profile) {
        measured(profile).0.min(F32_SMALLEST)
    } else {
        low
    };
    (
        low,
        if overflows(profile) {
            F32_LARGEST
        } else {
            high
        },
    )
}
