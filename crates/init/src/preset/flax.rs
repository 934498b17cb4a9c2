//! Flax's module arguments, Linen and NNX.

use super::{Framework, LayerDefault};
use crate::{Geometry, Layer, Scheme};

pub(super) fn weight(layer: &Geometry) -> LayerDefault {
    let geometry = Framework::Flax.as_read(layer);
    let scheme = match layer.layer() {
        // variance_scaling(1, 'fan_in', 'normal', out_axis=0): both axes are the first, and what
        // is left for fan_in is the features.
        Layer::Embedding { features, .. } => Scheme::normal(0.0, 1.0 / (*features as f64).sqrt()),
        Layer::Vector { .. } | Layer::GateBias { .. } => Scheme::ones(),
        _ => Scheme::lecun_truncated_normal(),
    };
    LayerDefault { geometry, scheme }
}

/// Flax keeps the gates' weights apart, an orthogonal matrix each.
pub(super) fn recurrent_weight(layer: &Geometry) -> LayerDefault {
    LayerDefault {
        geometry: layer.clone(),
        scheme: Scheme::orthogonal(1.0),
    }
}
