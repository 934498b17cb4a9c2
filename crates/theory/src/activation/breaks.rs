//! One-sided limits at break points: the sizes of jumps and kinks.

use super::Activation;
use crate::gaussian::EVALUATIONS;
use crate::scalar::Jet;

/// A place where φ itself is not continuous.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jump {
    /// Where.
    pub at: f64,
    /// The limit of φ from below.
    pub before: f64,
    /// The limit of φ from above.
    pub after: f64,
}

/// A place where φ is continuous but φ′ is not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kink {
    /// Where.
    pub at: f64,
    /// The limit of φ′ from below.
    pub before: f64,
    /// The limit of φ′ from above.
    pub after: f64,
}

/// Differences below this, relative to the size of the limits, come from looking a few ulps beside
/// the break point and from rounding.
const SAME: f64 = 1e-9;

fn differ(a: f64, b: f64) -> bool {
    (a - b).abs() > SAME * (a.abs() + b.abs() + f64::MIN_POSITIVE) && (a - b).abs() > 1e-12
}

impl Activation {
    /// φ with its derivatives just below and just above `x`.
    pub(crate) fn one_sided(&self, x: f64) -> (Jet, Jet) {
        // A break point of an expression is known to one ulp; four are surely on the other side. At
        // zero the step must not be so small that its powers vanish.
        let step = (4.0 * f64::EPSILON * x.abs()).max(1e-30);
        let (below, above) = (x - step, x + step);
        (self.jet(below), self.jet(above))
    }

    /// The jumps of φ, in rising order.
    ///
    /// # Example
    /// ```
    /// let hard = evenkeel_theory::Activation::parse("hardshrink(0.5)")?;
    /// let heights: Vec<f64> = hard.jumps().iter().map(|jump| jump.after - jump.before).collect();
    /// assert!(heights.iter().all(|height| (height - 0.5).abs() < 1e-12));
    /// # Ok::<(), evenkeel_theory::ActivationError>(())
    /// ```
    pub fn jumps(&self) -> Vec<Jump> {
        self.breakpoints()
            .iter()
            .filter_map(|&at| {
                let (below, above) = self.one_sided(at);
                differ(below.value, above.value).then_some(Jump {
                    at,
                    before: below.value,
                    after: above.value,
                })
            })
            .collect()
    }

    /// The kinks of φ, in rising order.
    pub fn kinks(&self) -> Vec<Kink> {
        self.breakpoints()
            .iter()
            .filter_map(|&at| {
                let (below, above) = self.one_sided(at);
                let continuous = !differ(below.value, above.value);
                (continuous && differ(below.first, above.first)).then_some(Kink {
                    at,
                    before: below.first,
                    after: above.first,
                })
            })
            .collect()
    }

    /// How many evaluations an expectation of this activation may cost: fewer for a long
    /// expression, so that none runs for long.
    pub(crate) fn evaluations(&self) -> usize {
        match self.kind() {
            super::Kind::Expression(expression) => EVALUATIONS / expression.program().len(),
            _ => EVALUATIONS,
        }
    }
}
