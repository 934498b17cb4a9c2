//! Xavier's scale under an activation that is not linear, tanh by default.
//!
//! Not an experiment of its own: a part of `xavier`.

use evenkeel_init::{Fan, Scheme, Shape};
use evenkeel_net::Moments;
use evenkeel_theory::Activation;

use crate::coverage::{Coverage, representable};
use crate::error::LabError;
use crate::finite::Finite;
use crate::judge::Sample;
use crate::measure::{Input, Pass, PlainNetwork, profile};
use crate::results::{Band, Direction, Profile, Table, Value};
use crate::study::Bench;

/// The network, its signal forward and its gradient backward, over seeds.
pub(crate) struct Bent {
    pub(crate) activation: Activation,
    /// How many layers f32 can hold the signal of.
    pub(crate) judged: usize,
    /// The rms of the last judged layer's activations, a value a seed.
    pub(crate) last_rms: Sample,
    /// Moments of the activations of each seed, first layer first.
    forward: Vec<Vec<Moments>>,
    /// Moments of the gradient at the activations of each seed, last layer first.
    backward: Vec<Vec<Moments>>,
    forward_bands: Vec<Band>,
    backward_bands: Vec<Band>,
    /// Mean and variance to expect of ln rms at the last judged layer.
    last_law: (f64, f64),
}

impl Bent {
    pub(crate) fn measure(bench: &Bench<'_>, depth: usize, width: usize) -> Result<Self, LabError> {
        let activation = bench
            .settings
            .activation
            .clone()
            .unwrap_or_else(Activation::tanh);
        let scheme = Scheme::variance_scaling(1.0, Fan::In, Shape::Normal);
        let network = PlainNetwork {
            // n · Var w = 1: pre-activations of variance 1 in the first layer, for every seed.
            input: Input::Rms(1.0),
            ..PlainNetwork::uniform_width("xavier/bent", depth, width, scheme, activation.clone())
        };
        let trials = bench.settings.pick(10, 40);
        let forward = bench.trials(trials, |trial| {
            Ok(network.forward(bench.seed(), trial)?.layers)
        })?;
        let backward = bench.trials(trials, |trial| {
            Ok(at_activations(network.backward(bench.seed(), trial)?))
        })?;
        let theory = Finite::new(&activation, (1.0, 0.0), 1.0, &network.widths[1..])?;
        let forward_bands = theory.forward()?;
        let judged = representable(&forward_bands).max(1);
        let last: Vec<f64> = forward.iter().map(|l| l[judged - 1].rms()).collect();
        Ok(Self {
            activation,
            judged,
            last_rms: Sample::of(&last),
            forward,
            backward,
            forward_bands,
            backward_bands: theory.backward(1.0)?,
            last_law: theory.log_rms()[judged - 1],
        })
    }

    pub(crate) fn expected_last_rms(&self) -> f64 {
        self.forward_bands[self.judged - 1].middle.0
    }

    /// Whether the mean of ln rms at the last judged layer is within four standard errors of the law.
    pub(crate) fn agrees(&self) -> bool {
        let logs = self.forward.iter().map(|l| l[self.judged - 1].rms().ln());
        let (mean, variance) = self.last_law;
        Sample::of(&logs.collect::<Vec<_>>()).mean_agrees(mean, variance.sqrt())
    }

    /// How many layers of all seeds lie outside their bands, forward and backward.
    pub(crate) fn coverages(&self) -> [Coverage; 2] {
        let of = |what: &str, bands: &[Band], seeds: &[Vec<Moments>]| {
            let seeds = seeds.iter().map(|layers| layers.iter().map(Moments::rms));
            Coverage::of(format!("{}, {what}", self.activation), bands, seeds)
        };
        let last_first: Vec<Band> = self.backward_bands.iter().rev().copied().collect();
        [
            of("activations", &self.forward_bands, &self.forward),
            of("gradients", &last_first, &self.backward),
        ]
    }

    /// The first seed, forward and backward, with its bands.
    pub(crate) fn profiles(&self) -> [Profile; 2] {
        let drawn = |what: &str, direction, layers: &[Moments], bands: &[Band]| {
            let name = format!("{}, {what}, seed 0", self.activation);
            Profile {
                predicted: bands.to_vec(),
                ..profile(name, "xavier-tanh", direction, layers)
            }
        };
        [
            drawn(
                "activations",
                Direction::Forward,
                &self.forward[0],
                &self.forward_bands,
            ),
            drawn(
                "gradients",
                Direction::Backward,
                &self.backward[0],
                &self.backward_bands,
            ),
        ]
    }

    /// The rms at some layers, measured and expected.
    pub(crate) fn table(&self) -> Table {
        let depth = self.forward_bands.len();
        let mut layers: Vec<usize> = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
            .into_iter()
            .filter(|&layer| layer < depth)
            .collect();
        layers.push(depth);
        let rows = layers.into_iter().map(|layer| {
            let rms: Vec<f64> = self.forward.iter().map(|l| l[layer - 1].rms()).collect();
            vec![
                Value::from(layer),
                Sample::of(&rms).mean.into(),
                self.forward_bands[layer - 1].middle.0.into(),
            ]
        });
        Table {
            name: format!("{} with Xavier's scale: rms by layer", self.activation),
            columns: ["layers", "rms", "theory"].map(str::to_owned).to_vec(),
            rows: rows.collect(),
        }
    }
}

/// The gradient at each layer's activations, last layer first: the one that goes in, and what
/// stands behind the weights of each layer but the first, which has the network's input there.
fn at_activations(pass: Pass) -> Vec<Moments> {
    let behind = pass.layers.len() - 1;
    std::iter::once(pass.input)
        .chain(pass.layers.into_iter().take(behind))
        .collect()
}
