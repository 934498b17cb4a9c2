//! Times the statistics of values that are in the second-level cache, on one thread: ns a value, the
//! fastest of many turns.
//!
//! `cargo run --release -p evenkeel-net --example statistics [VALUES]`

#![allow(clippy::print_stdout, reason = "a table is what this is for")]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use evenkeel_net::{Histogram, Moments};

const TURNS: usize = 3000;

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args()
        .nth(1)
        .map_or(Ok(1 << 15), |text| text.parse())?;
    let values = normals(count);
    let mut moments = Moments::new();
    let mut inside = Histogram::new(-8.0, 8.0, 64)?;
    let mut crossing = Histogram::new(-1.5, 1.5, 64)?;
    let mut wide = Histogram::new(-4.0, 4.0, 200)?;
    println!("{count} normal values, ns a value");
    report("moments", count, || moments.update(black_box(&values)));
    report("64 bins, none outside", count, || {
        inside.update(black_box(&values));
    });
    report("64 bins, 13% outside", count, || {
        crossing.update(black_box(&values));
    });
    report("200 bins", count, || wide.update(black_box(&values)));
    Ok(())
}

fn report(name: &str, count: usize, mut work: impl FnMut()) {
    let mut fastest = f64::INFINITY;
    for _ in 0..TURNS {
        let start = Instant::now();
        work();
        fastest = fastest.min(start.elapsed().as_secs_f64());
    }
    println!("{name:24} {:6.3}", fastest * 1e9 / count as f64);
}

/// Sums of twelve uniform values, less their mean.
fn normals(count: usize) -> Vec<f32> {
    let mut state = 1u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32
    };
    let mut normal = || (0..12).map(|_| uniform()).sum::<f32>() - 6.0;
    (0..count).map(|_| normal()).collect()
}
