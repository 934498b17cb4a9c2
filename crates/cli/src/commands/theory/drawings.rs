//! The drawings that `--out` asks for.

use std::path::{Path, PathBuf};

use evenkeel_report::Figure;
use evenkeel_report::theory::{
    Axis, CorrelationMapDrawing, Network as Drawn, PhaseDiagramDrawing, PhaseWindow,
    VarianceMapDrawing,
};
use evenkeel_theory::{CriticalPoint, MeanFieldError, critical_line, phase_diagram};

use super::{Network, Settles};
use crate::commands::output;
use crate::terminal::notice;
use crate::terminal::progress::Waiting;

/// Samples of a curve.
const SAMPLES: usize = 301;
/// Layers that a staircase climbs.
const STAIRS: usize = 40;
/// Nodes along each side of the phase diagram.
const GRID: usize = 200;
/// The critical line is followed over these powers of ten of its variance, in so many steps a decade.
const DECADES: (i32, i32) = (-8, 4);
const STEPS_PER_DECADE: i32 = 30;

/// Draws everything, then writes it; returns the files.
pub(super) fn write(network: &Network, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let waiting = Waiting::new("drawing the maps");
    let mut figures = vec![variance_map(network)?];
    match correlation_map(network)? {
        Some(figure) => figures.push(figure),
        None => {
            notice("no correlation map is drawn: there is no variance above 0 that layers keep.")
        }
    }
    waiting.now("drawing the phase diagram");
    figures.push(phases(network)?);
    drop(waiting);
    let mut files = Vec::with_capacity(figures.len());
    for figure in &figures {
        let path = folder.join(&figure.file_name);
        output::write(&path, figure.svg.as_bytes())?;
        files.push(path);
    }
    Ok(files)
}

fn drawn(network: &Network) -> Drawn {
    Drawn {
        activation: network.activation.to_string(),
        sigma_w2: network.theory.sigma_w2(),
        sigma_b2: network.theory.sigma_b2(),
    }
}

fn variance_map(network: &Network) -> anyhow::Result<Figure> {
    let axis = Axis::of_variances(&network.fixed_points);
    let q = axis.samples(SAMPLES);
    // Where the activation grows too fast to have a variance there is no curve.
    let next = |&q: &f64| network.theory.variance_map(q).unwrap_or(f64::NAN);
    let drawing = VarianceMapDrawing {
        network: drawn(network),
        next: q.iter().map(next).collect(),
        profile: finite(network.theory.variance_profile(1.0, STAIRS)?),
        axis,
        q,
        fixed_points: network.fixed_points.clone(),
    };
    Ok(drawing.figure())
}

/// A profile up to where it leaves what f64 holds.
fn finite(profile: Vec<f64>) -> Vec<f64> {
    profile.into_iter().take_while(|q| q.is_finite()).collect()
}

fn correlation_map(network: &Network) -> anyhow::Result<Option<Figure>> {
    let analysis = match &network.settles {
        Settles::At(analysis) if analysis.q_star > 0.0 => *analysis,
        _ => return Ok(None),
    };
    let map = network.theory.correlation_map(analysis.q_star)?;
    let c: Vec<f64> = (0..SAMPLES)
        .map(|i| i as f64 / (SAMPLES - 1) as f64)
        .collect();
    let drawing = CorrelationMapDrawing {
        network: drawn(network),
        analysis,
        next: c.iter().map(|&c| map.value(c)).collect::<Result<_, _>>()?,
        c,
        slope_at_one: map.slope(1.0)?,
        profile: map.profile(0.0, STAIRS)?,
    };
    Ok(Some(drawing.figure()))
}

fn phases(network: &Network) -> anyhow::Result<Figure> {
    let critical = edge(network);
    let theory = &network.theory;
    let window = PhaseWindow::around(theory.sigma_w2(), theory.sigma_b2(), &critical);
    let diagram = phase_diagram(
        &network.activation,
        &window.columns(GRID),
        &window.rows(GRID),
    )?;
    let drawing = PhaseDiagramDrawing {
        network: drawn(network),
        phase: network.phase(),
        diagram,
        critical,
    };
    Ok(drawing.figure())
}

/// The critical line as far as it can be had.
fn edge(network: &Network) -> Vec<CriticalPoint> {
    let at = |step: i32| {
        let q = libm::exp10(f64::from(step) / f64::from(STEPS_PER_DECADE));
        let point: Result<Vec<CriticalPoint>, MeanFieldError> =
            critical_line(&network.activation, &[q]);
        // At a variance that the activation is flat for, or grows too fast for, there is no point.
        point.unwrap_or_default()
    };
    let mut line: Vec<CriticalPoint> = (DECADES.0 * STEPS_PER_DECADE
        ..=DECADES.1 * STEPS_PER_DECADE)
        .flat_map(at)
        .collect();
    // Of a homogeneous activation the line is a single point, whatever the variance.
    line.dedup_by(|a, b| {
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * a.abs().max(b.abs());
        near(a.sigma_w2, b.sigma_w2) && (a.sigma_b2 - b.sigma_b2).abs() <= 1e-12 * a.q_star
    });
    line
}
