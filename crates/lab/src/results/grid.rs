//! A value at each point of two axes: a heat map.

use serde::{Deserialize, Serialize};

use super::Number;

/// A value for each point of two axes, with lines over it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    /// What is shown, unique within the experiment.
    pub name: String,
    /// Horizontal axis: a column of cells for each of its values.
    pub x: GridAxis,
    /// Vertical axis: a row of cells for each of its values.
    pub y: GridAxis,
    /// What a cell's colour shows.
    pub value_label: String,
    /// How values become colours.
    pub shading: Shading,
    /// Value at the low end of the colours.
    pub low: Number,
    /// Value at the high end of the colours.
    pub high: Number,
    /// The values: a list for each place of the vertical axis, as long as the horizontal one.
    pub rows: Vec<Vec<Number>>,
    /// Lines over the cells, as a prediction of where they change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<GridLine>,
}

/// An axis of a grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GridAxis {
    /// What runs along it.
    pub label: String,
    /// Where its cells stand, increasing.
    pub values: Vec<Number>,
    /// Names in place of the values, for an axis of categories; empty otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

/// A line over a grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GridLine {
    /// The line's name.
    pub label: String,
    /// Horizontal positions.
    pub x: Vec<Number>,
    /// Vertical positions; those beyond the axis are cut off.
    pub y: Vec<Number>,
}

/// How the values of a grid become colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shading {
    /// From nothing to a full colour, evenly from the low end to the high one.
    Sequential,
    /// Ratios: nothing at 1, one colour below and another above, evenly in the logarithm, full at
    /// the ends.
    Ratio,
}
