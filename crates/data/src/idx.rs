//! IDX files, the format of MNIST: read from any bytes, trusted or not.
//!
//! Two zero bytes, a byte for the element type (8 is an unsigned byte, the only one read here),
//! a byte for the number of dimensions, each dimension as a big-endian `u32`, then the elements,
//! the last axis fastest. Nothing may follow.
//!
//! Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", "File formats".

use std::fmt;
use std::io::{self, Read};

use flate2::read::GzDecoder;
use thiserror::Error;

use crate::dataset::first_label_past_9;
use crate::{Images, ImagesError};

/// The IDX type code of unsigned bytes.
const UNSIGNED_BYTE: u8 = 8;

/// An array of bytes with its shape.
#[derive(Clone, PartialEq, Eq)]
pub struct Array {
    shape: Vec<usize>,
    values: Vec<u8>,
}

/// The rule that the bytes break.
#[derive(Debug, Error)]
pub enum IdxError {
    /// There is not one byte.
    #[error("empty: it holds no byte")]
    Empty,
    /// It does not begin with two zero bytes.
    #[error(
        "wrong magic number: it begins with {:02x} {:02x}, an IDX file with 00 00",
        got[0], got[1]
    )]
    Magic {
        /// The first two bytes.
        got: [u8; 2],
    },
    /// The elements are not unsigned bytes.
    #[error(
        "wrong element type: code {code:#04x} ({}), expected 0x08 (unsigned byte)",
        type_name(*code)
    )]
    ElementType {
        /// The type code found.
        code: u8,
    },
    /// Another number of dimensions than images (3) or labels (1) have.
    #[error("wrong type: {got} dimensions, expected {expected} ({})", rank_name(*expected))]
    Rank {
        /// Dimensions expected; 1 at least when any number would do.
        expected: usize,
        /// Dimensions found.
        got: usize,
    },
    /// A dimension is 0, so that there is no element.
    #[error("empty: dimension {axis} of {shape:?} is 0")]
    EmptyAxis {
        /// The first axis of length 0.
        axis: usize,
        /// The shape declared.
        shape: Vec<usize>,
    },
    /// The shape declares more elements than the caller allows.
    #[error("wrongly sized: shape {shape:?} declares more than the {limit} bytes allowed here")]
    TooLarge {
        /// The shape declared.
        shape: Vec<usize>,
        /// Most elements allowed.
        limit: usize,
    },
    /// It ends before its header or its last element.
    #[error("truncated: {got} bytes, expected {expected}")]
    Truncated {
        /// Bytes that header and shape declare, so far as they could be read.
        expected: usize,
        /// Bytes there are.
        got: usize,
    },
    /// Something follows the last element.
    #[error("wrongly sized: more than the {expected} bytes that its header declares")]
    TrailingBytes {
        /// Bytes that header and shape declare.
        expected: usize,
    },
    /// The gzip stream ends early.
    #[error("truncated gzip: the compressed stream ends before its end mark")]
    TruncatedGzip,
    /// The gzip stream is damaged: its header, its codes or its checksum.
    #[error("corrupt gzip: {reason}")]
    CorruptGzip {
        /// What the decoder says.
        reason: String,
    },
    /// A label is not a digit.
    #[error("label {label} at index {index} is past 9; labels are the digits 0 to 9")]
    Label {
        /// The first such label's place.
        index: usize,
        /// The label.
        label: u8,
    },
    /// The shape cannot be images.
    #[error(transparent)]
    Images(#[from] ImagesError),
    /// The reader failed.
    #[error("cannot be read: {0}")]
    Read(#[source] io::Error),
}

fn type_name(code: u8) -> &'static str {
    match code {
        0x08 => "unsigned byte",
        0x09 => "signed byte",
        0x0b => "16-bit integer",
        0x0c => "32-bit integer",
        0x0d => "32-bit float",
        0x0e => "64-bit float",
        _ => "unknown",
    }
}

fn rank_name(rank: usize) -> &'static str {
    match rank {
        1 => "labels",
        3 => "images",
        _ => "an array",
    }
}

/// Without the elements, of which there may be millions.
impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Array")
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}

impl Array {
    /// The length of each axis; there is one at least, and none is 0.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements, the last axis fastest.
    pub fn values(&self) -> &[u8] {
        &self.values
    }

    /// The array as images, `[count, rows, columns]`.
    ///
    /// # Errors
    ///
    /// [`IdxError::Rank`] when it has not three dimensions.
    pub fn into_images(self) -> Result<Images, IdxError> {
        match self.shape[..] {
            [count, rows, columns] => Ok(Images::new(count, rows, columns, self.values)?),
            _ => Err(IdxError::Rank {
                expected: 3,
                got: self.shape.len(),
            }),
        }
    }

    /// The array as labels, `[count]`, each a digit.
    ///
    /// # Errors
    ///
    /// [`IdxError::Rank`] when it has not one dimension; [`IdxError::Label`] for a label past 9.
    pub fn into_labels(self) -> Result<Vec<u8>, IdxError> {
        if self.shape.len() != 1 {
            return Err(IdxError::Rank {
                expected: 1,
                got: self.shape.len(),
            });
        }
        match first_label_past_9(&self.values) {
            Some((index, label)) => Err(IdxError::Label { index, label }),
            None => Ok(self.values),
        }
    }
}

/// Reads a plain IDX file of at most `limit` elements, to its end.
///
/// Memory grows with the bytes that really come, never with what the header declares.
///
/// # Errors
///
/// The rule that the bytes break; [`IdxError::Read`] when the reader itself fails.
///
/// # Example
///
/// ```
/// use evenkeel_data::idx;
///
/// let labels = [0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]; // three labels: 7, 2, 1
/// assert_eq!(idx::read(&labels[..], 100)?.into_labels()?, [7, 2, 1]);
/// let cut = idx::read(&labels[..10], 100).unwrap_err();
/// assert_eq!(cut.to_string(), "truncated: 10 bytes, expected 11");
/// # Ok::<(), idx::IdxError>(())
/// ```
pub fn read(mut reader: impl Read, limit: usize) -> Result<Array, IdxError> {
    let shape = read_header(&mut reader)?;
    let count = match shape
        .iter()
        .try_fold(1usize, |n, &axis| n.checked_mul(axis))
    {
        Some(count) if count <= limit => count,
        _ => return Err(IdxError::TooLarge { shape, limit }),
    };
    let header = 4 + 4 * shape.len();
    let values = read_up_to(&mut reader, count)?;
    if values.len() < count {
        return Err(IdxError::Truncated {
            expected: header + count,
            got: header + values.len(),
        });
    }
    // Asking for one byte more also takes a gzip stream to its end, where its checksum is.
    if !read_up_to(&mut reader, 1)?.is_empty() {
        return Err(IdxError::TrailingBytes {
            expected: header + count,
        });
    }
    Ok(Array { shape, values })
}

/// Reads a gzip-compressed IDX file of at most `limit` elements.
///
/// Decompression stops one byte past what the header declares, however much the stream would give.
///
/// # Errors
///
/// As [`read`], and [`IdxError::TruncatedGzip`] or [`IdxError::CorruptGzip`] when the compressed
/// stream is not whole.
pub fn read_gzip(reader: impl Read, limit: usize) -> Result<Array, IdxError> {
    read(GzDecoder::new(reader), limit).map_err(|error| match error {
        IdxError::Read(error) => gzip_error(error),
        other => other,
    })
}

/// The decoder reports damage as an I/O error of one of three kinds; others are the reader's own.
fn gzip_error(error: io::Error) -> IdxError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => IdxError::TruncatedGzip,
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => IdxError::CorruptGzip {
            reason: error.to_string(),
        },
        _ => IdxError::Read(error),
    }
}

fn read_header(reader: &mut impl Read) -> Result<Vec<usize>, IdxError> {
    let start = read_up_to(reader, 4)?;
    match start[..] {
        [] => return Err(IdxError::Empty),
        [0, 0, UNSIGNED_BYTE, 0] => {
            return Err(IdxError::Rank {
                expected: 1,
                got: 0,
            });
        }
        [0, 0, UNSIGNED_BYTE, _] => {}
        [0, 0, code, _] => return Err(IdxError::ElementType { code }),
        [first, second, ..] if (first, second) != (0, 0) => {
            return Err(IdxError::Magic {
                got: [first, second],
            });
        }
        _ => {
            return Err(IdxError::Truncated {
                expected: 4,
                got: start.len(),
            });
        }
    }
    let rank = usize::from(start[3]);
    let dimensions = read_up_to(reader, 4 * rank)?;
    if dimensions.len() < 4 * rank {
        return Err(IdxError::Truncated {
            expected: 4 + 4 * rank,
            got: 4 + dimensions.len(),
        });
    }
    let (axes, _) = dimensions.as_chunks::<4>();
    // A u32 that does not fit usize (on a 16-bit machine) is past every limit all the same.
    let axis = |&bytes: &[u8; 4]| usize::try_from(u32::from_be_bytes(bytes)).unwrap_or(usize::MAX);
    let shape: Vec<usize> = axes.iter().map(axis).collect();
    match shape.iter().position(|&length| length == 0) {
        Some(axis) => Err(IdxError::EmptyAxis { axis, shape }),
        None => Ok(shape),
    }
}

/// At most `count` bytes; fewer only at the end. The vector grows as bytes arrive.
fn read_up_to(reader: &mut impl Read, count: usize) -> Result<Vec<u8>, IdxError> {
    let mut bytes = Vec::new();
    reader
        .by_ref()
        .take(count as u64)
        .read_to_end(&mut bytes)
        .map_err(IdxError::Read)?;
    Ok(bytes)
}
