//! How far a value is from another.

use evenkeel_lab::results::Value;

use crate::number::number;

/// What a value is more than the first: `same`, `+0.021 (+3.2%)`, or that it differs where the two
/// are no numbers to subtract.
pub(super) fn difference(first: &Value, value: &Value) -> String {
    if is_same(first, value) {
        return "same".to_owned();
    }
    let (Some(a), Some(b)) = (as_number(first), as_number(value)) else {
        return "differs".to_owned();
    };
    let more = b - a;
    if !more.is_finite() {
        return "differs".to_owned();
    }
    let share = more / a.abs() * 100.0;
    if share.is_finite() {
        format!("{} ({}%)", signed(more), signed(rounded(share)))
    } else {
        signed(more)
    }
}

/// Bit for bit the same; one NaN is as good as another.
fn is_same(first: &Value, value: &Value) -> bool {
    first == value || format!("{first:?}") == format!("{value:?}")
}

fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Count(n) => Some(*n as f64),
        Value::Number(x) => Some(x.0),
        _ => None,
    }
}

/// Two significant digits, all of a whole percentage.
fn rounded(share: f64) -> f64 {
    if share.abs() >= 10.0 {
        share.round()
    } else {
        format!("{share:.1e}").parse().unwrap_or(share)
    }
}

fn signed(x: f64) -> String {
    if x > 0.0 {
        format!("+{}", number(x))
    } else {
        number(x)
    }
}

#[cfg(test)]
mod tests {
    use super::difference;
    use evenkeel_lab::results::Value;

    #[test]
    fn differences_are_told_as_far_as_they_go() {
        let number = |x: f64| Value::from(x);
        for (first, value, text) in [
            (number(0.5), number(0.5), "same"),
            (number(f64::NAN), number(f64::NAN), "same"),
            (number(0.5), number(0.6), "+0.1 (+20%)"),
            (number(2.0), number(1.999), "−0.001 (−0.05%)"),
            (number(-2.0), number(-1.0), "+1 (+50%)"),
            (number(0.0), number(0.25), "+0.25"),
            (number(1.0), number(f64::INFINITY), "differs"),
            (Value::from(300_u64), Value::from(30_u64), "−270 (−90%)"),
            (Value::from("yes"), Value::from("no"), "differs"),
            (Value::from("yes"), Value::from("yes"), "same"),
        ] {
            assert_eq!(difference(&first, &value), text, "{first:?} {value:?}");
        }
    }
}
