use thiserror::Error;

use crate::RulesError;
use crate::checkpoint::header::MAX_RANK;
use crate::checkpoint::spec::{MOST_BYTES, MOST_TENSORS, NameFault};

/// A spec that cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SpecError {
    /// The file is no TOML, or not of this form.
    #[error("spec: {problem}")]
    Toml {
        /// What is wrong, with its line.
        problem: String,
    },
    /// A name that cannot be taken apart.
    #[error("spec: the name {name:?} {fault}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        fault: NameFault,
    },
    /// A counter that no name uses.
    #[error("spec: repeat.{counter} is used by no name; write {{{counter}}} where its number goes")]
    IdleCounter {
        /// The counter.
        counter: String,
    },
    /// A counter that never counts.
    #[error("spec: repeat.{counter} is 0; it must be 1 or more")]
    ZeroCounter {
        /// The counter.
        counter: String,
    },
    /// More tensors than can be meant.
    #[error("spec: it lists {count} tensors; the most is {MOST_TENSORS}")]
    TooMany {
        /// How many (or more).
        count: u64,
    },
    /// Names and shapes that would take too much memory.
    #[error(
        "spec: the names and shapes of its {tensors} tensors take {bytes} bytes; the most is {MOST_BYTES}. \
         {name:?} takes most, {most} bytes: shorten it, or let it stand for fewer tensors"
    )]
    TooLarge {
        /// How many tensors it lists.
        tensors: u64,
        /// What their names and shapes take (or more).
        bytes: u64,
        /// The line that takes most of it, by its name.
        name: String,
        /// What this line takes (or more).
        most: u64,
    },
    /// More dimensions than a tensor can have.
    #[error("spec: tensor {name:?} has {rank} dimensions; a tensor has at most {MAX_RANK}")]
    Rank {
        /// The tensor's name.
        name: String,
        /// How many dimensions.
        rank: usize,
    },
    /// A number format that is none.
    #[error(
        "spec: {text:?} is no number format; known are f64, f32, bf16, f16, i64, … as safetensors spells them"
    )]
    Dtype {
        /// The text.
        text: String,
    },
    /// A tensor without a number format.
    #[error(
        "spec: tensor {name:?} has no dtype; give it one, or one for all at the top of the file"
    )]
    NoDtype {
        /// The tensor's name.
        name: String,
    },
    /// A layer that is not described rightly.
    #[error("spec: tensor {name:?}: {problem}")]
    Layer {
        /// The tensor's name.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// Rules that cannot be read.
    #[error("spec: {0}")]
    Rules(#[from] RulesError),
}
