//! Drawings of the mean-field theory: the variance map, the correlation map, the phase diagram.
//!
//! Each is a function of plain values that `evenkeel_theory` gives; nothing is computed here but
//! places on paper. [`Axis::of_variances`] and [`PhaseWindow::around`] say which values to ask for.

mod axis;
mod contour;
mod correlation_map;
mod layout;
mod marks;
mod overlay;
mod phase_diagram;
mod variance_map;

pub use axis::{Axis, PhaseWindow};
pub use correlation_map::CorrelationMapDrawing;
pub(crate) use overlay::{Overlay, Place};
pub use phase_diagram::PhaseDiagramDrawing;
pub use variance_map::VarianceMapDrawing;

use crate::figure::{Draft, Figure, finish, slug};
use crate::number::number;

/// The network that a drawing is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// The activation, as its canonical text.
    pub activation: String,
    /// σ_w², the weights' variance times fan-in.
    pub sigma_w2: f64,
    /// σ_b², the biases' variance.
    pub sigma_b2: f64,
}

impl Network {
    /// The network in a phrase.
    fn phrase(&self) -> String {
        format!(
            "σ_w² = {}, σ_b² = {}",
            number(self.sigma_w2),
            number(self.sigma_b2)
        )
    }

    /// A draft as a figure whose file is named after the activation.
    fn figure(&self, draft: &Draft) -> Figure {
        let chapter = format!("evenkeel theory · {}", self.activation);
        let name = format!("{}-{}", slug(&self.activation), draft.kind);
        finish(draft, ("theory", &chapter), &name)
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_theory::FixedPoints;

    use super::*;
    use crate::figure::Size;

    #[test]
    fn a_narrow_drawing_has_its_notes_below() {
        let drawing = VarianceMapDrawing {
            network: Network {
                activation: "relu".to_owned(),
                sigma_w2: 2.0,
                sigma_b2: 0.0,
            },
            axis: Axis::Linear { high: 2.0 },
            q: vec![0.0, 1.0, 2.0],
            next: vec![0.0, 1.0, 2.0],
            fixed_points: FixedPoints::Every,
            profile: vec![1.0, 1.0],
        };
        let svg = drawing.figure().inline(Size::Narrow);
        let size = svg.split("viewBox=\"0 0 343 ").nth(1).unwrap();
        let height: f64 = size.split('"').next().unwrap().parse().unwrap();
        assert!(height > 343.0 + 60.0, "{height}");
        assert!(svg.contains("every q is a fixed point"));
    }
}
