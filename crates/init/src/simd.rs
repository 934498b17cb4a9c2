//! The instruction sets that fills run on: chosen at run time, the same bits on all.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod batches;
mod double;
mod generator;
mod lanes;
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod neon;
mod scalar;
mod single;

use crate::Element;
use crate::distribution::{Job, filled};
use lanes::Kernel;
use scalar::Single;

/// An instruction set to fill on. All give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Path {
    /// AVX-512 (F, CD, BW, DQ, VL): 16 f32 at a time.
    Avx512,
    /// AVX2 with FMA and F16C: 8 f32 at a time.
    Avx2,
    /// NEON: 4 f32 at a time.
    Neon,
    /// One value at a time, plain Rust: the definition that the others are tested against.
    Scalar,
}

impl Path {
    /// Every path, the widest first.
    pub const ALL: [Self; 4] = [Self::Avx512, Self::Avx2, Self::Neon, Self::Scalar];

    /// Can this machine run it?
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::Avx512::new().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::Avx2::new().is_some(),
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            Self::Neon => neon::Neon::new().is_some(),
            Self::Scalar => true,
            #[allow(unreachable_patterns)] // Reached where a set is of another architecture.
            _ => false,
        }
    }

    /// The widest path that this machine can run.
    pub fn best() -> Self {
        Self::ALL
            .into_iter()
            .find(|path| path.is_available())
            .unwrap_or(Self::Scalar)
    }

    /// Runs `kernel` on this path, or gives it back where that takes the scalar code.
    fn run<K: Kernel>(self, kernel: K) -> Option<K> {
        #[allow(unused_imports)] // On an architecture that has no vectors here.
        use lanes::Lanes;
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => match avx512::Avx512::new() {
                Some(lanes) => lanes.run(kernel),
                None => return Some(kernel),
            },
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => match avx2::Avx2::new() {
                Some(lanes) => lanes.run(kernel),
                None => return Some(kernel),
            },
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            Self::Neon => match neon::Neon::new() {
                Some(lanes) => lanes.run(kernel),
                None => return Some(kernel),
            },
            _ => return Some(kernel),
        }
        None
    }
}

pub(crate) fn fill_single<T: Single + Element>(job: &Job, path: Path, out: &mut [T]) {
    if filled(job, out) {
        return;
    }
    if let Some(single::Fill { job, out }) = path.run(single::Fill { job, out }) {
        scalar::fill_single(job, out);
    }
}

pub(crate) fn fill_double(job: &Job, path: Path, out: &mut [f64]) {
    if filled(job, out) {
        return;
    }
    if let Some(double::Fill { job, out }) = path.run(double::Fill { job, out }) {
        scalar::fill_double(job, out);
    }
}
