//! From values to pixels.

use super::ticks::{self, Tick};

/// Maps an interval of values onto an interval of pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    kind: Kind,
    /// Ends of the domain; for a logarithmic scale, their log₁₀.
    domain: (f64, f64),
    range: (f64, f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Linear,
    Log,
}

impl Scale {
    /// A linear scale; an empty or impossible domain is widened so that it has a middle.
    pub(crate) fn linear(domain: (f64, f64), range: (f64, f64)) -> Self {
        Self {
            kind: Kind::Linear,
            domain: widened(domain, 0.5),
            range,
        }
    }

    /// A logarithmic scale over positive values.
    pub(crate) fn log(domain: (f64, f64), range: (f64, f64)) -> Self {
        let exponents = (libm::log10(domain.0), libm::log10(domain.1));
        Self {
            kind: Kind::Log,
            domain: widened(exponents, 0.5),
            range,
        }
    }

    /// The pixel of a value; `None` for a value that has no place on this scale: NaN, an infinity,
    /// and on a logarithmic scale zero and below. A value beyond the domain lands beyond the range,
    /// at most by the range's own length.
    pub(crate) fn at(&self, value: f64) -> Option<f64> {
        let x = match self.kind {
            Kind::Linear => value,
            Kind::Log if value > 0.0 => libm::log10(value),
            Kind::Log => return None,
        };
        x.is_finite().then(|| self.place(x))
    }

    /// As [`Self::at`], with values beyond the scale, infinities included, at its ends.
    pub(crate) fn clamped(&self, value: f64) -> Option<f64> {
        if value.is_nan() {
            return None;
        }
        let below = value == f64::NEG_INFINITY || (self.kind == Kind::Log && value <= 0.0);
        if below {
            return Some(self.range.0);
        }
        if value == f64::INFINITY {
            return Some(self.range.1);
        }
        let (a, b) = (
            self.range.0.min(self.range.1),
            self.range.0.max(self.range.1),
        );
        self.at(value).map(|pixel| pixel.clamp(a, b))
    }

    fn place(&self, x: f64) -> f64 {
        let t = (x - self.domain.0) / (self.domain.1 - self.domain.0);
        // Where a domain is too large or too fine for f64 its values share the middle.
        let t = if t.is_finite() {
            t.clamp(-1.0, 2.0)
        } else {
            0.5
        };
        self.range.0 + t * (self.range.1 - self.range.0)
    }

    /// Round values along the scale, at most `most` of them where that can be done.
    pub(crate) fn ticks(&self, most: usize) -> Vec<Tick> {
        match self.kind {
            Kind::Linear => ticks::linear(self.domain, most),
            Kind::Log => ticks::log(self.domain, most),
        }
    }

    /// As [`Self::ticks`], at whole numbers only: layers and steps.
    pub(crate) fn whole_ticks(&self, most: usize) -> Vec<Tick> {
        ticks::whole(self.domain, most)
    }

    /// The ends of a linear scale's values; for a logarithmic one, their log₁₀.
    pub(crate) fn domain(&self) -> (f64, f64) {
        self.domain
    }

    pub(crate) fn range(&self) -> (f64, f64) {
        self.range
    }
}

fn widened((low, high): (f64, f64), by: f64) -> (f64, f64) {
    if low.is_finite() && high.is_finite() && high - low > 1e-12 * low.abs().max(high.abs()) {
        (low, high)
    } else if low.is_finite() {
        (low - by, low + by)
    } else {
        (0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Scale;

    #[test]
    fn a_log_scale_spaces_decades_evenly() {
        let s = Scale::log((1e-2, 1e2), (100.0, 0.0));
        let y: Vec<f64> = [1e-2, 1e-1, 1.0, 10.0, 100.0]
            .map(|v| s.at(v).unwrap())
            .to_vec();
        for (y, expected) in y.iter().zip([100.0, 75.0, 50.0, 25.0, 0.0]) {
            assert!((y - expected).abs() < 1e-9, "{y} should be {expected}");
        }
    }

    #[test]
    fn values_without_a_place_have_none() {
        let s = Scale::log((1.0, 10.0), (0.0, 1.0));
        for value in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(s.at(value), None);
        }
        assert_eq!(s.clamped(0.0), Some(0.0));
        assert_eq!(s.clamped(f64::INFINITY), Some(1.0));
        assert_eq!(s.clamped(f64::NAN), None);
    }

    #[test]
    fn a_single_value_sits_in_the_middle() {
        assert_eq!(Scale::linear((3.0, 3.0), (0.0, 10.0)).at(3.0), Some(5.0));
        assert_eq!(Scale::log((1.0, 1.0), (0.0, 10.0)).at(1.0), Some(5.0));
        let largest = Scale::linear((f64::MAX, f64::MAX), (0.0, 10.0));
        assert_eq!(largest.at(f64::MAX), Some(5.0));
    }
}
