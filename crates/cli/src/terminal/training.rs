//! A training run on the terminal: its opening, its live line, its end.

use std::cell::{Cell, RefCell};
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

use super::glyphs::glyphs;
use super::progress::{Telling, set_moving, still_bar, whole};
use super::{columns, note, story};

/// Shows where a run is on standard error: one line that changes, or, where that is no terminal, a
/// line for each point of the curves.
pub(crate) struct Live {
    bar: ProgressBar,
    telling: Telling,
    stop: Arc<AtomicBool>,
    first_error: RefCell<Option<io::Error>>,
    saved: Cell<bool>,
}

impl Live {
    /// A line for a run that ends when `stop` is set.
    pub(crate) fn new(telling: Telling, stop: Arc<AtomicBool>) -> Self {
        let bar = still_bar("{spinner} {pos}/{len} {wide_bar:.cyan/dim} {msg}");
        Self {
            bar,
            telling,
            stop,
            first_error: RefCell::new(None),
            saved: Cell::new(false),
        }
    }

    /// Whether the run has written a checkpoint.
    pub(crate) fn has_saved(&self) -> bool {
        self.saved.get()
    }

    /// The first error met while telling, such as a closed pipe.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.bar.finish_and_clear();
        self.first_error.into_inner().map_or(Ok(()), Err)
    }
}

impl Watch for Live {
    fn saved(&self) {
        self.saved.set(true);
    }

    fn begin(&self, opening: &Opening) {
        let text = opening_lines(opening, columns().saturating_sub(2));
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
        // Drawn from here on: nothing else is written while it stands.
        self.bar.set_length(opening.steps);
        self.bar.set_position(opening.first_step);
        set_moving(&self.bar);
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
            let line = if columns() < ROOM {
                short_line(status)
            } else {
                line(status)
            };
            self.bar.set_message(glyphs().text(&line).into_owned());
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

/// From so many columns on the whole line finds room beside a bar.
const ROOM: usize = 110;

fn line(status: &Status) -> String {
    format!(
        "epoch {}  loss {:.4}  accuracy {:.1}%  {} layers·images/s  about {} left",
        status.epoch,
        status.loss,
        100.0 * status.accuracy,
        count(status.layer_examples_per_second),
        left(status),
    )
}

/// What matters most, on 80 columns.
fn short_line(status: &Status) -> String {
    format!(
        "loss {:.4}  accuracy {:.1}%  about {} left",
        status.loss,
        100.0 * status.accuracy,
        left(status)
    )
}

fn left(status: &Status) -> HumanDuration {
    let seconds = status.seconds_left.clamp(0.0, 1e12);
    HumanDuration(whole(Duration::from_secs_f64(seconds)))
}

fn opening_lines(opening: &Opening, width: usize) -> Vec<String> {
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
    let wrapped = lines.iter().flat_map(|line| {
        let line = glyphs().text(line);
        let options = textwrap::Options::new(width).subsequent_indent("  ");
        let lines = textwrap::wrap(&line, options).into_iter();
        lines.map(|line| line.into_owned()).collect::<Vec<_>>()
    });
    wrapped.collect()
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
    let mup = match spec.mup_base_width {
        Some(base) => format!(" · μP from width {base}"),
        None => String::new(),
    };
    let head = format!(
        "{} · {} layers × {} · {} · {}{mup} · {} ({}) · seed {}",
        spec.net,
        spec.depth,
        spec.width,
        spec.activation,
        spec.recipe,
        loaded.dataset.name,
        loaded.source,
        spec.seed
    );
    story::headline("evenkeel train · ", &head)
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
