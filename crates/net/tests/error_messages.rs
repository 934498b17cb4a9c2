//! Every error there is, as a caller meets it: its variant, and what its message says of what is
//! wrong, where, what was expected and what to do.

use std::fs;
use std::path::Path;

use evenkeel_init::{InitError, Seed};
use evenkeel_net::chain::{Chain, ChainError};
use evenkeel_net::checkpoint::{self, Checkpoint, CheckpointError, Difference, MANIFEST};
use evenkeel_net::zoo::{self, MlpSpec, NetSpec, ResMlpSpec, ZooError};
use evenkeel_net::{
    Activation, Adam, BatchNorm, Bias, Convolution, Graph, GraphBuilder, GraphError, Histogram,
    HistogramError, LearningRate, Mode, Multipliers, MupRule, Nesterov, Network, NoTap, Optimizer,
    OptimizerError, Orientation, Plan, PlanError, Recipe, RecipeError, RunError, Schedule, Sgd,
    Targets, Threads, clip_gradients, near_critical_point,
};
use evenkeel_theory::{GainError, MeanFieldError};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Asserts the variant of an error, and that its message has each of these parts.
macro_rules! refused {
    ($result:expr, $variant:pat, $($part:expr),+ $(,)?) => {{
        let Err(error) = $result else {
            panic!("{} was not refused", stringify!($result));
        };
        assert!(matches!(error, $variant), "{error:?}");
        let text = error.to_string();
        for part in [$($part),+] {
            assert!(text.contains(part), "{text:?} does not say {part:?}");
        }
    }};
}

fn parsed(text: &str) -> Activation {
    Activation::parse(text).expect(text)
}

fn mlp(activation: &str) -> Graph {
    zoo::mlp(&MlpSpec::new(3, 4, 2, 2, parsed(activation))).expect("a network")
}

fn network(graph: Graph, mode: Mode) -> Network {
    Network::new(graph, 4, mode, Threads(1)).expect("a plan")
}

#[test]
fn graphs() {
    use GraphError as E;
    refused!(
        GraphBuilder::new().finish(),
        E::NoLayers,
        "without layers: add at least one"
    );
    refused!(
        zoo::mlp(&MlpSpec::new(3, 4, 0, 2, Activation::relu())),
        E::NoDepth,
        "a depth of 0",
        "at least 1 linear layer",
    );
    let mut other = GraphBuilder::new();
    let mut far = other.input("far", &[3]).unwrap();
    for layer in 0..4 {
        far = other.shift(far, &format!("shift{layer}"), 1.0).unwrap();
    }
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[3]).unwrap();
    refused!(
        builder.linear(x, "", 2, Bias::No),
        E::NoName,
        "a layer without a name: give each",
    );
    refused!(
        builder.linear(x, "x", 2, Bias::No),
        E::DuplicateName { .. },
        "two layers are named `x`: give each",
    );
    refused!(
        builder.linear(far, "fc", 2, Bias::No),
        E::ForeignValue { .. },
        "layer `fc` reads a value of another graph: pass what this builder returned",
    );
    refused!(
        builder.convolution(x, "conv", &Convolution::new(6, [3, 3])),
        E::Shape { .. },
        "layer `conv` cannot follow `x`: it needs",
        "gets [3]",
    );
    refused!(
        builder.input("y", &[3, 0]),
        E::Size { .. },
        "`y` has the shape [3, 0]: every axis must be at least 1",
    );
    let vast = builder.input("vast", &[1 << 40]).unwrap();
    let half = builder.linear(vast, "half", 1 << 20, Bias::No).unwrap();
    refused!(
        builder.linear(half, "back", 1 << 40, Bias::No),
        E::TooManyParameters { .. },
        "with `back` the parameters no longer fit",
        "make layers narrower or fewer",
    );
    refused!(
        builder.dropout(x, "drop", 1.5),
        E::Setting { .. },
        "layer `drop`: ",
        "is 1.5: it must be",
    );
    refused!(
        builder.shift(x, "shift", 1e300),
        E::Constant { .. },
        "layer `shift`: the constant",
        "is not a finite f32; give one",
    );
    builder.mean_squared_error(x, "mse").unwrap();
    refused!(
        builder.linear(x, "late", 2, Bias::No),
        E::AfterLoss { .. },
        "`late` follows the loss `mse`: the loss must be the last layer",
    );
}

#[test]
fn plans() {
    use PlanError as E;
    let graph = mlp("relu");
    let plan = |batch| Plan::new(&graph, batch, Mode::Training);
    refused!(
        plan(0),
        E::NoBatch,
        "a batch of 0 examples: give at least 1"
    );
    refused!(
        plan(usize::MAX / 8),
        E::TooLarge { .. },
        &format!("a batch of {} does not fit", usize::MAX / 8),
        "make it, or the network, smaller",
    );
    refused!(
        Network::new(graph.clone(), 1 << 55, Mode::Forward, Threads(1)),
        E::Memory { .. },
        "bytes of memory were refused",
        "make the batch, or the network, smaller",
    );
    refused!(
        plan(4).unwrap().check_memory(10),
        E::DoesNotFit { available: 10, .. },
        "bytes of memory and there are 10",
        "make the batch, the width or the depth smaller",
    );
    refused!(
        Network::new(graph.clone(), 1, Mode::Forward, Threads(0)),
        E::NoThreads,
        "0 threads: give at least 1",
    );
}

/// In a process of its own, whose threads ask for a stack longer than the address space.
#[test]
fn threads_that_cannot_be_started() {
    if std::env::var_os("RUST_MIN_STACK").is_some() {
        refused!(
            Network::new(mlp("relu"), 1, Mode::Forward, Threads(3)),
            PlanError::Threads { threads: 3, .. },
            "3 threads could not be started (",
            "): ask for fewer",
        );
        return;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        // One thread of tests is the first, which has its stack already.
        .args([
            "--test-threads=1",
            "--exact",
            "threads_that_cannot_be_started",
        ])
        .env("RUST_MIN_STACK", (1_u64 << 50).to_string())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{output:?}"
    );
}

#[test]
fn passes() {
    use RunError as E;
    let classes = Targets::Classes(&[0, 1]);
    let x: &[&[f32]] = &[&[0.5; 6]];
    let mut net = network(mlp("relu"), Mode::Training);
    refused!(
        net.forward(&[], classes, &NoTap),
        E::InputCount {
            expected: 1,
            got: 0
        },
        "0 inputs given: the network has 1",
    );
    refused!(
        net.forward(&[&[0.5; 5]], classes, &NoTap),
        E::InputLength { got: 5, .. },
        "input `x` has 5 values: give 3 for each example",
        "at most 4",
    );
    refused!(
        net.forward(x, Targets::Values(&[0.0; 4]), &NoTap),
        E::TargetKind { .. },
        "SoftmaxCrossEntropy was given targets of another kind",
        "classes with SoftmaxCrossEntropy",
    );
    refused!(
        net.forward(x, Targets::Classes(&[0; 3]), &NoTap),
        E::TargetLength {
            expected: 2,
            got: 3
        },
        "3 target values given: 2 go with the examples given",
    );
    refused!(
        net.forward(x, Targets::Classes(&[0, 9]), &NoTap),
        E::Class { class: 9, .. },
        "example 1 has class 9: the network has classes 0 to 1",
    );
    refused!(
        net.backward(&NoTap),
        E::NoForward,
        "no forward pass",
        "run one first"
    );
    refused!(net.value("x").map(drop), E::NoForward, "no forward pass");
    refused!(
        net.gradient("fc0.weight"),
        E::NoGradients,
        "no gradients: run a backward pass first",
    );
    net.predict(x, &NoTap).unwrap();
    refused!(
        net.backward(&NoTap),
        E::NoSeed,
        "had no targets: run `forward`, or give `backward_from`",
    );
    refused!(
        net.backward_from(&[0.0; 3], &NoTap),
        E::GradientLength {
            expected: 4,
            got: 3
        },
        "3 gradient values given",
        "has 4",
    );
    refused!(
        net.value("fc0").map(drop),
        E::NotKept { .. },
        "value `fc0` is not kept after the pass: look at it with a tap",
    );
    refused!(
        net.value("fc9").map(drop),
        E::UnknownValue { .. },
        "no value is named `fc9`",
        "named as their inputs and layers",
    );
    for name in ["fc9.weight", "fc0"] {
        let text = format!("no parameter is named `{name}`: a layer's are LAYER.weight");
        refused!(net.parameter(name), E::UnknownParameter { .. }, &text);
        refused!(net.parameter_mut(name), E::UnknownParameter { .. }, &text);
    }
    let text = "no buffer is named `bn`: batch normalisation's are LAYER.running_mean";
    refused!(net.buffer("bn"), E::UnknownBuffer { .. }, text);
    refused!(net.buffer_mut("bn"), E::UnknownBuffer { .. }, text);
    let mut forward = network(mlp("relu"), Mode::Forward);
    forward.forward(x, classes, &NoTap).unwrap();
    refused!(
        forward.backward(&NoTap),
        E::NotTraining,
        "planned for forward passes only: make it with Mode::Training",
    );
}

#[test]
fn passes_of_particular_networks() {
    use RunError as E;
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[3]).unwrap();
    let y = builder.batch_norm(x, "bn", &BatchNorm::default()).unwrap();
    builder.linear(y, "fc", 2, Bias::Yes).unwrap();
    let mut net = network(builder.finish().unwrap(), Mode::Training);
    refused!(
        net.forward(&[&[0.5; 6]], Targets::Classes(&[0, 1]), &NoTap),
        E::NoLoss,
        "the network has no loss: call `predict`, or end its graph with a loss",
    );
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[3]).unwrap();
    let y = builder.batch_norm(x, "bn", &BatchNorm::default()).unwrap();
    builder.softmax_cross_entropy(y, "loss").unwrap();
    let mut net = network(builder.finish().unwrap(), Mode::Training);
    refused!(
        net.forward(&[&[0.5; 3]], Targets::Classes(&[0]), &NoTap),
        E::OneValue { .. },
        "`bn` has a single value in each channel",
        "trains on 2 examples or more; use `evaluate` or `predict` for one",
    );
}

#[test]
fn optimisers() {
    use OptimizerError as E;
    let graph = mlp("relu");
    let sgd = || Sgd::new(0.1).unwrap();
    let adam = || Adam::new(0.1).unwrap();
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        let with = |words: &str| words.replace("BAD", &bad.to_string());
        let not_negative = "give a finite number that is not negative";
        refused!(
            Sgd::new(bad),
            E::LearningRate { .. },
            &with("a learning rate of BAD"),
            not_negative,
        );
        refused!(
            sgd().with_momentum(bad),
            E::Momentum { .. },
            &with("a momentum of BAD"),
            "from 0 up to, but not including, 1",
        );
        refused!(
            sgd().with_weight_decay(bad),
            E::WeightDecay { .. },
            &with("a weight decay of BAD"),
            not_negative,
        );
        refused!(
            adam().with_betas(0.9, bad),
            E::Beta { which: "beta2", .. },
            &with("a beta2 of BAD"),
            "from 0 up to, but not including, 1",
        );
        refused!(
            adam().with_epsilon(bad),
            E::Epsilon { .. },
            &with("an epsilon of BAD"),
            not_negative,
        );
        refused!(
            Multipliers::new(&graph, [("fc0.bias", bad)]),
            E::Multiplier { .. },
            &with("parameter `fc0.bias` has the learning-rate factor BAD"),
            not_negative,
        );
        let mut net = network(graph.clone(), Mode::Training);
        refused!(
            clip_gradients(&mut net, bad),
            E::MaxNorm { .. },
            &with("gradients clipped to a norm of BAD"),
            "give a finite number above 0",
        );
    }
    refused!(
        sgd().with_nesterov(Nesterov::Yes),
        E::NesterovWithoutMomentum,
        "Nesterov's step needs momentum: give one above 0",
    );
    refused!(
        Multipliers::new(&graph, [("fc7.bias", 0.1)]),
        E::UnknownParameter { .. },
        "given to `fc7.bias`, which is no parameter of the network",
        "name one as LAYER.weight or LAYER.bias",
    );
    let deeper = zoo::mlp(&MlpSpec::new(3, 8, 3, 2, Activation::relu())).unwrap();
    refused!(
        Multipliers::mup(&deeper, &graph, MupRule::Adam),
        E::Base { .. },
        "parameter `fc2.weight` has no match in the base",
        "give the same layers at the width that was tuned",
    );
    refused!(
        LearningRate::new(
            0.1,
            Schedule::Cosine {
                steps: 0,
                floor: 0.0
            }
        ),
        E::Schedule { .. },
        "is 0: give at least 1",
    );
    refused!(
        adam().restore(sgd().state(), graph.parameter_count()),
        E::State { .. },
        "the state holds that of `sgd`, where the state of `adam` is needed",
    );
}

#[test]
fn recipes() {
    use RecipeError as E;
    let parse = |text: &str| text.parse::<Recipe>();
    refused!(
        parse("xaviar"),
        E::Unknown { .. },
        "there is no recipe `xaviar`; the recipes are",
        "fixup",
        "kaiming_normal",
    );
    refused!(
        parse("normal(std"),
        E::Syntax { .. },
        "`normal(std` is no recipe: write a name, or name(parameter=value",
    );
    refused!(
        parse("normal(stdd=1)"),
        E::Parameter { .. },
        "normal: unknown field `stdd`, expected one of",
    );
    refused!(
        parse("normal"),
        E::Init(InitError::SchemeParameter { .. }),
        "normal needs \"std\""
    );

    let spec = |activation: &str| NetSpec::from(MlpSpec::new(3, 4, 2, 2, parsed(activation)));
    let initialize = |recipe: &str, spec: &NetSpec, batch: Option<&[f32]>| {
        let recipe = parse(recipe).unwrap();
        let mut net = network(recipe.build(spec).unwrap(), Mode::Training);
        recipe.initialize(&mut net, spec, Seed(1), batch)
    };
    let (relu, tanh) = (spec("relu"), spec("tanh"));
    for recipe in ["fixup", "skipinit", "rezero", "sqrt-half"] {
        refused!(
            initialize(recipe, &relu, None),
            E::NoBranches { .. },
            &format!("{recipe} sets the branches of residual networks, and this one has none: "),
        );
    }
    let residual = ResMlpSpec::new(3, 4, 3, 2, Activation::relu());
    let last = NetSpec::from(ResMlpSpec {
        block: zoo::Block::ActivationLast,
        ..residual.clone()
    });
    refused!(
        parse("fixup").unwrap().build(&last),
        E::DeadBranch { .. },
        "fixup begins with branches of 0, and relu has no slope there",
        "take another block",
    );
    for recipe in ["lsuv", "lsuv-course", "weight-norm"] {
        refused!(
            initialize(recipe, &tanh, None),
            E::NeedsData { .. },
            &format!("{recipe} is set by what a batch of data does in the network: give one"),
        );
        for batch in [&[0.5; 3][..], &[0.5; 7]] {
            refused!(
                initialize(recipe, &tanh, Some(batch)),
                E::Batch {
                    least: 2,
                    features: 3,
                    ..
                },
                &format!(
                    "a batch of {} values: give whole examples of 3 values, at least 2",
                    batch.len()
                ),
            );
        }
    }
    refused!(
        initialize("lsuv", &tanh, Some(&[0.0; 12])),
        E::NoSpread { got: 0.0, .. },
        "`fc0`: its output has a standard deviation of 0 over the batch",
        "give more examples or another activation",
    );
    refused!(
        initialize("weight-norm", &tanh, Some(&[0.0; 12])),
        E::NoSpread { .. },
        "`fc0, unit 0`: its output has a standard deviation of 0",
    );
    // Of four outputs of one unit one is the next number up: they stand so many units in the last place
    // apart, whatever the weight, and their standard deviation is √3/4 of that, never near 1.
    let lone = NetSpec::from(MlpSpec::new(1, 1, 2, 2, Activation::tanh()));
    refused!(
        initialize("lsuv", &lone, Some(&[1.0, 1.0, 1.0, 1.0_f32.next_up()])),
        E::NotSettled { rounds: 10, .. },
        "`fc0`: after 10 rounds its output has mean",
        "and standard deviation",
        "give more examples",
    );
    // A sigmoid's values lie within 0 and 1, so that their standard deviation is below ½.
    let batch: Vec<f32> = (0..12).map(|i| (i as f32 * 1.7).sin()).collect();
    refused!(
        initialize("lsuv-course", &spec("sigmoid"), Some(&batch)),
        E::NotSettled { rounds: 20, .. },
        "`fc0`: after 20 rounds its output has mean",
        "and standard deviation 0.",
        "give more examples",
    );
    refused!(
        near_critical_point(&parsed("sigmoid"), 100),
        E::NoEdge { .. },
        "sigmoid is not on the edge of chaos at a variance of 0.025: take tanh",
    );
    refused!(
        near_critical_point(&parsed("sign(x)"), 100),
        E::MeanField(MeanFieldError::Flat { .. }),
        "sign(x) is flat almost everywhere",
    );
    refused!(
        initialize("batch-norm", &spec("0*x"), None),
        E::Gain(GainError::ZeroSecondMoment { .. }),
        "no gain preserves the signal",
    );
    refused!(
        initialize("orthogonal(gain=-1)", &tanh, None),
        E::Init(InitError::Parameter { .. }),
        "gain is -1, but it must be",
    );
    let of = |width, depth| NetSpec::from(MlpSpec::new(3, width, depth, 2, Activation::tanh()));
    let by_mup = |recipe: &str, base: &NetSpec| {
        let (recipe, spec) = (parse(recipe).unwrap(), of(8, 3));
        let mut net = network(recipe.build(&spec).unwrap(), Mode::Training);
        let base = recipe.build(base).unwrap();
        recipe.initialize_mup(&mut net, &spec, &base, Seed(1), None)
    };
    refused!(
        by_mup("kaiming_normal", &of(4, 2)),
        E::Base { .. },
        "parameter `fc2.weight` has no match in the base",
        "give the same layers at the width that was tuned",
    );
    for recipe in ["ones", "normal(mean=1, std=0.1)", "uniform(low=0, high=2)"] {
        refused!(
            by_mup(recipe, &of(4, 3)),
            E::Mean { mean: 1.0, .. },
            "gives `fc1.weight` a mean of 1 at this width",
            "take a recipe whose weights have mean 0, as kaiming_normal",
        );
    }
    refused!(
        by_mup("weight-norm", &of(4, 3)),
        E::NeedsData { .. },
        "is set by what a batch of data does"
    );
    let uneven = NetSpec::from(ResMlpSpec {
        depth: 5,
        ..residual
    });
    refused!(
        parse("rezero").unwrap().build(&uneven),
        E::Zoo(ZooError::Depth { got: 5, .. }),
        "has no depth of 5: ",
        "the nearest are 4 and 6",
    );
    let none = NetSpec::from(MlpSpec::new(3, 4, 0, 2, Activation::relu()));
    refused!(
        none.graph(),
        ZooError::Graph(GraphError::NoDepth),
        "a depth of 0"
    );
}

/// The checkpoint in `from` with its model in 16 bits, as another program might convert it, and with
/// digests that are right.
fn in_half_precision(from: &Path, to: &Path) -> Checkpoint {
    let path = from.join(MANIFEST);
    let mut manifest: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let inner = manifest["checkpoint"]["folder"]
        .as_str()
        .unwrap()
        .to_owned();
    let (from, into) = (from.join(&inner), to.join(&inner));
    fs::create_dir_all(&into).unwrap();
    fs::copy(
        from.join("state.safetensors"),
        into.join("state.safetensors"),
    )
    .unwrap();
    let bytes = fs::read(from.join("model.safetensors")).unwrap();
    let model = SafeTensors::deserialize(&bytes).unwrap();
    let zeros = vec![0; bytes.len()];
    let halved = model.iter().map(|(name, view)| {
        let data = &zeros[..view.data().len() / 2];
        let view = TensorView::new(Dtype::F16, view.shape().to_vec(), data).unwrap();
        (name, view)
    });
    let halved = safetensors::serialize(halved, None).unwrap();
    fs::write(into.join("model.safetensors"), &halved).unwrap();
    manifest["checkpoint"]["model"] = json!({"bytes": halved.len(), "sha256": sha256(&halved)});
    manifest["sha256"] = json!(sha256(manifest["checkpoint"].to_string().as_bytes()));
    fs::write(to.join(MANIFEST), manifest.to_string()).unwrap();
    Checkpoint::load(to).unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn checkpoints() {
    use CheckpointError as E;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (net, adam) = (
        network(mlp("tanh"), Mode::Training),
        Adam::new(0.1).unwrap(),
    );
    let progress = checkpoint::Progress::default();
    refused!(
        Checkpoint::load(&at("absent")),
        E::Missing { .. },
        "absent holds no checkpoint: name the folder that a run was told to write into",
    );
    fs::write(at("file"), "").unwrap();
    refused!(
        checkpoint::save(&at("file/within"), &net, &adam, &progress),
        E::Io { .. },
        "file/within cannot be read or written: Not a directory",
        "choose another folder",
    );
    checkpoint::save(&at("good"), &net, &adam, &progress).unwrap();
    let good = Checkpoint::load(&at("good")).unwrap();
    let wider = zoo::mlp(&MlpSpec::new(3, 5, 2, 2, Activation::tanh())).unwrap();
    refused!(
        good.restore_network(&mut network(wider, Mode::Training)),
        E::AnotherNetwork {
            difference: Difference::Shape { .. }
        },
        "its `fc0.weight` has the shape [4, 3], where the network's has [5, 3]",
        "make the network that it was saved from",
    );
    let without = zoo::mlp(&MlpSpec {
        bias: Bias::No,
        ..MlpSpec::new(3, 4, 2, 2, Activation::tanh())
    });
    let without = || network(without.clone().unwrap(), Mode::Training);
    refused!(
        good.restore_network(&mut without()),
        E::AnotherNetwork {
            difference: Difference::Extra { .. }
        },
        "it has a tensor `fc0.bias`, which the network has not",
    );
    checkpoint::save(&at("bare"), &without(), &adam, &progress).unwrap();
    let mut with = network(mlp("tanh"), Mode::Training);
    refused!(
        Checkpoint::load(&at("bare"))
            .unwrap()
            .restore_network(&mut with),
        E::AnotherNetwork {
            difference: Difference::Lacks { .. }
        },
        "it has no tensor `fc0.bias`",
    );
    refused!(
        in_half_precision(&at("good"), &at("half")).restore_network(&mut with),
        E::AnotherNetwork {
            difference: Difference::Format { .. }
        },
        "its `fc0.weight` is stored as F16, where F32 is needed",
        "make the network that it was saved from",
    );
    refused!(
        good.restore(&mut with, &mut Sgd::new(0.1).unwrap()),
        E::AnotherOptimizer(OptimizerError::State { .. }),
        "of another optimiser: the state holds that of `adam`, where the state of `sgd` is needed",
        "make the one that it was saved from",
    );
    fs::write(at("good").join(MANIFEST), r#"{"format": 7}"#).unwrap();
    refused!(
        Checkpoint::load(&at("good")),
        E::Newer {
            got: 7,
            newest: 2,
            ..
        },
        "is a checkpoint of format 7, and this version reads formats up to 2",
        "use the evenkeel that wrote it",
    );
    fs::write(at("good").join(MANIFEST), "{").unwrap();
    refused!(
        Checkpoint::load(&at("good")),
        E::Damaged { .. },
        MANIFEST,
        "is damaged: ",
        "go on from a copy, or begin anew",
    );
}

#[test]
fn chains_and_histograms() {
    use ChainError as C;
    use HistogramError as H;
    refused!(
        Chain::vector(vec![]),
        C::Empty {
            width: 0,
            columns: 1
        },
        "a state of at least one value: 1 column(s) of 0 given",
    );
    refused!(
        Chain::columns(3, 2, vec![0.0; 5]),
        C::State { .. },
        "5 values given for 2 column(s) of 3: give 6",
    );
    refused!(
        Chain::vector(vec![1.0; 3])
            .unwrap()
            .multiply(&[1.0; 7], Orientation::Plain),
        C::Matrix { got: 7, .. },
        "product 0: the matrix has 7 values, and a state of width 3 needs a multiple of 3",
    );
    refused!(
        Histogram::new(0.0, f64::NAN, 3),
        H::Range { .. },
        "histogram range 0..NaN: both ends must be finite and the first the smaller",
    );
    for bins in [0, usize::MAX] {
        refused!(
            Histogram::new(0.0, 1.0, bins),
            H::Bins { .. },
            &format!("{bins} bins asked for: give between 1 and 1048576"),
        );
    }
    let of = |bins| Histogram::new(0.0, 1.0, bins).unwrap();
    refused!(
        of(3).merge(&of(4)),
        H::Mismatch { .. },
        "histograms of 3 bins on 0..1 and of 4 bins on 0..1 cannot be merged",
        "make both with the same range and bins",
    );
}
