//! Where a run broke: the first thing that is not finite though all that it was made of is.

use std::fmt;

use evenkeel_net::{Network, Quantity, Record, Recorder, RunError, Targets};

use crate::results::{Map, Value, map};

/// The first value that left f32, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Breakdown {
    /// The step, counted from 1.
    pub step: u64,
    /// The loss of that step.
    pub loss: f64,
    /// Where.
    pub place: Place,
}

/// The producer of the first value that is not finite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A parameter was not finite before the step: the update before it did that.
    Parameter {
        /// Its name.
        name: String,
        /// Values that are not finite, of how many.
        count: (u64, u64),
    },
    /// A value of the forward pass, made of finite values.
    Forward {
        /// Its name.
        name: String,
        /// Values that are not finite, of how many.
        count: (u64, u64),
        /// Its place among all values, from 1, of how many.
        index: (usize, usize),
    },
    /// The loss, of finite outputs.
    Loss,
    /// The gradient of a value, made of finite gradients.
    Backward {
        /// The value's name.
        name: String,
        /// Gradients that are not finite, of how many.
        count: (u64, u64),
        /// Its place among all values, from 1, of how many.
        index: (usize, usize),
    },
    /// The gradient of a parameter, made of finite values and gradients.
    WeightGradient {
        /// The parameter's name.
        name: String,
        /// Gradients that are not finite, of how many.
        count: (u64, u64),
    },
}

impl Breakdown {
    /// Runs the step that broke once more and looks for the producer. The network must be as it
    /// was before the step's update.
    pub(super) fn find(
        network: &mut Network,
        pixels: &[f32],
        labels: &[u8],
        step: u64,
    ) -> Result<(Self, Recorder), RunError> {
        let recorder = Recorder::new(network);
        let loss = network.forward(&[pixels], Targets::Classes(labels), &recorder)?;
        let found = |place| Self { step, loss, place };
        if let Some(place) = parameter(network) {
            return Ok((found(place), recorder));
        }
        // In the order of computation, whatever comes before the first is finite, and so is all
        // that the first was made of.
        let values = recorder.records(Quantity::Activation);
        if let Some(index) = values.iter().position(broken) {
            let place = Place::Forward {
                name: values[index].name.clone(),
                count: count(&values[index]),
                index: (index + 1, values.len()),
            };
            return Ok((found(place), recorder));
        }
        if !loss.is_finite() {
            return Ok((found(Place::Loss), recorder));
        }
        network.backward(&recorder)?;
        let place = backward(&recorder, &values);
        Ok((found(place.unwrap_or(Place::Loss)), recorder))
    }

    /// What results keep of it.
    pub(super) fn measured(&self) -> Map {
        let (place, name) = match &self.place {
            Place::Parameter { name, .. } => ("update", name.as_str()),
            Place::Forward { name, .. } => ("forward", name.as_str()),
            Place::Loss => ("forward", "loss"),
            Place::Backward { name, .. } => ("backward", name.as_str()),
            Place::WeightGradient { name, .. } => ("weight gradient", name.as_str()),
        };
        map([
            ("step", Value::from(self.step)),
            ("loss", self.loss.into()),
            ("pass", place.into()),
            ("at", name.into()),
        ])
    }
}

fn parameter(network: &Network) -> Option<Place> {
    network.parameters().find_map(|parameter| {
        let nonfinite = parameter.values.iter().filter(|w| !w.is_finite()).count();
        (nonfinite > 0).then(|| Place::Parameter {
            name: parameter.spec.name().to_owned(),
            count: (nonfinite as u64, parameter.values.len() as u64),
        })
    })
}

/// Backward, a value's gradient comes before those of the parameters that made the value, and
/// these before the gradients of what it was made of.
fn backward(recorder: &Recorder, values: &[Record]) -> Option<Place> {
    let gradients = recorder.records(Quantity::Gradient);
    let weights = recorder.records(Quantity::WeightGradient);
    let mut gradient = gradients.iter().rev().peekable();
    let mut weight = weights.iter().rev().peekable();
    for (index, value) in values.iter().enumerate().rev() {
        if let Some(record) = gradient.next_if(|record| record.name == value.name)
            && broken(record)
        {
            return Some(Place::Backward {
                name: record.name.clone(),
                count: count(record),
                index: (index + 1, values.len()),
            });
        }
        let mut first = None;
        while let Some(record) = weight.next_if(|record| maker(&record.name) == value.name) {
            if broken(record) {
                first = Some(record);
            }
        }
        if let Some(record) = first {
            return Some(Place::WeightGradient {
                name: record.name.clone(),
                count: count(record),
            });
        }
    }
    None
}

/// The value that a parameter makes: `fc0` of `fc0.weight`.
fn maker(parameter: &str) -> &str {
    parameter
        .rsplit_once('.')
        .map_or(parameter, |(name, _)| name)
}

fn broken(record: &Record) -> bool {
    !record.moments.is_all_finite()
}

fn count(record: &Record) -> (u64, u64) {
    (record.moments.nonfinite_count(), record.moments.count())
}

impl fmt::Display for Breakdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, loss, place } = self;
        write!(f, "Training broke at step {step}: ")?;
        let of = |(nonfinite, all): &(u64, u64)| format!("{nonfinite} of {all} values");
        match place {
            Place::Parameter { name, count } => write!(
                f,
                "the update before it left {} of parameter {name} not finite. A smaller learning rate, or a \
                 bound on the gradient, keeps it in range",
                of(count)
            ),
            Place::Forward { name, count, index } => write!(
                f,
                "the forward pass left f32 at {name}, value {} of {}, where {} are not finite and all that they \
                 were made of is",
                index.0,
                index.1,
                of(count)
            ),
            Place::Loss => write!(f, "the loss is {loss}, of outputs that are finite"),
            Place::Backward { name, count, index } => write!(
                f,
                "the loss is {loss:.4}, but the backward pass left f32 at the gradient of {name}, value {} of {}, \
                 where {} are not finite and all that they were made of is",
                index.0,
                index.1,
                of(count)
            ),
            Place::WeightGradient { name, count } => write!(
                f,
                "the loss is {loss:.4}, but the gradient of parameter {name} left f32 in {}, all of them made of \
                 finite values",
                of(count)
            ),
        }?;
        f.write_str(".")
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_net::{Activation, Mode, Threads, zoo};

    use super::*;

    /// Two linear layers without activation between one input and ten classes.
    fn network(first: f32, second: impl Fn(usize) -> f32) -> Network {
        let spec = zoo::MlpSpec::new(1, 1, 2, 10, Activation::identity());
        let graph = zoo::mlp(&spec).unwrap();
        let mut network = Network::new(graph, 1, Mode::Training, Threads(1)).unwrap();
        network.parameter_mut("fc0.weight").unwrap()[0] = first;
        let last = network.parameter_mut("fc1.weight").unwrap();
        last.iter_mut()
            .enumerate()
            .for_each(|(class, w)| *w = second(class));
        network
    }

    fn place(network: &mut Network, pixel: f32) -> Place {
        let (found, _) = Breakdown::find(network, &[pixel], &[0], 7).unwrap();
        assert_eq!(found.step, 7);
        let said = found.to_string();
        assert!(said.starts_with("Training broke at step 7: "), "{said}");
        found.place
    }

    #[test]
    fn forward_the_producer_is_named_and_not_its_carriers() {
        // 1e30 · 1e30 leaves f32 in the first layer; everything after it is infinite or NaN too.
        let found = place(&mut network(1e30, |_| 1.0), 1e30);
        let Place::Forward { name, count, index } = found else {
            panic!("{found:?}");
        };
        assert_eq!((name.as_str(), count, index), ("fc0", (1, 1), (2, 4)));
    }

    #[test]
    fn backward_the_producer_is_named_under_a_finite_loss() {
        // The hidden unit is 0, so the logits are, and p − y is −0.9 for class 0 and 0.1 for the
        // others: the hidden gradient is −0.9 · 3e38 − 9 · 0.1 · 3e38, beyond f32's 3.4e38.
        let second = |class| if class == 0 { 3e38 } else { -3e38 };
        let found = place(&mut network(0.0, second), 1.0);
        let Place::Backward { name, count, .. } = found else {
            panic!("{found:?}");
        };
        assert_eq!((name.as_str(), count), ("act0", (1, 1)));
    }

    #[test]
    fn a_parameter_that_is_not_finite_is_named_before_any_value() {
        for bad in [f32::NAN, f32::INFINITY] {
            let found = place(
                &mut network(1.0, |class| if class == 3 { bad } else { 1.0 }),
                1.0,
            );
            let Place::Parameter { name, count } = found else {
                panic!("{found:?}");
            };
            assert_eq!((name.as_str(), count), ("fc1.weight", (1, 10)));
        }
    }
}
