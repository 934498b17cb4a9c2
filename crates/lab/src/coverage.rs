//! How many layers lie outside the 95% band that was predicted for them.

use crate::judge::STANDARD_ERRORS;
use crate::results::{Band, Map, Value, map, show};

/// Share of layers that a right band leaves outside.
pub(crate) const EXPECTED: f64 = 0.05;

/// The smallest normal f32. Below it values are rounded to fewer digits, and no band knows of that.
const SMALLEST: f64 = f32::MIN_POSITIVE as f64;

/// An eighth of the largest f32: the largest of some thousand values of an rms below it is finite.
const LARGEST: f64 = f32::MAX as f64 / 8.0;

/// How many layers, from the first on, have bands that f32 can hold: there a measurement can be
/// judged. Past them a right prediction meets zeros, infinities and rounding.
pub(crate) fn representable(bands: &[Band]) -> usize {
    bands
        .iter()
        .take_while(|band| band.low.0 >= SMALLEST && band.high.0 <= LARGEST)
        .count()
}

/// The layers of one profile over all of its seeds, beside their bands.
#[derive(Clone, Debug)]
pub(crate) struct Coverage {
    what: String,
    seeds: usize,
    layers: usize,
    outside: usize,
    /// Of the first seed, the one that is drawn: layers, how many are outside, and the first of them.
    drawn: (usize, usize, Option<usize>),
}

impl Coverage {
    /// Of nothing yet.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            seeds: 0,
            layers: 0,
            outside: 0,
            drawn: (0, 0, None),
        }
    }

    /// Of many seeds with the same bands, each seed's rms values in the order of the bands.
    pub(crate) fn of<S: Iterator<Item = f64>>(
        what: impl Into<String>,
        bands: &[Band],
        seeds: impl Iterator<Item = S>,
    ) -> Self {
        let mut coverage = Self::new(what);
        for rms in seeds {
            coverage.add(bands, rms);
        }
        coverage
    }

    /// Adds a seed. Layers whose band leaves the normal numbers of f32 are not judged.
    pub(crate) fn add(&mut self, bands: &[Band], rms: impl Iterator<Item = f64>) {
        let (mut layers, mut outside) = (0, Vec::new());
        for (band, rms) in bands.iter().zip(rms) {
            if band.low.0 < SMALLEST || band.high.0 > LARGEST {
                continue;
            }
            layers += 1;
            if !(band.low.0..=band.high.0).contains(&rms) {
                outside.push(band.layer);
            }
        }
        if self.seeds == 0 {
            self.drawn = (layers, outside.len(), outside.iter().copied().min());
        }
        self.seeds += 1;
        self.layers += layers;
        self.outside += outside.len();
    }

    /// Share of layers outside.
    pub(crate) fn share(&self) -> f64 {
        self.outside as f64 / self.layers.max(1) as f64
    }

    /// Whether the share is within four standard errors of 5%.
    ///
    /// The layers of one network move together, how much so depending on the network: at most they
    /// are in or out as one, and then the share over S seeds has the variance 0.05·0.95/S.
    pub(crate) fn agrees(&self) -> bool {
        self.within(STANDARD_ERRORS)
    }

    /// The same with another number of standard errors, for who judges many at once.
    pub(crate) fn within(&self, standard_errors: f64) -> bool {
        let variance = EXPECTED * (1.0 - EXPECTED) / self.seeds.max(1) as f64;
        (self.share() - EXPECTED).abs() <= standard_errors * variance.sqrt()
    }

    fn measured(&self) -> Map {
        map([
            ("profile", Value::from(self.what.as_str())),
            ("seeds", self.seeds.into()),
            ("layers", self.layers.into()),
            ("outside", self.outside.into()),
            ("share", self.share().into()),
        ])
    }
}

/// The coverages of an experiment's profiles.
pub(crate) struct Coverages(pub(crate) Vec<Coverage>);

impl Coverages {
    /// Whether each agrees.
    pub(crate) fn agree(&self) -> bool {
        self.0.iter().all(Coverage::agrees)
    }

    /// Share of all layers outside.
    pub(crate) fn share(&self) -> f64 {
        let (layers, outside) = self.totals();
        outside as f64 / layers.max(1) as f64
    }

    fn totals(&self) -> (usize, usize) {
        let sum = |pick: fn(&Coverage) -> usize| self.0.iter().map(pick).sum::<usize>();
        (sum(|c| c.layers), sum(|c| c.outside))
    }

    /// What an experiment measured besides, with this.
    pub(crate) fn with_measured(&self, mut besides: Map) -> Map {
        besides.extend(self.measured());
        besides
    }

    /// What an experiment predicted besides, with this.
    pub(crate) fn with_predicted(&self, mut besides: Map) -> Map {
        besides.extend(self.predicted());
        besides
    }

    /// What was measured, for results.
    pub(crate) fn measured(&self) -> Map {
        let each: Vec<Map> = self.0.iter().map(Coverage::measured).collect();
        map([
            ("layers_outside_band", Value::from(each)),
            ("share_outside_band", self.share().into()),
        ])
    }

    /// What was known.
    pub(crate) fn predicted(&self) -> Map {
        map([("share_outside_band", EXPECTED)])
    }

    /// In words: `Of 20000 layers over all seeds 1012 (5.1%) lie outside their 95% band, 5% being
    /// expected; of the 100 drawn with a band 3 do, the first of them layer 41 (gradients).`
    pub(crate) fn words(&self) -> String {
        let (layers, outside) = self.totals();
        let drawn: usize = self.0.iter().map(|c| c.drawn.0).sum();
        let drawn_outside: usize = self.0.iter().map(|c| c.drawn.1).sum();
        let first = self
            .0
            .iter()
            .find_map(|c| Some((c.drawn.2?, c.what.as_str())));
        let which = match first {
            Some((layer, what)) if self.0.len() > 1 => {
                format!(", the first of them layer {layer} ({what})")
            }
            Some((layer, _)) => format!(", the first of them layer {layer}"),
            None => String::new(),
        };
        format!(
            "Of {layers} layers over all seeds {outside} ({}%) lie outside their 95% band, 5% being expected; of \
             the {drawn} drawn with it {} do{which}.",
            show_percent(self.share()),
            if drawn_outside == 0 {
                "none".to_owned()
            } else {
                drawn_outside.to_string()
            },
        )
    }
}

fn show_percent(share: f64) -> String {
    if share.is_nan() {
        return show(share);
    }
    format!("{:.1}", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands(layers: usize) -> Vec<Band> {
        let band = |layer| Band {
            layer,
            low: 0.5.into(),
            middle: 1.0.into(),
            high: 2.0.into(),
        };
        (0..layers).map(band).collect()
    }

    #[test]
    fn layers_outside_are_counted_and_the_first_is_named() {
        let seeds = [[1.0, 3.0, 1.0, f64::NAN], [1.0; 4]];
        let coverage = Coverage::of("signal", &bands(4), seeds.iter().map(|s| s.iter().copied()));
        assert_eq!((coverage.layers, coverage.outside), (8, 2));
        assert_eq!(coverage.drawn, (4, 2, Some(1)));
        let words = Coverages(vec![coverage]).words();
        assert!(
            words.contains("2 (25.0%)") && words.contains("layer 1"),
            "{words}"
        );
    }

    #[test]
    fn a_wrong_band_does_not_agree() {
        for (rms, share) in [(0.0, 1.0), (2.1, 1.0), (1.0, 0.0)] {
            let seeds = (0..400).map(|_| std::iter::repeat_n(rms, 4));
            let coverage = Coverage::of("signal", &bands(4), seeds);
            assert_eq!(coverage.share(), share);
            assert!(!coverage.agrees(), "{rms}");
        }
    }

    #[test]
    fn layers_beyond_f32_are_not_judged() {
        let mut bands = bands(2);
        bands[1].high = 1e38.into();
        let coverage = Coverage::of("signal", &bands, [[1.0, 9.0].into_iter()].into_iter());
        assert_eq!((coverage.layers, coverage.outside), (1, 0));
    }
}
