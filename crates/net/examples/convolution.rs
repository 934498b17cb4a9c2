//! Times training steps of convolutional networks (forward, backward, SGD): medians.
//!
//! `cargo run --release -p evenkeel-net --example convolution [THREADS]`

#![allow(clippy::print_stdout, reason = "a table is what this is for")]

use std::error::Error;
use std::time::Instant;

use evenkeel_net::{
    Activation, BatchNorm, Bias, Convolution, Graph, GraphBuilder, GraphError, Mode, Network,
    NoTap, Pool, Role, Sgd, Targets, Threads, ValueId,
};

fn main() -> Result<(), Box<dyn Error>> {
    let threads = match std::env::args().nth(1) {
        Some(text) => Threads(text.parse()?),
        None => Threads::available(),
    };
    let rows = [
        ("plain CNN 16-16-32-32, 28x28, batch 64", plain()?, 784),
        ("ResNet-20, width 16, 3x32x32, batch 64", resnet(3)?, 3072),
        (
            "1,000 layers x 8 channels, 28x28 pooled to 7x7, batch 64",
            deep(1000)?,
            784,
        ),
    ];
    for (name, graph, inputs) in rows {
        println!("{name:60} {:8.2} ms", time(graph, inputs, threads)?);
    }
    Ok(())
}

fn time(graph: Graph, inputs: usize, threads: Threads) -> Result<f64, Box<dyn Error>> {
    let batch = 64;
    let mut network = Network::new(graph, batch, Mode::Training, threads)?;
    let mut state = 1u32;
    let mut uniform = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    network.initialize(|spec, values| {
        if let Role::Weight { fan_in, .. } = spec.role() {
            let bound = (6.0 / fan_in as f32).sqrt();
            values.iter_mut().for_each(|w| *w = bound * uniform());
        }
    });
    let x: Vec<f32> = (0..batch * inputs).map(|_| uniform()).collect();
    let labels: Vec<u8> = (0..batch).map(|e| (e % 10) as u8).collect();
    let mut sgd = Sgd::new(1e-6)?.with_momentum(0.9)?;
    let mut times = Vec::new();
    let begun = Instant::now();
    while times.len() < 3 || (begun.elapsed().as_secs() < 4 && times.len() < 200) {
        let start = Instant::now();
        network.forward(&[&x], Targets::Classes(&labels), &NoTap)?;
        network.backward(&NoTap)?;
        sgd.step(&mut network);
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

fn conv(
    builder: &mut GraphBuilder,
    x: ValueId,
    name: &str,
    convolution: Convolution,
) -> Result<ValueId, GraphError> {
    let x = builder.convolution(x, name, &convolution)?;
    builder.activation(x, &format!("{name}.act"), &Activation::relu())
}

fn head(mut builder: GraphBuilder, x: ValueId) -> Result<Graph, GraphError> {
    let x = builder.global_average_pool(x, "pool")?;
    let x = builder.linear(x, "head", 10, Bias::Yes)?;
    builder.softmax_cross_entropy(x, "loss")?;
    builder.finish()
}

fn plain() -> Result<Graph, GraphError> {
    let mut builder = GraphBuilder::new();
    let mut x = builder.input("x", &[1, 28, 28])?;
    for (index, channels) in [16, 16, 32, 32].into_iter().enumerate() {
        x = conv(
            &mut builder,
            x,
            &format!("conv{index}"),
            Convolution::new(channels, [3, 3]),
        )?;
    }
    head(builder, x)
}

fn deep(depth: usize) -> Result<Graph, GraphError> {
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[1, 28, 28])?;
    let x = conv(&mut builder, x, "stem", Convolution::new(8, [3, 3]))?;
    let mut x = builder.average_pool(x, "down", &Pool::new([4, 4]))?;
    for index in 0..depth {
        x = conv(
            &mut builder,
            x,
            &format!("conv{index}"),
            Convolution::new(8, [3, 3]),
        )?;
    }
    head(builder, x)
}

fn resnet(blocks: usize) -> Result<Graph, GraphError> {
    let mut builder = GraphBuilder::new();
    let norm = BatchNorm::default();
    let plain = |channels, stride| {
        Convolution::new(channels, [3, 3])
            .with_bias(Bias::No)
            .with_stride([stride, stride])
    };
    let input = builder.input("x", &[3, 32, 32])?;
    let x = builder.convolution(input, "conv", &plain(16, 1))?;
    let x = builder.batch_norm(x, "bn", &norm)?;
    let mut x = builder.activation(x, "act", &Activation::relu())?;
    for (stage, channels) in [16, 32, 64].into_iter().enumerate() {
        for block in 0..blocks {
            let name = format!("s{stage}b{block}");
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let y = builder.convolution(x, &format!("{name}.conv1"), &plain(channels, stride))?;
            let y = builder.batch_norm(y, &format!("{name}.bn1"), &norm)?;
            let y = builder.activation(y, &format!("{name}.act1"), &Activation::relu())?;
            let y = builder.convolution(y, &format!("{name}.conv2"), &plain(channels, 1))?;
            let y = builder.batch_norm(y, &format!("{name}.bn2"), &norm)?;
            let skip = if stride == 1 {
                x
            } else {
                let shortcut = Convolution::new(channels, [1, 1])
                    .with_bias(Bias::No)
                    .with_stride([2, 2]);
                let skip = builder.convolution(x, &format!("{name}.skip"), &shortcut)?;
                builder.batch_norm(skip, &format!("{name}.skip_bn"), &norm)?
            };
            let sum = builder.add(skip, y, &format!("{name}.sum"))?;
            x = builder.activation(sum, &format!("{name}.act2"), &Activation::relu())?;
        }
    }
    head(builder, x)
}
