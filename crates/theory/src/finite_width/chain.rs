//! The mean square of the activations as a Markov chain.
//!
//! Given m_{l−1}, the preactivations of layer l are independent N(0, σ_w² m_{l−1} + σ_b²): the law of
//! m_l depends on m_{l−1} alone. So ln m_l is a Markov chain on the line, and its distribution can be
//! carried from layer to layer on a lattice, however far it spreads. The gradient's logarithm is a sum
//! along this chain, whose conditional mean and variance follow by recursion from the output.

use std::collections::BTreeMap;

use super::FiniteWidthError;
use super::log_moment::{Direction, LogMoment, layer_log_moment};
use crate::mean_field::{MeanField, MeanFieldError};
use crate::moments::FourthMoments;
use crate::special::normal_cdf;

/// The lattice's step, in standard deviations of one layer's noise; a normal sampled so finely keeps
/// its moments to 10⁻³⁰.
const STEP: f64 = 0.5;
/// Noise below this many steps is too narrow to be sampled.
const NARROW: f64 = 0.7;
/// ln E\[φ′²\] below this belongs to a φ without slope, which has no gradient to speak of.
const FLAT: f64 = -700.0;
/// The step where a layer makes no noise (sign(x), whose square is always one).
const LEAST_STEP: f64 = 1e-4;
/// A signal e^±20 times its prediction is gone; it is kept at that end.
const REACH: f64 = 20.0;
/// The most variance that one layer's noise is given. A layer of φ that is zero almost everywhere, as
/// hard shrinkage of a tiny signal, would have an astronomical one; with this its typical ln m is
/// already [`REACH`] lower, and the signal is gone.
const MOST_NOISE: f64 = 2.0 * REACH;
/// Further than this from where the lattice began, in ln m, a place without moments is a signal gone.
const FAR: f64 = 2.0;
/// Probabilities below this are dropped at the ends.
const NEGLIGIBLE: f64 = 1e-12;

/// What a layer does to one value of ln m.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// ln q of its preactivations
    pub(super) log_q: f64,
    /// Mean and variance of ln m after it
    pub(super) mean: f64,
    pub(super) variance: f64,
    /// Mean and variance of the logarithm of the factor on the gradient, ln E\[φ′²\] included
    pub(super) gradient_mean: f64,
    pub(super) gradient_variance: f64,
    /// The covariance of the two noises
    covariance: f64,
    /// M = E\[φ²φ′²\]/(E\[φ²\]E\[φ′²\]): how much more of a gradient along φ(h) passes
    aligned: f64,
    /// How an alignment of the gradient with the signal is passed down, and how much is made
    alignment_kept: f64,
    alignment_made: f64,
}

impl Node {
    /// A signal that leaves this layer at `log_m` for certain, and lets no gradient through that
    /// counts.
    fn gone(log_q: f64, log_m: f64) -> Self {
        Self {
            log_q,
            mean: log_m,
            variance: 0.0,
            gradient_mean: FLAT,
            gradient_variance: 0.0,
            covariance: 0.0,
            aligned: 1.0,
            alignment_kept: 0.0,
            alignment_made: 0.0,
        }
    }
}

/// Values on consecutive places of the lattice.
#[derive(Clone, Debug)]
pub(super) struct Stretch<T> {
    pub(super) first: i64,
    pub(super) values: Vec<T>,
}

impl<T: Copy> Stretch<T> {
    /// The value at a place, or at the nearest end.
    fn at(&self, place: i64) -> T {
        let last = self.values.len() as i64 - 1;
        self.values[(place - self.first).clamp(0, last) as usize]
    }

    pub(super) fn places(&self) -> impl Iterator<Item = (i64, T)> + '_ {
        (self.first..).zip(self.values.iter().copied())
    }
}

/// The conditional mean and variance of the gradient's logarithm, and the gradient's alignment.
///
/// The weights that made h_l from φ(h_{l−1}) also carry the gradient back, so the gradient is not
/// quite independent of the signal. Let f be the share of its square that lies along the signal,
/// 1/n if it were independent. Given h_l, the part of Wᵀ that acts on the signal is known, and
/// (with t = σ_w²m/q, one without bias)
///
///   f_{l−1} = t s²E\[φ²\]/(qE\[φ′²\])·(f_l − 1/n_l) + (t E\[z²φ′²\]/E\[φ′²\] + 1 − t)/n_{l−1},
///
/// s = E\[xφφ′\]/E\[φ²\], up to the growth of the whole. The excess f − 1/n, the alignment, enlarges the
/// gradient by the factor 1 + (f − 1/n) behind the weights, and by 1 + (f − 1/n)(M − 1) behind the
/// activation. It is zero for homogeneous φ.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gathered {
    pub(super) mean: f64,
    pub(super) variance: f64,
    /// The alignment with the signal that enters these layers
    pub(super) alignment: f64,
    /// The logarithm of what it adds to the gradient behind these layers' weights
    pub(super) passage: f64,
}

/// The chain for layers of one width.
pub(super) struct Chain<'a> {
    mean_field: &'a MeanField,
    width: f64,
    origin: f64,
    step: f64,
    /// How much more a layer of this width fluctuates than to leading order in 1/width
    forward_correction: Correction,
    backward_correction: Correction,
    nodes: BTreeMap<i64, Node>,
    rows: BTreeMap<i64, Stretch<f64>>,
}

/// Exact moments of one layer's noise, relative to the leading order in 1/width.
#[derive(Clone, Copy)]
struct Correction {
    mean: f64,
    variance: f64,
}

impl Correction {
    /// To leading order the variance is `leading` and the mean −`leading`/2.
    fn new(exact: &LogMoment, leading: f64) -> Self {
        if leading <= 0.0 {
            return Self {
                mean: 1.0,
                variance: 1.0,
            };
        }
        Self {
            mean: exact.mean / (-0.5 * leading),
            variance: exact.variance / leading,
        }
    }

    fn apply(&self, leading: f64) -> (f64, f64) {
        (-0.5 * leading * self.mean, leading * self.variance)
    }
}

impl<'a> Chain<'a> {
    /// A lattice about ln m = `origin`, its corrections taken at variance `q`.
    pub(super) fn new(
        mean_field: &'a MeanField,
        width: usize,
        q: f64,
        origin: f64,
        step: Option<f64>,
    ) -> Result<Self, FiniteWidthError> {
        let activation = mean_field.activation();
        let mut chain = Self {
            mean_field,
            width: width as f64,
            origin,
            step: LEAST_STEP,
            forward_correction: Correction {
                mean: 1.0,
                variance: 1.0,
            },
            backward_correction: Correction {
                mean: 1.0,
                variance: 1.0,
            },
            nodes: BTreeMap::new(),
            rows: BTreeMap::new(),
        };
        let plain = chain.node_at(q)?;
        let forward = layer_log_moment(activation, width, q, Direction::Forward)?;
        chain.forward_correction = Correction::new(&forward, plain.variance);
        if plain.gradient_mean > FLAT {
            let backward = layer_log_moment(activation, width, q, Direction::Backward)?;
            chain.backward_correction = Correction::new(&backward, plain.gradient_variance);
        }
        chain.step = step.unwrap_or((STEP * forward.variance.sqrt()).max(LEAST_STEP));
        Ok(chain)
    }

    pub(super) fn step(&self) -> f64 {
        self.step
    }

    /// What a layer does whose preactivations have variance `q`.
    pub(super) fn node_at(&self, q: f64) -> Result<Node, FiniteWidthError> {
        let moments = self.mean_field.moments(q)?;
        let fourth = FourthMoments::at(self.mean_field.activation(), q)
            .map_err(|source| self.mean_field.refused(source))?;
        // A signal that has vanished counts as one at the edge of f64.
        let second = moments.second_moment.value.max(f64::MIN_POSITIVE);
        let slope = moments
            .derivative_second_moment
            .value
            .max(f64::MIN_POSITIVE);
        let excess = |fourth: f64, squared: f64| {
            ((fourth / squared - 1.0).max(0.0) / self.width).min(MOST_NOISE)
        };
        let forward = excess(fourth.value.value, second * second);
        let backward = excess(3.0 * fourth.derivative.value, slope * slope);
        let (mean, variance) = self.forward_correction.apply(forward);
        let (gradient_mean, gradient_variance) = self.backward_correction.apply(backward);
        let share = 1.0 - self.mean_field.sigma_b2() / q;
        let pull = q * moments.second_moment_slope.value / second;
        let aligned = fourth.mixed.value / (second * slope);
        Ok(Node {
            log_q: libm::log(q),
            mean: libm::log(second) + mean,
            variance,
            gradient_mean: libm::log(slope) + gradient_mean,
            gradient_variance,
            covariance: (aligned - 1.0) / self.width,
            aligned,
            alignment_kept: share * pull * pull * second / (q * slope),
            alignment_made: share * (fourth.derivative_by_position.value / slope - 1.0),
        })
    }

    /// What a layer does at a place of the lattice.
    pub(super) fn node(&mut self, place: i64) -> Result<Node, FiniteWidthError> {
        if let Some(node) = self.nodes.get(&place) {
            return Ok(*node);
        }
        let m = libm::exp(self.origin + self.step * place as f64);
        let q = self.mean_field.sigma_w2() * m + self.mean_field.sigma_b2();
        let node = match self.node_at(q) {
            // Far from the prediction the moments may leave f64: all but nothing of a shrinkage's
            // signal, all of a steep function's.
            Err(FiniteWidthError::MeanField(MeanFieldError::Expectation { .. }))
                if (self.step * place as f64).abs() > FAR =>
            {
                Node::gone(
                    libm::log(q),
                    if place < 0 { -REACH } else { REACH } + self.origin,
                )
            }
            node => node?,
        };
        self.nodes.insert(place, node);
        Ok(node)
    }

    /// The distribution of the place that a node leads to.
    pub(super) fn spread(&self, node: &Node) -> Stretch<f64> {
        let centre = (node.mean - self.origin) / self.step;
        let std = node.variance.sqrt() / self.step;
        if std < NARROW {
            // Shared between two places, so that the mean is kept.
            let share = centre - centre.floor();
            return Stretch {
                first: centre.floor() as i64,
                values: vec![1.0 - share, share],
            };
        }
        let first = (centre - 7.0 * std).floor() as i64;
        let last = (centre + 7.0 * std).ceil() as i64;
        let edge = |place: i64| normal_cdf((place as f64 - 0.5 - centre) / std);
        let values = (first..=last)
            .map(|place| edge(place + 1) - edge(place))
            .collect();
        Stretch { first, values }
    }

    fn row(&mut self, place: i64) -> Result<&Stretch<f64>, FiniteWidthError> {
        if !self.rows.contains_key(&place) {
            let node = self.node(place)?;
            let row = self.spread(&node);
            self.rows.insert(place, row);
        }
        Ok(&self.rows[&place])
    }

    /// The distribution after one more layer, whose predicted ln m is `predicted`.
    pub(super) fn advance(
        &mut self,
        distribution: &Stretch<f64>,
        predicted: f64,
    ) -> Result<Stretch<f64>, FiniteWidthError> {
        let (mut first, mut end) = (i64::MAX, i64::MIN);
        for (place, _) in distribution.places() {
            let row = self.row(place)?;
            first = first.min(row.first);
            end = end.max(row.first + row.values.len() as i64);
        }
        let mut values = vec![0.0; end.saturating_sub(first).max(0) as usize];
        for (place, probability) in distribution.places() {
            let row = self.row(place)?;
            let reached = &mut values[(row.first - first) as usize..];
            for (sum, share) in reached.iter_mut().zip(&row.values) {
                *sum += probability * share;
            }
        }
        Ok(self.within_reach(&Stretch { first, values }, predicted))
    }

    /// The gradient's logarithm through this layer and those above, for each place that may enter it.
    /// `above` holds the same for the layer above, `None` at the top; `width_below` is the width of
    /// the layer below.
    pub(super) fn gather(
        &mut self,
        entering: &Stretch<f64>,
        width_below: usize,
        above: Option<&Stretch<Gathered>>,
    ) -> Result<Stretch<Gathered>, FiniteWidthError> {
        let mut values = Vec::with_capacity(entering.values.len());
        for (place, _) in entering.places() {
            let node = self.node(place)?;
            let row = self.row(place)?.clone();
            values.push(self.gather_through(&node, &row, width_below, above));
        }
        Ok(Stretch {
            first: entering.first,
            values,
        })
    }

    pub(super) fn gather_through(
        &self,
        node: &Node,
        row: &Stretch<f64>,
        width_below: usize,
        above: Option<&Stretch<Gathered>>,
    ) -> Gathered {
        let independent = 1.0 / width_below as f64;
        let Some(above) = above else {
            let (alignment, passage) = self.align(node, 0.0, independent);
            let (mean, variance) = (node.gradient_mean, node.gradient_variance);
            return Gathered {
                mean,
                variance,
                alignment,
                passage,
            };
        };
        let (mut mean, mut square, mut variance, mut tilt) = (0.0, 0.0, 0.0, 0.0);
        let mut alignment = 0.0;
        let centre = (node.mean - self.origin) / self.step;
        for (place, share) in row.places() {
            let value = above.at(place);
            let arriving = value.mean + value.passage;
            mean += share * arriving;
            square += share * arriving * arriving;
            variance += share * value.variance;
            alignment += share * value.alignment;
            tilt += share * arriving * (place as f64 - centre);
        }
        // The regression of what lies above on this layer's forward noise, times the covariance of
        // the two noises.
        let slope = if node.variance > 0.0 {
            tilt * self.step / node.variance
        } else {
            0.0
        };
        let spread = (square - mean * mean).max(0.0);
        let covariance = 2.0 * slope * node.covariance;
        let through_activation = libm::log1p(alignment * (node.aligned - 1.0));
        let (below, passage) = self.align(node, alignment, independent);
        Gathered {
            mean: node.gradient_mean + mean + through_activation,
            variance: (node.gradient_variance + variance + spread + covariance).max(0.0),
            alignment: below,
            passage,
        }
    }

    /// The alignment behind this layer's weights, and the logarithm of what it adds there, from the
    /// alignment above its activation.
    fn align(&self, node: &Node, above: f64, independent: f64) -> (f64, f64) {
        let growth = 1.0 + above * (node.aligned - 1.0);
        let made = (1.0 + node.alignment_made) * independent;
        let along = (node.alignment_kept * above + made) / growth;
        let excess = along - independent;
        (along / (1.0 + excess) - independent, libm::log1p(excess))
    }

    /// The distribution without its negligible ends, scaled to one. What lies out of reach of the
    /// prediction is kept at the end of the reach.
    pub(super) fn within_reach(&self, next: &Stretch<f64>, predicted: f64) -> Stretch<f64> {
        let place = |log_m: f64| ((log_m - self.origin) / self.step).round() as i64;
        let (low, high) = (place(predicted - REACH), place(predicted + REACH));
        let kept: Vec<(i64, f64)> = next
            .places()
            .filter(|&(_, probability)| probability > NEGLIGIBLE)
            .map(|(place, probability)| (place.clamp(low, high), probability))
            .collect();
        let first = kept.first().map_or(0, |&(place, _)| place);
        let last = kept.last().map_or(0, |&(place, _)| place);
        let mut values = vec![0.0; (last - first + 1) as usize];
        for (place, probability) in kept {
            values[(place - first) as usize] += probability;
        }
        let total: f64 = values.iter().sum();
        values.iter_mut().for_each(|value| *value /= total);
        Stretch { first, values }
    }
}
