//! Philox4x32-10, the counter-based generator that every value comes from.

/// Multiplier of the counter's words 0 and 2.
pub(crate) const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
/// What the key gains each round: the golden ratio and √3 − 1, in units of 2⁻³².
pub(crate) const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
/// Rounds: 7 already pass BigCrush; 10 is the published safety margin and the field's standard.
pub(crate) const ROUNDS: usize = 10;

/// The block of four 32-bit words that Philox4x32-10 gives for `counter` under `key`.
///
/// A bijection of the counter for every key, so blocks can be made in any order and on any number
/// of machines.
///
/// # Example
/// ```
/// // The first known-answer vector that is published with Random123.
/// let block = evenkeel_init::philox_4x32_10([0; 4], [0; 2]);
/// assert_eq!(block, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
/// ```
///
/// # Source
/// J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, *Parallel random numbers: as easy as
/// 1, 2, 3*, SC'11 (2011), section 3.3.
#[inline]
pub fn philox_4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [mut c0, mut c1, mut c2, mut c3] = counter;
    for [k0, k1] in round_keys(key) {
        let p0 = u64::from(MULTIPLIERS[0]) * u64::from(c0);
        let p1 = u64::from(MULTIPLIERS[1]) * u64::from(c2);
        (c0, c1, c2, c3) = (
            (p1 >> 32) as u32 ^ c1 ^ k0,
            p1 as u32,
            (p0 >> 32) as u32 ^ c3 ^ k1,
            p0 as u32,
        );
    }
    [c0, c1, c2, c3]
}

/// The key of every round.
pub(crate) fn round_keys(key: [u32; 2]) -> [[u32; 2]; ROUNDS] {
    std::array::from_fn(|round| {
        let step = round as u32;
        [0, 1].map(|i| key[i].wrapping_add(step.wrapping_mul(WEYL[i])))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The `philox4x32 10` lines of `kat_vectors`, published with Random123.
    #[test]
    fn gives_the_published_known_answers() {
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        let rows = [
            (
                [0; 4],
                [0; 2],
                [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8],
            ),
            (
                [!0; 4],
                [!0; 2],
                [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd],
            ),
            (
                pi,
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, block) in rows {
            assert_eq!(
                philox_4x32_10(counter, key),
                block,
                "{counter:x?} under {key:x?}"
            );
        }
    }
}
