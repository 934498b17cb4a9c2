//! Images lie in blocks of sixteen examples inside a network: nobody outside sees it, and examples
//! that a block lacks have no part in anything.

use std::sync::Mutex;

use evenkeel_net::{
    Activation, Bias, Convolution, Extent, Graph, GraphBuilder, Mode, Network, NoTap, Pool, Site,
    Tap, Targets, Threads,
};

/// Numbers from 0.25 to 1.25, none of them 0.
fn wave(count: usize) -> Vec<f32> {
    (0..count)
        .map(|i| (i * 7919 % 2003) as f32 / 2003.0 + 0.25)
        .collect()
}

fn network(graph: Graph, batch: usize) -> Network {
    let mut network = Network::new(graph, batch, Mode::Training, Threads(2)).unwrap();
    network.initialize(|_, values| {
        let len = values.len();
        values.copy_from_slice(&wave(len));
    });
    network
}

/// A convolution of one place that hands every value on, and nothing after it.
fn identity() -> Graph {
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[3, 2, 5]).unwrap();
    let convolution = Convolution::new(3, [1, 1]).with_bias(Bias::No);
    builder.convolution(x, "y", &convolution).unwrap();
    builder.finish().unwrap()
}

/// What a tap is shown of each value and gradient, lane after lane.
#[derive(Default)]
struct Shown(Mutex<Vec<(String, usize, Vec<f32>)>>);

impl Shown {
    fn keep(&self, kind: &str, site: &Site<'_>, values: &[f32]) {
        let entry = (format!("{kind} {}", site.name), site.part, values.to_vec());
        self.0.lock().unwrap().push(entry);
    }

    fn rows(&self, name: &str) -> Vec<f32> {
        let mut shown = self.0.lock().unwrap().clone();
        shown.sort_by_key(|&(_, part, _)| part);
        let mine = shown.into_iter().filter(|(shown, _, _)| shown == name);
        mine.flat_map(|(_, _, values)| values).collect()
    }
}

impl Tap for Shown {
    fn activation(&self, site: &Site<'_>, values: &[f32]) {
        self.keep("value", site, values);
    }

    fn gradient(&self, site: &Site<'_>, values: &[f32]) {
        self.keep("gradient", site, values);
    }
}

#[test]
fn rows_go_in_and_rows_come_out_wherever_an_image_is_seen() {
    for examples in [1, 7, 16, 40, 70] {
        let mut network = network(identity(), 70);
        let one = |i: usize| if i.is_multiple_of(4) { 1.0 } else { 0.0 };
        network.initialize(|_, w| w.iter_mut().enumerate().for_each(|(i, w)| *w = one(i)));
        let (x, shown) = (wave(examples * 30), Shown::default());
        network.predict(&[&x], &shown).unwrap();
        let out: Vec<f32> = network.output().flatten().copied().collect();
        assert_eq!(out, x, "{examples} examples");
        for name in ["x", "y"] {
            let values = network.value(name).unwrap();
            let values: Vec<f32> = values.flat_map(|rows| rows.into_owned()).collect();
            assert_eq!(values, x, "{name}, {examples} examples");
            assert_eq!(shown.rows(&format!("value {name}")), x, "{name}");
        }
        let gradient: Vec<f32> = x.iter().map(|x| 2.0 - x).collect();
        network.backward_from(&gradient, &shown).unwrap();
        assert_eq!(shown.rows("gradient y"), gradient, "{examples} examples");
        // By the weight from channel c to channel o: the sum of the products of their places.
        let weight = network.gradient("y.weight").unwrap();
        for (at, &got) in weight.iter().enumerate() {
            let (o, c) = (at / 3, at % 3);
            let products = (0..examples * 10).map(|i| {
                let (row, place) = (i / 10 * 30, i % 10);
                f64::from(gradient[row + o * 10 + place]) * f64::from(x[row + c * 10 + place])
            });
            let expected: f64 = products.sum();
            // Each of 16 sums is a chain of at most 5 blocks times 10 places, of terms of one sign
            // or near it: 50 roundings of 2⁻²⁴ each, and four of the halves.
            let bound = 54.0 * 2f64.powi(-24) * (examples * 10) as f64 * 2.2;
            assert!(
                (f64::from(got) - expected).abs() <= bound,
                "{got} {expected}"
            );
        }
    }
}

/// e^(100 − 1600 x²) before a scale, a bias, a convolution and batch moments: at most 1 for an example
/// of [`wave`], infinite in f32 for the zeros that stand where a block has no example.
fn steep() -> Graph {
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[2, 5, 4]).unwrap();
    let exponential = Activation::parse("exp(100-1600*x*x)").unwrap();
    let x = builder.activation(x, "exp", &exponential).unwrap();
    let x = builder.scale(x, "scale", Extent::Channel).unwrap();
    let x = builder.bias(x, "bias", Extent::Channel).unwrap();
    let x = builder
        .convolution(x, "conv", &Convolution::new(5, [3, 3]))
        .unwrap();
    let x = builder.batch_norm(x, "bn", &Default::default()).unwrap();
    let x = builder.max_pool(x, "pool", &Pool::new([2, 2])).unwrap();
    let x = builder.global_average_pool(x, "mean").unwrap();
    builder.softmax_cross_entropy(x, "loss").unwrap();
    builder.finish().unwrap()
}

#[test]
fn examples_that_a_block_lacks_have_no_part_in_any_sum() {
    for examples in [2, 5, 19, 33] {
        let mut network = network(steep(), 40);
        let (x, labels) = (wave(examples * 40), vec![1; examples]);
        let targets = Targets::Classes(&labels);
        let loss = network.forward(&[&x], targets, &NoTap).unwrap();
        network.backward(&NoTap).unwrap();
        assert!(loss.is_finite(), "{examples} examples");
        let names: Vec<String> = network
            .parameters()
            .map(|parameter| parameter.spec.name().into())
            .collect();
        for name in names {
            let gradient = network.gradient(&name).unwrap();
            let finite = gradient.iter().all(|g| g.is_finite());
            assert!(finite, "{name}, {examples} examples: {gradient:?}");
        }
    }
}

#[test]
fn an_example_has_the_same_bits_wherever_it_lies() {
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[3, 7, 6]).unwrap();
    let strided = Convolution::new(9, [3, 2]).with_stride([2, 1]);
    let x = builder.convolution(x, "conv0", &strided).unwrap();
    let x = builder
        .convolution(x, "conv1", &Convolution::new(4, [3, 3]))
        .unwrap();
    builder.global_average_pool(x, "mean").unwrap();
    let mut network = network(builder.finish().unwrap(), 40);
    let x = wave(40 * 126);
    let mut outputs = |x: &[f32]| {
        network.predict(&[x], &NoTap).unwrap();
        network.output().flatten().copied().collect::<Vec<f32>>()
    };
    let all = outputs(&x);
    for example in [0, 15, 16, 39] {
        let alone = outputs(&x[example * 126..(example + 1) * 126]);
        assert_eq!(alone, all[example * 4..(example + 1) * 4], "{example}");
    }
}
