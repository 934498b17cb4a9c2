//! Nanoseconds a value to fill a tensor in place: `fill_speed [DISTRIBUTION] [DTYPE] [VALUES]
//! [THREADS] [REPEATS] [PATH]`, one line of JSON with every repeat's time.
//!
//! `bench/init/compare.py` runs it beside PyTorch, JAX and NumPy.
#![allow(clippy::print_stdout)] // What a command prints is its result.

use std::error::Error;
use std::time::Instant;

use evenkeel_init::{Bounds, Convention, Distribution, Element, Path, Seed, Threads, bf16, f16};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = |i: usize, default: &'static str| arguments.get(i).map_or(default, String::as_str);
    let number = |i, default| text(i, default).parse::<usize>();
    let distribution = match text(0, "normal") {
        "normal" => Distribution::normal(0.0, 1.0)?,
        "uniform" => Distribution::uniform(-1.0, 1.0)?,
        "truncated" => {
            let bounds = Bounds::Sigmas {
                low: -2.0,
                high: 2.0,
            };
            Distribution::truncated_normal(0.0, 1.0, bounds, Convention::Parent)?
        }
        other => return Err(format!("unknown distribution {other}").into()),
    };
    let run = Run {
        distribution,
        values: number(2, "100000000")?,
        threads: Threads::new(number(3, "2")?).ok_or("threads: expected 1 or more")?,
        repeats: number(4, "7")?,
        path: Path::ALL
            .into_iter()
            .find(|path| format!("{path:?}").eq_ignore_ascii_case(text(5, ""))),
    };
    match text(1, "f32") {
        "f64" => run.measure::<f64>(),
        "f32" => run.measure::<f32>(),
        "bf16" => run.measure::<bf16>(),
        "f16" => run.measure::<f16>(),
        other => Err(format!("unknown dtype {other}").into()),
    }
}

struct Run {
    distribution: Distribution,
    values: usize,
    threads: Threads,
    repeats: usize,
    /// A path forced, on one thread.
    path: Option<Path>,
}

impl Run {
    fn measure<T: Element>(&self) -> Result<(), Box<dyn Error>> {
        let stream = Seed(1).stream("bench");
        let mut out = vec![T::default(); self.values];
        let mut nanoseconds = Vec::new();
        // One fill before those that count: memory is first touched there.
        for repeat in 0..=self.repeats {
            let begin = Instant::now();
            match self.path {
                Some(path) => self.distribution.fill_on(path, &stream, 0, &mut out)?,
                None => self
                    .distribution
                    .fill_parallel(&stream, 0, &mut out, self.threads)?,
            }
            let elapsed = begin.elapsed().as_secs_f64() * 1e9 / self.values as f64;
            if repeat > 0 {
                nanoseconds.push(format!("{elapsed:.4}"));
            }
        }
        let sum: f64 = out.iter().step_by(997).map(|x| x.to_f64()).sum();
        println!(
            "{{\"ns_per_value\": [{}], \"check\": {sum}}}",
            nanoseconds.join(", ")
        );
        Ok(())
    }
}
