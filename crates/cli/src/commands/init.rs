//! `evenkeel init`: a whole checkpoint.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use evenkeel_init::checkpoint::{
    ByteSize, Completion, Destination, Existing, ModelTensor, ModelTensors, Part, Plan, Spec,
    TensorEntry, WriteOptions, Written, assign, read_tensors,
};
use evenkeel_init::{Preset, Rules, Seed};
use serde_json::json;

use super::weights;
use crate::Outcome;
use crate::arguments::InitArguments;
use crate::terminal::progress::BytesProgress;
use crate::terminal::{mark, note, notice};

/// Longest spec or rules file: they are written by hand.
const LONGEST_TEXT: u64 = 16_000_000;

pub(crate) fn run(arguments: &InitArguments) -> anyhow::Result<Outcome> {
    let out = arguments.out.clone().unwrap_or_else(|| PathBuf::from("."));
    let destination = Destination::new(out);
    let plan = plan(arguments, &destination)?;
    if arguments.dry_run {
        show(&plan, arguments)?;
        return Ok(Outcome::Fine);
    }
    if arguments.shard.count() > plan.file_count() {
        notice(&format!(
            "the checkpoint has {}, so some of the {} parts are empty; a smaller --max-shard-size makes more files",
            weights::counted(plan.file_count(), "file"),
            arguments.shard.count()
        ));
    }
    let options = WriteOptions {
        existing: existing(arguments),
        part: arguments.shard,
        threads: weights::threads(arguments.threads),
    };
    let began = Instant::now();
    let written = plan.write(&destination, &options, &BytesProgress::new())?;
    if written.bytes_made > 0 {
        note(&format!(
            "wrote {}",
            weights::rate(written.bytes_made, began.elapsed())
        ));
    }
    if arguments.json {
        print_json(&plan, &destination, &written)?;
    } else {
        print_text(&plan, &destination, &written, arguments.shard)?;
    }
    Ok(Outcome::Fine)
}

fn plan(arguments: &InitArguments, destination: &Destination) -> anyhow::Result<Plan> {
    let (tensors, own_rules) = tensors(arguments)?;
    let rules = rules(arguments, &tensors, own_rules)?;
    let planned = assign(tensors, &rules)?;
    let cut = destination.cut(arguments.max_shard_size);
    Ok(Plan::new(Seed(arguments.seed), planned, &cut)?)
}

/// The tensors, and the rules that came with them.
fn tensors(arguments: &InitArguments) -> anyhow::Result<(ModelTensors, Option<Rules>)> {
    let stored = |tensor: ModelTensor| match arguments.dtype {
        Some(dtype) => tensor.stored_as(dtype.into()),
        None => tensor,
    };
    if let Some(path) = &arguments.like {
        let headers = read_tensors(path)?.into_iter();
        return Ok((headers.map(ModelTensor::from).map(stored).collect(), None));
    }
    let Some(path) = &arguments.spec else {
        bail!("name the tensors with --like CHECKPOINT or --spec FILE.toml");
    };
    let text = read_text(path)?;
    let spec = Spec::from_toml(&text).with_context(|| format!("cannot use {}", path.display()))?;
    Ok((spec.tensors.iter().map(stored).collect(), spec.rules))
}

fn rules(
    arguments: &InitArguments,
    tensors: &ModelTensors,
    own_rules: Option<Rules>,
) -> anyhow::Result<Rules> {
    if let Some(path) = &arguments.rules {
        let text = read_text(path)?;
        return Rules::from_toml(&text).with_context(|| format!("cannot use {}", path.display()));
    }
    if let Some(preset) = arguments.preset {
        return Ok(preset.rules(tensors.names())?);
    }
    own_rules.with_context(|| {
        let presets = Preset::ALL.map(Preset::name).join(", ");
        format!(
            "nothing says how the tensors are made; give --rules FILE.toml or --preset NAME ({presets}){}",
            if arguments.spec.is_some() { ", or add [[rule]] entries to the spec" } else { "" }
        )
    })
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    let cannot = || format!("cannot read {}", path.display());
    let metadata = fs::metadata(path).with_context(cannot)?;
    if !metadata.is_file() || metadata.len() > LONGEST_TEXT {
        bail!("{} is no TOML file of at most 16 MB", path.display());
    }
    fs::read_to_string(path).with_context(cannot)
}

fn existing(arguments: &InitArguments) -> Existing {
    match (arguments.resume, arguments.force) {
        (true, _) => Existing::Resume,
        (_, true) => Existing::Replace,
        _ => Existing::Refuse,
    }
}

fn print_text(
    plan: &Plan,
    destination: &Destination,
    written: &Written,
    part: Part,
) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let kept = match written.files_kept {
        0 => String::new(),
        1 => ", 1 kept as it was".to_owned(),
        kept => format!(", {kept} kept as they were"),
    };
    writeln!(
        out,
        "{} {destination}: {} made{kept}; the whole has {}, {}, {}",
        mark(true),
        weights::counted(written.files_made, "file"),
        weights::counted(plan.tensor_count(), "tensor"),
        ByteSize(plan.tensor_bytes()),
        weights::counted(plan.file_count(), "file"),
    )?;
    match &written.completion {
        Completion::Complete(manifest) => writeln!(out, "  manifest: {}", manifest.display()),
        Completion::PartsMissing(missing) => writeln!(
            out,
            "  part {part} is done; {} not here yet. The machine that ends last in this folder writes \
             the manifest; for folders put together by hand, --resume without --shard does",
            missing_parts(*missing)
        ),
    }
}

fn missing_parts(count: usize) -> String {
    let verb = if count == 1 { "is" } else { "are" };
    format!("{} {verb}", weights::counted(count, "part"))
}

fn print_json(plan: &Plan, destination: &Destination, written: &Written) -> io::Result<()> {
    let (manifest, parts_missing) = match &written.completion {
        Completion::Complete(manifest) => (Some(manifest), 0),
        Completion::PartsMissing(missing) => (None, *missing),
    };
    let report = json!({
        "out": destination.to_string(),
        "tensors": plan.tensor_count(),
        "tensor_bytes": plan.tensor_bytes(),
        "files": plan.file_count(),
        "files_made": written.files_made,
        "files_kept": written.files_kept,
        "bytes_made": written.bytes_made,
        "manifest": manifest,
        "parts_missing": parts_missing,
    });
    writeln!(io::stdout().lock(), "{report:#}")
}

/// What would be made.
fn show(plan: &Plan, arguments: &InitArguments) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    if arguments.json {
        plan.write_manifest(&mut out)?;
        out.flush()?;
        return Ok(());
    }
    show_table(plan, &mut out)?;
    writeln!(
        out,
        "{}, {}, seed {}; files:",
        weights::counted(plan.tensor_count(), "tensor"),
        ByteSize(plan.tensor_bytes()),
        arguments.seed
    )?;
    for file in plan.file_entries() {
        writeln!(out, "  {}  {}", file.name, ByteSize(file.bytes))?;
    }
    out.flush()?;
    Ok(())
}

const HEAD: [&str; 9] = [
    "tensor", "dtype", "shape", "fan in", "fan out", "mean", "std", "scheme", "rule",
];

/// A line a tensor, in columns that line up; names are never cut, so that they can be searched for.
/// The lines are made twice, for their widths and to be written: all at once they take much memory.
fn show_table(plan: &Plan, out: &mut impl Write) -> io::Result<()> {
    let rows = || {
        let tensors = plan.tensor_entries().map(|tensor| cells(&tensor));
        std::iter::once(HEAD.map(str::to_owned)).chain(tensors)
    };
    let mut widths = [0; HEAD.len()];
    for row in rows() {
        for (width, cell) in widths.iter_mut().zip(&row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in rows() {
        let cells = row.iter().zip(widths);
        let padded = cells.map(|(cell, width)| format!("{cell:width$}"));
        let line = padded.collect::<Vec<_>>().join("  ");
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn cells(tensor: &TensorEntry) -> [String; HEAD.len()] {
    let fan = |fan: Option<usize>| fan.map_or("–".to_owned(), |fan| fan.to_string());
    [
        weights::harmless(&tensor.name).into_owned(),
        tensor.dtype.to_string().to_lowercase(),
        weights::shape(&tensor.shape),
        fan(tensor.fan_in),
        fan(tensor.fan_out),
        weights::short(tensor.mean),
        weights::short(tensor.std),
        tensor.scheme.clone(),
        tensor.rule.clone(),
    ]
}
