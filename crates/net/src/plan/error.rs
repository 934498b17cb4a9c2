//! What can be wrong with a plan.

/// Why a graph cannot be planned or its network made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The batch is 0.
    #[error("a batch of 0 examples: give at least 1")]
    NoBatch,
    /// The arena does not fit in memory's address range.
    #[error(
        "a batch of {batch} does not fit in memory's address range: make it, or the network, smaller"
    )]
    TooLarge {
        /// The batch.
        batch: usize,
    },
    /// The memory was refused.
    #[error("{bytes} bytes of memory were refused: make the batch, or the network, smaller")]
    Memory {
        /// Bytes asked for.
        bytes: usize,
    },
    /// There is not as much memory as the network needs.
    #[error(
        "the network needs {needed} bytes of memory and there are {available}: make the batch, the width or the depth smaller"
    )]
    DoesNotFit {
        /// Bytes that it needs.
        needed: u64,
        /// Bytes that there are.
        available: u64,
    },
    /// No threads.
    #[error("0 threads: give at least 1")]
    NoThreads,
    /// The threads could not be started.
    #[error("{threads} threads could not be started ({reason}): ask for fewer")]
    Threads {
        /// Threads asked for.
        threads: usize,
        /// What the system said.
        reason: String,
    },
}
