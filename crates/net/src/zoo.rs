//! Networks that are asked for by a few numbers: one file each.
//!
//! A [`NetSpec`] is any of them. All are built from layers named as PyTorch modules are (`stem`,
//! `blocks.0.fc1`, `head`), so that the place of a layer can be read from its name, and each takes
//! [`Surroundings`]: the norms, scalars and constants that a [`Recipe`](crate::Recipe) asks for.

mod cnn;
mod error;
mod mlp;
mod rescnn;
mod residual;
mod resmlp;
mod spec;
mod surroundings;

pub use cnn::{CnnSpec, Downsample, cnn};
pub use error::ZooError;
pub use mlp::{MlpSpec, mlp};
pub use rescnn::{ResCnnSpec, rescnn};
pub use resmlp::{Block, ResMlpSpec, resmlp};
pub use spec::NetSpec;
pub use surroundings::Surroundings;

use crate::graph::{GraphBuilder, GraphError, ValueId};
use crate::loss::Loss;

/// Ends a network with its loss, if it has one.
fn end(builder: &mut GraphBuilder, output: ValueId, loss: Option<Loss>) -> Result<(), GraphError> {
    match loss {
        None => Ok(()),
        Some(Loss::MeanSquaredError) => builder.mean_squared_error(output, "loss"),
        Some(Loss::Hinge) => builder.hinge(output, "loss"),
        Some(Loss::SoftmaxCrossEntropy) => builder.softmax_cross_entropy(output, "loss"),
    }
}
