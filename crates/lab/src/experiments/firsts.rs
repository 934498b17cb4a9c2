//! At which product something first happens, over seeds.
//!
//! Not an experiment of its own: `explode` and `vanish` both ask it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::results::Map;

/// How many seeds it first happened to at which 0-based product; `None` counts those that it never
/// happened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Firsts {
    counts: BTreeMap<Option<usize>, u64>,
}

impl Firsts {
    /// From what happened to each seed.
    pub(crate) fn of(firsts: &[Option<usize>]) -> Self {
        let mut counts = BTreeMap::new();
        for &first in firsts {
            *counts.entry(first).or_default() += 1;
        }
        Self { counts }
    }

    /// How many seeds.
    pub(crate) fn seeds(&self) -> u64 {
        self.counts.values().sum()
    }

    /// How many seeds it happened to at `product`.
    pub(crate) fn at(&self, product: Option<usize>) -> u64 {
        self.counts.get(&product).copied().unwrap_or(0)
    }

    /// Every product that it happened at.
    pub(crate) fn products(&self) -> impl Iterator<Item = Option<usize>> {
        self.counts.keys().copied()
    }

    /// The product of each seed that it happened to.
    pub(crate) fn reached(&self) -> Vec<f64> {
        let reached = self.counts.iter().filter_map(|(product, &seeds)| {
            let product = (*product)?;
            Some(std::iter::repeat_n(product as f64, seeds as usize))
        });
        reached.flatten().collect()
    }

    /// The counts, as results keep them.
    pub(crate) fn measured(&self) -> Map {
        let counts = self.counts.iter();
        counts
            .map(|(&product, &seeds)| (key(product), seeds.into()))
            .collect()
    }

    /// In words, the most frequent first: `product 28 in 80% of seeds, product 27 in 20%`.
    pub(crate) fn words(&self) -> String {
        let mut by_count: Vec<_> = self.counts.iter().collect();
        by_count.sort_by_key(|&(product, seeds)| (Reverse(*seeds), *product));
        const SAID: usize = 4;
        let elsewhere: u64 = by_count.iter().skip(SAID).map(|(_, seeds)| **seeds).sum();
        let words = by_count
            .iter()
            .take(SAID)
            .enumerate()
            .map(|(index, (product, seeds))| {
                let share = 100.0 * **seeds as f64 / self.seeds() as f64;
                let of = if index == 0 { " of seeds" } else { "" };
                match product {
                    Some(product) => format!("product {product} in {share:.0}%{of}"),
                    None => format!("never in {share:.0}%{of}"),
                }
            });
        let mut words: Vec<String> = words.collect();
        if elsewhere > 0 {
            let share = 100.0 * elsewhere as f64 / self.seeds() as f64;
            words.push(format!("elsewhere in {share:.0}%"));
        }
        words.join(", ")
    }
}

/// The number of seeds to expect at each product, as results keep them.
pub(crate) fn expected(law: &[(Option<usize>, f64)], seeds: u64) -> Map {
    let named = law.iter();
    named
        .map(|&(product, share)| (key(product), (share * seeds as f64).into()))
        .collect()
}

/// Shares from published counts.
pub(crate) fn known_shares(counts: &[(usize, u64)]) -> Vec<(Option<usize>, f64)> {
    let total: u64 = counts.iter().map(|(_, seeds)| seeds).sum();
    let share = |seeds: u64| seeds as f64 / total as f64;
    counts
        .iter()
        .map(|&(product, seeds)| (Some(product), share(seeds)))
        .collect()
}

/// The name of a product in results.
pub(crate) fn key(product: Option<usize>) -> String {
    product.map_or_else(|| "never".to_owned(), |p| p.to_string())
}
