//! Optimisers against PyTorch: trajectories made by `bench/parity/optimizers.py`.

use evenkeel_net::{
    Activation, Adam, AdamW, Bias, GraphBuilder, LearningRate, Mode, Multipliers, Nesterov,
    Network, NoTap, Optimizer, OptimizerError, Schedule, Sgd, Targets, Threads, clip_gradients,
    gradient_norm, zoo,
};
use serde_json::Value;

fn golden() -> Value {
    let text = include_str!("fixtures/optimizers.json");
    serde_json::from_str(text).expect("the fixture is JSON")
}

fn numbers(value: &Value) -> Vec<f32> {
    let list = value.as_array().expect("a list");
    list.iter()
        .map(|x| x.as_f64().expect("a number") as f32)
        .collect()
}

/// y = w x + b with one input, whose gradients are x and 1 times the output's.
fn network(golden: &Value, threads: usize) -> Network {
    let (weight, bias) = (numbers(&golden["weight"]), numbers(&golden["bias"]));
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[1]).unwrap();
    builder.linear(x, "fc", weight.len(), Bias::Yes).unwrap();
    let graph = builder.finish().unwrap();
    let mut network = Network::new(graph, 1, Mode::Training, Threads(threads)).unwrap();
    network
        .parameter_mut("fc.weight")
        .unwrap()
        .copy_from_slice(&weight);
    network
        .parameter_mut("fc.bias")
        .unwrap()
        .copy_from_slice(&bias);
    network
}

fn backward(network: &mut Network, gradient: &[f32]) {
    network.predict(&[&[0.5]], &NoTap).unwrap();
    network.backward_from(gradient, &NoTap).unwrap();
}

fn values(network: &Network) -> Vec<f32> {
    network
        .parameters()
        .flat_map(|p| p.values.to_vec())
        .collect()
}

/// Follows one case of the fixture and compares every step.
fn follows(case: &str, optimizer: &mut dyn Optimizer, max_norm: Option<f64>) {
    let golden = golden();
    let mut network = network(&golden, 1);
    let case_golden = &golden["cases"][case];
    let path = case_golden["path"].as_array().unwrap();
    let gradients = golden["gradients"].as_array().unwrap();
    assert!(path.len() >= 20 && path.len() == gradients.len());
    for (step, (gradient, expected)) in gradients.iter().zip(path).enumerate() {
        backward(&mut network, &numbers(gradient));
        if let Some(max_norm) = max_norm {
            let norm = clip_gradients(&mut network, max_norm).unwrap();
            let expected = case_golden["norms"][step].as_f64().unwrap();
            // PyTorch sums 14 squares in f32: 14 roundings of 2⁻²⁴ at most.
            assert!((norm / expected - 1.0).abs() < 1e-6, "{case} step {step}");
        }
        optimizer.step(&mut network);
        for (got, expected) in values(&network).iter().zip(numbers(expected)) {
            // A step rounds about four times at 2⁻²⁴ of the value or of its move, both below 8
            // here; the errors of all steps so far may add up.
            let bound = 4.0 * 8.0 * (step + 1) as f32 * f32::EPSILON / 2.0;
            assert!(
                (got - expected).abs() <= bound,
                "{case} step {step}: {got} against {expected}"
            );
        }
    }
}

fn slow_bias() -> Multipliers {
    let golden = golden();
    Multipliers::new(network(&golden, 1).graph(), [("fc.bias", 0.1)]).unwrap()
}

#[test]
fn sgd_follows_pytorch() {
    let sgd = || Sgd::new(0.05).unwrap();
    let momentum = || sgd().with_momentum(0.9).unwrap();
    let decayed = || momentum().with_weight_decay(0.01).unwrap();
    let nesterov = || decayed().with_nesterov(Nesterov::Yes).unwrap();
    follows("sgd", &mut sgd(), None);
    follows(
        "sgd_decay",
        &mut sgd().with_weight_decay(0.1).unwrap(),
        None,
    );
    follows("sgd_momentum", &mut decayed(), None);
    follows("sgd_nesterov", &mut nesterov(), None);
    follows(
        "sgd_multiplier",
        &mut nesterov().with_multipliers(slow_bias()),
        None,
    );
    follows("sgd_clip", &mut momentum(), Some(3.0));
}

#[test]
fn adam_follows_pytorch() {
    let adam = || Adam::new(0.02).unwrap();
    follows("adam", &mut adam(), None);
    follows(
        "adam_decay",
        &mut adam().with_weight_decay(0.1).unwrap(),
        None,
    );
    let other = adam().with_betas(0.7, 0.95).unwrap();
    follows("adam_betas", &mut other.with_epsilon(1e-3).unwrap(), None);
    follows(
        "adam_multiplier",
        &mut adam().with_multipliers(slow_bias()),
        None,
    );
}

#[test]
fn adamw_follows_pytorch() {
    let decayed = || AdamW::new(0.02).unwrap().with_weight_decay(0.5).unwrap();
    follows("adamw", &mut AdamW::new(0.02).unwrap(), None);
    follows("adamw_decay", &mut decayed(), None);
    follows(
        "adamw_multiplier",
        &mut decayed().with_multipliers(slow_bias()),
        None,
    );
}

#[test]
fn schedules_follow_pytorch() {
    let golden = golden();
    let rate = |schedule| LearningRate::new(0.3, schedule).unwrap();
    let step = Schedule::Step {
        every: 4,
        factor: 0.3,
    };
    let cosine = Schedule::Cosine {
        steps: 24,
        floor: 0.1,
    };
    for (name, rate) in [
        ("step", rate(step)),
        ("cosine", rate(cosine)),
        ("warmup", rate(Schedule::Constant).with_warmup(8)),
    ] {
        let expected = golden["rates"][name].as_array().unwrap();
        for (step, expected) in expected.iter().enumerate() {
            let (got, expected) = (rate.at(step as u64), expected.as_f64().unwrap());
            // PyTorch multiplies its way from step to step, in f64.
            assert!((got - expected).abs() < 1e-13, "{name} {step}: {got}");
        }
    }
}

/// One of each, with everything that it can have.
fn each() -> [Box<dyn Optimizer>; 4] {
    let sgd = Sgd::new(0.05).unwrap().with_momentum(0.9).unwrap();
    let nesterov = sgd.clone().with_nesterov(Nesterov::Yes).unwrap();
    let adam = Adam::new(0.01).unwrap().with_weight_decay(0.01).unwrap();
    let adamw = AdamW::new(0.01).unwrap();
    [
        Box::new(sgd),
        Box::new(nesterov),
        Box::new(adam),
        Box::new(adamw),
    ]
}

/// A network of more values than a block, so that threads share them.
fn wide(threads: usize) -> Network {
    let graph = zoo::mlp(&zoo::MlpSpec::new(150, 170, 3, 10, Activation::tanh())).unwrap();
    let mut network = Network::new(graph, 40, Mode::Training, Threads(threads)).unwrap();
    let wave = |i: usize| ((i * 7919 % 2003) as f32 / 1001.0 - 1.0) * 0.1;
    network.initialize(|_, w| w.iter_mut().enumerate().for_each(|(i, w)| *w = wave(i)));
    network
}

fn learn(network: &mut Network, optimizer: &mut dyn Optimizer, steps: std::ops::Range<usize>) {
    for step in steps {
        let x: Vec<f32> = (0..150 * 40)
            .map(|i| ((i * 31 + step * 7) % 113) as f32 / 56.0 - 1.0)
            .collect();
        let labels: Vec<u8> = (0..40).map(|e| ((e + step) % 10) as u8).collect();
        network
            .forward(&[&x], Targets::Classes(&labels), &NoTap)
            .unwrap();
        network.backward(&NoTap).unwrap();
        clip_gradients(network, 0.5).unwrap();
        optimizer.step(network);
    }
}

fn bits(network: &Network) -> Vec<u32> {
    values(network).iter().map(|w| w.to_bits()).collect()
}

#[test]
fn threads_do_not_change_a_bit() {
    for (one, other) in each().iter_mut().zip(&mut each()) {
        let (mut alone, mut shared) = (wide(1), wide(3));
        let multipliers = Multipliers::new(alone.graph(), [("fc1.weight", 0.5)]).unwrap();
        one.set_multipliers(multipliers.clone());
        other.set_multipliers(multipliers);
        learn(&mut alone, one.as_mut(), 0..3);
        learn(&mut shared, other.as_mut(), 0..3);
        assert_eq!(bits(&alone), bits(&shared));
    }
}

#[test]
fn a_restored_optimiser_goes_on_as_the_first_would() {
    for (first, second) in each().iter_mut().zip(&mut each()) {
        let mut network = wide(1);
        learn(&mut network, first.as_mut(), 0..3);
        let mut copy = wide(1);
        let count = copy.graph().parameter_count();
        let mut source = network.parameters();
        copy.initialize(|_, w| w.copy_from_slice(source.next().unwrap().values));
        drop(source);
        second.restore(first.state(), count).unwrap();
        learn(&mut network, first.as_mut(), 3..6);
        learn(&mut copy, second.as_mut(), 3..6);
        assert_eq!(bits(&network), bits(&copy));
        assert_eq!(first.state(), second.state());
    }
}

#[test]
fn a_state_of_another_optimiser_or_size_is_refused() {
    let mut network = wide(1);
    let mut adam = Adam::new(0.01).unwrap();
    learn(&mut network, &mut adam, 0..1);
    let count = network.graph().parameter_count();
    let mut adamw = AdamW::new(0.01).unwrap();
    let error = adamw.restore(adam.state(), count).unwrap_err();
    assert!(matches!(error, OptimizerError::State { .. }));
    assert!(error.to_string().contains("`adamw`"), "{error}");
    let error = adam.clone().restore(adam.state(), count + 1).unwrap_err();
    assert!(error.to_string().contains(&count.to_string()), "{error}");
    let mut momentum = Sgd::new(0.1).unwrap().with_momentum(0.9).unwrap();
    let plain = Sgd::new(0.1).unwrap();
    let error = momentum.restore(plain.state(), count).unwrap_err();
    assert!(error.to_string().contains("momentum_buffer"), "{error}");
}

#[test]
fn clipping_keeps_the_direction_and_never_lengthens() {
    let mut network = wide(2);
    let x = vec![0.5; 150 * 40];
    network
        .forward(&[&x], Targets::Classes(&[3; 40]), &NoTap)
        .unwrap();
    assert_eq!(gradient_norm(&network), 0.0, "no gradients yet");
    network.backward(&NoTap).unwrap();
    let before = network.gradient("fc1.weight").unwrap().to_vec();
    let by_hand: f64 = network
        .parameters()
        .flat_map(|p| network.gradient(p.spec.name()).unwrap())
        .map(|&g| f64::from(g).powi(2))
        .sum();
    let norm = clip_gradients(&mut network, 1e6).unwrap();
    assert!((norm - by_hand.sqrt()).abs() < 1e-12 * norm);
    assert_eq!(network.gradient("fc1.weight").unwrap(), before);
    assert_eq!(clip_gradients(&mut network, norm / 4.0).unwrap(), norm);
    // One rounding of the factor and one of each product.
    assert!((gradient_norm(&network) / norm - 0.25).abs() < 1e-6);
    let after = network.gradient("fc1.weight").unwrap();
    let share = |(a, b): (&f32, &f32)| (a - 0.25 * b).abs() <= 1e-5 * b.abs();
    assert!(after.iter().zip(&before).all(share));
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = clip_gradients(&mut network, bad).unwrap_err();
        assert!(matches!(error, OptimizerError::MaxNorm { .. }));
    }
}

#[test]
fn a_gradient_that_is_not_finite_is_seen_in_the_norm_and_left_alone() {
    let golden = golden();
    let mut network = network(&golden, 1);
    for bad in [f32::NAN, f32::INFINITY] {
        let mut gradient = vec![1.0; 7];
        gradient[4] = bad;
        backward(&mut network, &gradient);
        assert!(!clip_gradients(&mut network, 1.0).unwrap().is_finite());
        assert_eq!(network.gradient("fc.bias").unwrap()[0], 1.0);
    }
    // The largest finite gradients have a finite norm.
    backward(&mut network, &[f32::MAX; 7]);
    assert!(gradient_norm(&network).is_finite());
}

#[test]
fn settings_outside_their_range_are_refused() {
    assert!(matches!(
        Adam::new(-1.0).unwrap_err(),
        OptimizerError::LearningRate { .. }
    ));
    let adam = || Adam::new(0.1).unwrap();
    let error = adam().with_betas(0.9, 1.0).unwrap_err();
    assert!(error.to_string().contains("beta2"), "{error}");
    assert!(matches!(
        adam().with_epsilon(f64::NAN).unwrap_err(),
        OptimizerError::Epsilon { .. }
    ));
    let sgd = Sgd::new(0.1).unwrap();
    assert_eq!(
        sgd.clone().with_nesterov(Nesterov::Yes).unwrap_err(),
        OptimizerError::NesterovWithoutMomentum
    );
    assert!(matches!(
        sgd.with_momentum(1.0).unwrap_err(),
        OptimizerError::Momentum { .. }
    ));
}

#[test]
fn a_changed_learning_rate_is_the_one_that_steps() {
    let make: [fn(f64) -> Box<dyn Optimizer>; 3] = [
        |rate| Box::new(Sgd::new(rate).unwrap()),
        |rate| Box::new(Adam::new(rate).unwrap()),
        |rate| Box::new(AdamW::new(rate).unwrap()),
    ];
    for make in make {
        let after_a_step = |optimizer: &mut dyn Optimizer| {
            let golden = golden();
            let mut network = network(&golden, 1);
            let before = values(&network);
            let gradient: Vec<f32> = numbers(&golden["weight"]).iter().map(|_| 0.5).collect();
            backward(&mut network, &gradient);
            optimizer.step(&mut network);
            (before, values(&network))
        };
        let (mut changed, mut born) = (make(0.5), make(0.0625));
        changed.set_learning_rate(0.0625).unwrap();
        assert_eq!(changed.learning_rate(), 0.0625);
        let (before, after) = after_a_step(&mut *changed);
        assert_ne!(before, after);
        assert_eq!(after, after_a_step(&mut *born).1);
        assert_ne!(after, after_a_step(&mut *make(0.5)).1);
        for bad in [-0.1, f64::NAN, f64::INFINITY] {
            let error = changed.set_learning_rate(bad).unwrap_err();
            assert!(matches!(error, OptimizerError::LearningRate { .. }));
            assert_eq!(
                error.to_string(),
                format!("a learning rate of {bad}: give a finite number that is not negative")
            );
        }
        assert_eq!(changed.learning_rate(), 0.0625, "a refusal changes nothing");
    }
}
