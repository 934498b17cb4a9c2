//! Phase diagrams with the networks that were trained in them.

use evenkeel_lab::results::{Experiment, Learnt, PhaseMap};
use evenkeel_theory::{CriticalPoint, Phase, PhaseDiagram, PhasePoint};

use super::{Draft, sentence_case};
use crate::theory::{Network, Overlay, PhaseDiagramDrawing, Place};

/// A figure for each phase diagram.
pub(super) fn drafts(experiment: &Experiment) -> Vec<Draft<'_>> {
    let drawings = experiment.phases.iter().filter_map(drawing);
    drawings
        .map(|(name, drawing, overlay)| {
            let description = format!("{} {}", drawing.describe(), overlay.describe());
            let sheet = match overlay.places.is_empty() {
                true => drawing.sheet(),
                false => overlay.sheet(),
            };
            Draft {
                kind: "phase-diagram",
                title: sentence_case(name),
                subtitle: "What becomes of signals over the weights' variance times fan-in, σ_w², and the biases' \
                           variance, σ_b², and which networks learnt there."
                    .to_owned(),
                description,
                sheet,
                draw: Box::new(move |canvas| drawing.draw(canvas, &overlay)),
            }
        })
        .collect()
}

/// What is drawn; nothing where lists do not belong together.
fn drawing(map: &PhaseMap) -> Option<(&str, PhaseDiagramDrawing, Overlay)> {
    let values =
        |list: &[evenkeel_lab::results::Number]| -> Vec<f64> { list.iter().map(|n| n.0).collect() };
    let (sigma_w2, sigma_b2) = (values(&map.sigma_w2), values(&map.sigma_b2));
    let rises = |axis: &[f64]| {
        axis.len() > 1 && axis[0] == 0.0 && axis.windows(2).all(|pair| pair[0] < pair[1])
    };
    let nodes = sigma_w2.len().checked_mul(sigma_b2.len())?;
    let phases: Vec<Phase> = map
        .phases
        .iter()
        .flat_map(|row| row.chars())
        .map(phase)
        .collect::<Option<_>>()?;
    let whole = [phases.len(), map.chi_1.len(), map.xi_c.len()]
        .iter()
        .all(|n| *n == nodes);
    if !(rises(&sigma_w2) && rises(&sigma_b2) && whole) {
        return None;
    }
    let points = phases.into_iter().enumerate().map(|(i, phase)| PhasePoint {
        q_star: f64::NAN,
        chi_1: map.chi_1[i].0,
        c_star: f64::NAN,
        xi_c: map.xi_c[i].0,
        phase,
    });
    let points = points.collect();
    let critical = map.critical.iter().map(|p| CriticalPoint {
        sigma_w2: p.sigma_w2.0,
        sigma_b2: p.sigma_b2.0,
        q_star: p.q_star.0,
        chi_q: p.chi_q.0,
    });
    let drawing = PhaseDiagramDrawing {
        network: Network {
            activation: map.activation.clone(),
            sigma_w2: map.own.sigma_w2.0,
            sigma_b2: map.own.sigma_b2.0,
        },
        phase: map.own.phase.chars().next().and_then(phase)?,
        diagram: PhaseDiagram {
            sigma_w2,
            sigma_b2,
            points,
        },
        critical: critical.collect(),
    };
    let trained = map.trained.iter().map(|t| Place {
        sigma_w2: t.sigma_w2.0,
        sigma_b2: t.sigma_b2.0,
        accuracy: t.accuracy.0,
        learnt: t.learnt == Learnt::Yes,
    });
    let overlay = Overlay {
        own: map.own.label.clone(),
        asked: map.trained_label.clone(),
        places: trained.collect(),
    };
    Some((&map.name, drawing, overlay))
}

fn phase(letter: char) -> Option<Phase> {
    match letter {
        'o' => Some(Phase::Ordered),
        'e' => Some(Phase::Critical),
        'c' => Some(Phase::Chaotic),
        'd' => Some(Phase::Divergent),
        _ => None,
    }
}
