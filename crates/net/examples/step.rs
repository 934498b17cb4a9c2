//! Times training steps (forward, backward, SGD) and a probe with statistics: medians, with the
//! rate of the matrix products' arithmetic.
//!
//! `cargo run --release -p evenkeel-net --example step [THREADS]`

#![allow(clippy::print_stdout, reason = "a table is what this is for")]

use std::error::Error;
use std::time::Instant;

use evenkeel_net::{
    Activation, Bias, Graph, GraphBuilder, Mode, Network, NoTap, Quantity, Recorder, Role, Sgd,
    Tap, Targets, Threads, zoo,
};

/// What one line of the table times.
struct Row {
    name: &'static str,
    graph: Graph,
    batch: usize,
    taps: Taps,
}

#[derive(Clone, Copy, PartialEq)]
enum Taps {
    None,
    All,
}

fn rows() -> Result<Vec<Row>, Box<dyn Error>> {
    let mlp = |inputs, width, depth, outputs| {
        zoo::mlp(&zoo::MlpSpec::new(
            inputs,
            width,
            depth,
            outputs,
            Activation::relu(),
        ))
    };
    let row = |name, graph, batch, taps| Row {
        name,
        graph,
        batch,
        taps,
    };
    let gelu = zoo::mlp(&zoo::MlpSpec::new(256, 256, 50, 10, Activation::gelu()))?;
    let tanh = zoo::mlp(&zoo::MlpSpec::new(256, 256, 50, 10, Activation::tanh()))?;
    Ok(vec![
        row(
            "784-50-10, batch 512",
            mlp(784, 50, 2, 10)?,
            512,
            Taps::None,
        ),
        row(
            "784-512-512-10, batch 256",
            mlp(784, 512, 3, 10)?,
            256,
            Taps::None,
        ),
        row(
            "50 layers x 256, batch 256",
            mlp(256, 256, 50, 10)?,
            256,
            Taps::None,
        ),
        row("50 layers x 256, tanh", tanh, 256, Taps::None),
        row("50 layers x 256, gelu", gelu, 256, Taps::None),
        row(
            "10,000 layers x 16, batch 64",
            mlp(16, 16, 10_000, 10)?,
            64,
            Taps::None,
        ),
        row(
            "10,000 residual x 16, batch 64",
            residual(16, 10_000)?,
            64,
            Taps::None,
        ),
        row(
            "100 x 512, batch 512",
            mlp(512, 512, 100, 10)?,
            512,
            Taps::None,
        ),
        row(
            "100 x 512, batch 512, all taps",
            mlp(512, 512, 100, 10)?,
            512,
            Taps::All,
        ),
    ])
}

fn residual(width: usize, depth: usize) -> Result<Graph, Box<dyn Error>> {
    let mut builder = GraphBuilder::new();
    let mut trunk = builder.input("x", &[width])?;
    for layer in 0..depth {
        let branch = builder.linear(trunk, &format!("fc{layer}"), width, Bias::Yes)?;
        let branch = builder.activation(branch, &format!("act{layer}"), &Activation::relu())?;
        trunk = builder.add(trunk, branch, &format!("sum{layer}"))?;
    }
    let logits = builder.linear(trunk, "head", 10, Bias::Yes)?;
    builder.softmax_cross_entropy(logits, "loss")?;
    Ok(builder.finish()?)
}

/// Seconds of the median step, and bytes of the arena.
fn time(row: &Row, threads: usize) -> Result<(f64, usize), Box<dyn Error>> {
    let mut network = Network::new(
        row.graph.clone(),
        row.batch,
        Mode::Training,
        Threads(threads),
    )?;
    let mut state = 1u32;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state as f32 / (1u32 << 31) as f32 - 1.0
    };
    // Kaiming's second moment in a plain network, little enough for the deep residual one.
    let scale = if row.name.contains("residual") {
        0.01
    } else {
        1.0
    };
    network.initialize(|spec, values| match spec.role() {
        Role::Weight { fan_in, .. } => {
            let bound = scale * (6.0 / fan_in as f32).sqrt();
            values.iter_mut().for_each(|w| *w = bound * noise());
        }
        _ => values.fill(0.0),
    });
    let features = network
        .graph()
        .inputs()
        .next()
        .map_or(0, |input| input.shape().len());
    let x: Vec<f32> = (0..row.batch * features)
        .map(|i| ((i * 7919 % 1000) as f32) / 500.0 - 1.0)
        .collect();
    let labels: Vec<u8> = (0..row.batch).map(|i| (i % 10) as u8).collect();
    let recorder = Recorder::new(&network)
        .with_histograms(Quantity::Activation, -4.0, 4.0, 64)?
        .with_histograms(Quantity::Gradient, -1e-3, 1e-3, 64)?
        .with_histograms(Quantity::WeightGradient, -1e-3, 1e-3, 64)?;
    let tap: &dyn Tap = if row.taps == Taps::All {
        &recorder
    } else {
        &NoTap
    };
    let mut sgd = Sgd::new(1e-4)?;
    let mut times = Vec::new();
    let start = Instant::now();
    while times.len() < 7 || (start.elapsed().as_secs_f64() < 1.5 && times.len() < 500) {
        let start = Instant::now();
        network.forward(&[&x], Targets::Classes(&labels), tap)?;
        network.backward(tap)?;
        sgd.step(&mut network);
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok((times[times.len() / 2], network.plan().arena_bytes()))
}

/// Floating-point operations of a step's matrix products.
fn work(row: &Row) -> f64 {
    let weights = row
        .graph
        .parameters()
        .iter()
        .filter_map(|spec| match spec.role() {
            Role::Weight { fan_in, fan_out } => Some((2 * fan_in * fan_out * row.batch) as f64),
            _ => None,
        });
    let each: Vec<f64> = weights.collect();
    // Forward, weight gradient, and, but for the first layer, input gradient.
    3.0 * each.iter().sum::<f64>() - each[0]
}

fn main() -> Result<(), Box<dyn Error>> {
    let asked = std::env::args()
        .nth(1)
        .map(|text| text.parse())
        .transpose()?;
    let counts: Vec<usize> = asked.map_or(vec![1, 2], |count| vec![count]);
    for row in rows()? {
        for &threads in &counts {
            let (seconds, bytes) = time(&row, threads)?;
            println!(
                "{:32} {threads} thread(s) {:9.3} ms {:7.1} GFLOP/s  arena {:7.1} MiB",
                row.name,
                seconds * 1e3,
                work(&row) / seconds / 1e9,
                bytes as f64 / f64::from(1 << 20)
            );
        }
    }
    Ok(())
}
