//! How a batch is cut.

use crate::blocks::BLOCK;
use crate::graph::Graph;
use crate::operator::Operator;

/// Rows of a lane at least: below, a product spends its time on the weights.
const MIN_ROWS: usize = 32;
/// Where there are convolutions, which work on a block at a time: a batch of two blocks is two lanes.
const MIN_ROWS_OF_IMAGES: usize = BLOCK;
/// Rows of a lane at most: above, a lane of wide activations leaves the cache.
const MAX_ROWS: usize = 128;
/// Lanes to have where both limits allow, so that several threads find work: each lane reads every
/// weight, and twice as many cost a network that outgrows the cache a tenth of its time.
const WANTED: usize = 4;

/// Values of one activation of the lanes that take turns: 256 KiB, so that the second cache holds some
/// activations beside a weight.
const MOST_BETWEEN_TURNS: usize = 1 << 16;
/// Parameters of a layer, on average, from which on lanes take turns: with fewer, going from lane to lane takes
/// longer than reading them again.
const FEWEST_PARAMETERS: usize = 512;

/// The lanes of a batch: each of `rows` examples, the last perhaps of fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lanes {
    pub(crate) rows: usize,
    pub(crate) count: usize,
}

impl Lanes {
    pub(crate) fn of(graph: &Graph, batch: usize) -> Self {
        let mut operators = graph.nodes.iter().map(|node| &node.operator);
        let least = match operators.any(|operator| matches!(operator, Operator::Convolution(_))) {
            true => MIN_ROWS_OF_IMAGES,
            false => MIN_ROWS,
        };
        // Whole blocks of rows, so that no lane but the last has a ragged end.
        let even = batch.div_ceil(WANTED).next_multiple_of(BLOCK);
        let rows = even.clamp(least, MAX_ROWS).min(batch);
        Self {
            rows,
            count: batch.div_ceil(rows),
        }
    }

    /// Whether a lane has fewer rows than make up for reading a weight.
    pub(crate) fn are_short(self) -> bool {
        self.rows < MAX_ROWS
    }

    /// How many lanes of a thread take turns at each step, at most: several where a lane has too few rows for what
    /// its parameters take to read, and the caches hold what each made until its next step reads it.
    pub(crate) fn turns(self, graph: &Graph) -> usize {
        if !self.are_short() {
            return 1;
        }
        let values = graph.values.iter().map(|value| value.shape().len());
        let largest = values.max().unwrap_or(0).saturating_mul(self.rows);
        let layers = graph.nodes.iter().filter(|node| !node.storage.is_empty());
        let parameters = graph.parameter_count() / layers.count().max(1);
        match parameters >= FEWEST_PARAMETERS {
            true => (MOST_BETWEEN_TURNS / largest.max(1)).max(1),
            false => 1,
        }
    }

    /// How many lanes, the first of them, so many examples fill.
    pub(crate) fn used(self, examples: usize) -> usize {
        examples.div_ceil(self.rows)
    }

    /// How many of `examples` fall in lane `lane`.
    pub(crate) fn rows_of(self, lane: usize, examples: usize) -> usize {
        examples.saturating_sub(lane * self.rows).min(self.rows)
    }
}
