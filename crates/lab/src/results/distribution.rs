//! How many values there are of each size, beside the law that they should follow.

use serde::{Deserialize, Serialize};

use super::Number;

/// A histogram, with the law that its values should follow where there is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// What is shown, unique within the experiment; those to compare stand next to each other.
    pub name: String,
    /// The initialisation, the key of its colour.
    pub init: String,
    /// What the horizontal axis shows.
    pub x_label: String,
    /// How the axis and its bins run.
    pub spacing: Spacing,
    /// Left end of the first bin.
    pub low: Number,
    /// Right end of the last bin.
    pub high: Number,
    /// Counts of the bins, evenly spaced on the axis.
    pub counts: Vec<u64>,
    /// Values below the first bin.
    pub below: u64,
    /// Values above the last bin.
    pub above: u64,
    /// The share of all values that the law puts into each bin; empty where there is no law.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicted: Vec<Number>,
}

/// How an axis runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spacing {
    /// Evenly in the value.
    Linear,
    /// Evenly in its logarithm; every value is positive.
    Logarithmic,
}

impl Distribution {
    /// The right end of a bin, and the left end of the next.
    pub fn edge(&self, index: usize) -> f64 {
        let share = index as f64 / self.counts.len().max(1) as f64;
        let (low, high) = (self.low.0, self.high.0);
        match self.spacing {
            Spacing::Linear => low + share * (high - low),
            Spacing::Logarithmic => low * (high / low).powf(share),
        }
    }

    /// Counts `values` into `bins` bins; a value on an edge belongs to the bin right of it, the last
    /// edge to the last bin.
    pub(crate) fn count(&mut self, values: impl Iterator<Item = f64>) {
        let bins = self.counts.len();
        let (low, high) = (self.low.0, self.high.0);
        for value in values {
            let share = match self.spacing {
                Spacing::Linear => (value - low) / (high - low),
                Spacing::Logarithmic => (value / low).ln() / (high / low).ln(),
            };
            if share < 0.0 {
                self.below += 1;
            } else if share > 1.0 || share.is_nan() {
                self.above += 1;
            } else {
                self.counts[((share * bins as f64) as usize).min(bins - 1)] += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_its_bin_and_none_is_lost() {
        let mut d = Distribution {
            name: String::new(),
            init: String::new(),
            x_label: String::new(),
            spacing: Spacing::Logarithmic,
            low: 0.01.into(),
            high: 100.0.into(),
            counts: vec![0; 4],
            below: 0,
            above: 0,
            predicted: vec![],
        };
        d.count([0.0, 0.02, 0.5, 2.0, 20.0, 100.0, 101.0, f64::NAN].into_iter());
        assert_eq!(d.counts, [1, 1, 1, 2]);
        assert_eq!((d.below, d.above), (1, 2));
        assert!((d.edge(1) - 0.1).abs() < 1e-12 && d.edge(4) == 100.0);
    }
}
