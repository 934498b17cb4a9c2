//! The progress bar: which experiment runs, how far it is, how long it will take.

use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use evenkeel_lab::Progress;
use evenkeel_lab::results::Experiment;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::glyphs::{Glyphs, glyphs};
use super::{is_sober, story};

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
            bar: bar("{spinner} {msg:<16} {wide_bar:.cyan/dim} {pos}/{len}  {elapsed}{left}"),
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
            bar: bar("{spinner} {msg} {wide_bar:.cyan/dim} {percent}%{left}"),
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
                "{spinner} {msg} {wide_bar:.cyan/dim} {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}{left}",
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

/// The bar while one tensor is made; a small one is there before it could be read.
pub(crate) struct ElementsProgress {
    bar: ProgressBar,
    began: Instant,
}

/// What is done within this time needs no bar.
const UNNOTICED: Duration = Duration::from_millis(500);

impl ElementsProgress {
    /// A bar for so many elements.
    pub(crate) fn new(elements: u64) -> Self {
        let bar = styled(
            ProgressDrawTarget::hidden(),
            "{spinner} {msg} {wide_bar:.cyan/dim} {percent}%{left}",
        );
        bar.set_length(elements);
        bar.set_message("making the tensor");
        Self {
            bar,
            began: Instant::now(),
        }
    }

    pub(crate) fn advance(&self, elements: u64) {
        self.bar.inc(elements);
        if self.bar.is_hidden() && !is_sober() && self.began.elapsed() > UNNOTICED {
            self.bar.set_draw_target(target());
        }
    }

    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}

/// Says what is being done while nothing can be counted, and goes when it is dropped.
pub(crate) struct Waiting {
    bar: ProgressBar,
}

impl Waiting {
    pub(crate) fn new(what: &str) -> Self {
        let waiting = Self {
            bar: bar("{spinner} {msg}  {elapsed}"),
        };
        waiting.now(what);
        waiting
    }

    /// What is being done from here on.
    pub(crate) fn now(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A bar on standard error that moves; hidden where that is no terminal, or one that shows lines only.
pub(crate) fn bar(template: &str) -> ProgressBar {
    let bar = still_bar(template);
    set_moving(&bar);
    bar
}

/// Lets a bar move by itself between two steps of the work.
pub(crate) fn set_moving(bar: &ProgressBar) {
    bar.enable_steady_tick(Duration::from_millis(100));
}

/// A bar that is not drawn before its first step.
pub(crate) fn still_bar(template: &str) -> ProgressBar {
    let target = if is_sober() {
        ProgressDrawTarget::hidden()
    } else {
        target()
    };
    styled(target, template)
}

/// Hidden by `indicatif` where standard error is no terminal.
fn target() -> ProgressDrawTarget {
    ProgressDrawTarget::stderr_with_hz(10)
}

fn styled(target: ProgressDrawTarget, template: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template(template) {
        let style = match glyphs() {
            Glyphs::Unicode => style.progress_chars("━╸─"),
            Glyphs::Ascii => style.progress_chars("=>-").tick_chars("-\\|/ "),
        };
        bar.set_style(style.with_key("left", left));
    }
    bar
}

/// How long it will take yet, once something is known about that.
fn left(state: &ProgressState, out: &mut dyn fmt::Write) {
    let known = state.len().is_some_and(|length| length > state.pos()) && state.pos() > 0;
    if known {
        // A bar that cannot be written is no reason to stop.
        let _ = write!(out, "  about {} left", HumanDuration(whole(state.eta())));
    }
}

/// Whole seconds, at least one: more is not known.
pub(crate) fn whole(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs().max(1))
}
