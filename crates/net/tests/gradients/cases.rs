//! The table of cases.

use evenkeel_net::{Activation, Bias, Convolution, Extent, PaddingMode, Pool};

use crate::image::Image;
use crate::layer::Layer;
use crate::{Case, End};

/// One row an operator, and rows for the ways in which operators meet.
pub(crate) fn cases() -> Vec<Case> {
    use Bias::{No, Yes};
    use End::{MeanSquaredError, SoftmaxCrossEntropy};
    use Layer::{
        Activation as Act, Add, Flatten, LearnedBias, Linear, Multiply, Scale, ScaleBy, Shift,
    };
    let case = |name: &str, layers: Vec<Layer>, end: End| Case {
        name: name.into(),
        axes: vec![5],
        layers,
        end,
    };
    let linear = |from, outputs, bias| Linear {
        from,
        outputs,
        bias,
    };
    let bias = |from, extent, plane| LearnedBias {
        from,
        extent,
        plane,
    };
    let scale = |from, extent, plane| Scale {
        from,
        extent,
        plane,
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
    cases.extend([
        case(
            "scales of a value that is read twice, one of them learned",
            vec![
                linear(0, 4, Yes),
                scale(1, Extent::Tensor, 1),
                ScaleBy {
                    from: 1,
                    constant: -0.75,
                },
                tanh(3),
                Add { a: 2, b: 4 },
                linear(5, 3, No),
            ],
            SoftmaxCrossEntropy,
        ),
        case(
            "learned scales of both sides of a sum",
            vec![
                linear(0, 3, Yes),
                tanh(1),
                scale(1, Extent::Tensor, 1),
                scale(2, Extent::Tensor, 1),
                Add { a: 3, b: 4 },
            ],
            MeanSquaredError,
        ),
        case(
            "multiply: a gated branch",
            vec![
                linear(0, 4, Yes),
                tanh(1),
                Multiply { a: 1, b: 2 },
                linear(3, 3, No),
            ],
            SoftmaxCrossEntropy,
        ),
        case(
            "multiply: a value by itself",
            vec![linear(0, 3, Yes), Multiply { a: 1, b: 1 }],
            MeanSquaredError,
        ),
        case(
            "bias and scale of a residual branch, in place",
            vec![
                linear(0, 4, No),
                bias(1, Extent::Tensor, 1),
                linear(2, 4, No),
                scale(3, Extent::Tensor, 1),
                bias(4, Extent::Tensor, 1),
                Add { a: 1, b: 5 },
                linear(6, 3, No),
            ],
            SoftmaxCrossEntropy,
        ),
        case(
            "bias, scale and constant scale a channel, of the input",
            vec![
                bias(0, Extent::Channel, 1),
                scale(1, Extent::Channel, 1),
                ScaleBy {
                    from: 2,
                    constant: -0.7,
                },
                linear(3, 3, No),
            ],
            MeanSquaredError,
        ),
        case(
            "scale, constant scale and bias beside their input",
            vec![
                linear(0, 3, No),
                scale(1, Extent::Channel, 1),
                Add { a: 1, b: 2 },
                bias(1, Extent::Channel, 1),
                ScaleBy {
                    from: 1,
                    constant: 1.5,
                },
                Add { a: 3, b: 4 },
                Add { a: 5, b: 6 },
            ],
            MeanSquaredError,
        ),
        Case {
            axes: vec![2, 3, 7],
            ..case(
                "bias and scale of planes, flattened",
                vec![
                    bias(0, Extent::Channel, 21),
                    scale(1, Extent::Channel, 21),
                    scale(2, Extent::Tensor, 1),
                    Flatten { from: 3 },
                    linear(4, 3, No),
                ],
                MeanSquaredError,
            )
        },
    ]);
    cases.extend(images());
    cases.push(case("hinge", vec![linear(0, 4, Yes)], End::Hinge));
    for norm in [
        Layer::BatchNorm {
            from: 1,
            channels: 6,
        },
        Layer::LayerNorm { from: 1 },
        Layer::RmsNorm { from: 1 },
        Layer::GroupNorm {
            from: 1,
            channels: 6,
            groups: 2,
        },
    ] {
        let name = format!("{norm:?} of features");
        let layers = vec![
            linear(0, 6, Yes),
            norm,
            tanh(2),
            Add { a: 1, b: 3 },
            linear(4, 3, No),
        ];
        cases.push(case(&name, layers, SoftmaxCrossEntropy));
    }
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

/// Layers that read images: each on what a layer below makes, so that both gradients are wanted,
/// and beside another reader, so that one is added to.
fn images() -> Vec<Case> {
    let image: Image = [4, 5, 6];
    let plain = Convolution::new(4, [3, 3]);
    let circular = plain.with_padding_mode(PaddingMode::Circular);
    let mut middle: Vec<(String, Layer)> = [
        plain,
        plain.with_bias(Bias::No).with_padding([0, 0]),
        Convolution::new(3, [2, 3]).with_padding([1, 2]),
        Convolution::new(5, [3, 3]).with_padding([3, 4]),
        plain.with_stride([2, 2]),
        Convolution::new(9, [3, 2])
            .with_stride([1, 3])
            .with_padding([1, 0]),
        plain.with_dilation([2, 2]).with_padding([2, 2]),
        plain
            .with_dilation([2, 1])
            .with_stride([2, 2])
            .with_padding([1, 2]),
        plain
            .with_dilation([3, 2])
            .with_stride([2, 1])
            .with_padding([2, 2]),
        plain.with_groups(2),
        Convolution::new(8, [3, 3])
            .with_groups(4)
            .with_stride([2, 1]),
        circular,
        circular.with_stride([2, 2]).with_groups(2),
        circular.with_padding([3, 3]).with_dilation([2, 1]),
        Convolution::new(6, [1, 1]),
        Convolution::new(6, [1, 1])
            .with_groups(2)
            .with_bias(Bias::No),
        Convolution::new(13, [1, 1]).with_stride([2, 2]),
        Convolution::new(2, [1, 1]).with_padding([1, 1]),
        Convolution::new(3, [5, 6]).with_padding([0, 0]),
    ]
    .into_iter()
    .map(|convolution| {
        let layer = Layer::Convolution {
            from: 1,
            image,
            convolution,
        };
        (format!("{convolution:?}"), layer)
    })
    .collect();
    for pool in [
        Pool::new([2, 2]),
        Pool::new([3, 3]).with_stride([2, 2]).with_padding([1, 1]),
        Pool::new([2, 3]).with_stride([1, 2]),
        Pool::new([5, 6]),
    ] {
        middle.push((
            format!("max {pool:?}"),
            Layer::MaxPool {
                from: 1,
                image,
                pool,
            },
        ));
        middle.push((
            format!("average {pool:?}"),
            Layer::AveragePool {
                from: 1,
                image,
                pool,
            },
        ));
    }
    let channels = image[0];
    middle.push((
        "global average".into(),
        Layer::GlobalAveragePool { from: 1, channels },
    ));
    middle.push((
        "batch norm of planes".into(),
        Layer::BatchNorm { from: 1, channels },
    ));
    middle.push(("layer norm of planes".into(), Layer::LayerNorm { from: 1 }));
    middle.push(("rms norm of planes".into(), Layer::RmsNorm { from: 1 }));
    middle.push((
        "group norm of planes".into(),
        Layer::GroupNorm {
            from: 1,
            channels,
            groups: 2,
        },
    ));
    middle
        .into_iter()
        .map(|(name, layer)| beside(name, image, layer))
        .collect()
}

/// A pointwise convolution, whose output `layer` and another branch both read; both end in
/// linear layers whose outputs are added.
fn beside(name: String, image: Image, layer: Layer) -> Case {
    let first = Layer::Convolution {
        from: 0,
        image: [2, image[1], image[2]],
        convolution: Convolution::new(image[0], [1, 1]),
    };
    let linear = |from| Layer::Linear {
        from,
        outputs: 3,
        bias: Bias::No,
    };
    Case {
        name,
        axes: vec![2, image[1], image[2]],
        layers: vec![
            first,
            layer,
            Layer::Flatten { from: 2 },
            linear(3),
            Layer::Flatten { from: 1 },
            linear(5),
            Layer::Add { a: 4, b: 6 },
        ],
        end: End::MeanSquaredError,
    }
}
