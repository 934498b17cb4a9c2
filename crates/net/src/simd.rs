//! Run a loop with the widest vectors that this machine has.
//!
//! Loops here are written so that the compiler vectorises them (fixed lanes, selects in place of
//! branches) and use only operations that IEEE 754 rounds correctly, fused multiply-adds only where
//! they are written out, so the bits are the same at every vector width.

use pulp::{Arch, NullaryFnOnce, Simd, WithSimd};

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
    dispatch(Inlined(kernel))
}

/// [`vectorized`] for a loop written over vectors of whatever width the machine has.
#[inline]
pub(crate) fn vectorized_with<K: WithSimd>(kernel: K) -> K::Output {
    #[cfg(test)]
    if crate::testing::is_narrow() {
        return kernel.with_simd(pulp::Scalar);
    }
    dispatch(kernel)
}

/// [`Arch::dispatch`] that leaves what runs without wide vectors in a function of its own: it would be
/// inlined here, and each call would make room for it on the stack.
#[inline]
fn dispatch<K: WithSimd>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    match Arch::new() {
        Arch::V4(v4) => return Simd::vectorize(v4, kernel),
        Arch::V3(v3) => return Simd::vectorize(v3, kernel),
        _ => {}
    }
    others(kernel)
}

#[inline(never)]
fn others<K: WithSimd>(kernel: K) -> K::Output {
    Arch::new().dispatch(kernel)
}

/// The instructions of a vector's width, for what not every machine's vectors can do.
#[derive(Clone, Copy)]
pub(crate) enum Instructions {
    #[cfg(target_arch = "x86_64")]
    V4(pulp::x86::V4),
    #[cfg(target_arch = "x86_64")]
    V3(pulp::x86::V3),
    Any,
}

impl Instructions {
    /// Those behind vectors of `S`.
    #[inline(always)]
    pub(crate) fn of<S: Simd>() -> Self {
        #[cfg(target_arch = "x86_64")]
        match S::F32_LANES {
            16 => pulp::x86::V4::try_new().map_or(Self::Any, Self::V4),
            8 => pulp::x86::V3::try_new().map_or(Self::Any, Self::V3),
            _ => Self::Any,
        }
        #[cfg(not(target_arch = "x86_64"))]
        Self::Any
    }
}
