//! PyTorch's `reset_parameters`, versions 1.0 to 2.x.

use super::{Framework, LayerDefault};
use crate::{Fan, Geometry, Layer, Scheme};

pub(super) fn weight(layer: &Geometry) -> LayerDefault {
    let geometry = Framework::Pytorch.as_read(layer);
    let scheme = match layer.layer() {
        Layer::Embedding { .. } => Scheme::normal(0.0, 1.0),
        Layer::Recurrent { hidden, .. } => by_hidden(*hidden),
        // MultiheadAttention's in_proj_weight, read as one matrix of all three.
        Layer::Packed { .. } => Scheme::xavier_uniform(1.0),
        Layer::Vector { .. } | Layer::GateBias { .. } => Scheme::ones(),
        _ => Scheme::pytorch_linear_default_weight(),
    };
    LayerDefault { geometry, scheme }
}

pub(super) fn bias(weight: &Geometry) -> Scheme {
    match weight.layer() {
        Layer::Recurrent { hidden, .. } | Layer::GateBias { hidden, .. } => by_hidden(*hidden),
        Layer::Packed { .. } | Layer::Vector { .. } | Layer::Embedding { .. } => Scheme::zeros(),
        _ => {
            let fan_in = Framework::Pytorch.as_read(weight).fan(Fan::In);
            Scheme::pytorch_linear_default_bias(fan_in as usize)
        }
    }
}

/// RNN, LSTM and GRU draw weights and biases alike, by their state's size.
fn by_hidden(hidden: usize) -> Scheme {
    Scheme::pytorch_linear_default_bias(hidden)
}
