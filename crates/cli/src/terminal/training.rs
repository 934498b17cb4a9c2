//! A training run on the terminal: its opening, its live line, its end.

use std::cell::RefCell;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use console::style;
use evenkeel_data::Loaded;
use evenkeel_lab::results::Results;
use evenkeel_lab::train::{Milestone, Opening, Status, TrainSpec, Watch};
use indicatif::{HumanDuration, ProgressBar};

use super::progress::{Telling, bar};
use super::{columns, note, story};

/// Shows where a run is on standard error: one line that changes, or, where that is no terminal, a
/// line for each point of the curves.
pub(crate) struct Live {
    bar: ProgressBar,
    telling: Telling,
    stop: Arc<AtomicBool>,
    first_error: RefCell<Option<io::Error>>,
}

impl Live {
    /// A line for a run that ends when `stop` is set.
    pub(crate) fn new(telling: Telling, stop: Arc<AtomicBool>) -> Self {
        let bar = bar("{spinner} {pos}/{len} {wide_bar:.cyan/dim} {msg}");
        Self {
            bar,
            telling,
            stop,
            first_error: RefCell::new(None),
        }
    }

    /// The first error met while telling, such as a closed pipe.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.bar.finish_and_clear();
        self.first_error.into_inner().map_or(Ok(()), Err)
    }
}

impl Watch for Live {
    fn begin(&self, opening: &Opening) {
        self.bar.set_length(opening.steps);
        self.bar.set_position(opening.first_step);
        let text = opening_lines(opening);
        match self.telling {
            Telling::Nothing => text.iter().for_each(|line| note(line)),
            Telling::Story => {
                let mut out = io::stdout().lock();
                let told = text.iter().try_for_each(|line| writeln!(out, "  {line}"));
                let told = told.and_then(|()| out.flush());
                if let Err(error) = told {
                    self.first_error.borrow_mut().get_or_insert(error);
                }
            }
        }
    }

    fn step(&self, status: &Status) {
        self.bar.set_position(status.step);
        if self.bar.is_hidden() {
            if status.milestone == Milestone::Point {
                note(&format!(
                    "step {}/{}  {}",
                    status.step,
                    status.steps,
                    line(status)
                ));
            }
        } else {
            self.bar.set_message(line(status));
        }
    }

    fn evaluating(&self, part: &str) {
        self.bar
            .set_message(format!("measuring on the {part} images"));
    }

    fn wants_to_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

fn line(status: &Status) -> String {
    // Whole seconds: more is not known.
    let left = Duration::from_secs(status.seconds_left.max(0.0) as u64);
    format!(
        "epoch {}  loss {:.4}  accuracy {:.1}%  {} layers·images/s  about {} left",
        status.epoch,
        status.loss,
        100.0 * status.accuracy,
        count(status.layer_examples_per_second),
        HumanDuration(left),
    )
}

fn opening_lines(opening: &Opening) -> Vec<String> {
    let memory = &opening.memory;
    let available = match opening.available {
        Some(bytes) => format!("; {} are available", evenkeel_lab::train::show_bytes(bytes)),
        None => String::new(),
    };
    let mut lines = vec![
        format!(
            "{} parameters; {} steps, {} to an epoch",
            count(opening.parameters as f64),
            opening.steps,
            opening.steps_per_epoch
        ),
        format!("{memory}{available}"),
    ];
    if opening.first_step > 0 {
        lines.push(format!("going on from step {}", opening.first_step));
    }
    lines
}

/// A large number to three digits.
fn count(x: f64) -> String {
    match x {
        x if x < 1e4 => format!("{x:.0}"),
        x if x < 1e6 => format!("{:.1} thousand", x / 1e3),
        x if x < 1e9 => format!("{:.1} million", x / 1e6),
        x => format!("{:.1} billion", x / 1e9),
    }
}

/// What is about to be trained, and on what.
pub(crate) fn open(loaded: &Loaded, spec: &TrainSpec) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let head = format!(
        "{} · {} layers × {} · {} · {} · {} ({}) · seed {}",
        spec.net,
        spec.depth,
        spec.width,
        spec.activation,
        spec.recipe,
        loaded.dataset.name,
        loaded.source,
        spec.seed
    );
    write!(out, "{}", style("evenkeel train · ").bold())?;
    let options = textwrap::Options::new(columns()).initial_indent("                 ");
    for line in textwrap::wrap(&head, options) {
        writeln!(out, "{}", line.trim_start())?;
    }
    out.flush()
}

/// How it ended, and where everything is.
pub(crate) fn close(results: &Results, folder: &Path) -> io::Result<()> {
    for experiment in &results.experiments {
        story::tell(experiment, results.timing.total_seconds)?;
    }
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "\n  report: {}",
        style(folder.join("report.html").display()).bold()
    )
}
