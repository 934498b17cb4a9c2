//! Run a loop with the widest vectors that this machine has.
//!
//! Loops here are written so that the compiler vectorises them (fixed lanes, selects in place of
//! branches), use only operations that IEEE 754 rounds correctly, and contain no fused
//! multiply-add, so the bits are the same at every vector width.

use pulp::{Arch, NullaryFnOnce};

/// A loop to be compiled once for each vector width.
///
/// `run` must be `#[inline(always)]`: only code that is inlined into the dispatcher is compiled
/// for the wider vectors.
pub(crate) trait Kernel {
    type Output;
    fn run(self) -> Self::Output;
}

struct Inlined<K>(K);

impl<K: Kernel> NullaryFnOnce for Inlined<K> {
    type Output = K::Output;

    #[inline(always)]
    fn call(self) -> K::Output {
        self.0.run()
    }
}

/// Runs `kernel` compiled for the widest vectors that this machine has.
#[inline]
pub(crate) fn vectorized<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(test)]
    if crate::testing::is_narrow() {
        return kernel.run();
    }
    Arch::new().dispatch(Inlined(kernel))
}
