//! From a value to the look of a cell.

use evenkeel_lab::results::{Grid, Shading};

/// The colour of values on the way up, and of ratios below 1.
const FIRST: &str = "f-xavier";
/// The colour of ratios above 1.
const SECOND: &str = "f-naive";

/// A class for the colour and how much of it covers the paper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shade {
    pub(super) class: &'static str,
    pub(super) opacity: f64,
}

/// The shade of a value. NaN and an infinity have colours of their own.
pub(super) fn shade(grid: &Grid, value: f64) -> Shade {
    let of = |class, opacity: f64| Shade {
        class,
        opacity: opacity.clamp(0.0, 1.0),
    };
    if value.is_nan() {
        return of("n-f", 1.0);
    }
    if value == f64::INFINITY {
        return of("i-f", 1.0);
    }
    let (low, high) = (grid.low.0, grid.high.0);
    match grid.shading {
        Shading::Sequential => of(FIRST, (value - low) / (high - low)),
        Shading::Ratio if value <= 0.0 => of(FIRST, 1.0),
        Shading::Ratio if value < 1.0 => of(FIRST, libm::log(value) / libm::log(low)),
        Shading::Ratio => of(SECOND, libm::log(value) / libm::log(high)),
    }
}

/// Evenly spaced values from the low end of the colours to the high one, for the key.
pub(super) fn samples(grid: &Grid, count: usize) -> Vec<f64> {
    let (low, high) = (grid.low.0, grid.high.0);
    let share = |i: usize| i as f64 / (count - 1) as f64;
    let at = |i: usize| match grid.shading {
        Shading::Sequential => low + share(i) * (high - low),
        Shading::Ratio => low * libm::pow(high / low, share(i)),
    };
    (0..count).map(at).collect()
}

#[cfg(test)]
mod tests {
    use evenkeel_lab::results::{Grid, GridAxis, Number, Shading};

    use super::{samples, shade};

    fn grid(shading: Shading, low: f64, high: f64) -> Grid {
        let axis = || GridAxis {
            label: String::new(),
            values: vec![Number(1.0)],
            names: vec![],
        };
        Grid {
            name: String::new(),
            x: axis(),
            y: axis(),
            value_label: String::new(),
            shading,
            low: Number(low),
            high: Number(high),
            rows: vec![],
            lines: vec![],
        }
    }

    #[test]
    fn a_share_is_shaded_evenly_and_stays_within_its_ends() {
        let grid = grid(Shading::Sequential, 0.1, 1.0);
        for (value, opacity) in [(0.1, 0.0), (0.55, 0.5), (1.0, 1.0), (0.0, 0.0), (7.0, 1.0)] {
            assert!(
                (shade(&grid, value).opacity - opacity).abs() < 1e-12,
                "{value}"
            );
        }
    }

    #[test]
    fn a_ratio_and_its_inverse_are_equally_full_in_two_colours() {
        let grid = grid(Shading::Ratio, 0.25, 4.0);
        let (half, twice) = (shade(&grid, 0.5), shade(&grid, 2.0));
        assert!((half.opacity - 0.5).abs() < 1e-12 && (twice.opacity - 0.5).abs() < 1e-12);
        assert_ne!(half.class, twice.class);
        assert_eq!(shade(&grid, 1.0).opacity, 0.0);
        assert_eq!(shade(&grid, 0.0).opacity, 1.0);
        let key = samples(&grid, 3);
        assert!((key[1] - 1.0).abs() < 1e-12, "{key:?}");
    }

    #[test]
    fn what_is_no_number_has_its_own_colour() {
        let grid = grid(Shading::Ratio, 0.25, 4.0);
        assert_eq!(shade(&grid, f64::NAN).class, "n-f");
        assert_eq!(shade(&grid, f64::INFINITY).class, "i-f");
    }
}
