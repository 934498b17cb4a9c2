//! Every operator against golden values from PyTorch: `bench/parity/make.py` made them, in f64,
//! from numbers that are drawn here in the same way.
//!
//! A new operator is a row in [`cases`] and one in the script.

use std::collections::HashSet;
use std::sync::Mutex;

use evenkeel_net::{
    Activation, BatchNorm, Bias, Convolution, Extent, GraphBuilder, GraphError, Mode, Network,
    NoTap, PaddingMode, Pool, Site, Tap, Targets, Threads, ValueId,
};
use safetensors::SafeTensors;

const GOLDEN: &[u8] = include_bytes!("parity/golden.safetensors");

type Add = Box<dyn Fn(&mut GraphBuilder, ValueId) -> Result<ValueId, GraphError>>;

/// One operator on a batch.
struct Case {
    name: String,
    batch: usize,
    axes: Vec<usize>,
    /// Inputs are drawn from ±scale.
    scale: f32,
    /// Terms of its longest sum, which its roundings grow with.
    terms: usize,
    add: Add,
}

fn case(
    name: &str,
    batch: usize,
    axes: &[usize],
    terms: usize,
    add: impl Fn(&mut GraphBuilder, ValueId) -> Result<ValueId, GraphError> + 'static,
) -> Case {
    Case {
        name: name.into(),
        batch,
        axes: axes.into(),
        scale: 2.0,
        terms,
        add: Box::new(add),
    }
}

fn cases() -> Vec<Case> {
    let mut cases = vec![
        case("linear", 35, &[9], 35, |b, x| {
            b.linear(x, "op", 7, Bias::Yes)
        }),
        case("linear, no bias", 1, &[4], 4, |b, x| {
            b.linear(x, "op", 3, Bias::No)
        }),
    ];
    cases.extend(convolutions());
    cases.extend(pools());
    cases.extend(norms());
    for name in Activation::names() {
        let activation = Activation::parse(name).unwrap();
        let name = format!("activation {name}");
        let add = move |b: &mut GraphBuilder, x| b.activation(x, "op", &activation);
        cases.push(Case {
            scale: 8.0,
            ..case(&name, 33, &[7], 1, add)
        });
    }
    cases
}

fn convolutions() -> Vec<Case> {
    let conv = |name: &str, batch: usize, axes: [usize; 3], convolution: Convolution| {
        // The weight's gradient is a sum over the batch and all positions.
        let places = batch * axes[1] * axes[2];
        let terms = places.max(axes[0] * convolution.kernel[0] * convolution.kernel[1]);
        case(name, batch, &axes, terms, move |b, x| {
            b.convolution(x, "op", &convolution)
        })
    };
    let new = Convolution::new;
    let circular = PaddingMode::Circular;
    vec![
        conv("conv 3x3", 3, [4, 7, 9], new(5, [3, 3])),
        conv("conv 3x3, 40 examples", 40, [3, 5, 7], new(8, [3, 3])),
        conv(
            "conv 3x3, one channel, one example",
            1,
            [1, 11, 13],
            new(17, [3, 3]),
        ),
        conv(
            "conv 3x3, no padding, no bias",
            2,
            [3, 6, 5],
            new(4, [3, 3]).with_padding([0, 0]).with_bias(Bias::No),
        ),
        conv(
            "conv 5x3, stride 2",
            2,
            [3, 9, 11],
            new(6, [5, 3]).with_stride([2, 2]),
        ),
        conv(
            "conv 3x3, stride 2, even",
            33,
            [2, 8, 6],
            new(4, [3, 3]).with_stride([2, 2]).with_bias(Bias::No),
        ),
        conv("conv 1x1", 3, [5, 3, 7], new(9, [1, 1])),
        conv(
            "conv 1x1, stride 2",
            3,
            [5, 7, 7],
            new(9, [1, 1]).with_stride([2, 2]).with_bias(Bias::No),
        ),
        conv(
            "conv 3x3, dilation 2",
            2,
            [3, 9, 8],
            new(4, [3, 3]).with_dilation([2, 2]).with_padding([2, 2]),
        ),
        conv(
            "conv 3x3, dilation 2, stride 3",
            2,
            [3, 13, 14],
            new(4, [3, 3]).with_dilation([2, 2]).with_stride([3, 3]),
        ),
        conv(
            "conv 3x3, groups 3",
            3,
            [6, 5, 5],
            new(9, [3, 3]).with_groups(3),
        ),
        conv(
            "conv 3x3, depthwise",
            2,
            [7, 6, 5],
            new(7, [3, 3]).with_groups(7),
        ),
        conv(
            "conv 3x3, circular",
            2,
            [3, 7, 5],
            new(4, [3, 3]).with_padding_mode(circular),
        ),
        conv(
            "conv 5x5, circular, stride 2, groups 2",
            2,
            [4, 8, 9],
            new(6, [5, 5])
                .with_padding_mode(circular)
                .with_stride([2, 2])
                .with_groups(2),
        ),
        conv(
            "conv 4x2, wide padding",
            2,
            [2, 5, 4],
            new(3, [4, 2]).with_padding([2, 3]),
        ),
        conv(
            "conv, the whole image",
            3,
            [2, 5, 4],
            new(6, [5, 4]).with_padding([0, 0]),
        ),
    ]
}

fn pools() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, batch, axes, pool) in [
        ("pool 2x2", 3, [3, 7, 8], Pool::new([2, 2])),
        (
            "pool 3x3, stride 2, padding 1",
            2,
            [2, 8, 9],
            Pool::new([3, 3]).with_stride([2, 2]).with_padding([1, 1]),
        ),
        (
            "pool 3x2, stride 1",
            35,
            [2, 4, 3],
            Pool::new([3, 2]).with_stride([1, 1]),
        ),
    ] {
        let places = pool.kernel[0] * pool.kernel[1];
        cases.push(case(
            &format!("max {name}"),
            batch,
            &axes,
            places,
            move |b, x| b.max_pool(x, "op", &pool),
        ));
        let average = format!("average {name}");
        cases.push(case(&average, batch, &axes, places, move |b, x| {
            b.average_pool(x, "op", &pool)
        }));
    }
    cases.push(case("global average pool", 3, &[5, 4, 7], 28, |b, x| {
        b.global_average_pool(x, "op")
    }));
    cases
}

fn norms() -> Vec<Case> {
    let batch_norm = |name: &str, batch, axes: &[usize], settings: BatchNorm| {
        let terms = batch * axes[1..].iter().product::<usize>();
        case(name, batch, axes, terms, move |b, x| {
            b.batch_norm(x, "op", &settings)
        })
    };
    let plain = BatchNorm::default();
    let other = BatchNorm {
        epsilon: 0.1,
        momentum: 0.3,
    };
    vec![
        batch_norm("batch norm of features", 40, &[7], plain),
        batch_norm("batch norm of planes", 3, &[5, 4, 3], plain),
        batch_norm("batch norm of one example", 1, &[3, 5, 7], plain),
        batch_norm(
            "batch norm, epsilon 0.1, momentum 0.3",
            35,
            &[3, 2, 5],
            other,
        ),
        case("layer norm of features", 35, &[19], 35, |b, x| {
            b.layer_norm(x, "op", 1e-5)
        }),
        case("layer norm of an image", 3, &[3, 4, 5], 60, |b, x| {
            b.layer_norm(x, "op", 1e-5)
        }),
        case("group norm", 35, &[6, 3, 5], 35, |b, x| {
            b.group_norm(x, "op", 3, 1e-5)
        }),
        case("group norm of features", 3, &[8], 8, |b, x| {
            b.group_norm(x, "op", 2, 1e-5)
        }),
        case("rms norm of features", 35, &[19], 35, |b, x| {
            b.rms_norm(x, "op", 1e-6)
        }),
        case("rms norm of an image", 2, &[3, 4, 5], 60, |b, x| {
            b.rms_norm(x, "op", 1e-6)
        }),
    ]
}

/// What the script draws for a tensor of a case.
fn draw(case: &str, name: &str, count: usize, scale: f32) -> Vec<f32> {
    let bytes = format!("{case}/{name}").into_bytes();
    let mut state = bytes.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 40) as f32 / (1u32 << 23) as f32 - 1.0) * scale
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// The golden tensors, and which of them were compared.
struct Golden {
    tensors: SafeTensors<'static>,
    compared: HashSet<String>,
}

impl Golden {
    fn new() -> Self {
        Self {
            tensors: SafeTensors::deserialize(GOLDEN).unwrap(),
            compared: HashSet::new(),
        }
    }

    fn tensor(&mut self, name: &str) -> Vec<f32> {
        let bytes = self
            .tensors
            .tensor(name)
            .unwrap_or_else(|_| panic!("no {name}"));
        self.compared.insert(name.to_owned());
        let words = bytes.data().chunks_exact(4);
        words
            .map(|word| f32::from_le_bytes(word.try_into().unwrap()))
            .collect()
    }

    /// An f32 sum of n terms, of which each product and each partial sum is rounded by u = 2⁻²⁴ of
    /// itself, is off by n·u·Σ|terms| at most, and typically by √n·u times the largest partial
    /// sum, which is no more than a few times the largest of the tensor's entries: 4 (2 + √n) u of
    /// that is far above what rounding does, and far below what any wrong term does.
    fn compare(&mut self, case: &str, what: &str, got: &[f32], terms: usize) {
        let name = format!("{case}/{what}");
        let expected = self.tensor(&name);
        assert_eq!(got.len(), expected.len(), "{name}");
        let largest = expected
            .iter()
            .fold(0.0f64, |m, &e| m.max(f64::from(e).abs()));
        let unit = 1.0 / f64::from(1 << 24);
        let bound = 4.0 * (2.0 + (terms as f64).sqrt()) * unit * largest;
        for (index, (&got, &expected)) in got.iter().zip(&expected).enumerate() {
            let error = (f64::from(got) - f64::from(expected)).abs();
            assert!(
                error <= bound,
                "{name}[{index}]: {got}, but {expected} ± {bound:e}"
            );
        }
    }
}

/// Keeps the gradient by the operator's input, lane after lane.
#[derive(Default)]
struct InputGradient(Mutex<Vec<(usize, Vec<f32>)>>);

impl Tap for InputGradient {
    fn gradient(&self, site: &Site<'_>, values: &[f32]) {
        if site.name == "input" {
            self.0.lock().unwrap().push((site.part, values.to_vec()));
        }
    }
}

impl InputGradient {
    fn take(self) -> Vec<f32> {
        let mut lanes = self.0.into_inner().unwrap();
        lanes.sort_by_key(|&(lane, _)| lane);
        lanes.into_iter().flat_map(|(_, values)| values).collect()
    }
}

/// A network of one operator behind a scale of 1, which makes the gradient by its input wanted.
fn network(case: &Case, threads: usize) -> Network {
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &case.axes).unwrap();
    let x = builder.scale(x, "input", Extent::Tensor).unwrap();
    let y = (case.add)(&mut builder, x).unwrap();
    builder.mean_squared_error(y, "loss").unwrap();
    let graph = builder.finish().unwrap();
    let mut network = Network::new(graph, case.batch, Mode::Training, Threads(threads)).unwrap();
    network.initialize(|spec, values| {
        if let Some(suffix) = spec.name().strip_prefix("op.") {
            values.copy_from_slice(&draw(&case.name, suffix, values.len(), 1.0));
        }
    });
    network
}

fn check(case: &Case, golden: &mut Golden) {
    let mut network = network(case, 2);
    let name = &case.name;
    let features: usize = case.axes.iter().product();
    let x = draw(name, "x", case.batch * features, case.scale);
    let made = case.batch * network.graph().output().shape().len();
    network
        .forward(&[&x], Targets::Values(&vec![0.0; made]), &NoTap)
        .unwrap();
    let output: Vec<f32> = network.output().flatten().copied().collect();
    golden.compare(name, "output", &output, case.terms);
    let tap = InputGradient::default();
    network
        .backward_from(&draw(name, "gradient", made, 1.0), &tap)
        .unwrap();
    golden.compare(name, "input_gradient", &tap.take(), case.terms);
    for spec in network.graph().parameters() {
        if let Some(suffix) = spec.name().strip_prefix("op.") {
            let gradient = network.gradient(spec.name()).unwrap();
            golden.compare(name, suffix, gradient, case.terms);
        }
    }
    let buffers: Vec<_> = network
        .buffers()
        .map(|b| b.spec.name().to_owned())
        .collect();
    for buffer in &buffers {
        let suffix = buffer.strip_prefix("op.").unwrap();
        golden.compare(name, suffix, network.buffer(buffer).unwrap(), 1);
    }
    if !buffers.is_empty() {
        network.predict(&[&x], &NoTap).unwrap();
        let output: Vec<f32> = network.output().flatten().copied().collect();
        golden.compare(name, "evaluated", &output, case.terms);
    }
}

fn check_loss(
    name: &str,
    targets: Targets<'_>,
    end: impl Fn(&mut GraphBuilder, ValueId),
    golden: &mut Golden,
) {
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[7]).unwrap();
    let x = builder.scale(x, "input", Extent::Tensor).unwrap();
    end(&mut builder, x);
    let graph = builder.finish().unwrap();
    let mut network = Network::new(graph, 35, Mode::Training, Threads(1)).unwrap();
    let x = draw(name, "x", 35 * 7, 2.0);
    let loss = network.forward(&[&x], targets, &NoTap).unwrap();
    golden.compare(name, "output", &[loss as f32], 1);
    let tap = InputGradient::default();
    network.backward(&tap).unwrap();
    golden.compare(name, "input_gradient", &tap.take(), 1);
}

#[test]
fn every_operator_computes_what_pytorch_does() {
    let mut golden = Golden::new();
    for case in cases() {
        check(&case, &mut golden);
    }
    let classes: Vec<u8> = (0..35).map(|example| (example * 3 % 7) as u8).collect();
    let values = draw("mean squared error", "targets", 35 * 7, 1.0);
    let cross_entropy = |b: &mut GraphBuilder, x| b.softmax_cross_entropy(x, "loss").unwrap();
    let classes = Targets::Classes(&classes);
    check_loss("softmax cross-entropy", classes, cross_entropy, &mut golden);
    let hinge = |b: &mut GraphBuilder, x| b.hinge(x, "loss").unwrap();
    check_loss("hinge", classes, hinge, &mut golden);
    let squares = |b: &mut GraphBuilder, x| b.mean_squared_error(x, "loss").unwrap();
    let values = Targets::Values(&values);
    check_loss("mean squared error", values, squares, &mut golden);
    let all: HashSet<String> = golden
        .tensors
        .names()
        .into_iter()
        .map(String::from)
        .collect();
    assert_eq!(golden.compared, all, "every golden tensor is compared");
}
