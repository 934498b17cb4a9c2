use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::Scheme;
use super::elementwise::Elementwise;
use super::family::Family;
use super::moments::Moments;
use crate::geometry::Moves;
use crate::number::Plain;
use crate::{Block, Distribution, DistributionError, Element, Geometry, InitError, Stream};

/// Along what the share of zeros is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Connections {
    /// Every output has the same number of inputs, as Martens has it.
    #[default]
    PerOutput,
    /// Every input has the same number of outputs, as PyTorch's `sparse_` has it.
    PerInput,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sparse {
    sparsity: f64,
    std: f64,
    connections: Connections,
}

impl Sparse {
    pub(super) fn parameters(&self) -> Vec<String> {
        let connections = match self.connections {
            Connections::PerOutput => "per_output",
            Connections::PerInput => "per_input",
        };
        vec![
            format!("sparsity={}", self.sparsity),
            format!("std={}", Plain(self.std)),
            format!("connections={connections}"),
        ]
    }

    pub(super) fn masked(
        &self,
        scheme: &Scheme,
        geometry: &Geometry,
        stream: &Stream,
    ) -> Result<Masked, InitError> {
        scheme.require_share("sparsity", self.sparsity)?;
        if !geometry.has_fans() || !geometry.kernel().is_empty() {
            return Err(scheme.unsuited("a matrix without a kernel", geometry));
        }
        let values = Elementwise::Normal {
            mean: 0.0,
            std: self.std,
        };
        let distribution = scheme.distribution(geometry, values)?;
        let (geometry, stream) = (geometry.clone(), *stream);
        Ok(Masked {
            what: *self,
            geometry,
            stream,
            distribution,
            mask: OnceLock::new(),
        })
    }
}

/// Normal values, an exact share of each line masked out.
#[derive(Debug)]
pub(super) struct Masked {
    what: Sparse,
    geometry: Geometry,
    stream: Stream,
    distribution: Distribution,
    mask: OnceLock<Mask>,
}

impl Masked {
    pub(super) fn moments(&self) -> Moments {
        let of = |block: &Block| {
            let (_, line) = self.lines(block);
            let kept = 1.0 - self.zeros(line) as f64 / line as f64;
            (
                block.len(),
                Moments {
                    mean: 0.0,
                    std: self.what.std * kept.sqrt(),
                },
            )
        };
        Moments::pooled(self.geometry.blocks().iter().map(of))
    }

    /// Bytes that finding the zeros takes, a bit each and one line's order; none once they are found.
    pub(super) fn bytes_to_draw(&self) -> u64 {
        if self.mask.get().is_some() {
            return 0;
        }
        let lines = self
            .geometry
            .blocks()
            .iter()
            .map(|block| self.lines(block).1);
        let longest = lines.max().unwrap_or(0) as u64;
        self.geometry.len() as u64 / 8 + 32 * longest
    }

    pub(super) fn distribution(&self) -> &Distribution {
        &self.distribution
    }

    /// How many lines a block has, and how long each is.
    fn lines(&self, block: &Block) -> (usize, usize) {
        match self.what.connections {
            Connections::PerOutput => (block.rows, block.columns),
            Connections::PerInput => (block.columns, block.rows),
        }
    }

    fn zeros(&self, line: usize) -> usize {
        // A share of 1 or less: no more than `line`.
        (self.what.sparsity * line as f64).ceil() as usize
    }

    /// Which elements are zero, found out for the whole tensor at the first fill: a bit each.
    pub(super) fn mask(&self) -> &Mask {
        self.mask.get_or_init(|| {
            let stream = self.stream.derive("sparse");
            let mut mask = Mask {
                zeros: vec![0; self.geometry.len().div_ceil(64)],
            };
            for part in 0..self.geometry.blocks().len() {
                for batch in 0..self.geometry.batch() {
                    self.draw_block(&stream, part, batch, &mut mask);
                }
            }
            mask
        })
    }

    fn draw_block(&self, stream: &Stream, part: usize, batch: usize, mask: &mut Mask) {
        let block = &self.geometry.blocks()[part];
        let (lines, length) = self.lines(block);
        let (start, zeros) = (self.geometry.block_start(batch, part), self.zeros(length));
        let mut order: Vec<usize> = Vec::with_capacity(length);
        let mut words = vec![0; 2 * zeros];
        for line in 0..lines {
            order.clear();
            order.extend(0..length);
            stream.words(2 * (start + line * length) as u64, &mut words);
            // The first steps of a Fisher–Yates shuffle. 64 random bits choose among n places, so
            // that none is likelier than another by more than n/2⁶⁴.
            for (i, word) in words.chunks_exact(2).enumerate() {
                let random = u64::from(word[1]) << 32 | u64::from(word[0]);
                let places = (length - i) as u128;
                let chosen = i + ((u128::from(random) * places) >> 64) as usize;
                order.swap(i, chosen);
                mask.set(start + line * length + order[i]);
            }
        }
    }

    pub(super) fn fill<T: Element>(
        &self,
        mask: &Mask,
        start: usize,
        out: &mut [T],
    ) -> Result<(), DistributionError> {
        self.distribution.fill(&self.stream, start as u64, out)?;
        self.geometry.for_each_run(start..start + out.len(), |run| {
            let (_, length) = self.lines(&self.geometry.blocks()[run.part]);
            for (i, value) in out[run.offset..][..run.length].iter_mut().enumerate() {
                let by = |moves: Moves| if run.moves == moves { i } else { 0 };
                let (row, column) = (run.row + by(Moves::Row), run.column + by(Moves::Column));
                let block = self
                    .geometry
                    .block_start(run.batch + by(Moves::Batch), run.part);
                let within = match self.what.connections {
                    Connections::PerOutput => row * length + column,
                    Connections::PerInput => column * length + row,
                };
                if mask.is_zero(block + within) {
                    *value = T::default();
                }
            }
        });
        Ok(())
    }
}

/// A bit for each element, numbered block by block and line by line.
#[derive(Debug)]
pub(super) struct Mask {
    zeros: Vec<u64>,
}

impl Mask {
    fn set(&mut self, element: usize) {
        self.zeros[element / 64] |= 1 << (element % 64);
    }

    fn is_zero(&self, element: usize) -> bool {
        self.zeros[element / 64] >> (element % 64) & 1 == 1
    }
}

impl Scheme {
    /// Normal values of which a share of `sparsity` is 0, the same number in each line.
    ///
    /// ⌈sparsity·n⌉ of the n connections of each output ([`Connections::PerOutput`]) or input
    /// ([`Connections::PerInput`]) are 0, chosen at random; the others are N(0, std²).
    ///
    /// # Shapes
    /// Matrices without a kernel, block by block. The first fill of any range chooses the zeros of
    /// the whole tensor and keeps a bit an element.
    ///
    /// # Scale
    /// std·√(1 − ⌈sparsity·n⌉/n) over all elements.
    ///
    /// # Errors
    /// On preparing: a sparsity outside 0 to 1, a negative or NaN std; a vector or a convolution.
    ///
    /// # Source
    /// Martens, *Deep learning via Hessian-free optimization*, ICML 2010, section 5.
    pub fn sparse(sparsity: f64, std: f64, connections: Connections) -> Self {
        Self::new(
            "sparse",
            Family::Sparse(Sparse {
                sparsity,
                std,
                connections,
            }),
        )
    }
}
