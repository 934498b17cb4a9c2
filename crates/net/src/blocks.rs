//! Images lie in blocks of sixteen examples.
//!
//! A block holds, for each value of an example in turn, that of its first example, of its second,
//! and so on: each place of an image is one vector. What reads a neighbouring place reads another
//! vector, so that no convolution and no pool needs its image padded, moved or cut. The last block
//! of a batch may have fewer examples; what it holds in the places of the others is no result, and
//! no sum over examples may take it in.

use std::borrow::Cow;

use crate::graph::Shape;
use crate::matrix::{Accumulate, transpose};

/// Examples of a block: a vector of the widest.
pub(crate) const BLOCK: usize = 16;

/// How the values of some examples lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One example after another.
    Rows,
    /// In blocks.
    Blocks,
}

impl Layout {
    /// Images, which have channels, rows and columns, lie in blocks.
    pub(crate) fn of(shape: &Shape) -> Self {
        match shape.axes().len() {
            3 => Self::Blocks,
            _ => Self::Rows,
        }
    }

    /// Values that `examples` take, of `features` each; `None` when that is too many.
    pub(crate) fn len(self, features: usize, examples: usize) -> Option<usize> {
        match self {
            Self::Rows => features.checked_mul(examples),
            Self::Blocks => features.checked_mul(examples.checked_next_multiple_of(BLOCK)?),
        }
    }

    /// Writes rows of `features` values so that they lie like this.
    pub(crate) fn lay(self, rows: &[f32], features: usize, out: &mut [f32]) {
        match self {
            Self::Rows => out.copy_from_slice(rows),
            Self::Blocks => from_rows(rows, features, Accumulate::Overwrite, out),
        }
    }

    /// Values that lie like this as `examples` rows of `features` values.
    pub(crate) fn rows(
        self,
        values: Cow<'_, [f32]>,
        features: usize,
        examples: usize,
    ) -> Cow<'_, [f32]> {
        match self {
            Self::Rows => values,
            Self::Blocks => {
                let mut rows = vec![0.0; examples * features];
                to_rows(&values, features, &mut rows);
                rows.into()
            }
        }
    }

    /// Values that lie together for each value of an example.
    pub(crate) fn width(self) -> usize {
        match self {
            Self::Rows => 1,
            Self::Blocks => BLOCK,
        }
    }
}

/// Examples of the last of the blocks that `examples` fill.
pub(crate) fn examples_of_last(examples: usize) -> usize {
    (examples - 1) % BLOCK + 1
}

/// One value of each example of a block.
pub(crate) type Vector = [f32; BLOCK];

/// The vectors that blocks consist of.
pub(crate) fn vectors(blocks: &[f32]) -> &[Vector] {
    blocks.as_chunks().0
}

/// [`vectors`], to be written.
pub(crate) fn vectors_mut(blocks: &mut [f32]) -> &mut [Vector] {
    blocks.as_chunks_mut().0
}

/// Writes rows of `features` values as blocks, with zeros where the last block has no example, or
/// adds them to blocks.
pub(crate) fn from_rows(rows: &[f32], features: usize, accumulate: Accumulate, blocks: &mut [f32]) {
    let each = rows.chunks(BLOCK * features);
    for (rows, block) in each.zip(blocks.chunks_exact_mut(BLOCK * features)) {
        if accumulate == Accumulate::Overwrite {
            if rows.len() == block.len() {
                transpose(rows, features, 0, block);
                continue;
            }
            block.fill(0.0);
        }
        for (example, row) in rows.chunks_exact(features).enumerate() {
            for (vector, &value) in vectors_mut(block).iter_mut().zip(row) {
                match accumulate {
                    Accumulate::Overwrite => vector[example] = value,
                    Accumulate::Add => vector[example] += value,
                }
            }
        }
    }
}

/// Writes the examples of blocks as rows of `features` values: as many as `rows` holds.
pub(crate) fn to_rows(blocks: &[f32], features: usize, rows: &mut [f32]) {
    let each = rows.chunks_mut(BLOCK * features);
    for (rows, block) in each.zip(blocks.chunks_exact(BLOCK * features)) {
        transpose(block, BLOCK, 0, rows);
    }
}

#[cfg(test)]
mod tests {
    use super::{Accumulate, BLOCK, from_rows, to_rows};

    #[test]
    fn rows_come_back_from_blocks_and_absent_examples_are_zeros() {
        for (examples, features) in [(1usize, 5), (16, 16), (16, 33), (19, 7), (48, 20), (50, 17)] {
            let rows: Vec<f32> = (1..=examples * features).map(|i| i as f32).collect();
            let padded = examples.next_multiple_of(BLOCK);
            let mut blocks = vec![f32::NAN; padded * features];
            from_rows(&rows, features, Accumulate::Overwrite, &mut blocks);
            for (at, &value) in blocks.iter().enumerate() {
                let (block, place) = (at / (BLOCK * features), at % (BLOCK * features));
                let (feature, example) = (place / BLOCK, block * BLOCK + place % BLOCK);
                let expected = rows.get(example * features + feature);
                assert_eq!(
                    value,
                    expected.copied().unwrap_or(0.0),
                    "{examples} x {features}"
                );
            }
            let mut back = vec![f32::NAN; rows.len()];
            to_rows(&blocks, features, &mut back);
            assert_eq!(back, rows);
            from_rows(&rows, features, Accumulate::Add, &mut blocks);
            to_rows(&blocks, features, &mut back);
            assert!(
                back.iter()
                    .zip(&rows)
                    .all(|(&twice, &once)| twice == 2.0 * once)
            );
        }
    }
}
