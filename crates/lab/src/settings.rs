//! What the user may choose about a run, checked before anything is computed.

use evenkeel_theory::{Activation, Gain};

use crate::error::LabError;
use crate::results::Scale;
use crate::study::{Parameter, Study, catalogue};

/// The deepest network that the lab's experiments take.
pub const MAX_DEPTH: usize = 10_000;

/// The widest layer that the lab's experiments take.
pub const MAX_WIDTH: usize = 8_192;

/// The narrowest layer whose measurements are judged: the laws of finite width are normal laws of
/// sums over units, and the narrowing networks end at a quarter of it.
const NARROWEST: usize = 32;

/// The deepest network whose measurements are judged, in layers a unit. The variance of ln rms grows
/// like depth/width: at 5 its spread is a factor of e³ for ReLU.
const DEEPEST_PER_UNIT: usize = 5;

/// The most weights that one network of the lab may have: 4 GiB of them in f32. It stands between
/// a typing slip and a machine that swaps.
pub const MAX_WEIGHTS: usize = 1 << 30;

/// How much of an experiment that takes minutes is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// A first look, within a second or two.
    Quick,
    /// As much as the whole lesson has time for.
    Shortened,
    /// All of it.
    Whole,
}

/// What to run, and how much of it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The seed of every random number.
    pub seed: u64,
    /// How much to measure.
    pub scale: Scale,
    /// Layers, where an experiment takes a depth; its own default otherwise.
    pub depth: Option<usize>,
    /// Width of the layers, where an experiment takes one.
    pub width: Option<usize>,
    /// Activation, where an experiment takes one.
    pub activation: Option<Activation>,
    /// Threads; they change the time, never a result.
    pub threads: usize,
    /// The ids of the experiments to run; all of them when empty.
    pub only: Vec<String>,
}

impl Settings {
    /// The whole lesson with a seed, on so many threads.
    pub fn new(seed: u64, threads: usize) -> Self {
        Self {
            seed,
            scale: Scale::Full,
            depth: None,
            width: None,
            activation: None,
            threads,
            only: Vec::new(),
        }
    }

    /// The experiments to run, in the lesson's order, once every choice has been checked.
    ///
    /// # Errors
    ///
    /// [`LabError::UnknownExperiment`] for an id that is not in the catalogue;
    /// [`LabError::OutOfRange`] for a depth, a width or a thread count that is 0 or too large;
    /// [`LabError::NotTaken`] for a parameter that none of the chosen experiments takes;
    /// [`LabError::TooManyWeights`] for a network that is absurdly large; [`LabError::Gain`] for an
    /// activation whose signal theory cannot follow.
    pub fn selection(&self) -> Result<Vec<&'static dyn Study>, LabError> {
        check("--threads", Some(self.threads), 1, 1_024)?;
        check("--depth", self.depth, 1, MAX_DEPTH)?;
        check("--width", self.width, 1, MAX_WIDTH)?;
        if let Some(unknown) = self.only.iter().find(|id| study(id).is_none()) {
            return Err(LabError::unknown_experiment(unknown));
        }
        let selected: Vec<_> = catalogue()
            .iter()
            .copied()
            .filter(|s| self.only.is_empty() || self.only.iter().any(|id| id == s.id()))
            .collect();
        for (parameter, given) in [
            (Parameter::Depth, self.depth.is_some()),
            (Parameter::Width, self.width.is_some()),
            (Parameter::Activation, self.activation.is_some()),
        ] {
            if given && !selected.iter().any(|s| s.takes().contains(&parameter)) {
                return Err(LabError::not_taken(parameter));
            }
        }
        for default in selected.iter().filter_map(|s| s.default_size()) {
            self.size(default)?;
        }
        if let Some(activation) = &self.activation {
            Gain::of(activation)?;
        }
        Ok(selected)
    }

    /// The user's depth and width, or those given.
    ///
    /// # Errors
    ///
    /// [`LabError::TooManyWeights`] when a network of that depth and width is absurdly large.
    pub fn size(&self, (depth, width): (usize, usize)) -> Result<(usize, usize), LabError> {
        let (depth, width) = (self.depth.unwrap_or(depth), self.width.unwrap_or(width));
        let weights = width.checked_mul(width).and_then(|w| w.checked_mul(depth));
        match weights {
            Some(weights) if weights <= MAX_WEIGHTS => Ok((depth, width)),
            _ => Err(LabError::TooManyWeights {
                depth,
                width,
                max: MAX_WEIGHTS,
            }),
        }
    }

    /// Why no theory stands beside an experiment at these settings, if none does.
    pub(crate) fn beyond_theory(&self, study: &dyn Study) -> Option<String> {
        let default = study.default_size()?;
        let (depth, width) = self.size(default).ok()?;
        if width < NARROWEST {
            return Some(format!(
                "the laws are those of many units, and a width of {width} is below {NARROWEST}"
            ));
        }
        (depth > DEEPEST_PER_UNIT * width).then(|| {
            format!(
                "in {depth} layers of {width} units chance outgrows what f32 can hold: judged are depths up \
                 to {DEEPEST_PER_UNIT} times the width"
            )
        })
    }

    /// The command that runs one experiment with these settings.
    pub fn command_for(&self, study: &dyn Study) -> String {
        let mut command = format!("evenkeel lab --only {} --seed {}", study.id(), self.seed);
        if self.scale == Scale::Quick {
            command.push_str(" --quick");
        }
        for &parameter in study.takes() {
            let value = match parameter {
                Parameter::Depth => self.depth.map(|depth| depth.to_string()),
                Parameter::Width => self.width.map(|width| width.to_string()),
                Parameter::Activation => self.activation.as_ref().map(|a| format!("'{a}'")),
            };
            if let Some(value) = value {
                command.push_str(&format!(" {parameter} {value}"));
            }
        }
        command
    }

    /// How much of a long experiment is run: all of it where `--only` names it.
    pub fn length(&self, study: &dyn Study) -> Length {
        match self.scale {
            Scale::Quick => Length::Quick,
            Scale::Full if self.only.iter().any(|id| id == study.id()) => Length::Whole,
            Scale::Full => Length::Shortened,
        }
    }

    /// `quick` or `full`, whichever this run's scale asks for.
    pub fn pick<T>(&self, quick: T, full: T) -> T {
        match self.scale {
            Scale::Quick => quick,
            Scale::Full => full,
        }
    }
}

fn study(id: &str) -> Option<&'static dyn Study> {
    catalogue().iter().copied().find(|s| s.id() == id)
}

fn check(
    option: &'static str,
    given: Option<usize>,
    min: usize,
    max: usize,
) -> Result<(), LabError> {
    match given {
        Some(value) if value < min || value > max => Err(LabError::OutOfRange {
            option,
            given: value,
            min,
            max,
        }),
        _ => Ok(()),
    }
}
