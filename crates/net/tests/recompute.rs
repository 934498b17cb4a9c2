//! Computing activations again: the same bits, for less memory.

use evenkeel_init::Seed;
use evenkeel_net::zoo::{MlpSpec, ResMlpSpec};
use evenkeel_net::{
    Activation, BatchNorm, Bias, Convolution, Graph, GraphBuilder, GraphError, Mode, Network, Plan,
    Quantity, Recipe, Recompute, Recorder, Sgd, Targets, Threads, zoo,
};

const BATCH: usize = 40;

/// Parameters, buffers, losses and statistics after three steps.
fn trace(graph: &Graph, recompute: Recompute, threads: usize) -> String {
    let threads = Threads(threads);
    let mut network = Network::recomputing(graph.clone(), BATCH, recompute, threads).unwrap();
    let wave = |i: usize| ((i * 7919 % 2003) as f32 / 1001.0 - 1.0) * 0.3;
    network.initialize(|_, w| w.iter_mut().enumerate().for_each(|(i, w)| *w = wave(i)));
    let features = graph.inputs().next().unwrap().shape().len();
    let x: Vec<f32> = (0..BATCH * features).map(|i| 3.0 * wave(i + 11)).collect();
    let labels: Vec<u8> = (0..BATCH).map(|i| (i % 10) as u8).collect();
    let recorder = Recorder::new(&network);
    let mut sgd = Sgd::new(0.05).unwrap().with_momentum(0.9).unwrap();
    let mut losses = Vec::new();
    for step in 0..3 {
        network.set_step(step);
        let targets = Targets::Classes(&labels);
        losses.push(network.forward(&[&x], targets, &recorder).unwrap());
        network.backward(&recorder).unwrap();
        sgd.step(&mut network);
    }
    let quantities = [
        Quantity::Activation,
        Quantity::Gradient,
        Quantity::WeightGradient,
    ];
    let parameters: Vec<_> = network.parameters().map(|p| p.values.to_vec()).collect();
    let buffers: Vec<_> = network.buffers().map(|b| b.values.to_vec()).collect();
    let records = quantities.map(|quantity| recorder.records(quantity));
    format!("{losses:?} {parameters:?} {buffers:?} {records:?}")
}

/// Convolutions, batch normalisation, dropout, a sum over a long way and a product.
fn mixture() -> Result<Graph, GraphError> {
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[2, 6, 6])?;
    let first = builder.convolution(x, "first", &Convolution::new(4, [3, 3]))?;
    let mut trunk = first;
    for block in 0..6 {
        let name = |part: &str| format!("{part}{block}");
        let y = builder.convolution(trunk, &name("conv"), &Convolution::new(4, [3, 3]))?;
        let y = builder.batch_norm(y, &name("norm"), &BatchNorm::default())?;
        let y = builder.activation(y, &name("act"), &Activation::gelu())?;
        let y = builder.dropout(y, &name("drop"), 0.2)?;
        trunk = builder.add(trunk, y, &name("sum"))?;
    }
    let long = builder.add(trunk, first, "long")?;
    let gated = builder.multiply(long, trunk, "gated")?;
    let pooled = builder.global_average_pool(gated, "pool")?;
    let logits = builder.linear(pooled, "head", 10, Bias::Yes)?;
    builder.softmax_cross_entropy(logits, "loss")?;
    builder.finish()
}

#[test]
fn making_activations_again_changes_no_bit() {
    let plain = |depth, width, activation: &str| {
        let activation = Activation::parse(activation).unwrap();
        zoo::mlp(&MlpSpec::new(12, width, depth, 10, activation)).unwrap()
    };
    let fixup = ResMlpSpec::new(12, 16, 42, 10, Activation::relu());
    let graphs = [
        plain(1, 1, "relu"),
        plain(2, 20, "relu"),
        plain(40, 20, "relu"),
        plain(31, 70, "gelu"),
        plain(10, 180, "relu"),
        plain(25, 20, "tanh"),
        Recipe::Fixup.build(&fixup.clone().into()).unwrap(),
        Recipe::SqrtHalf.build(&fixup.into()).unwrap(),
        mixture().unwrap(),
    ];
    for (index, graph) in graphs.iter().enumerate() {
        let kept = trace(graph, Recompute::Nothing, 1);
        assert!(!kept.contains("NaN"), "graph {index}");
        for threads in [1, 2] {
            let again = trace(graph, Recompute::Sqrt, threads);
            assert!(kept == again, "graph {index}, {threads} threads");
        }
    }
}

/// Bytes of the lanes: the arena without gradients. Narrow weights have no transpose in it.
fn activations(graph: &Graph, recompute: Recompute) -> usize {
    let plan = Plan::recomputing(graph, BATCH, Mode::Training, recompute).unwrap();
    plan.arena_bytes() - 4 * graph.parameter_count()
}

#[test]
fn activations_take_memory_as_the_root_of_the_depth() {
    let graph = |depth| {
        let spec = ResMlpSpec::new(16, 16, depth, 10, Activation::relu());
        Recipe::Fixup.build(&spec.into()).unwrap()
    };
    let (shallow, deep) = (graph(402), graph(6_402));
    let kept = activations(&deep, Recompute::Nothing) as f64;
    let again = activations(&deep, Recompute::Sqrt) as f64;
    assert!(again < kept / 10.0, "{again} of {kept}");
    // Sixteen times as deep: four times the values, of both kinds, and partial gradients that are
    // held up to a bound.
    let growth = again / activations(&shallow, Recompute::Sqrt) as f64;
    assert!(growth < 5.0, "{growth}");
    let kept_growth = kept / activations(&shallow, Recompute::Nothing) as f64;
    assert!(kept_growth > 10.0, "{kept_growth}");
}

#[test]
fn a_network_that_computes_again_still_learns_from_a_recipe() {
    let spec = ResMlpSpec::new(4, 8, 100, 10, Activation::relu()).into();
    let graph = Recipe::Fixup.build(&spec).unwrap();
    let mut network = Network::recomputing(graph, 2, Recompute::Sqrt, Threads(1)).unwrap();
    Recipe::Fixup
        .initialize(&mut network, &spec, Seed(1), None)
        .unwrap();
    let mut sgd = Sgd::new(0.05).unwrap();
    let tap = evenkeel_net::NoTap;
    let x = [1.0, -1.0, 0.5, 2.0, -2.0, 0.3, 0.1, 1.0];
    let mut loss = |network: &mut Network| {
        let targets = Targets::Classes(&[3, 7]);
        let loss = network.forward(&[&x], targets, &tap).unwrap();
        network.backward(&tap).unwrap();
        sgd.step(network);
        loss
    };
    let first = loss(&mut network);
    let last = (0..100).map(|_| loss(&mut network)).last().unwrap();
    assert!(
        (first - 10f64.ln()).abs() < 1e-6 && last < 0.5,
        "{first} {last}"
    );
}

#[test]
fn recomputing_is_advised_for_narrow_networks_that_outgrow_the_caches() {
    let advised = |width, depth, batch| {
        let spec = MlpSpec::new(width, width, depth, width, Activation::tanh());
        Recompute::advised(&zoo::mlp(&spec).unwrap(), batch)
    };
    // 1,000 linear layers with their activations make 2,000 · 16 values an example, and 16 MiB hold
    // 2²² = 4,194,304: 131 examples.
    assert_eq!(advised(16, 1000, 120), Recompute::Nothing);
    assert_eq!(advised(16, 1000, 140), Recompute::Sqrt);
    // Wide layers cost more to make than to fetch.
    assert_eq!(advised(128, 1000, 140), Recompute::Nothing);
}
