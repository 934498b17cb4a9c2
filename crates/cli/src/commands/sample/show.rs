use std::io::{self, Write};

use console::style;
use evenkeel_init::{Block, Prepared};
use evenkeel_net::Histogram;
use serde_json::json;

use super::Sampled;
use crate::arguments::SampleArguments;
use crate::commands::weights::{harmless, shape, short};

/// Width of the longest bar of the histogram.
const BAR: usize = 40;

pub(super) fn text(
    arguments: &SampleArguments,
    prepared: &Prepared,
    sampled: &Sampled,
) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let (geometry, moments) = (prepared.geometry(), &sampled.moments);
    writeln!(
        out,
        "{} {}",
        style(prepared.scheme()).bold(),
        style(harmless(&arguments.name)).dim()
    )?;
    writeln!(out, "  layer      {geometry}")?;
    writeln!(out, "  fans       {}", fans(prepared))?;
    writeln!(
        out,
        "  elements   {} of {}, {}, seed {}",
        moments.count(),
        geometry.len(),
        evenkeel_init::Dtype::from(arguments.dtype),
        arguments.seed
    )?;
    writeln!(out, "  {:10} {:>14} {:>14}", "", "intended", "achieved")?;
    let (mean, std) = (prepared.mean(), prepared.std());
    writeln!(
        out,
        "  {:10} {:>14} {:>14}",
        "mean",
        short(mean),
        short(moments.mean())
    )?;
    writeln!(
        out,
        "  {:10} {:>14} {:>14}{}",
        "std",
        short(std),
        short(moments.std()),
        difference(std, moments.std())
    )?;
    writeln!(
        out,
        "  range      {} to {}, {:.3} % zeros, {} NaN or infinite",
        short(moments.min()),
        short(moments.max()),
        100.0 * moments.zero_fraction(),
        moments.nonfinite_count()
    )?;
    if let Some(certificate) = &sampled.certificate {
        writeln!(
            out,
            "  orthogonal max|QᵀQ − I| = {:.3e}, blocks of the whole tensor: {}",
            certificate.deviation, certificate.blocks
        )?;
    }
    if let Some(histogram) = &sampled.histogram {
        bars(&mut out, histogram)?;
    }
    if let Some(path) = &arguments.out {
        writeln!(
            out,
            "  written to {} as {}",
            path.display(),
            shape(&sampled.shape)
        )?;
    }
    Ok(())
}

/// The fans of each part, or why there are none.
fn fans(prepared: &Prepared) -> String {
    let geometry = prepared.geometry();
    if !geometry.has_fans() {
        return "none: no inputs are summed".to_owned();
    }
    let said = |block: &Block| format!("in {}, out {}", block.fan_in(), block.fan_out());
    let parts: Vec<_> = geometry.blocks().iter().map(said).collect();
    let alike = parts.iter().all(|part| *part == parts[0]);
    let shown = if alike {
        parts[0].clone()
    } else {
        parts.join("; ")
    };
    match geometry.block_count() {
        1 => shown,
        count => format!("{shown} ({count} independent blocks)"),
    }
}

fn difference(intended: f64, achieved: f64) -> String {
    if intended == 0.0 || !achieved.is_finite() {
        return String::new();
    }
    format!("  ({:+.2} %)", 100.0 * (achieved / intended - 1.0))
}

/// A bin a line, its bar as long as its count against the largest.
fn bars(out: &mut impl Write, histogram: &Histogram) -> io::Result<()> {
    let most = histogram.counts().iter().copied().max().unwrap_or(1).max(1);
    for (bin, count) in histogram.counts().iter().enumerate() {
        let middle = 0.5 * (histogram.edge(bin) + histogram.edge(bin + 1));
        let bar = bar(*count as f64 / most as f64 * BAR as f64);
        writeln!(out, "  {:>10} {} {count}", short(middle), style(bar).cyan())?;
    }
    Ok(())
}

/// A bar so many columns long, to an eighth of a column.
fn bar(columns: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (columns * 8.0).round() as usize;
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

pub(super) fn json(
    arguments: &SampleArguments,
    prepared: &Prepared,
    sampled: &Sampled,
) -> io::Result<()> {
    let (geometry, moments) = (prepared.geometry(), &sampled.moments);
    let with_fans = geometry.has_fans();
    let histogram = sampled.histogram.as_ref().map(|histogram| {
        json!({
            "low": histogram.low(),
            "high": histogram.high(),
            "counts": histogram.counts(),
            "nonfinite": histogram.nonfinite(),
        })
    });
    let report = json!({
        "name": arguments.name,
        "seed": arguments.seed,
        "scheme": prepared.scheme().to_string(),
        "layer": geometry.layer().to_string(),
        "layout": geometry.layout(),
        "shape": geometry.shape(),
        "dtype": evenkeel_init::Dtype::from(arguments.dtype).name(),
        "range": [sampled.range.start, sampled.range.end],
        "fan_in": with_fans.then(|| geometry.fan_in()),
        "fan_out": with_fans.then(|| geometry.fan_out()),
        "intended": { "mean": prepared.mean(), "std": prepared.std() },
        "achieved": {
            "mean": moments.mean(),
            "std": moments.std(),
            "min": moments.min(),
            "max": moments.max(),
            "zero_fraction": moments.zero_fraction(),
            "nonfinite": moments.nonfinite_count(),
        },
        "histogram": histogram,
        "orthogonality": sampled.certificate.map(|certificate| certificate.deviation),
        "file": arguments.out,
    });
    writeln!(io::stdout().lock(), "{report:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_drawn_to_an_eighth() {
        assert_eq!(bar(0.0), "");
        assert_eq!(bar(2.0), "██");
        assert_eq!(bar(1.51), "█▌");
    }
}
