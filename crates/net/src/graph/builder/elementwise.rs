//! Layers that treat each value alone: learned and constant shifts and scales, products.

use super::{GraphBuilder, Learned, finite, shape};
use crate::blocks::Layout;
use crate::graph::{GraphError, Inputs, Producer, Role, Shape, ValueId};
use crate::operator::{self, Channels, Operator};

/// How far one value of a learned bias or scale reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extent {
    /// Over the whole tensor: one value.
    Tensor,
    /// Over one channel: a value for each index of the example's first axis.
    Channel,
}

impl Extent {
    fn channels(self, shape: &Shape) -> Channels {
        match self {
            Self::Tensor => Channels::of(1, shape),
            Self::Channel => Channels::of(shape.axes().first().copied().unwrap_or(1), shape),
        }
    }
}

impl GraphBuilder {
    /// `y = x + b` with a learned `b`, as Fixup's scalar biases are.
    ///
    /// # Shapes
    ///
    /// Any `input`; the parameter is `NAME.bias`, `[1]` or, for [`Extent::Channel`], as long as
    /// the input's first axis. Its role is [`Role::Offset`].
    pub fn bias(
        &mut self,
        input: ValueId,
        name: &str,
        extent: Extent,
    ) -> Result<ValueId, GraphError> {
        let made = self.read(input, name)?.shape.clone();
        let channels = extent.channels(&made);
        let learned = Learned::new("bias", shape(name, &[channels.count])?, Role::Offset);
        let (operator, inputs) = (
            Operator::Bias(operator::AddBias(channels)),
            Inputs::One(input.0),
        );
        self.layer(
            name,
            operator,
            inputs,
            (made, Producer::Bias),
            vec![learned],
        )
    }

    /// `y = s · x` with a learned `s`, as the multiplier of a residual branch is.
    ///
    /// # Shapes
    ///
    /// Any `input`; the parameter is `NAME.scale`, `[1]` or, for [`Extent::Channel`], as long as
    /// the input's first axis. Its role is [`Role::Scale`].
    pub fn scale(
        &mut self,
        input: ValueId,
        name: &str,
        extent: Extent,
    ) -> Result<ValueId, GraphError> {
        let made = self.read(input, name)?.shape.clone();
        let channels = extent.channels(&made);
        let learned = Learned::new("scale", shape(name, &[channels.count])?, Role::Scale);
        let (operator, inputs) = (
            Operator::Scale(operator::Scale(channels)),
            Inputs::One(input.0),
        );
        self.layer(
            name,
            operator,
            inputs,
            (made, Producer::Scale),
            vec![learned],
        )
    }

    /// `y = c · x` with a constant `c`, as √½ after a residual sum.
    pub fn scale_by(
        &mut self,
        input: ValueId,
        name: &str,
        constant: f64,
    ) -> Result<ValueId, GraphError> {
        self.read(input, name)?;
        let constant = finite(name, constant)?;
        let operator = Operator::ScaleBy(operator::ScaleBy { constant });
        self.elementwise(input, name, operator, Producer::ScaleBy)
    }

    /// `y = a · b`, value by value. Both have one shape.
    pub fn multiply(&mut self, a: ValueId, b: ValueId, name: &str) -> Result<ValueId, GraphError> {
        let made = self.same_shape(a, b, name)?;
        let (operator, inputs) = (
            Operator::Multiply(operator::Multiply),
            Inputs::Two(a.0, b.0),
        );
        self.layer(
            name,
            operator,
            inputs,
            (made, Producer::Multiply),
            Vec::new(),
        )
    }

    /// The same values as one axis, as a linear layer reads them.
    pub fn flatten(&mut self, input: ValueId, name: &str) -> Result<ValueId, GraphError> {
        let from = &self.read(input, name)?.shape;
        let flatten = operator::Flatten {
            features: from.len(),
            layout: Layout::of(from),
        };
        let made = shape(name, &[flatten.features])?;
        let (operator, inputs) = (Operator::Flatten(flatten), Inputs::One(input.0));
        self.layer(
            name,
            operator,
            inputs,
            (made, Producer::Flatten),
            Vec::new(),
        )
    }
}
