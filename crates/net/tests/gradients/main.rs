//! Every operator's forward and backward against an independent definition in f64 and its finite
//! differences: losses, gradients by each parameter, and gradients by each value in between.
//!
//! A new operator is a row in [`cases()`] and its definition in [`Layer::apply`].

mod cases;
mod image;
mod layer;

use std::collections::HashMap;
use std::sync::Mutex;

use evenkeel_net::{Graph, GraphBuilder, Mode, Network, Role, Site, Tap, Targets, Threads};

use cases::cases;
use layer::{Batch, Layer};

/// What a case ends with.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    MeanSquaredError,
    SoftmaxCrossEntropy,
    Hinge,
}

#[derive(Clone, Debug)]
struct Case {
    name: String,
    axes: Vec<usize>,
    layers: Vec<Layer>,
    end: End,
}

/// A change to one number before the loss is computed again.
#[derive(Clone, Copy)]
enum Nudge<'a> {
    None,
    Parameter {
        name: &'a str,
        index: usize,
        by: f64,
    },
    Value {
        value: usize,
        example: usize,
        index: usize,
        by: f64,
    },
}

/// A case's data, and its loss in f64.
struct Reference {
    case: Case,
    examples: usize,
    input: Vec<f32>,
    targets: Vec<f32>,
    classes: Vec<u8>,
    parameters: HashMap<String, Vec<f64>>,
}

impl Reference {
    /// The loss, and how near any activation came to one of its kinks.
    fn loss(&self, nudge: Nudge<'_>) -> (f64, f64) {
        let mut parameters = self.parameters.clone();
        if let Nudge::Parameter { name, index, by } = nudge {
            parameters.get_mut(name).unwrap()[index] += by;
        }
        let mut nearest = f64::INFINITY;
        let inputs = self.case.axes.iter().product();
        let rows = self.input.chunks_exact(inputs);
        let wide = |row: &[f32]| row.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
        let mut values: Vec<Batch> = vec![rows.map(wide).collect()];
        for (index, layer) in self.case.layers.iter().enumerate() {
            nearest = nearest.min(layer.nearest_kink(&values));
            let parameter = |suffix: &str| {
                let name = format!("v{}.{suffix}", index + 1);
                parameters.get(&name).cloned().unwrap_or_default()
            };
            let mut made = layer.apply(&values, &parameter);
            if let Nudge::Value {
                value,
                example,
                index: element,
                by,
            } = nudge
                && value == index + 1
            {
                made[example][element] += by;
            }
            values.push(made);
        }
        let outputs = values.last().unwrap().iter().enumerate();
        if self.case.end == End::Hinge {
            let margins = outputs
                .clone()
                .flat_map(|(e, output)| self.margins(e, output));
            nearest = margins.fold(nearest, |nearest, z| nearest.min(z.abs()));
        }
        let total: f64 = outputs
            .map(|(e, output)| self.example_loss(e, output))
            .sum();
        (total / self.examples as f64, nearest)
    }

    /// 1 − x_class + x_j for each other class.
    fn margins(&self, example: usize, output: &[f64]) -> Vec<f64> {
        let class = usize::from(self.classes[example]);
        let others = output.iter().enumerate().filter(|&(j, _)| j != class);
        others.map(|(_, x)| 1.0 - output[class] + x).collect()
    }

    fn example_loss(&self, example: usize, output: &[f64]) -> f64 {
        match self.case.end {
            End::MeanSquaredError => {
                let targets = &self.targets[example * output.len()..];
                let squares = output
                    .iter()
                    .zip(targets)
                    .map(|(y, &t)| (y - f64::from(t)).powi(2));
                squares.sum::<f64>() / output.len() as f64
            }
            End::SoftmaxCrossEntropy => {
                let sum: f64 = output.iter().map(|z| z.exp()).sum();
                sum.ln() - output[usize::from(self.classes[example])]
            }
            End::Hinge => {
                let margins = self.margins(example, output);
                margins.iter().map(|z| z.max(0.0)).sum::<f64>() / output.len() as f64
            }
        }
    }

    /// Central difference: with h = 10⁻⁵ the error is of order h² = 10⁻¹⁰ and 10⁻¹⁶/h = 10⁻¹¹.
    fn slope(&self, nudge: impl Fn(f64) -> Nudge<'static>) -> f64 {
        const H: f64 = 1e-5;
        (self.loss(nudge(H)).0 - self.loss(nudge(-H)).0) / (2.0 * H)
    }
}

/// splitmix64, to numbers in −1..1 that f32 holds.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    }

    fn vec(&mut self, count: usize, scale: f32) -> Vec<f32> {
        (0..count).map(|_| scale * self.next()).collect()
    }
}

fn graph(case: &Case) -> Graph {
    let mut builder = GraphBuilder::new();
    let mut values = vec![builder.input("x", &case.axes).unwrap()];
    for (index, layer) in case.layers.iter().enumerate() {
        let name = format!("v{}", index + 1);
        let made = layer.add(&mut builder, &values, &name);
        values.push(made.unwrap());
    }
    let last = *values.last().unwrap();
    match case.end {
        End::MeanSquaredError => builder.mean_squared_error(last, "loss").unwrap(),
        End::SoftmaxCrossEntropy => builder.softmax_cross_entropy(last, "loss").unwrap(),
        End::Hinge => builder.hinge(last, "loss").unwrap(),
    }
    builder.finish().unwrap()
}

/// Keeps every gradient by its value's index and lane.
#[derive(Default)]
struct Keep(Mutex<HashMap<(usize, usize), Vec<f32>>>);

impl Tap for Keep {
    fn gradient(&self, site: &Site<'_>, values: &[f32]) {
        let before = self
            .0
            .lock()
            .unwrap()
            .insert((site.index, site.part), values.to_vec());
        assert!(before.is_none(), "{} is shown once", site.name);
    }
}

/// Draws data until no activation's argument is within 10⁻³ of a kink, where a difference quotient
/// says nothing.
fn reference(case: &Case, graph: &Graph, examples: usize) -> Reference {
    for seed in 0..10_000 {
        let mut random = Random(seed);
        let outputs = graph.output().shape().len();
        let specs = graph.parameters().iter();
        let parameters = specs
            .map(|spec| {
                let values = random.vec(spec.shape().len(), 1.2);
                (
                    spec.name().to_owned(),
                    values.into_iter().map(f64::from).collect(),
                )
            })
            .collect();
        let reference = Reference {
            case: case.clone(),
            examples,
            input: random.vec(examples * case.axes.iter().product::<usize>(), 2.0),
            targets: random.vec(examples * outputs, 1.0),
            classes: (0..examples).map(|e| (e * 7 % outputs) as u8).collect(),
            parameters,
        };
        if reference.loss(Nudge::None).1 > 1e-3 {
            return reference;
        }
    }
    panic!("{}: no draw keeps clear of the kinks", case.name);
}

/// f32 through up to four layers of up to six terms, each value of order 1 to 10: some dozens of
/// roundings of 6·10⁻⁸ each, of the largest terms. Where sums are longer, so many more.
fn roundings(graph: &Graph) -> f64 {
    let fan_in = |spec: &evenkeel_net::ParameterSpec| match spec.role() {
        Role::Weight { fan_in, .. } => fan_in,
        _ => 1,
    };
    let longest = graph.parameters().iter().map(fan_in).max().unwrap_or(1);
    (longest as f64 / 6.0).max(1.0)
}

fn check(name: &str, what: &str, got: f32, expected: f64, scale: f64) {
    let error = (f64::from(got) - expected).abs();
    assert!(
        error <= 2e-6 * scale + 1e-9,
        "{name}: {what}: {got}, but {expected}"
    );
}

fn check_case(case: &Case, examples: usize) {
    let graph = graph(case);
    let reference = reference(case, &graph, examples);
    let mut network = Network::new(graph.clone(), examples, Mode::Training, Threads(1)).unwrap();
    network.initialize(|spec, values| {
        for (value, &given) in values.iter_mut().zip(&reference.parameters[spec.name()]) {
            *value = given as f32;
        }
    });
    let targets = match case.end {
        End::MeanSquaredError => Targets::Values(&reference.targets),
        End::SoftmaxCrossEntropy | End::Hinge => Targets::Classes(&reference.classes),
    };
    let keep = Keep::default();
    let loss = network
        .forward(&[&reference.input], targets, &keep)
        .unwrap();
    network.backward(&keep).unwrap();

    let expected = reference.loss(Nudge::None).0;
    assert!(
        (loss - expected).abs() <= 2e-6 * roundings(&graph) * expected.abs().max(1.0),
        "{}: {loss} {expected}",
        case.name
    );
    check_parameters(case, &network, &reference);
    check_values(case, &network, &reference, &keep);
}

fn check_parameters(case: &Case, network: &Network, reference: &Reference) {
    let mut largest = 0.0f64;
    for spec in network.graph().parameters() {
        let name: &'static str = spec.name().to_owned().leak();
        let slope = |index| reference.slope(|by| Nudge::Parameter { name, index, by });
        let expected: Vec<f64> = (0..spec.shape().len()).map(slope).collect();
        let scale = expected
            .iter()
            .fold(1.0, |largest: f64, e| largest.max(e.abs()))
            * roundings(network.graph());
        for (index, &got) in network.gradient(name).unwrap().iter().enumerate() {
            check(
                &case.name,
                &format!("{name}[{index}]"),
                got,
                expected[index],
                scale,
            );
            largest = largest.max(expected[index].abs());
        }
    }
    assert!(
        largest > 1e-3,
        "{}: gradients so small that a zero would pass",
        case.name
    );
}

fn check_values(case: &Case, network: &Network, reference: &Reference, keep: &Keep) {
    let shown = keep.0.lock().unwrap();
    for (&(value, lane), gradients) in shown.iter() {
        let features = network.graph().values()[value].shape().len();
        // All lanes but the last have as many rows as the first.
        let lane_rows = shown[&(value, 0)].len() / features;
        // A few of each lane: each needs two losses over the whole batch.
        for (at, &got) in gradients
            .iter()
            .enumerate()
            .step_by(gradients.len().div_ceil(9))
        {
            let (example, index) = (lane * lane_rows + at / features, at % features);
            let expected = reference.slope(|by| Nudge::Value {
                value,
                example,
                index,
                by,
            });
            check(
                &case.name,
                &format!("value {value}, example {example}"),
                got,
                expected,
                expected.abs().max(1.0) * roundings(network.graph()),
            );
        }
    }
    assert!(!shown.is_empty());
}

#[test]
fn every_operator_matches_finite_differences() {
    for case in cases() {
        check_case(&case, 3);
    }
}

#[test]
fn a_batch_of_several_lanes_and_a_ragged_one_matches_too() {
    // Of images and activations, some: each difference is two losses over the whole batch.
    for (index, case) in cases().iter().enumerate() {
        if index < 16 || index % 5 == 0 || case.name.contains("norm") {
            check_case(case, 40);
        }
    }
}

#[test]
fn a_branch_that_leads_nowhere_has_a_gradient_of_zero() {
    let case = cases()
        .into_iter()
        .find(|case| case.name.contains("nowhere"))
        .unwrap();
    let mut network = Network::new(graph(&case), 2, Mode::Training, Threads(1)).unwrap();
    network.initialize(|_, values| values.fill(0.5));
    let targets = [1.0; 6];
    network
        .forward(
            &[&[1.0; 10]],
            Targets::Values(&targets),
            &evenkeel_net::NoTap,
        )
        .unwrap();
    network.backward(&evenkeel_net::NoTap).unwrap();
    assert!(
        network
            .gradient("v2.weight")
            .unwrap()
            .iter()
            .all(|&g| g == 0.0)
    );
    assert!(
        network
            .gradient("v1.weight")
            .unwrap()
            .iter()
            .any(|&g| g != 0.0)
    );
}
