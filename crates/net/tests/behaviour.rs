//! Layers that are one thing in training and another in use, and what they keep.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use evenkeel_net::{
    Activation, BatchNorm, Bias, Convolution, Extent, Graph, GraphBuilder, Mode, Network, NoTap,
    Plan, PlanError, Pool, Recorder, Role, RunError, Sgd, Site, Tap, Targets, Threads,
};

/// One dropout of `features` values, behind a scale of 1, and a loss.
fn dropped(name: &str, features: usize, probability: f64) -> Graph {
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[features]).unwrap();
    let x = builder.scale(x, "scale", Extent::Tensor).unwrap();
    let y = builder.dropout(x, name, probability).unwrap();
    builder.mean_squared_error(y, "loss").unwrap();
    builder.finish().unwrap()
}

/// The factors of a mask, from a pass over ones.
fn mask(network: &mut Network, examples: usize) -> Vec<f32> {
    let count = examples * network.graph().output().shape().len();
    let ones = vec![1.0; count];
    network
        .forward(&[&ones], Targets::Values(&ones), &NoTap)
        .unwrap();
    network.output().flatten().copied().collect()
}

#[test]
fn dropout_drops_as_often_as_it_says() {
    for probability in [0.1, 0.5, 0.8] {
        let graph = dropped("drop", 1000, probability);
        let mut network = Network::new(graph, 100, Mode::Training, Threads(1)).unwrap();
        let made = mask(&mut network, 100);
        let kept = (1.0 / (1.0 - probability)) as f32;
        assert!(made.iter().all(|&m| m == 0.0 || m == kept));
        // Of n = 100,000 independent values the share has the standard deviation √(p(1 − p)/n).
        let share = made.iter().filter(|&&m| m == 0.0).count() as f64 / 1e5;
        let sigma = (probability * (1.0 - probability) / 1e5).sqrt();
        assert!((share - probability).abs() < 5.0 * sigma, "{share}");
        // Neighbours in a row, and rows, are independent: both dropped as often as p².
        let pairs = |apart: usize| {
            let both = made.iter().zip(&made[apart..]);
            both.filter(|&(&a, &b)| a == 0.0 && b == 0.0).count() as f64 / 1e5
        };
        let square = probability * probability;
        // Overlapping pairs are correlated a little: at most thrice the variance of as many coins.
        let sigma = (3.0 * square * (1.0 - square) / 1e5).sqrt();
        for apart in [1, 4, 1000] {
            let both = pairs(apart);
            assert!((both - square).abs() < 5.0 * sigma, "{apart}: {both}");
        }
    }
}

#[test]
fn a_mask_is_a_function_of_seed_name_step_row_and_place() {
    let make = |name: &str, batch: usize| {
        let graph = dropped(name, 37, 0.5);
        Network::new(graph, batch, Mode::Training, Threads(2)).unwrap()
    };
    let mut network = make("drop", 100);
    let first = mask(&mut network, 100);
    assert_eq!(
        mask(&mut network, 100),
        first,
        "the same step, the same mask"
    );
    assert_eq!(mask(&mut network, 45), first[..45 * 37], "fewer rows");
    assert_eq!(
        mask(&mut make("drop", 40), 40),
        first[..40 * 37],
        "other lanes"
    );
    assert_ne!(mask(&mut make("other", 100), 100), first);
    network.set_step(1);
    let second = mask(&mut network, 100);
    assert_ne!(second, first);
    network.set_seed(1);
    assert_ne!(mask(&mut network, 100), second);
    network.set_seed(0);
    network.set_step(0);
    assert_eq!(mask(&mut network, 100), first);
}

#[derive(Default)]
struct Gradients(Mutex<Vec<(usize, Vec<f32>)>>);

impl Tap for Gradients {
    fn gradient(&self, site: &Site<'_>, values: &[f32]) {
        if site.name == "scale" {
            self.0.lock().unwrap().push((site.part, values.to_vec()));
        }
    }
}

/// Who reads the value that is dropped besides, which decides what becomes of its gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reader {
    /// Nobody: the gradient is made in place.
    None,
    /// A later layer, whose gradient is there already: it is added to.
    Later,
    /// An earlier one, whose gradient comes after: it is written first.
    Earlier,
}

#[test]
fn the_gradient_goes_through_the_mask_of_its_pass() {
    for beside in [Reader::None, Reader::Later, Reader::Earlier] {
        let mut builder = GraphBuilder::new();
        let x = builder.input("x", &[37]).unwrap();
        let x = builder.scale(x, "scale", Extent::Tensor).unwrap();
        let twice = (beside == Reader::Earlier).then(|| builder.scale_by(x, "twice", 2.0).unwrap());
        let mut y = builder.dropout(x, "drop", 0.3).unwrap();
        match (beside, twice) {
            (Reader::Later, _) => y = builder.add(x, y, "sum").unwrap(),
            (_, Some(twice)) => y = builder.add(twice, y, "sum").unwrap(),
            _ => {}
        }
        builder.mean_squared_error(y, "loss").unwrap();
        let graph = builder.finish().unwrap();
        let mut network = Network::new(graph, 40, Mode::Training, Threads(1)).unwrap();
        network.set_step(7);
        let mask = mask(&mut network, 40);
        let tap = Gradients::default();
        let gradient: Vec<f32> = (0..40 * 37).map(|i| (i % 11) as f32 - 5.0).collect();
        network.backward_from(&gradient, &tap).unwrap();
        let mut lanes = tap.0.into_inner().unwrap();
        lanes.sort_by_key(|lane| lane.0);
        let got: Vec<f32> = lanes.into_iter().flat_map(|lane| lane.1).collect();
        // `mask` holds 1 + m beside a later reader, 2 + m beside the earlier; some roundings apart
        // from g + g·m.
        for ((got, g), m) in got.iter().zip(&gradient).zip(&mask) {
            assert!(
                (got - g * m).abs() <= 1e-6 * g.abs(),
                "{beside:?}: {got} {g} {m}"
            );
        }
    }
}

#[test]
fn in_use_dropout_passes_everything_on() {
    for mode in [Mode::Training, Mode::Forward] {
        let mut network = Network::new(dropped("drop", 5, 0.9), 4, mode, Threads(1)).unwrap();
        let x: Vec<f32> = (0..20).map(|i| i as f32).collect();
        let targets = Targets::Values(&x);
        assert_eq!(network.evaluate(&[&x], targets, &NoTap).unwrap(), 0.0);
        network.predict(&[&x], &NoTap).unwrap();
        assert_eq!(network.output().flatten().copied().collect::<Vec<_>>(), x);
    }
}

fn normalised(axes: &[usize]) -> Graph {
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", axes).unwrap();
    let x = builder.scale(x, "scale", Extent::Tensor).unwrap();
    let y = builder.batch_norm(x, "bn", &BatchNorm::default()).unwrap();
    builder.mean_squared_error(y, "loss").unwrap();
    builder.finish().unwrap()
}

#[test]
fn running_moments_follow_the_batches_and_are_what_evaluation_goes_by() {
    let mut network = Network::new(normalised(&[2]), 40, Mode::Training, Threads(2)).unwrap();
    assert_eq!(network.buffer("bn.running_mean").unwrap(), [0.0, 0.0]);
    assert_eq!(network.buffer("bn.running_var").unwrap(), [1.0, 1.0]);
    assert_eq!(network.parameter("bn.weight").unwrap(), [1.0, 1.0]);
    assert_eq!(network.parameter("bn.bias").unwrap(), [0.0, 0.0]);
    // Channel 0 is 0..40, mean 19.5 and unbiased variance 40·41/12; channel 1 is 3 throughout.
    let x: Vec<f32> = (0..40).flat_map(|i| [i as f32, 3.0]).collect();
    let zeros = [0.0; 80];
    let targets = Targets::Values(&zeros);
    let loss = network.forward(&[&x], targets, &NoTap).unwrap();
    // A channel of unit variance and one of zeros: half of 1, but for epsilon.
    assert!((loss - 0.5).abs() < 1e-5, "{loss}");
    let close = |got: &[f32], expected: [f64; 2]| {
        for (&got, expected) in got.iter().zip(expected) {
            assert!(
                (f64::from(got) - expected).abs() < 1e-5 * expected.abs(),
                "{got} {expected}"
            );
        }
    };
    let variance = 40.0 * 41.0 / 12.0;
    close(network.buffer("bn.running_mean").unwrap(), [1.95, 0.3]);
    close(
        network.buffer("bn.running_var").unwrap(),
        [0.9 + 0.1 * variance, 0.9],
    );
    // Evaluation changes nothing, and goes by them.
    network
        .evaluate(&[&x[..4]], Targets::Values(&zeros[..4]), &NoTap)
        .unwrap();
    close(network.buffer("bn.running_mean").unwrap(), [1.95, 0.3]);
    let y: Vec<f32> = network.output().flatten().copied().collect();
    let scale = (0.9 + 0.1 * variance + 1e-5f64).sqrt();
    close(&y[2..], [(1.0 - 1.95) / scale, 2.7 / 0.90001f64.sqrt()]);
    // There the moments do not depend on x: a gradient is only scaled.
    network
        .backward_from(&[1.0, 0.0, 0.0, 1.0], &NoTap)
        .unwrap();
    let expected = 0.0 * (1.0 / scale) + 3.0 / 0.90001f64.sqrt();
    let got = f64::from(network.gradient("scale.scale").unwrap()[0]);
    assert!((got - expected).abs() < 1e-5, "{got} {expected}");
    network.buffer_mut("bn.running_mean").unwrap().fill(7.0);
    assert_eq!(network.buffers().next().unwrap().values, [7.0, 7.0]);
    let error = network.buffer("bn.mean").unwrap_err();
    assert!(error.to_string().contains("running_mean"), "{error}");
}

#[test]
fn one_value_has_no_variance() {
    let mut network = Network::new(normalised(&[3]), 4, Mode::Training, Threads(1)).unwrap();
    let (x, targets) = ([1.0; 3], Targets::Values(&[0.0; 3]));
    let error = network.forward(&[&x], targets, &NoTap).unwrap_err();
    assert_eq!(error, RunError::OneValue { layer: "bn".into() });
    assert!(error.to_string().contains("evaluate"), "{error}");
    assert!(network.evaluate(&[&x], targets, &NoTap).is_ok());
    // An image of more than one place has.
    let mut network = Network::new(normalised(&[1, 1, 3]), 4, Mode::Training, Threads(1)).unwrap();
    assert!(network.forward(&[&x], targets, &NoTap).is_ok());
}

/// Everything that could depend on how work is shared: convolution, moments of the batch, masks.
fn everything() -> Graph {
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[2, 9, 10]).unwrap();
    let relu = Activation::relu();
    let x = builder
        .convolution(x, "conv0", &Convolution::new(12, [3, 3]))
        .unwrap();
    let x = builder.batch_norm(x, "bn0", &BatchNorm::default()).unwrap();
    let x = builder.activation(x, "act0", &relu).unwrap();
    let x = builder.dropout(x, "drop0", 0.2).unwrap();
    let y = builder
        .convolution(x, "conv1", &Convolution::new(12, [3, 3]))
        .unwrap();
    let y = builder.group_norm(y, "gn", 3, 1e-5).unwrap();
    let x = builder.add(x, y, "sum").unwrap();
    let x = builder.max_pool(x, "pool", &Pool::new([2, 2])).unwrap();
    let strided = Convolution::new(20, [3, 3]).with_stride([2, 2]);
    let x = builder.convolution(x, "conv2", &strided).unwrap();
    let x = builder.batch_norm(x, "bn1", &BatchNorm::default()).unwrap();
    let x = builder.activation(x, "act1", &relu).unwrap();
    let x = builder.flatten(x, "flat").unwrap();
    let x = builder.layer_norm(x, "ln", 1e-5).unwrap();
    let x = builder.scale(x, "scale", Extent::Channel).unwrap();
    let x = builder.bias(x, "bias", Extent::Tensor).unwrap();
    let x = builder.linear(x, "head", 5, Bias::Yes).unwrap();
    builder.softmax_cross_entropy(x, "loss").unwrap();
    builder.finish().unwrap()
}

fn trace(threads: usize) -> String {
    let mut network = Network::new(everything(), 150, Mode::Training, Threads(threads)).unwrap();
    let wave = |i: usize| ((i * 7919 % 2003) as f32 / 1001.0 - 1.0) * 0.5;
    network.initialize(|spec, values| {
        if let Role::Weight { .. } = spec.role() {
            values
                .iter_mut()
                .enumerate()
                .for_each(|(i, w)| *w = wave(i));
        }
    });
    let recorder = Recorder::new(&network);
    let mut sgd = Sgd::new(0.01).unwrap().with_momentum(0.9).unwrap();
    let mut losses = Vec::new();
    for step in 0..3 {
        // The last batch leaves lanes empty.
        let examples = if step == 2 { 50 } else { 150 };
        let x: Vec<f32> = (0..examples * 180).map(|i| wave(i + step)).collect();
        let labels: Vec<u8> = (0..examples).map(|e| (e % 5) as u8).collect();
        network.set_step(step as u64);
        let loss = network
            .forward(&[&x], Targets::Classes(&labels), &recorder)
            .unwrap();
        assert!(loss.is_finite());
        losses.push(loss);
        network.backward(&recorder).unwrap();
        sgd.step(&mut network);
    }
    let parameters: Vec<_> = network.parameters().map(|p| p.values.to_vec()).collect();
    let buffers: Vec<_> = network.buffers().map(|b| b.values.to_vec()).collect();
    let quantities = [
        evenkeel_net::Quantity::Activation,
        evenkeel_net::Quantity::Gradient,
        evenkeel_net::Quantity::WeightGradient,
    ];
    let records = quantities.map(|q| recorder.records(q));
    // Debug prints every digit that tells two numbers apart.
    format!("{losses:?} {parameters:?} {buffers:?} {records:?}")
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let one = trace(1);
    for threads in [2, 3] {
        assert!(trace(threads) == one, "{threads} threads");
    }
}

#[test]
fn memory_is_counted_and_refused() {
    let graph = everything();
    let plan = Plan::new(&graph, 64, Mode::Training).unwrap();
    // Parameters, four buffers of 12 and 20, less than a KiB a lane besides, and the plan itself: a
    // few steps and tasks a value.
    let of_plan = 1024 * graph.values().len();
    let known = plan.arena_bytes() + 4 * graph.parameter_count() + 4 * 2 * (12 + 20);
    let counted = plan.memory_bytes();
    assert!(
        (known..known + 8 * 4 * 32 + 2048 + of_plan).contains(&counted),
        "{counted} {known}"
    );
    let network = Network::new(graph, 64, Mode::Training, Threads(1)).unwrap();
    assert_eq!(network.memory_bytes(), counted);
    let needed = counted as u64;
    assert_eq!(plan.check_memory(needed), Ok(()));
    let available = needed - 1;
    let error = plan.check_memory(available).unwrap_err();
    assert_eq!(error, PlanError::DoesNotFit { needed, available });
    assert!(error.to_string().contains("smaller"), "{error}");
}

#[test]
fn the_three_ways_to_halve_an_image_agree_where_there_is_nothing_to_choose() {
    use evenkeel_net::{PaddingMode, zoo};
    let outputs = |downsample, image: &[f32]| {
        let spec = zoo::CnnSpec::new([1, 8, 8], 3, 5, 2, Activation::tanh());
        let graph = zoo::cnn(&zoo::CnnSpec {
            downsample,
            padding_mode: PaddingMode::Circular,
            ..spec
        })
        .unwrap();
        let of = |name: &str| graph.values().iter().find(|v| v.name() == name).unwrap();
        // The third of four convolutions begins the second stage.
        assert_eq!(of("conv1").shape().axes(), [3, 8, 8]);
        assert_eq!(of("conv2").shape().axes(), [3, 4, 4]);
        let mut network = Network::new(graph, 1, Mode::Forward, Threads(1)).unwrap();
        let wave = |i: usize| 0.3 * (i as f32 * 1.7).sin();
        network.initialize(|_, w| w.iter_mut().enumerate().for_each(|(i, w)| *w = wave(i)));
        network.predict(&[image], &NoTap).unwrap();
        network.output().flatten().copied().collect::<Vec<f32>>()
    };
    let [stride, max, average] = [
        zoo::Downsample::Stride,
        zoo::Downsample::MaxPool,
        zoo::Downsample::AveragePool,
    ];
    // An even image stays even through circular convolutions, so that a maximum, a mean and every
    // second value are the same.
    let even = [0.8; 64];
    let expected = outputs(stride, &even);
    for pool in [max, average] {
        for (found, expected) in outputs(pool, &even).iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
        }
    }
    let uneven: Vec<f32> = (0..64).map(|i| (i as f32 * 0.9).cos()).collect();
    assert_ne!(outputs(max, &uneven), outputs(average, &uneven));
    assert_ne!(outputs(stride, &uneven), outputs(average, &uneven));
}

#[test]
fn a_nan_is_never_a_margin_that_is_kept() {
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[3]).unwrap();
    let x = builder.scale(x, "scale", Extent::Tensor).unwrap();
    builder.hinge(x, "loss").unwrap();
    let graph = builder.finish().unwrap();
    let mut network = Network::new(graph, 2, Mode::Training, Threads(1)).unwrap();
    network.initialize(|_, w| w.fill(1.0));
    let mut loss = |x: &[f32]| {
        let targets = Targets::Classes(&[0, 0]);
        let loss = network.forward(&[x], targets, &NoTap).unwrap();
        network.backward(&NoTap).unwrap();
        let gradient = network.gradient("scale.scale").unwrap()[0];
        (loss, gradient)
    };
    // Margins 1 − 2 + 0.5 and 1 − 2 + 3, of which the second counts: 2/3, halved by the other row,
    // whose margins are kept.
    let (value, gradient) = loss(&[2.0, 0.5, 3.0, 4.0, 0.0, 0.0]);
    assert!((value - 1.0 / 3.0).abs() < 1e-6, "{value}");
    // By the outputs −1/6, 0, 1/6; times x: (3 − 2)/6.
    assert!((gradient - 1.0 / 6.0).abs() < 1e-6, "{gradient}");
    for x in [
        [2.0, f32::NAN, 3.0, 4.0, 0.0, 0.0],
        [f32::NAN, 0.5, 3.0, 4.0, 0.0, 0.0],
    ] {
        let (value, gradient) = loss(&x);
        assert!(value.is_nan() && gradient.is_nan(), "{value} {gradient}");
    }
}

#[test]
fn a_session_makes_the_same_and_ends_also_in_a_panic() {
    let run = |threads, in_session: bool| {
        let graph = dropped("drop", 1000, 0.5);
        let mut network = Network::new(graph, 100, Mode::Training, Threads(threads)).unwrap();
        let passes = |network: &mut Network| [mask(network, 100), mask(network, 100)];
        let made = match in_session {
            // One within another, too.
            true => network.session(|network| network.session(passes)),
            false => passes(&mut network),
        };
        let panics = AssertUnwindSafe(|| network.session(|_| panic!("within")));
        assert!(catch_unwind(panics).is_err());
        (made, mask(&mut network, 100))
    };
    for threads in [1, 3] {
        assert!(run(threads, true) == run(1, false), "{threads} threads");
    }
}
