//! What is drawn besides profiles: histograms, curves, samples, tables.

use evenkeel_net::Histogram;
use serde::{Deserialize, Serialize};

use super::{Number, Value};

/// Histograms on one shared axis, a ridge a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ridgeline {
    /// What is shown, unique within the experiment; ridgelines to compare stand next to each other.
    pub name: String,
    /// The initialisation, the key of its colour.
    pub init: String,
    /// What the horizontal axis shows.
    pub x_label: String,
    /// Left end of the first bin.
    pub low: Number,
    /// Right end of the last bin.
    pub high: Number,
    /// One histogram a layer, first layer first.
    pub ridges: Vec<Ridge>,
}

/// One histogram of a ridgeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ridge {
    /// The layer's name.
    pub label: String,
    /// Standard deviation of the values.
    pub std: Number,
    /// Counts of the bins, all of one width, from `low` to `high`.
    pub counts: Vec<u64>,
    /// Values below `low`.
    pub below: u64,
    /// Values above `high`.
    pub above: u64,
    /// Values that are NaN or infinite.
    pub nonfinite: u64,
}

impl Ridge {
    /// A ridge of what `histogram` counted.
    pub(crate) fn of(label: String, std: f64, histogram: &Histogram) -> Self {
        Self {
            label,
            std: std.into(),
            counts: histogram.counts().to_vec(),
            below: histogram.below(),
            above: histogram.above(),
            nonfinite: histogram.nonfinite(),
        }
    }
}

/// Curves on one pair of axes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curves {
    /// What is shown, unique within the experiment.
    pub name: String,
    /// Horizontal axis.
    pub x_label: String,
    /// Vertical axis.
    pub y_label: String,
    /// The curves.
    pub series: Vec<Series>,
    /// Level lines to read the curves by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guides: Vec<Guide>,
}

/// A level line across a plot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guide {
    /// What it stands for.
    pub label: String,
    /// Its height.
    pub y: Number,
}

/// One curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// The curve's name.
    pub label: String,
    /// The initialisation, the key of its colour.
    pub init: String,
    /// Horizontal positions.
    pub x: Vec<Number>,
    /// Values: the median over seeds where there are several.
    pub y: Vec<Number>,
    /// Lowest value over the seeds; empty where there is one seed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub low: Vec<Number>,
    /// Highest value over the seeds; empty where there is one seed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub high: Vec<Number>,
    /// What theory predicts at the same positions; empty where it does not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicted: Vec<Number>,
}

/// Samples of the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Images {
    /// What is shown.
    pub name: String,
    /// Rows of pixels.
    pub rows: usize,
    /// Columns of pixels.
    pub columns: usize,
    /// By what the values are normalised before they enter a network, where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalized_by: Option<NormalizedBy>,
    /// The samples.
    pub tiles: Vec<Tile>,
}

/// The mean and standard deviation that values are normalised by, on the scale from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NormalizedBy {
    /// What is taken away.
    pub mean: Number,
    /// What the rest is divided by.
    pub std: Number,
}

/// One sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tile {
    /// The label's text.
    pub label: String,
    /// Grey values, row by row, two lower-case hexadecimal digits a pixel.
    pub pixels: String,
}

/// A small table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// What is shown.
    pub name: String,
    /// Column heads, with units where there are any.
    pub columns: Vec<String>,
    /// Rows, each as long as the head.
    pub rows: Vec<Vec<Value>>,
}
