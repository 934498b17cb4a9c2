//! Normalisation and dropout.

use super::{GraphBuilder, Learned, shape};
use crate::blocks::Layout;
use crate::graph::{BufferSpec, GraphError, Inputs, Producer, Role, Shape, ValueId};
use crate::operator::{self, Centre, Channels, Normalize, Operator, STATISTICS};

/// Settings of batch normalisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    /// What is added to the variance.
    pub epsilon: f64,
    /// How much of the running estimates a step replaces.
    pub momentum: f64,
}

impl Default for BatchNorm {
    /// ε = 10⁻⁵ and a momentum of 0.1, as PyTorch has them.
    fn default() -> Self {
        Self {
            epsilon: 1e-5,
            momentum: 0.1,
        }
    }
}

impl GraphBuilder {
    /// `y = w · (x − m) / √(v + ε) + b`, with m and v the mean and the variance (dividing by n) of
    /// each channel over the batch and its plane. In evaluation, m and v are running estimates.
    ///
    /// After each forward pass of training, `running_mean` takes `momentum` of its value from m,
    /// and `running_var` from the unbiased variance, v · n / (n − 1).
    ///
    /// # Shapes
    ///
    /// `input` is `[channels, …]`; the parameters `NAME.weight` and `NAME.bias`, and the buffers
    /// `NAME.running_mean` and `NAME.running_var`, are `[channels]`.
    ///
    /// # Source
    ///
    /// S. Ioffe and C. Szegedy (2015), *Batch normalization*, algorithms 1 and 2.
    pub fn batch_norm(
        &mut self,
        input: ValueId,
        name: &str,
        settings: &BatchNorm,
    ) -> Result<ValueId, GraphError> {
        let made = self.read(input, name)?.shape.clone();
        let BatchNorm { epsilon, momentum } = *settings;
        check_epsilon(name, epsilon)?;
        if !(0.0..=1.0).contains(&momentum) {
            return Err(GraphError::Setting {
                layer: name.into(),
                setting: "momentum",
                got: momentum.to_string(),
                expected: "from 0 to 1".into(),
            });
        }
        let count = made.axes().first().copied().unwrap_or(1);
        let channels = Channels::of(count, &made);
        let per_channel = shape(name, &[count])?;
        let operator = Operator::BatchNorm(operator::BatchNorm {
            channels,
            epsilon,
            momentum,
            start: self.statistics,
            buffer: self.buffers.len(),
        });
        let made = (made, Producer::BatchNorm);
        let parameters = affine(&per_channel);
        let id = self.layer(name, operator, Inputs::One(input.0), made, parameters)?;
        self.statistics += STATISTICS * count;
        for (suffix, initial) in [("running_mean", 0.0), ("running_var", 1.0)] {
            self.buffer(name, suffix, per_channel.clone(), initial);
        }
        Ok(id)
    }

    /// `y = w · (x − m) / √(v + ε) + b`, with m and v the mean and the variance (dividing by n) of
    /// all the values of an example.
    ///
    /// # Shapes
    ///
    /// Any `input`; the parameters `NAME.weight` and `NAME.bias` have its shape.
    ///
    /// # Source
    ///
    /// J. L. Ba, J. R. Kiros and G. E. Hinton (2016), *Layer normalization*.
    pub fn layer_norm(
        &mut self,
        input: ValueId,
        name: &str,
        epsilon: f64,
    ) -> Result<ValueId, GraphError> {
        let made = self.read(input, name)?.shape.clone();
        let normalize = Normalize {
            groups: 1,
            len: made.len(),
            plane: 1,
            centre: Centre::Mean,
            epsilon,
            layout: Layout::of(&made),
        };
        let parameters = affine(&made);
        self.normalize(input, name, normalize, Producer::LayerNorm, parameters)
    }

    /// `y = w · (x − m) / √(v + ε) + b`, with m and v the mean and the variance (dividing by n) of
    /// each of an example's `groups` groups of channels.
    ///
    /// # Shapes
    ///
    /// `input` is `[channels, …]`; the parameters `NAME.weight` and `NAME.bias` are `[channels]`.
    ///
    /// # Source
    ///
    /// Y. Wu and K. He (2018), *Group normalization*.
    pub fn group_norm(
        &mut self,
        input: ValueId,
        name: &str,
        groups: usize,
        epsilon: f64,
    ) -> Result<ValueId, GraphError> {
        let made = self.read(input, name)?.shape.clone();
        let channels = made.axes().first().copied().unwrap_or(1);
        if groups == 0 || !channels.is_multiple_of(groups) {
            return Err(GraphError::Setting {
                layer: name.into(),
                setting: "groups",
                got: groups.to_string(),
                expected: format!("a divisor of {channels} channels"),
            });
        }
        let normalize = Normalize {
            groups,
            len: made.len() / groups,
            plane: made.len() / channels,
            centre: Centre::Mean,
            epsilon,
            layout: Layout::of(&made),
        };
        let parameters = affine(&shape(name, &[channels])?);
        self.normalize(input, name, normalize, Producer::GroupNorm, parameters)
    }

    /// `y = w · x / √(q + ε)`, with q the second moment of all the values of an example.
    ///
    /// # Shapes
    ///
    /// Any `input`; the parameter `NAME.weight` has its shape.
    ///
    /// # Source
    ///
    /// B. Zhang and R. Sennrich (2019), *Root mean square layer normalization*, eq. 4.
    pub fn rms_norm(
        &mut self,
        input: ValueId,
        name: &str,
        epsilon: f64,
    ) -> Result<ValueId, GraphError> {
        let made = self.read(input, name)?.shape.clone();
        let normalize = Normalize {
            groups: 1,
            len: made.len(),
            plane: 1,
            centre: Centre::Nothing,
            epsilon,
            layout: Layout::of(&made),
        };
        let parameters = vec![Learned::new("weight", made, Role::Scale)];
        self.normalize(input, name, normalize, Producer::RmsNorm, parameters)
    }

    /// In training, each value is dropped (made 0) with this probability and else divided by
    /// `1 − probability`; in evaluation nothing happens.
    ///
    /// Which are dropped is a pure function of the network's seed, `name`, the step that
    /// [`Network::set_step`](crate::Network::set_step) sets, the example's row in the batch, and
    /// the value's place in the example.
    ///
    /// # Source
    ///
    /// N. Srivastava et al. (2014), *Dropout*, in its "inverted" form, section 10.
    pub fn dropout(
        &mut self,
        input: ValueId,
        name: &str,
        probability: f64,
    ) -> Result<ValueId, GraphError> {
        let shape = &self.read(input, name)?.shape;
        let (features, layout) = (shape.len(), Layout::of(shape));
        if !(0.0..1.0).contains(&probability) {
            return Err(GraphError::Setting {
                layer: name.into(),
                setting: "probability",
                got: probability.to_string(),
                expected: "at least 0 and below 1".into(),
            });
        }
        let operator = Operator::Dropout(operator::Dropout {
            features,
            layout,
            probability,
            key: self.dropouts.len(),
        });
        let id = self.elementwise(input, name, operator, Producer::Dropout)?;
        self.dropouts.push(id.0);
        Ok(id)
    }

    fn normalize(
        &mut self,
        input: ValueId,
        name: &str,
        normalize: Normalize,
        producer: Producer,
        parameters: Vec<Learned>,
    ) -> Result<ValueId, GraphError> {
        check_epsilon(name, normalize.epsilon)?;
        let made = (self.read(input, name)?.shape.clone(), producer);
        let operator = Operator::Normalize(normalize);
        self.layer(name, operator, Inputs::One(input.0), made, parameters)
    }

    fn buffer(&mut self, layer: &str, suffix: &str, shape: Shape, initial: f32) {
        let start = self.buffers.last().map_or(0, |last| last.range().end);
        let name = format!("{layer}.{suffix}");
        self.buffer_names.insert(name.clone(), self.buffers.len());
        self.buffers.push(BufferSpec {
            name,
            shape,
            start,
            initial,
        });
    }
}

/// A scale and an offset.
fn affine(shape: &Shape) -> Vec<Learned> {
    vec![
        Learned::new("weight", shape.clone(), Role::Scale),
        Learned::new("bias", shape.clone(), Role::Offset),
    ]
}

fn check_epsilon(layer: &str, epsilon: f64) -> Result<(), GraphError> {
    if epsilon >= 0.0 && epsilon.is_finite() {
        return Ok(());
    }
    Err(GraphError::Setting {
        layer: layer.into(),
        setting: "epsilon",
        got: epsilon.to_string(),
        expected: "finite and at least 0".into(),
    })
}
