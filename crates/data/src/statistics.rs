//! Mean and standard deviation of pixels, without rounding.

/// A byte *b* is the pixel value *b*/256, in `[0, 1)`.
///
/// So it is in the file that the lesson reads (`mnist.pkl.gz`, largest value 0.99609375), and only
/// so do the first 50,000 training images have the lesson's mean 0.1304 and standard deviation
/// 0.3073; with *b*/255 they are 0.1310 and 0.3085. Normalised pixels are the same either way.
pub const PIXEL_LEVELS: f64 = 256.0;

/// Mean and standard deviation of pixels, a byte *b* being *b*/256 ([`PIXEL_LEVELS`]).
///
/// The standard deviation is the population's, √(Σ(x − x̄)²/n). PyTorch's `std` divides by
/// n − 1: at the 39.2 million pixels of MNIST's training part that is a factor of 1 + 1.3·10⁻⁸.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelStatistics {
    /// Σx/n.
    pub mean: f64,
    /// √(Σ(x − x̄)²/n).
    pub std: f64,
}

impl PixelStatistics {
    /// The statistics of bytes as pixel values.
    ///
    /// Counts are kept exactly in a 256-bin integer histogram; the only roundings are those of the
    /// last divisions and the square root, so order and threads cannot matter.
    /// With no bytes both are NaN.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let histogram = histogram(bytes);
        let moment = |power: u32| -> u128 {
            let bins = histogram.iter().zip(0u128..);
            bins.map(|(&count, value)| u128::from(count) * value.pow(power))
                .sum()
        };
        let (count, sum, squares) = (moment(0), moment(1), moment(2));
        // n²·variance = n·Σx² − (Σx)², exact in integers: n·Σx² < n²·2¹⁶ fits 128 bits while
        // n ≤ 2⁵⁶, more bytes than any machine holds.
        let spread = count * squares - sum * sum;
        let scale = PIXEL_LEVELS * count as f64;
        Self {
            mean: sum as f64 / scale,
            std: (spread as f64).sqrt() / scale,
        }
    }

    /// The statistics of values, in f64, summed in fixed blocks in a fixed order.
    pub fn of_values(values: &[f32]) -> Self {
        let count = values.len() as f64;
        let mean = block_sum(values, |x| x) / count;
        let variance = block_sum(values, |x| (x - mean) * (x - mean)) / count;
        Self {
            mean,
            std: variance.sqrt(),
        }
    }
}

/// Four counters a value: the next increment need not wait for the last one's store.
fn histogram(bytes: &[u8]) -> [u64; 256] {
    let mut lanes = [[0u64; 256]; 4];
    let (quads, rest) = bytes.as_chunks::<4>();
    for quad in quads {
        for (lane, &byte) in lanes.iter_mut().zip(quad) {
            lane[usize::from(byte)] += 1;
        }
    }
    for &byte in rest {
        lanes[0][usize::from(byte)] += 1;
    }
    std::array::from_fn(|value| lanes.iter().map(|lane| lane[value]).sum())
}

/// Values a block: cut by count, never by threads, so that the sum has the same bits on any machine.
const BLOCK: usize = 1 << 16;

fn block_sum(values: &[f32], term: impl Fn(f64) -> f64 + Sync) -> f64 {
    use rayon::prelude::*;
    let block = |block: &[f32]| block.iter().map(|&x| term(f64::from(x))).sum::<f64>();
    let sums: Vec<f64> = values.par_chunks(BLOCK).map(block).collect();
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_values_by_hand() {
        // 0 and 1/2 in the ratio 3:1 → mean 1/8, variance 3/64.
        let statistics = PixelStatistics::of_bytes(&[0, 128, 0, 0, 0, 0, 0, 128]);
        assert_eq!(statistics.mean, 0.125);
        assert!((statistics.std - (3.0f64 / 64.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn constants_have_no_spread_at_all() {
        for value in [0u8, 7, 255] {
            let statistics = PixelStatistics::of_bytes(&[value; 1001]);
            assert_eq!(statistics.std, 0.0);
            assert_eq!(statistics.mean, f64::from(value) / 256.0);
        }
        assert!(PixelStatistics::of_bytes(&[]).mean.is_nan());
    }

    #[test]
    fn bytes_and_values_agree() {
        let bytes: Vec<u8> = (0..200_000u32)
            .map(|i| (i % 1000 * (i % 77) % 251) as u8)
            .collect();
        let values: Vec<f32> = bytes.iter().map(|&b| f32::from(b) / 256.0).collect();
        let (exact, measured) = (
            PixelStatistics::of_bytes(&bytes),
            PixelStatistics::of_values(&values),
        );
        // Each b/256 is an f32, and 200,000 f64 additions below 2·10⁵ round by 10⁻¹⁵ in the mean.
        assert!((exact.mean - measured.mean).abs() < 1e-12);
        assert!((exact.std - measured.std).abs() < 1e-12);
    }
}
