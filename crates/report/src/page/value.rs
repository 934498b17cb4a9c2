//! Measured and predicted values as text, side by side.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_lab::results::Value;

use crate::figure::sentence_case;
use crate::number::{count, number};

/// One quantity, measured and predicted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Comparison {
    pub(super) name: String,
    pub(super) measured: String,
    pub(super) predicted: String,
}

/// A table of cells.
pub(super) struct Grid {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// A value and whether it is set flush right.
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) numeric: bool,
}

impl Grid {
    /// Whether every value of a column is a number: such a column is set flush right.
    pub(super) fn is_numeric(&self, column: &usize) -> bool {
        self.rows
            .iter()
            .all(|row| row.get(*column).is_some_and(|cell| cell.numeric))
    }
}

/// A list with more values than this is told by its ends.
const MOST_LISTED: usize = 6;

pub(super) fn cell(value: &Value) -> Cell {
    let numeric = matches!(value, Value::Count(_) | Value::Number(_));
    Cell {
        text: text(value),
        numeric,
    }
}

/// Sets measured beside predicted, a row a quantity; a map becomes a row an entry. Lists of maps
/// are tables of their own: see [`grids`].
pub(super) fn compare(
    measured: &BTreeMap<String, Value>,
    predicted: &BTreeMap<String, Value>,
) -> Vec<Comparison> {
    let mut rows = Vec::new();
    let names: BTreeSet<&String> = measured.keys().chain(predicted.keys()).collect();
    for name in names {
        collect(
            &words(name),
            measured.get(name),
            predicted.get(name),
            &mut rows,
        );
    }
    rows
}

fn collect(name: &str, m: Option<&Value>, p: Option<&Value>, rows: &mut Vec<Comparison>) {
    if m.is_some_and(|v| as_records(v).is_some()) {
        return;
    }
    let is_map = |v: Option<&Value>| matches!(v, Some(Value::Map(_)));
    if is_map(m) || is_map(p) {
        let (left, right) = (entries(m), entries(p));
        let keys: BTreeSet<&String> = left.keys().chain(right.keys()).copied().collect();
        for key in keys {
            let inner = format!("{name}: {}", words(key));
            collect(
                &inner,
                left.get(key).copied(),
                right.get(key).copied(),
                rows,
            );
        }
        for (side, value) in [m, p].into_iter().enumerate() {
            if let Some(value) = value.filter(|v| !matches!(v, Value::Map(_))) {
                let (measured, predicted) = if side == 0 {
                    (Some(value), None)
                } else {
                    (None, Some(value))
                };
                rows.push(row(name, measured, predicted));
            }
        }
        return;
    }
    rows.push(row(name, m, p));
}

fn row(name: &str, m: Option<&Value>, p: Option<&Value>) -> Comparison {
    let show = |v: Option<&Value>| v.map_or_else(|| "–".to_owned(), text);
    Comparison {
        name: name.to_owned(),
        measured: show(m),
        predicted: show(p),
    }
}

fn entries(value: Option<&Value>) -> BTreeMap<&String, &Value> {
    match value {
        Some(Value::Map(map)) => map.iter().collect(),
        _ => BTreeMap::new(),
    }
}

/// A table for each measured list of maps: words first, then numbers.
pub(super) fn grids(measured: &BTreeMap<String, Value>) -> Vec<Grid> {
    measured
        .iter()
        .filter_map(|(name, value)| Some(grid(&sentence_case(&words(name)), &as_records(value)?)))
        .collect()
}

fn as_records(value: &Value) -> Option<Vec<&BTreeMap<String, Value>>> {
    let Value::List(list) = value else {
        return None;
    };
    let records: Vec<_> = list
        .iter()
        .filter_map(|v| {
            if let Value::Map(map) = v {
                Some(map)
            } else {
                None
            }
        })
        .collect();
    (!records.is_empty() && records.len() == list.len()).then_some(records)
}

fn grid(name: &str, records: &[&BTreeMap<String, Value>]) -> Grid {
    let keys: BTreeSet<&String> = records.iter().flat_map(|r| r.keys()).collect();
    let mut keys: Vec<&String> = keys.into_iter().collect();
    keys.sort_by_key(|key| {
        !records
            .iter()
            .any(|r| matches!(r.get(*key), Some(Value::Text(_))))
    });
    let missing = || Cell {
        text: "–".to_owned(),
        numeric: false,
    };
    Grid {
        name: name.to_owned(),
        columns: keys.iter().map(|key| words(key)).collect(),
        rows: records
            .iter()
            .map(|r| {
                keys.iter()
                    .map(|key| r.get(*key).map_or_else(missing, cell))
                    .collect()
            })
            .collect(),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Count(n) => count(*n),
        Value::Number(x) => number(x.0),
        Value::Text(text) => text.clone(),
        Value::List(list) => list_text(list),
        Value::Map(map) => {
            let parts: Vec<String> = map
                .iter()
                .map(|(k, v)| format!("{}: {}", words(k), text(v)))
                .collect();
            parts.join(", ")
        }
    }
}

fn list_text(list: &[Value]) -> String {
    match list {
        [] => "none".to_owned(),
        [first, .., last] if list.len() > MOST_LISTED => {
            format!("{} → {} ({} values)", text(first), text(last), list.len())
        }
        list => list.iter().map(text).collect::<Vec<_>>().join(", "),
    }
}

/// `log_rms_mean` → `log rms mean`.
fn words(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::{compare, grids, text};
    use evenkeel_lab::results::{Number, Value};
    use std::collections::BTreeMap;

    fn map(pairs: &[(&str, Value)]) -> BTreeMap<String, Value> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), v.clone()))
            .collect()
    }

    #[test]
    fn every_quantity_has_a_row_whichever_side_has_it() {
        let measured = map(&[
            (
                "first_nonfinite",
                Value::Map(map(&[("28", Value::Count(8)), ("27", Value::Count(2))])),
            ),
            ("mean", Value::Number(Number(9.03))),
        ]);
        let predicted = map(&[
            ("mean", Value::Number(Number(9.027_03))),
            ("std", Value::Number(Number(1.0))),
        ]);
        let rows: Vec<_> = compare(&measured, &predicted)
            .into_iter()
            .map(|r| (r.name, r.measured, r.predicted))
            .collect();
        let expected = [
            ("first nonfinite: 27", "2", "–"),
            ("first nonfinite: 28", "8", "–"),
            ("mean", "9.03", "9.027"),
            ("std", "–", "1"),
        ];
        assert_eq!(
            rows,
            expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()))
        );
    }

    #[test]
    fn a_list_of_maps_is_a_table_and_no_row() {
        let run = |init: &str, loss: f64| {
            Value::Map(map(&[
                ("depth", Value::Count(5)),
                ("init", Value::Text(init.into())),
                ("loss", Value::List(vec![Value::Number(Number(loss)); 10])),
            ]))
        };
        let measured = map(&[(
            "runs",
            Value::List(vec![run("xavier", 0.5), run("naive", f64::NAN)]),
        )]);
        assert!(compare(&measured, &BTreeMap::new()).is_empty());
        let grids = grids(&measured);
        assert_eq!(grids[0].columns, ["init", "depth", "loss"]);
        assert_eq!(grids[0].rows[1][2].text, "NaN → NaN (10 values)");
    }

    #[test]
    fn short_lists_are_listed() {
        let list = Value::List(vec![Value::Count(1), Value::Number(Number(0.5))]);
        assert_eq!(text(&list), "1, 0.5");
    }
}
