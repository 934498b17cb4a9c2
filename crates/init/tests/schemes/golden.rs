//! Bits that must not change: a change here is a breaking change, and the CHANGELOG says so.

use evenkeel_init::{
    Element, Geometry, GeometryError, InitError, Layout, Packing, Seed, bf16, f16,
};
use sha2::{Digest, Sha256};

use crate::rows::{Row, rows};

/// A line for each row: its name, and the first 16 digits of its digest.
const GOLDEN: &str = include_str!("golden.txt");

/// Layers of every kind, small; one that spans several panels of an orthogonal matrix.
fn layers() -> Result<Vec<Geometry>, GeometryError> {
    Ok(vec![
        Geometry::linear(48, 40)?,
        Geometry::linear(40, 48)?.with_layout(Layout::InOut),
        Geometry::linear(270, 300)?,
        Geometry::convolution(24, 12, &[3, 5])?.with_groups(4)?,
        Geometry::transposed_convolution(24, 12, &[3, 4])?.with_layout(Layout::InOut),
        Geometry::grouped_query(16, 8, 2, 4, Packing::Blocked)?,
        Geometry::linear(12, 8)?.with_experts(3)?,
        Geometry::embedding(30, 8)?,
        Geometry::vector(100)?,
        Geometry::gate_bias(4, 10)?,
    ])
}

fn add<T: Element>(hash: &mut Sha256, row: &Row, layer: &Geometry) -> Result<(), InitError> {
    for value in row.scheme.tensor::<T>(layer, Seed(1), "golden")? {
        // Exact in f64 for every format.
        hash.update(value.to_f64().to_bits().to_le_bytes());
    }
    Ok(())
}

fn line(row: &Row) -> Result<String, InitError> {
    let mut hash = Sha256::new();
    for layer in layers()?.iter().filter(|layer| (row.suits)(layer)) {
        add::<f64>(&mut hash, row, layer)?;
        add::<f32>(&mut hash, row, layer)?;
        add::<bf16>(&mut hash, row, layer)?;
        add::<f16>(&mut hash, row, layer)?;
    }
    let digits: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(format!("{} {}", &digits[..16], row.name))
}

#[test]
fn bits_are_those_of_the_first_release() -> Result<(), InitError> {
    let lines = rows().iter().map(line).collect::<Result<Vec<_>, _>>()?;
    let golden: Vec<&str> = GOLDEN.lines().collect();
    assert_eq!(lines, golden, "now:\n{}\n", lines.join("\n"));
    Ok(())
}
