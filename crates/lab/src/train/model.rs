//! The network of a run: its graph, its first weights, its learning rates.

use evenkeel_data::NormalizedPart;
use evenkeel_init::Seed;
use evenkeel_net::zoo::{CnnSpec, MlpSpec, NetSpec, ResCnnSpec, ResMlpSpec};
use evenkeel_net::{Graph, Multipliers, Needs, Network, Optimizer, Recompute, Threads};

use super::{NetKind, TrainError, TrainSpec};

/// The ten digits.
const CLASSES: usize = 10;

/// Images that recipes which look at data are shown, at most a step's.
const SHOWN: usize = 256;

/// The network of `spec` on grey images of so many rows and columns.
pub(super) fn net_spec(spec: &TrainSpec, (rows, columns): (usize, usize)) -> NetSpec {
    let TrainSpec { width, depth, .. } = *spec;
    let activation = spec.activation.clone();
    let (features, image) = (rows * columns, [1, rows, columns]);
    match spec.net {
        NetKind::Mlp => MlpSpec::new(features, width, depth, CLASSES, activation).into(),
        NetKind::ResMlp => ResMlpSpec::new(features, width, depth, CLASSES, activation).into(),
        NetKind::Cnn => CnnSpec::new(image, width, depth, CLASSES, activation).into(),
        NetKind::ResCnn => ResCnnSpec::new(image, width, depth, CLASSES, activation).into(),
    }
}

/// Its graph, with what the recipe puts around its layers.
pub(super) fn graph(spec: &TrainSpec, net: &NetSpec) -> Result<Graph, TrainError> {
    Ok(spec.recipe.build(net)?)
}

/// The same network at the width that μP's learning rate was tuned at, where the run has one.
pub(super) fn mup_base(
    spec: &TrainSpec,
    image: (usize, usize),
) -> Result<Option<Graph>, TrainError> {
    let of_width = |width| {
        let spec = TrainSpec {
            width,
            ..spec.clone()
        };
        graph(&spec, &net_spec(&spec, image))
    };
    spec.mup_base_width.map(of_width).transpose()
}

/// The network before its first step.
pub(super) fn network(
    spec: &TrainSpec,
    (net, base): (&NetSpec, Option<&Graph>),
    graph: Graph,
    recompute: Recompute,
    threads: Threads,
    train: &NormalizedPart,
) -> Result<Network, TrainError> {
    let mut network = Network::recomputing(graph, spec.batch, recompute, threads)?;
    let images = SHOWN.min(spec.batch).min(train.count);
    let shown = match spec.recipe.needs() {
        Needs::Seed => None,
        Needs::Data => Some(&train.pixels[..images * train.features]),
    };
    let (recipe, seed) = (&spec.recipe, Seed(spec.seed));
    match base {
        None => recipe.initialize(&mut network, net, seed, shown)?,
        Some(base) => recipe.initialize_mup(&mut network, net, base, seed, shown)?,
    }
    Ok(network)
}

/// The optimiser of the run, with the learning rates that the recipe and μP give single parameters.
pub(super) fn optimizer(
    spec: &TrainSpec,
    graph: &Graph,
    base: Option<&Graph>,
) -> Result<Box<dyn Optimizer + Send>, TrainError> {
    let mut optimizer = spec.optimizer()?;
    let of_recipe = Multipliers::new(graph, spec.recipe.multipliers(graph))?;
    optimizer.set_multipliers(match base {
        None => of_recipe,
        Some(base) => Multipliers::mup(graph, base, spec.mup_rule())?.times(&of_recipe),
    });
    Ok(optimizer)
}
