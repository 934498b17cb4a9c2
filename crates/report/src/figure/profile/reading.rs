//! What a layer's root mean square is, and where it goes when it has no place on the axis.

use evenkeel_lab::results::Layer;

/// Where a value lies that has no place on a logarithmic axis; from top to bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    NotANumber,
    Infinity,
    Zero,
}

impl Lane {
    pub(super) const ALL: [Self; 3] = [Self::NotANumber, Self::Infinity, Self::Zero];

    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::NotANumber => "NaN",
            Self::Infinity => "∞",
            Self::Zero => "0",
        }
    }

    /// The first letter of the lane's colour classes.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::NotANumber => "n",
            Self::Infinity => "i",
            Self::Zero => "z",
        }
    }
}

/// What a layer's root mean square is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reading {
    Positive(f64),
    Beyond(Lane),
}

/// Reads a layer. The statistics leave out what is not finite, so its counts come first: a layer
/// with an infinity in it has left the axis upwards, whatever NaN the same products made beside
/// it; one whose lost values are all NaN is NaN.
pub(super) fn reading(layer: &Layer) -> Reading {
    let rms = layer.rms();
    if layer.nonfinite > layer.nan || rms == f64::INFINITY {
        Reading::Beyond(Lane::Infinity)
    } else if layer.nan > 0 || rms.is_nan() {
        Reading::Beyond(Lane::NotANumber)
    } else if rms > 0.0 {
        Reading::Positive(rms)
    } else {
        Reading::Beyond(Lane::Zero)
    }
}

#[cfg(test)]
mod tests {
    use super::{Lane, Reading, reading};
    use evenkeel_lab::results::{Layer, Number};

    fn layer(second_moment: f64, nonfinite: u64, nan: u64) -> Layer {
        Layer {
            layer: 0,
            count: 512,
            mean: Number(0.0),
            std: Number(second_moment.sqrt()),
            second_moment: Number(second_moment),
            min: Number(0.0),
            max: Number(0.0),
            zero_fraction: Number(0.0),
            nonfinite,
            nan,
        }
    }

    #[test]
    fn what_has_no_place_on_a_log_axis_has_a_lane() {
        let beyond = Reading::Beyond;
        for (second_moment, nonfinite, nan, expected) in [
            (4.0, 0, 0, Reading::Positive(2.0)),
            (4.0, 1, 0, beyond(Lane::Infinity)),
            (f64::INFINITY, 0, 0, beyond(Lane::Infinity)),
            (f64::NAN, 512, 500, beyond(Lane::Infinity)),
            (f64::NAN, 512, 512, beyond(Lane::NotANumber)),
            (4.0, 3, 3, beyond(Lane::NotANumber)),
            (0.0, 0, 0, beyond(Lane::Zero)),
        ] {
            assert_eq!(reading(&layer(second_moment, nonfinite, nan)), expected);
        }
    }
}
