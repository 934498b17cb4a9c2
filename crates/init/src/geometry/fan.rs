use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Axis, Geometry, GeometryError, Role, axis};

/// Which count of connections a scale is divided by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Fan {
    /// Inputs of an output: keeps the second moment of the forward signal.
    #[default]
    #[serde(rename = "fan_in")]
    In,
    /// Outputs of an input: keeps the second moment of the backward signal.
    #[serde(rename = "fan_out")]
    Out,
    /// (fan_in + fan_out)/2, the compromise of Glorot and Bengio (2010).
    #[serde(rename = "fan_avg")]
    Average,
    /// √(fan_in · fan_out): as far from the one in ratio as from the other.
    #[serde(rename = "fan_geo_avg")]
    GeometricMean,
}

impl fmt::Display for Fan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::In => "fan_in",
            Self::Out => "fan_out",
            Self::Average => "fan_avg",
            Self::GeometricMean => "fan_geo_avg",
        })
    }
}

impl FromStr for Fan {
    type Err = GeometryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::In, Self::Out, Self::Average, Self::GeometricMean];
        let found = all.into_iter().find(|fan| fan.to_string() == text);
        found.ok_or_else(|| GeometryError::Unknown {
            what: "fan",
            name: text.into(),
            known: "fan_in, fan_out, fan_avg, fan_geo_avg",
        })
    }
}

/// One independent block of a layer, as a matrix of outputs by inputs with a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    /// Outputs.
    pub rows: usize,
    /// Inputs.
    pub columns: usize,
    /// Kernel taps.
    pub receptive: usize,
    /// Inputs of which one at a time is active (an embedding's entries).
    pub lookups: usize,
}

impl Block {
    /// Active inputs that an output sums over: `columns/lookups · receptive`.
    pub fn fan_in(&self) -> usize {
        self.columns / self.lookups * self.receptive
    }

    /// Outputs that an input reaches: `rows · receptive`.
    pub fn fan_out(&self) -> usize {
        self.rows * self.receptive
    }

    /// The fan that `which` names.
    pub fn fan(&self, which: Fan) -> f64 {
        let (fan_in, fan_out) = (self.fan_in() as f64, self.fan_out() as f64);
        match which {
            Fan::In => fan_in,
            Fan::Out => fan_out,
            Fan::Average => 0.5 * (fan_in + fan_out),
            Fan::GeometricMean => (fan_in * fan_out).sqrt(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows * self.columns * self.receptive
    }
}

impl Geometry {
    /// Inputs that one output sums over, counted within its block.
    ///
    /// For a transposed convolution of stride s this is the count before striding: an output
    /// meets `fan_in/∏s` of its taps on average.
    pub fn fan_in(&self) -> usize {
        self.blocks[0].fan_in()
    }

    /// Outputs that one input reaches, counted within its block (of the first part, where parts
    /// differ: see [`Geometry::blocks`]).
    pub fn fan_out(&self) -> usize {
        self.blocks[0].fan_out()
    }

    /// The fan that `which` names (of the first part, where parts differ).
    pub fn fan(&self, which: Fan) -> f64 {
        self.blocks[0].fan(which)
    }

    /// Whether a fan means anything: a bias or a norm's scale has outputs but no inputs.
    pub fn has_fans(&self) -> bool {
        self.axes
            .iter()
            .any(|axis| matches!(axis.role, Role::In | Role::Lookup | Role::Receptive))
    }
}

/// The product, or nothing when it overflows.
pub(super) fn product(lengths: impl IntoIterator<Item = usize>) -> Option<usize> {
    lengths.into_iter().try_fold(1_usize, usize::checked_mul)
}

/// The shape of each part's blocks. Counts are factors of a length that was checked.
pub(super) fn blocks(axes: &[Axis], parts: &[usize]) -> Vec<Block> {
    let count = |role| axis::lengths(axes, role).product::<usize>();
    let lookups = count(Role::Lookup);
    let block = |part: usize| Block {
        rows: count(Role::Out) * part,
        columns: count(Role::In) * lookups,
        receptive: count(Role::Receptive),
        lookups,
    };
    if parts.is_empty() {
        vec![block(1)]
    } else {
        parts.iter().map(|part| block(*part)).collect()
    }
}
