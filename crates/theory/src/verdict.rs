//! What a gain means for a deep network, in words.

use std::fmt;

use crate::gain::Gain;

/// |χ − 1| below this counts as exactly one: it would show in no network of fewer than a million
/// layers.
const CRITICAL: f64 = 1e-6;

/// A deviation of this fraction is the smallest that a profile shows.
const VISIBLE_DEVIATION: f64 = 0.01;

/// How a small deviation of the preactivation variance develops at the forward gain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum VarianceStability {
    /// χ_q = 1: deviations stay as they are, and random ones add up from layer to layer.
    Neutral,
    /// |χ_q| < 1: deviations die out, by a factor e in `layers` layers.
    Stable {
        /// −1/ln|χ_q|
        layers: f64,
    },
    /// |χ_q| > 1: a deviation of 1% becomes of order one in `layers` layers.
    Unstable {
        /// ln 100/ln|χ_q|
        layers: f64,
    },
}

/// How the gradient's mean square develops backwards at the forward gain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GradientFlow {
    /// χ₁ = 1: it is preserved.
    Preserved,
    /// χ₁ > 1: it grows by a factor ten in `layers` layers.
    Exploding {
        /// ln 10/ln χ₁
        layers: f64,
    },
    /// χ₁ < 1: it falls by a factor ten in `layers` layers.
    Vanishing {
        /// −ln 10/ln χ₁
        layers: f64,
    },
    /// φ is flat almost everywhere: no gradient passes.
    Blocked,
}

/// The verdict on an activation at its forward gain; its `Display` is one short paragraph.
///
/// # Example
/// ```
/// use evenkeel_theory::{Activation, Gain, VarianceStability};
///
/// let verdict = Gain::of(&Activation::gelu())?.verdict();
/// assert!(matches!(verdict.variance, VarianceStability::Unstable { layers } if layers < 35.0));
/// assert!(verdict.to_string().starts_with("gelu: gain 1.5335."));
/// # Ok::<(), evenkeel_theory::GainError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What becomes of the variance.
    pub variance: VarianceStability,
    /// What becomes of the gradient.
    pub gradient: GradientFlow,
    activation: String,
    gain: f64,
    q: f64,
    chi_1: f64,
    chi_q: f64,
    mean_share: f64,
}

impl Verdict {
    pub(crate) fn new(gain: &Gain) -> Self {
        Self {
            variance: variance(gain.chi_q),
            gradient: gradient(gain),
            activation: gain.activation.clone(),
            gain: gain.forward,
            q: gain.q,
            chi_1: gain.chi_1,
            chi_q: gain.chi_q,
            mean_share: gain.mean * gain.mean / gain.second_moment,
        }
    }
}

fn variance(chi_q: f64) -> VarianceStability {
    let rate = chi_q.abs();
    if (rate - 1.0).abs() <= CRITICAL {
        VarianceStability::Neutral
    } else if rate < 1.0 {
        VarianceStability::Stable {
            layers: -1.0 / libm::log(rate),
        }
    } else {
        VarianceStability::Unstable {
            layers: -libm::log(VISIBLE_DEVIATION) / libm::log(rate),
        }
    }
}

fn gradient(gain: &Gain) -> GradientFlow {
    let decade = std::f64::consts::LN_10 / libm::log(gain.chi_1);
    if gain.backward.is_none() {
        GradientFlow::Blocked
    } else if (gain.chi_1 - 1.0).abs() <= CRITICAL {
        GradientFlow::Preserved
    } else if gain.chi_1 > 1.0 {
        GradientFlow::Exploding { layers: decade }
    } else {
        GradientFlow::Vanishing { layers: -decade }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: gain {:.4}", self.activation, self.gain)?;
        if self.q != 1.0 {
            // By its power of ten where it would be a row of zeros.
            if (1e-4..1e6).contains(&self.q) {
                write!(f, " at q = {}", self.q)?;
            } else {
                write!(f, " at q = {:e}", self.q)?;
            }
        }
        f.write_str(". ")?;
        self.write_variance(f)?;
        self.write_gradient(f)?;
        // A tenth of the second moment is where a mean begins to shape the next layer.
        if self.mean_share > 0.1 {
            let percent = 100.0 * self.mean_share;
            write!(
                f,
                " The mean makes up {percent:.0}% of the second moment, which draws all inputs \
                 towards one another: a centred activation or a normalisation removes it."
            )?;
        }
        Ok(())
    }
}

impl Verdict {
    fn write_variance(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chi_q = self.chi_q;
        match self.variance {
            VarianceStability::Neutral => write!(
                f,
                "At this gain the variance is neutral (χ_q = 1): any scale is kept, and chance \
                 deviations of finite layers add up with depth."
            ),
            VarianceStability::Stable { layers } => write!(
                f,
                "At this gain the variance is stable (χ_q = {chi_q:.3}): a deviation dies out \
                 within about {}.",
                whole(layers)
            ),
            VarianceStability::Unstable { layers } => write!(
                f,
                "At this gain the variance is unstable (χ_q = {chi_q:.3} > 1): beyond about {} \
                 it drifts to 0 or ∞; use a normalisation, residual branches, or weights \
                 scaled on the data.",
                whole(layers)
            ),
        }
    }

    fn write_gradient(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chi_1 = self.chi_1;
        match self.gradient {
            GradientFlow::Preserved => {
                f.write_str(" The gradient's mean square is preserved (χ₁ = 1).")
            }
            GradientFlow::Exploding { layers } => write!(
                f,
                " The gradient explodes (χ₁ = {chi_1:.3} > 1): tenfold every {}.",
                whole(layers)
            ),
            GradientFlow::Vanishing { layers } => write!(
                f,
                " The gradient vanishes (χ₁ = {chi_1:.3} < 1): tenfold smaller every {}.",
                whole(layers)
            ),
            GradientFlow::Blocked => f.write_str(
                " No gradient passes: the activation is flat almost everywhere; train it with a \
                 surrogate gradient.",
            ),
        }
    }
}

/// A number of layers in words: whole, at least one.
fn whole(layers: f64) -> String {
    match layers.ceil() {
        many if many > 1.0 => format!("{many:.0} layers"),
        _ => String::from("1 layer"),
    }
}
