//! The range in which a signal is healthy, and the layer at which each family first leaves it.

use evenkeel_lab::results::Direction;

use super::DepthProfile;
use super::family::Family;
use super::layout::Layout;
use super::reading::Reading;
use super::span::Span;
use crate::number::number;
use crate::svg::{Node, width};

/// How far from its reference a healthy signal may be, either way. One decade: a signal that stays
/// within it keeps gradients, learning rates and the activations' curvature of one order for all
/// layers; every failure of the lesson leaves it by tens of decades.
const FACTOR: f64 = 10.0;

/// The range, by its middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Healthy {
    reference: f64,
}

impl Healthy {
    /// Around 1 forward, where inputs are normalised to; backward around the size with which the
    /// gradient sets out, the median over networks, for it has no size that is right in itself.
    pub(super) fn of(direction: Direction, families: &[Family]) -> Self {
        let mut starts: Vec<f64> = families
            .iter()
            .flat_map(|f| &f.members)
            .filter_map(|member| match member.travelled().next()?.1 {
                Reading::Positive(rms) => Some(rms),
                Reading::Beyond(_) => None,
            })
            .collect();
        starts.sort_by(f64::total_cmp);
        let reference = match (direction, starts.get(starts.len() / 2)) {
            (Direction::Backward, Some(&start)) => start,
            _ => 1.0,
        };
        Self { reference }
    }

    fn ends(&self) -> (f64, f64) {
        (self.reference / FACTOR, self.reference * FACTOR)
    }

    pub(super) fn words(&self) -> String {
        let (low, high) = self.ends();
        format!("healthy: {} to {}", number(round(low)), number(round(high)))
    }

    /// Where a family is first outside, if it ever is.
    pub(super) fn left(&self, family: &Family) -> Option<Span> {
        let (low, high) = self.ends();
        family.first(|reading| match reading {
            Reading::Positive(rms) => !(low..=high).contains(&rms),
            Reading::Beyond(_) => true,
        })
    }
}

/// Two digits are enough for a range of two decades.
fn round(x: f64) -> f64 {
    format!("{x:.1e}").parse().unwrap_or(x)
}

/// The range as an area behind everything, as far as the plot shows it.
pub(super) fn shade(profile: &DepthProfile, layout: &Layout) -> Option<Node> {
    let plot = &layout.plot;
    let (low, high) = profile.healthy.ends();
    let (top, bottom) = (layout.y.clamped(high)?, layout.y.clamped(low)?);
    let size = (plot.right - plot.left, bottom - top);
    (size.1 > 0.5).then(|| Node::rect("healthy", (plot.left, top), size))
}

/// Left, top, right and bottom of a text.
type Room = (f64, f64, f64, f64);

/// A ring where each family first leaves the range, named where there is room.
pub(super) fn marks(profile: &DepthProfile, layout: &Layout) -> Node {
    let mut group = Node::group("first-outside");
    let marked: Vec<Mark> = profile
        .families
        .iter()
        .filter_map(|family| {
            let span = profile.healthy.left(family)?;
            Some(Mark {
                key: family.swatch.key,
                words: format!("outside {}", span.short_words()),
                at: place(family, span.first, layout)?,
            })
        })
        .collect();
    let around = |(x, y): (f64, f64)| (x - 6.0, y - 6.0, x + 6.0, y + 6.0);
    let mut taken: Vec<Room> = marked.iter().map(|mark| around(mark.at)).collect();
    let inked = inked(profile, layout);
    for (i, mark) in marked.iter().enumerate() {
        let class = format!("left s-{}", mark.key);
        group = group.child(Node::circle(&class, mark.at, 4.0));
        if marked[..i]
            .iter()
            .any(|earlier| earlier.says_the_same(mark))
        {
            continue;
        }
        if let Some((anchor, at, room)) = free(mark, layout, &taken, &inked) {
            taken.push(room);
            let class = format!("{anchor} f-{}", mark.key);
            group = group.child(Node::text_at(&class, at, &mark.words));
        }
    }
    group
}

/// A family's first layer outside, on paper.
struct Mark {
    key: &'static str,
    words: String,
    at: (f64, f64),
}

impl Mark {
    fn says_the_same(&self, other: &Self) -> bool {
        let apart = libm::hypot(self.at.0 - other.at.0, self.at.1 - other.at.1);
        self.key == other.key && self.words == other.words && apart < 12.0
    }
}

/// Places that lines go through: enough of each line to keep words off it.
fn inked(profile: &DepthProfile, layout: &Layout) -> Vec<(f64, f64)> {
    const A_LINE: usize = 400;
    let mut places = Vec::new();
    for family in &profile.families {
        let points: Vec<(f64, f64)> = family.points().collect();
        let every = points.len().div_ceil(A_LINE).max(1);
        let on_paper = |(layer, rms): &(f64, f64)| Some((layout.x.at(*layer)?, layout.y.at(*rms)?));
        places.extend(points.iter().step_by(every).filter_map(on_paper));
    }
    places
}

/// Where a family's first seed to leave does: on its line, or at the plot's edge where it left for a
/// gutter at once.
fn place(family: &Family, layer: usize, layout: &Layout) -> Option<(f64, f64)> {
    let x = layout.x.at(layer as f64)?;
    let readings = family.members.iter().filter_map(|member| {
        let at = member.readings().find(|(l, _)| *l == layer)?.1;
        match at {
            Reading::Positive(rms) => layout.y.clamped(rms),
            Reading::Beyond(_) => None,
        }
    });
    Some((x, readings.reduce(f64::max)?))
}

/// A place for words beside a mark: covering no other words, and the fewest places of lines.
fn free(
    mark: &Mark,
    layout: &Layout,
    taken: &[Room],
    inked: &[(f64, f64)],
) -> Option<(&'static str, (f64, f64), Room)> {
    let (wide, plot) = (width(&mark.words, 12.0), &layout.plot);
    let candidates = [
        ("halo", 9.0, 16.0),
        ("halo", 9.0, -8.0),
        ("halo end", -9.0, 16.0),
        ("halo end", -9.0, -8.0),
        ("halo", 18.0, 4.0),
        ("halo end", -18.0, 4.0),
        ("halo", 9.0, 31.0),
        ("halo", 9.0, -23.0),
        ("halo end", -9.0, 31.0),
        ("halo end", -9.0, -23.0),
    ];
    let placed = candidates.into_iter().map(|(anchor, dx, dy)| {
        let (start, baseline) = (mark.at.0 + dx, mark.at.1 + dy);
        let left = if anchor.ends_with("end") {
            start - wide
        } else {
            start
        };
        let room = (left, baseline - 11.0, left + wide, baseline + 3.0);
        (anchor, (start, baseline), room)
    });
    let stands = |room: &Room| {
        let inside = room.0 >= plot.left
            && room.2 <= plot.right
            && room.1 >= plot.top
            && room.3 <= plot.bottom;
        let apart = |o: &Room| room.2 < o.0 || o.2 < room.0 || room.3 < o.1 || o.3 < room.1;
        inside && taken.iter().all(apart)
    };
    let covered = |room: &Room| {
        let inside =
            |(x, y): &&(f64, f64)| (room.0..=room.2).contains(x) && (room.1..=room.3).contains(y);
        inked.iter().filter(inside).count()
    };
    placed
        .filter(|(.., room)| stands(room))
        .min_by_key(|(.., room)| covered(room))
}

#[cfg(test)]
mod tests {
    use evenkeel_lab::results::{Direction, Layer, Number, Profile};

    use super::super::family::families;
    use super::Healthy;

    fn profile(direction: Direction, rms: &[f64]) -> Profile {
        let layers = rms.iter().enumerate().map(|(layer, rms)| Layer {
            layer,
            count: 1,
            mean: Number(0.0),
            std: Number(*rms),
            second_moment: Number(rms * rms),
            min: Number(0.0),
            max: Number(0.0),
            zero_fraction: Number(0.0),
            nonfinite: 0,
            nan: 0,
        });
        Profile {
            name: "p".into(),
            init: "small".into(),
            direction,
            layers: layers.collect(),
            predicted: vec![],
        }
    }

    fn left(direction: Direction, rms: &[f64]) -> Option<String> {
        let profile = profile(direction, rms);
        let families = families([&profile].into_iter());
        let span = Healthy::of(direction, &families).left(&families[0]);
        span.map(|span| span.words())
    }

    #[test]
    fn a_signal_is_outside_from_the_first_layer_beyond_a_decade() {
        let forward = |rms: &[f64]| left(Direction::Forward, rms);
        assert_eq!(forward(&[1.0, 9.9, 0.11]), None);
        assert_eq!(forward(&[1.0, 10.1, 1.0]).as_deref(), Some("from layer 1"));
        assert_eq!(forward(&[0.099, 1.0]).as_deref(), Some("from layer 0"));
        assert_eq!(forward(&[1.0, 0.5, 0.0]).as_deref(), Some("from layer 2"));
        assert_eq!(forward(&[1.0, f64::NAN]).as_deref(), Some("from layer 1"));
    }

    /// Going back, the measure is the size with which the gradient sets out, at the last layer.
    #[test]
    fn a_gradient_is_measured_by_its_own_start() {
        let backward = |rms: &[f64]| left(Direction::Backward, rms);
        assert_eq!(backward(&[0.02, 0.01, 0.001, 0.01]).as_deref(), None);
        assert_eq!(
            backward(&[1e-9, 0.0005, 0.01]).as_deref(),
            Some("from layer 1 down")
        );
    }
}
