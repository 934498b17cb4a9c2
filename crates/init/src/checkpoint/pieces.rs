//! Work on a file's tensors piece by piece, on several threads, in memory that does not grow with
//! the tensors.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::hash::{self, PIECE, PieceDigest, TensorDigest};
use crate::Threads;

/// One piece of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// The tensor's number among those worked on.
    pub(super) tensor: usize,
    /// Which of the tensor's bytes.
    pub(super) bytes: Range<u64>,
}

impl Piece {
    pub(super) fn len(&self) -> usize {
        // At most PIECE.
        (self.bytes.end - self.bytes.start) as usize
    }
}

/// A thread's memory for one piece, aligned for every number format.
pub(super) struct Buffer(Vec<u64>);

impl Buffer {
    pub(super) fn new() -> Self {
        Self(vec![0; PIECE / size_of::<u64>()])
    }

    /// The first `length` bytes.
    pub(super) fn bytes(&mut self, length: usize) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.0)[..length]
    }
}

/// Runs `work` on every piece of tensors of these sizes, and joins the digests of what it leaves.
///
/// Each thread takes the next piece, in order, until there is none or one has failed; each has the
/// memory that `memory` makes, which `work` may use as it likes. `work` returns the piece's bytes.
pub(super) fn digests<M, E: Send>(
    sizes: &[u64],
    threads: Threads,
    memory: impl Fn() -> M + Sync,
    work: impl for<'m> Fn(&'m mut M, &Piece) -> Result<&'m [u8], E> + Sync,
) -> Result<Vec<TensorDigest>, E> {
    let cut = Cut::new(sizes);
    let queue = Queue {
        next: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
        count: cut.count(),
    };
    let found: Mutex<Vec<PieceDigest>> = Mutex::new(vec![[0; 32]; cut.count()]);
    let failed: Mutex<Option<(usize, E)>> = Mutex::new(None);
    let run = || {
        let mut memory = memory();
        while let Some(number) = queue.take() {
            match work(&mut memory, &cut.piece(number)) {
                Ok(bytes) => {
                    let digest = hash::piece(bytes);
                    lock(&found)[number] = digest;
                }
                Err(error) => {
                    queue.stop.store(true, Ordering::Relaxed);
                    keep_first(&mut lock(&failed), number, error);
                }
            }
        }
    };
    let others = threads.get().min(cut.count()).saturating_sub(1);
    thread::scope(|scope| {
        for _ in 0..others {
            // A thread that cannot be had is done without: the others do its work.
            let _ = thread::Builder::new().spawn_scoped(scope, run);
        }
        run();
    });
    match into_inner(failed) {
        Some((_, error)) => Err(error),
        None => Ok(cut.join(&into_inner(found))),
    }
}

/// The failure of the earliest piece, so that what is reported depends little on timing.
fn keep_first<E>(kept: &mut Option<(usize, E)>, number: usize, error: E) {
    if kept.as_ref().is_none_or(|(earlier, _)| number < *earlier) {
        *kept = Some((number, error));
    }
}

/// Hands out the pieces' numbers in order.
struct Queue {
    next: AtomicUsize,
    stop: AtomicBool,
    count: usize,
}

impl Queue {
    fn take(&self) -> Option<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.count).then_some(number)
    }
}

/// Tensors cut into numbered pieces.
struct Cut<'a> {
    sizes: &'a [u64],
    /// The number of each tensor's first piece, and at the end how many pieces there are.
    first: Vec<usize>,
}

impl<'a> Cut<'a> {
    fn new(sizes: &'a [u64]) -> Self {
        let mut first = vec![0];
        let mut count = 0;
        for size in sizes {
            // A file's bytes are counted in usize, so its pieces are too.
            count += size.div_ceil(PIECE as u64) as usize;
            first.push(count);
        }
        Self { sizes, first }
    }

    fn count(&self) -> usize {
        self.first[self.sizes.len()]
    }

    fn piece(&self, number: usize) -> Piece {
        let tensor = self.first.partition_point(|first| *first <= number) - 1;
        let start = (number - self.first[tensor]) as u64 * PIECE as u64;
        let end = self.sizes[tensor].min(start + PIECE as u64);
        Piece {
            tensor,
            bytes: start..end,
        }
    }

    fn join(&self, pieces: &[PieceDigest]) -> Vec<TensorDigest> {
        self.first
            .windows(2)
            .map(|ends| TensorDigest::join(&pieces[ends[0]..ends[1]]))
            .collect()
    }
}

/// The lock, even if a thread panicked with it: the scope passes that panic on.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threads(count: usize) -> Threads {
        Threads::new(count).unwrap()
    }

    #[test]
    fn every_byte_is_in_one_piece() {
        let sizes = [3, 0, 2 * PIECE as u64, PIECE as u64 + 1];
        let cut = Cut::new(&sizes);
        let pieces: Vec<_> = (0..cut.count()).map(|number| cut.piece(number)).collect();
        assert_eq!(pieces.len(), 1 + 2 + 2);
        for (tensor, size) in sizes.iter().enumerate() {
            let mut end = 0;
            for piece in pieces.iter().filter(|piece| piece.tensor == tensor) {
                assert_eq!(piece.bytes.start, end);
                end = piece.bytes.end;
            }
            assert_eq!(end, *size);
        }
    }

    #[test]
    fn digests_are_those_of_the_whole_tensors_on_any_threads() {
        let tensors: Vec<Vec<u8>> = [5, PIECE + 7, 0, 3 * PIECE]
            .iter()
            .map(|size| (0..*size).map(|i| (i * size % 253) as u8).collect())
            .collect();
        let sizes: Vec<u64> = tensors.iter().map(|tensor| tensor.len() as u64).collect();
        let expected: Vec<_> = tensors
            .iter()
            .map(|tensor| TensorDigest::of(tensor))
            .collect();
        for count in [1, 2, 3, 16] {
            let found = digests(&sizes, threads(count), Buffer::new, |buffer, piece| {
                let bytes = buffer.bytes(piece.len());
                let range = piece.bytes.start as usize..piece.bytes.end as usize;
                bytes.copy_from_slice(&tensors[piece.tensor][range]);
                Ok::<_, ()>(bytes)
            });
            assert_eq!(found.unwrap(), expected, "{count} threads");
        }
    }

    #[test]
    fn a_failure_stops_the_others_and_is_reported() {
        let sizes = [100 * PIECE as u64];
        let worked = AtomicUsize::new(0);
        let failed = digests(&sizes, threads(2), Buffer::new, |buffer, piece| {
            worked.fetch_add(1, Ordering::Relaxed);
            if piece.bytes.start == 0 {
                return Err("no");
            }
            thread::sleep(std::time::Duration::from_millis(20));
            Ok(buffer.bytes(0))
        });
        assert_eq!(failed.unwrap_err(), "no");
        assert!(worked.load(Ordering::Relaxed) < 50);
    }
}
