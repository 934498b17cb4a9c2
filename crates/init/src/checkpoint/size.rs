//! Sizes as users write them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A number of bytes, written `5GB` or `500MB` in powers of 1000, `2GiB` in powers of 1024, or as a
/// plain number.
///
/// # Example
/// ```
/// use evenkeel_init::checkpoint::ByteSize;
/// assert_eq!("5GB".parse(), Ok(ByteSize(5_000_000_000)));
/// assert_eq!("1.5 MiB".parse(), Ok(ByteSize(1_572_864)));
/// assert_eq!(ByteSize(13_476_839_424).to_string(), "13.5 GB");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

/// A text that is no size.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?} is no size; write a positive number and a unit, as 5GB, 500MB or 2GiB")]
pub struct ByteSizeError {
    /// The text.
    pub text: String,
}

const UNITS: [(&str, u64); 12] = [
    ("", 1),
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("m", 1_000_000),
    ("g", 1_000_000_000),
];

impl FromStr for ByteSize {
    type Err = ByteSizeError;

    fn from_str(text: &str) -> Result<Self, ByteSizeError> {
        let refused = || ByteSizeError {
            text: text.to_owned(),
        };
        let trimmed = text.trim();
        let digits = trimmed
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(digits);
        let unit = unit.trim().to_ascii_lowercase();
        let (_, factor) = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(refused)?;
        let bytes = match number.parse::<u64>() {
            Ok(whole) => whole.checked_mul(*factor),
            // A fraction: exact enough for a limit, and below 2^53 bytes exact.
            Err(_) => number
                .parse::<f64>()
                .ok()
                .map(|value| value * *factor as f64)
                .filter(|bytes| *bytes < u64::MAX as f64)
                .map(|bytes| bytes as u64),
        };
        bytes
            .filter(|bytes| *bytes > 0)
            .map(Self)
            .ok_or_else(refused)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut value, mut unit) = (self.0 as f64, "B");
        for larger in ["kB", "MB", "GB", "TB", "PB", "EB"] {
            // 999.95 and more would show as 1000.0.
            if value < 999.95 {
                break;
            }
            value /= 1000.0;
            unit = larger;
        }
        if unit == "B" {
            write!(f, "{} B", self.0)
        } else {
            write!(f, "{value:.1} {unit}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_size_is_refused() {
        for text in [
            "",
            "GB",
            "-1GB",
            "5 parsecs",
            "0",
            "0GB",
            "nan",
            "1e9",
            "99999999999TB",
            "1..5MB",
        ] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_show_in_the_unit_that_fits() {
        for (bytes, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (999_960, "1.0 MB"),
        ] {
            assert_eq!(ByteSize(bytes).to_string(), shown);
        }
    }
}
