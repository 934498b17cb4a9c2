//! One layer on a standard normal vector, over seeds, and what it should give.
//!
//! Not an experiment of its own: `relu` and `kaiming` both ask it.

use evenkeel_init::Scheme;
use evenkeel_theory::Activation;

use crate::error::LabError;
use crate::judge::Sample;
use crate::measure::PlainNetwork;
use crate::study::Bench;

/// One layer `φ(W x)` on a standard normal vector, over seeds.
pub(crate) struct OneLayer {
    /// Mean of the outputs, a value a seed.
    pub(crate) mean: Sample,
    /// Mean square of the outputs, a value a seed.
    pub(crate) second_moment: Sample,
}

impl OneLayer {
    pub(crate) fn measure(
        bench: &Bench<'_>,
        stream: &str,
        width: usize,
        scheme: &Scheme,
        activation: &Activation,
        trials: usize,
    ) -> Result<Self, LabError> {
        let network =
            PlainNetwork::uniform_width(stream, 1, width, scheme.clone(), activation.clone());
        let moments = bench.trials(trials, |trial| {
            let pass = network.forward(bench.seed(), trial)?;
            Ok((pass.layers[0].mean(), pass.layers[0].second_moment()))
        })?;
        let (means, second_moments): (Vec<f64>, Vec<f64>) = moments.into_iter().unzip();
        Ok(Self {
            mean: Sample::of(&means),
            second_moment: Sample::of(&second_moments),
        })
    }

    /// Whether the averages over seeds are within four standard errors of the law.
    pub(crate) fn agrees(&self, law: &Law) -> bool {
        self.mean.mean_agrees(law.mean, law.mean_std)
            && self
                .second_moment
                .mean_agrees(law.second_moment, law.second_moment_std)
    }
}

/// Mean and second moment of one layer's outputs, and how far one seed strays from them.
///
/// Given x, the n outputs are φ of independent z ~ N(0, q) with q = Var w·|x|², and |x|² is χ²ₙ, so
/// Var q/(E q)² = 2/n. To leading order in 1/n the mean square has the relative variance
/// (E φ⁴/(E φ²)² − 1)/n + 2/n, and the mean, which grows like √q, the variance
/// Var φ/n + (E φ)²/(2n).
pub(crate) struct Law {
    pub(crate) mean: f64,
    pub(crate) mean_std: f64,
    pub(crate) second_moment: f64,
    pub(crate) second_moment_std: f64,
}

impl Law {
    /// For the identity; `q` is n·Var w.
    pub(crate) fn linear(n: f64, q: f64) -> Self {
        Self {
            mean: 0.0,
            mean_std: (q / n).sqrt(),
            second_moment: q,
            // E z⁴/(E z²)² = 3: (3 − 1)/n, and 2/n from |x|².
            second_moment_std: q * (4.0 / n).sqrt(),
        }
    }

    /// For ReLU; `q` is n·Var w.
    pub(crate) fn relu(n: f64, q: f64) -> Self {
        let mean = (q / std::f64::consts::TAU).sqrt();
        Self {
            mean,
            mean_std: ((q / 2.0 - mean * mean) / n + mean * mean / (2.0 * n)).sqrt(),
            second_moment: q / 2.0,
            // E φ⁴/(E φ²)² = 6: (6 − 1)/n, and 2/n from |x|².
            second_moment_std: q / 2.0 * (7.0 / n).sqrt(),
        }
    }
}
