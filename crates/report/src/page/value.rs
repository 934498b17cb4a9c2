//! Values as text: alone, in a list, beside each other.

use evenkeel_lab::results::Value;

use super::names::phrase;
use crate::number::{count, fixed, number};

/// A list with more values than this is told by its ends.
const MOST_LISTED: usize = 6;

/// No value stands here.
pub(super) const NONE: &str = "–";

/// A value as text.
pub(super) fn text(value: &Value) -> String {
    texts(&[Some(value)]).remove(0)
}

/// Values that are read beside or below each other, as texts with as many decimals as each other.
pub(super) fn texts(values: &[Option<&Value>]) -> Vec<String> {
    let numbers: Vec<f64> = values.iter().copied().flat_map(numbers_in).collect();
    let decimals = shared_decimals(&numbers);
    let show = |value: &Option<&Value>| {
        value.map_or_else(|| NONE.to_owned(), |value| with_decimals(value, decimals))
    };
    values.iter().map(show).collect()
}

/// The numbers that a value shows.
fn numbers_in(value: Option<&Value>) -> Vec<f64> {
    match value {
        Some(Value::Number(x)) => vec![x.0],
        Some(Value::List(list)) => list
            .iter()
            .filter_map(|value| match value {
                Value::Number(x) => Some(x.0),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn with_decimals(value: &Value, decimals: Option<usize>) -> String {
    match value {
        Value::Count(n) => count(*n),
        Value::Number(x) => match decimals {
            Some(decimals) if is_plain(x.0) => fixed(x.0, decimals),
            _ => number(x.0),
        },
        // An empty text would leave a hole that looks like a fault of the page.
        Value::Text(text) if text.is_empty() => NONE.to_owned(),
        Value::Text(text) => text.clone(),
        Value::List(list) => list_text(list, decimals),
        Value::Map(map) => {
            let parts: Vec<String> = map
                .iter()
                .map(|(k, v)| format!("{}: {}", phrase(k), text(v)))
                .collect();
            parts.join(", ")
        }
    }
}

fn list_text(list: &[Value], decimals: Option<usize>) -> String {
    let show = |value: &Value| with_decimals(value, decimals);
    match list {
        [] => "none".to_owned(),
        [first, .., last] if list.len() > MOST_LISTED => {
            format!("{} → {} ({} values)", show(first), show(last), list.len())
        }
        list => list.iter().map(show).collect::<Vec<_>>().join(", "),
    }
}

/// Whether a number is written without a power of ten.
fn is_plain(x: f64) -> bool {
    x == 0.0 || (1e-3..1e6).contains(&x.abs())
}

/// More significant digits than this are noise to a reader.
const MOST_DIGITS: i32 = 6;

/// How many decimals numbers in one column share: as many as the one that needs most of them for
/// four significant digits, but no more than four where three digits of the smallest still show, and
/// no more than leave the largest its [`MOST_DIGITS`]. Where that shows less than two digits of the
/// smallest (they differ by too many powers of ten) each keeps its own.
fn shared_decimals(numbers: &[f64]) -> Option<usize> {
    let plain: Vec<f64> = numbers.iter().copied().filter(|&x| is_plain(x)).collect();
    let exponents = plain.iter().filter(|&&x| x != 0.0).map(|&x| exponent(x));
    let (smallest, largest) = (exponents.clone().min()?, exponents.max()?);
    let room = |digits: i32| usize::try_from(digits).unwrap_or(0);
    let needed = plain.iter().map(|&x| own_decimals(x)).max()?;
    let needed = needed.min(room(4.max(2 - smallest)));
    let decimals = needed.min(room(MOST_DIGITS - 1 - largest));
    let smallest_shows = smallest + i32::try_from(decimals).unwrap_or(0) + 1;
    (decimals == needed || smallest_shows >= 2).then_some(decimals)
}

/// The power of ten of the leading digit, once rounded to four.
fn exponent(x: f64) -> i32 {
    let scientific = format!("{:.3e}", x.abs());
    let exponent = scientific.split_once('e').map(|(_, e)| e.parse());
    exponent.and_then(Result::ok).unwrap_or(0)
}

/// The decimals of a number that stands alone.
fn own_decimals(x: f64) -> usize {
    number(x).split_once('.').map_or(0, |(_, tail)| tail.len())
}

#[cfg(test)]
mod tests {
    use super::{text, texts};
    use evenkeel_lab::results::{Number, Value};

    fn column(values: &[f64]) -> Vec<String> {
        let values: Vec<Value> = values.iter().map(|&x| Value::Number(Number(x))).collect();
        texts(&values.iter().map(Some).collect::<Vec<_>>())
    }

    #[test]
    fn a_column_shares_its_decimals() {
        assert_eq!(column(&[0.13044, 0.3, 1.0]), ["0.1304", "0.3000", "1.0000"]);
        assert_eq!(column(&[-0.0207, 27.8316]), ["−0.0207", "27.8316"]);
        assert_eq!(column(&[40.0, 100.0]), ["40", "100"]);
        assert_eq!(column(&[0.0, 0.5]), ["0.0", "0.5"]);
        assert_eq!(column(&[27.831_59, 1.0]), ["27.83", "1.00"]);
        assert_eq!(column(&[0.097_112, 1.4]), ["0.0971", "1.4000"]);
        assert_eq!(column(&[0.009_711, 1.4]), ["0.00971", "1.40000"]);
    }

    #[test]
    fn what_a_column_cannot_share_keeps_its_own() {
        assert_eq!(column(&[0.001_234, 123_456.0]), ["0.001234", "123456"]);
        let tiny = column(&[-8.26e-10, 1.0, f64::NAN, f64::INFINITY, 0.25]);
        assert_eq!(tiny, ["−8.26 × 10⁻¹⁰", "1.00", "NaN", "∞", "0.25"]);
    }

    #[test]
    fn short_lists_are_listed_and_long_ones_told_by_their_ends() {
        let number = |x| Value::Number(Number(x));
        let list = Value::List(vec![Value::Count(1), number(0.5), number(0.25)]);
        assert_eq!(text(&list), "1, 0.50, 0.25");
        let long = Value::List(vec![number(f64::NAN); 10]);
        assert_eq!(text(&long), "NaN → NaN (10 values)");
        assert_eq!(text(&Value::List(vec![])), "none");
        assert_eq!(text(&Value::Text(String::new())), "–");
    }
}
