//! What an experiment is to the lab, and the list of them.

use std::fmt;

use evenkeel_data::NormalizedPart;
use evenkeel_init::Seed;
use rayon::ThreadPool;
use rayon::prelude::*;

use crate::error::LabError;
use crate::experiments;
use crate::progress::Progress;
use crate::results::{
    Curves, DataSummary, Distribution, Formula, Grid, Images, Map, PhaseMap, Profile, Ridgeline,
    Table,
};
use crate::settings::Settings;

/// One experiment of the lesson: a question that can be put to the machine.
pub trait Study: Sync {
    /// Short name, as in `--only`.
    fn id(&self) -> &'static str;
    /// Title of its chapter.
    fn title(&self) -> &'static str;
    /// What is asked.
    fn question(&self) -> &'static str;
    /// Which of the user's parameters it takes.
    fn takes(&self) -> &'static [Parameter] {
        &[]
    }
    /// Depth and width of its largest network when the user names none, where it has one.
    fn default_size(&self) -> Option<(usize, usize)> {
        None
    }
    /// What a user should know before running it, where there is something.
    fn note(&self) -> Option<&'static str> {
        None
    }
    /// Measures, sets the known answer beside it, and judges.
    ///
    /// # Errors
    ///
    /// A network that cannot be built with the user's settings; an activation for which theory has
    /// no answer.
    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError>;
}

/// A parameter that the user may set for the experiments that take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// Number of layers.
    Depth,
    /// Units in a layer.
    Width,
    /// Activation.
    Activation,
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Depth => "--depth",
            Self::Width => "--width",
            Self::Activation => "--activation",
        })
    }
}

/// The experiments, in the lesson's order. A new one is a file in `experiments/` and a row here.
pub fn catalogue() -> &'static [&'static dyn Study] {
    &[
        &experiments::data::Data,
        &experiments::first_layer::FirstLayer,
        &experiments::explode::Explode,
        &experiments::vanish::Vanish,
        &experiments::xavier::Xavier,
        &experiments::xavier_figures::XavierFigures,
        &experiments::relu::Relu,
        &experiments::kaiming::Kaiming,
        &experiments::side_by_side::SideBySide,
        &experiments::gains::Gains,
        &experiments::correlation::Correlation,
        &experiments::depth_scale::DepthScale,
        &experiments::jacobian::Jacobian,
        &experiments::training::Training,
        &experiments::kaiming_depth::KaimingDepth,
        &experiments::lsuv::Lsuv,
        &experiments::update_ratio::UpdateRatio,
        &experiments::fixup::Fixup,
        &experiments::ten_thousand::TenThousand,
        &experiments::vanilla::Vanilla,
    ]
}

/// What an experiment has to work with.
pub struct Bench<'a> {
    /// The user's choices.
    pub settings: &'a Settings,
    /// The data as loaded.
    pub dataset: &'a evenkeel_data::Dataset,
    /// The training part, normalised.
    pub train: &'a NormalizedPart,
    /// The validation part, normalised by the training part's statistics.
    pub valid: &'a NormalizedPart,
    /// The test part, normalised by the training part's statistics.
    pub test: &'a NormalizedPart,
    /// Counts, means and standard deviations of the data.
    pub summary: &'a DataSummary,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) pool: &'a ThreadPool,
}

impl Bench<'_> {
    /// The seed that all streams of this run start from.
    pub fn seed(&self) -> Seed {
        Seed(self.settings.seed)
    }

    /// The user's depth and width, or the experiment's own.
    ///
    /// # Errors
    ///
    /// [`LabError::TooManyWeights`] when a network of that depth and width is absurdly large.
    pub fn depth_and_width(&self, depth: usize, width: usize) -> Result<(usize, usize), LabError> {
        self.settings.size((depth, width))
    }

    /// Runs `trial` for 0, 1, … `trials − 1` on the run's threads and returns the outcomes in that
    /// order, so that no result depends on the number of threads.
    ///
    /// # Errors
    ///
    /// The error of the first trial that failed.
    pub fn trials<T: Send>(
        &self,
        trials: usize,
        trial: impl Fn(usize) -> Result<T, LabError> + Sync,
    ) -> Result<Vec<T>, LabError> {
        self.progress.expect(trials as u64);
        let outcomes: Vec<_> = self.pool.install(|| {
            (0..trials)
                .into_par_iter()
                .with_max_len(1)
                .map(|index| {
                    let outcome = trial(index);
                    self.progress.advance(1);
                    outcome
                })
                .collect()
        });
        outcomes.into_iter().collect()
    }
}

/// What an experiment found; [`crate::run()`] puts its name and question in front.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// What was found, in a sentence or two with its numbers.
    pub verdict: String,
    /// Whether it agrees with the known answer.
    pub agrees: bool,
    /// Why there is no known answer for these settings, where there is none.
    pub not_judged: Option<String>,
    /// What was measured.
    pub measured: Map,
    /// What was known.
    pub predicted: Map,
    /// Formulas with their sources.
    pub formulas: Vec<Formula>,
    /// What to look for in the figures.
    pub reading: Vec<String>,
    /// Statistics against depth.
    pub profiles: Vec<Profile>,
    /// Histograms layer by layer.
    pub ridgelines: Vec<Ridgeline>,
    /// Histograms of layer × value.
    pub heatmaps: Vec<Ridgeline>,
    /// Histograms beside their laws.
    pub distributions: Vec<Distribution>,
    /// Phase diagrams.
    pub phases: Vec<PhaseMap>,
    /// Curves.
    pub curves: Vec<Curves>,
    /// Heat maps.
    pub grids: Vec<Grid>,
    /// Samples of the data.
    pub images: Vec<Images>,
    /// Tables.
    pub tables: Vec<Table>,
}
