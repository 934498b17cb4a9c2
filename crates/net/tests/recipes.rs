//! What defines each recipe, measured.

use std::collections::HashMap;

use evenkeel_init::Seed;
use evenkeel_net::{
    Activation, Mode, Moments, Needs, Network, NoTap, Quantity, Recipe, RecipeError, Recorder,
    Role, Targets, Threads, fixup_branch_scale, near_critical_point, zoo,
};
use evenkeel_theory::MeanField;

/// Standard normal values.
fn normals(name: &str, count: usize) -> Vec<f32> {
    let geometry = evenkeel_init::Geometry::vector(count).unwrap();
    let scheme = evenkeel_init::Scheme::normal(0.0, 1.0);
    scheme.tensor::<f32>(&geometry, Seed(99), name).unwrap()
}

fn labels(count: usize) -> Vec<u8> {
    (0..count).map(|index| (index * 7 % 10) as u8).collect()
}

fn resmlp(width: usize, depth: usize, activation: Activation) -> zoo::NetSpec {
    zoo::ResMlpSpec::new(20, width, depth, 10, activation).into()
}

fn mlp(width: usize, depth: usize, activation: Activation) -> zoo::NetSpec {
    zoo::MlpSpec::new(20, width, depth, 10, activation).into()
}

fn network(recipe: &Recipe, spec: &zoo::NetSpec, examples: usize, data: &[f32]) -> Network {
    let graph = recipe.build(spec).unwrap();
    let mut network = Network::new(graph, examples, Mode::Training, Threads(1)).unwrap();
    recipe
        .initialize(&mut network, spec, Seed(5), Some(data))
        .unwrap();
    network
}

/// Moments of every value of a forward pass, by name.
fn activations(network: &mut Network, data: &[f32]) -> HashMap<String, Moments> {
    let recorder = Recorder::new(network);
    network.predict(&[data], &recorder).unwrap();
    let records = recorder.records(Quantity::Activation);
    records.into_iter().map(|r| (r.name, r.moments)).collect()
}

fn recipe(text: &str) -> Recipe {
    text.parse().unwrap()
}

fn second_moment(values: &[f32]) -> f64 {
    values.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / values.len() as f64
}

#[test]
fn every_recipe_reads_back_from_its_text_and_runs() {
    let data = normals("x", 64 * 20);
    let mut ran = 0;
    for recipe in Recipe::all() {
        assert_eq!(recipe.to_string().parse::<Recipe>().unwrap(), recipe);
        let activation = match recipe {
            Recipe::NearCritical | Recipe::GaussianCritical => Activation::tanh(),
            _ => Activation::relu(),
        };
        let spec = resmlp(32, 10, activation);
        let mut network =
            Network::new(recipe.build(&spec).unwrap(), 64, Mode::Training, Threads(1)).unwrap();
        match recipe.initialize(&mut network, &spec, Seed(5), Some(&data)) {
            Ok(()) => {
                let targets = labels(64);
                let loss = network
                    .forward(&[&data], Targets::Classes(&targets), &NoTap)
                    .unwrap();
                assert!(loss.is_finite(), "{recipe}: {loss}");
                ran += 1;
            }
            // A scheme of another kind of layer says so.
            Err(error) => assert!(
                matches!(error, RecipeError::Init(_)) && error.to_string().contains("needs"),
                "{recipe}: {error}"
            ),
        }
    }
    assert!(ran >= 20, "{ran} recipes ran");
}

#[test]
fn a_recipe_is_a_function_of_seed_and_names() {
    let data = normals("x", 64 * 20);
    for recipe in Recipe::all() {
        let spec = resmlp(32, 10, Activation::tanh());
        let values = |seed| {
            let graph = recipe.build(&spec).unwrap();
            let mut network = Network::new(graph, 1, Mode::Forward, Threads(1)).unwrap();
            let outcome = recipe.initialize(&mut network, &spec, Seed(seed), Some(&data));
            outcome.ok().map(|()| {
                let values = network.parameters().flat_map(|p| p.values.to_vec());
                values.map(f32::to_bits).collect::<Vec<_>>()
            })
        };
        assert_eq!(values(1), values(1), "{recipe}");
        if values(1).is_some() && recipe.to_string().contains("normal") {
            assert_ne!(values(1), values(2), "{recipe}");
        }
    }
}

#[test]
fn a_scheme_has_the_gain_of_the_activation() {
    let gain = evenkeel_theory::Gain::of(&Activation::gelu())
        .unwrap()
        .forward;
    let spec = mlp(256, 4, Activation::gelu());
    let data = normals("x", 20);
    for (text, expected) in [
        ("kaiming_normal", gain * gain),
        ("kaiming_uniform", gain * gain),
        ("xavier_normal", 1.0),
        ("orthogonal", gain * gain),
        ("orthogonal(gain=0.5)", 0.25),
        ("variance_scaling(scale=3, fan=fan_in)", 3.0),
        ("normal(std=0.125)", 4.0),
    ] {
        let network = network(&recipe(text), &spec, 1, &data);
        let weight = network.parameter("fc1.weight").unwrap();
        let got = second_moment(weight) * 256.0;
        // 65,536 values: the second moment's relative standard error is at most √(2/65536).
        let tolerance = 5.0 * (2.0 / 65_536f64).sqrt() * expected;
        assert!(
            (got - expected).abs() < tolerance,
            "{text}: {got}, not {expected}"
        );
        assert!(
            network
                .parameter("fc1.bias")
                .unwrap()
                .iter()
                .all(|b| *b == 0.0)
        );
    }
    let pytorch = network(&recipe("pytorch_default_weight"), &spec, 1, &data);
    let bias = pytorch.parameter("fc1.bias").unwrap();
    assert!(bias.iter().all(|b| b.abs() <= 1.0 / 16.0) && bias.iter().any(|b| b.abs() > 0.03));
}

#[test]
fn fixup_begins_at_ln_10_and_only_the_classifier_has_a_gradient() {
    let data = normals("x", 64 * 20);
    for depth in [4, 100, 1_000] {
        let spec = resmlp(16, depth, Activation::relu());
        let mut network = network(&Recipe::Fixup, &spec, 64, &data);
        let targets = labels(64);
        let loss = network
            .forward(&[&data], Targets::Classes(&targets), &NoTap)
            .unwrap();
        // Every logit is exactly 0; each example's ln 10 is rounded once in the engine.
        assert!(network.output().flatten().all(|&logit| logit == 0.0));
        assert!((loss - 10f64.ln()).abs() < 1e-15 * 64.0, "{loss}");
        network.backward(&NoTap).unwrap();
        let names: Vec<_> = network
            .graph()
            .parameters()
            .iter()
            .map(|p| p.name().to_owned())
            .collect();
        for name in names {
            let zero = network.gradient(&name).unwrap().iter().all(|g| *g == 0.0);
            assert_eq!(!zero, name.starts_with("head."), "{name}");
        }
    }
}

#[test]
fn fixup_scales_branches_by_their_number() {
    // The paper's formula at its own networks: L = 9, 54 and 600 of m = 2, 16 and 33 of m = 3.
    for (blocks, layers, expected) in [
        (9, 2, 1.0 / 3.0),
        (54, 2, 0.136_082_763),
        (600, 2, 0.040_824_829),
        (16, 3, 0.5),
        (33, 3, 0.417_226_145),
    ] {
        let scale = fixup_branch_scale(blocks, layers);
        assert!((scale - expected).abs() < 1e-9, "{scale}");
    }
    let data = normals("x", 20);
    let spec = resmlp(64, 202, Activation::relu());
    let network = network(&Recipe::Fixup, &spec, 1, &data);
    let mut all = Vec::new();
    for parameter in network.parameters() {
        let name = parameter.spec.name();
        if name.ends_with("fc1.weight") {
            all.extend_from_slice(parameter.values);
        }
        if name.ends_with("fc2.weight") || name == "head.weight" {
            assert!(parameter.values.iter().all(|w| *w == 0.0), "{name}");
        }
        match parameter.spec.role() {
            Role::Scale => assert_eq!(parameter.values, [1.0], "{name}"),
            Role::Offset => assert_eq!(parameter.values, [0.0], "{name}"),
            _ => {}
        }
    }
    // He's 2/64 over L = 100 blocks; 100·64² values.
    let expected = 2.0 / 64.0 / 100.0;
    let tolerance = 5.0 * (2.0 / all.len() as f64).sqrt();
    assert!((second_moment(&all) / expected - 1.0).abs() < tolerance);
    let stem = network.parameter("stem.weight").unwrap();
    let tolerance = 5.0 * (2.0 / stem.len() as f64).sqrt();
    assert!((second_moment(stem) * 20.0 / 2.0 - 1.0).abs() < tolerance);

    let multipliers = Recipe::Fixup.multipliers(network.graph());
    // Four biases and one multiplier in each of 100 blocks.
    assert_eq!(multipliers.len(), 500);
    assert!(
        multipliers
            .iter()
            .all(|(name, factor)| *factor == 0.1 && network.parameter(name).unwrap().len() == 1)
    );
}

#[test]
fn shut_branches_pass_the_trunk_on() {
    let data = normals("x", 64 * 20);
    for text in ["fixup", "skipinit", "rezero"] {
        for block in [zoo::Block::TwoLayer, zoo::Block::ActivationFirst] {
            let spec = zoo::ResMlpSpec {
                block,
                ..zoo::ResMlpSpec::new(20, 16, 50, 10, Activation::relu())
            }
            .into();
            let mut network = network(&recipe(text), &spec, 64, &data);
            let moments = activations(&mut network, &data);
            let last = moments
                .iter()
                .filter(|(name, _)| name.ends_with(".sum"))
                .map(|(_, moments)| moments)
                .collect::<Vec<_>>();
            assert!(last.len() >= 24);
            assert!(
                last.iter()
                    .all(|sum| sum.second_moment() == moments["stem"].second_moment())
            );
        }
    }
}

#[test]
fn skipinit_and_rezero_open_at_the_first_step() {
    let data = normals("x", 64 * 20);
    for text in ["skipinit", "rezero"] {
        let spec = resmlp(16, 50, Activation::relu());
        let mut network = network(&recipe(text), &spec, 64, &data);
        let targets = labels(64);
        network
            .forward(&[&data], Targets::Classes(&targets), &NoTap)
            .unwrap();
        network.backward(&NoTap).unwrap();
        let gradient = |name: &str| second_moment(network.gradient(name).unwrap());
        // While α is 0 it alone has a gradient in its branch.
        assert!(gradient("blocks.7.multiplier.scale") > 0.0);
        assert_eq!(gradient("blocks.7.fc1.weight"), 0.0);
        assert_eq!(gradient("blocks.7.fc2.weight"), 0.0);
    }
}

#[test]
fn half_variance_sums_keep_the_second_moment() {
    const WIDTH: usize = 256;
    const BLOCKS: usize = 20;
    let data = normals("x", 64 * 20);
    let spec = resmlp(WIDTH, 2 + 2 * BLOCKS, Activation::relu());
    let mut ratios = Vec::new();
    for seed in 0..10 {
        let graph = Recipe::SqrtHalf.build(&spec).unwrap();
        let mut network = Network::new(graph, 64, Mode::Forward, Threads(1)).unwrap();
        Recipe::SqrtHalf
            .initialize(&mut network, &spec, Seed(seed), None)
            .unwrap();
        let moments = activations(&mut network, &data);
        let last = &moments[&format!("blocks.{}.half", BLOCKS - 1)];
        ratios.push((last.second_moment() / moments["stem"].second_moment()).ln());
    }
    // One example's branch has, over its trunk, a squared length whose relative variance is
    // 2/n (linear layer) + 5/n (ReLU layer), n = WIDTH; half of the trunk is the branch, so that a
    // block moves ln(second moment) by a quarter of that variance, plus the cross term's 1/n. The
    // examples share weights, so no less than one example's spread is taken for all of them.
    let block = (2.0 + 5.0) / (4.0 * WIDTH as f64) + 1.0 / WIDTH as f64;
    let spread = (BLOCKS as f64 * block).sqrt();
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    let tolerance = 5.0 * spread / (ratios.len() as f64).sqrt();
    // Without √½ the mean were 20·ln 2 = 14, with He's gain in both layers 20·ln 1.5 = 8.
    assert!(mean.abs() < tolerance, "{mean} beyond {tolerance}");
    assert!(tolerance < 1.0);
}

#[test]
fn lsuv_gives_each_pre_activation_unit_variance() {
    let data = normals("x", 256 * 20);
    for spec in [
        mlp(64, 30, Activation::relu()),
        mlp(64, 30, Activation::tanh()),
        resmlp(64, 30, Activation::relu()),
    ] {
        let mut network = network(&Recipe::Lsuv, &spec, 256, &data);
        let moments = activations(&mut network, &data);
        let mut layers = 0;
        for parameter in network.parameters() {
            if let Some(layer) = parameter.spec.name().strip_suffix(".weight") {
                // Layers are linear in their weights: one round leaves rounding. Another order of
                // summation leaves 2⁻²⁴ a term, far below.
                let std = moments[layer].std();
                assert!((std - 1.0).abs() < 1e-4, "{layer}: {std}");
                layers += 1;
            }
        }
        assert_eq!(layers, 30);
    }
}

#[test]
fn lsuv_of_the_course_is_centred_after_the_activation() {
    let data = normals("x", 256 * 20);
    let spec = mlp(64, 20, Activation::relu());
    let mut network = network(&Recipe::LsuvCourse, &spec, 256, &data);
    let moments = activations(&mut network, &data);
    for layer in 0..19 {
        let after = &moments[&format!("act{layer}.shift")];
        assert!(after.mean().abs() <= 1.1e-3, "{layer}: {}", after.mean());
        assert!(
            (after.std() - 1.0).abs() <= 1.1e-3,
            "{layer}: {}",
            after.std()
        );
    }
    // He's weights alone leave the mean of a ReLU where it is, above half a standard deviation.
    let mut he = self::network(&recipe("kaiming_normal"), &spec, 256, &data);
    assert!(activations(&mut he, &data)["act10"].mean() > 0.2);
}

#[test]
fn weight_norm_standardises_each_unit() {
    const EXAMPLES: usize = 256;
    let data = normals("x", EXAMPLES * 20);
    let spec = mlp(32, 10, Activation::relu());
    let mut network = network(&Recipe::WeightNorm, &spec, EXAMPLES, &data);
    network.predict(&[&data], &NoTap).unwrap();
    let logits: Vec<f32> = network.output().flatten().copied().collect();
    for unit in 0..10 {
        let column: Vec<f32> = logits.iter().skip(unit).step_by(10).copied().collect();
        let moments = Moments::of(&column);
        assert!(moments.mean().abs() < 1e-4, "{unit}: {}", moments.mean());
        assert!(
            (moments.std() - 1.0).abs() < 1e-4,
            "{unit}: {}",
            moments.std()
        );
    }
}

#[test]
fn near_critical_networks_are_next_to_the_edge_and_nearly_isometric() {
    const DEPTH: usize = 400;
    let tanh = Activation::tanh();
    let point = near_critical_point(&tanh, DEPTH).unwrap();
    assert_eq!(point.q_star, 0.25 / 20.0);
    let theory = MeanField::new(&tanh, point.sigma_w2, point.sigma_b2).unwrap();
    assert!((theory.chi_1(point.q_star).unwrap() - 1.0).abs() < 1e-9);
    assert!((theory.variance_map(point.q_star).unwrap() / point.q_star - 1.0).abs() < 1e-9);

    let data = normals("x", 64 * 20);
    let spec = mlp(16, DEPTH, tanh);
    let gradient_growth = |recipe: Recipe| {
        let mut network = network(&recipe, &spec, 64, &data);
        let targets = labels(64);
        let recorder = Recorder::new(&network);
        network
            .forward(&[&data], Targets::Classes(&targets), &recorder)
            .unwrap();
        network.backward(&recorder).unwrap();
        let at = |quantity, name: &str| {
            let records = recorder.records(quantity);
            let record = records.iter().find(|record| record.name == name);
            record.unwrap().moments.second_moment()
        };
        let first = at(Quantity::Gradient, "fc1");
        let last = at(Quantity::Gradient, &format!("fc{}", DEPTH - 2));
        let variance = at(Quantity::Activation, &format!("fc{}", DEPTH - 2));
        ((first / last).ln(), variance / point.q_star)
    };
    let (growth, variance) = gradient_growth(Recipe::NearCritical);
    // The squared singular values of the whole product have a relative variance of ½ by the choice
    // of q*: a mean over 16 directions stays within a factor e.
    assert!(growth.abs() < 1.0, "{growth}");
    assert!((0.3..3.0).contains(&variance), "{variance}");
    // Gaussian matrices lose ½·(1/16 + …) of ln rms² a layer: e⁻²⁵ over 400 layers at least.
    let (growth, _) = gradient_growth(Recipe::GaussianCritical);
    assert!(growth < -10.0, "{growth}");
}

#[test]
fn batch_normalised_layers_have_mean_0_and_unit_variance() {
    let data = normals("x", 64 * 20);
    for spec in [
        mlp(32, 8, Activation::relu()),
        resmlp(32, 8, Activation::relu()),
    ] {
        let mut network = network(&Recipe::BatchNorm, &spec, 64, &data);
        let recorder = Recorder::new(&network);
        let targets = labels(64);
        network
            .forward(&[&data], Targets::Classes(&targets), &recorder)
            .unwrap();
        let mut norms = 0;
        for record in recorder.records(Quantity::Activation) {
            if record.name.contains("bn") {
                // ε = 10⁻⁵ beside variances of order 1; rounding of 64·32 values is below.
                assert!(record.moments.mean().abs() < 1e-5, "{}", record.name);
                assert!((record.moments.std() - 1.0).abs() < 1e-3, "{}", record.name);
                norms += 1;
            }
        }
        assert!(norms >= 6, "{norms}");
    }
}

const IMAGE: [usize; 3] = [1, 12, 12];

#[test]
fn every_recipe_runs_on_convolutions() {
    let data = normals("image", 16 * 144);
    let relu = Activation::relu;
    let specs: [zoo::NetSpec; 2] = [
        zoo::CnnSpec::new(IMAGE, 8, 6, 10, relu()).into(),
        zoo::ResCnnSpec::new(IMAGE, 4, 8, 10, relu()).into(),
    ];
    for spec in &specs {
        let mut ran = 0;
        for recipe in Recipe::all() {
            let graph = recipe.build(spec).unwrap();
            let mut network = Network::new(graph, 16, Mode::Training, Threads(1)).unwrap();
            match recipe.initialize(&mut network, spec, Seed(5), Some(&data)) {
                Ok(()) => {
                    let targets = labels(16);
                    let loss = network
                        .forward(&[&data], Targets::Classes(&targets), &NoTap)
                        .unwrap();
                    network.backward(&NoTap).unwrap();
                    assert!(loss.is_finite(), "{recipe}: {loss}");
                    ran += 1;
                }
                Err(error) => assert!(
                    matches!(error, RecipeError::Init(_) | RecipeError::NoBranches { .. }),
                    "{recipe}: {error}"
                ),
            }
        }
        assert!(ran >= 20, "{ran} recipes ran");
    }
}

#[test]
fn fixup_on_convolutions_begins_at_ln_10() {
    let data = normals("image", 16 * 144);
    let spec = zoo::ResCnnSpec::new(IMAGE, 4, 20, 10, Activation::relu()).into();
    let mut network = network(&Recipe::Fixup, &spec, 16, &data);
    let targets = labels(16);
    let loss = network
        .forward(&[&data], Targets::Classes(&targets), &NoTap)
        .unwrap();
    assert!((loss - 10f64.ln()).abs() < 1e-15 * 16.0, "{loss}");
    // Nine blocks of m = 2: He's 2/(9·4) over 9, at each of 4·4·9 values of three blocks.
    let mut squares = Vec::new();
    for parameter in network.parameters() {
        let name = parameter.spec.name();
        if ["blocks.0.", "blocks.1.", "blocks.2."]
            .iter()
            .any(|b| name.starts_with(b))
            && name.ends_with("conv1.weight")
        {
            squares.extend_from_slice(parameter.values);
        }
        assert!(!name.ends_with("conv2.weight") || parameter.values.iter().all(|w| *w == 0.0));
        assert!(!name.ends_with("shortcut.weight") || parameter.values.iter().any(|w| *w != 0.0));
    }
    let tolerance = 5.0 * (2.0 / squares.len() as f64).sqrt();
    let ratio = second_moment(&squares) * 36.0 / 2.0 * 9.0;
    assert!((ratio - 1.0).abs() < tolerance, "{ratio}");
}

#[test]
fn delta_orthogonal_convolutions_keep_every_length() {
    let data = normals("image", 4 * 144);
    let spec: zoo::NetSpec = zoo::CnnSpec {
        stages: 1,
        ..zoo::CnnSpec::new(IMAGE, 8, 40, 10, Activation::identity())
    }
    .into();
    let mut network = network(&recipe("delta_orthogonal"), &spec, 4, &data);
    let moments = activations(&mut network, &data);
    let (first, last) = (&moments["conv0"], &moments["conv38"]);
    // 38 orthogonal maps in f32, each exact to some 2⁻²⁴ a value.
    assert!((last.second_moment() / first.second_moment() - 1.0).abs() < 1e-4);
    // The stem spreads one channel over eight: the length stays, the mean square is an eighth.
    assert!((first.second_moment() * 8.0 / second_moment(&data) - 1.0).abs() < 1e-4);

    let mut gaussian = self::network(&recipe("kaiming_normal"), &spec, 4, &data);
    let moments = activations(&mut gaussian, &data);
    let kept = moments["conv38"].second_moment() / moments["conv0"].second_moment();
    assert!((kept.ln()).abs() > 0.5, "{kept}");
}

#[test]
fn near_critical_convolutions_start_at_their_fixed_point() {
    const DEPTH: usize = 60;
    let data = normals("image", 16 * 144);
    let tanh = Activation::tanh();
    let point = near_critical_point(&tanh, DEPTH).unwrap();
    let spec: zoo::NetSpec = zoo::CnnSpec::new(IMAGE, 16, DEPTH, 10, tanh).into();
    let mut network = network(&Recipe::NearCritical, &spec, 16, &data);
    let moments = activations(&mut network, &data);
    for layer in ["conv0", "conv20", "conv58"] {
        let ratio = moments[layer].second_moment() / point.q_star;
        assert!((0.5..2.0).contains(&ratio), "{layer}: {ratio}");
    }
}

#[test]
fn refusals_say_what_to_do() {
    let data = normals("x", 20);
    let plain = mlp(16, 5, Activation::relu());
    let build = |recipe: &Recipe, spec: &zoo::NetSpec| {
        let graph = recipe.build(spec)?;
        let mut network = Network::new(graph, 1, Mode::Forward, Threads(1)).unwrap();
        recipe.initialize(&mut network, spec, Seed(1), None)
    };
    let said = |recipe: Recipe, spec: &zoo::NetSpec| build(&recipe, spec).unwrap_err().to_string();
    assert!(said(Recipe::Fixup, &plain).contains("take resmlp"));
    assert!(said(Recipe::ReZero, &plain).contains("take resmlp"));
    assert!(said(Recipe::Lsuv, &plain).contains("give one"));
    assert_eq!(Recipe::Lsuv.needs(), Needs::Data);
    assert_eq!(Recipe::Fixup.needs(), Needs::Seed);
    let dead = zoo::ResMlpSpec {
        block: zoo::Block::ActivationLast,
        ..zoo::ResMlpSpec::new(20, 16, 10, 10, Activation::relu())
    };
    assert!(said(Recipe::Fixup, &dead.into()).contains("take another block"));
    let gelu = mlp(16, 5, Activation::sigmoid());
    assert!(said(Recipe::NearCritical, &gelu).contains("edge of chaos"));

    let graph = Recipe::Lsuv.build(&plain).unwrap();
    let mut network = Network::new(graph, 1, Mode::Forward, Threads(1)).unwrap();
    let one = Recipe::Lsuv.initialize(&mut network, &plain, Seed(1), Some(&data));
    assert!(one.unwrap_err().to_string().contains("at least 2"));
    let same = [data.clone(), data].concat();
    let flat = Recipe::WeightNorm.initialize(&mut network, &plain, Seed(1), Some(&same));
    assert!(flat.unwrap_err().to_string().contains("unit 0"));

    let unknown = "fixpu".parse::<Recipe>().unwrap_err().to_string();
    assert!(
        unknown.contains("`fixpu`")
            && unknown.contains("fixup")
            && unknown.contains("kaiming_normal")
    );
    let open = "normal(std=1".parse::<Recipe>().unwrap_err().to_string();
    assert!(open.contains("name(parameter=value"), "{open}");
    let foreign = "normal(sdt=1)".parse::<Recipe>().unwrap_err().to_string();
    assert!(foreign.contains("sdt"), "{foreign}");
}

/// The root mean square of each parameter, by name.
fn sizes(network: &Network) -> HashMap<String, f64> {
    let size = |values: &[f32]| second_moment(values).sqrt();
    let parameters = network.parameters();
    parameters
        .map(|p| (p.spec.name().to_owned(), size(p.values)))
        .collect()
}

#[test]
fn at_the_width_of_its_base_mup_changes_no_bit() {
    let data = normals("x", 64 * 20);
    for recipe in Recipe::all() {
        let activation = Activation::tanh();
        let spec = resmlp(32, 6, activation);
        let graph = recipe.build(&spec).unwrap();
        let make = || Network::new(graph.clone(), 64, Mode::Training, Threads(1)).unwrap();
        let (mut plain, mut by_mup) = (make(), make());
        let done = recipe.initialize(&mut plain, &spec, Seed(5), Some(&data));
        let by = recipe.initialize_mup(&mut by_mup, &spec, &graph, Seed(5), Some(&data));
        assert_eq!(done.is_ok(), by.is_ok(), "{recipe}");
        for (a, b) in plain.parameters().zip(by_mup.parameters()) {
            assert_eq!(a.values, b.values, "{recipe}: {}", a.spec.name());
        }
    }
}

#[test]
fn under_mup_weights_follow_their_size_at_the_base() {
    /// How many times as wide.
    const R: usize = 4;
    let inputs = 20;
    let data = normals("x", 64 * inputs);
    let mut judged = 0;
    for recipe in Recipe::all() {
        let of_width = |width| resmlp(width, 6, Activation::tanh());
        let (spec, base_spec) = (of_width(64 * R), of_width(64));
        let base = recipe.build(&base_spec).unwrap();
        let make = |spec| {
            let graph = recipe.build(spec).unwrap();
            Network::new(graph, 64, Mode::Training, Threads(1)).unwrap()
        };
        let (mut narrow, mut wide) = (make(&base_spec), make(&spec));
        let at_base = recipe.initialize(&mut narrow, &base_spec, Seed(5), Some(&data));
        let by_mup = recipe.initialize_mup(&mut wide, &spec, &base, Seed(6), Some(&data));
        match (at_base, by_mup) {
            (Ok(()), Ok(())) => judged += 1,
            // Ones: the mean does not fall.
            (Ok(()), Err(RecipeError::Mean { .. })) => {
                assert_eq!(recipe.to_string(), "ones");
                continue;
            }
            (Err(_), Err(_)) => continue,
            (at_base, by_mup) => panic!("{recipe}: {at_base:?} {by_mup:?}"),
        }
        let expected = sizes(&narrow);
        for parameter in wide.parameters() {
            let name = parameter.spec.name();
            let falls_as = match parameter.spec.role() {
                Role::Weight { .. } if name == "stem.weight" => 1.0,
                Role::Weight { .. } if name == "head.weight" => R as f64,
                Role::Weight { .. } => (R as f64).sqrt(),
                _ => 1.0,
            };
            let (got, wanted) = (
                second_moment(parameter.values).sqrt(),
                expected[name] / falls_as,
            );
            // What is random has a root mean square of relative error 1/√(2 count), and what is set
            // by the data follows 64 examples.
            let count = narrow.parameter(name).unwrap().len() as f64;
            let slack = match recipe.needs() {
                Needs::Data => 0.3,
                Needs::Seed => 5.0 / (2.0 * count).sqrt(),
            };
            // The bias that centres what is centred is a rounding error, of whatever size.
            let rounding = f64::from(f32::EPSILON);
            assert!(
                (got - wanted).abs() <= slack * wanted + rounding,
                "{recipe}: {name} has {got}, and not {wanted}"
            );
        }
    }
    assert!(judged >= 20, "{judged} recipes were judged");
}

#[test]
fn under_mup_a_convolution_follows_its_channels() {
    let of_width = |channels| {
        zoo::NetSpec::from(zoo::ResCnnSpec::new(
            [1, 8, 8],
            channels,
            8,
            10,
            Activation::relu(),
        ))
    };
    // Xavier's variance has the fan-out in it, which grows in the stem as elsewhere.
    let recipe = recipe("xavier_normal");
    let (spec, base_spec) = (of_width(32), of_width(8));
    let base = recipe.build(&base_spec).unwrap();
    let graph = recipe.build(&spec).unwrap();
    let mut wide = Network::new(graph, 2, Mode::Training, Threads(1)).unwrap();
    recipe
        .initialize_mup(&mut wide, &spec, &base, Seed(1), None)
        .unwrap();
    let sizes = sizes(&wide);
    for (name, fans, falls_as) in [
        ("stem.weight", 9.0 * (1.0 + 8.0), 1.0),
        ("blocks.0.conv1.weight", 9.0 * (8.0 + 8.0), 2.0),
        ("blocks.1.shortcut.weight", 8.0 + 16.0, 2.0),
        ("head.weight", 32.0 + 10.0, 4.0),
    ] {
        let wanted = (2.0f64 / fans).sqrt() / falls_as;
        let count = wide.parameter(name).unwrap().len() as f64;
        let slack = 5.0 / (2.0 * count).sqrt();
        assert!(
            (sizes[name] / wanted - 1.0).abs() < slack,
            "{name} has {}, and not {wanted}",
            sizes[name]
        );
    }
}
