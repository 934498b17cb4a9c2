//! Memory is known before the run, and used again where it can be.

use evenkeel_net::{
    Activation, Bias, GraphBuilder, Mode, Network, NoTap, Plan, PlanError, RunError, Targets,
    Threads, zoo,
};

fn bytes(depth: usize, mode: Mode) -> usize {
    let graph = zoo::mlp(&zoo::MlpSpec::new(32, 32, depth, 32, Activation::relu())).unwrap();
    Plan::new(&graph, 128, mode).unwrap().arena_bytes()
}

#[test]
fn a_narrow_training_arena_holds_one_activation_a_layer_and_the_gradients() {
    // 128 rows of 32 f32 a value; ReLU works in place, so a layer keeps one. Parameters have a
    // gradient; each of the four lanes lays one weight at a time.
    let value = 128 * 32 * 4;
    let parameters = (32 * 32 + 32) * 4;
    let laid = 4 * 32 * 32 * 4;
    let layer = value + parameters;
    assert_eq!(
        bytes(800, Mode::Training) - bytes(400, Mode::Training),
        400 * layer
    );
    // The rest does not depend on depth: the input, the output, and the gradients of a stretch of
    // 4 MiB, each of which is held until the weight gradients are summed.
    let rest = bytes(400, Mode::Training) - 400 * layer;
    assert!(rest <= (4 << 20) + 6 * value + laid, "{rest}");
}

#[test]
fn a_forward_arena_does_not_grow_with_activations() {
    assert_eq!(bytes(21, Mode::Forward), bytes(20, Mode::Forward));
    // Input, two places in turn, and the weight that each lane lays.
    assert!(bytes(20, Mode::Forward) <= (3 * 128 + 4 * 32) * 32 * 4);
}

#[test]
fn gradients_do_not_take_a_place_for_each_layer_where_work_is_plenty() {
    // Wide enough that weight gradients are summed, and places come free, every layer or two.
    let arena = |batch, depth| {
        let spec = zoo::MlpSpec::new(512, 512, depth, 512, Activation::relu());
        let plan = Plan::new(&zoo::mlp(&spec).unwrap(), batch, Mode::Training).unwrap();
        plan.arena_bytes()
    };
    // An activation and the gradient of weight and bias. Short lanes lay weights by themselves; for those of 128
    // rows they lie turned besides. Where the machine reads weights in panels, they lie in these, for the forward
    // pass and for the backward one.
    for (batch, laid) in [(256, [0, 2]), (512, [1, 2])] {
        let (value, weight, bias) = (batch * 512 * 4, 512 * 512 * 4, 512 * 4);
        let grown = arena(batch, 40) - arena(batch, 20);
        let expected = laid.map(|laid| 20 * (value + weight + bias + laid * weight));
        assert!(expected.contains(&grown), "{grown} of {expected:?}");
    }
}

#[test]
fn what_cannot_be_planned_is_refused() {
    let graph = zoo::mlp(&zoo::MlpSpec::new(4, 4, 2, 2, Activation::relu())).unwrap();
    assert_eq!(
        Plan::new(&graph, 0, Mode::Forward).unwrap_err(),
        PlanError::NoBatch
    );
    let error = Plan::new(&graph, usize::MAX / 8, Mode::Forward).unwrap_err();
    assert_eq!(
        error,
        PlanError::TooLarge {
            batch: usize::MAX / 8
        }
    );
    assert!(error.to_string().contains("address range"), "{error}");
    let error = Network::new(graph.clone(), 1 << 55, Mode::Forward, Threads(1)).unwrap_err();
    assert!(
        matches!(error, PlanError::Memory { bytes } if bytes > 1 << 57),
        "{error}"
    );
    let error = Network::new(graph, 1, Mode::Forward, Threads(0)).unwrap_err();
    assert_eq!(error, PlanError::NoThreads);
}

#[test]
fn values_are_there_until_their_memory_is_used_again() {
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[2]).unwrap();
    let h = builder.linear(x, "fc0", 2, Bias::Yes).unwrap();
    let h = builder.activation(h, "act0", &Activation::relu()).unwrap();
    let y = builder.linear(h, "fc1", 2, Bias::Yes).unwrap();
    builder.softmax_cross_entropy(y, "loss").unwrap();
    let graph = builder.finish().unwrap();
    let mut network = Network::new(graph, 2, Mode::Training, Threads(1)).unwrap();
    assert_eq!(network.value("x").err(), Some(RunError::NoForward));
    network.initialize(|_, values| values.fill(1.0));
    network
        .forward(
            &[&[1.0, 2.0, -1.0, -5.0]],
            Targets::Classes(&[0, 1]),
            &NoTap,
        )
        .unwrap();
    let rows = |name: &str| {
        network
            .value(name)
            .unwrap()
            .flat_map(|rows| rows.into_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(rows("x"), [1.0, 2.0, -1.0, -5.0]);
    assert_eq!(rows("act0"), [4.0, 4.0, 0.0, 0.0]);
    assert_eq!(rows("fc1"), [9.0, 9.0, 1.0, 1.0]);
    // ReLU worked in place.
    assert_eq!(
        network.value("fc0").err(),
        Some(RunError::NotKept { name: "fc0".into() })
    );
    assert!(matches!(
        network.value("fc9").err(),
        Some(RunError::UnknownValue { .. })
    ));
    // A tie goes to the first class.
    assert_eq!(network.correct(&[0, 0]), 2);
    network.backward(&NoTap).unwrap();
    assert_eq!(network.value("x").err(), Some(RunError::NoForward));
    assert_eq!(
        network.correct(&[0, 1]),
        1,
        "the output outlives the backward pass"
    );
}
