//! Threads, and the ways in which work is handed to them.
//!
//! Nothing here decides how work is cut: lanes and tasks come from the plan. What a lane or a
//! task computes depends on neither its thread nor its moment, so the bits do not depend on the
//! number of threads.

use std::sync::Arc;

use rayon::ThreadPool;
use rayon::prelude::*;

use crate::plan::{PlanError, Task};

/// How many threads work on a network. The results do not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Threads(pub usize);

impl Threads {
    /// As many as the machine has cores for.
    pub fn available() -> Self {
        Self(std::thread::available_parallelism().map_or(1, |count| count.get()))
    }
}

/// The threads of one network; with one, the caller's own.
#[derive(Clone, Debug)]
pub(crate) struct Workers(Option<Arc<ThreadPool>>);

impl Workers {
    pub(crate) fn new(Threads(threads): Threads) -> Result<Self, PlanError> {
        match threads {
            0 => Err(PlanError::NoThreads),
            1 => Ok(Self(None)),
            _ => {
                let name = |index| format!("evenkeel-{index}");
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .thread_name(name);
                let refused = |error: rayon::ThreadPoolBuildError| PlanError::Threads {
                    threads,
                    reason: error.to_string(),
                };
                Ok(Self(Some(Arc::new(pool.build().map_err(refused)?))))
            }
        }
    }

    /// Runs `work` where these workers are at hand, so that what follows inside it need not be
    /// handed over again and again.
    pub(crate) fn enter<R: Send>(&self, work: impl FnOnce(Team) -> R + Send) -> R {
        match &self.0 {
            None => work(Team::Alone),
            Some(pool) => pool.install(|| work(Team::Pool)),
        }
    }
}

/// The workers, from within.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Team {
    Alone,
    Pool,
}

impl Team {
    /// Runs `work` on each lane with its own part of `sums`, `sums_len` numbers.
    pub(crate) fn for_each_lane(
        self,
        (lanes, lane_len): (&mut [f32], usize),
        (sums, sums_len): (&mut [f64], usize),
        work: impl Fn(usize, &mut [f32], &mut [f64]) + Sync + Send,
    ) {
        match self {
            Self::Alone => {
                let lanes = lanes.chunks_exact_mut(lane_len);
                let lanes = lanes.zip(sums.chunks_exact_mut(sums_len)).enumerate();
                lanes.for_each(|(index, (lane, sums))| work(index, lane, sums));
            }
            Self::Pool => {
                let lanes = lanes.par_chunks_exact_mut(lane_len);
                let lanes = lanes.zip(sums.par_chunks_exact_mut(sums_len)).enumerate();
                let each = lanes.with_max_len(1);
                each.for_each(|(index, (lane, sums))| work(index, lane, sums));
            }
        }
    }

    /// Runs `work` on each task with its own part of `storage`. Tasks are in the order of the
    /// storage, which begins at value `offset` of their numbering.
    pub(crate) fn for_each_task(
        self,
        tasks: &[Task],
        storage: &mut [f32],
        offset: usize,
        work: &(impl Fn(&Task, &mut [f32]) + Sync),
    ) {
        match self {
            Self::Pool if worth_sharing(tasks) => {
                // Halves of halves: as deep as the logarithm of the number of tasks.
                let (left, right) = tasks.split_at(tasks.len() / 2);
                let middle = right[0].start;
                let (below, above) = storage.split_at_mut(middle - offset);
                rayon::join(
                    || self.for_each_task(left, below, offset, work),
                    || self.for_each_task(right, above, middle, work),
                );
            }
            Self::Alone | Self::Pool => {
                for task in tasks {
                    let range = task.range();
                    work(task, &mut storage[range.start - offset..range.end - offset]);
                }
            }
        }
    }
}

/// Values that are worth a handover: 64 KiB.
const BLOCK: usize = 1 << 14;

/// Whether tasks are worth handing half of to another thread: by how many values they write.
fn worth_sharing(tasks: &[Task]) -> bool {
    tasks.len() > 1 && tasks[tasks.len() - 1].range().end - tasks[0].start > BLOCK
}
