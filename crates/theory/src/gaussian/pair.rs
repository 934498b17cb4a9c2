//! Expectations of products of functions of two correlated Gaussian variables.

use std::cell::Cell;

use super::adaptive::{Failure, Integral, integrate};
use super::{Estimate, ExpectationError, expectations, explain, panels, weigh};

/// The covariance of a pair (u₁, u₂) of centred Gaussian variables.
///
/// # Example
/// ```
/// use evenkeel_theory::gaussian::{Covariance, expectation_of_product};
///
/// let pair = Covariance::new(1.3, 0.6, -0.4 / (1.3_f64 * 0.6).sqrt())?;
/// let sine = |x: f64| x.sin();
/// let product = expectation_of_product(sine, sine, &pair, &[], &[])?;
/// // E[sin u₁ sin u₂] = e^{−(q₁+q₂)/2} sinh(q₁₂)
/// assert!((product.value + 0.158_854_774_867_298).abs() < 1e-13);
/// # Ok::<(), evenkeel_theory::gaussian::ExpectationError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Covariance {
    q1: f64,
    q2: f64,
    c: f64,
}

impl Covariance {
    /// Variances `q1` and `q2`, correlation `c`.
    ///
    /// # Errors
    /// [`ExpectationError::Variance`] or [`ExpectationError::Correlation`] out of range.
    pub fn new(q1: f64, q2: f64, c: f64) -> Result<Self, ExpectationError> {
        for q in [q1, q2] {
            if !(q.is_finite() && q >= 0.0) {
                return Err(ExpectationError::Variance { got: q });
            }
        }
        if !(-1.0..=1.0).contains(&c) {
            return Err(ExpectationError::Correlation { got: c });
        }
        Ok(Self { q1, q2, c })
    }
}

/// The most calls of the integrand along one line.
const EVALUATIONS: usize = 1 << 14;
/// The most calls of the integrand in the whole plane, a second or so.
const PLANE_EVALUATIONS: usize = 1 << 24;

/// E\[f(u₁) g(u₂)\].
///
/// With z₁ = ax + by, z₂ = ±(ax − by) and independent x, y, the kinks of f and g are straight lines
/// in the plane: the inner integral over y is cut at them, the outer one over x where they cross.
///
/// # Errors
/// [`ExpectationError`]; E\[f²\] and E\[g²\] must exist too.
pub fn expectation_of_product(
    f: impl Fn(f64) -> f64,
    g: impl Fn(f64) -> f64,
    covariance: &Covariance,
    f_breakpoints: &[f64],
    g_breakpoints: &[f64],
) -> Result<Estimate, ExpectationError> {
    let side = |values: f64| [values];
    let [estimate] = products(
        |x| side(f(x)),
        |x| side(g(x)),
        covariance,
        f_breakpoints,
        g_breakpoints,
    )?;
    Ok(estimate)
}

/// Several products fᵢ(u₁) gᵢ(u₂) in one pass.
pub(crate) fn products<const N: usize>(
    f: impl Fn(f64) -> [f64; N],
    g: impl Fn(f64) -> [f64; N],
    covariance: &Covariance,
    f_breakpoints: &[f64],
    g_breakpoints: &[f64],
) -> Result<[Estimate; N], ExpectationError> {
    let Covariance { q1, q2, c } = *covariance;
    let (scale_1, sign) = (q1.sqrt(), if c < 0.0 { -1.0 } else { 1.0 });
    let scale_2 = sign * q2.sqrt();
    if c.abs() == 1.0 {
        return degenerate(f, g, scale_1, scale_2, f_breakpoints, g_breakpoints);
    }
    let range_1 = range(&f, scale_1, f_breakpoints)?;
    let range_2 = range(&g, scale_2, g_breakpoints)?;
    let plane = Plane {
        a: (0.5 * (1.0 + c.abs())).sqrt(),
        b: (0.5 * (1.0 - c.abs())).sqrt(),
        scale_1,
        scale_2,
        kinks_1: in_z(f_breakpoints, scale_1),
        kinks_2: in_z(g_breakpoints, scale_2),
        edge: range_1.max(range_2),
    };
    plane
        .integrate(&f, &g)
        .map_err(|failure| explain(failure, scale_1.max(scale_2.abs())))
}

/// |c| = 1: both variables are the same one, up to scale and sign.
fn degenerate<const N: usize>(
    f: impl Fn(f64) -> [f64; N],
    g: impl Fn(f64) -> [f64; N],
    scale_1: f64,
    scale_2: f64,
    f_breakpoints: &[f64],
    g_breakpoints: &[f64],
) -> Result<[Estimate; N], ExpectationError> {
    // The larger scale is the integration variable's, so that its features are resolved.
    let scale = scale_1.max(scale_2.abs());
    if scale == 0.0 {
        return expectations(|x| multiply(f(x), g(x)), 0.0, &[], EVALUATIONS);
    }
    let (r1, r2) = (scale_1 / scale, scale_2 / scale);
    let mut cuts: Vec<f64> = f_breakpoints.iter().map(|k| k / r1).collect();
    cuts.extend(g_breakpoints.iter().map(|k| k / r2));
    cuts.retain(|cut| cut.is_finite());
    expectations(
        |x| multiply(f(r1 * x), g(r2 * x)),
        scale * scale,
        &cuts,
        super::EVALUATIONS,
    )
}

fn multiply<const N: usize>(left: [f64; N], right: [f64; N]) -> [f64; N] {
    std::array::from_fn(|i| left[i] * right[i])
}

fn in_z(breakpoints: &[f64], scale: f64) -> Vec<f64> {
    breakpoints
        .iter()
        .map(|k| k / scale)
        .filter(|z| z.abs() < panels::EDGE)
        .collect()
}

/// The |z| beyond which the rest of E\[f²\] cannot be seen: by Cauchy and Schwarz, cutting there
/// costs less than √10⁻³⁰ of the product.
fn range<const N: usize>(
    f: impl Fn(f64) -> [f64; N],
    scale: f64,
    breakpoints: &[f64],
) -> Result<f64, ExpectationError> {
    const INVISIBLE: f64 = 1e-30;
    const CUTS: [f64; 7] = [27.0, 19.0, 16.0, 13.0, 11.5, 10.0, 8.5];
    let square = |x: f64| {
        let values = f(x);
        multiply(values, values)
    };
    let whole = expectations(square, scale * scale, breakpoints, super::EVALUATIONS)?;
    let mut edge = panels::EDGE;
    let mut tail = [0.0; N];
    for cut in CUTS {
        for (left, right) in [(-edge, -cut), (cut, edge)] {
            let mut weighted = |z: f64| weigh(square(scale * z), z, scale * z);
            // Without refinement: a rough strip is good enough to be compared with 10⁻³⁰.
            let strip: [Integral; N] = integrate(&mut weighted, &[left, right], 0)
                .map_err(|failure| explain(failure, scale))?;
            for i in 0..N {
                tail[i] += strip[i].absolute;
            }
        }
        if (0..N).any(|i| tail[i] > INVISIBLE * whole[i].value) {
            return Ok(edge);
        }
        edge = cut;
    }
    Ok(edge)
}

/// The rotated plane: z₁ = ax + by, z₂ = ax − by (the sign of c is in `scale_2`).
struct Plane {
    a: f64,
    b: f64,
    scale_1: f64,
    scale_2: f64,
    kinks_1: Vec<f64>,
    kinks_2: Vec<f64>,
    edge: f64,
}

impl Plane {
    fn integrate<const N: usize>(
        &self,
        f: &impl Fn(f64) -> [f64; N],
        g: &impl Fn(f64) -> [f64; N],
    ) -> Result<[Estimate; N], Failure> {
        let mut strip_errors: Vec<(f64, [f64; N])> = Vec::new();
        let calls = Cell::new(0);
        let counted = |x: f64| {
            calls.set(calls.get() + 1);
            f(x)
        };
        let mut outer = |x: f64| {
            if calls.get() > PLANE_EVALUATIONS {
                return Err(Failure::Accuracy {
                    relative_error: 1.0,
                    at: x,
                });
            }
            let strip = self.strip(&counted, g, x)?;
            strip_errors.push((x, weigh(strip.map(|integral| integral.error), x, x)?));
            weigh(
                strip.map(|integral| integral.value),
                x,
                self.scale_1 * self.a * x,
            )
        };
        let mut whole = integrate(&mut outer, &self.outer_edges(), EVALUATIONS)?;
        let inner_error = trapezoid(strip_errors);
        for i in 0..N {
            whole[i].error += inner_error[i];
            whole[i].accept()?;
        }
        Ok(whole.map(Integral::estimate))
    }

    /// ∫ f g over y at this x.
    fn strip<const N: usize>(
        &self,
        f: &impl Fn(f64) -> [f64; N],
        g: &impl Fn(f64) -> [f64; N],
        x: f64,
    ) -> Result<[Integral; N], Failure> {
        let mut weighted = |y: f64| {
            let u1 = self.scale_1 * (self.a * x + self.b * y);
            let u2 = self.scale_2 * (self.a * x - self.b * y);
            weigh(multiply(f(u1), g(u2)), y, u1)
        };
        integrate(&mut weighted, &self.inner_edges(x), EVALUATIONS)
    }

    fn outer_edges(&self) -> Vec<f64> {
        let mut extra = Vec::new();
        let stretch = self.scale_1.max(self.scale_2.abs()) * self.a;
        extra.extend(panels::octaves(0.0, stretch, self.edge));
        // Lines that are nearly parallel cross over a length of about b/a: the integral over y
        // changes its shape there, over that length.
        let width = self.b / self.a;
        for (i, z1) in self.kinks_1.iter().enumerate() {
            for (j, z2) in self.kinks_2.iter().enumerate() {
                // Many kinks have too many crossings; those of a kink with itself matter most.
                if i != j && self.kinks_1.len() * self.kinks_2.len() > 1024 {
                    continue;
                }
                let crossing = 0.5 * (z1 + z2) / self.a;
                extra.push(crossing);
                let gap = 0.5 * (z1 - z2).abs() / self.a;
                if width < 0.3 && gap < 8.0 * width {
                    extra.extend(
                        [1.0, 2.5, 5.0, 9.0]
                            .iter()
                            .flat_map(|k| [crossing - k * width, crossing + k * width]),
                    );
                }
            }
        }
        panels::coarse(self.edge, extra)
    }

    fn inner_edges(&self, x: f64) -> Vec<f64> {
        let centre = self.a * x / self.b;
        let mut extra = panels::octaves(-centre, self.scale_1 * self.b, self.edge);
        extra.extend(panels::octaves(
            centre,
            self.scale_2.abs() * self.b,
            self.edge,
        ));
        extra.extend(self.kinks_1.iter().map(|z| z / self.b - centre));
        extra.extend(self.kinks_2.iter().map(|z| centre - z / self.b));
        panels::coarse(self.edge, extra)
    }
}

/// The integral through scattered points: rough, which is enough for an error.
fn trapezoid<const N: usize>(mut points: Vec<(f64, [f64; N])>) -> [f64; N] {
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut sum = [0.0; N];
    for pair in points.windows(2) {
        let half = 0.5 * (pair[1].0 - pair[0].0);
        for (i, sum) in sum.iter_mut().enumerate() {
            *sum += half * (pair[0].1[i] + pair[1].1[i]);
        }
    }
    sum
}
