//! Networks that differ in their seed alone are one family: one colour, one label.

use evenkeel_lab::results::{Band, Direction, Layer, Profile};

use super::reading::{Lane, Reading, reading};
use super::span::Span;
use crate::number::number;
use crate::palette::{Swatch, swatch_of};

/// Profiles that differ in their seed alone.
pub(super) struct Family<'a> {
    /// The profiles' name without the seed.
    pub(super) name: String,
    pub(super) swatch: Swatch,
    /// Which dash pattern, among the families of one colour.
    pub(super) dash: usize,
    pub(super) members: Vec<Member<'a>>,
}

/// One network of a family, its layers in the order of their numbers.
pub(super) struct Member<'a> {
    /// The profile's own name, its seed included.
    pub(super) name: &'a str,
    layers: Vec<&'a Layer>,
    direction: Direction,
    pub(super) predicted: &'a [Band],
}

impl<'a> Member<'a> {
    fn new(profile: &'a Profile) -> Self {
        let mut layers: Vec<&Layer> = profile.layers.iter().collect();
        layers.sort_by_key(|l| l.layer);
        Self {
            name: &profile.name,
            layers,
            direction: profile.direction,
            predicted: &profile.predicted,
        }
    }

    /// Each layer with its reading, from the first layer to the last.
    pub(super) fn readings(&self) -> impl DoubleEndedIterator<Item = (usize, Reading)> {
        self.layers.iter().map(|l| (l.layer, reading(l)))
    }

    /// Each layer's statistics.
    pub(super) fn statistics(&self) -> impl Iterator<Item = &'a Layer> {
        self.layers.iter().copied()
    }

    /// As [`Self::readings`], in the order that the signal travels.
    pub(super) fn travelled(&self) -> impl Iterator<Item = (usize, Reading)> {
        let mut readings = self.readings();
        std::iter::from_fn(move || match self.direction {
            Direction::Forward => readings.next(),
            Direction::Backward => readings.next_back(),
        })
    }
}

impl Family<'_> {
    /// Every layer of every member.
    pub(super) fn layers(&self) -> impl Iterator<Item = f64> {
        self.members
            .iter()
            .flat_map(Member::readings)
            .map(|(layer, _)| layer as f64)
    }

    /// Every (layer, rms) that has a place on the axis.
    pub(super) fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.members.iter().flat_map(Member::readings).filter_map(
            |(layer, reading)| match reading {
                Reading::Positive(rms) => Some((layer as f64, rms)),
                Reading::Beyond(_) => None,
            },
        )
    }

    /// Where the family lies in a lane, if it ever does.
    pub(super) fn span(&self, lane: Lane) -> Option<Span> {
        let spans = self.members.iter().filter_map(|member| {
            let mut inside = member
                .travelled()
                .filter(|(_, r)| *r == Reading::Beyond(lane));
            let (first, _) = inside.next()?;
            let end = inside.last().map_or(first, |(layer, _)| layer);
            Some(Span {
                direction: member.direction,
                first,
                last: first,
                end,
            })
        });
        spans.reduce(Span::joined)
    }

    /// From the first layer, as the signal travels, of which `test` holds in each seed.
    pub(super) fn first(&self, test: impl Fn(Reading) -> bool) -> Option<Span> {
        let spans = self.members.iter().filter_map(|member| {
            let (first, _) = member.travelled().find(|(_, reading)| test(*reading))?;
            let (end, _) = member.travelled().last()?;
            Some(Span {
                direction: member.direction,
                first,
                last: first,
                end,
            })
        });
        spans.reduce(Span::joined)
    }

    /// The reading at the right end of the plot: the median over the seeds where most have a place
    /// on the axis, and otherwise the lane that most lie in.
    pub(super) fn right_end(&self) -> Option<Reading> {
        let last = |m: &Member| m.readings().next_back().map(|(_, reading)| reading);
        let ends: Vec<Reading> = self.members.iter().filter_map(last).collect();
        let mut placed: Vec<f64> = ends
            .iter()
            .filter_map(|r| {
                if let Reading::Positive(rms) = r {
                    Some(*rms)
                } else {
                    None
                }
            })
            .collect();
        if 2 * placed.len() > ends.len() {
            placed.sort_by(f64::total_cmp);
            return placed.get(placed.len() / 2).copied().map(Reading::Positive);
        }
        let votes = |lane: &Lane| {
            ends.iter()
                .filter(|r| **r == Reading::Beyond(*lane))
                .count()
        };
        Lane::ALL.into_iter().max_by_key(votes).map(Reading::Beyond)
    }

    /// The family in words.
    pub(super) fn describe(&self) -> String {
        let mut text = self.name.clone();
        if self.members.len() > 1 {
            text.push_str(&format!(" ({} seeds)", self.members.len()));
        }
        if let Some((layer, value)) = self.points().next() {
            text.push_str(&format!(": {} at layer {layer}", number(value)));
        }
        if let (Some(Reading::Positive(value)), Some(layer)) =
            (self.right_end(), self.layers().reduce(f64::max))
        {
            text.push_str(&format!(", {} at layer {layer}", number(value)));
        }
        for lane in Lane::ALL {
            if let Some(span) = self.span(lane) {
                text.push_str(&format!(", {} {}", lane.sign(), span.words()));
            }
        }
        text.push('.');
        text
    }
}

/// Sorts profiles into families, in the order of their first members.
pub(super) fn families<'a>(profiles: impl Iterator<Item = &'a Profile>) -> Vec<Family<'a>> {
    let mut families: Vec<Family> = Vec::new();
    for profile in profiles {
        let swatch = swatch_of(&profile.init);
        let name = match without_seed(&profile.name) {
            "" => profile.init.clone(),
            name => name.to_owned(),
        };
        if let Some(family) = families
            .iter_mut()
            .find(|f| f.name == name && f.swatch == swatch)
        {
            family.members.push(Member::new(profile));
            continue;
        }
        let dash = families.iter().filter(|f| f.swatch == swatch).count();
        families.push(Family {
            name,
            swatch,
            dash,
            members: vec![Member::new(profile)],
        });
    }
    families
}

/// `naive, fresh matrices, seed 3` → `naive, fresh matrices`; nothing is left of a seed alone.
fn without_seed(name: &str) -> &str {
    let lower = name.to_ascii_lowercase();
    let Some(at) = lower.rfind("seed") else {
        return name;
    };
    let number = lower[at + 4..]
        .trim_end_matches(')')
        .trim_start_matches([' ', ':', '=', '#']);
    let is_seed = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let start = name[..at].trim_end_matches([' ', ',', '(', ';', ':', '/', '·', '-', '–']);
    if is_seed { start } else { name }
}

#[cfg(test)]
mod tests {
    use super::{Lane, families, without_seed};
    use evenkeel_lab::results::{Direction, Layer, Number, Profile};

    fn layer(second_moment: f64, nonfinite: u64) -> Layer {
        Layer {
            layer: 0,
            count: 512,
            mean: Number(0.0),
            std: Number(second_moment.sqrt()),
            second_moment: Number(second_moment),
            min: Number(0.0),
            max: Number(0.0),
            zero_fraction: Number(0.0),
            nonfinite,
            nan: 0,
        }
    }

    #[test]
    fn the_seed_is_no_part_of_a_familys_name() {
        for name in [
            "xavier, seed 3",
            "xavier (seed 3)",
            "xavier · seed 12",
            "xavier / Seed=0",
        ] {
            assert_eq!(without_seed(name), "xavier");
        }
        assert_eq!(without_seed("seeded xavier"), "seeded xavier");
        assert_eq!(without_seed("seed 4"), "");
    }

    /// Going forward a signal is lost from its first zero on, going back from its last.
    #[test]
    fn a_signal_is_lost_in_the_direction_that_it_travels() {
        let second_moments = [0.0, 0.0, 1.0, 1.0, 0.0];
        let layers: Vec<Layer> = second_moments
            .iter()
            .enumerate()
            .map(|(i, m)| Layer {
                layer: i,
                ..layer(*m, 0)
            })
            .collect();
        let along = |direction, count: usize| Profile {
            name: "p".into(),
            init: "small".into(),
            direction,
            layers: layers[..count].iter().rev().copied().collect(),
            predicted: vec![],
        };
        let words = |p: &Profile| {
            families([p].into_iter())[0]
                .span(Lane::Zero)
                .unwrap()
                .words()
        };
        assert_eq!(words(&along(Direction::Backward, 4)), "from layer 1 down");
        assert_eq!(words(&along(Direction::Forward, 5)), "from layer 0");
    }
}
