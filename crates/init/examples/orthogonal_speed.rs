//! Seconds to make an orthogonal f32 matrix in place: `orthogonal_speed [ROWS] [COLUMNS] [THREADS]
//! [REPEATS]`, one line of JSON with every repeat's time and the last one's certificate.
//!
//! `bench/init/orthogonal.py` runs it beside PyTorch.
#![allow(clippy::print_stdout)] // What a command prints is its result.

use std::error::Error;
use std::time::Instant;

use evenkeel_init::{Geometry, Scheme, Seed, Threads};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, default: usize| match arguments.get(i) {
        Some(text) => text.parse::<usize>(),
        None => Ok(default),
    };
    let layer = Geometry::linear(number(0, 1024)?, number(1, 1024)?)?;
    let threads = Threads::new(number(2, 2)?).ok_or("threads: expected 1 or more")?;
    let mut values = vec![0.0_f32; layer.len()];
    let mut seconds = Vec::new();
    let mut deviation = None;
    // The first one is not counted: memory is first touched there.
    for repeat in 0..=number(3, 5)? {
        let stream = Seed(repeat as u64).stream("bench");
        let begin = Instant::now();
        let prepared = Scheme::orthogonal(1.0).prepare(&layer, &stream)?;
        prepared.fill_parallel(0..layer.len() as u64, &mut values, threads)?;
        let elapsed = begin.elapsed().as_secs_f64();
        if repeat > 0 {
            seconds.push(format!("{elapsed:.5}"));
        }
        deviation = prepared
            .certificate::<f32>(threads)
            .map(|certificate| certificate.deviation);
    }
    let deviation = deviation.ok_or("an orthogonal scheme has a certificate")?;
    println!(
        "{{\"seconds\": [{}], \"deviation\": {deviation:e}}}",
        seconds.join(", ")
    );
    Ok(())
}
