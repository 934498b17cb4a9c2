//! Gaussian error linear units, through f64: the normal distribution's tail has no short f32 form
//! that keeps its relative error.

use super::Function;
use super::elementary::exp_f64;
use crate::operator::Retains;

/// 1/√(2π).
const DENSITY_AT_0: f64 = 0.398_942_280_401_432_7;
/// Beyond it x·Φ(−x) is below f32's smallest denormal.
const TAIL_END: f64 = 14.8;

/// Coefficients of P in `Φ(−a)·e^{a²/2} = t·P(t)` with `t = 1/(1 + a/4)`, 0 ≤ a ≤ 14.8: our own
/// Chebyshev interpolation of `e^{z²} erfc(z)/2`, z = a/√2, with 40 digits; relative error
/// 3·10⁻⁹.
#[expect(clippy::excessive_precision, reason = "as they were computed")]
const TAIL: [f64; 11] = [
    0.099_724_762_824_594_393,
    0.099_994_315_195_097_6,
    0.090_778_766_588_368_724,
    0.097_646_912_874_740_715,
    -0.001_598_444_623_662_396,
    0.214_599_110_682_530_79,
    -0.282_882_390_541_995_56,
    0.371_666_510_394_768_65,
    -0.272_978_553_340_193_13,
    0.096_358_101_249_978_205,
    -0.013_309_091_164_382_094,
];

/// Φ(x) and the density at x, with 8 right digits even far in the lower tail.
#[inline(always)]
fn normal(x: f64) -> (f64, f64) {
    let size = x.abs();
    let a = if size > TAIL_END { TAIL_END } else { size };
    let bell = exp_f64(-0.5 * a * a);
    let t = 1.0 / (1.0 + 0.25 * a);
    let tail = bell * (t * TAIL.iter().rev().fold(0.0, |sum, &c| sum * t + c));
    (if x < 0.0 { tail } else { 1.0 - tail }, DENSITY_AT_0 * bell)
}

/// x·Φ(x). The derivative is Φ(x) + x·density(x).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gelu;

impl Function for Gelu {
    const RETAINS: Retains = Retains::Input;

    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        let x = f64::from(lowest_finite(x));
        (x * normal(x).0) as f32
    }

    #[inline(always)]
    fn derivative(self, x: f32) -> f32 {
        let x = f64::from(x);
        let x = if x > TAIL_END { TAIL_END } else { x };
        let x = if x < -TAIL_END { -TAIL_END } else { x };
        let (below, density) = normal(x);
        (below + x * density) as f32
    }
}

/// −∞ times 0 is not a number, and the limit of x·Φ(x) is 0: a value far in the tail stands in.
#[inline(always)]
fn lowest_finite(x: f32) -> f32 {
    if x < -TAIL_END as f32 {
        -TAIL_END as f32
    } else {
        x
    }
}

/// ½x(1 + tanh(√(2/π)(x + 0.044715x³))) = x·σ(2√(2/π)(x + 0.044715x³)).
#[derive(Clone, Copy, Debug)]
pub(crate) struct GeluTanh;

/// 2√(2/π).
const STEEPNESS: f64 = 1.595_769_121_605_731;
/// The cubic term: D. Hendrycks, K. Gimpel (2016), section 2.
const CUBIC: f64 = 0.044_715;
/// Beyond ±13 the gate is 0 or 1 in f32, and x times it 0 or x.
const GATE_END: f64 = 13.0;

/// The clamped x and its gate.
#[inline(always)]
fn gate(x: f64) -> (f64, f64) {
    let x = if x < -GATE_END { -GATE_END } else { x };
    let size = if x > GATE_END { GATE_END } else { x };
    let e = exp_f64(-(STEEPNESS * (size + CUBIC * size * size * size)));
    (size, 1.0 / (1.0 + e))
}

impl Function for GeluTanh {
    const RETAINS: Retains = Retains::Input;

    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        let x = f64::from(x);
        let (size, gate) = gate(x);
        let factor = if x < 0.0 { size } else { x };
        (factor * gate) as f32
    }

    #[inline(always)]
    fn derivative(self, x: f32) -> f32 {
        let (x, gate) = gate(f64::from(x));
        let slope = STEEPNESS * (1.0 + 3.0 * CUBIC * x * x);
        (gate + x * gate * (1.0 - gate) * slope) as f32
    }
}
