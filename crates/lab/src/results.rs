//! What a run of the lab leaves behind: plain values, the schema of `results.json`.
//!
//! Everything that is drawn or printed comes from here. Maps are ordered, floats are written with
//! the fewest digits that read back to the same bits, and times stand apart in [`Results::timing`],
//! so the same seed gives the same bytes but for that one field.

mod distribution;
mod grid;
mod number;
mod phase;
mod picture;
mod profile;
mod read;
mod value;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use distribution::{Distribution, Spacing};
pub use grid::{Grid, GridAxis, GridLine, Shading};
pub use number::Number;
pub use phase::{Learnt, PhaseEdge, PhaseMap, PhasePlace, PhaseTrained};
pub(crate) use phase::{letter, letters};
pub use picture::{Curves, Guide, Images, NormalizedBy, Ridge, Ridgeline, Series, Table, Tile};
pub use profile::{Band, Direction, Layer, Profile};
pub use read::{MAX_BYTES, MAX_VALUES, ReadError};
pub use value::{Map, Value, map, show};

/// The schema of `results.json` that this version writes and reads.
pub const SCHEMA: u32 = 1;

/// One run of the lab.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The version of this layout, [`SCHEMA`].
    pub schema: u32,
    /// The version of evenkeel that measured.
    pub version: String,
    /// The seed that every random number of the run was drawn from.
    pub seed: u64,
    /// How much was run.
    pub scale: Scale,
    /// The data that the experiments used.
    pub data: DataSummary,
    /// The experiments, in the order of the lesson.
    pub experiments: Vec<Experiment>,
    /// Everything that differs from run to run: wall-clock times and the machine.
    #[serde(default)]
    pub timing: Timing,
}

/// How much an experiment measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Fewer seeds and steps: a first look within ten seconds.
    Quick,
    /// The whole lesson.
    Full,
}

/// Times and machine of a run; the only part of the results that is not a function of the seed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Seconds for the whole run.
    pub total_seconds: f64,
    /// Seconds for each experiment, by its id.
    pub experiment_seconds: BTreeMap<String, f64>,
    /// Threads that the run used.
    pub threads: usize,
    /// The processor, as the operating system names it.
    pub machine: String,
}

/// The data set and its statistics before and after normalising.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataSummary {
    /// `mnist` or `strokes`.
    pub name: String,
    /// Where it came from, in words fit for a reader; never an absolute path.
    pub source: String,
    /// Set when the data asked for could not be had and other data stands in: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// The training part as read, pixel values in `[0, 1]`.
    pub train: PartSummary,
    /// The validation part as read.
    pub valid: PartSummary,
    /// The test part as read.
    pub test: PartSummary,
    /// All three after normalising by the training part's mean and standard deviation.
    pub normalized: NormalizedSummary,
}

/// Count, mean and standard deviation of one part of the data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartSummary {
    /// How many images.
    pub count: usize,
    /// Mean over all pixels of all images.
    pub mean: Number,
    /// Standard deviation over all pixels of all images.
    pub std: Number,
}

/// The three parts after normalising.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NormalizedSummary {
    /// Training part.
    pub train: PartSummary,
    /// Validation part.
    pub valid: PartSummary,
    /// Test part.
    pub test: PartSummary,
}

/// One question, what was measured, what was known, and what follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    /// Short name, as in `--only`.
    pub id: String,
    /// Title of the chapter.
    pub title: String,
    /// What is asked.
    pub question: String,
    /// What was found, in a sentence or two with its numbers.
    pub verdict: String,
    /// Whether nothing measured contradicts the known answer, within the stated tolerance.
    pub agrees: bool,
    /// Why nothing could be set beside the measurement, where nothing could: no answer is known for
    /// these settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_judged: Option<String>,
    /// What was measured, by name.
    pub measured: Map,
    /// What theory or an independent source says, under the same names where they are comparable.
    pub predicted: Map,
    /// The formulas behind it, each with its source.
    #[serde(default)]
    pub formulas: Vec<Formula>,
    /// What to look for in the figures: a sentence each.
    #[serde(default)]
    pub reading: Vec<String>,
    /// The command that runs this experiment alone.
    pub command: String,
    /// Statistics against depth.
    #[serde(default)]
    pub profiles: Vec<Profile>,
    /// Histograms layer by layer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ridgelines: Vec<Ridgeline>,
    /// Histograms layer by layer as ridgelines have them, to be drawn as layer × value: for more
    /// layers than ridges can show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heatmaps: Vec<Ridgeline>,
    /// Histograms beside the law that they should follow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub distributions: Vec<Distribution>,
    /// Phase diagrams.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<PhaseMap>,
    /// Curves, such as loss against step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub curves: Vec<Curves>,
    /// Heat maps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grids: Vec<Grid>,
    /// Samples of the data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Images>,
    /// Small tables for the terminal and the report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<Table>,
}

/// A formula and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Formula {
    /// The formula in plain Unicode text.
    pub text: String,
    /// Author, year, equation.
    pub source: String,
}

impl Results {
    /// These results as JSON: the bytes of `results.json`, ending in a newline.
    ///
    /// # Panics
    ///
    /// Never: every field is a string, a finite number, a list or a map with text keys.
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).expect("results are plain values");
        json.push('\n');
        json
    }
}
