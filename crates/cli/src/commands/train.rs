//! `evenkeel train`: one network, from its description to its report.

use std::io::{self, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, bail};
use evenkeel_data::{Choice, Download, Loaded, Request};
use evenkeel_lab::results::Results;
use evenkeel_lab::train::{
    Length, OptimizerSpec, Outcome as Trained, Start, TrainOptions, TrainSpec,
    default_learning_rate, saved_run, train,
};
use evenkeel_net::checkpoint::{self, CheckpointError, MANIFEST};

use super::{activation, lab, output};
use crate::Outcome;
use crate::arguments::{DataChoice, OptimizerChoice, TrainArguments};
use crate::terminal::progress::{DataProgress, Telling};
use crate::terminal::{notice, training};

/// The exit status of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

pub(crate) fn run(arguments: &TrainArguments) -> anyhow::Result<Outcome> {
    let folder = arguments.resume.as_ref().unwrap_or(&arguments.out);
    let (spec, loaded, start, _made) = match &arguments.resume {
        Some(folder) => {
            let (spec, loaded) = resumed(arguments, folder)?;
            let made = output::prepare(folder, &WRITTEN, &["figures"])?;
            (spec, loaded, Start::Resume, made)
        }
        None => {
            let spec = spec(arguments)?;
            spec.check()?;
            refuse_unfinished(arguments, folder)?;
            let made = output::prepare(folder, &WRITTEN, &["figures"])?;
            (spec, lab::load(&arguments.source)?, Start::New, made)
        }
    };
    if let Some(reason) = &loaded.fallback {
        notice(&lab::fallback_notice(reason));
    }
    let options = TrainOptions {
        threads: threads(arguments)?,
        checkpoints: Some(folder.clone()),
        checkpoint_every: arguments.checkpoint_every,
        start,
        recompute: arguments.recompute.into(),
    };
    let telling = match arguments.json {
        true => Telling::Nothing,
        false => Telling::Story,
    };
    let live = training::Live::new(telling, stop_on_interrupt()?);
    if telling == Telling::Story {
        training::open(&loaded, &spec)?;
    }
    let outcome = train(&spec, &loaded, &options, &live);
    // A run that was gone on with has the checkpoint that it began at.
    let saved = live.has_saved() || start == Start::Resume;
    let told = live.finish();
    match outcome? {
        Trained::Finished(results) => {
            write(&results, folder, saved)?;
            told?;
            tell(&results, folder, telling)?;
            Ok(Outcome::Fine)
        }
        Trained::Broke(results, _) => {
            write(&results, folder, saved)?;
            told?;
            tell(&results, folder, telling)?;
            Ok(Outcome::Finding)
        }
        Trained::Stopped { step, steps } => {
            output::confirm(folder, checkpoint_files(folder)?)?;
            notice(&format!(
                "stopped after step {step} of {steps}; the checkpoint is in {folder}. Go on with: evenkeel train \
                 --resume {folder}",
                folder = folder.display()
            ));
            Ok(Outcome::Interrupted)
        }
    }
}

/// What is refused before a folder is looked at.
pub(crate) fn check(arguments: &TrainArguments) -> anyhow::Result<()> {
    spec(arguments)?.check()?;
    threads(arguments)?;
    Ok(())
}

/// What a run writes besides its checkpoint and its figures.
const WRITTEN: [&str; 3] = ["report.html", "results.json", MANIFEST];

/// Writes the figures, the report and the results, and looks whether all that the run wrote is there,
/// its checkpoint too if it saved one.
fn write(results: &Results, folder: &Path, saved: bool) -> anyhow::Result<()> {
    let report = evenkeel_report::write(results, folder)?;
    let results_file = folder.join("results.json");
    output::write(&results_file, results.to_json().as_bytes())?;
    let mut written = report.figures;
    written.extend([report.page, results_file]);
    if saved {
        written.extend(checkpoint_files(folder)?);
    }
    output::confirm(folder, written)
}

/// The files of the checkpoint that a run saved; where not even the first of them is there, that one.
fn checkpoint_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    match checkpoint::paths(folder) {
        Ok(files) => Ok(files.into()),
        Err(CheckpointError::Missing { .. }) => Ok(vec![folder.join(MANIFEST)]),
        Err(error) => Err(error.into()),
    }
}

fn tell(results: &Results, folder: &Path, telling: Telling) -> io::Result<()> {
    match telling {
        Telling::Nothing => io::stdout().lock().write_all(results.to_json().as_bytes()),
        Telling::Story => training::close(results, folder),
    }
}

fn spec(arguments: &TrainArguments) -> anyhow::Result<TrainSpec> {
    let momentum = arguments.momentum;
    let optimizer = match (arguments.optimizer, arguments.nesterov) {
        (OptimizerChoice::Sgd, false) => OptimizerSpec::Sgd { momentum },
        (OptimizerChoice::Sgd, true) => OptimizerSpec::Nesterov { momentum },
        (_, true) => bail!("--nesterov goes with --optimizer sgd only"),
        (OptimizerChoice::Adam, false) => OptimizerSpec::Adam,
        (OptimizerChoice::Adamw, false) => OptimizerSpec::AdamW,
    };
    let decay = match optimizer {
        OptimizerSpec::AdamW => 0.01,
        _ => 0.0,
    };
    let net = arguments.net.into();
    let rate = || default_learning_rate(net, arguments.depth, &arguments.init, optimizer);
    Ok(TrainSpec {
        net,
        depth: arguments.depth,
        width: arguments.width,
        activation: activation::parse(&arguments.activation)?,
        recipe: arguments.init.clone(),
        optimizer,
        learning_rate: arguments.lr.unwrap_or_else(rate),
        mup_base_width: arguments.mup,
        schedule: arguments.schedule,
        warmup: arguments.warmup,
        clip: arguments.clip,
        weight_decay: arguments.weight_decay.unwrap_or(decay),
        batch: arguments.batch,
        length: match (arguments.epochs, arguments.steps) {
            (_, Some(steps)) => Length::Steps(steps),
            (epochs, None) => Length::Epochs(epochs.unwrap_or(1)),
        },
        seed: arguments.source.seed,
    })
}

fn threads(arguments: &TrainArguments) -> anyhow::Result<usize> {
    match arguments.threads {
        Some(threads) if !(1..=1024).contains(&threads) => {
            bail!("--threads is {threads}; it must be from 1 to 1024")
        }
        Some(threads) => Ok(threads),
        None => Ok(thread::available_parallelism().map_or(1, NonZero::get)),
    }
}

/// The run that a folder's checkpoint is of, and its data.
fn resumed(arguments: &TrainArguments, folder: &Path) -> anyhow::Result<(TrainSpec, Loaded)> {
    let saved = saved_run(folder)?;
    // What was trained on must be there again: nothing may stand in for it.
    let choice = match (arguments.source.data, saved.dataset.as_str()) {
        (DataChoice::Auto, "strokes") | (DataChoice::Strokes, _) => Choice::Strokes,
        (DataChoice::Auto | DataChoice::Mnist, _) => Choice::Mnist,
    };
    let request = Request {
        choice,
        data_dir: arguments.source.data_dir.clone(),
        seed: saved.spec.seed,
        download: Download::Allowed,
    };
    let loaded = evenkeel_data::load(&request, &DataProgress::new())?;
    Ok((saved.spec, loaded))
}

/// That no run is thrown away that could be gone on with.
fn refuse_unfinished(arguments: &TrainArguments, folder: &Path) -> anyhow::Result<()> {
    if arguments.force || !folder.join(MANIFEST).exists() {
        return Ok(());
    }
    let shown = folder.display();
    let saved = saved_run(folder).with_context(|| {
        format!(
            "{shown} holds a checkpoint that cannot be read; --force replaces it, --out names another folder"
        )
    })?;
    if saved.step < saved.steps {
        bail!(
            "{shown} holds a run that was stopped after step {} of {}: go on with --resume {shown}, begin anew \
             with --force, or name another folder with --out",
            saved.step,
            saved.steps
        );
    }
    Ok(())
}

/// A flag that Ctrl-C sets; pressed again, it ends the program there and then.
fn stop_on_interrupt() -> anyhow::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    ctrlc::set_handler(move || {
        if set.swap(true, Ordering::Relaxed) {
            process::exit(INTERRUPTED);
        }
    })
    .context("cannot watch for Ctrl-C")?;
    Ok(flag)
}
