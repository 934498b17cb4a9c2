//! Mass, mean and variance of the standard normal between two bounds.
#![allow(clippy::excessive_precision)] // Published constants, as they are published.

/// Half the nodes and weights of 12-point Gauss–Legendre quadrature on [−1, 1]; the other half are
/// their mirror images (Abramowitz and Stegun, table 25.4).
const GAUSS_LEGENDRE: [(f64, f64); 6] = [
    (0.125_233_408_511_468_92, 0.249_147_045_813_402_78),
    (0.367_831_498_998_180_2, 0.233_492_536_538_354_8),
    (0.587_317_954_286_617_4, 0.203_167_426_723_065_92),
    (0.769_902_674_194_304_7, 0.160_078_328_543_346_22),
    (0.904_117_256_370_474_9, 0.106_939_325_995_318_43),
    (0.981_560_634_246_719_3, 0.047_175_336_386_511_83),
];
/// Panels of at most this width make the error of the quadrature vanish in f64 rounding.
const PANEL: f64 = 0.5;
/// Where the density has fallen by e^−45 from its largest value, the rest adds nothing in f64.
const DROP: f64 = 90.0;
/// 1/√(2π).
const INV_SQRT_TAU: f64 = 0.398_942_280_401_432_7;

/// The standard normal between two bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Truncated {
    /// The probability that a standard normal falls between them.
    pub(crate) mass: f64,
    /// The mean of one that does.
    pub(crate) mean: f64,
    /// Its variance.
    pub(crate) variance: f64,
}

/// Mass, mean and variance between `low` and `high`, in standard deviations; either may be infinite.
///
/// By quadrature, not from the closed forms: these lose all digits to cancellation between narrow
/// bounds (the variance is a difference of near-equal terms) and far out.
pub(crate) fn truncated(low: f64, high: f64) -> Truncated {
    // The density is largest at the point of the interval nearest to 0; it is the unit here.
    let mode = 0.0_f64.clamp(low, high);
    let reach = (mode * mode + DROP).sqrt();
    let (low, high) = (low.max(-reach), high.min(reach));
    let density = |x: f64| libm::exp(0.5 * (mode - x) * (mode + x));
    let [mass, first] = integral(low, high, |x| [density(x), density(x) * (x - mode)]);
    let mean = mode + first / mass;
    let [second, _] = integral(low, high, |x| [density(x) * (x - mean) * (x - mean), 0.0]);
    let scale = INV_SQRT_TAU * libm::exp(-0.5 * mode * mode);
    Truncated {
        mass: (scale * mass).min(1.0),
        mean,
        variance: second / mass,
    }
}

fn integral(low: f64, high: f64, f: impl Fn(f64) -> [f64; 2]) -> [f64; 2] {
    let panels = ((high - low) / PANEL).ceil().max(1.0);
    let half = 0.5 * (high - low) / panels;
    let mut sum = [0.0; 2];
    for panel in 0..panels as u32 {
        let middle = low + half * f64::from(2 * panel + 1);
        for (node, weight) in GAUSS_LEGENDRE {
            let (left, right) = (f(middle - half * node), f(middle + half * node));
            for k in 0..2 {
                sum[k] += weight * (left[k] + right[k]);
            }
        }
    }
    sum.map(|s| s * half)
}
