//! The header of a safetensors file: what is in the file, and where. Hostile until checked.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::io::{self, Read, Write};
use std::ops::Range;

use safetensors::SafeTensorError;
use safetensors::tensor::Dtype;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};

use super::HeaderError;

/// Bytes before the header: its length as a little-endian u64.
pub(super) const PREFIX: u64 = 8;
/// Longest header that the format's own library reads; a model of a million tensors needs less.
pub(super) const LONGEST: u64 = 100_000_000;
/// The key that the format keeps for what is said about the whole file.
pub(super) const METADATA: &str = "__metadata__";
/// As many dimensions as PyTorch's tensors may have. It bounds what a header can make us allocate.
pub(super) const MAX_RANK: usize = 64;

/// One tensor as a header lists it, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorHeader {
    /// The name.
    pub name: String,
    /// The number format.
    pub dtype: Dtype,
    /// The shape, slowest dimension first; empty for a scalar.
    pub shape: Vec<usize>,
    /// Where its bytes lie, counted from the end of the header.
    pub bytes: Range<u64>,
}

/// The header's length from the file's first 8 bytes, if a file of `file_bytes` can have it.
pub(super) fn length(prefix: [u8; PREFIX as usize], file_bytes: u64) -> Result<u64, HeaderError> {
    let claimed = u64::from_le_bytes(prefix);
    if claimed > LONGEST {
        return Err(HeaderError::TooLong { claimed });
    }
    let available = file_bytes.saturating_sub(PREFIX);
    if claimed > available {
        return Err(HeaderError::PastEnd { claimed, available });
    }
    Ok(claimed)
}

/// Reads and checks a header's text; the file has `data_bytes` after it. Tensors come in the order
/// in which they lie in the file.
pub(super) fn parse(text: &[u8], data_bytes: u64) -> Result<Vec<TensorHeader>, HeaderError> {
    let text = std::str::from_utf8(text).map_err(|error| HeaderError::NotUtf8 {
        at: error.valid_up_to(),
    })?;
    let Entries(mut tensors) = serde_json::from_str(text)?;
    tensors.sort_by_key(|tensor| (tensor.bytes.start, tensor.bytes.end));
    check_names(&tensors)?;
    let mut end = 0;
    for tensor in &tensors {
        check_size(tensor)?;
        check_place(tensor, end)?;
        end = tensor.bytes.end;
    }
    match end.cmp(&data_bytes) {
        std::cmp::Ordering::Equal => Ok(tensors),
        std::cmp::Ordering::Greater => Err(HeaderError::Truncated {
            end,
            available: data_bytes,
        }),
        std::cmp::Ordering::Less => Err(HeaderError::Trailing {
            end,
            available: data_bytes,
        }),
    }
}

fn check_names(tensors: &[TensorHeader]) -> Result<(), HeaderError> {
    let mut seen = HashSet::with_capacity(tensors.len());
    match tensors.iter().find(|tensor| !seen.insert(&tensor.name)) {
        Some(twice) => Err(HeaderError::DuplicateName {
            name: twice.name.clone(),
        }),
        None => Ok(()),
    }
}

fn check_size(tensor: &TensorHeader) -> Result<(), HeaderError> {
    let (name, shape, dtype) = (&tensor.name, &tensor.shape, tensor.dtype);
    let Range { start, end } = tensor.bytes;
    let got = end
        .checked_sub(start)
        .ok_or_else(|| HeaderError::Reversed {
            name: name.clone(),
            start,
            end,
        })?;
    let bits = bit_count(shape, dtype).ok_or_else(|| HeaderError::Overflow {
        name: name.clone(),
        shape: shape.clone(),
    })?;
    if !bits.is_multiple_of(8) {
        return Err(HeaderError::PartialByte {
            name: name.clone(),
            shape: shape.clone(),
            dtype,
        });
    }
    let expected = bits / 8;
    if expected != got {
        return Err(HeaderError::Size {
            name: name.clone(),
            shape: shape.clone(),
            dtype,
            expected,
            got,
        });
    }
    Ok(())
}

fn check_place(tensor: &TensorHeader, previous_end: u64) -> Result<(), HeaderError> {
    let (name, start) = (tensor.name.clone(), tensor.bytes.start);
    match start.cmp(&previous_end) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Less => Err(HeaderError::Overlap {
            name,
            start,
            previous_end,
        }),
        std::cmp::Ordering::Greater => Err(HeaderError::Gap {
            name,
            start,
            previous_end,
        }),
    }
}

/// Bits of a tensor, or nothing when they overflow.
pub(super) fn bit_count(shape: &[usize], dtype: Dtype) -> Option<u64> {
    shape
        .iter()
        .try_fold(dtype.bitsize() as u64, |bits, length| {
            bits.checked_mul(u64::try_from(*length).ok()?)
        })
}

/// A tensor as a header is to list it.
pub(super) struct Listed<'a> {
    pub(super) name: &'a str,
    pub(super) dtype: Dtype,
    pub(super) shape: &'a [usize],
    pub(super) bytes: Range<u64>,
}

/// How many bytes there are before the data of a file that holds these tensors in this order.
pub(super) fn size<'a>(tensors: impl Iterator<Item = Listed<'a>>) -> Result<u64, SafeTensorError> {
    let mut fault = None;
    let checked = tensors.inspect(|tensor| {
        fault = fault.take().or_else(|| misfit(tensor));
    });
    let mut counted = Counted {
        out: io::sink(),
        bytes: 0,
    };
    write_text(checked, &mut counted)?;
    if let Some(fault) = fault {
        return Err(fault);
    }
    if counted.bytes > LONGEST - PREFIX {
        return Err(SafeTensorError::HeaderTooLarge);
    }
    Ok(PREFIX + counted.bytes.next_multiple_of(PREFIX))
}

/// Writes the `size` bytes before the data: the header's length and its text, padded with spaces so
/// that the data begins at a multiple of 8.
///
/// It is written as it is made: that of many tensors takes more memory than they do.
pub(super) fn write<'a>(
    tensors: impl Iterator<Item = Listed<'a>>,
    size: u64,
    mut out: impl Write,
) -> io::Result<()> {
    let length = size - PREFIX;
    out.write_all(&length.to_le_bytes())?;
    let mut counted = Counted { out, bytes: 0 };
    write_text(tensors, &mut counted)?;
    let padding = length.saturating_sub(counted.bytes);
    io::copy(&mut io::repeat(b' ').take(padding), &mut counted.out)?;
    Ok(())
}

/// The metadata say `format: pt`, without which Hugging Face's loaders refuse a file.
fn write_text<'a>(
    tensors: impl Iterator<Item = Listed<'a>>,
    out: impl Write,
) -> serde_json::Result<()> {
    #[derive(serde::Serialize)]
    struct AboutAll {
        format: &'static str,
    }
    #[derive(serde::Serialize)]
    struct About<'a> {
        dtype: Dtype,
        shape: &'a [usize],
        data_offsets: (u64, u64),
    }
    let mut text = serde_json::Serializer::new(out);
    let mut map = text.serialize_map(None)?;
    map.serialize_entry(METADATA, &AboutAll { format: "pt" })?;
    for tensor in tensors {
        let about = About {
            dtype: tensor.dtype,
            shape: tensor.shape,
            data_offsets: (tensor.bytes.start, tensor.bytes.end),
        };
        map.serialize_entry(tensor.name, &about)?;
    }
    map.end()
}

/// What the format's library would refuse about a tensor.
fn misfit(tensor: &Listed<'_>) -> Option<SafeTensorError> {
    let bytes = tensor.bytes.end - tensor.bytes.start;
    match bit_count(tensor.shape, tensor.dtype) {
        None => Some(SafeTensorError::ValidationOverflow),
        Some(bits) if !bits.is_multiple_of(8) => Some(SafeTensorError::MisalignedSlice),
        Some(bits) if bits / 8 != bytes => Some(SafeTensorError::TensorInvalidInfo),
        Some(_) => None,
    }
}

/// A writer that passes on what is written, and counts it.
struct Counted<W> {
    out: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A header's entries as they come, duplicates kept so that they can be refused.
struct Entries(Vec<TensorHeader>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with an entry for each tensor")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut tensors = Vec::new();
        let mut has_metadata = false;
        while let Some(name) = map.next_key::<String>()? {
            if name == METADATA {
                if has_metadata {
                    return Err(A::Error::duplicate_field(METADATA));
                }
                has_metadata = true;
                map.next_value::<BTreeMap<String, String>>()?;
                continue;
            }
            let entry: Entry = map.next_value()?;
            let (start, end) = entry.data_offsets;
            tensors.push(TensorHeader {
                name,
                dtype: entry.dtype,
                shape: entry.shape.0,
                bytes: start..end,
            });
        }
        Ok(Entries(tensors))
    }
}

#[derive(serde::Deserialize)]
struct Entry {
    dtype: Dtype,
    shape: Dimensions,
    data_offsets: (u64, u64),
}

struct Dimensions(Vec<usize>);

impl<'de> Deserialize<'de> for Dimensions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(DimensionsVisitor)
    }
}

struct DimensionsVisitor;

impl<'de> Visitor<'de> for DimensionsVisitor {
    type Value = Dimensions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a shape of at most {MAX_RANK} dimensions")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Dimensions, A::Error> {
        let mut shape = Vec::new();
        while let Some(length) = seq.next_element()? {
            if shape.len() == MAX_RANK {
                return Err(A::Error::invalid_length(shape.len() + 1, &self));
            }
            shape.push(length);
        }
        Ok(Dimensions(shape))
    }
}

#[cfg(test)]
#[path = "header_tests.rs"]
pub(super) mod tests;
