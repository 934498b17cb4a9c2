//! Numbers as the theory commands print them.

/// A number to so many significant digits, without the zeros that say nothing.
pub(crate) fn significant(x: f64, digits: usize) -> String {
    if !x.is_finite() {
        return evenkeel_lab::results::show(x);
    }
    if x == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{x:.*e}", digits.max(1) - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let text = if (-4..6).contains(&exponent) {
        let decimals = usize::try_from(digits as i32 - 1 - exponent).unwrap_or(0);
        trimmed(&format!("{x:.decimals$}")).to_owned()
    } else {
        format!("{}e{exponent}", trimmed(mantissa))
    };
    text.replace('-', "−")
}

/// How far below the terms that it was summed from a number is nothing but their rounding: 45 units
/// in the last place of an f64.
const ROUNDING: f64 = 1e-14;

/// A number that was summed from terms of the size `scale`: 0 where it is lost in their rounding.
pub(crate) fn beside(x: f64, scale: f64) -> f64 {
    if x.abs() <= ROUNDING * scale.abs() {
        0.0
    } else {
        x
    }
}

/// A number with so many decimals, and a true minus; powers of ten where these say nothing.
pub(crate) fn decimals(x: f64, decimals: usize) -> String {
    let fits = x == 0.0 || (1e-3..1e4).contains(&x.abs());
    if !x.is_finite() || !fits {
        return significant(x, 3);
    }
    format!("{x:.decimals$}").replace('-', "−")
}

/// A number of layers in words: whole, at least one.
pub(crate) fn layers(count: f64) -> String {
    match count.ceil() {
        many if many >= 1e6 => "more than a million layers".to_owned(),
        many if many > 1.0 => format!("{many:.0} layers"),
        _ => "1 layer".to_owned(),
    }
}

/// How often something happens that takes so many layers.
pub(crate) fn every(count: f64) -> String {
    match layers(count).as_str() {
        "1 layer" => "every layer".to_owned(),
        many => format!("every {many}"),
    }
}

/// e to a power, which may be beyond what f64 holds.
pub(crate) fn exponential(power: f64) -> String {
    let decade = power / std::f64::consts::LN_10;
    if !(-3.0..4.0).contains(&decade) && decade.is_finite() {
        // Rounding must not make a mantissa of ten.
        let whole = (decade + 0.0223).floor();
        let mantissa = libm::exp10(decade - whole);
        // Beyond a hundred decades nobody asks for the second digit.
        let digits = if whole.abs() < 100.0 { 1 } else { 0 };
        return format!("{mantissa:.digits$}e{whole}").replace('-', "−");
    }
    let x = libm::exp(power);
    format!("{x:.*}", if x < 10.0 { 3 } else { 1 })
}

fn trimmed(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_kept_and_zeros_are_not() {
        for (x, text) in [
            (1.533_530_441_195_54, "1.5335304412"),
            (2.0, "2"),
            (-0.25, "−0.25"),
            (1.25e-9, "1.25e−9"),
            (0.0, "0"),
            (f64::INFINITY, "∞"),
        ] {
            assert_eq!(significant(x, 11), text);
        }
        assert_eq!(decimals(1.0, 4), "1.0000");
        assert_eq!(decimals(-2e-17, 4), "−2e−17");
        assert_eq!(decimals(f64::NAN, 4), "NaN");
    }

    #[test]
    fn what_is_lost_in_rounding_is_none_whatever_the_scale() {
        for scale in [1e-20, 1.0, 1e8] {
            assert_eq!(beside(-6e-15 * scale, scale), 0.0);
            assert_eq!(beside(2e-14 * scale, scale), 2e-14 * scale);
        }
        assert_eq!(beside(1e-30, 0.0), 1e-30);
        assert!(beside(f64::NAN, 1.0).is_nan());
    }

    #[test]
    fn exponentials_do_not_vanish() {
        for (power, text) in [
            (0.0, "1.000"),
            (4.0, "54.6"),
            (-2000.0, "3e−869"),
            (20.0, "4.9e8"),
        ] {
            assert_eq!(exponential(power), text);
        }
    }

    #[test]
    fn layers_are_whole() {
        assert_eq!(layers(0.2), "1 layer");
        assert_eq!(layers(34.2), "35 layers");
        assert_eq!(every(34.2), "every 35 layers");
        assert_eq!(every(0.2), "every layer");
        assert_eq!(layers(1e9), "more than a million layers");
    }
}
