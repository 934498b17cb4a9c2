//! The phase diagram, and networks of one depth trained over it.

use evenkeel_theory::{Activation, Phase, critical_line, phase_diagram};

use super::plain::Plain;
use super::{LEARNT, analysis};
use crate::error::LabError;
use crate::results::{
    Learnt, Number, PhaseEdge, PhaseMap, PhasePlace, PhaseTrained, letter, letters,
};
use crate::study::Bench;

/// The largest variances shown, and the nodes along each side.
const WINDOW: (f64, f64) = (4.0, 0.3);
const NODES: (usize, usize) = (61, 37);

/// Layers of the networks that are trained: one of the depths that the diagram has a contour for.
const DEPTH: usize = 30;

/// Steps for each; more are not needed to see whether a network learns at all.
const MOST_STEPS: usize = 200;

/// The critical line is followed over these powers of ten of its variance.
const VARIANCES: (i32, i32) = (-6, 1);
const A_DECADE: i32 = 24;

/// Theory over the window, and what became of networks at some of its places.
pub(super) fn map(bench: &Bench<'_>, width: usize, steps: usize) -> Result<PhaseMap, LabError> {
    let tanh = Activation::tanh();
    let columns = evenly(WINDOW.0, NODES.0);
    let rows = evenly(WINDOW.1, NODES.1);
    let diagram = bench
        .pool
        .install(|| phase_diagram(&tanh, &columns, &rows))?;
    let numbers = |values: &[f64]| values.iter().copied().map(Number).collect::<Vec<_>>();
    let variances: Vec<f64> = (VARIANCES.0 * A_DECADE..=VARIANCES.1 * A_DECADE)
        .map(|step| 10f64.powf(f64::from(step) / f64::from(A_DECADE)))
        .collect();
    let critical = critical_line(&tanh, &variances)?;
    // Beyond the window too, so that the line reaches its edge.
    let shown = critical.iter().filter(|p| p.sigma_b2 <= 2.0 * WINDOW.1);
    let steps = steps.min(MOST_STEPS);
    Ok(PhaseMap {
        name: format!("Where {DEPTH} layers of tanh train"),
        activation: tanh.to_string(),
        sigma_w2: numbers(&columns),
        sigma_b2: numbers(&rows),
        phases: letters(&diagram),
        chi_1: diagram.points.iter().map(|p| p.chi_1.into()).collect(),
        xi_c: diagram.points.iter().map(|p| p.xi_c.into()).collect(),
        critical: shown.map(PhaseEdge::from).collect(),
        // n·Var W = 1 and no biases: for tanh the end of the edge of chaos.
        own: PhasePlace {
            label: "Xavier, no biases".to_owned(),
            phase: letter(Phase::Critical).to_string(),
            sigma_w2: 1.0.into(),
            sigma_b2: 0.0.into(),
        },
        depth: DEPTH,
        trained_label: format!(
            "more than {:.0}% of training digits right after {steps} steps, {DEPTH} layers of {width}",
            100.0 * LEARNT
        ),
        trained: trained(bench, width, steps)?,
    })
}

/// Networks at places within the window, evenly spread.
fn trained(bench: &Bench<'_>, width: usize, steps: usize) -> Result<Vec<PhaseTrained>, LabError> {
    let (across, up) = bench.settings.pick((5, 3), (11, 5));
    // Within the window, clear of its edges.
    let place = |index: usize, count: usize, end: f64| (index as f64 + 0.5) / count as f64 * end;
    bench.trials(across * up, |index| {
        let (column, row) = (index % across, index / across);
        let sigma_w2 = place(column, across, WINDOW.0);
        let sigma_b2 = place(row, up, WINDOW.1);
        let theory = analysis(sigma_w2, sigma_b2)?;
        let network = Plain {
            theory: &theory,
            depth: DEPTH,
            width,
            steps,
            stream: format!("depth-scale/phase/{column}/{row}"),
        };
        let accuracy = network.accuracy(bench)?;
        Ok(PhaseTrained {
            sigma_w2: sigma_w2.into(),
            sigma_b2: sigma_b2.into(),
            accuracy: accuracy.into(),
            learnt: if accuracy >= LEARNT {
                Learnt::Yes
            } else {
                Learnt::No
            },
        })
    })
}

fn evenly(end: f64, count: usize) -> Vec<f64> {
    (0..count)
        .map(|i| end * i as f64 / (count - 1) as f64)
        .collect()
}
