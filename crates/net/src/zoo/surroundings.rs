//! What stands around a network's weight layers.

/// What stands around a network's weight layers, beside activations and residual sums.
///
/// A recipe is a way to set weights and often a small change of the network with it; this is that
/// change. Where a plain network has no branches, what belongs to branches adds nothing to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Surroundings {
    /// Nothing: `x + f(x)` in residual networks, weight layers and activations elsewhere.
    #[default]
    Nothing,
    /// Batch normalisation of what each weight layer but the head makes, which then has no bias;
    /// where a branch begins with its activation, of what goes into that. A trunk without an
    /// activation of its own is normalised once more before the head.
    BatchNorm,
    /// Fixup's: a scalar bias before each weight layer and activation of a branch, and a scalar
    /// multiplier and bias at its end. The branch's weight layers have no bias of their own.
    FixupScalars,
    /// One scalar multiplier at the end of each branch: `x + α f(x)`, as in SkipInit and ReZero.
    BranchScalar,
    /// `√½ (x + f(x))`.
    HalfVariance,
    /// A scalar bias after each activation, as "ReLU − 0.5" has one, but learned.
    Shift,
}
