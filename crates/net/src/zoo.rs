//! Networks that are asked for by a few numbers: one file each.

mod mlp;

pub use mlp::{MlpSpec, mlp};
