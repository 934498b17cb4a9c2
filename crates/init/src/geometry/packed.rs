use std::fmt;

use super::axis::{Axis, Dimension, Layout, Role, input};
use super::fan::product;
use super::{Geometry, GeometryError, Layer};

/// Parts that a packed projection may have at most: a line can ask for any number, and each takes memory.
pub(super) const MOST_PARTS: usize = 1024;

/// How the parts of a packed projection lie along the output axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Packing {
    /// One part after the other: all queries, then all keys, then all values (GPT-2, timm, Llama).
    Blocked,
    /// The parts of one head group after those of the one before (GPT-NeoX, BLOOM, Falcon): the
    /// number of groups. Part sizes are those of one group.
    PerHead(usize),
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blocked => f.write_str("one after the other"),
            Self::PerHead(groups) => write!(f, "in each of {groups} head groups"),
        }
    }
}

impl Packing {
    fn groups(self) -> usize {
        match self {
            Self::Blocked => 1,
            Self::PerHead(groups) => groups,
        }
    }
}

impl Geometry {
    /// Several projections of one input, joined along the outputs.
    ///
    /// # Shapes
    /// `OutIn`: `(∑parts, inputs)`. `InOut`: `(inputs, ∑parts)`. With [`Packing::PerHead`] the
    /// output axis is that many times as long. Each part is its own matrix: fan_in = inputs, and
    /// fan_out is that part's own number of outputs.
    ///
    /// # Errors
    /// [`GeometryError::Empty`] for no parts or a zero length, [`GeometryError::TooManyParts`] for more than
    /// 1,024, [`GeometryError::TooLarge`] when the element count overflows.
    pub fn packed(parts: &[usize], inputs: usize, packing: Packing) -> Result<Self, GeometryError> {
        let layer = Layer::Packed {
            parts: parts.to_vec(),
            inputs,
            packing,
        };
        Self::new(layer, Layout::OutIn, None)
    }

    /// The packed query, key and value projection of multi-head attention.
    ///
    /// # Shapes
    /// `OutIn`: `(3·heads·head_size, inputs)`; fan_in = inputs, fan_out = heads·head_size. A plain
    /// reading of the shape says three times that.
    ///
    /// # Errors
    /// As [`Geometry::packed`].
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::{Geometry, Packing};
    /// let qkv = Geometry::query_key_value(768, 12, 64, Packing::Blocked)?;
    /// assert_eq!(qkv.shape(), [2304, 768]);
    /// assert_eq!((qkv.fan_in(), qkv.fan_out()), (768, 768));
    /// # Ok::<(), evenkeel_init::GeometryError>(())
    /// ```
    pub fn query_key_value(
        inputs: usize,
        heads: usize,
        head_size: usize,
        packing: Packing,
    ) -> Result<Self, GeometryError> {
        Self::grouped_query(inputs, heads, heads, head_size, packing)
    }

    /// The packed projection of grouped-query attention: `heads` query heads share
    /// `key_value_heads` keys and values.
    ///
    /// # Shapes
    /// `OutIn`: `((heads + 2·key_value_heads)·head_size, inputs)`; fan_in = inputs, fan_out =
    /// heads·head_size for the queries and key_value_heads·head_size for keys and for values.
    /// [`Packing::PerHead`] must name as many groups as there are key-value heads.
    ///
    /// # Errors
    /// [`GeometryError::Heads`] unless `key_value_heads` divides `heads` (and is what `packing`
    /// says), else as [`Geometry::packed`].
    pub fn grouped_query(
        inputs: usize,
        heads: usize,
        key_value_heads: usize,
        head_size: usize,
        packing: Packing,
    ) -> Result<Self, GeometryError> {
        let uneven = key_value_heads == 0 || !heads.is_multiple_of(key_value_heads);
        if uneven || (packing != Packing::Blocked && packing.groups() != key_value_heads) {
            return Err(GeometryError::Heads {
                heads,
                key_value_heads,
            });
        }
        let groups = packing.groups();
        let part = |heads: usize| product([heads / groups, head_size]);
        let too_large = || {
            let parts = vec![heads, key_value_heads, key_value_heads];
            GeometryError::TooLarge {
                layer: Layer::Packed {
                    parts,
                    inputs,
                    packing,
                },
            }
        };
        let query = part(heads).ok_or_else(too_large)?;
        let shared = part(key_value_heads).ok_or_else(too_large)?;
        Self::packed(&[query, shared, shared], inputs, packing)
    }
}

pub(super) fn check_count(parts: usize) -> Result<(), GeometryError> {
    if parts > MOST_PARTS {
        return Err(GeometryError::TooManyParts { parts });
    }
    Ok(())
}

pub(super) fn check(layer: &Layer, parts: &[usize], packing: Packing) -> Result<(), GeometryError> {
    check_count(parts.len())?;
    if parts.is_empty() || parts.contains(&0) || packing.groups() == 0 {
        return Err(GeometryError::Empty {
            layer: layer.clone(),
        });
    }
    let total = parts
        .iter()
        .try_fold(0_usize, |sum, part| sum.checked_add(*part));
    total.map(|_| ()).ok_or_else(|| GeometryError::TooLarge {
        layer: layer.clone(),
    })
}

/// `parts` was checked: its sum does not overflow.
pub(super) fn dimensions(
    parts: &[usize],
    inputs: usize,
    packing: Packing,
    layout: Layout,
) -> Vec<Dimension> {
    let total = parts.iter().sum();
    let outputs = Dimension::packed([
        // Head groups are no independent copies: together they are one part's outputs.
        Axis::new(packing.groups(), Role::Out),
        Axis::new(total, Role::Parts),
    ]);
    match layout {
        Layout::OutIn => vec![outputs, input(inputs)],
        Layout::InOut => vec![input(inputs), outputs],
    }
}
