//! From what the command line says of weights to what the library takes.

use std::borrow::Cow;
use std::time::Duration;

use evenkeel_init::checkpoint::{ByteSize, StoredDtype};
use evenkeel_init::{Dtype, Layout, Threads};

use crate::arguments::{FloatDtype, LayoutChoice};

pub(crate) fn threads(given: Option<Threads>) -> Threads {
    given.unwrap_or_else(Threads::available)
}

/// "13.5 GB in 21.3 s (632.4 MB/s)".
pub(crate) fn rate(bytes: u64, time: Duration) -> String {
    let seconds = time.as_secs_f64();
    // A run of no time at all has no rate worth showing.
    let per_second = bytes as f64 / seconds.max(1e-3);
    format!(
        "{} in {seconds:.1} s ({}/s)",
        ByteSize(bytes),
        ByteSize(per_second as u64)
    )
}

/// "1 file", "3 files".
pub(crate) fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// A name from outside, on one line and without power over the terminal.
pub(crate) fn harmless(name: &str) -> Cow<'_, str> {
    if name.chars().any(has_power) {
        return name.escape_debug().to_string().into();
    }
    name.into()
}

/// What moves a terminal's cursor, or turns the direction that text is read in.
fn has_power(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A shape as people write it: 512×784.
pub(crate) fn shape(dimensions: &[usize]) -> String {
    let dimensions: Vec<_> = dimensions.iter().map(usize::to_string).collect();
    dimensions.join("×")
}

/// A number in few digits.
pub(crate) fn short(value: f64) -> String {
    if value == 0.0 || (1e-3..1e5).contains(&value.abs()) {
        let text = format!("{value:.6}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        return text.to_owned();
    }
    format!("{value:.4e}")
}

impl From<FloatDtype> for Dtype {
    fn from(choice: FloatDtype) -> Self {
        match choice {
            FloatDtype::F64 => Self::F64,
            FloatDtype::F32 => Self::F32,
            FloatDtype::Bf16 => Self::Bf16,
            FloatDtype::F16 => Self::F16,
        }
    }
}

impl From<FloatDtype> for StoredDtype {
    fn from(choice: FloatDtype) -> Self {
        match choice {
            FloatDtype::F64 => Self::F64,
            FloatDtype::F32 => Self::F32,
            FloatDtype::Bf16 => Self::BF16,
            FloatDtype::F16 => Self::F16,
        }
    }
}

impl From<LayoutChoice> for Layout {
    fn from(choice: LayoutChoice) -> Self {
        match choice {
            LayoutChoice::Oi => Self::OutIn,
            LayoutChoice::Io => Self::InOut,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_true() {
        for (value, shown) in [
            (0.0, "0"),
            (1.0, "1"),
            (0.05050762, "0.050508"),
            (-12.5, "-12.5"),
            (1e-5, "1.0000e-5"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(short(value), shown);
        }
    }

    #[test]
    fn names_have_no_power_over_the_terminal() {
        assert_eq!(harmless("größe.weight"), "größe.weight");
        assert_eq!(harmless("a\u{1b}[31m\n"), "a\\u{1b}[31m\\n");
        assert_eq!(harmless("a\u{202e}b"), "a\\u{202e}b");
    }

    #[test]
    fn things_are_counted() {
        assert_eq!(counted(1, "file"), "1 file");
        assert_eq!(counted(0, "file"), "0 files");
    }

    #[test]
    fn rates_are_in_decimal_units() {
        let said = rate(13_476_839_424, Duration::from_millis(20_000));
        assert_eq!(said, "13.5 GB in 20.0 s (673.8 MB/s)");
    }
}
