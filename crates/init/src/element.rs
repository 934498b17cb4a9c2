//! The number formats that weights are made in.

use half::{bf16, f16};

use crate::distribution::Job;
use crate::simd::{self, Path};

/// A format's name, as safetensors and the frameworks spell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// IEEE 754 binary64.
    F64,
    /// IEEE 754 binary32.
    F32,
    /// bfloat16: an f32 with 8 significant bits.
    Bf16,
    /// IEEE 754 binary16.
    F16,
}

impl Dtype {
    /// Bytes a value takes.
    pub fn size(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::Bf16 | Self::F16 => 2,
        }
    }

    /// The name in lower case: `f64`, `f32`, `bf16` or `f16`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
        }
    }
}

impl std::fmt::Display for Dtype {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// A number format that tensors are filled in: [`f64`], [`f32`], [`bf16`] or [`struct@f16`].
///
/// `bf16` and `f16` values are the f32 value of the same element, rounded to nearest-even; f64
/// values are drawn from 64 random bits of their own.
///
/// The trait is sealed: the bits of every format are part of the contract.
pub trait Element:
    Copy + Default + PartialEq + PartialOrd + std::fmt::Debug + Send + Sync + Sealed + 'static
{
    /// Which format this is.
    const DTYPE: Dtype;
    /// The largest finite value.
    const LARGEST: f64;

    /// `value` rounded to nearest-even; for `bf16` and `f16`, to f32 first, as tensors are.
    fn from_f64(value: f64) -> Self;

    /// The value, exactly.
    fn to_f64(self) -> f64;
}

/// What the fills need to know of a format.
pub trait Sealed: bytemuck::Pod {
    /// Fills `out` on one instruction set.
    fn fill(job: &Job, path: Path, out: &mut [Self]);

    /// The neighbouring value above (`Toward::Up`) or below.
    fn neighbour(self, toward: Toward) -> Self;
}

/// A direction on the number line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toward {
    /// Toward −∞.
    Down,
    /// Toward +∞.
    Up,
}

macro_rules! element {
    ($type:ty, $dtype:ident, $fill:path, $bits:ty, $from_f64:expr, $to_f64:expr) => {
        impl Element for $type {
            const DTYPE: Dtype = Dtype::$dtype;
            const LARGEST: f64 = $to_f64(<$type>::MAX);

            fn from_f64(value: f64) -> Self {
                $from_f64(value)
            }

            fn to_f64(self) -> f64 {
                $to_f64(self)
            }
        }

        impl Sealed for $type {
            fn fill(job: &Job, path: Path, out: &mut [Self]) {
                $fill(job, path, out);
            }

            fn neighbour(self, toward: Toward) -> Self {
                const SIGN: $bits = 1 << (<$bits>::BITS - 1);
                let bits = self.to_bits();
                let up = toward == Toward::Up;
                <$type>::from_bits(if bits & !SIGN == 0 {
                    if up { 1 } else { SIGN | 1 }
                } else if up == (bits & SIGN == 0) {
                    bits + 1
                } else {
                    bits - 1
                })
            }
        }
    };
}

const fn same(value: f64) -> f64 {
    value
}

const fn widened(value: f32) -> f64 {
    value as f64
}

fn narrowed(value: f64) -> f32 {
    value as f32
}

element!(f64, F64, simd::fill_double, u64, same, same);
element!(f32, F32, simd::fill_single, u32, narrowed, widened);
element!(
    bf16,
    Bf16,
    simd::fill_single,
    u16,
    |x| bf16::from_f32(narrowed(x)),
    bf16::to_f64_const
);
element!(
    f16,
    F16,
    simd::fill_single,
    u16,
    |x| f16::from_f32(narrowed(x)),
    f16::to_f64_const
);

/// The largest value of the format that does not exceed `bound`.
pub(crate) fn floor<T: Element>(bound: f64) -> T {
    let nearest = T::from_f64(bound);
    if nearest.to_f64() > bound {
        nearest.neighbour(Toward::Down)
    } else {
        nearest
    }
}

/// The smallest value of the format that is not below `bound`.
pub(crate) fn ceiling<T: Element>(bound: f64) -> T {
    let nearest = T::from_f64(bound);
    if nearest.to_f64() < bound {
        nearest.neighbour(Toward::Up)
    } else {
        nearest
    }
}

/// Is this a positive scale that the format rounds to 0, and a tensor of it all one value?
pub(crate) fn vanishes<T: Element>(scale: f64) -> bool {
    scale > 0.0 && T::from_f64(scale).to_f64() == 0.0
}
