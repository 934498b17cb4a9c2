//! Depth costs nothing but depth.

use evenkeel_net::{
    Activation, Bias, GraphBuilder, Mode, Network, NoTap, Sgd, Targets, Threads, zoo,
};

const DEPTH: usize = 100_000;

/// Runs `work` on a stack that would hold a few frames, but not one for each layer.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new()
        .stack_size(256 << 10)
        .spawn(work)
        .unwrap();
    thread.join().unwrap();
}

#[test]
fn a_hundred_thousand_layers_build_plan_run_train_and_drop() {
    on_a_small_stack(|| {
        let spec = zoo::MlpSpec::new(2, 2, DEPTH, 2, Activation::relu());
        let graph = zoo::mlp(&spec).unwrap();
        let mut network = Network::new(graph, 3, Mode::Training, Threads(1)).unwrap();
        // Identity matrices: a positive signal comes through unchanged, forward and backward.
        network.initialize(|spec, values| {
            if spec.name().ends_with("weight") {
                values.copy_from_slice(&[1.0, 0.0, 0.0, 1.0]);
            }
        });
        let x = [1.0, 2.0, 3.0, 1.0, 0.5, 0.5];
        let loss = network
            .forward(&[&x], Targets::Classes(&[0, 0, 1]), &NoTap)
            .unwrap();
        let output: Vec<f32> = network.output().flatten().copied().collect();
        assert_eq!(output, x);
        // −log softmax: log(1 + e), log(1 + e⁻²), log 2.
        let expected = (1.0 + 1f64.exp()).ln() + (1.0 + (-2f64).exp()).ln() + 2f64.ln();
        assert!((loss - expected / 3.0).abs() < 1e-7, "{loss}");
        network.backward(&NoTap).unwrap();
        let (first, last) = (
            network.gradient("fc0.bias"),
            network.gradient("fc99999.bias"),
        );
        assert_eq!(first, last);
        assert!(first.unwrap()[0] != 0.0);
        Sgd::new(0.0).unwrap().step(&mut network);
    });
}

#[test]
fn a_residual_network_as_deep_does_too() {
    on_a_small_stack(|| {
        let mut builder = GraphBuilder::new();
        let mut trunk = builder.input("x", &[1]).unwrap();
        for layer in 0..DEPTH {
            let branch = builder
                .linear(trunk, &format!("fc{layer}"), 1, Bias::No)
                .unwrap();
            trunk = builder.add(trunk, branch, &format!("sum{layer}")).unwrap();
        }
        builder.mean_squared_error(trunk, "loss").unwrap();
        let graph = builder.finish().unwrap();
        let mut network = Network::new(graph, 1, Mode::Training, Threads(1)).unwrap();
        let loss = network
            .forward(&[&[3.0]], Targets::Values(&[1.0]), &NoTap)
            .unwrap();
        assert_eq!(loss, 4.0);
        network.backward(&NoTap).unwrap();
        // y = x Π(1 + w_l): at w = 0 each gradient is 2 (y − t) x.
        for layer in [0, DEPTH / 2, DEPTH - 1] {
            assert_eq!(
                network.gradient(&format!("fc{layer}.weight")).unwrap(),
                [12.0]
            );
        }
    });
}
