//! A measured or predicted value, and how it is shown in a table.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Number;

/// Values by name, in the order of the names.
pub type Map = BTreeMap<String, Value>;

/// A measured or predicted value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A count.
    Count(u64),
    /// A number, finite or not.
    Number(Number),
    /// A word.
    Text(String),
    /// Several values in order.
    List(Vec<Value>),
    /// Values by name.
    Map(Map),
}

/// Values by name, from pairs.
pub fn map<V: Into<Value>, const N: usize>(pairs: [(&str, V); N]) -> Map {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect()
}

impl From<f64> for Value {
    fn from(x: f64) -> Self {
        Self::Number(Number(x))
    }
}

impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<usize> for Value {
    fn from(count: usize) -> Self {
        Self::Count(count as u64)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl<V: Into<Value>> From<Vec<V>> for Value {
    fn from(values: Vec<V>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Number(number) => f.write_str(&show(number.0)),
            Self::Text(text) => f.write_str(text),
            Self::List(values) => {
                for (index, value) in values.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{value}")?;
                }
                Ok(())
            }
            Self::Map(map) => {
                for (index, (name, value)) in map.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{name}: {value}")?;
                }
                Ok(())
            }
        }
    }
}

/// A number for a reader: four decimals where they tell something, powers of ten elsewhere.
pub fn show(x: f64) -> String {
    match x.abs() {
        _ if x.is_nan() => "NaN".to_owned(),
        magnitude if magnitude.is_infinite() => if x > 0.0 { "∞" } else { "−∞" }.to_owned(),
        0.0 => "0".to_owned(),
        magnitude if !(1e-4..1e5).contains(&magnitude) => format!("{x:.2e}").replace('-', "−"),
        magnitude if magnitude >= 100.0 => format!("{x:.1}").replace('-', "−"),
        _ => format!("{x:.4}").replace('-', "−"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_for_readers() {
        for (x, text) in [
            (0.0, "0"),
            (-0.0058, "−0.0058"),
            (0.13044, "0.1304"),
            (516.79, "516.8"),
            (1.5e27, "1.50e27"),
            (3.1e-40, "3.10e−40"),
            (f64::INFINITY, "∞"),
            (f64::NEG_INFINITY, "−∞"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(show(x), text);
        }
    }

    #[test]
    fn values_read_back_as_the_kind_they_were() {
        let values = map([
            ("count", Value::from(3_u64)),
            ("number", Value::from(3.0)),
            ("infinite", Value::from(f64::INFINITY)),
            ("text", Value::from("three")),
            ("list", Value::from(vec![1.5, 2.5])),
            ("map", Value::from(map([("27", 1_u64)]))),
        ]);
        let json = serde_json::to_string(&values).unwrap();
        let back: Map = serde_json::from_str(&json).unwrap();
        assert_eq!(back, values);
    }
}
