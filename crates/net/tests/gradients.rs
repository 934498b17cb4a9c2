//! Every operator's forward and backward against an independent definition in f64 and its finite
//! differences: losses, gradients by each parameter, and gradients by each value in between.
//!
//! A new operator is a row in [`cases`] and its definition in [`Layer::apply`].

use std::collections::HashMap;
use std::sync::Mutex;

use evenkeel_net::{
    Activation, Bias, Graph, GraphBuilder, Mode, Network, Site, Tap, Targets, Threads,
};

/// An operator, by what it reads: indices of values, the input being 0.
#[derive(Clone, Debug)]
enum Layer {
    Linear {
        from: usize,
        outputs: usize,
        bias: Bias,
    },
    Activation {
        from: usize,
        activation: Activation,
    },
    Shift {
        from: usize,
        constant: f64,
    },
    Add {
        a: usize,
        b: usize,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    MeanSquaredError,
    SoftmaxCrossEntropy,
}

#[derive(Clone, Debug)]
struct Case {
    name: String,
    inputs: usize,
    layers: Vec<Layer>,
    end: End,
}

/// One row an operator, and rows for the ways in which operators meet.
fn cases() -> Vec<Case> {
    use Bias::{No, Yes};
    use End::{MeanSquaredError, SoftmaxCrossEntropy};
    use Layer::{Activation as Act, Add, Linear, Shift};
    let case = |name: &str, layers: Vec<Layer>, end: End| Case {
        name: name.into(),
        inputs: 5,
        layers,
        end,
    };
    let linear = |from, outputs, bias| Linear {
        from,
        outputs,
        bias,
    };
    let tanh = |from| Act {
        from,
        activation: Activation::tanh(),
    };
    let mut cases = vec![
        case("linear", vec![linear(0, 3, Yes)], MeanSquaredError),
        case("linear, no bias", vec![linear(0, 3, No)], MeanSquaredError),
        case("softmax", vec![linear(0, 4, Yes)], SoftmaxCrossEntropy),
        case(
            "shift, in place",
            vec![
                linear(0, 4, Yes),
                Shift {
                    from: 1,
                    constant: -0.5,
                },
                tanh(2),
                linear(3, 3, No),
            ],
            SoftmaxCrossEntropy,
        ),
        case(
            "shift of the input",
            vec![
                Shift {
                    from: 0,
                    constant: 0.75,
                },
                linear(1, 3, Yes),
            ],
            MeanSquaredError,
        ),
        case(
            "add: a residual block",
            vec![
                linear(0, 4, Yes),
                tanh(1),
                linear(2, 4, Yes),
                Add { a: 1, b: 3 },
                linear(4, 3, No),
            ],
            SoftmaxCrossEntropy,
        ),
        case(
            "add: a value to itself",
            vec![
                linear(0, 4, Yes),
                Add { a: 1, b: 1 },
                tanh(2),
                linear(3, 3, No),
            ],
            MeanSquaredError,
        ),
        case(
            "a value with three readers, one of them the loss's own",
            vec![
                linear(0, 3, Yes),
                tanh(1),
                linear(1, 3, No),
                Add { a: 2, b: 3 },
                Add { a: 1, b: 4 },
            ],
            SoftmaxCrossEntropy,
        ),
        case(
            "an activation before any parameter",
            vec![tanh(0), linear(1, 3, Yes)],
            MeanSquaredError,
        ),
        case(
            "an activation at the end, and a branch that leads nowhere",
            vec![linear(0, 3, Yes), linear(1, 2, Yes), tanh(1)],
            MeanSquaredError,
        ),
    ];
    for activation in activations() {
        let first = Act {
            from: 1,
            activation: activation.clone(),
        };
        let second = Act {
            from: 1,
            activation: activation.clone(),
        };
        let layers = vec![linear(0, 6, Yes), first, linear(2, 3, No)];
        cases.push(case(
            &format!("{activation}, in place"),
            layers,
            MeanSquaredError,
        ));
        let layers = vec![
            linear(0, 4, Yes),
            second,
            Add { a: 1, b: 2 },
            linear(3, 3, No),
        ];
        cases.push(case(
            &format!("{activation}, beside its input"),
            layers,
            MeanSquaredError,
        ));
    }
    cases
}

/// All with default parameters, those whose parameter chooses another kernel, and expressions.
fn activations() -> Vec<Activation> {
    let more = [
        "leaky_relu(-0.3)",
        "leaky_relu(1.5)",
        "leaky_relu(0)",
        "elu(0.5)",
        "swish(2)",
        "relu(x) - 0.5",
        "x*sigmoid(3*x)",
    ];
    let mut all = Activation::all();
    all.extend(more.iter().map(|text| Activation::parse(text).unwrap()));
    all
}

impl Layer {
    /// The definition, for one example.
    fn apply(&self, values: &[Vec<f64>], weight: &[f64], bias: &[f64]) -> Vec<f64> {
        match self {
            Self::Linear { from, outputs, .. } => {
                let x = &values[*from];
                let row = |o: usize| &weight[o * x.len()..(o + 1) * x.len()];
                let dot = |o: usize| row(o).iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
                (0..*outputs)
                    .map(|o| dot(o) + bias.get(o).copied().unwrap_or(0.0))
                    .collect()
            }
            Self::Activation { from, activation } => {
                values[*from].iter().map(|&x| activation.value(x)).collect()
            }
            Self::Shift { from, constant } => values[*from].iter().map(|x| x + constant).collect(),
            Self::Add { a, b } => values[*a]
                .iter()
                .zip(&values[*b])
                .map(|(a, b)| a + b)
                .collect(),
        }
    }
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
        let mut total = 0.0;
        let mut nearest = f64::INFINITY;
        for example in 0..self.examples {
            let x = &self.input[example * self.case.inputs..(example + 1) * self.case.inputs];
            let mut values = vec![x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>()];
            for (index, layer) in self.case.layers.iter().enumerate() {
                if let Layer::Activation { from, activation } = layer {
                    for (x, kink) in values[*from]
                        .iter()
                        .flat_map(|x| activation.breakpoints().iter().map(move |kink| (x, kink)))
                    {
                        nearest = nearest.min((x - kink).abs());
                    }
                }
                let empty = Vec::new();
                let weight = parameters
                    .get(&format!("v{}.weight", index + 1))
                    .unwrap_or(&empty);
                let bias = parameters
                    .get(&format!("v{}.bias", index + 1))
                    .unwrap_or(&empty);
                let mut made = layer.apply(&values, weight, bias);
                if let Nudge::Value {
                    value,
                    example: at,
                    index: element,
                    by,
                } = nudge
                    && (value, at) == (index + 1, example)
                {
                    made[element] += by;
                }
                values.push(made);
            }
            total += self.example_loss(example, values.last().unwrap());
        }
        (total / self.examples as f64, nearest)
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
    let mut values = vec![builder.input("x", &[case.inputs]).unwrap()];
    for (index, layer) in case.layers.iter().enumerate() {
        let name = format!("v{}", index + 1);
        let made = match layer {
            Layer::Linear {
                from,
                outputs,
                bias,
            } => builder.linear(values[*from], &name, *outputs, *bias),
            Layer::Activation { from, activation } => {
                builder.activation(values[*from], &name, activation)
            }
            Layer::Shift { from, constant } => builder.shift(values[*from], &name, *constant),
            Layer::Add { a, b } => builder.add(values[*a], values[*b], &name),
        };
        values.push(made.unwrap());
    }
    let last = *values.last().unwrap();
    match case.end {
        End::MeanSquaredError => builder.mean_squared_error(last, "loss").unwrap(),
        End::SoftmaxCrossEntropy => builder.softmax_cross_entropy(last, "loss").unwrap(),
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
            input: random.vec(examples * case.inputs, 2.0),
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
/// roundings of 6·10⁻⁸ each, of the largest terms.
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
        End::SoftmaxCrossEntropy => Targets::Classes(&reference.classes),
    };
    let keep = Keep::default();
    let loss = network
        .forward(&[&reference.input], targets, &keep)
        .unwrap();
    network.backward(&keep).unwrap();

    let expected = reference.loss(Nudge::None).0;
    assert!(
        (loss - expected).abs() <= 2e-6 * expected.abs().max(1.0),
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
            .fold(1.0, |largest: f64, e| largest.max(e.abs()));
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
        let lane_rows = reference.examples.min(32);
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
                expected.abs().max(1.0),
            );
        }
    }
    let wanted = case
        .layers
        .iter()
        .any(|layer| matches!(layer, Layer::Linear { .. }));
    assert_eq!(wanted, !shown.is_empty());
}

#[test]
fn every_operator_matches_finite_differences() {
    for case in cases() {
        check_case(&case, 3);
    }
}

#[test]
fn a_batch_of_several_lanes_and_a_ragged_one_matches_too() {
    for case in cases().iter().take(10) {
        check_case(case, 70);
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
