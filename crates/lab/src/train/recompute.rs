//! Whether a run computes activations again to save their memory.

use evenkeel_net::{Graph, Recompute};

/// Whether the backward pass computes activations again rather than have them kept: their memory
/// grows as the root of the depth then, for a second forward pass. It changes no bit of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recomputation {
    /// Where that is the faster way: narrow layers, in a network whose activations outgrow the caches.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

impl Recomputation {
    /// What it comes to for a network and a batch.
    pub(super) fn of(self, graph: &Graph, batch: usize) -> Recompute {
        match self {
            Self::Auto => Recompute::advised(graph, batch),
            Self::On => Recompute::Sqrt,
            Self::Off => Recompute::Nothing,
        }
    }
}
