use serde::{Deserialize, Serialize};

use super::{flax, keras, pytorch};
use crate::{Axis, Geometry, Role, Scheme};

/// A framework whose defaults can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framework {
    /// PyTorch's `torch.nn`.
    Pytorch,
    /// Keras 3.
    Keras,
    /// Flax's Linen and NNX.
    Flax,
}

/// A framework's default for a tensor: the scheme, and the layer that its fans are read from.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerDefault {
    /// The layer as the framework's initialisers read its shape.
    pub geometry: Geometry,
    /// The scheme.
    pub scheme: Scheme,
}

impl Framework {
    /// The layer as the framework's own initialisers read it off the stored shape.
    ///
    /// PyTorch takes the first dimension for outputs, the second for inputs, the rest for a kernel;
    /// Keras and Flax take the last for outputs, the one before it for inputs, the rest for a
    /// kernel. Groups, packed projections, gates, experts, and the swapped axes of transposed
    /// convolutions go unseen. Vectors stay as they are.
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::{Framework, Geometry};
    /// let up = Geometry::transposed_convolution(16, 64, &[4, 4])?;
    /// assert_eq!(up.fan_in(), 64 * 16);
    /// assert_eq!(Framework::Pytorch.as_read(&up).fan_in(), 16 * 16);
    /// # Ok::<(), evenkeel_init::GeometryError>(())
    /// ```
    pub fn as_read(self, geometry: &Geometry) -> Geometry {
        let shape = geometry.shape();
        let (first, second) = match (self, shape.len()) {
            (_, 0 | 1) => return geometry.clone(),
            (Self::Pytorch, _) => (0, 1),
            (Self::Keras | Self::Flax, rank) => (rank - 1, rank - 2),
        };
        let role = |dimension: usize| match dimension {
            dimension if dimension == first => Role::Out,
            dimension if dimension == second => Role::In,
            _ => Role::Receptive,
        };
        let axes: Vec<Axis> = shape
            .iter()
            .enumerate()
            .map(|(i, length)| Axis::new(*length, role(i)))
            .collect();
        // The same shape, so the same checks have passed.
        Geometry::explicit(&axes).unwrap_or_else(|_| geometry.clone())
    }

    /// What the weight of this layer gets; for a recurrent cell, the weight of its inputs.
    pub fn weight(self, layer: &Geometry) -> LayerDefault {
        match self {
            Self::Pytorch => pytorch::weight(layer),
            Self::Keras => keras::weight(layer),
            Self::Flax => flax::weight(layer),
        }
    }

    /// What a recurrent cell's weight of its own state gets.
    pub fn recurrent_weight(self, layer: &Geometry) -> LayerDefault {
        match self {
            Self::Pytorch => pytorch::weight(layer),
            Self::Keras => keras::recurrent_weight(layer),
            Self::Flax => flax::recurrent_weight(layer),
        }
    }

    /// What the bias gets, of the layer whose weight is `weight`.
    pub fn bias(self, weight: &Geometry) -> Scheme {
        match self {
            Self::Pytorch => pytorch::bias(weight),
            Self::Keras => keras::bias(weight),
            Self::Flax => Scheme::zeros(),
        }
    }

    /// What the scale of a layer, batch, group or root-mean-square norm gets.
    pub fn norm_scale(self) -> Scheme {
        Scheme::ones()
    }

    /// What a norm's bias gets.
    pub fn norm_bias(self) -> Scheme {
        Scheme::zeros()
    }
}
