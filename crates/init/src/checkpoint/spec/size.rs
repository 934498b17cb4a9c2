//! How many tensors a spec stands for and what they would take, known before any is made.

use super::counters::Counters;
use super::listing::Line;
use crate::Reading;
use crate::checkpoint::SpecError;

/// Most tensors that a spec may list: more than any model has, few enough to hold in memory.
pub(in crate::checkpoint) const MOST_TENSORS: u64 = 131_072;
/// Most bytes that their names and shapes may take: 128 for each of the most tensors, where a
/// name of 60 bytes and a matrix's shape take 76.
pub(in crate::checkpoint) const MOST_BYTES: u64 = MOST_TENSORS * 128;

/// Refuses more tensors than can be meant, and names and shapes that take more than can be meant.
pub(super) fn check(lines: &[Line], counters: &Counters) -> Result<(), SpecError> {
    let sum = |of: &dyn Fn(&Line) -> u64| lines.iter().map(of).fold(0, u64::saturating_add);
    let tensors = sum(&|line| line.template.count(counters));
    if tensors > MOST_TENSORS {
        return Err(SpecError::TooMany { count: tensors });
    }
    let bytes_of = |line: &Line| bytes(line, counters);
    let bytes = sum(&bytes_of);
    match lines.iter().max_by_key(|line| bytes_of(line)) {
        Some(most) if bytes > MOST_BYTES => Err(SpecError::TooLarge {
            tensors,
            bytes,
            name: most.tensor.name.clone(),
            most: bytes_of(most),
        }),
        _ => Ok(()),
    }
}

/// What the tensors of a line take, as far as can be counted: their names, and 8 bytes for each
/// number of the shape and of the layer.
fn bytes(line: &Line, counters: &Counters) -> u64 {
    let tensor = &line.tensor;
    let of_layer = tensor
        .reading
        .as_ref()
        .map_or(0, |(reading, _)| numbers(reading));
    let numbers = (tensor.shape.len() + of_layer) as u64;
    let all = line.template.count(counters).saturating_mul(8 * numbers);
    all.saturating_add(line.template.name_bytes(counters))
}

/// Numbers of which a layer can have many.
fn numbers(reading: &Reading) -> usize {
    match reading {
        Reading::Packed { parts, .. } => parts.len(),
        Reading::Explicit { roles } => roles.len(),
        Reading::Experts { of } => numbers(of),
        _ => 0,
    }
}
