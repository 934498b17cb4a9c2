//! Any cut of a tensor and any number of threads give the same bits.

use evenkeel_init::{Bounds, Convention, Distribution, Element, Seed, Threads, bf16, f16};
use proptest::prelude::*;

const LEN: usize = 5_000;

fn distribution() -> impl Strategy<Value = Distribution> {
    let bounds = Bounds::Sigmas {
        low: -2.0,
        high: 2.5,
    };
    prop_oneof![
        (-2.0..2.0, 0.0..3.0).prop_map(|(mean, std)| Distribution::normal(mean, std).unwrap()),
        (-2.0..2.0, 1e-3..3.0).prop_map(|(low, w)| Distribution::uniform(low, low + w).unwrap()),
        (-2.0..2.0, 1e-3..3.0).prop_map(move |(mean, std)| {
            Distribution::truncated_normal(mean, std, bounds, Convention::Resulting).unwrap()
        }),
        (-2.0..2.0).prop_map(|value| Distribution::constant(value).unwrap()),
    ]
}

fn same_by_parts<T: Element>(
    distribution: &Distribution,
    start: u64,
    cuts: &[usize],
) -> Result<(), TestCaseError> {
    let stream = Seed(9).stream("ranges");
    let mut whole = vec![T::default(); LEN];
    distribution.fill(&stream, start, &mut whole).unwrap();
    let mut parts = vec![T::default(); LEN];
    let mut edges: Vec<usize> = cuts.iter().copied().chain([0, LEN]).collect();
    edges.sort_unstable();
    for edge in edges.windows(2) {
        let part = &mut parts[edge[0]..edge[1]];
        distribution
            .fill(&stream, start + edge[0] as u64, part)
            .unwrap();
    }
    prop_assert_eq!(whole, parts);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_cut_gives_the_same_bits(
        distribution in distribution(),
        start in prop_oneof![0_u64..1_000, (1 << 34) - 4_000_u64..1 << 34, any::<u64>().prop_map(|x| x >> 1)],
        cuts in prop::collection::vec(0..LEN, 0..12),
    ) {
        same_by_parts::<f64>(&distribution, start, &cuts)?;
        same_by_parts::<f32>(&distribution, start, &cuts)?;
        same_by_parts::<bf16>(&distribution, start, &cuts)?;
        same_by_parts::<f16>(&distribution, start, &cuts)?;
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits(
        distribution in distribution(),
        start in 0_u64..1_000,
        threads in 2_usize..9,
        // Up to a few chunks of 2¹⁸.
        len in 0_usize..1_100_000,
    ) {
        let stream = Seed(9).stream("threads");
        let (mut one, mut many) = (vec![0.0_f32; len], vec![0.0_f32; len]);
        distribution.fill(&stream, start, &mut one).unwrap();
        distribution.fill_parallel(&stream, start, &mut many, Threads::new(threads).unwrap()).unwrap();
        prop_assert!(one == many);
    }
}
