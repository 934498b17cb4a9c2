//! The correlation map: how the angle between two inputs develops.

use super::error::correlation;
use super::kernel::Kernel;
use super::{MeanField, MeanFieldError};

/// The correlation map at variance q: C(c) = (σ_w² E\[φ(u₁)φ(u₂)\] + σ_b²)/V(q), with u₁, u₂ of
/// variance q and correlation c.
///
/// At a fixed point of the variance map V(q) = q, and this is the map of Poole and others (2016),
/// equation 5. For a positively homogeneous activation without bias it is the same at every q.
///
/// # Example
/// ```
/// use evenkeel_theory::{Activation, MeanField};
///
/// // Orthogonal inputs leave a He-initialised ReLU layer with correlation 1/π.
/// let net = MeanField::new(&Activation::relu(), 2.0, 0.0)?;
/// let map = net.correlation_map(1.0)?;
/// assert!((map.value(0.0)? - std::f64::consts::FRAC_1_PI).abs() < 1e-15);
/// # Ok::<(), evenkeel_theory::MeanFieldError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CorrelationMap {
    kernel: Kernel,
    sigma_w2: f64,
    sigma_b2: f64,
    next_q: f64,
}

impl MeanField {
    /// The correlation map for two inputs whose preactivations both have variance `q` > 0.
    ///
    /// It is exact to about 10⁻¹²; for an activation with kinks, which is tabulated, to about
    /// 10⁻¹⁰.
    ///
    /// # Errors
    /// [`MeanFieldError::Parameter`] unless 0 < q < ∞ and V(q) > 0;
    /// [`MeanFieldError::Expectation`].
    pub fn correlation_map(&self, q: f64) -> Result<CorrelationMap, MeanFieldError> {
        let next_q = if q.is_finite() && q > 0.0 {
            self.variance_map(q)?
        } else {
            0.0
        };
        if next_q <= 0.0 {
            return Err(MeanFieldError::Parameter {
                parameter: "the variance q, and the next layer's,",
                expected: "finite and above 0",
                got: q,
            });
        }
        let kernel = Kernel::new(&self.activation, q).map_err(|source| self.refused(source))?;
        Ok(CorrelationMap {
            kernel,
            sigma_w2: self.sigma_w2,
            sigma_b2: self.sigma_b2,
            next_q,
        })
    }
}

impl CorrelationMap {
    /// The next layer's correlation.
    ///
    /// # Errors
    /// [`MeanFieldError::Parameter`] outside \[−1, 1\].
    pub fn value(&self, c: f64) -> Result<f64, MeanFieldError> {
        correlation(c)?;
        Ok(self.at(c))
    }

    /// The slope C′(c) = σ_w² q E\[φ′(u₁)φ′(u₂)\]/V(q); at c = 1 and a fixed point this is χ₁. A jump
    /// of φ makes it infinite at c = 1.
    ///
    /// # Errors
    /// [`MeanFieldError::Parameter`] outside \[−1, 1\].
    pub fn slope(&self, c: f64) -> Result<f64, MeanFieldError> {
        correlation(c)?;
        Ok(self.slope_at(c))
    }

    /// The correlations of successive layers: `c0` first, then `depth` more.
    ///
    /// # Errors
    /// [`MeanFieldError::Parameter`] when `c0` is outside \[−1, 1\].
    pub fn profile(&self, c0: f64, depth: usize) -> Result<Vec<f64>, MeanFieldError> {
        correlation(c0)?;
        let mut profile = Vec::with_capacity(depth + 1);
        profile.push(c0);
        let mut c = c0;
        for _ in 0..depth {
            c = self.at(c);
            profile.push(c);
        }
        Ok(profile)
    }

    /// c*, the correlation that two different inputs settle at.
    ///
    /// On \[0, 1\] the map is a power series with no negative coefficient, so it is convex and
    /// meets the diagonal at c = 1 and at most once below: below if the slope at one exceeds one.
    pub fn fixed_point(&self) -> f64 {
        if self.slope_at(1.0) <= 1.0 + super::fixed_points::MARGINAL {
            return 1.0;
        }
        // Newton from the left of a convex function approaches its root from the left. Where the
        // root is close to one, rounding may carry a step across it; bisection then takes over.
        let (mut low, mut high) = (0.0, 1.0);
        let mut c = 0.0;
        for _ in 0..200 {
            let gap = self.at(c) - c;
            if gap > 0.0 {
                low = c;
            } else {
                high = c;
            }
            let newton = c - gap / (self.slope_at(c) - 1.0);
            let next = if newton >= low && newton < high {
                newton
            } else {
                0.5 * (low + high)
            };
            if (next - c).abs() <= f64::EPSILON || high - low <= f64::EPSILON {
                return next;
            }
            c = next;
        }
        c
    }

    fn at(&self, c: f64) -> f64 {
        if c == 1.0 {
            return 1.0;
        }
        let next = (self.sigma_w2 * self.kernel.value(c) + self.sigma_b2) / self.next_q;
        next.clamp(-1.0, 1.0)
    }

    fn slope_at(&self, c: f64) -> f64 {
        self.sigma_w2 * self.kernel.slope(c) / self.next_q
    }
}
