//! The correlation kernel of a phase diagram: a short series and a model of its tail.

/// Terms of the series.
pub(super) const TERMS: usize = 96;

/// K(c) = Σ a_k² c^k and a model of the terms beyond the table.
///
/// A kink makes a_k² fall as k^{−5/2} and a jump as k^{−3/2}. The sum of such terms from k = m on is
/// an exponential integral, Σ k^{−s} c^k ≈ m^{1−s} E_s(−m ln c), which has the right singularity at
/// c = 1. Its size and m make K and dK/dc right there.
pub(super) struct TableKernel {
    squares: Vec<f64>,
    /// What the terms beyond the table add up to at c = 1
    rest: f64,
    /// Where they begin
    from: f64,
    jumps: bool,
}

impl TableKernel {
    /// The kernel with these a_k², whose value and slope at c = 1 are known.
    pub(super) fn new(squares: Vec<f64>, at_one: f64, slope_at_one: f64, jumps: bool) -> Self {
        let sum: f64 = squares.iter().sum();
        let slope: f64 = squares
            .iter()
            .enumerate()
            .map(|(k, a2)| k as f64 * a2)
            .sum();
        let rest = (at_one - sum).max(0.0);
        let least = TERMS as f64;
        // Σ k^{−5/2} from m on is ⅔ m^{−3/2}, and Σ k·k^{−5/2} is 2 m^{−1/2}: their ratio is 3m.
        let beyond = (slope_at_one - slope) / (3.0 * rest);
        let from = if jumps || rest == 0.0 {
            least
        } else {
            beyond.max(0.5 * least)
        };
        Self {
            squares,
            rest,
            from,
            jumps,
        }
    }

    fn value_and_slope(&self, c: f64) -> (f64, f64) {
        let (mut value, mut slope) = (0.0, 0.0);
        for a2 in self.squares.iter().rev() {
            slope = slope * c + value;
            value = value * c + a2;
        }
        if c > 0.0 && self.rest > 0.0 {
            let x = -self.from * libm::log(c);
            let [half, three_halves, five_halves] = exponential_integrals(x);
            let (tail, tail_slope) = if self.jumps {
                (0.5 * three_halves, 0.5 * half)
            } else {
                (1.5 * five_halves, 1.5 * three_halves)
            };
            value += self.rest * tail;
            slope += self.rest * self.from * tail_slope / c;
        }
        (value, slope)
    }

    /// c* and the map's slope there, for a map whose slope at one exceeds one.
    pub(super) fn fixed_point(&self, sigma_w2: f64, sigma_b2: f64, q: f64) -> (f64, f64) {
        let (mut low, mut high) = (0.0, 1.0);
        let mut c = 0.0;
        let mut chi_c = 0.0;
        for _ in 0..60 {
            let (value, slope) = self.value_and_slope(c);
            chi_c = sigma_w2 * slope / q;
            let gap = (sigma_w2 * value + sigma_b2) / q - c;
            if gap > 0.0 {
                low = c
            } else {
                high = c
            }
            let newton = c - gap / (chi_c - 1.0);
            let next = if newton >= low && newton < high {
                newton
            } else {
                0.5 * (low + high)
            };
            if (next - c).abs() < 1e-12 || high - low < 1e-12 {
                break;
            }
            c = next;
        }
        (c, chi_c)
    }
}

/// E_s(x) = ∫₁^∞ t^{−s} e^{−xt} dt for s = ½, 3/2 and 5/2 (Abramowitz and Stegun, 5.1.4, 5.1.14).
fn exponential_integrals(x: f64) -> [f64; 3] {
    let e = libm::exp(-x);
    if x > 30.0 {
        // The recurrence cancels here, and the terms are below 10⁻¹⁴ of the kernel.
        return [e / x; 3];
    }
    let half = libm::sqrt(std::f64::consts::PI / x) * libm::erfc(libm::sqrt(x));
    let product = if x == 0.0 { 0.0 } else { x * half };
    let three_halves = 2.0 * (e - product);
    let five_halves = (e - x * three_halves) / 1.5;
    [half, three_halves, five_halves]
}
