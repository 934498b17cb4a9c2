//! A grid of (σ_w², σ_b²), from one table of moments: the maps depend on the two only linearly.

use rayon::prelude::*;

use super::analysis::depth_scale;
use super::table_kernel::{TERMS, TableKernel};
use super::{MeanFieldError, Phase, error::non_negative};
use crate::activation::Activation;
use crate::gaussian::hermite_coefficients;
use crate::moments::Moments;

/// The table's variances, as powers of ten; a fixed point above counts as divergence.
const DECADES: (i32, i32) = (-10, 8);
/// Nodes a decade: cubic interpolation between them is good to about 10⁻⁷.
const STEPS_PER_DECADE: i32 = 24;

/// One point of a phase diagram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhasePoint {
    /// The variance's fixed point; infinite where it diverges
    pub q_star: f64,
    /// The gradient's factor a layer
    pub chi_1: f64,
    /// The correlation's fixed point; NaN where the variance diverges
    pub c_star: f64,
    /// The correlation's depth scale
    pub xi_c: f64,
    /// The phase
    pub phase: Phase,
}

/// A grid of points: row i belongs to `sigma_b2[i]`, column j to `sigma_w2[j]`.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseDiagram {
    /// The columns' σ_w²
    pub sigma_w2: Vec<f64>,
    /// The rows' σ_b²
    pub sigma_b2: Vec<f64>,
    /// The points, row after row
    pub points: Vec<PhasePoint>,
}

impl PhaseDiagram {
    /// The point at row `row` (σ_b²) and column `column` (σ_w²).
    pub fn at(&self, row: usize, column: usize) -> &PhasePoint {
        &self.points[row * self.sigma_w2.len() + column]
    }
}

/// The phase diagram of `activation` on a grid, for drawing.
///
/// q* and χ₁ are good to about 10⁻⁶, c* to about 10⁻⁴ near the edge of chaos of an activation with
/// kinks; [`MeanField`](super::MeanField) is exact. The variance starts at q = 1. Points are
/// independent of one another and of the number of threads.
///
/// # Errors
/// [`MeanFieldError::Parameter`] for a negative entry; [`MeanFieldError::Expectation`].
///
/// # Example
/// ```
/// use evenkeel_theory::{Activation, Phase, phase_diagram};
///
/// let diagram = phase_diagram(&Activation::tanh(), &[1.0, 3.0], &[0.05])?;
/// assert_eq!(diagram.at(0, 0).phase, Phase::Ordered);
/// assert_eq!(diagram.at(0, 1).phase, Phase::Chaotic);
/// # Ok::<(), evenkeel_theory::MeanFieldError>(())
/// ```
pub fn phase_diagram(
    activation: &Activation,
    sigma_w2: &[f64],
    sigma_b2: &[f64],
) -> Result<PhaseDiagram, MeanFieldError> {
    sigma_w2
        .iter()
        .try_for_each(|&value| non_negative("sigma_w2", value))?;
    sigma_b2
        .iter()
        .try_for_each(|&value| non_negative("sigma_b2", value))?;
    let table = Table::new(activation)?;
    let cells: Vec<(f64, f64)> = sigma_b2
        .iter()
        .flat_map(|&b| sigma_w2.iter().map(move |&w| (w, b)))
        .collect();
    let points = cells.par_iter().map(|&(w, b)| table.point(w, b)).collect();
    Ok(PhaseDiagram {
        sigma_w2: sigma_w2.to_vec(),
        sigma_b2: sigma_b2.to_vec(),
        points,
    })
}

/// What a layer does at one variance.
#[derive(Clone)]
struct Row {
    q: f64,
    /// E\[φ²\], and its derivative in ln q
    second_moment: f64,
    second_moment_step: f64,
    /// E\[φ′²\]
    slope: f64,
    /// a_k² of the correlation kernel
    squares: Vec<f64>,
}

struct Table {
    rows: Vec<Row>,
    /// Whether φ(0) = 0, so that q = 0 is a fixed point without bias
    zero_at_zero: bool,
    slope_at_zero: f64,
    jumps: bool,
}

impl Table {
    fn new(activation: &Activation) -> Result<Self, MeanFieldError> {
        let refused = |source| MeanFieldError::Expectation {
            activation: activation.to_string(),
            source,
        };
        let at_zero = Moments::at(activation, 0.0).map_err(refused)?;
        let rows: Vec<Result<Row, _>> = (DECADES.0 * STEPS_PER_DECADE
            ..=DECADES.1 * STEPS_PER_DECADE)
            .into_par_iter()
            .map(|step| {
                row(
                    activation,
                    libm::exp10(f64::from(step) / f64::from(STEPS_PER_DECADE)),
                )
            })
            .collect();
        // The table is the stretch about q = 1. An activation that grows fast is integrable only up to
        // some variance; one that is zero about zero only from some variance on.
        let start = (-DECADES.0 * STEPS_PER_DECADE) as usize;
        let first = rows[..start]
            .iter()
            .rposition(Result::is_err)
            .map_or(0, |last| last + 1);
        let mut kept = Vec::new();
        for (index, row) in rows.into_iter().enumerate().skip(first) {
            match row {
                Ok(row) => kept.push(row),
                Err(source) if index <= start + 1 => return Err(refused(source)),
                Err(_) => break,
            }
        }
        Ok(Self {
            rows: kept,
            zero_at_zero: at_zero.second_moment.value == 0.0,
            slope_at_zero: at_zero.derivative_second_moment.value,
            jumps: !activation.jumps().is_empty(),
        })
    }

    fn point(&self, sigma_w2: f64, sigma_b2: f64) -> PhasePoint {
        let excess = |row: &Row| sigma_w2 * row.second_moment + sigma_b2 - row.q;
        // The node at q = 1, where the variance starts.
        let start = self
            .rows
            .partition_point(|row| row.q < 1.0)
            .min(self.rows.len() - 1);
        let bracket = if excess(&self.rows[start]) >= 0.0 {
            (start..self.rows.len() - 1).find(|&i| excess(&self.rows[i + 1]) < 0.0)
        } else {
            (0..start).rev().find(|&i| excess(&self.rows[i]) >= 0.0)
        };
        match bracket {
            Some(left) => self.settle(left, sigma_w2, sigma_b2),
            None if excess(&self.rows[start]) >= 0.0 => DIVERGENT,
            None => self.vanished(sigma_w2),
        }
    }

    /// The variance falls below the table: to zero, or to so little that φ is linear.
    fn vanished(&self, sigma_w2: f64) -> PhasePoint {
        let first = &self.rows[0];
        let slope = if self.zero_at_zero {
            self.slope_at_zero
        } else {
            first.slope
        };
        let chi_1 = sigma_w2 * slope;
        PhasePoint {
            q_star: 0.0,
            chi_1,
            c_star: 1.0,
            xi_c: depth_scale(chi_1),
            phase: Phase::of(chi_1),
        }
    }

    /// The fixed point between two nodes.
    fn settle(&self, left: usize, sigma_w2: f64, sigma_b2: f64) -> PhasePoint {
        let (a, b) = (&self.rows[left], &self.rows[left + 1]);
        let ratio = libm::log(b.q / a.q);
        let second_moment = |t: f64| hermite_cubic(a, b, ratio, t);
        // The excess is positive at t = 0 and negative at t = 1.
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..40 {
            let t = 0.5 * (low + high);
            let q = a.q * libm::exp(ratio * t);
            if sigma_w2 * second_moment(t) + sigma_b2 >= q {
                low = t
            } else {
                high = t
            }
        }
        let t = 0.5 * (low + high);
        let q = a.q * libm::exp(ratio * t);
        let nodes = self.cubic(left, t);
        let slope: f64 = nodes.iter().map(|(weight, row)| weight * row.slope).sum();
        let chi_1 = sigma_w2 * slope;
        let phase = if self.jumps {
            Phase::Chaotic
        } else {
            Phase::of(chi_1)
        };
        let (c_star, chi_c) = if phase == Phase::Chaotic {
            let squares = (0..TERMS)
                .map(|k| {
                    nodes
                        .iter()
                        .map(|(weight, row)| weight * row.squares[k])
                        .sum()
                })
                .collect();
            let kernel = TableKernel::new(squares, second_moment(t), q * slope, self.jumps);
            kernel.fixed_point(sigma_w2, sigma_b2, q)
        } else {
            (1.0, chi_1)
        };
        PhasePoint {
            q_star: q,
            chi_1,
            c_star,
            xi_c: depth_scale(chi_c),
            phase,
        }
    }

    /// The four nodes about a place between two of them, and their weights in a cubic.
    fn cubic(&self, left: usize, t: f64) -> Vec<(f64, &Row)> {
        let first = left
            .saturating_sub(1)
            .min(self.rows.len().saturating_sub(4));
        let nodes = &self.rows[first..(first + 4).min(self.rows.len())];
        let x = (left - first) as f64 + t;
        let weight = |i: usize| {
            (0..nodes.len())
                .filter(|&j| j != i)
                .map(|j| (x - j as f64) / (i as f64 - j as f64))
                .product()
        };
        nodes
            .iter()
            .enumerate()
            .map(|(i, row)| (weight(i), row))
            .collect()
    }
}

const DIVERGENT: PhasePoint = PhasePoint {
    q_star: f64::INFINITY,
    chi_1: f64::NAN,
    c_star: f64::NAN,
    xi_c: f64::NAN,
    phase: Phase::Divergent,
};

fn row(activation: &Activation, q: f64) -> Result<Row, crate::gaussian::ExpectationError> {
    let moments = Moments::at(activation, q)?;
    let squares = hermite_coefficients(activation, q, TERMS)?;
    Ok(Row {
        q,
        second_moment: moments.second_moment.value,
        second_moment_step: q * moments.second_moment_slope.value,
        slope: moments.derivative_second_moment.value,
        squares: squares.into_iter().map(|a| a * a).collect(),
    })
}

/// The cubic through both values of E\[φ²\] and both derivatives in ln q.
fn hermite_cubic(a: &Row, b: &Row, ratio: f64, t: f64) -> f64 {
    let (u, t2) = (1.0 - t, t * t);
    let values = a.second_moment * (1.0 + 2.0 * t) * u * u + b.second_moment * t2 * (3.0 - 2.0 * t);
    values + ratio * (a.second_moment_step * t * u * u - b.second_moment_step * t2 * u)
}
