//! Runs the chosen experiments in the lesson's order.

use std::time::Instant;

use evenkeel_data::{Loaded, NormalizedPart, Normalizer, PixelStatistics};

use crate::error::LabError;
use crate::progress::Progress;
use crate::results::{
    DataSummary, Experiment, NormalizedSummary, PartSummary, Results, SCHEMA, Timing,
};
use crate::settings::Settings;
use crate::study::{Bench, Findings, Study};

/// Runs the experiments that `settings` chooses on `loaded` and returns everything they found.
///
/// The results are a function of the settings and the data alone, whatever the number of threads;
/// only [`Results::timing`] differs from run to run.
///
/// # Errors
///
/// Everything that [`Settings::selection`] checks, before anything is computed; a network or an
/// activation that an experiment cannot work with.
pub fn run(
    settings: &Settings,
    loaded: &Loaded,
    progress: &dyn Progress,
) -> Result<Results, LabError> {
    let selected = settings.selection()?;
    let began = Instant::now();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(settings.threads)
        .build()
        .map_err(|source| LabError::Threads {
            threads: settings.threads,
            source,
        })?;
    let dataset = &loaded.dataset;
    let (prepared, summary) = pool.install(|| {
        let prepared = Prepared::new(loaded);
        let summary = prepared.summary(loaded);
        (prepared, summary)
    });
    let bench = Bench {
        settings,
        dataset,
        train: &prepared.train,
        valid: &prepared.valid,
        test: &prepared.test,
        summary: &summary,
        progress,
        pool: &pool,
    };

    let mut timing = Timing {
        threads: settings.threads,
        machine: machine(),
        ..Timing::default()
    };
    let mut experiments = Vec::with_capacity(selected.len());
    for (index, study) in selected.iter().enumerate() {
        progress.begin(study.id(), index, selected.len());
        let start = Instant::now();
        let findings = study
            .run(&bench)
            .map_err(|error| error.within(study.id()))?;
        let experiment = write_up(*study, findings, settings);
        let seconds = start.elapsed().as_secs_f64();
        progress.end(&experiment, seconds);
        timing
            .experiment_seconds
            .insert(study.id().to_owned(), seconds);
        experiments.push(experiment);
    }
    timing.total_seconds = began.elapsed().as_secs_f64();
    Ok(Results {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: settings.seed,
        scale: settings.scale,
        data: summary,
        experiments,
        timing,
    })
}

fn write_up(study: &dyn Study, findings: Findings, settings: &Settings) -> Experiment {
    let not_judged = findings
        .not_judged
        .or_else(|| settings.beyond_theory(study));
    Experiment {
        id: study.id().to_owned(),
        title: study.title().to_owned(),
        question: study.question().to_owned(),
        verdict: with_true_minus(&findings.verdict),
        agrees: findings.agrees || not_judged.is_some(),
        not_judged,
        measured: findings.measured,
        predicted: findings.predicted,
        formulas: findings.formulas,
        reading: findings.reading,
        command: settings.command_for(study),
        profiles: findings.profiles,
        ridgelines: findings.ridgelines,
        heatmaps: findings.heatmaps,
        distributions: findings.distributions,
        phases: findings.phases,
        curves: findings.curves,
        grids: findings.grids,
        images: findings.images,
        tables: findings.tables,
    }
}

/// The text with a minus sign, and no hyphen, before each negative number.
pub(crate) fn with_true_minus(text: &str) -> String {
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    let mut out = String::with_capacity(text.len());
    while let Some(c) = chars.next() {
        let opens_number =
            c == '-' && !before.is_alphanumeric() && chars.peek().is_some_and(char::is_ascii_digit);
        out.push(if opens_number { '−' } else { c });
        before = c;
    }
    out
}

/// What results say where drawn digits stand in. The particulars (paths, the network's words) differ
/// from machine to machine and are for the terminal.
const STAND_IN: &str = "MNIST is not on this machine and could not be fetched; digits drawn by evenkeel itself \
                        stand in for it. The numbers that belong to MNIST are not to be looked for here.";

/// The three parts, normalised by the training part's statistics.
pub(crate) struct Prepared {
    pub(crate) train: NormalizedPart,
    pub(crate) valid: NormalizedPart,
    pub(crate) test: NormalizedPart,
}

impl Prepared {
    pub(crate) fn new(loaded: &Loaded) -> Self {
        let dataset = &loaded.dataset;
        let normalizer = Normalizer::fit(&dataset.train);
        Self {
            train: normalizer.apply(&dataset.train),
            valid: normalizer.apply(&dataset.valid),
            test: normalizer.apply(&dataset.test),
        }
    }

    /// The data in numbers, before and after normalising; each measured on the values themselves.
    pub(crate) fn summary(&self, loaded: &Loaded) -> DataSummary {
        let dataset = &loaded.dataset;
        let [train, valid, test] = [&self.train, &self.valid, &self.test]
            .map(|part| summary(part.count, part.statistics()));
        DataSummary {
            name: dataset.name.clone(),
            source: loaded.source.clone(),
            fallback: loaded.fallback.as_ref().map(|_| STAND_IN.to_owned()),
            train: summary(dataset.train.count(), dataset.train.statistics()),
            valid: summary(dataset.valid.count(), dataset.valid.statistics()),
            test: summary(dataset.test.count(), dataset.test.statistics()),
            normalized: NormalizedSummary { train, valid, test },
        }
    }
}

fn summary(count: usize, statistics: PixelStatistics) -> PartSummary {
    PartSummary {
        count,
        mean: statistics.mean.into(),
        std: statistics.std.into(),
    }
}

/// The processor, as Linux names it; the architecture elsewhere.
pub(crate) fn machine() -> String {
    let name = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        });
    name.unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

#[cfg(test)]
mod tests {
    use super::with_true_minus;

    #[test]
    fn negative_numbers_get_a_minus_and_words_keep_their_hyphens() {
        let text = "mean -0.5 (theory -1), 512-wide, -x, 1e-3, U(-1, 1)";
        let expected = "mean −0.5 (theory −1), 512-wide, -x, 1e-3, U(−1, 1)";
        assert_eq!(with_true_minus(text), expected);
    }
}
