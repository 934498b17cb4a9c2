//! Threads, and the ways in which work is handed to them.
//!
//! Lanes and tasks come from the plan; here they are only shared out. What a lane or a
//! task computes depends on neither its thread nor its moment, so the bits do not depend on the
//! number of threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rayon::ThreadPool;
use rayon::prelude::*;

use crate::plan::{PlanError, Task};

/// How many threads work on a network. The results do not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Threads(pub usize);

impl Threads {
    /// As many as the machine has cores for.
    pub fn available() -> Self {
        Self(thread::available_parallelism().map_or(1, |count| count.get()))
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

    /// Runs `work` where these workers are at hand and stay awake.
    pub(crate) fn session<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.0 {
            None => work(),
            Some(pool) => pool.install(|| awake(work)),
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

/// Runs `work` on this worker, the others staying awake: one that has gone to sleep between two
/// handovers takes longer to wake than a small network's pass takes.
fn awake<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    let own = rayon::current_thread_index();
    let is_over = AtomicBool::new(false);
    rayon::scope(|scope| {
        scope.spawn_broadcast(|_, worker| {
            if Some(worker.index()) != own {
                look_out(&is_over);
            }
        });
        // Also where `work` panics: the scope waits for the others.
        let _over = Over(&is_over);
        work()
    })
}

/// Sets its flag in the end.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// How long a worker stays awake without work.
const PATIENCE: Duration = Duration::from_millis(1);

/// Does what there is to do, until it is over or nothing has come for a while.
fn look_out(is_over: &AtomicBool) {
    let mut latest = Instant::now();
    while !is_over.load(Ordering::Relaxed) {
        match rayon::yield_now() {
            Some(rayon::Yield::Executed) => latest = Instant::now(),
            _ if latest.elapsed() > PATIENCE => return,
            _ => thread::yield_now(),
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
    /// Runs `work` on the lanes, of which the first `used` have something to do, with their parts of `sums`,
    /// `sums_len` numbers for each: on up to `turns` neighbours together, as many as come to each
    /// thread. It is told which lane is the first of them.
    pub(crate) fn for_lanes(
        self,
        (lanes, lane_len): (&mut [f32], usize),
        (sums, sums_len): (&mut [f64], usize),
        (used, turns): (usize, usize),
        work: impl Fn(usize, &mut [f32], &mut [f64]) + Sync + Send,
    ) {
        let threads = match self {
            Self::Alone => 1,
            Self::Pool => rayon::current_num_threads(),
        };
        let together = used.div_ceil(threads).clamp(1, turns);
        let (lane_len, sums_len) = (lane_len * together, sums_len * together);
        match self {
            Self::Alone => {
                let lanes = lanes.chunks_mut(lane_len);
                let lanes = lanes.zip(sums.chunks_mut(sums_len)).enumerate();
                lanes.for_each(|(index, (lanes, sums))| work(index * together, lanes, sums));
            }
            Self::Pool => {
                let lanes = lanes.par_chunks_mut(lane_len);
                let lanes = lanes.zip(sums.par_chunks_mut(sums_len)).enumerate();
                let each = lanes.with_max_len(1);
                each.for_each(|(index, (lanes, sums))| work(index * together, lanes, sums));
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
