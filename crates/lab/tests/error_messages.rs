//! Every error there is, as a caller meets it: its variant, and what its message says of what is
//! wrong, where, what was expected and what to do. Those of reading results are tested beside it.

use std::path::Path;

use evenkeel_data::{BatchError, Dataset, Images, Loaded, strokes};
use evenkeel_init::{GeometryError, InitError};
use evenkeel_lab::train::{
    Length, NetKind, OptimizerSpec, Outcome, Recomputation, ScheduleSpec, Start, TrainError,
    TrainOptions, TrainSpec, Unwatched, saved_run, train,
};
use evenkeel_lab::{LabError, MAX_DEPTH, MAX_WIDTH, Settings, Silent, run};
use evenkeel_net::chain::ChainError;
use evenkeel_net::checkpoint::{self, CheckpointError, Progress};
use evenkeel_net::{
    Activation, GraphError, HistogramError, Mode, Network, OptimizerError, PlanError, RecipeError,
    RunError, Sgd, Threads, zoo,
};
use evenkeel_theory::gaussian::ExpectationError;
use evenkeel_theory::{FiniteWidthError, GainError, MeanFieldError};

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

fn settings() -> Settings {
    Settings::new(1, 1)
}

fn loaded(seed: u64) -> Loaded {
    let sizes = strokes::Sizes {
        train: 40,
        valid: 20,
        test: 20,
    };
    Loaded {
        dataset: strokes::generate_sized(seed, sizes).expect("images"),
        source: "a test".into(),
        fallback: None,
    }
}

#[test]
fn what_cannot_be_chosen() {
    use LabError as E;
    let only = |ids: &[&str]| Settings {
        only: ids.iter().map(|id| String::from(*id)).collect(),
        ..settings()
    };
    let select = |settings: Settings| settings.selection().map(drop);
    refused!(
        select(only(&["explode", "kaming"])),
        E::UnknownExperiment { .. },
        "there is no experiment `kaming` (did you mean `kaiming`?)",
        "the experiments are: ",
        "vanish",
    );
    refused!(
        select(only(&["explode", ""])),
        E::NoExperiment { .. },
        "--only has an empty name; name experiments, with commas between them: ",
        "vanish",
    );
    let sized = |depth, width, threads| Settings {
        depth,
        width,
        threads,
        ..settings()
    };
    for (settings, option, most) in [
        (sized(Some(0), None, 1), "--depth is 0", MAX_DEPTH),
        (
            sized(None, Some(MAX_WIDTH + 1), 1),
            "--width is ",
            MAX_WIDTH,
        ),
        (sized(None, None, 0), "--threads is 0", 1024),
    ] {
        refused!(
            select(settings),
            E::OutOfRange { min: 1, .. },
            option,
            &format!("it must be from 1 to {most}"),
        );
    }
    refused!(
        select(sized(Some(MAX_DEPTH), Some(MAX_WIDTH), 1)),
        E::TooManyWeights { .. },
        &format!("{MAX_DEPTH} layers of width {MAX_WIDTH} have more than "),
        "choose a smaller --depth or --width",
    );
    refused!(
        select(Settings {
            depth: Some(3),
            ..only(&["data"])
        }),
        E::NotTaken { .. },
        "none of the chosen experiments takes --depth; these do: ",
        "explode",
    );
    let activation = Activation::parse("0*x").ok();
    refused!(
        select(Settings {
            activation,
            ..settings()
        }),
        E::Gain(GainError::ZeroSecondMoment { .. }),
        "no gain preserves the signal",
    );
}

/// In a process of its own, whose threads ask for a stack longer than the address space.
#[test]
fn threads_that_cannot_be_started() {
    if std::env::var_os("RUST_MIN_STACK").is_some() {
        // Strokes are drawn on threads; blank images are just there.
        let images = |count| Images::new(count, 2, 2, vec![0; 4 * count]).unwrap();
        let (train, test) = ((images(2), vec![0, 1]), (images(1), vec![0]));
        let blank = Loaded {
            dataset: Dataset::split("blank", train, 1, test).unwrap(),
            source: "a test".into(),
            fallback: None,
        };
        refused!(
            run(&settings(), &blank, &Silent),
            LabError::Threads { threads: 1, .. },
            "cannot start 1 threads: ",
            "; try a smaller --threads",
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

/// What the parts of an experiment refuse is passed on in their words. The catalogue's experiments
/// ask for nothing that these refuse, so they are handed over here.
#[test]
fn what_the_parts_of_an_experiment_refuse_is_passed_on() {
    macro_rules! passed_on {
        ($($variant:ident: $source:expr),+ $(,)?) => {$({
            let source = $source;
            let text = source.to_string();
            let error = LabError::from(source);
            assert!(matches!(error, LabError::$variant(_)), "{error:?}");
            assert_eq!(error.to_string(), text);
        })+};
    }
    let range = InitError::SliceLength {
        expected: 2,
        got: 3,
    };
    let within = LabError::Experiment {
        id: "explode",
        source: Box::new(LabError::Init(range.clone())),
    };
    assert_eq!(within.to_string(), format!("experiment `explode`: {range}"));
    passed_on! {
        Init: range,
        Geometry: GeometryError::KernelRank { rank: 9 },
        Chain: ChainError::Empty { width: 0, columns: 1 },
        Graph: GraphError::NoDepth,
        Plan: PlanError::NoBatch,
        Run: RunError::NoForward,
        Histogram: HistogramError::Bins { bins: 0 },
        Recipe: RecipeError::NeedsData { recipe: "lsuv" },
        Optimizer: OptimizerError::NesterovWithoutMomentum,
        Batch: BatchError::ZeroSize,
        Gain: GainError::Variance { got: 0.0 },
        MeanField: MeanFieldError::Flat { activation: "sign(x)".into() },
        Expectation: ExpectationError::Variance { got: -1.0 },
        FiniteWidth: FiniteWidthError::Width { layer: 3 },
    }
}

fn spec() -> TrainSpec {
    TrainSpec {
        net: NetKind::Mlp,
        depth: 2,
        width: 4,
        activation: Activation::relu(),
        recipe: "kaiming_normal".parse().expect("a recipe"),
        optimizer: OptimizerSpec::Sgd { momentum: 0.9 },
        learning_rate: 0.01,
        mup_base_width: None,
        schedule: ScheduleSpec::Constant,
        warmup: 0,
        clip: None,
        weight_decay: 0.0,
        batch: 10,
        length: Length::Steps(2),
        seed: 1,
    }
}

fn trained(
    spec: &TrainSpec,
    data: u64,
    folder: Option<&Path>,
    start: Start,
    threads: usize,
) -> Result<Outcome, TrainError> {
    let options = TrainOptions {
        threads,
        checkpoints: folder.map(Path::to_path_buf),
        checkpoint_every: None,
        start,
        recompute: Recomputation::Off,
    };
    train(spec, &loaded(data), &options, &Unwatched)
}

#[test]
fn runs_that_cannot_be() {
    use TrainError as E;
    let new = |spec: TrainSpec| trained(&spec, 1, None, Start::New, 1);
    for (spec, words) in [
        (
            TrainSpec { depth: 0, ..spec() },
            "--depth is 0; it must be from 1 to 1000000",
        ),
        (
            TrainSpec {
                width: 1 << 20,
                ..spec()
            },
            "--width is 1048576; it must be from 1 to 65536",
        ),
        (
            TrainSpec { batch: 0, ..spec() },
            "--batch is 0; it must be from 1 to 1048576",
        ),
        (
            TrainSpec {
                length: Length::Steps(0),
                ..spec()
            },
            "--steps is 0; it must be from 1",
        ),
        (
            TrainSpec {
                length: Length::Epochs(0),
                ..spec()
            },
            "--epochs is 0; it must be from 1",
        ),
        (
            TrainSpec {
                mup_base_width: Some(0),
                ..spec()
            },
            "--mup is 0; it must be from 1 to 65536",
        ),
        (
            TrainSpec {
                mup_base_width: Some(65_537),
                ..spec()
            },
            "--mup is 65537; it must be from 1 to 65536",
        ),
    ] {
        refused!(new(spec), E::OutOfRange { .. }, words);
    }
    for schedule in ["", "cos", "step:3", "step:x:0.1", "cosine:y"] {
        refused!(
            schedule.parse::<ScheduleSpec>(),
            E::Schedule { .. },
            &format!("--schedule is {schedule:?}; it must be constant, step:EVERY:FACTOR, cosine"),
        );
    }
    refused!(
        new(TrainSpec {
            batch: 41,
            ..spec()
        }),
        E::BatchTooLarge {
            batch: 41,
            count: 40
        },
        "--batch is 41, and there are 40 training images; choose a --batch of at most 40",
    );
    // Ten thousand layers of 65,536² weights: 172 TB.
    refused!(
        new(TrainSpec {
            depth: 10_000,
            width: 65_536,
            ..spec()
        }),
        E::Memory { .. },
        "the run needs ",
        " are available; choose ",
        "--width",
    );
    refused!(
        new(TrainSpec {
            recipe: "fixup".parse().unwrap(),
            ..spec()
        }),
        E::Recipe(RecipeError::NoBranches { .. }),
        "fixup sets the branches of residual networks",
    );
    refused!(
        new(TrainSpec {
            optimizer: OptimizerSpec::Adam,
            weight_decay: 0.1,
            mup_base_width: Some(2),
            ..spec()
        }),
        E::MupWeightDecay { given: 0.1 },
        "--weight-decay is 0.1 with --optimizer adam and --mup",
        "take --optimizer adamw, or --weight-decay 0",
    );
    refused!(
        trained(&spec(), 1, None, Start::New, 0),
        E::Plan(PlanError::NoThreads),
        "0 threads: give at least 1",
    );
    refused!(
        new(TrainSpec {
            learning_rate: f64::NAN,
            ..spec()
        }),
        E::Optimizer(OptimizerError::LearningRate { .. }),
        "a learning rate of NaN",
    );
    // What is checked above leaves nothing for these to refuse: passed on all the same.
    refused!(
        Err::<(), _>(E::from(RunError::NoLoss)),
        E::Run(_),
        "the network has no loss"
    );
    refused!(
        Err::<(), _>(E::from(BatchError::ZeroSize)),
        E::Batch(_),
        "the batch size is 0"
    );
}

#[test]
fn checkpoints_that_no_run_goes_on_from() {
    use TrainError as E;
    let folder = tempfile::tempdir().unwrap();
    let (run, other) = (folder.path().join("run"), folder.path().join("other"));
    refused!(
        trained(&spec(), 1, Some(&run), Start::Resume, 1),
        E::Checkpoint(CheckpointError::Missing { .. }),
        "run holds no checkpoint",
    );
    trained(&spec(), 1, Some(&run), Start::New, 1).unwrap();
    refused!(
        trained(&spec(), 2, Some(&run), Start::Resume, 1),
        E::OtherData { .. },
        "the run was begun on other data (",
        "name the same with --data and --data-dir",
    );
    let graph = zoo::mlp(&zoo::MlpSpec::new(2, 3, 2, 2, Activation::relu())).unwrap();
    let network = Network::new(graph, 1, Mode::Training, Threads(1)).unwrap();
    let sgd = Sgd::new(0.1).unwrap();
    checkpoint::save(&other, &network, &sgd, &Progress::default()).unwrap();
    refused!(
        saved_run(&other),
        E::ForeignRun { .. },
        "the checkpoint holds no training run of this version: ",
        "go on with the evenkeel that began it, or begin anew",
    );
}
