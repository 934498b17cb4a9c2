//! One image through a perceptron, and its gradient back, beside the bands of finite width.
//!
//! Not an experiment of its own: a part of `xavier-figures`. The law of finite width is that of one
//! input: an average over many images strays less, by how much depends on how alike they are.

use evenkeel_net::zoo::MlpSpec;
use evenkeel_net::{Mode, Moments, Quantity, Recorder, Targets};

use crate::coverage::Coverage;
use crate::error::LabError;
use crate::finite::Finite;
use crate::measure::profile;
use crate::mlp::{self, Init};
use crate::results::{Band, Direction, Profile};
use crate::study::Bench;

/// One network over seeds, each with a training image of its own.
pub(crate) struct OneImage {
    init: Init,
    passages: Vec<Passage>,
}

/// One image forward and back.
struct Passage {
    activations: Signal,
    gradients: Signal,
}

/// A signal at the hidden layers, first layer first, and its bands.
struct Signal {
    moments: Vec<Moments>,
    bands: Vec<Band>,
}

/// Variances of the weights of a network without biases.
pub(crate) struct Variances {
    /// Of the first layer's weights.
    pub(crate) first: f64,
    /// Of an inner layer's weights, times its width.
    pub(crate) inner_sigma_w2: f64,
    /// Of the last layer's weights.
    pub(crate) last: f64,
}

impl OneImage {
    pub(crate) fn measure(
        bench: &Bench<'_>,
        spec: &MlpSpec,
        init: Init,
        variances: &Variances,
    ) -> Result<Self, LabError> {
        let trials = bench.settings.pick(4, 20);
        let passages = bench.trials(trials, |seed| {
            Passage::measure(bench, spec, init, variances, seed)
        })?;
        Ok(Self { init, passages })
    }

    /// How many layers of all seeds lie outside their bands, forward and backward.
    pub(crate) fn coverages(&self) -> [Coverage; 2] {
        let of = |what: &str, pick: fn(&Passage) -> &Signal| {
            let mut coverage = Coverage::new(format!("{}, {what}", self.init.label()));
            for passage in &self.passages {
                let signal = pick(passage);
                coverage.add(&signal.bands, signal.moments.iter().map(Moments::rms));
            }
            coverage
        };
        [
            of("activations", |p| &p.activations),
            of("gradients", |p| &p.gradients),
        ]
    }

    /// The first seed, forward and backward, with its bands.
    pub(crate) fn profiles(&self) -> [Profile; 2] {
        let first = &self.passages[0];
        let drawn = |what: &str, direction, signal: &Signal| {
            let name = format!("{}, {what} of one image", self.init.label());
            let mut moments = signal.moments.clone();
            if direction == Direction::Backward {
                // `profile` takes layers in the order in which the signal meets them.
                moments.reverse();
            }
            Profile {
                predicted: signal.bands.clone(),
                ..profile(name, self.init.key(), direction, &moments)
            }
        };
        [
            drawn("activations", Direction::Forward, &first.activations),
            drawn("gradients", Direction::Backward, &first.gradients),
        ]
    }
}

impl Passage {
    fn measure(
        bench: &Bench<'_>,
        spec: &MlpSpec,
        init: Init,
        variances: &Variances,
        seed: usize,
    ) -> Result<Self, LabError> {
        let part = bench.train;
        let image = seed % part.count;
        let pixels = &part.pixels[image * part.features..(image + 1) * part.features];
        let label = part.labels[image];
        let prefix = format!("xavier-figures/{}/{seed}", init.key());
        let mut network = mlp::network(bench, spec, 1, Mode::Training, init, &prefix)?;
        let recorder = Recorder::new(&network);
        network.forward(&[pixels], Targets::Classes(&[label]), &recorder)?;
        let logits: Vec<f32> = network.output().flatten().copied().collect();
        network.backward(&recorder)?;
        let hidden = |quantity| -> Vec<Moments> {
            let records = recorder.records(quantity).into_iter();
            let hidden = records.filter(|r| r.name.starts_with("act"));
            hidden.map(|r| r.moments).collect()
        };

        let square: f64 = pixels.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        let widths = vec![spec.width; spec.depth - 1];
        let theory = Finite::new(
            &spec.activation,
            (variances.inner_sigma_w2, 0.0),
            variances.first * square,
            &widths,
        )?;
        // The gradient that the loss sends into the last layer is taken as it is.
        let top = (variances.last * loss_gradient_square(&logits, label)).sqrt();
        Ok(Self {
            activations: Signal {
                moments: hidden(Quantity::Activation),
                bands: theory.forward()?,
            },
            gradients: Signal {
                moments: hidden(Quantity::Gradient),
                bands: theory.backward(top)?,
            },
        })
    }
}

/// |softmax(z) − e_label|², the square of the gradient of the cross-entropy by the logits z.
fn loss_gradient_square(logits: &[f32], label: u8) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f64> = logits
        .iter()
        .map(|&z| f64::from(z - largest).exp())
        .collect();
    let total: f64 = weights.iter().sum();
    let gradient = weights.iter().enumerate().map(|(class, weight)| {
        let target = if class == usize::from(label) {
            1.0
        } else {
            0.0
        };
        (weight / total - target).powi(2)
    });
    gradient.sum()
}

#[cfg(test)]
mod tests {
    use super::loss_gradient_square;

    #[test]
    fn the_gradient_of_a_guesser_is_known() {
        // Ten equal shares: nine of 0.1² and one of 0.9².
        assert!((loss_gradient_square(&[3.0; 10], 4) - 0.9).abs() < 1e-12);
        assert!(loss_gradient_square(&[0.0, 200.0], 1) < 1e-12);
    }
}
