//! What is wrong is refused with its place and its remedy, and nothing is computed.

use evenkeel_net::{
    Activation, BatchNorm, Bias, Convolution, Graph, GraphBuilder, GraphError, Loss, Mode, Network,
    NoTap, OptimizerError, PaddingMode, Pool, RunError, Sgd, Targets, Threads, zoo,
};

fn mlp() -> Graph {
    zoo::mlp(&zoo::MlpSpec::new(3, 4, 2, 2, Activation::relu())).unwrap()
}

#[test]
fn branches_of_different_width_name_both_layers_and_shapes() {
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[3]).unwrap();
    let a = builder.linear(x, "wide", 8, Bias::Yes).unwrap();
    let b = builder.linear(x, "narrow", 4, Bias::Yes).unwrap();
    let error = builder.add(a, b, "sum").unwrap_err();
    assert!(matches!(&error, GraphError::Shape { layer, producer, .. }
        if layer == "sum" && producer == "narrow"));
    assert_eq!(
        error.to_string(),
        "layer `sum` cannot follow `narrow`: it needs [8] as `wide` has and gets [4]; \
         give both branches the same width"
    );
}

#[test]
fn an_image_must_be_flat_for_a_linear_layer() {
    let mut builder = GraphBuilder::new();
    let x = builder.input("pixels", &[28, 28]).unwrap();
    let error = builder.linear(x, "fc", 10, Bias::Yes).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("`fc`") && message.contains("`pixels`"),
        "{message}"
    );
    assert!(
        message.contains("[28, 28]") && message.contains("flat"),
        "{message}"
    );
    let error = builder.softmax_cross_entropy(x, "loss").unwrap_err();
    assert!(matches!(error, GraphError::Shape { .. }));
}

#[test]
fn names_are_given_and_given_once() {
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[3]).unwrap();
    let twice = GraphError::DuplicateName { name: "x".into() };
    assert_eq!(builder.linear(x, "x", 2, Bias::No).unwrap_err(), twice);
    assert_eq!(builder.softmax_cross_entropy(x, "x").unwrap_err(), twice);
    assert_eq!(
        builder.linear(x, "", 2, Bias::No).unwrap_err(),
        GraphError::NoName
    );
    // A refused layer leaves nothing behind.
    builder.linear(x, "fc", 2, Bias::No).unwrap();
    assert_eq!(builder.finish().unwrap().parameters().len(), 1);
}

#[test]
fn sizes_are_at_least_one_and_fit_in_memory() {
    let mut builder = GraphBuilder::new();
    let error = builder.input("x", &[3, 0]).unwrap_err();
    assert_eq!(
        error,
        GraphError::Size {
            layer: "x".into(),
            axes: vec![3, 0]
        }
    );
    let x = builder.input("x", &[1 << 40]).unwrap();
    let error = builder.linear(x, "fc", 1 << 40, Bias::No).unwrap_err();
    assert!(matches!(error, GraphError::Size { .. }), "{error}");
    let half = builder.linear(x, "half", 1 << 20, Bias::No).unwrap();
    let error = builder.linear(half, "back", 1 << 40, Bias::No).unwrap_err();
    assert_eq!(
        error,
        GraphError::TooManyParameters {
            layer: "back".into()
        }
    );
    // A refused layer leaves its name free.
    builder.linear(half, "back", 1, Bias::No).unwrap();
    let none = zoo::mlp(&zoo::MlpSpec::new(3, 4, 0, 2, Activation::relu())).unwrap_err();
    assert_eq!(none, GraphError::NoDepth);
}

#[test]
fn the_loss_is_last_and_a_graph_has_layers() {
    let mut builder = GraphBuilder::new();
    assert_eq!(builder.clone().finish().unwrap_err(), GraphError::NoLayers);
    let x = builder.input("x", &[3]).unwrap();
    let y = builder.linear(x, "fc", 2, Bias::No).unwrap();
    builder.mean_squared_error(y, "mse").unwrap();
    let after = |layer: &str| GraphError::AfterLoss {
        layer: layer.into(),
        loss: "mse".into(),
    };
    assert_eq!(
        builder.linear(y, "late", 2, Bias::No).unwrap_err(),
        after("late")
    );
    assert_eq!(
        builder.softmax_cross_entropy(y, "two").unwrap_err(),
        after("two")
    );
    assert_eq!(builder.input("more", &[2]).unwrap_err(), after("more"));
}

#[test]
fn a_value_of_another_graph_and_an_infinite_constant_are_refused() {
    let mut other = GraphBuilder::new();
    let mut far = other.input("x0", &[3]).unwrap();
    for layer in 1..5 {
        far = other.shift(far, &format!("x{layer}"), 1.0).unwrap();
    }
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[3]).unwrap();
    let error = builder.linear(far, "fc", 2, Bias::No).unwrap_err();
    assert_eq!(error, GraphError::ForeignValue { layer: "fc".into() });
    let error = builder.shift(x, "shift", 1e300).unwrap_err();
    assert!(matches!(error, GraphError::Constant { .. }));
}

#[test]
fn inputs_and_targets_must_fit_the_network() {
    let mut network = Network::new(mlp(), 4, Mode::Training, Threads(1)).unwrap();
    let mut forward =
        |x: &[&[f32]], targets: Targets<'_>| network.forward(x, targets, &NoTap).unwrap_err();
    let good = Targets::Classes(&[0, 1]);
    assert_eq!(
        forward(&[], good),
        RunError::InputCount {
            expected: 1,
            got: 0
        }
    );
    for wrong in [0, 5, 15] {
        let error = forward(&[&vec![0.0; wrong]], good);
        let expected = RunError::InputLength {
            name: "x".into(),
            features: 3,
            batch: 4,
            got: wrong,
        };
        assert_eq!(error, expected);
    }
    let x: &[&[f32]] = &[&[0.0; 6]];
    let error = forward(x, Targets::Values(&[0.0; 4]));
    assert_eq!(
        error,
        RunError::TargetKind {
            loss: Loss::SoftmaxCrossEntropy
        }
    );
    let error = forward(x, Targets::Classes(&[0, 1, 1]));
    assert_eq!(
        error,
        RunError::TargetLength {
            expected: 2,
            got: 3
        }
    );
    let error = forward(x, Targets::Classes(&[0, 2]));
    assert_eq!(
        error,
        RunError::Class {
            example: 1,
            class: 2,
            last: 1
        }
    );
    assert_eq!(
        error.to_string(),
        "example 1 has class 2: the network has classes 0 to 1"
    );
}

#[test]
fn passes_come_in_their_order() {
    let mut network = Network::new(mlp(), 4, Mode::Training, Threads(1)).unwrap();
    assert_eq!(network.backward(&NoTap).unwrap_err(), RunError::NoForward);
    assert_eq!(
        network.gradient("fc0.weight").unwrap_err(),
        RunError::NoGradients
    );
    network.predict(&[&[0.0; 3]], &NoTap).unwrap();
    assert_eq!(network.backward(&NoTap).unwrap_err(), RunError::NoSeed);
    let error = network.backward_from(&[0.0; 3], &NoTap).unwrap_err();
    assert_eq!(
        error,
        RunError::GradientLength {
            expected: 2,
            got: 3
        }
    );
    network.backward_from(&[0.0; 2], &NoTap).unwrap();
    assert_eq!(network.backward(&NoTap).unwrap_err(), RunError::NoForward);
    assert!(network.gradient("fc0.weight").is_ok());
    let error = network.gradient("fc0").unwrap_err();
    assert!(error.to_string().contains("LAYER.weight"), "{error}");

    let mut forward = Network::new(mlp(), 4, Mode::Forward, Threads(1)).unwrap();
    forward
        .forward(&[&[0.0; 3]], Targets::Classes(&[0]), &NoTap)
        .unwrap();
    assert_eq!(forward.backward(&NoTap).unwrap_err(), RunError::NotTraining);
    assert_eq!(
        forward.gradient("fc0.weight").unwrap_err(),
        RunError::NotTraining
    );

    let spec = zoo::MlpSpec {
        loss: None,
        ..zoo::MlpSpec::new(3, 4, 2, 2, Activation::relu())
    };
    let mut without =
        Network::new(zoo::mlp(&spec).unwrap(), 4, Mode::Training, Threads(1)).unwrap();
    let error = without
        .forward(&[&[0.0; 3]], Targets::Classes(&[0]), &NoTap)
        .unwrap_err();
    assert_eq!(error, RunError::NoLoss);
}

#[test]
fn optimiser_settings_have_ranges() {
    assert!(matches!(
        Sgd::new(-0.1),
        Err(OptimizerError::LearningRate { got: -0.1 })
    ));
    assert!(matches!(
        Sgd::new(1e60),
        Err(OptimizerError::LearningRate { .. })
    ));
    let sgd = Sgd::new(0.1).unwrap();
    assert!(matches!(
        sgd.clone().with_momentum(1.0),
        Err(OptimizerError::Momentum { got: 1.0 })
    ));
    let error = sgd.with_weight_decay(f64::NAN).unwrap_err();
    assert!(error.to_string().contains("weight decay of NaN"), "{error}");
}

#[test]
fn a_nan_is_carried_not_hidden() {
    for activation in Activation::all() {
        let name = activation.to_string();
        let spec = zoo::MlpSpec::new(3, 4, 3, 2, activation);
        let mut network =
            Network::new(zoo::mlp(&spec).unwrap(), 40, Mode::Training, Threads(1)).unwrap();
        network.initialize(|_, values| values.fill(0.5));
        let mut x = [0.25; 120];
        x[119] = f32::NAN;
        let loss = network
            .forward(&[&x], Targets::Classes(&[1; 40]), &NoTap)
            .unwrap();
        assert!(loss.is_nan(), "{name}");
        assert_eq!(
            network.correct(&[0; 40]),
            39,
            "{name}: an example of NaN is never correct"
        );
        network.backward(&NoTap).unwrap();
        assert!(
            network
                .gradient("fc2.weight")
                .unwrap()
                .iter()
                .all(|g| g.is_nan()),
            "{name}"
        );
    }
}

#[test]
fn settings_of_layers_have_ranges() {
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[4, 5, 6]).unwrap();
    let three = Convolution::new(6, [3, 3]);
    let circular = PaddingMode::Circular;
    for (convolution, setting, remedy) in [
        (Convolution::new(6, [0, 3]), "kernel", "at least 1"),
        (three.with_stride([1, 0]), "stride", "at least 1"),
        (three.with_dilation([0, 1]), "dilation", "at least 1"),
        (three.with_groups(0), "groups", "a divisor of 4 and 6"),
        (three.with_groups(3), "groups", "a divisor of 4 and 6"),
        (three.with_dilation([4, 1]), "kernel", "padded 5x6 image"),
        (
            Convolution::new(6, [9, 1]).with_padding([0, 0]),
            "kernel",
            "no larger",
        ),
        (
            three.with_padding_mode(circular).with_padding([6, 0]),
            "padding",
            "5x6",
        ),
    ] {
        let error = builder.convolution(x, "conv", &convolution).unwrap_err();
        assert!(
            matches!(&error, GraphError::Setting { layer, setting: s, .. }
                if layer == "conv" && *s == setting),
            "{error}"
        );
        assert!(error.to_string().contains(remedy), "{error}");
    }
    let error = builder.convolution(x, "conv", &Convolution::new(0, [3, 3]));
    assert!(matches!(error, Err(GraphError::Size { .. })));
    let huge = Convolution::new(6, [3, 3]).with_padding([usize::MAX / 4; 2]);
    assert!(builder.convolution(x, "conv", &huge).is_err());

    let pool = Pool::new([3, 3]);
    for pool in [
        Pool::new([0, 1]),
        pool.with_stride([0, 1]),
        pool.with_padding([2, 0]),
        Pool::new([6, 1]),
    ] {
        let error = builder.max_pool(x, "pool", &pool).unwrap_err();
        assert!(matches!(error, GraphError::Setting { .. }), "{error}");
    }
    let epsilon = f64::NAN;
    let norm = BatchNorm {
        epsilon,
        ..BatchNorm::default()
    };
    let momentum = BatchNorm {
        momentum: 1.5,
        ..BatchNorm::default()
    };
    for error in [
        builder.batch_norm(x, "norm", &norm),
        builder.batch_norm(x, "norm", &momentum),
        builder.layer_norm(x, "norm", -1.0),
        builder.rms_norm(x, "norm", f64::INFINITY),
        builder.group_norm(x, "norm", 3, 1e-5),
        builder.group_norm(x, "norm", 0, 1e-5),
        builder.dropout(x, "drop", 1.0),
        builder.dropout(x, "drop", f64::NAN),
    ] {
        assert!(
            matches!(error, Err(GraphError::Setting { .. })),
            "{error:?}"
        );
    }
    let error = builder.scale_by(x, "c", f64::NAN).unwrap_err();
    assert!(matches!(error, GraphError::Constant { .. }));
    // Nothing was left behind by what was refused.
    builder.flatten(x, "conv").unwrap();
    let graph = builder.finish().unwrap();
    assert_eq!((graph.parameters().len(), graph.buffers().len()), (0, 0));
}

#[test]
fn layers_of_images_need_an_image() {
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[784]).unwrap();
    for error in [
        builder.convolution(x, "op", &Convolution::new(6, [3, 3])),
        builder.average_pool(x, "op", &Pool::new([2, 2])),
        builder.global_average_pool(x, "op"),
    ] {
        let message = error.unwrap_err().to_string();
        assert!(
            message.contains("`op` cannot follow `x`")
                && message.contains("channels, height, width"),
            "{message}"
        );
    }
    let y = builder.input("y", &[28, 28]).unwrap();
    assert!(matches!(
        builder.multiply(x, y, "gate"),
        Err(GraphError::Shape { .. })
    ));
    assert!(matches!(
        builder.hinge(y, "loss"),
        Err(GraphError::Shape { .. })
    ));
}
