//! `evenkeel verify`: does a checkpoint equal its manifest, bit for bit?

use std::io::{self, Write};
use std::time::Instant;

use evenkeel_init::checkpoint::{ByteSize, Fault, Finding, Verification, verify};
use serde_json::json;

use super::weights;
use crate::Outcome;
use crate::arguments::VerifyArguments;
use crate::terminal::progress::BytesProgress;
use crate::terminal::{mark, note};

pub(crate) fn run(arguments: &VerifyArguments) -> anyhow::Result<Outcome> {
    let began = Instant::now();
    let threads = weights::threads(arguments.threads);
    let found = verify(&arguments.path, threads, &BytesProgress::new())?;
    note(&format!(
        "read {}",
        weights::rate(found.bytes, began.elapsed())
    ));
    if arguments.json {
        print_json(&found)?;
    } else {
        print_text(&found)?;
    }
    Ok(if found.findings.is_empty() {
        Outcome::Fine
    } else {
        Outcome::Finding
    })
}

fn print_text(found: &Verification) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let equal = found.findings.is_empty();
    let said = if equal { "equals" } else { "differs from" };
    writeln!(
        out,
        "{} the checkpoint {said} {}: {}, {}, {}",
        mark(equal),
        found.manifest.display(),
        weights::counted(found.tensors, "tensor"),
        ByteSize(found.bytes),
        weights::counted(found.files, "file"),
    )?;
    for Finding { file, fault } in &found.findings {
        writeln!(out, "  {} {fault}", weights::harmless(file))?;
    }
    if !equal {
        writeln!(
            out,
            "  `evenkeel init` with the arguments that made it and --resume makes what is missing or damaged again"
        )?;
    }
    Ok(())
}

fn print_json(found: &Verification) -> io::Result<()> {
    let findings: Vec<_> = found.findings.iter().map(finding).collect();
    let report = json!({
        "manifest": found.manifest,
        "equal": found.findings.is_empty(),
        "files": found.files,
        "tensors": found.tensors,
        "bytes": found.bytes,
        "findings": findings,
    });
    writeln!(io::stdout().lock(), "{report:#}")
}

fn finding(finding: &Finding) -> serde_json::Value {
    let tensor = match &finding.fault {
        Fault::Tensor { name, .. } => Some(name),
        _ => None,
    };
    json!({ "file": finding.file, "tensor": tensor, "fault": finding.fault.to_string() })
}
