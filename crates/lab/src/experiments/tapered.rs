//! A network that narrows fourfold: where fan_in and fan_out differ.
//!
//! Not an experiment of its own: `xavier` and `kaiming` both ask it.

use evenkeel_init::{Fan, Scheme, Shape};
use evenkeel_net::Moments;
use evenkeel_theory::Activation;

use crate::coverage::Coverage;
use crate::error::LabError;
use crate::judge::Sample;
use crate::measure::{Pass, PlainNetwork, profile};
use crate::predict::{Growth, backward, backward_bands, forward, forward_bands};
use crate::results::{Band, Direction, Map, Profile, Table, Value};
use crate::study::Bench;

/// How many times narrower the last layer is than the first.
const NARROWING: f64 = 4.0;

/// A narrowing network under both choices of the fan.
pub(crate) struct Tapered {
    init: &'static str,
    pub(crate) fan_in: BothWays,
    pub(crate) fan_out: BothWays,
}

/// The signal forward and the gradient backward, under one choice of the fan.
pub(crate) struct BothWays {
    pub(crate) forward: Signal,
    pub(crate) backward: Signal,
}

/// A signal's growth over the whole depth.
pub(crate) struct Signal {
    /// Growth of ln rms, a value a seed.
    pub(crate) growth: Sample,
    /// What theory says.
    pub(crate) expected: Growth,
    /// The first seed's pass, to be drawn.
    pass: Pass,
    /// Bands of its layers, in the order in which the signal meets them.
    bands: Vec<Band>,
    coverage: Coverage,
}

impl Tapered {
    /// Measures a network of `depth` layers from `width` to a quarter of it, with weights of
    /// variance `gain²/fan`.
    pub(crate) fn measure(
        bench: &Bench<'_>,
        init: &'static str,
        activation: &Activation,
        gain: f64,
        (depth, width): (usize, usize),
    ) -> Result<Self, LabError> {
        let side = |fan: Fan, stream: &str| -> Result<BothWays, LabError> {
            let trials = bench.settings.pick(10, 40);
            let shape = Shape::Normal;
            let network = PlainNetwork {
                widths: widths(depth, width),
                ..PlainNetwork::uniform_width(
                    stream,
                    depth,
                    width,
                    Scheme::variance_scaling(gain * gain, fan, shape),
                    activation.clone(),
                )
            };
            let fan_name = if fan == Fan::In { "fan_in" } else { "fan_out" };
            let variance = |inputs: usize, outputs: usize| {
                gain * gain / if fan == Fan::In { inputs } else { outputs } as f64
            };
            Ok(BothWays {
                forward: Signal::of(
                    bench.trials(trials, |trial| network.forward(bench.seed(), trial))?,
                    forward(activation, &network.widths, variance)?,
                    forward_bands(activation, &network.widths, variance)?,
                    format!("narrowing, {fan_name}, activations"),
                ),
                backward: Signal::of(
                    bench.trials(trials, |trial| network.backward(bench.seed(), trial))?,
                    backward(activation, &network.widths, variance)?,
                    backward_bands(activation, &network.widths, variance)?,
                    format!("narrowing, {fan_name}, gradients"),
                ),
            })
        };
        Ok(Self {
            init,
            fan_in: side(Fan::In, &format!("{init}/tapered/fan_in"))?,
            fan_out: side(Fan::Out, &format!("{init}/tapered/fan_out"))?,
        })
    }

    /// Whether all four signals grew as theory says.
    pub(crate) fn agrees(&self) -> bool {
        self.signals().iter().all(|(_, signal)| signal.agrees())
    }

    /// How many layers of each signal lie outside their bands, over all seeds.
    pub(crate) fn coverages(&self) -> Vec<Coverage> {
        let signals = self.signals().into_iter();
        signals.map(|(_, signal)| signal.coverage.clone()).collect()
    }

    /// Mean growth of ln rms of each signal.
    pub(crate) fn measured(&self) -> Map {
        let named = self.signals().into_iter();
        named
            .map(|(name, signal)| (format!("tapered_{name}_log_rms"), signal.growth.mean.into()))
            .collect()
    }

    /// What theory says of it.
    pub(crate) fn predicted(&self) -> Map {
        let named = self.signals().into_iter();
        named
            .map(|(name, signal)| {
                (
                    format!("tapered_{name}_log_rms"),
                    signal.expected.mean.into(),
                )
            })
            .collect()
    }

    /// All four signals of the first seed, against depth, with their bands.
    pub(crate) fn profiles(&self) -> Vec<Profile> {
        self.signals()
            .into_iter()
            .map(|(name, signal)| {
                let (direction, what) = if name.ends_with("forward") {
                    (Direction::Forward, "activations")
                } else {
                    (Direction::Backward, "gradients")
                };
                let fan = if name.starts_with("fan_in") {
                    "fan_in"
                } else {
                    "fan_out"
                };
                let name = format!("narrowing network, 1/{fan}, {what}");
                let mut predicted = signal.bands.clone();
                predicted.sort_by_key(|band| band.layer);
                Profile {
                    predicted,
                    ..profile(name, self.init, direction, &signal.pass.layers)
                }
            })
            .collect()
    }

    /// The factors by which the rms changed, measured and expected.
    pub(crate) fn table(&self) -> Table {
        let row = |fan: &str, sides: &BothWays| {
            vec![
                Value::from(fan),
                sides.forward.growth.mean.exp().into(),
                sides.forward.expected.mean.exp().into(),
                sides.backward.growth.mean.exp().into(),
                sides.backward.expected.mean.exp().into(),
            ]
        };
        Table {
            name: "A network that narrows fourfold: factor in rms from end to end".to_owned(),
            columns: [
                "scale by",
                "activations",
                "expected",
                "gradients",
                "expected",
            ]
            .map(str::to_owned)
            .to_vec(),
            rows: vec![row("fan_in", &self.fan_in), row("fan_out", &self.fan_out)],
        }
    }

    fn signals(&self) -> [(&'static str, &Signal); 4] {
        [
            ("fan_in_forward", &self.fan_in.forward),
            ("fan_in_backward", &self.fan_in.backward),
            ("fan_out_forward", &self.fan_out.forward),
            ("fan_out_backward", &self.fan_out.backward),
        ]
    }
}

impl Signal {
    fn of(mut passes: Vec<Pass>, expected: Growth, bands: Vec<Band>, name: String) -> Self {
        // A narrow network may die; the laws are those of the living.
        let growths = passes
            .iter()
            .map(Pass::log_growth)
            .filter(|g| g.is_finite());
        let growths: Vec<f64> = growths.collect();
        Self {
            growth: Sample::of(&growths),
            expected,
            coverage: Coverage::of(
                name,
                &bands,
                passes.iter().map(|p| p.layers.iter().map(Moments::rms)),
            ),
            bands,
            pass: passes.swap_remove(0),
        }
    }

    fn agrees(&self) -> bool {
        self.growth
            .mean_agrees(self.expected.mean, self.expected.std())
    }
}

/// Widths that fall geometrically from `width` to a quarter of it.
fn widths(depth: usize, width: usize) -> Vec<usize> {
    (0..=depth)
        .map(|layer| {
            let exact = width as f64 * NARROWING.powf(-(layer as f64) / depth as f64);
            (exact.round() as usize).max(1)
        })
        .collect()
}
