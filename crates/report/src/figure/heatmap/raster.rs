//! From counts to the grey values of a picture: how full a colour is, on a logarithmic scale.

use evenkeel_lab::results::{Ridge, Ridgeline};

/// The fullness of the smallest share that there is: one value among many must be seen.
const FAINTEST: f64 = 0.14;

/// Steps of fullness: more cannot be told apart, and fewer make a smaller file.
const STEPS: f64 = 40.0;

/// Every value of a layer, those beyond the axis and those that are no numbers included.
pub(super) fn whole(ridge: &Ridge) -> f64 {
    let inside: u64 = ridge.counts.iter().sum();
    (inside as f64 + (ridge.below as f64) + ridge.above as f64 + ridge.nonfinite as f64).max(1.0)
}

/// How full the colour of a share is: 0 for none, 1 for all.
pub(super) fn fullness(share: f64, least: f64) -> f64 {
    if share <= 0.0 {
        return 0.0;
    }
    let decades = libm::log10(share.max(least) / least) / libm::log10(1.0 / least);
    FAINTEST + (1.0 - FAINTEST) * decades.clamp(0.0, 1.0)
}

/// A panel as grey values, one column for a layer or, where layers are more than `most`, for so
/// many neighbours: the bins from the highest value down, between a row for what lies above the
/// axis and one for what lies below.
pub(super) struct Raster {
    pub(super) columns: usize,
    pub(super) bins: usize,
    pub(super) above: Vec<u8>,
    /// Row by row.
    pub(super) inside: Vec<u8>,
    pub(super) below: Vec<u8>,
}

impl Raster {
    pub(super) fn of(panel: &Ridgeline, most: usize, least: f64) -> Self {
        let bins = panel.ridges.first().map_or(0, |ridge| ridge.counts.len());
        let a_column = panel.ridges.len().div_ceil(most.max(1)).max(1);
        let groups: Vec<&[Ridge]> = panel.ridges.chunks(a_column).collect();
        let row = |count: &dyn Fn(&Ridge) -> u64| -> Vec<u8> {
            let shades = groups.iter().map(|group| {
                let shares = group.iter().map(|r| count(r) as f64 / whole(r));
                grey(fullness(shares.sum::<f64>() / group.len() as f64, least))
            });
            shades.collect()
        };
        Self {
            columns: groups.len(),
            bins,
            above: row(&|r| r.above),
            inside: (0..bins)
                .rev()
                .flat_map(|bin| row(&|r| r.counts[bin]))
                .collect(),
            below: row(&|r| r.below),
        }
    }
}

/// A fullness as a grey value.
pub(super) fn grey(fullness: f64) -> u8 {
    ((fullness * STEPS).round() / STEPS * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use evenkeel_lab::results::{Number, Ridge, Ridgeline};

    use super::{Raster, fullness};

    fn ridge(counts: &[u64]) -> Ridge {
        Ridge {
            label: String::new(),
            std: Number(1.0),
            counts: counts.to_vec(),
            below: 0,
            above: 0,
            nonfinite: 0,
        }
    }

    fn panel(ridges: Vec<Ridge>) -> Ridgeline {
        Ridgeline {
            name: String::new(),
            init: String::new(),
            x_label: String::new(),
            low: Number(0.0),
            high: Number(1.0),
            ridges,
        }
    }

    #[test]
    fn a_decade_more_is_one_step_fuller_and_nothing_has_no_colour() {
        let shades = [0.0, 1e-4, 1e-3, 1e-2, 1e-1, 1.0].map(|share| fullness(share, 1e-4));
        assert_eq!(shades[0], 0.0);
        for pair in shades[1..].windows(2) {
            assert!((pair[1] - pair[0] - 0.215).abs() < 1e-9, "{shades:?}");
        }
        assert_eq!(shades[5], 1.0);
        assert!(fullness(1e-9, 1e-4) > 0.1, "a value that is there is seen");
    }

    #[test]
    fn high_values_are_on_top_and_a_single_layer_survives_merging() {
        let raster = Raster::of(&panel(vec![ridge(&[4, 0]), ridge(&[0, 4])]), 10, 1e-3);
        assert_eq!((raster.columns, raster.bins), (2, 2));
        assert_eq!(raster.inside, [0, 255, 255, 0]);
        let mut layers = vec![ridge(&[4, 0]); 5_000];
        layers[3_333] = ridge(&[0, 4]);
        let raster = Raster::of(&panel(layers), 500, 1e-3);
        assert_eq!(raster.columns, 500);
        assert_eq!(raster.inside[..500].iter().filter(|g| **g > 0).count(), 1);
        assert!(raster.inside[333] > 100);
    }
}
