//! What a checkpoint keeps of a run besides network, optimiser and data order.

use std::collections::BTreeMap;
use std::mem;

use evenkeel_net::checkpoint::Progress;
use serde::{Deserialize, Serialize};

use super::history::History;
use super::{TrainError, TrainSpec};
use crate::results::{Layer, Number, Profile};

/// A run at one of its steps.
///
/// Its profiles have a row of numbers for each layer, and there may be ten thousand layers: the rows
/// lie as columns among the checkpoint's series, `profiles.0.mean` and so on, and the text keeps
/// what each profile is called.
#[derive(Serialize, Deserialize)]
pub(super) struct Saved {
    pub(super) spec: TrainSpec,
    pub(super) steps: u64,
    pub(super) dataset: String,
    pub(super) data: String,
    pub(super) history: History,
}

impl Saved {
    /// Puts it into `progress`.
    pub(super) fn store(mut self, progress: &mut Progress) -> Result<(), TrainError> {
        progress.series.clear();
        for (number, profile) in self.history.profiles.iter_mut().enumerate() {
            let rows: Vec<_> = mem::take(&mut profile.layers).iter().map(row).collect();
            for (place, column) in COLUMNS.into_iter().enumerate() {
                let values = rows.iter().map(|row| row[place]).collect();
                progress.series.insert(name(number, column), values);
            }
        }
        progress.run = serde_json::to_value(self).map_err(foreign)?;
        Ok(())
    }

    /// What [`store`](Self::store) put there.
    pub(super) fn of(progress: &Progress) -> Result<Self, TrainError> {
        let mut saved = Self::deserialize(&progress.run).map_err(foreign)?;
        let profiles = &mut saved.history.profiles;
        // The first format of checkpoints has the rows in the text.
        if profiles.iter().all(|profile| profile.layers.is_empty()) {
            for (number, profile) in profiles.iter_mut().enumerate() {
                profile.layers = layers(number, profile, &progress.series)?;
            }
        }
        Ok(saved)
    }
}

fn foreign(error: serde_json::Error) -> TrainError {
    TrainError::ForeignRun {
        reason: error.to_string(),
    }
}

/// The rows of a profile, from its columns.
fn layers(
    number: usize,
    profile: &Profile,
    series: &BTreeMap<String, Vec<f64>>,
) -> Result<Vec<Layer>, TrainError> {
    let of = |column| series.get(&name(number, column));
    let columns = COLUMNS.map(|column| of(column).map_or(&[][..], Vec::as_slice));
    let count = columns[0].len();
    let complete = COLUMNS.iter().all(|&column| of(column).is_some());
    if !complete || columns.iter().any(|values| values.len() != count) {
        return Err(TrainError::ForeignRun {
            reason: format!(
                "not every column of its profile {:?} is there, with a number for each layer",
                profile.name
            ),
        });
    }
    let row = |at: usize| columns.map(|values| values[at]);
    Ok((0..count).map(|at| layer(at, row(at))).collect())
}

/// The name of a column's series.
fn name(profile: usize, column: &str) -> String {
    format!("profiles.{profile}.{column}")
}

/// What a row has for each layer besides the layer's number, which is the row's.
const COLUMNS: [&str; 9] = [
    "count",
    "mean",
    "std",
    "second_moment",
    "min",
    "max",
    "zero_fraction",
    "nonfinite",
    "nan",
];

/// The numbers of a layer. Its counts are far below 2⁵³, up to where f64 has every integer.
fn row(layer: &Layer) -> [f64; COLUMNS.len()] {
    [
        layer.count as f64,
        layer.mean.0,
        layer.std.0,
        layer.second_moment.0,
        layer.min.0,
        layer.max.0,
        layer.zero_fraction.0,
        layer.nonfinite as f64,
        layer.nan as f64,
    ]
}

/// The layer of these numbers.
fn layer(layer: usize, row: [f64; COLUMNS.len()]) -> Layer {
    let [
        count,
        mean,
        std,
        second_moment,
        min,
        max,
        zero_fraction,
        nonfinite,
        nan,
    ] = row;
    Layer {
        layer,
        count: count as u64,
        mean: Number(mean),
        std: Number(std),
        second_moment: Number(second_moment),
        min: Number(min),
        max: Number(max),
        zero_fraction: Number(zero_fraction),
        nonfinite: nonfinite as u64,
        nan: nan as u64,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::results::Direction;
    use crate::train::{Length, NetKind, OptimizerSpec, ScheduleSpec};

    fn saved() -> Saved {
        let spec = TrainSpec {
            net: NetKind::Mlp,
            depth: 3,
            width: 4,
            activation: evenkeel_theory::Activation::relu(),
            recipe: "kaiming_normal".parse().unwrap(),
            optimizer: OptimizerSpec::Adam,
            learning_rate: 0.01,
            mup_base_width: None,
            schedule: ScheduleSpec::Constant,
            warmup: 0,
            clip: None,
            weight_decay: 0.0,
            batch: 10,
            length: Length::Steps(2),
            seed: 1,
        };
        let profile = |name: &str, layers: Vec<Layer>| Profile {
            name: name.to_owned(),
            init: "kaiming".to_owned(),
            direction: Direction::Forward,
            layers,
            predicted: Vec::new(),
        };
        let rows = |count: usize| {
            let of = |at| std::array::from_fn(|column| (10 * at + column) as f64 + 0.1f64.powi(9));
            (0..count).map(|at| layer(at, of(at))).collect()
        };
        let mut history = History::default();
        history.profiles = vec![profile("states", rows(3)), profile("none", rows(0))];
        Saved {
            spec,
            steps: 2,
            dataset: "strokes".to_owned(),
            data: "strokes, 10 training images".to_owned(),
            history,
        }
    }

    fn stored() -> Progress {
        let mut progress = Progress::default();
        saved().store(&mut progress).unwrap();
        progress
    }

    #[test]
    fn profiles_come_back_from_their_columns() {
        let progress = stored();
        assert_eq!(progress.series.len(), 2 * COLUMNS.len());
        assert_eq!(progress.series["profiles.0.std"][2].floor(), 22.0);
        assert!(!progress.run.to_string().contains("second_moment"));
        let again = Saved::of(&progress).unwrap();
        assert_eq!(again.history, saved().history);
        assert_eq!(again.spec, saved().spec);
    }

    #[test]
    fn profiles_of_the_first_format_are_read_where_they_lie() {
        let progress = Progress {
            run: serde_json::to_value(saved()).unwrap(),
            ..Progress::default()
        };
        assert_eq!(Saved::of(&progress).unwrap().history, saved().history);
    }

    #[test]
    fn columns_that_are_not_all_there_are_refused() {
        let mut lacking = stored();
        lacking.series.remove("profiles.1.nan");
        let mut without = stored();
        without.series.clear();
        let mut short = stored();
        short.series.get_mut("profiles.0.max").unwrap().pop();
        let mut long = stored();
        long.series.get_mut("profiles.0.count").unwrap().push(1.0);
        for (progress, profile) in [
            (lacking, "none"),
            (without, "states"),
            (short, "states"),
            (long, "states"),
        ] {
            let error = Saved::of(&progress).map(|_| ()).unwrap_err();
            let words = format!("column of its profile \"{profile}\"");
            assert!(error.to_string().contains(&words), "{error}");
        }
        let other = Progress {
            run: Value::Null,
            ..stored()
        };
        assert!(matches!(
            Saved::of(&other),
            Err(TrainError::ForeignRun { .. })
        ));
    }
}
