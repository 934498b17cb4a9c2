//! The order in which training sees its examples.

use thiserror::Error;

use crate::random::{Domain, SplitMix64};

/// What becomes of the examples that do not fill a last batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remainder {
    /// They make a shorter batch.
    Keep,
    /// They are left out of this epoch; the next shuffle takes others.
    Drop,
}

/// Batches of example indices, shuffled anew for every epoch.
///
/// As an iterator it never ends: one batch after the other, epoch after epoch.
/// [`epoch`](Self::epoch) is one epoch alone; it depends on the seed and its number only.
///
/// The order of epoch *e* is 0, 1, …, n − 1 shuffled by Fisher–Yates (from the last place to the
/// first, the partner drawn without bias by Lemire's method) with a SplitMix64 stream keyed by
/// (seed, *e*). Everything is integer arithmetic: the same order on every machine.
///
/// # Example
///
/// ```
/// use evenkeel_data::{Batches, Remainder};
///
/// let batches = Batches::new(10, 4, 42, Remainder::Keep)?;
/// let sizes: Vec<usize> = batches.epoch(0).map(|batch| batch.len()).collect();
/// assert_eq!(sizes, [4, 4, 2]);
/// let mut seen: Vec<usize> = batches.epoch(0).flatten().collect();
/// assert_ne!(seen, (0..10).collect::<Vec<_>>());
/// seen.sort();
/// assert_eq!(seen, (0..10).collect::<Vec<_>>());
/// # Ok::<(), evenkeel_data::BatchError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Batches {
    count: usize,
    size: usize,
    seed: u64,
    remainder: Remainder,
    epoch_number: u64,
    current: Option<Epoch>,
}

/// Why examples cannot be batched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BatchError {
    /// A batch of no examples.
    #[error("the batch size is 0; it must be at least 1")]
    ZeroSize,
    /// No whole batch can be made, so there would never be one.
    #[error("{count} examples make no batch of {size}; take at most {count} a batch, or more data")]
    TooFew {
        /// Examples there are.
        count: usize,
        /// Examples a batch should have.
        size: usize,
    },
}

impl Batches {
    /// Batches of `size` out of `count` examples.
    ///
    /// # Errors
    ///
    /// [`BatchError::ZeroSize`] when `size` is 0; [`BatchError::TooFew`] when there is no example,
    /// or the remainder is dropped and nothing else is left.
    pub fn new(
        count: usize,
        size: usize,
        seed: u64,
        remainder: Remainder,
    ) -> Result<Self, BatchError> {
        if size == 0 {
            return Err(BatchError::ZeroSize);
        }
        let batches = Self {
            count,
            size,
            seed,
            remainder,
            epoch_number: 0,
            current: None,
        };
        match batches.per_epoch() {
            0 => Err(BatchError::TooFew { count, size }),
            _ => Ok(batches),
        }
    }

    /// Batches in an epoch.
    pub fn per_epoch(&self) -> usize {
        match self.remainder {
            Remainder::Keep => self.count.div_ceil(self.size),
            Remainder::Drop => self.count / self.size,
        }
    }

    /// The batches of one epoch, counted from 0.
    pub fn epoch(&self, number: u64) -> Epoch {
        let mut order: Vec<usize> = (0..self.count).collect();
        SplitMix64::stream(self.seed, Domain::Shuffle, number).shuffle(&mut order);
        if self.remainder == Remainder::Drop {
            order.truncate(self.per_epoch() * self.size);
        }
        Epoch {
            order,
            next: 0,
            size: self.size,
        }
    }
}

impl Iterator for Batches {
    type Item = Vec<usize>;

    fn next(&mut self) -> Option<Vec<usize>> {
        if let Some(batch) = self.current.as_mut().and_then(Iterator::next) {
            return Some(batch);
        }
        let mut epoch = self.epoch(self.epoch_number);
        self.epoch_number += 1;
        let batch = epoch.next();
        self.current = Some(epoch);
        batch
    }
}

/// The batches of one epoch, each the indices of its examples.
#[derive(Clone, Debug)]
pub struct Epoch {
    order: Vec<usize>,
    next: usize,
    size: usize,
}

impl Iterator for Epoch {
    type Item = Vec<usize>;

    fn next(&mut self) -> Option<Vec<usize>> {
        let rest = &self.order[self.next..];
        let batch = rest.chunks(self.size).next()?.to_vec();
        self.next += batch.len();
        Some(batch)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.order.len() - self.next).div_ceil(self.size);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Epoch {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_the_same_on_every_machine() {
        // Golden: changing it changes every training run.
        let batches = Batches::new(10, 10, 42, Remainder::Keep).unwrap();
        let orders: Vec<_> = (0..2).flat_map(|e| batches.epoch(e)).collect();
        assert_eq!(orders, [GOLDEN_EPOCH_0, GOLDEN_EPOCH_1]);
    }
    const GOLDEN_EPOCH_0: [usize; 10] = [6, 3, 4, 7, 1, 2, 0, 5, 8, 9];
    const GOLDEN_EPOCH_1: [usize; 10] = [6, 1, 5, 3, 7, 4, 9, 0, 2, 8];

    #[test]
    fn every_epoch_is_a_permutation_of_its_own() {
        let batches = Batches::new(1000, 64, 7, Remainder::Keep).unwrap();
        let orders: Vec<Vec<usize>> = (0..3)
            .map(|e| batches.epoch(e).flatten().collect())
            .collect();
        for order in &orders {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert!(sorted.iter().copied().eq(0..1000));
        }
        assert!(orders[0] != orders[1] && orders[1] != orders[2]);
        let other = Batches::new(1000, 64, 8, Remainder::Keep).unwrap();
        assert_ne!(other.epoch(0).flatten().collect::<Vec<_>>(), orders[0]);
    }

    #[test]
    fn the_endless_iterator_walks_the_epochs() {
        let batches = Batches::new(7, 3, 1, Remainder::Keep).unwrap();
        let by_epoch: Vec<_> = batches.epoch(0).chain(batches.epoch(1)).collect();
        assert_eq!(batches.take(6).collect::<Vec<_>>(), by_epoch);
    }

    #[test]
    fn a_dropped_remainder_leaves_whole_batches() {
        let batches = Batches::new(7, 3, 1, Remainder::Drop).unwrap();
        assert_eq!((batches.per_epoch(), batches.epoch(5).len()), (2, 2));
        assert!(batches.take(9).all(|batch| batch.len() == 3));
    }

    #[test]
    fn every_place_is_equally_likely() {
        // Where example 0 of 4 lands, over n = 4000 seeds: σ² = n·(1/4)(3/4) = 750; 5σ = 137.
        let mut places = [0i64; 4];
        for seed in 0..4000 {
            let order = Batches::new(4, 4, seed, Remainder::Keep)
                .unwrap()
                .epoch(0)
                .next()
                .unwrap();
            places[order.iter().position(|&i| i == 0).unwrap()] += 1;
        }
        assert!(places.iter().all(|p| (p - 1000).abs() < 137), "{places:?}");
    }

    #[test]
    fn impossible_batches_are_refused() {
        let new = |count, size, remainder| Batches::new(count, size, 0, remainder).unwrap_err();
        assert_eq!(new(5, 0, Remainder::Keep), BatchError::ZeroSize);
        assert_eq!(
            new(0, 3, Remainder::Keep),
            BatchError::TooFew { count: 0, size: 3 }
        );
        let error = new(2, 3, Remainder::Drop);
        assert_eq!(error, BatchError::TooFew { count: 2, size: 3 });
        assert!(error.to_string().contains("2 examples make no batch of 3"));
    }
}
