//! A phase diagram with the networks that were trained in it.

use evenkeel_theory::{CriticalPoint, Phase, PhaseDiagram};
use serde::{Deserialize, Serialize};

use super::Number;

/// What theory says over (σ_w², σ_b²), and which networks learnt there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseMap {
    /// What is shown, unique within the experiment.
    pub name: String,
    /// The activation, as its canonical text.
    pub activation: String,
    /// The columns' σ_w², increasing.
    pub sigma_w2: Vec<Number>,
    /// The rows' σ_b², increasing.
    pub sigma_b2: Vec<Number>,
    /// The phase at each node, a text a row, a letter a column: `o`rdered, `e`dge of chaos,
    /// `c`haotic, `d`ivergent.
    pub phases: Vec<String>,
    /// χ₁ at each node, row after row.
    pub chi_1: Vec<Number>,
    /// The correlation's depth scale ξ_c at each node, row after row.
    pub xi_c: Vec<Number>,
    /// The critical line.
    pub critical: Vec<PhaseEdge>,
    /// The network whose place is marked.
    pub own: PhasePlace,
    /// Layers of the networks that were trained.
    pub depth: usize,
    /// What was asked of them, in a phrase.
    pub trained_label: String,
    /// Networks that were trained.
    pub trained: Vec<PhaseTrained>,
}

/// A point of the critical line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseEdge {
    /// σ_w².
    pub sigma_w2: Number,
    /// σ_b².
    pub sigma_b2: Number,
    /// The variance that layers keep there.
    pub q_star: Number,
    /// The slope of the variance map at it; stable below one.
    pub chi_q: Number,
}

/// A network by its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhasePlace {
    /// The network's name.
    pub label: String,
    /// Its phase, one of the letters of [`PhaseMap::phases`].
    pub phase: String,
    /// σ_w².
    pub sigma_w2: Number,
    /// σ_b².
    pub sigma_b2: Number,
}

/// A network that was trained, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseTrained {
    /// σ_w².
    pub sigma_w2: Number,
    /// σ_b².
    pub sigma_b2: Number,
    /// Its accuracy after training.
    pub accuracy: Number,
    /// Whether that counts as having learnt.
    pub learnt: Learnt,
}

/// Whether a network has learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Learnt {
    /// It is well above chance.
    Yes,
    /// It is near chance.
    No,
}

/// The letter of a phase.
pub(crate) fn letter(phase: Phase) -> char {
    match phase {
        Phase::Ordered => 'o',
        Phase::Critical => 'e',
        Phase::Chaotic => 'c',
        Phase::Divergent => 'd',
    }
}

/// Text of the phases of a diagram, row by row.
pub(crate) fn letters(diagram: &PhaseDiagram) -> Vec<String> {
    let rows = diagram.points.chunks(diagram.sigma_w2.len().max(1));
    rows.map(|row| row.iter().map(|point| letter(point.phase)).collect())
        .collect()
}

impl From<&CriticalPoint> for PhaseEdge {
    fn from(point: &CriticalPoint) -> Self {
        Self {
            sigma_w2: point.sigma_w2.into(),
            sigma_b2: point.sigma_b2.into(),
            q_star: point.q_star.into(),
            chi_q: point.chi_q.into(),
        }
    }
}
