//! Keras 3's layer arguments.

use super::{Framework, LayerDefault};
use crate::{GateOrder, Geometry, Layer, Scheme};

pub(super) fn weight(layer: &Geometry) -> LayerDefault {
    let geometry = Framework::Keras.as_read(layer);
    let scheme = match layer.layer() {
        Layer::Embedding { .. } => Scheme::uniform(-0.05, 0.05),
        Layer::Vector { .. } | Layer::GateBias { .. } => Scheme::ones(),
        _ => Scheme::xavier_uniform(1.0),
    };
    LayerDefault { geometry, scheme }
}

/// One orthogonal matrix for all gates together.
pub(super) fn recurrent_weight(layer: &Geometry) -> LayerDefault {
    LayerDefault {
        geometry: Framework::Keras.as_read(layer),
        scheme: Scheme::orthogonal(1.0),
    }
}

pub(super) fn bias(weight: &Geometry) -> Scheme {
    match weight.layer() {
        Layer::Recurrent { gates: 4, .. } | Layer::GateBias { gates: 4, .. } => {
            Scheme::lstm_bias(1.0, GateOrder::Ifco)
        }
        _ => Scheme::zeros(),
    }
}
