//! Trains a network that a recipe made, and looks at it on the way.

use evenkeel_data::{Batches, NormalizedPart, Remainder};
use evenkeel_init::Seed;
use evenkeel_net::zoo::NetSpec;
use evenkeel_net::{
    LearningRate, Mode, Multipliers, Network, NoTap, Recipe, Recompute, Sgd, Targets, Threads,
};

use crate::error::LabError;
use crate::study::Bench;

/// Images that recipes which look at data are shown.
const SHOWN: usize = 256;

/// Images that the accuracy on the way is measured on.
const ON_THE_WAY: usize = 2_000;

/// Images of a forward pass when accuracy is measured.
const JUDGED_AT_ONCE: usize = 500;

/// What is trained, and how.
pub(crate) struct Fit {
    pub(crate) spec: NetSpec,
    pub(crate) recipe: Recipe,
    /// Stochastic gradient descent's, over the steps.
    pub(crate) learning_rate: LearningRate,
    pub(crate) momentum: f64,
    pub(crate) batch: usize,
    pub(crate) steps: usize,
    /// How often loss and accuracy are noted.
    pub(crate) points: usize,
    /// Added to the run's seed, for weights and the order of images.
    pub(crate) seed: u64,
    pub(crate) threads: Threads,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(crate) struct Fitted {
    /// The loss of the first batch, before any step.
    pub(crate) first_loss: f64,
    /// Steps done at each point.
    pub(crate) steps: Vec<usize>,
    /// Mean loss over the steps up to each point since the one before.
    pub(crate) loss: Vec<f64>,
    /// Accuracy at each point on the first images of the validation part.
    pub(crate) accuracy: Vec<f64>,
    /// Accuracy on the whole test part at the end; a guesser's where training diverged.
    pub(crate) test_accuracy: f64,
    /// The step, from 1, whose loss was not finite, if there was one; training stops there.
    pub(crate) diverged_at: Option<usize>,
}

/// The accuracy of a network of NaN, which gives every image the same class.
pub(crate) const GUESS: f64 = 0.1;

impl Fit {
    /// The network with its first weights.
    pub(crate) fn network(&self, bench: &Bench<'_>) -> Result<Network, LabError> {
        let graph = self.recipe.build(&self.spec)?;
        let recompute = Recompute::advised(&graph, self.batch);
        let mut network = Network::recomputing(graph, self.batch, recompute, self.threads)?;
        let shown = SHOWN.min(bench.train.count) * bench.train.features;
        let seed = Seed(bench.settings.seed.wrapping_add(self.seed));
        let shown = &bench.train.pixels[..shown];
        self.recipe
            .initialize(&mut network, &self.spec, seed, Some(shown))?;
        Ok(network)
    }

    /// Trains it; `after_step` sees the network after each step, the steps counted from 0.
    pub(crate) fn run(
        &self,
        bench: &Bench<'_>,
        mut after_step: impl FnMut(usize, &Network),
    ) -> Result<Fitted, LabError> {
        let mut network = self.network(bench)?;
        let multipliers =
            Multipliers::new(network.graph(), self.recipe.multipliers(network.graph()))?;
        let mut sgd = Sgd::new(self.learning_rate.at(0))?
            .with_momentum(self.momentum)?
            .with_multipliers(multipliers);
        let order = bench.settings.seed.wrapping_add(self.seed);
        let batches = Batches::new(bench.train.count, self.batch, order, Remainder::Drop)?;
        let mut judge = Judge::new(self)?;
        let mut noted = Noted::new(self);
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        for (step, batch) in batches.take(self.steps).enumerate() {
            bench.train.gather(&batch, &mut pixels, &mut labels);
            let loss = network.forward(&[&pixels], Targets::Classes(&labels), &NoTap)?;
            let due = noted.loss(step, loss);
            if !loss.is_finite() {
                noted.fitted.diverged_at = Some(step + 1);
                noted.fitted.accuracy.push(GUESS);
                noted.fitted.test_accuracy = GUESS;
                return Ok(noted.fitted);
            }
            network.backward(&NoTap)?;
            sgd.set_learning_rate(self.learning_rate.at(step as u64))?;
            sgd.step(&mut network);
            after_step(step, &network);
            if due {
                let accuracy = judge.accuracy(&network, bench.valid, ON_THE_WAY)?;
                noted.fitted.accuracy.push(accuracy);
            }
        }
        noted.fitted.test_accuracy = judge.accuracy(&network, bench.test, usize::MAX)?;
        Ok(noted.fitted)
    }
}

/// The curves of a run as they grow.
struct Noted {
    fitted: Fitted,
    sum: f64,
    since: usize,
    every: usize,
    steps: usize,
}

impl Noted {
    fn new(fit: &Fit) -> Self {
        Self {
            fitted: Fitted {
                first_loss: f64::NAN,
                steps: Vec::new(),
                loss: Vec::new(),
                accuracy: Vec::new(),
                test_accuracy: GUESS,
                diverged_at: None,
            },
            sum: 0.0,
            since: 0,
            every: fit.steps.div_ceil(fit.points).max(1),
            steps: fit.steps,
        }
    }

    /// Takes a step's loss; says whether a point is due.
    fn loss(&mut self, step: usize, loss: f64) -> bool {
        if step == 0 {
            self.fitted.first_loss = loss;
        }
        self.sum += loss;
        self.since += 1;
        let done = step + 1;
        let due = done.is_multiple_of(self.every) || done == self.steps || !loss.is_finite();
        if due {
            self.fitted.steps.push(done);
            self.fitted.loss.push(self.sum / self.since as f64);
            (self.sum, self.since) = (0.0, 0);
        }
        due
    }
}

/// Measures accuracy with a network of its own, planned for forward passes of more images.
struct Judge {
    network: Network,
}

impl Judge {
    fn new(fit: &Fit) -> Result<Self, LabError> {
        let graph = fit.recipe.build(&fit.spec)?;
        let network = Network::new(graph, JUDGED_AT_ONCE, Mode::Forward, fit.threads)?;
        Ok(Self { network })
    }

    /// Share of the first images of `part`, at most `images`, that are told right.
    fn accuracy(
        &mut self,
        trained: &Network,
        part: &NormalizedPart,
        images: usize,
    ) -> Result<f64, LabError> {
        crate::mlp::copy_parameters(trained, &mut self.network);
        for buffer in trained.buffers() {
            self.network
                .buffer_mut(buffer.spec.name())?
                .copy_from_slice(buffer.values);
        }
        let images = images.min(part.count);
        let pixels = part.pixels[..images * part.features].chunks(JUDGED_AT_ONCE * part.features);
        let mut correct = 0;
        for (pixels, labels) in pixels.zip(part.labels[..images].chunks(JUDGED_AT_ONCE)) {
            self.network.predict(&[pixels], &NoTap)?;
            correct += self.network.correct(labels);
        }
        Ok(correct as f64 / images as f64)
    }
}
