//! The loop.

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Instant;

use evenkeel_data::{Batches, Loaded, NormalizedPart, Remainder};
use evenkeel_net::checkpoint::{self, Checkpoint, Progress};
use evenkeel_net::{
    LearningRate, Network, NoTap, Optimizer, Recompute, Recorder, Tap, Targets, Threads,
    clip_gradients, gradient_norm,
};

use super::history::History;
use super::memory::{Memory, available_bytes};
use super::saved::Saved;
use super::watch::{Milestone, Opening, Status, Watch};
use super::write_up::{Ending, write_up};
use super::{Breakdown, Length, Recomputation, TrainError, TrainSpec, model};
use crate::results::Results;
use crate::run::Prepared;

/// What does not change the outcome.
#[derive(Clone, Debug)]
pub struct TrainOptions {
    /// Threads.
    pub threads: usize,
    /// Where checkpoints go, if anywhere.
    pub checkpoints: Option<PathBuf>,
    /// After how many steps a checkpoint is written, besides those at the ends of epochs and of the
    /// run.
    pub checkpoint_every: Option<NonZeroU64>,
    /// Where the run begins.
    pub start: Start,
    /// Whether activations are computed again to save memory.
    pub recompute: Recomputation,
}

/// Where a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At its first step.
    New,
    /// At the checkpoint that its folder holds.
    Resume,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// At its last step.
    Finished(Box<Results>),
    /// At a value that was not finite.
    Broke(Box<Results>, Breakdown),
    /// At a step after which it was told to stop, with a checkpoint if it had a folder for one.
    Stopped {
        /// Steps that were taken.
        step: u64,
        /// All steps of the run.
        steps: u64,
    },
}

/// The run that a checkpoint is of.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedRun {
    /// Its description.
    pub spec: TrainSpec,
    /// The name of its data set.
    pub dataset: String,
    /// Steps that were taken.
    pub step: u64,
    /// All its steps.
    pub steps: u64,
}

/// The run whose checkpoint `folder` holds.
///
/// # Errors
///
/// As [`Checkpoint::load`]; [`TrainError::ForeignRun`] when it is no training run's.
pub fn saved_run(folder: &Path) -> Result<SavedRun, TrainError> {
    let checkpoint = Checkpoint::load(folder)?;
    let saved = Saved::of(checkpoint.progress())?;
    Ok(SavedRun {
        spec: saved.spec,
        dataset: saved.dataset,
        step: checkpoint.progress().step,
        steps: saved.steps,
    })
}

/// Trains the network of `spec` on `loaded`.
///
/// The outcome is a function of the spec and the data; threads and interruptions change nothing
/// but [`Results::timing`].
///
/// # Errors
///
/// [`TrainError`], before the first step but for a checkpoint that cannot be written.
pub fn train(
    spec: &TrainSpec,
    loaded: &Loaded,
    options: &TrainOptions,
    watch: &dyn Watch,
) -> Result<Outcome, TrainError> {
    spec.check()?;
    let began = Instant::now();
    let data = Prepared::new(loaded);
    if spec.batch > data.train.count {
        return Err(TrainError::BatchTooLarge {
            batch: spec.batch,
            count: data.train.count,
        });
    }
    let net = model::net_spec(spec, image_size(loaded));
    let graph = model::graph(spec, &net)?;
    let recompute = options.recompute.of(&graph, spec.batch);
    let memory = Memory::of(&graph, spec, recompute)?;
    let available = available_bytes();
    let batches = Batches::new(data.train.count, spec.batch, spec.seed, Remainder::Drop)?;
    let per_epoch = batches.per_epoch() as u64;
    let steps = match spec.length {
        Length::Epochs(epochs) => epochs.saturating_mul(per_epoch),
        Length::Steps(steps) => steps,
    };
    let mut opening = Opening {
        memory,
        available,
        parameters: graph.parameter_count(),
        first_step: 0,
        steps,
        steps_per_epoch: per_epoch,
    };
    memory.check(available, || Memory::of(&graph, spec, Recompute::Sqrt))?;
    let base = model::mup_base(spec, image_size(loaded))?;
    let mut optimizer = model::optimizer(spec, &graph, base.as_ref())?;
    let threads = Threads(options.threads);
    let described = (&net, base.as_ref());
    let mut network = model::network(spec, described, graph, recompute, threads, &data.train)?;
    network.set_seed(spec.seed);
    let mut run = Run {
        spec,
        rate: spec.rate(steps)?,
        steps,
        dataset: loaded.dataset.name.clone(),
        data: fingerprint(loaded),
        folder: options.checkpoints.as_deref(),
        checkpoint_every: options.checkpoint_every,
        progress: Progress {
            seed: spec.seed,
            ..Progress::default()
        },
        history: History::default(),
        network: &mut network,
        optimizer: &mut *optimizer,
    };
    if options.start == Start::Resume {
        run.resume()?;
    }
    opening.first_step = run.progress.step;
    watch.begin(&opening);
    let end = run.go_on(&batches, &data, watch)?;
    let ending = match end {
        End::Stopped => {
            let step = run.progress.step;
            return Ok(Outcome::Stopped { step, steps });
        }
        End::Broke(breakdown) => Ending::Broke(breakdown),
        End::Finished => {
            watch.evaluating("test");
            Ending::Finished {
                test_accuracy: accuracy(run.network, &data.test, spec.batch)?,
            }
        }
    };
    let seconds = began.elapsed().as_secs_f64();
    let history = std::mem::take(&mut run.history);
    let results = write_up(
        spec,
        loaded,
        &data,
        history,
        &ending,
        (options.threads, seconds),
    );
    Ok(match ending {
        Ending::Finished { .. } => Outcome::Finished(Box::new(results)),
        Ending::Broke(breakdown) => Outcome::Broke(Box::new(results), breakdown),
    })
}

/// A run between its steps.
struct Run<'a> {
    spec: &'a TrainSpec,
    rate: LearningRate,
    steps: u64,
    dataset: String,
    data: String,
    folder: Option<&'a Path>,
    checkpoint_every: Option<NonZeroU64>,
    progress: Progress,
    history: History,
    network: &'a mut Network,
    optimizer: &'a mut (dyn Optimizer + Send),
}

/// Why the loop ended.
enum End {
    Finished,
    Stopped,
    Broke(Breakdown),
}

/// What the passes of a step told.
struct Passed {
    loss: f64,
    /// How many examples were told right.
    correct: usize,
    gradient_norm: f64,
}

/// What a step left behind.
enum Step {
    Taken { gradient_norm: f64, point: bool },
    Broke(Breakdown),
}

impl Run<'_> {
    fn resume(&mut self) -> Result<(), TrainError> {
        let Some(folder) = self.folder else {
            return Ok(());
        };
        let checkpoint = Checkpoint::load(folder)?;
        let saved = Saved::of(checkpoint.progress())?;
        if saved.data != self.data {
            return Err(TrainError::OtherData {
                begun: saved.data,
                now: self.data.clone(),
            });
        }
        checkpoint.restore(self.network, self.optimizer)?;
        self.history = saved.history;
        self.progress = checkpoint.progress().clone();
        Ok(())
    }

    fn go_on(
        &mut self,
        batches: &Batches,
        data: &Prepared,
        watch: &dyn Watch,
    ) -> Result<End, TrainError> {
        let clock = Clock::start(self.progress.step);
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        while self.progress.step < self.steps {
            let left = batches.epoch(self.progress.epoch);
            for indices in left.skip(self.progress.batches as usize) {
                data.train.gather(&indices, &mut pixels, &mut labels);
                match self.step(&pixels, &labels)? {
                    Step::Broke(breakdown) => return Ok(End::Broke(breakdown)),
                    Step::Taken {
                        gradient_norm,
                        point,
                    } => watch.step(&self.status(&clock, gradient_norm, point)),
                }
                let finished = self.progress.step == self.steps;
                if finished || watch.wants_to_stop() {
                    if self.progress.batches == batches.per_epoch() as u64 {
                        self.end_epoch(data, watch)?;
                    }
                    self.save(watch)?;
                    return Ok(if finished {
                        End::Finished
                    } else {
                        End::Stopped
                    });
                }
                let within_epoch = self.progress.batches < batches.per_epoch() as u64;
                let due = |every: NonZeroU64| self.progress.step.is_multiple_of(every.get());
                if within_epoch && self.checkpoint_every.is_some_and(due) {
                    self.save(watch)?;
                }
            }
            self.end_epoch(data, watch)?;
            self.save(watch)?;
        }
        Ok(End::Finished)
    }

    /// Validates, and moves on to the next epoch's order.
    fn end_epoch(&mut self, data: &Prepared, watch: &dyn Watch) -> Result<(), TrainError> {
        watch.evaluating("validation");
        let accuracy = accuracy(self.network, &data.valid, self.spec.batch)?;
        self.history.valid_steps.push(self.progress.step);
        self.history.valid_accuracy.push(accuracy.into());
        self.progress.epoch += 1;
        self.progress.batches = 0;
        Ok(())
    }

    /// Forward, backward, update; the first and the last step are measured on the way.
    fn step(&mut self, pixels: &[f32], labels: &[u8]) -> Result<Step, TrainError> {
        let number = self.progress.step + 1;
        let measured = (number == 1 || number == self.steps).then(|| Recorder::new(self.network));
        let tap: &dyn Tap = measured.as_ref().map_or(&NoTap, |recorder| recorder);
        self.network.set_step(self.progress.step);
        self.optimizer
            .set_learning_rate(self.rate.at(self.progress.step))?;
        let Some(passed) = self.pass(pixels, labels, tap)? else {
            return self.broke(pixels, labels);
        };
        if let Some(recorder) = measured {
            let when = if number == 1 {
                "first step"
            } else {
                "last step"
            };
            let graph = self.network.graph();
            self.history
                .keep_profiles(self.spec, graph, &recorder, when);
        }
        self.progress.step = number;
        self.progress.batches += 1;
        let told = (passed.correct, labels.len());
        let point = self.history.add((number, self.steps), passed.loss, told);
        Ok(Step::Taken {
            gradient_norm: passed.gradient_norm,
            point,
        })
    }

    /// The passes of a step and its update, in one session; nothing where a loss or a gradient is not
    /// finite, which updates nothing.
    fn pass(
        &mut self,
        pixels: &[f32],
        labels: &[u8],
        tap: &dyn Tap,
    ) -> Result<Option<Passed>, TrainError> {
        let (optimizer, clip) = (&mut *self.optimizer, self.spec.clip);
        self.network.session(|network| {
            let loss = network.forward(&[pixels], Targets::Classes(labels), tap)?;
            if !loss.is_finite() {
                return Ok(None);
            }
            let correct = network.correct(labels);
            network.backward(tap)?;
            let gradient_norm = match clip {
                Some(clip) => clip_gradients(network, clip)?,
                None => gradient_norm(network),
            };
            if !gradient_norm.is_finite() {
                return Ok(None);
            }
            optimizer.step(network);
            Ok(Some(Passed {
                loss,
                correct,
                gradient_norm,
            }))
        })
    }

    fn broke(&mut self, pixels: &[f32], labels: &[u8]) -> Result<Step, TrainError> {
        let step = self.progress.step + 1;
        let (breakdown, recorder) = Breakdown::find(self.network, pixels, labels, step)?;
        self.history.point(self.progress.step);
        let when = format!("step {step}, where it broke");
        let graph = self.network.graph();
        self.history
            .keep_profiles(self.spec, graph, &recorder, &when);
        Ok(Step::Broke(breakdown))
    }

    fn save(&mut self, watch: &dyn Watch) -> Result<(), TrainError> {
        let Some(folder) = self.folder else {
            return Ok(());
        };
        let saved = Saved {
            spec: self.spec.clone(),
            steps: self.steps,
            dataset: self.dataset.clone(),
            data: self.data.clone(),
            history: self.history.clone(),
        };
        saved.store(&mut self.progress)?;
        checkpoint::save(folder, self.network, self.optimizer, &self.progress)?;
        watch.saved();
        Ok(())
    }

    fn status(&self, clock: &Clock, gradient_norm: f64, point: bool) -> Status {
        let Progress { step, epoch, .. } = self.progress;
        let per_second = clock.steps_per_second(step);
        let examples_per_second = per_second * self.spec.batch as f64;
        Status {
            step,
            steps: self.steps,
            epoch: epoch + 1,
            loss: self.history.mean_loss(),
            accuracy: self.history.mean_accuracy(),
            learning_rate: self.optimizer.learning_rate(),
            gradient_norm,
            examples_per_second,
            layer_examples_per_second: examples_per_second * self.spec.depth as f64,
            seconds_left: (self.steps - step) as f64 / per_second,
            milestone: if point {
                Milestone::Point
            } else {
                Milestone::None
            },
        }
    }
}

/// How fast this process takes steps.
struct Clock {
    began: Instant,
    first_step: u64,
}

impl Clock {
    fn start(first_step: u64) -> Self {
        Self {
            began: Instant::now(),
            first_step,
        }
    }

    fn steps_per_second(&self, step: u64) -> f64 {
        let seconds = self.began.elapsed().as_secs_f64();
        (step - self.first_step) as f64 / seconds.max(1e-9)
    }
}

/// Share of a part's images that the network tells right.
fn accuracy(network: &mut Network, part: &NormalizedPart, batch: usize) -> Result<f64, TrainError> {
    let pixels = part.pixels.chunks(batch * part.features);
    let mut correct = 0;
    for (pixels, labels) in pixels.zip(part.labels.chunks(batch)) {
        network.predict(&[pixels], &NoTap)?;
        correct += network.correct(labels);
    }
    Ok(correct as f64 / part.count as f64)
}

/// Rows and columns of an image.
fn image_size(loaded: &Loaded) -> (usize, usize) {
    let images = loaded.dataset.train.images();
    (images.rows(), images.columns())
}

/// The data in words that differ where the data does.
fn fingerprint(loaded: &Loaded) -> String {
    let dataset = &loaded.dataset;
    let statistics = dataset.train.statistics();
    format!(
        "{}, {} training images of mean {} and standard deviation {}",
        dataset.name,
        dataset.train.count(),
        statistics.mean,
        statistics.std
    )
}
