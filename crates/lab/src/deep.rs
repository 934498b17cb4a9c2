//! A plain network whose layers all grow by one law, measured over seeds.

use evenkeel_net::Moments;

use crate::coverage::{Coverage, representable};
use crate::error::LabError;
use crate::judge::Sample;
use crate::measure::{Pass, PlainNetwork, profile};
use crate::predict::Growth;
use crate::results::{Band, Direction, Profile};
use crate::study::Bench;

/// Passes that are drawn; the others are counted.
const DRAWN: usize = 3;

/// Growth of ln rms from the input to the last layer, beside its law.
pub(crate) struct Deep {
    /// The passes, a seed each.
    pub(crate) passes: Vec<Pass>,
    /// How many layers f32 can hold the signal of; growth is measured and expected over these.
    pub(crate) judged: usize,
    /// Growth of ln rms over the seeds that did not die.
    pub(crate) growth: Sample,
    /// Seeds whose signal became exactly zero.
    pub(crate) dead: usize,
    /// The law of one layer.
    pub(crate) per_layer: Growth,
    /// The law of the judged layers.
    pub(crate) expected: Growth,
    bands: Vec<Band>,
}

impl Deep {
    /// Sends a standard normal vector through `network` for `trials` seeds.
    pub(crate) fn measure(
        bench: &Bench<'_>,
        network: PlainNetwork<'_>,
        per_layer: Growth,
        trials: usize,
    ) -> Result<Self, LabError> {
        let passes = bench.trials(trials, |trial| network.forward(bench.seed(), trial))?;
        let start = Growth::of_standard_normal(network.widths[0])?;
        let bands = per_layer.bands(start, network.widths.len() - 1);
        let judged = representable(&bands);
        let growths: Vec<f64> = passes.iter().map(|p| p.log_growth_over(judged)).collect();
        let alive: Vec<f64> = growths.iter().copied().filter(|g| g.is_finite()).collect();
        Ok(Self {
            growth: Sample::of(&alive),
            dead: growths.len() - alive.len(),
            per_layer,
            expected: per_layer.times(judged),
            judged,
            bands,
            passes,
        })
    }

    /// Whether the mean over seeds is within four standard errors of the law.
    pub(crate) fn mean_agrees(&self) -> bool {
        self.growth
            .mean_agrees(self.expected.mean, self.expected.std())
    }

    /// Whether the standard deviation over seeds is within four standard errors of the law.
    pub(crate) fn std_agrees(&self) -> bool {
        self.growth.std_agrees(self.expected.std())
    }

    /// How many layers of all seeds lie outside their bands.
    pub(crate) fn coverage(&self, name: &str) -> Coverage {
        let passes = self.passes.iter();
        Coverage::of(
            name,
            &self.bands,
            passes.map(|p| p.layers.iter().map(Moments::rms)),
        )
    }

    /// The first seeds' passes; the first carries the predicted band.
    pub(crate) fn profiles(&self, name: &str, init: &str) -> Vec<Profile> {
        let passes = self.passes.iter().take(DRAWN).enumerate();
        let mut profiles: Vec<Profile> = passes
            .map(|(trial, pass)| {
                let name = format!("{name}, seed {trial}");
                profile(name, init, Direction::Forward, &pass.layers)
            })
            .collect();
        if let Some(first) = profiles.first_mut() {
            first.predicted.clone_from(&self.bands);
        }
        profiles
    }
}
