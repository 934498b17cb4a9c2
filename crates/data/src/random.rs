//! The random numbers of this crate: SplitMix64, one stream a shuffle or an image.
//!
//! SplitMix64's *i*-th output is a pure function of its seed and *i*:
//! mix(seed + (i + 1)·γ), with γ = ⌊2⁶⁴/φ⌋ made odd. A stream starts from
//! mix(mix(mix(seed + γ) ⊕ domain) + index·γ); mix is a bijection, so within one seed and domain
//! two indices never share a start. Weights do not come from here.
//!
//! Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014,
//! with the constants of Vigna's public-domain `splitmix64.c` (Stafford's variant 13).

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// What a stream is for: streams for different uses of one seed are apart.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Domain {
    /// The order of one epoch; the index is the epoch.
    Shuffle,
    /// The labels of one part of `strokes`; the index is the part.
    Labels,
    /// One image of `strokes`; the index is its place among all images.
    Image,
}

impl Domain {
    /// Eight letters each, so that they are seen to be nothing but names.
    fn tag(self) -> u64 {
        u64::from_be_bytes(match self {
            Domain::Shuffle => *b"shuffle.",
            Domain::Labels => *b"labels..",
            Domain::Image => *b"image...",
        })
    }
}

#[derive(Clone, Debug)]
pub(crate) struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    pub(crate) fn stream(seed: u64, domain: Domain, index: u64) -> Self {
        let key = mix(mix(seed.wrapping_add(GAMMA)) ^ domain.tag());
        Self {
            state: mix(key.wrapping_add(index.wrapping_mul(GAMMA))),
        }
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        mix(self.state)
    }

    /// Uniform on the multiples of 2⁻²⁴ in `[0, 1)`: every one is an f32.
    pub(crate) fn unit(&mut self) -> f32 {
        const STEP: f32 = 1.0 / (1u32 << 24) as f32;
        (self.next_u64() >> 40) as f32 * STEP
    }

    /// Uniform in `[low, high)`, up to the rounding of the end.
    pub(crate) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// A bell of mean 0 and variance 1 that ends at ±3: the sum of three uniforms in `[-1, 1)`,
    /// each of variance 1/3. Only exact arithmetic, and no outlier beyond what is drawable.
    pub(crate) fn bell(&mut self) -> f32 {
        2.0 * (self.unit() + self.unit() + self.unit()) - 3.0
    }

    /// Uniform in `0..bound`, without bias, by Lemire's multiply and reject.
    ///
    /// Source: Lemire, "Fast random integer generation in an interval", ACM TOMACS 29 (2019).
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        debug_assert!(bound > 0);
        loop {
            let wide = u128::from(self.next_u64()) * u128::from(bound);
            // The low half tells a draw from the short last interval, which would be favoured.
            if wide as u64 >= bound.wrapping_neg() % bound {
                return (wide >> 64) as u64;
            }
        }
    }

    /// Fisher–Yates, from the end (Durstenfeld's order).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_sequence() {
        // First five outputs of splitmix64.c from the state 1234567.
        let mut generator = SplitMix64 { state: 1_234_567 };
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(expected.map(|_| generator.next_u64()), expected);
    }

    #[test]
    fn bounded_draws_are_even() {
        // n = 60,000 draws over k = 6: each count is binomial, σ² = n/k·(1 − 1/k) = 8333, and 5σ
        // over six cells is crossed once in 300,000 correct generators.
        let mut generator = SplitMix64::stream(1, Domain::Shuffle, 0);
        let mut counts = [0i64; 6];
        (0..60_000).for_each(|_| counts[generator.below(6) as usize] += 1);
        assert!(
            counts.iter().all(|c| (c - 10_000).pow(2) < 25 * 8333),
            "{counts:?}"
        );
    }

    #[test]
    fn rejection_takes_the_bias_out() {
        // At bound 3·2⁶² a biased multiply would give multiples of 3 twice as often as the others:
        // 1/2 of the draws. Unbiased: 1/3, n = 30,000, σ = √(n·2/9) = 81.6.
        let mut generator = SplitMix64::stream(2, Domain::Shuffle, 0);
        let draws = (0..30_000).map(|_| generator.below(3 << 62));
        let multiples = draws.filter(|draw| draw % 3 == 0).count() as f64;
        assert!((multiples - 10_000.0).abs() < 5.0 * 81.6, "{multiples}");
    }

    #[test]
    fn units_and_bells_have_their_moments() {
        // n = 100,000. Unit: mean 1/2, σ of the mean √(1/12n) = 9.1e-4. Bell: mean 0, σ of the
        // mean √(1/n) = 3.2e-3; variance 1, fourth moment 2.6 (three uniforms), σ of the second
        // moment √(1.6/n) = 4.0e-3. All within 5σ.
        let mut generator = SplitMix64::stream(3, Domain::Image, 0);
        let n = 100_000;
        let mean = (0..n).map(|_| f64::from(generator.unit())).sum::<f64>() / f64::from(n);
        assert!((mean - 0.5).abs() < 4.6e-3, "{mean}");
        let bells: Vec<f64> = (0..n).map(|_| f64::from(generator.bell())).collect();
        let mean = bells.iter().sum::<f64>() / f64::from(n);
        let second = bells.iter().map(|b| b * b).sum::<f64>() / f64::from(n);
        assert!(
            mean.abs() < 1.6e-2 && (second - 1.0).abs() < 2e-2,
            "{mean} {second}"
        );
    }

    #[test]
    fn streams_are_apart() {
        let first = |seed, domain, index| SplitMix64::stream(seed, domain, index).next_u64();
        let all = [
            first(1, Domain::Shuffle, 0),
            first(1, Domain::Shuffle, 1),
            first(1, Domain::Labels, 0),
            first(1, Domain::Image, 0),
            first(2, Domain::Shuffle, 0),
        ];
        let distinct: std::collections::BTreeSet<_> = all.into_iter().collect();
        assert_eq!(distinct.len(), all.len());
    }
}
