use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::GeometryError;

/// The order in which a framework stores a layer's axes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Layout {
    /// Outputs first, as PyTorch stores them: `(out, in, kernel…)`, transposed convolutions
    /// `(in, out, kernel…)`.
    #[default]
    #[serde(rename = "oi")]
    OutIn,
    /// Outputs last, as JAX and Keras store them: `(kernel…, in, out)`.
    #[serde(rename = "io")]
    InOut,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutIn => "out-in",
            Self::InOut => "in-out",
        })
    }
}

impl FromStr for Layout {
    type Err = GeometryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "oi" => Ok(Self::OutIn),
            "io" => Ok(Self::InOut),
            _ => Err(GeometryError::Unknown {
                what: "layout",
                name: text.into(),
                known: "oi, io",
            }),
        }
    }
}

/// What an axis of a weight tensor counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Outputs of the layer.
    Out,
    /// Inputs that every output sums over.
    In,
    /// Inputs of which exactly one is active at a time: the entries of an embedding. They are
    /// columns of the matrix, but an output sums over one of them, so they count once in fan-in.
    Lookup,
    /// Taps of a convolution's kernel.
    Receptive,
    /// Independent copies: groups, experts, gates, packed projections.
    Batch,
    /// Outputs of several parts of different sizes laid end to end: independent copies that
    /// differ in their number of outputs. See [`Geometry::grouped_query`](super::Geometry::grouped_query).
    Parts,
}

/// One axis: its length and what it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Axis {
    /// How long the axis is.
    pub length: usize,
    /// What it counts.
    pub role: Role,
}

impl Axis {
    /// An axis of `length` with this `role`.
    pub fn new(length: usize, role: Role) -> Self {
        Self { length, role }
    }
}

/// One stored dimension of a tensor: one axis, or several packed into one.
#[derive(Clone, Debug)]
pub(super) struct Dimension(Vec<Axis>);

impl Dimension {
    pub(super) fn of(axis: Axis) -> Self {
        Self(vec![axis])
    }

    pub(super) fn packed(axes: impl IntoIterator<Item = Axis>) -> Self {
        Self(axes.into_iter().collect())
    }

    pub(super) fn axes(&self) -> &[Axis] {
        &self.0
    }

    pub(super) fn length(&self) -> Option<usize> {
        super::fan::product(self.0.iter().map(|axis| axis.length))
    }
}

pub(super) fn out(length: usize) -> Dimension {
    Dimension::of(Axis::new(length, Role::Out))
}

pub(super) fn input(length: usize) -> Dimension {
    Dimension::of(Axis::new(length, Role::In))
}

/// An output axis of `groups` independent blocks of `each`, group slowest.
pub(super) fn grouped(groups: usize, each: usize, role: Role) -> Dimension {
    Dimension::packed([Axis::new(groups, Role::Batch), Axis::new(each, role)])
}

pub(super) fn receptive(kernel: &[usize]) -> impl Iterator<Item = Dimension> {
    kernel
        .iter()
        .map(|length| Dimension::of(Axis::new(*length, Role::Receptive)))
}

/// The lengths of the axes that have `role`, in order.
pub(super) fn lengths(axes: &[Axis], role: Role) -> impl Iterator<Item = usize> {
    axes.iter()
        .filter(move |axis| axis.role == role)
        .map(|axis| axis.length)
}

/// Neighbouring axes of one role joined into one, axes of length 1 dropped.
///
/// Two neighbours of one role walk through their shared index exactly as one axis of the product
/// of their lengths does. Parts stay apart: their index is not a plain product.
pub(super) fn joined(axes: &[Axis]) -> Vec<Axis> {
    let mut walk: Vec<Axis> = Vec::with_capacity(axes.len());
    for axis in axes
        .iter()
        .filter(|axis| axis.length > 1 || axis.role == Role::Parts)
    {
        match walk.last_mut() {
            Some(last) if last.role == axis.role && axis.role != Role::Parts => {
                last.length *= axis.length;
            }
            _ => walk.push(*axis),
        }
    }
    walk
}
