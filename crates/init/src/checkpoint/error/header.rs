use safetensors::Dtype;
use thiserror::Error;

use crate::checkpoint::header::LONGEST;

/// A header that breaks the format's rules.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// Too few bytes for a length.
    #[error("it has {file_bytes} bytes; a safetensors file has 8 or more before its header")]
    TooShort {
        /// Bytes of the file.
        file_bytes: u64,
    },
    /// A length that no real file has.
    #[error(
        "its header claims {claimed} bytes, more than the {LONGEST} that the format allows; \
         is it a safetensors file?"
    )]
    TooLong {
        /// The length that the file claims.
        claimed: u64,
    },
    /// A header that ends after the file.
    #[error("its header claims {claimed} bytes, but only {available} follow: the file was cut off")]
    PastEnd {
        /// The length that the file claims.
        claimed: u64,
        /// Bytes after the length.
        available: u64,
    },
    /// Bytes that are no text.
    #[error("its header is not UTF-8 from byte {at} on")]
    NotUtf8 {
        /// The first bad byte.
        at: usize,
    },
    /// Text that is no header.
    #[error("its header does not read as JSON of a safetensors header: {0}")]
    Json(#[from] serde_json::Error),
    /// One name for two tensors.
    #[error("two tensors are named {name:?}")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A range that ends before it begins.
    #[error("tensor {name:?} begins at byte {start} and ends before it, at {end}")]
    Reversed {
        /// The tensor.
        name: String,
        /// First byte.
        start: u64,
        /// One past the last.
        end: u64,
    },
    /// Two tensors that share bytes.
    #[error(
        "tensor {name:?} begins at byte {start}, within the one before it, which ends at {previous_end}"
    )]
    Overlap {
        /// The later tensor.
        name: String,
        /// Its first byte.
        start: u64,
        /// Where the one before it ends.
        previous_end: u64,
    },
    /// Bytes that belong to no tensor.
    #[error("bytes {previous_end} to {start}, before tensor {name:?}, belong to no tensor")]
    Gap {
        /// The tensor after the gap.
        name: String,
        /// Its first byte.
        start: u64,
        /// Where the one before it ends.
        previous_end: u64,
    },
    /// A shape whose size overflows.
    #[error("the size of tensor {name:?} of shape {shape:?} overflows")]
    Overflow {
        /// The tensor.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// A tensor that ends within a byte.
    #[error("tensor {name:?} of shape {shape:?} and {dtype} does not fill whole bytes")]
    PartialByte {
        /// The tensor.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// Its number format.
        dtype: Dtype,
    },
    /// A range that is not as long as the shape says.
    #[error("tensor {name:?} of shape {shape:?} and {dtype} needs {expected} bytes, but has {got}")]
    Size {
        /// The tensor.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// Its number format.
        dtype: Dtype,
        /// Bytes by shape and format.
        expected: u64,
        /// Bytes by its range.
        got: u64,
    },
    /// Tensors that end after the file.
    #[error(
        "its tensors end at byte {end} of the data, but the file has {available}: it was cut off"
    )]
    Truncated {
        /// Where the last tensor ends.
        end: u64,
        /// Bytes of the file after the header.
        available: u64,
    },
    /// Bytes after the last tensor.
    #[error(
        "its tensors end at byte {end} of the data, but the file has {available}: what follows belongs to none"
    )]
    Trailing {
        /// Where the last tensor ends.
        end: u64,
        /// Bytes of the file after the header.
        available: u64,
    },
}
