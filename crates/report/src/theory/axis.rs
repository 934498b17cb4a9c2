//! Which part of an endless line is shown.

use evenkeel_theory::{CriticalPoint, FixedPoints};

use crate::svg::Scale;

/// Fixed points further apart than this ratio cannot both be seen on a linear axis.
const MOST_LINEAR_RATIO: f64 = 30.0;
/// A fixed point beyond these is left to the text: the picture is of ordinary variances.
const ORDINARY: (f64, f64) = (1e-9, 1e9);

/// The part of the line of variances that a variance map shows, on both axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Axis {
    /// From zero to `high`.
    Linear {
        /// The largest variance shown.
        high: f64,
    },
    /// From `low` to `high`, a decade as long as any other.
    Log {
        /// The smallest variance shown; positive.
        low: f64,
        /// The largest variance shown.
        high: f64,
    },
}

impl Axis {
    /// An axis that shows the fixed points and q = 1, where networks start.
    pub fn of_variances(fixed_points: &FixedPoints) -> Self {
        let places: Vec<f64> = match fixed_points {
            FixedPoints::Every => Vec::new(),
            FixedPoints::Isolated(points) => points.iter().map(|point| point.q).collect(),
        };
        let shown = places
            .into_iter()
            .filter(|q| (ORDINARY.0..=ORDINARY.1).contains(q));
        let (low, high) = shown.fold((1.0_f64, 1.0_f64), |(low, high), q| {
            (low.min(q), high.max(q))
        });
        if high > MOST_LINEAR_RATIO * low {
            Self::Log {
                low: 0.1 * low,
                high: 10.0 * high,
            }
        } else {
            Self::Linear {
                high: nice(1.6 * high),
            }
        }
    }

    /// Variances along the axis, evenly spaced on paper, `count` of them and at least two.
    pub fn samples(&self, count: usize) -> Vec<f64> {
        let last = count.max(2) - 1;
        (0..=last)
            .map(|i| {
                let share = i as f64 / last as f64;
                match *self {
                    Self::Linear { high } => high * share,
                    Self::Log { low, high } => low * libm::pow(high / low, share),
                }
            })
            .collect()
    }

    pub(super) fn scale(&self, range: (f64, f64)) -> Scale {
        match *self {
            Self::Linear { high } => Scale::linear((0.0, high), range),
            Self::Log { low, high } => Scale::log((low, high), range),
        }
    }

    /// Whether a variance lies on the axis.
    pub(super) fn shows(&self, q: f64) -> bool {
        match *self {
            Self::Linear { high } => (0.0..=high).contains(&q),
            Self::Log { low, high } => (low..=high).contains(&q),
        }
    }
}

/// The rectangle of (σ_w², σ_b²) that a phase diagram shows, from zero on both axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhaseWindow {
    /// The largest σ_w² shown.
    pub sigma_w2: f64,
    /// The largest σ_b² shown.
    pub sigma_b2: f64,
}

/// A critical line further right than this many times the user's σ_w² is left out of the picture,
/// which would otherwise have the user's own point in its corner.
const FARTHEST_LINE: f64 = 8.0;

impl PhaseWindow {
    /// A window about the user's own (`sigma_w2`, `sigma_b2`) that also shows the critical line
    /// where that is near.
    pub fn around(sigma_w2: f64, sigma_b2: f64, critical: &[CriticalPoint]) -> Self {
        let top = nice((2.2 * sigma_b2).max(0.1));
        let reach = if sigma_w2 > 0.0 {
            FARTHEST_LINE * sigma_w2
        } else {
            f64::INFINITY
        };
        let line = critical
            .iter()
            .filter(|point| point.sigma_b2 <= top && point.sigma_w2 <= reach)
            .map(|point| point.sigma_w2);
        // The line is shown from where it enters; where it runs far to the right, only its beginning.
        let (first, last) = line.fold((f64::INFINITY, 0.0_f64), |(first, last), w| {
            (first.min(w), last.max(w))
        });
        let near = if first.is_finite() {
            last.min(2.5 * first)
        } else {
            0.0
        };
        let widest = sigma_w2.max(near);
        Self {
            sigma_w2: nice(1.6 * if widest > 0.0 { widest } else { 1.0 }),
            sigma_b2: top,
        }
    }

    /// `count` values of σ_w² from zero to the right edge.
    pub fn columns(&self, count: usize) -> Vec<f64> {
        Axis::Linear {
            high: self.sigma_w2,
        }
        .samples(count)
    }

    /// `count` values of σ_b² from zero to the upper edge.
    pub fn rows(&self, count: usize) -> Vec<f64> {
        Axis::Linear {
            high: self.sigma_b2,
        }
        .samples(count)
    }
}

/// The round number next above `x` > 0.
fn nice(x: f64) -> f64 {
    let base = libm::pow(10.0, libm::log10(x).floor());
    [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0]
        .into_iter()
        .map(|m| m * base)
        .find(|&round| round >= x * (1.0 - 1e-9))
        .unwrap_or(10.0 * base)
}

#[cfg(test)]
mod tests {
    use evenkeel_theory::{FixedPoint, Stability};

    use super::*;

    fn points(places: &[f64]) -> FixedPoints {
        FixedPoints::Isolated(
            places
                .iter()
                .map(|&q| FixedPoint {
                    q,
                    chi_q: 0.5,
                    stability: Stability::Stable,
                })
                .collect(),
        )
    }

    #[test]
    fn near_fixed_points_share_a_linear_axis_and_far_ones_a_logarithmic_one() {
        let linear = Axis::of_variances(&points(&[0.0, 0.42]));
        assert_eq!(linear, Axis::Linear { high: 2.0 });
        assert_eq!(linear.samples(3), [0.0, 1.0, 2.0]);
        let Axis::Log { low, high } = Axis::of_variances(&points(&[0.02, 40.0])) else {
            panic!("40 and 0.02 share no linear axis");
        };
        assert!((low - 0.002).abs() < 1e-12 && (high - 400.0).abs() < 1e-9);
        // What no picture of ordinary variances can show does not stretch it.
        assert_eq!(Axis::of_variances(&points(&[1e11])), linear);
        assert_eq!(Axis::of_variances(&FixedPoints::Every), linear);
    }

    #[test]
    fn the_window_holds_the_users_point_and_a_near_line() {
        let critical: Vec<CriticalPoint> = [(1.0, 0.0), (1.76, 0.05), (40.0, 30.0)]
            .map(|(sigma_w2, sigma_b2)| CriticalPoint {
                sigma_w2,
                sigma_b2,
                q_star: 1.0,
                chi_q: 0.5,
            })
            .to_vec();
        let window = PhaseWindow::around(1.5, 0.05, &critical);
        assert_eq!((window.sigma_w2, window.sigma_b2), (3.0, 0.12));
        assert_eq!(window.rows(2), [0.0, 0.12]);
        let nothing = PhaseWindow::around(0.0, 0.0, &[]);
        assert_eq!((nothing.sigma_w2, nothing.sigma_b2), (2.0, 0.1));
    }

    #[test]
    fn round_numbers_are_not_below() {
        for (x, round) in [(0.11, 0.12), (1.0, 1.0), (1.21, 1.5), (9.1, 10.0)] {
            assert!((nice(x) - round).abs() < 1e-12, "{x}: {}", nice(x));
        }
    }
}
