//! A plain network at one place of the phase diagram, trained for a few steps.

use evenkeel_data::{Batches, Remainder};
use evenkeel_init::{Fan, Geometry, Scheme, Shape};
use evenkeel_net::zoo::MlpSpec;
use evenkeel_net::{Mode, Network, NoTap, Role, Sgd, Targets};
use evenkeel_theory::{Activation, Analysis};

use super::{ASKED, BATCH, MOMENTUM, learning_rate};
use crate::error::LabError;
use crate::mlp;
use crate::study::Bench;

/// A tanh network and how it is trained.
pub(super) struct Plain<'a> {
    /// Its σ_w² and σ_b², and what theory says of them.
    pub(super) theory: &'a Analysis,
    pub(super) depth: usize,
    pub(super) width: usize,
    pub(super) steps: usize,
    /// First part of the names of its random streams.
    pub(super) stream: String,
}

impl Plain<'_> {
    /// Share of training images that the network tells right after its training.
    pub(super) fn accuracy(&self, bench: &Bench<'_>) -> Result<f64, LabError> {
        let part = bench.train;
        let spec = MlpSpec::new(
            part.features,
            self.width,
            self.depth,
            10,
            Activation::tanh(),
        );
        let mut network = mlp::empty(&spec, BATCH, Mode::Training)?;
        self.initialize(bench, &mut network)?;
        let rate = learning_rate(self.theory.chi_1, self.depth);
        let mut sgd = Sgd::new(rate)?.with_momentum(MOMENTUM)?;
        let batches = Batches::new(part.count, BATCH, bench.settings.seed, Remainder::Drop)?;
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        for batch in batches.take(self.steps) {
            part.gather(&batch, &mut pixels, &mut labels);
            let loss = network.forward(&[&pixels], Targets::Classes(&labels), &NoTap)?;
            if !loss.is_finite() {
                break;
            }
            network.backward(&NoTap)?;
            sgd.step(&mut network);
        }
        let asked = ASKED.min(part.count) / BATCH * BATCH;
        let images = part.pixels[..asked * part.features].chunks(BATCH * part.features);
        let mut right = 0;
        for (pixels, labels) in images.zip(part.labels[..asked].chunks(BATCH)) {
            network.predict(&[pixels], &NoTap)?;
            right += network.correct(labels);
        }
        Ok(right as f64 / asked as f64)
    }

    /// Weights from N(0, σ_w²/fan_in), biases from N(0, σ_b²).
    fn initialize(&self, bench: &Bench<'_>, network: &mut Network) -> Result<(), LabError> {
        let weight = Scheme::variance_scaling(self.theory.sigma_w2, Fan::In, Shape::Normal);
        let bias = Scheme::normal(0.0, self.theory.sigma_b2.sqrt());
        let mut outcome = Ok(());
        network.initialize(|parameter, values| {
            let mut fill = || -> Result<(), LabError> {
                let (scheme, geometry) = match parameter.role() {
                    Role::Weight { fan_in, fan_out } => {
                        (&weight, Geometry::linear(fan_out, fan_in)?)
                    }
                    _ => (&bias, Geometry::linear(values.len(), 1)?),
                };
                let stream = bench
                    .seed()
                    .stream(&format!("{}/{}", self.stream, parameter.name()));
                Ok(scheme
                    .prepare(&geometry, &stream)?
                    .fill(0..values.len() as u64, values)?)
            };
            if outcome.is_ok() {
                outcome = fill();
            }
        });
        outcome
    }
}
