//! Everything about one network at its fixed point.

use super::{FixedPoint, MeanField, MeanFieldError, fixed_points::MARGINAL};

/// On which side of the edge of chaos a network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// χ₁ < 1: different inputs become alike, gradients vanish.
    Ordered,
    /// χ₁ = 1 within 10⁻⁹: the edge of chaos.
    Critical,
    /// χ₁ > 1, or φ jumps: close inputs part, gradients explode.
    Chaotic,
    /// The variance grows without end.
    Divergent,
}

impl Phase {
    /// The phase of a network whose correlation map has slope `chi_1` at one.
    pub(super) fn of(chi_1: f64) -> Self {
        if (chi_1 - 1.0).abs() <= MARGINAL {
            Self::Critical
        } else if chi_1 < 1.0 {
            Self::Ordered
        } else {
            Self::Chaotic
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Critical => "critical",
            Self::Chaotic => "chaotic",
            Self::Divergent => "divergent",
        }
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// The fixed point of a network and the depths over which signals forget.
///
/// A depth scale ξ = −1/ln χ is the number of layers over which something falls by a factor e; it is
/// infinite at χ = 1 and negative where χ > 1 and the thing grows instead.
///
/// # Source
/// Schoenholz and others (2017): ξ_q, ξ_c and the gradient's scale, and the rule of 6 ξ_c.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Analysis {
    /// σ_w²
    pub sigma_w2: f64,
    /// σ_b²
    pub sigma_b2: f64,
    /// q*, where the variance settles from q = 1
    pub q_star: f64,
    /// χ₁ = σ_w² E\[φ′²\] at q*: the gradient's factor a layer
    pub chi_1: f64,
    /// χ_q = dV/dq at q*
    pub chi_q: f64,
    /// c*, the correlation that two different inputs settle at
    pub c_star: f64,
    /// The correlation map's slope at c*
    pub chi_c: f64,
    /// −1/ln|χ_q|: the layers over which the variance forgets where it began
    pub xi_q: f64,
    /// −1/ln χ_c: the layers over which the correlation forgets; a network trains to about 6 ξ_c
    pub xi_c: f64,
    /// −1/ln χ₁: the layers over which the gradient falls by a factor e
    pub xi_grad: f64,
    /// The phase
    pub phase: Phase,
}

impl MeanField {
    /// The whole analysis at the fixed point that is reached from q = 1.
    ///
    /// # Errors
    /// [`MeanFieldError::Diverges`] when the variance grows without end;
    /// [`MeanFieldError::Expectation`].
    pub fn analyze(&self) -> Result<Analysis, MeanFieldError> {
        self.analyze_point(&self.equilibrium()?)
    }

    /// The whole analysis at the fixed point of variance `q`, stable or not; that it is one is the
    /// caller's word.
    ///
    /// # Errors
    /// [`MeanFieldError::Expectation`].
    ///
    /// # Example
    /// ```
    /// use evenkeel_theory::{Activation, Phase, critical_point};
    ///
    /// // The variance of GELU runs away from its critical point, which starting from q = 1 misses.
    /// let gelu = Activation::gelu();
    /// let edge = critical_point(&gelu, 0.05)?;
    /// let analysis = edge.mean_field(&gelu)?.analyze_at(edge.q_star)?;
    /// assert_eq!(analysis.phase, Phase::Critical);
    /// assert!(analysis.chi_q > 1.08);
    /// # Ok::<(), evenkeel_theory::MeanFieldError>(())
    /// ```
    pub fn analyze_at(&self, q: f64) -> Result<Analysis, MeanFieldError> {
        self.analyze_point(&self.fixed_point(q)?)
    }

    fn analyze_point(&self, point: &FixedPoint) -> Result<Analysis, MeanFieldError> {
        let chi_1 = self.chi_1(point.q)?;
        let (c_star, chi_c) = if point.q > 0.0 {
            let map = self.correlation_map(point.q)?;
            let c_star = map.fixed_point();
            (c_star, map.slope(c_star)?)
        } else {
            // Close to zero the activation is linear, and a linear map keeps every angle; the
            // differences themselves shrink with the signal.
            (1.0, chi_1)
        };
        let jumps = point.q > 0.0 && !self.activation.jumps().is_empty();
        Ok(Analysis {
            sigma_w2: self.sigma_w2,
            sigma_b2: self.sigma_b2,
            q_star: point.q,
            chi_1,
            chi_q: point.chi_q,
            c_star,
            chi_c,
            xi_q: depth_scale(point.chi_q),
            xi_c: depth_scale(chi_c),
            xi_grad: depth_scale(chi_1),
            phase: if jumps {
                Phase::Chaotic
            } else {
                Phase::of(chi_1)
            },
        })
    }
}

/// −1/ln|χ|; infinite where χ is one within [`MARGINAL`], zero where χ is zero.
pub(super) fn depth_scale(chi: f64) -> f64 {
    if (chi.abs() - 1.0).abs() <= MARGINAL {
        return f64::INFINITY;
    }
    -1.0 / libm::log(chi.abs())
}
