//! Adaptive Gauss–Kronrod integration of several functions at once over a row of panels.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::rule::{GAUSS, KRONROD, NODES};

/// The relative error that the refinement aims at: a few times the rounding of a sum.
const AIM: f64 = 5e-14;
/// The relative error above which a result is refused.
pub(super) const WANTED: f64 = 1e-12;
/// Panels whose halves agree with the whole but whose error does not fall: rounding, not shape.
const STALLS_ALLOWED: usize = 24;
/// What the panels of one integral may take: 65,536 panels of one function, 18,724 of six. The 2²¹
/// evaluations that are allowed end before that, or the integral does not converge.
const MOST_BYTES: usize = 3 << 20;

/// An integral with the estimate of its error and the integral of the absolute value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Integral {
    pub(super) value: f64,
    pub(super) error: f64,
    pub(super) absolute: f64,
    /// The middle of the panel with the largest error.
    pub(super) worst: f64,
}

impl Integral {
    /// The integral as an estimate.
    pub(super) fn estimate(self) -> super::Estimate {
        super::Estimate {
            value: self.value,
            error: self.error,
        }
    }

    /// Refuses an integral whose error is too large beside the integral of the absolute value.
    pub(super) fn accept(&self) -> Result<(), Failure> {
        let relative_error = self.error / self.absolute;
        if relative_error > WANTED {
            return Err(Failure::Accuracy {
                relative_error,
                at: self.worst,
            });
        }
        Ok(())
    }
}

/// What went wrong, in terms of the integration variable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Failure {
    /// The integrand is NaN there.
    NotANumber(f64),
    /// The integrand is infinite there.
    Infinite(f64),
    /// The error stayed at this fraction, with its largest part there.
    Accuracy { relative_error: f64, at: f64 },
}

struct Panel<const N: usize> {
    left: f64,
    right: f64,
    value: [f64; N],
    error: [f64; N],
    absolute: [f64; N],
    /// The largest error relative to the whole integral; what the heap is ordered by.
    urgency: f64,
}

impl<const N: usize> PartialEq for Panel<N> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl<const N: usize> Eq for Panel<N> {}
impl<const N: usize> PartialOrd for Panel<N> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<const N: usize> Ord for Panel<N> {
    fn cmp(&self, other: &Self) -> Ordering {
        // Ties go to the left panel, so that the order never depends on the heap.
        self.urgency
            .total_cmp(&other.urgency)
            .then_with(|| other.left.total_cmp(&self.left))
    }
}

/// ∫ f over the panels between successive `edges`, refined where the error is largest, with at most
/// `evaluations` calls of `f` and no more panels than [`MOST_BYTES`] hold. The result is what was
/// reached; [`Integral::accept`] judges it.
pub(super) fn integrate<const N: usize>(
    f: &mut impl FnMut(f64) -> Result<[f64; N], Failure>,
    edges: &[f64],
    evaluations: usize,
) -> Result<[Integral; N], Failure> {
    let mut panels = Vec::with_capacity(2 * edges.len());
    for pair in edges.windows(2) {
        panels.push(measure(f, pair[0], pair[1])?);
    }
    let scale = total(&panels, |panel| panel.absolute);
    for panel in &mut panels {
        panel.urgency = urgency(panel, &scale);
    }
    let most_panels = MOST_BYTES / size_of::<Panel<N>>();
    let mut heap = BinaryHeap::from(panels);
    let mut done: Vec<Panel<N>> = Vec::new();
    let mut open_error: f64 = heap.iter().map(|panel| panel.urgency).sum();
    let mut settled_error = 0.0;
    let mut used = NODES.len() * 2 * heap.len();
    let mut stalls = 0;
    while open_error + settled_error > AIM
        && stalls < STALLS_ALLOWED
        && used < evaluations
        && heap.len() + done.len() < most_panels
    {
        let Some(panel) = heap.pop() else { break };
        open_error -= panel.urgency;
        let middle = 0.5 * (panel.left + panel.right);
        if middle <= panel.left || middle >= panel.right {
            settled_error += panel.urgency;
            done.push(panel);
            continue;
        }
        let mut halves = [
            measure(f, panel.left, middle)?,
            measure(f, middle, panel.right)?,
        ];
        used += 4 * NODES.len();
        for half in &mut halves {
            half.urgency = urgency(half, &scale);
        }
        if stalled(&panel, &halves) {
            stalls += 1;
        }
        // Growing by itself, the heap would double beyond what it may hold.
        if heap.capacity() - heap.len() < halves.len() {
            heap.reserve_exact(heap.len().min(most_panels - heap.len()).max(halves.len()));
        }
        for half in halves {
            open_error += half.urgency;
            heap.push(half);
        }
        // The running sum gathers rounding; it is taken afresh before it is believed.
        if open_error + settled_error <= AIM {
            open_error = heap.iter().map(|panel| panel.urgency).sum();
        }
    }
    let mut panels = heap.into_vec();
    panels.reserve_exact(done.len());
    panels.append(&mut done);
    Ok(finish(panels))
}

fn urgency<const N: usize>(panel: &Panel<N>, scale: &[f64; N]) -> f64 {
    let mut largest = 0.0_f64;
    for (error, scale) in panel.error.iter().zip(scale) {
        if *error > 0.0 {
            // A scale of zero means that all of the mass is news: most urgent.
            largest = largest.max((error / scale).min(1.0));
        }
    }
    largest
}

/// Whether bisection left both the value and the error as they were (QUADPACK's roundoff test).
fn stalled<const N: usize>(whole: &Panel<N>, halves: &[Panel<N>; 2]) -> bool {
    let mut same_value = true;
    for i in 0..N {
        let sum = halves[0].value[i] + halves[1].value[i];
        let size = halves[0].absolute[i] + halves[1].absolute[i];
        same_value &= (sum - whole.value[i]).abs() <= 1e-9 * size;
    }
    same_value && halves[0].urgency + halves[1].urgency >= 0.99 * whole.urgency
}

/// Adds the panels from left to right.
fn finish<const N: usize>(mut panels: Vec<Panel<N>>) -> [Integral; N] {
    // No two begin at one place, and an unstable sort takes no memory.
    panels.sort_unstable_by(|a, b| a.left.total_cmp(&b.left));
    let value = total(&panels, |panel| panel.value);
    let error = total(&panels, |panel| panel.error);
    let absolute = total(&panels, |panel| panel.absolute);
    std::array::from_fn(|i| Integral {
        value: value[i],
        // The nodes' own rounding: each value carries about half an ulp, and so does each weight.
        error: error[i] + 2.0 * f64::EPSILON * absolute[i],
        absolute: absolute[i],
        worst: panels
            .iter()
            .max_by(|a, b| a.error[i].total_cmp(&b.error[i]))
            .map_or(0.0, |panel| 0.5 * (panel.left + panel.right)),
    })
}

/// The sum of one quantity over the panels, compensated (Neumaier, 1974).
fn total<const N: usize>(panels: &[Panel<N>], of: impl Fn(&Panel<N>) -> [f64; N]) -> [f64; N] {
    let mut sum = [0.0; N];
    let mut lost = [0.0; N];
    for panel in panels {
        let terms = of(panel);
        for i in 0..N {
            let next = sum[i] + terms[i];
            lost[i] += if sum[i].abs() >= terms[i].abs() {
                (sum[i] - next) + terms[i]
            } else {
                (terms[i] - next) + sum[i]
            };
            sum[i] = next;
        }
    }
    for i in 0..N {
        sum[i] += lost[i];
    }
    sum
}

/// One panel by the 21-point rule, with QUADPACK's error estimate.
fn measure<const N: usize>(
    f: &mut impl FnMut(f64) -> Result<[f64; N], Failure>,
    left: f64,
    right: f64,
) -> Result<Panel<N>, Failure> {
    let centre = 0.5 * (left + right);
    let half = 0.5 * (right - left);
    let mut samples = [[0.0; N]; 21];
    samples[10] = f(centre)?;
    for (i, node) in NODES[..10].iter().enumerate() {
        samples[i] = f(centre - half * node)?;
        samples[20 - i] = f(centre + half * node)?;
    }
    // One column a function: value, error, absolute value.
    let columns: [[f64; 3]; N] =
        std::array::from_fn(|c| combine(|i| samples[i][c]).map(|part| part * half));
    Ok(Panel {
        left,
        right,
        value: columns.map(|column| column[0]),
        error: columns.map(|column| column[1]),
        absolute: columns.map(|column| column[2]),
        urgency: 0.0,
    })
}

/// Kronrod value, error and absolute value on \[−1, 1\] from the 21 samples.
fn combine(sample: impl Fn(usize) -> f64) -> [f64; 3] {
    let weight = |i: usize| KRONROD[i.min(20 - i)];
    let mut kronrod = weight(10) * sample(10);
    let mut absolute = weight(10) * sample(10).abs();
    let mut gauss = 0.0;
    for i in 0..10 {
        let pair = sample(i) + sample(20 - i);
        kronrod += weight(i) * pair;
        absolute += weight(i) * (sample(i).abs() + sample(20 - i).abs());
        if i % 2 == 1 {
            gauss += GAUSS[i / 2] * pair;
        }
    }
    let mean = 0.5 * kronrod;
    let spread: f64 = (0..21).map(|i| weight(i) * (sample(i) - mean).abs()).sum();
    let error = error_estimate(kronrod - gauss, spread, absolute);
    [kronrod, error, absolute]
}

/// QUADPACK's rule: the difference of the two rules, raised to 3/2 relative to the spread, since
/// the finer rule is that much better; never below its rounding.
fn error_estimate(difference: f64, spread: f64, absolute: f64) -> f64 {
    let mut error = difference.abs();
    if spread > 0.0 && error > 0.0 {
        let ratio = 200.0 * error / spread;
        error = if ratio < 1.0 {
            spread * ratio * ratio.sqrt()
        } else {
            spread.max(error)
        };
    }
    // 21 terms of one sign, each rounded: 5 ulp cover the sum.
    error.max(5.0 * f64::EPSILON * absolute)
}
