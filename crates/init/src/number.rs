//! Numbers in messages and in the names of schemes.

use std::fmt;

/// A number as short as it can be told exactly: far from 1 by its power of ten, not by its zeros.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain(pub(crate) f64);

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        if size == 0.0 || !size.is_finite() || (1e-6..1e16).contains(&size) {
            write!(f, "{}", self.0)
        } else {
            write!(f, "{:e}", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Plain;

    #[test]
    fn zeros_are_not_counted_out() {
        for (value, shown) in [
            (0.0, "0"),
            (-1.0, "-1"),
            (1.533_530_441_195_535, "1.533530441195535"),
            (0.000_001, "0.000001"),
            (1e40, "1e40"),
            (-9.25e-300, "-9.25e-300"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(Plain(value).to_string(), shown);
        }
    }
}
