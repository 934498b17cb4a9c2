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

/// The network before its first step.
pub(super) fn network(
    spec: &TrainSpec,
    net: &NetSpec,
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
    spec.recipe
        .initialize(&mut network, net, Seed(spec.seed), shown)?;
    Ok(network)
}

/// The optimiser of the run, with the learning rates that the recipe gives single parameters.
pub(super) fn optimizer(spec: &TrainSpec, graph: &Graph) -> Result<Box<dyn Optimizer>, TrainError> {
    let mut optimizer = spec.optimizer()?;
    let factors = spec.recipe.multipliers(graph);
    optimizer.set_multipliers(Multipliers::new(graph, factors)?);
    Ok(optimizer)
}
