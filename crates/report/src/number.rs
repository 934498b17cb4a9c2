//! Numbers as a reader wants them: four significant digits, a true minus, no `e` notation.

/// A number for running text and tables: four significant digits, `a × 10ᵏ` outside
/// `[10⁻³, 10⁶)`, and `∞`, `−∞` or `NaN` as they are.
pub(crate) fn number(x: f64) -> String {
    if x.is_nan() {
        return "NaN".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "∞" } else { "−∞" }.to_owned();
    }
    if x == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{:.3e}", x.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let text = if (-3..6).contains(&exponent) {
        let decimals = usize::try_from(3 - exponent).unwrap_or(0);
        trim_zeros(&format!("{:.decimals$}", x.abs())).to_owned()
    } else {
        format!("{} × 10{}", trim_zeros(mantissa), superscript(exponent))
    };
    if x < 0.0 { format!("−{text}") } else { text }
}

/// A number with a fixed count of decimals, as the lesson prints means and deviations.
pub(crate) fn fixed(x: f64, decimals: usize) -> String {
    if !x.is_finite() {
        return number(x);
    }
    let text = format!("{:.decimals$}", x.abs());
    let is_zero = text.bytes().all(|b| b == b'0' || b == b'.');
    if x < 0.0 && !is_zero {
        format!("−{text}")
    } else {
        text
    }
}

/// A count with thin spaces between groups of three digits, from five digits on.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Seconds as `0.8 s`, `42 s` or `3 min 5 s`.
pub(crate) fn seconds(s: f64) -> String {
    if !s.is_finite() || s < 0.0 {
        "unknown".to_owned()
    } else if s < 9.95 {
        format!("{s:.1} s")
    } else if s < 119.5 {
        format!("{s:.0} s")
    } else {
        let whole = s.round() as u64;
        format!("{} min {} s", whole / 60, whole % 60)
    }
}

/// An exponent in Unicode superscripts.
fn superscript(exponent: i32) -> String {
    let digit = |c| match c {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        _ => '⁹',
    };
    exponent.to_string().chars().map(digit).collect()
}

fn trim_zeros(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{count, fixed, number, seconds};

    #[test]
    fn numbers_are_short_and_nothing_is_lost() {
        for (x, text) in [
            (0.0, "0"),
            (-0.0058, "−0.0058"),
            (0.130_4, "0.1304"),
            (9.027_03, "9.027"),
            (256.0, "256"),
            (50_000.0, "50000"),
            (3.4e38, "3.4 × 10³⁸"),
            (-1.5e-45, "−1.5 × 10⁻⁴⁵"),
            (0.999_96, "1"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "−∞"),
        ] {
            assert_eq!(number(x), text);
        }
    }

    #[test]
    fn fixed_decimals_have_no_negative_zero() {
        assert_eq!(fixed(-0.005_84, 4), "−0.0058");
        assert_eq!(fixed(-0.000_03, 4), "0.0000");
        assert_eq!(fixed(f64::INFINITY, 4), "∞");
    }

    #[test]
    fn counts_are_grouped_and_seconds_are_words() {
        assert_eq!(count(5_000), "5000");
        assert_eq!(count(50_000), "50\u{202f}000");
        assert_eq!(seconds(41.7), "42 s");
        assert_eq!(seconds(185.2), "3 min 5 s");
    }
}
