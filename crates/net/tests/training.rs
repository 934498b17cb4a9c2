//! Training: it learns, and no number of threads changes a bit.

use std::sync::Mutex;

use evenkeel_net::{
    Activation, Adam, DeadUnits, Histogram, Loss, Mode, Network, NoTap, Optimizer, Quantity,
    Record, Recorder, Sgd, Site, Tap, Targets, Threads, Update, zoo,
};

/// splitmix64, to numbers in −1..1.
fn uniforms(mut state: u64, count: usize) -> Vec<f32> {
    let next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// Uniform weights with Kaiming's second moment, 2/fan_in, and zero biases.
fn initialize(network: &mut Network) {
    let mut seed = 0;
    network.initialize(|spec, values| {
        seed += 1;
        if let evenkeel_net::Role::Weight { fan_in, .. } = spec.role() {
            let bound = (6.0 / fan_in as f32).sqrt();
            values.copy_from_slice(&uniforms(seed, values.len()));
            values.iter_mut().for_each(|w| *w *= bound);
        }
    });
}

/// What a run leaves behind: every loss, every parameter, every statistic.
#[derive(Debug, PartialEq)]
struct Trace {
    losses: Vec<u64>,
    parameters: Vec<u32>,
    records: Vec<Record>,
    updates: Vec<Update>,
}

fn run(spec: &zoo::MlpSpec, batch: usize, threads: usize) -> Trace {
    let graph = zoo::mlp(spec).unwrap();
    let mut network = Network::new(graph, batch, Mode::Training, Threads(threads)).unwrap();
    initialize(&mut network);
    let recorder = Recorder::new(&network)
        .with_histograms(Quantity::Activation, -3.0, 3.0, 16)
        .unwrap()
        .with_histograms(Quantity::WeightGradient, -0.01, 0.01, 16)
        .unwrap();
    let mut sgd = Sgd::new(0.05).unwrap().with_momentum(0.9).unwrap();
    let mut losses = Vec::new();
    for step in 0..4 {
        // The last batch is smaller, and ends within a lane.
        let examples = if step == 3 { batch * 2 / 3 } else { batch };
        let x = uniforms(100 + step, examples * spec.inputs);
        let labels: Vec<u8> = (0..examples).map(|e| (e % spec.outputs) as u8).collect();
        losses.push(
            network
                .forward(&[&x], Targets::Classes(&labels), &recorder)
                .unwrap()
                .to_bits(),
        );
        network.backward(&recorder).unwrap();
        sgd.step_tapped(&mut network, &recorder);
    }
    let parameters = network
        .parameters()
        .flat_map(|p| p.values)
        .map(|w| w.to_bits())
        .collect();
    let quantities = [
        Quantity::Activation,
        Quantity::Gradient,
        Quantity::WeightGradient,
    ];
    let records = quantities
        .iter()
        .flat_map(|&quantity| recorder.records(quantity))
        .collect();
    Trace {
        losses,
        parameters,
        records,
        updates: recorder.updates(),
    }
}

#[test]
fn one_two_and_three_threads_give_the_same_bits() {
    for (inputs, width, depth, batch, activation) in [
        (300, 200, 4, 200, Activation::relu()),
        (20, 16, 40, 64, Activation::tanh()),
        (784, 50, 2, 512, Activation::gelu()),
        // So many weights that lanes lay them, which take turns where there are fewer threads.
        (100, 180, 10, 100, Activation::relu()),
    ] {
        let spec = zoo::MlpSpec::new(inputs, width, depth, 10, activation);
        let one = run(&spec, batch, 1);
        assert!(
            one.losses
                .iter()
                .all(|&loss| f64::from_bits(loss).is_finite())
        );
        for threads in [2, 3] {
            assert_eq!(run(&spec, batch, threads), one, "{threads} threads");
        }
    }
}

#[test]
fn a_row_does_not_depend_on_how_the_batch_is_cut() {
    // Of 64 rows two lanes lay the weights by themselves in training, in turns on one thread; of 1,024 they are
    // laid once.
    let spec = zoo::MlpSpec::new(200, 256, 6, 10, Activation::relu());
    let x = uniforms(7, 1024 * 200);
    let rows = |batch: usize, mode: Mode, threads: usize| -> Vec<u32> {
        let graph = zoo::mlp(&spec).unwrap();
        let mut network = Network::new(graph, batch, mode, Threads(threads)).unwrap();
        initialize(&mut network);
        let labels = vec![3; batch];
        network
            .forward(&[&x[..batch * 200]], Targets::Classes(&labels), &NoTap)
            .unwrap();
        let rows = network.output().flatten().take(64 * 10);
        rows.map(|value| value.to_bits()).collect()
    };
    let many = rows(1024, Mode::Training, 1);
    assert_eq!(many.len(), 640);
    for (batch, mode, threads) in [
        (64, Mode::Training, 1),
        (64, Mode::Training, 2),
        (64, Mode::Forward, 1),
        (256, Mode::Training, 1),
    ] {
        let case = format!("{batch} rows, {mode:?}, {threads} threads");
        assert_eq!(rows(batch, mode, threads), many, "{case}");
    }
}

#[test]
fn statistics_are_those_of_the_values() {
    let spec = zoo::MlpSpec {
        shift: -0.5,
        ..zoo::MlpSpec::new(6, 9, 3, 4, Activation::relu())
    };
    let mut network =
        Network::new(zoo::mlp(&spec).unwrap(), 40, Mode::Training, Threads(2)).unwrap();
    initialize(&mut network);
    let recorder = Recorder::new(&network);
    let x = uniforms(1, 240);
    let labels = [1; 40];
    network
        .forward(&[&x], Targets::Classes(&labels), &recorder)
        .unwrap();
    let output: Vec<f32> = network.output().flatten().copied().collect();
    network.backward(&recorder).unwrap();
    let records = recorder.records(Quantity::Activation);
    let names: Vec<_> = records.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(
        names,
        ["x", "fc0", "act0", "shift0", "fc1", "act1", "shift1", "fc2"]
    );
    // The last value in two lanes, 32 examples and 8: merged as one.
    let mut expected = evenkeel_net::Moments::of(&output[..128]);
    expected.merge(&evenkeel_net::Moments::of(&output[128..]));
    assert_eq!(records[7].moments, expected);
    // ReLU's zeros are half the values or so, none of the linear layer's, and −0.5 shifts them.
    assert!((0.2..0.8).contains(&records[2].moments.zero_fraction()));
    assert_eq!(records[1].moments.zero_fraction(), 0.0);
    assert_eq!(records[3].moments.min(), -0.5);
    let gradients = recorder.records(Quantity::Gradient);
    let names: Vec<_> = gradients.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(
        names,
        ["fc0", "act0", "shift0", "fc1", "act1", "shift1", "fc2"]
    );
    let weights = recorder.records(Quantity::WeightGradient);
    for (record, parameter) in weights.iter().zip(network.parameters()) {
        let gradient = network.gradient(parameter.spec.name()).unwrap();
        assert_eq!(record.name, parameter.spec.name());
        assert_eq!(record.moments.count() as usize, gradient.len());
        let sum: f64 = gradient.iter().map(|&g| f64::from(g)).sum();
        assert!((record.moments.mean() - sum / gradient.len() as f64).abs() < 1e-12);
    }
}

#[test]
fn updates_are_what_a_step_adds_to_what_there_was() {
    // More than a block of values, whose end lies within a parameter.
    let spec = zoo::MlpSpec::new(90, 200, 3, 4, Activation::relu());
    let x = uniforms(1, 40 * 90);
    let optimizers: [fn() -> Box<dyn Optimizer>; 2] = [
        || Box::new(Sgd::new(0.05).unwrap().with_momentum(0.9).unwrap()),
        || Box::new(Adam::new(0.01).unwrap()),
    ];
    for make in optimizers {
        let graph = zoo::mlp(&spec).unwrap();
        let mut network = Network::new(graph, 40, Mode::Training, Threads(2)).unwrap();
        initialize(&mut network);
        let mut recorder = Recorder::new(&network);
        let mut optimizer = make();
        let values = |network: &Network| -> Vec<Vec<f32>> {
            network.parameters().map(|p| p.values.to_vec()).collect()
        };
        for _ in 0..2 {
            network
                .forward(&[&x], Targets::Classes(&[1; 40]), &NoTap)
                .unwrap();
            network.backward(&NoTap).unwrap();
            let before = values(&network);
            recorder.clear();
            optimizer.step_tapped(&mut network, &recorder);
            let updates = recorder.updates();
            assert_eq!(updates.len(), before.len());
            for (update, (parameter, before)) in
                updates.iter().zip(network.parameters().zip(&before))
            {
                let squares = |values: &mut dyn Iterator<Item = f64>| -> f64 {
                    values.map(|v| v * v).sum::<f64>() / before.len() as f64
                };
                let after = parameter.values;
                let added = squares(&mut before.iter().zip(after).map(|(b, a)| f64::from(a - b)));
                let held = squares(&mut before.iter().map(|&b| f64::from(b)));
                assert_eq!(update.name, parameter.spec.name());
                assert_eq!(update.update.count() as usize, before.len());
                assert!((update.update.second_moment() / added - 1.0).abs() < 1e-9);
                assert!((update.weight.second_moment() - held).abs() <= 1e-9 * held);
                let ratio = (added / held).sqrt();
                assert!(update.ratio() == ratio || (update.ratio() / ratio - 1.0).abs() < 1e-9);
            }
        }
    }
}

#[test]
fn dead_units_are_those_that_no_example_of_any_batch_moves() {
    let spec = zoo::MlpSpec::new(2, 40, 2, 2, Activation::relu());
    let mut network =
        Network::new(zoo::mlp(&spec).unwrap(), 70, Mode::Forward, Threads(2)).unwrap();
    // Unit u sees the first input alone, by a weight that is negative for the first ten; the second
    // ten wait for a large one.
    network.initialize(|spec, values| match spec.name() {
        "fc0.weight" => {
            for (unit, row) in values.chunks_exact_mut(2).enumerate() {
                row[0] = if unit < 10 { -1.0 } else { 1.0 };
            }
        }
        "fc0.bias" => values[10..20].fill(-5.0),
        _ => {}
    });
    let recorder = Recorder::new(&network);
    let dead = |recorder: &Recorder| {
        let records = recorder.records(Quantity::Activation);
        assert!(records[1].dead_units.is_none(), "a linear layer has none");
        records[2].dead_units
    };
    let units = |dead| Some(DeadUnits { dead, units: 40 });
    network.predict(&[&[1.0; 140]], &recorder).unwrap();
    assert_eq!(dead(&recorder), units(20));
    // One example of the last lane is enough.
    let mut x = [1.0; 140];
    x[138] = 6.0;
    network.predict(&[&x], &recorder).unwrap();
    assert_eq!(dead(&recorder), units(10));
    assert!(
        recorder.records(Quantity::Activation)[2]
            .moments
            .zero_fraction()
            > 0.4
    );
}

/// A ReLU's histogram is not counted but follows from its input's: it must be what counting gives.
#[test]
fn a_histogram_of_a_relu_is_that_of_its_values() {
    /// Counts every activation as it comes.
    struct Count(Mutex<Vec<Histogram>>);
    impl Tap for Count {
        fn activation(&self, site: &Site<'_>, values: &[f32]) {
            self.0.lock().unwrap()[site.index].update(values);
        }
    }
    let spec = zoo::MlpSpec::new(3, 40, 3, 2, Activation::relu());
    for (low, high, bins) in [
        (-2.0, 2.0, 64),
        (-2.0, 2.0, 7),
        (0.25, 1.0, 5),
        (-3.0, -1.0, 4),
        (0.0, 1.0, 80),
    ] {
        let graph = zoo::mlp(&spec).unwrap();
        let values = graph.values().len();
        let mut network = Network::new(graph, 70, Mode::Forward, Threads(2)).unwrap();
        network.initialize(|_, values| {
            for (index, value) in values.iter_mut().enumerate() {
                *value = (index * 7919 % 211) as f32 / 105.0 - 1.0;
            }
        });
        let recorder =
            Recorder::new(&network).with_histograms(Quantity::Activation, low, high, bins);
        let recorder = recorder.unwrap();
        let empty = Histogram::new(low, high, bins).unwrap();
        let count = Count(Mutex::new(vec![empty; values]));
        // Both infinities and NaN among the inputs of the ReLUs.
        for strange in [1.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut x = [0.5; 210];
            for (index, x) in x.iter_mut().enumerate() {
                *x = (index % 13) as f32 / 6.0 - 1.0;
            }
            x[100] = strange;
            network.predict(&[&x], &recorder).unwrap();
            network.predict(&[&x], &count).unwrap();
        }
        let counted = count.0.into_inner().unwrap();
        let records = recorder.records(Quantity::Activation);
        assert_eq!(records.len(), values);
        for (record, histogram) in records.iter().zip(&counted) {
            assert_eq!(
                record.histogram.as_ref(),
                Some(histogram),
                "{}",
                record.name
            );
        }
        assert!(counted.iter().any(|histogram| histogram.nonfinite() > 0));
    }
}

#[test]
fn a_small_network_learns_a_curve() {
    let spec = zoo::MlpSpec {
        loss: Some(Loss::MeanSquaredError),
        ..zoo::MlpSpec::new(1, 32, 3, 1, Activation::tanh())
    };
    let mut network =
        Network::new(zoo::mlp(&spec).unwrap(), 64, Mode::Training, Threads(1)).unwrap();
    initialize(&mut network);
    let x: Vec<f32> = (0..64).map(|i| i as f32 / 32.0 - 1.0).collect();
    let y: Vec<f32> = x.iter().map(|x| (3.0 * x).sin()).collect();
    let mut sgd = Sgd::new(0.05).unwrap().with_momentum(0.9).unwrap();
    for _ in 0..500 {
        network.forward(&[&x], Targets::Values(&y), &NoTap).unwrap();
        network.backward(&NoTap).unwrap();
        sgd.step(&mut network);
    }
    // The variance of the targets is 0.55: a network that predicts their mean has that loss.
    let loss = network.forward(&[&x], Targets::Values(&y), &NoTap).unwrap();
    assert!(loss < 1e-3, "{loss}");
}

#[test]
fn momentum_and_weight_decay_follow_their_definition() {
    let spec = zoo::MlpSpec {
        loss: Some(Loss::MeanSquaredError),
        bias: evenkeel_net::Bias::No,
        ..zoo::MlpSpec::new(1, 1, 1, 1, Activation::identity())
    };
    let mut network =
        Network::new(zoo::mlp(&spec).unwrap(), 1, Mode::Training, Threads(1)).unwrap();
    network.parameter_mut("fc0.weight").unwrap()[0] = 1.0;
    let sgd = Sgd::new(0.1).unwrap().with_momentum(0.5).unwrap();
    let mut sgd = sgd.with_weight_decay(0.2).unwrap();
    let (mut w, mut v) = (1.0f64, 0.0);
    for _ in 0..5 {
        // Loss (w·2 − 3)², gradient 4 (2w − 3).
        network
            .forward(&[&[2.0]], Targets::Values(&[3.0]), &NoTap)
            .unwrap();
        network.backward(&NoTap).unwrap();
        sgd.step(&mut network);
        v = 0.5 * v + 4.0 * (2.0 * w - 3.0) + 0.2 * w;
        w -= 0.1 * v;
        let got = f64::from(network.parameter("fc0.weight").unwrap()[0]);
        assert!((got - w).abs() < 1e-5, "{got} {w}");
    }
}

#[test]
fn forward_mode_computes_what_training_mode_does() {
    let spec = zoo::MlpSpec::new(12, 20, 8, 3, Activation::silu());
    let x = uniforms(5, 12 * 50);
    let mut outputs = Vec::new();
    for mode in [Mode::Forward, Mode::Training] {
        let mut network = Network::new(zoo::mlp(&spec).unwrap(), 50, mode, Threads(2)).unwrap();
        initialize(&mut network);
        network.predict(&[&x], &NoTap).unwrap();
        outputs.push(network.output().flatten().copied().collect::<Vec<f32>>());
        // The same weights, changed and seen to be changed.
        network.parameter_mut("fc7.bias").unwrap().fill(1.0);
        network.parameter_mut("fc0.weight").unwrap()[0] += 1.0;
        network.predict(&[&x], &NoTap).unwrap();
        outputs.push(network.output().flatten().copied().collect());
    }
    assert_eq!(outputs[0], outputs[2]);
    assert_eq!(outputs[1], outputs[3]);
    assert_ne!(outputs[0], outputs[1]);
}

#[test]
fn wide_layers_cut_into_blocks_match_f64() {
    // Wide enough that weight gradients fall into several tasks, and odd so that one is ragged.
    let (inputs, width, batch) = (150, 131, 100);
    let spec = zoo::MlpSpec {
        loss: Some(Loss::MeanSquaredError),
        ..zoo::MlpSpec::new(inputs, width, 1, width, Activation::identity())
    };
    let mut network =
        Network::new(zoo::mlp(&spec).unwrap(), batch, Mode::Training, Threads(2)).unwrap();
    initialize(&mut network);
    let x = uniforms(8, inputs * batch);
    let gradient = uniforms(9, width * batch);
    network.predict(&[&x], &NoTap).unwrap();
    network.backward_from(&gradient, &NoTap).unwrap();
    let got = network.gradient("fc0.weight").unwrap();
    for output in 0..width {
        for input in 0..inputs {
            let product = |e: usize| {
                f64::from(gradient[e * width + output]) * f64::from(x[e * inputs + input])
            };
            let expected: f64 = (0..batch).map(product).sum();
            // 100 terms of size up to 1, each rounded once at 2⁻²⁴ of a sum up to about 10.
            let error = (f64::from(got[output * inputs + input]) - expected).abs();
            assert!(error < 1e-4, "{error}");
        }
        let expected: f64 = (0..batch)
            .map(|e| f64::from(gradient[e * width + output]))
            .sum();
        let bias = f64::from(network.gradient("fc0.bias").unwrap()[output]);
        assert!((bias - expected).abs() < 1e-4);
    }
}
