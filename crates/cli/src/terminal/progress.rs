//! The progress bar: which experiment runs, how far it is, how long it will take.

use std::sync::Mutex;
use std::time::Duration;

use evenkeel_lab::Progress;
use evenkeel_lab::results::Experiment;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::story;

/// Whether the story of the run is told on standard output while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Telling {
    /// Each experiment as it ends.
    Story,
    /// Nothing: standard output belongs to JSON.
    Nothing,
}

/// Draws a bar on standard error and tells the story on standard output.
pub(crate) struct LabProgress {
    bar: ProgressBar,
    telling: Telling,
    first_error: Mutex<Option<std::io::Error>>,
}

impl LabProgress {
    pub(crate) fn new(telling: Telling) -> Self {
        Self {
            bar: bar(
                "{spinner} {msg:<16} {wide_bar:.cyan/dim} {pos}/{len}  {elapsed} (about {eta} left)",
            ),
            telling,
            first_error: Mutex::new(None),
        }
    }

    /// The first error met while writing the story, such as a closed pipe.
    pub(crate) fn finish(self) -> std::io::Result<()> {
        self.bar.finish_and_clear();
        match self.first_error.into_inner() {
            Ok(Some(error)) => Err(error),
            _ => Ok(()),
        }
    }
}

impl Progress for LabProgress {
    fn begin(&self, id: &str, index: usize, total: usize) {
        self.bar.reset();
        self.bar.set_length(0);
        self.bar.set_message(format!("{}/{total} {id}", index + 1));
    }

    fn expect(&self, steps: u64) {
        self.bar.inc_length(steps);
    }

    fn advance(&self, steps: u64) {
        self.bar.inc(steps);
    }

    fn end(&self, experiment: &Experiment, seconds: f64) {
        if self.telling == Telling::Nothing {
            return;
        }
        let told = self.bar.suspend(|| story::tell(experiment, seconds));
        if let (Err(error), Ok(mut first)) = (told, self.first_error.lock()) {
            first.get_or_insert(error);
        }
    }
}

/// The bar while data is read, fetched, verified or drawn.
pub(crate) struct DataProgress {
    bar: ProgressBar,
}

impl DataProgress {
    pub(crate) fn new() -> Self {
        Self {
            bar: bar("{spinner} {msg} {wide_bar:.cyan/dim} {percent}% (about {eta} left)"),
        }
    }
}

impl evenkeel_data::Progress for DataProgress {
    fn begin(&self, what: &str, total: Option<u64>) {
        self.bar.reset();
        self.bar.set_length(total.unwrap_or(0));
        self.bar.set_message(what.to_owned());
    }

    fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// The bar while weights are made or checked: how many bytes, how fast, how long yet.
pub(crate) struct BytesProgress {
    bar: ProgressBar,
}

impl BytesProgress {
    pub(crate) fn new() -> Self {
        Self {
            bar: bar(
                "{spinner} {msg} {wide_bar:.cyan/dim} {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec} (about {eta} left)",
            ),
        }
    }
}

impl evenkeel_init::checkpoint::Progress for BytesProgress {
    fn begin(&self, what: &str, bytes: u64) {
        self.bar.reset();
        self.bar.set_length(bytes);
        self.bar.set_message(what.to_owned());
    }

    fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar on standard error; hidden by `indicatif` where that is no terminal.
pub(crate) fn bar(template: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
