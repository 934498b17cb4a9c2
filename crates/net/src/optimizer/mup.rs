//! Learning rates of μP, the maximal update parametrisation.

use super::multipliers::Factors;
use super::{Multipliers, OptimizerError};
use crate::graph::{Graph, ParameterSpec, Role};

/// Which optimiser μP's learning rates are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MupRule {
    /// [`Sgd`](super::Sgd): a step as large as the gradient.
    Sgd,
    /// [`Adam`](super::Adam) and [`AdamW`](super::AdamW): a step of one size for each value.
    Adam,
}

impl Multipliers {
    /// The factors of μP for a network as wide as `graph`, by one of the same layers and another
    /// width, `base`, whose learning rate was tuned: with them that learning rate is `graph`'s too.
    ///
    /// With r_in and r_out, how many times the base's fan-in and fan-out a weight has: under Adam
    /// `1/r_in`; under SGD `r_out/r_in`. For a vector of r times the base's length (biases, scales):
    /// under Adam 1, under SGD r. An input layer's fan-in and an output layer's fan-out do not grow,
    /// so that for them r_in or r_out is 1.
    ///
    /// Weight decay is divided by the same factor. A step of [`AdamW`](super::AdamW) or
    /// [`Sgd`](super::Sgd) takes the share ηλ of each weight away, learning rate times weight decay,
    /// and this keeps that share at the base's, as μP wants it. Weight decay in
    /// [`Adam`](super::Adam) goes through the moments, and there is no rule for it: leave it at 0.
    ///
    /// μP is these learning rates and a scale of the weights, which
    /// [`Recipe::initialize_mup`](crate::Recipe::initialize_mup) gives them.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::Base`] for a base with another layer, or a parameter of another kind.
    ///
    /// # Example
    ///
    /// ```
    /// use evenkeel_net::{Activation, Adam, Multipliers, MupRule, zoo};
    ///
    /// let of_width = |width| zoo::mlp(&zoo::MlpSpec::new(784, width, 3, 10, Activation::relu()));
    /// let factors = Multipliers::mup(&of_width(1024)?, &of_width(128)?, MupRule::Adam)?;
    /// // Tuned at width 128: at 1,024 hidden and output weights learn at an eighth of it.
    /// let adam = Adam::new(1e-3)?.with_multipliers(factors);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Source
    ///
    /// G. Yang, E. J. Hu, I. Babuschkin et al. (2021), "Tensor Programs V: tuning large neural
    /// networks via zero-shot hyperparameter transfer", table 3; for weight decay the paper's package
    /// `mup`, whose optimisers multiply it by what they divide the learning rate by.
    pub fn mup(graph: &Graph, base: &Graph, rule: MupRule) -> Result<Self, OptimizerError> {
        let mut factors = Vec::with_capacity(graph.parameters().len());
        for spec in graph.parameters() {
            let other = base.parameter(spec.name());
            let factor = other.and_then(|base| factor(spec, base, rule));
            let factor = factor.ok_or_else(|| OptimizerError::Base {
                parameter: spec.name().to_owned(),
            })?;
            factors.push(Factors {
                learning_rate: factor,
                weight_decay: 1.0 / factor,
            });
        }
        Ok(Self::by_index(graph, factors))
    }
}

/// Nothing where the two are not of one kind.
fn factor(spec: &ParameterSpec, base: &ParameterSpec, rule: MupRule) -> Option<f64> {
    let times = |here: usize, there: usize| here as f64 / there as f64;
    match (spec.role(), base.role()) {
        (
            Role::Weight { fan_in, fan_out },
            Role::Weight {
                fan_in: base_in,
                fan_out: base_out,
            },
        ) => {
            let (r_in, r_out) = (times(fan_in, base_in), times(fan_out, base_out));
            Some(match rule {
                MupRule::Adam => 1.0 / r_in,
                MupRule::Sgd => r_out / r_in,
            })
        }
        (Role::Bias { .. }, Role::Bias { .. })
        | (Role::Scale, Role::Scale)
        | (Role::Offset, Role::Offset) => Some(match rule {
            MupRule::Adam => 1.0,
            MupRule::Sgd => times(spec.shape().len(), base.shape().len()),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zoo::{self, MlpSpec};
    use crate::{Activation, Adam, AdamW, Mode, Network, NoTap, Optimizer, Sgd, Targets, Threads};

    fn graph(width: usize, depth: usize) -> Graph {
        zoo::mlp(&MlpSpec::new(20, width, depth, 10, Activation::tanh())).unwrap()
    }

    #[test]
    fn factors_are_those_of_table_3() {
        let (wide, base) = (graph(256, 3), graph(64, 3));
        let of = |rule| {
            let spec = |(spec, base)| factor(spec, base, rule).unwrap();
            let pairs = wide.parameters().iter().zip(base.parameters());
            pairs.map(spec).collect::<Vec<_>>()
        };
        // Weight and bias of the input, a hidden and the output layer; four times as wide.
        assert_eq!(of(MupRule::Adam), [1.0, 1.0, 0.25, 1.0, 0.25, 1.0]);
        assert_eq!(of(MupRule::Sgd), [4.0, 4.0, 1.0, 4.0, 0.25, 1.0]);
    }

    #[test]
    fn another_network_is_no_base() {
        let error = Multipliers::mup(&graph(8, 4), &graph(8, 3), MupRule::Adam).unwrap_err();
        assert!(error.to_string().contains("`fc3.weight`"), "{error}");
    }

    #[test]
    fn weight_decay_takes_the_share_that_it_takes_at_the_base() {
        let (wide, base) = (graph(64, 3), graph(16, 3));
        let (rate, decay) = (0.1, 0.05);
        for rule in [MupRule::Sgd, MupRule::Adam] {
            let factors = Multipliers::mup(&wide, &base, rule).unwrap();
            let stepped = |decay: f64| {
                let mut network =
                    Network::new(wide.clone(), 8, Mode::Training, Threads(1)).unwrap();
                network.initialize(|_, w| {
                    let values = w.iter_mut().enumerate();
                    values.for_each(|(i, w)| *w = (i as f32).sin());
                });
                let before: Vec<f32> = network
                    .parameters()
                    .flat_map(|p| p.values.to_vec())
                    .collect();
                network
                    .forward(&[&[0.5; 8 * 20]], Targets::Classes(&[1; 8]), &NoTap)
                    .unwrap();
                network.backward(&NoTap).unwrap();
                let mut optimizer: Box<dyn Optimizer> = match rule {
                    MupRule::Sgd => {
                        let sgd = Sgd::new(rate).unwrap().with_momentum(0.9).unwrap();
                        Box::new(sgd.with_weight_decay(decay).unwrap())
                    }
                    MupRule::Adam => {
                        Box::new(AdamW::new(rate).unwrap().with_weight_decay(decay).unwrap())
                    }
                };
                optimizer.set_multipliers(factors.clone());
                optimizer.step(&mut network);
                let after: Vec<f32> = network
                    .parameters()
                    .flat_map(|p| p.values.to_vec())
                    .collect();
                (before, after)
            };
            let ((before, without), (_, with)) = (stepped(0.0), stepped(decay));
            for ((w, without), with) in before.iter().zip(without).zip(with) {
                let taken = f64::from(without - with);
                let wanted = rate * decay * f64::from(*w);
                // The two that are taken from each other are rounded where they are, at up to 2.
                assert!(
                    (taken - wanted).abs() < 4e-7,
                    "{rule:?}: {taken}, not {wanted}"
                );
            }
        }
    }

    /// How far one step of Adam moves the second layer's values.
    fn moved(width: usize, multipliers: Multipliers) -> f64 {
        let mut network = Network::new(graph(width, 3), 32, Mode::Training, Threads(1)).unwrap();
        let mut state = 1u64;
        let mut uniform = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 40) as f32 / (1u32 << 23) as f32 - 1.0
        };
        network.initialize(|spec, values| {
            if let Role::Weight { fan_in, fan_out } = spec.role() {
                let fan = fan_in as f32;
                let std = if fan_out == 10 {
                    1.0 / fan
                } else {
                    1.0 / fan.sqrt()
                };
                values.fill_with(|| 3.0f32.sqrt() * std * uniform());
            }
        });
        let x: Vec<f32> = (0..32 * 20).map(|_| uniform()).collect();
        let labels: Vec<u8> = (0..32).map(|example| example % 10).collect();
        let second = |network: &mut Network| {
            let keep = Keep::default();
            network.predict(&[&x], &keep).unwrap();
            keep.0.into_inner().unwrap()
        };
        let before = second(&mut network);
        network
            .forward(&[&x], Targets::Classes(&labels), &NoTap)
            .unwrap();
        network.backward(&NoTap).unwrap();
        let mut adam = Adam::new(1e-3).unwrap().with_multipliers(multipliers);
        adam.step(&mut network);
        let after = second(&mut network);
        let squares = before
            .iter()
            .zip(&after)
            .map(|(b, a)| f64::from(a - b).powi(2));
        (squares.sum::<f64>() / before.len() as f64).sqrt()
    }

    #[derive(Default)]
    struct Keep(std::sync::Mutex<Vec<f32>>);

    impl crate::Tap for Keep {
        fn activation(&self, site: &crate::Site<'_>, values: &[f32]) {
            if site.name == "fc1" {
                self.0.lock().unwrap().extend(values);
            }
        }
    }

    #[test]
    fn a_step_moves_wide_layers_as_far_as_narrow_ones() {
        let base = graph(64, 3);
        let mup = |width| {
            let factors = Multipliers::mup(&graph(width, 3), &base, MupRule::Adam).unwrap();
            moved(width, factors)
        };
        // The paper's coordinate check. Every value of a hidden weight moves by the learning rate,
        // with its input's sign: the sum over the fan-in grows with it, unless μP divides.
        let (narrow, wide) = (mup(64), mup(1024));
        assert!((0.5..2.0).contains(&(wide / narrow)), "{narrow} {wide}");
        let (narrow, wide) = (
            moved(64, Multipliers::none()),
            moved(1024, Multipliers::none()),
        );
        assert!(wide / narrow > 6.0, "{narrow} {wide}");
    }
}
