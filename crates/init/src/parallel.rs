//! Fills on several threads: the same bits whatever their number.

use std::num::NonZeroUsize;

use rayon::prelude::*;

use crate::distribution::{Distribution, DistributionError, Job};
use crate::simd::Path;
use crate::{Element, Stream};

/// Elements that a thread takes at a time: large against the cost of handing them out, small enough
/// to share evenly. A multiple of every batch, so that only the ends of a fill are ragged.
const CHUNK: usize = 1 << 18;

/// How many threads a fill may use.
///
/// # Example
/// ```
/// use evenkeel_init::Threads;
/// assert_eq!(Threads::new(0), None);
/// assert_eq!(Threads::new(2).unwrap().get(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Threads(NonZeroUsize);

impl Threads {
    /// The calling thread alone.
    pub const ONE: Self = Self(NonZeroUsize::MIN);

    /// `count` threads; `None` if that is 0.
    pub fn new(count: usize) -> Option<Self> {
        NonZeroUsize::new(count).map(Self)
    }

    /// As many as the machine offers this process.
    pub fn available() -> Self {
        std::thread::available_parallelism().map_or(Self::ONE, Self)
    }

    /// The number.
    pub fn get(self) -> usize {
        self.0.get()
    }
}

impl Distribution {
    /// [`fill`](Self::fill) on `threads` threads, with the same bits.
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::{Distribution, Seed, Threads};
    /// let (normal, stream) = (Distribution::normal(0.0, 1.0)?, Seed(3).stream("w"));
    /// let (mut one, mut two) = (vec![0.0_f32; 600_000], vec![0.0_f32; 600_000]);
    /// normal.fill(&stream, 0, &mut one)?;
    /// normal.fill_parallel(&stream, 0, &mut two, Threads::new(2).unwrap())?;
    /// assert_eq!(one, two);
    /// # Ok::<(), evenkeel_init::DistributionError>(())
    /// ```
    pub fn fill_parallel<T: Element>(
        &self,
        stream: &Stream,
        start: u64,
        out: &mut [T],
        threads: Threads,
    ) -> Result<(), DistributionError> {
        let job = self.job::<T>(stream, start, out.len())?;
        let path = Path::best();
        let count = threads.get().min(out.len().div_ceil(CHUNK));
        if count <= 1 {
            T::fill(&job, path, out);
            return Ok(());
        }
        match rayon::ThreadPoolBuilder::new().num_threads(count).build() {
            Ok(pool) => pool.install(|| fill_chunks(&job, path, out)),
            // No threads to be had: the bits are the same without them.
            Err(_) => T::fill(&job, path, out),
        }
        Ok(())
    }
}

fn fill_chunks<T: Element>(job: &Job, path: Path, out: &mut [T]) {
    out.par_chunks_mut(CHUNK)
        .enumerate()
        .for_each(|(number, chunk)| {
            let start = job.start + (number * CHUNK) as u64;
            T::fill(&Job { start, ..*job }, path, chunk);
        });
}
