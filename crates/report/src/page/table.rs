//! Tables: of cells that an experiment gave, of records, of quantities that have several cases.

use std::collections::BTreeMap;

use evenkeel_lab::results::{Map, Table, Value};

use super::names::{headline, phrase};
use super::value::texts;

/// A table of texts, ready for the page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<String>>,
}

/// The head of a column.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    /// Whether every value below is a number: such a column is set flush right.
    pub(super) numeric: bool,
}

/// A longer table is folded, so that a reader meets the next thing on one screen with this one.
const LONGEST: usize = 14;

impl Grid {
    /// Whether the page folds it.
    pub(super) fn is_long(&self) -> bool {
        self.rows.len() > LONGEST
    }

    /// A table of values, column by column. Numbers in a column share their decimals.
    pub(super) fn of(name: String, columns: Vec<(String, Vec<Option<&Value>>)>) -> Self {
        let height = columns.iter().map(|(_, values)| values.len()).max();
        let mut rows = vec![Vec::with_capacity(columns.len()); height.unwrap_or(0)];
        let mut heads = Vec::with_capacity(columns.len());
        for (name, values) in columns {
            let numeric = values
                .iter()
                .all(|value| matches!(value, None | Some(Value::Count(_) | Value::Number(_))));
            for (row, text) in rows.iter_mut().zip(texts(&values)) {
                row.push(text);
            }
            heads.push(Column { name, numeric });
        }
        Self {
            name,
            columns: heads,
            rows,
        }
    }

    /// An experiment's own table.
    pub(super) fn of_table(table: &Table) -> Self {
        let column = |(i, name): (usize, &String)| {
            let values = table.rows.iter().map(|row| row.get(i)).collect();
            (name.clone(), values)
        };
        let columns = table.columns.iter().enumerate().map(column).collect();
        Self::of(table.name.clone(), columns)
    }

    /// A table of a list of maps: words first, then numbers.
    pub(super) fn of_records(name: &str, records: &[&Map]) -> Self {
        let mut keys: Vec<&String> = records.iter().flat_map(|record| record.keys()).collect();
        keys.sort();
        keys.dedup();
        keys.sort_by_key(|key| {
            let text = |record: &&Map| matches!(record.get(*key), Some(Value::Text(_)));
            !records.iter().any(text)
        });
        let column = |key: &String| {
            let values = records.iter().map(|record| record.get(key)).collect();
            (phrase(key), values)
        };
        let columns = keys.into_iter().map(column).collect();
        Self::of(headline(&phrase(name)), columns)
    }
}

/// The maps of a list that holds nothing else.
pub(super) fn records(value: &Value) -> Option<Vec<&Map>> {
    let Value::List(list) = value else {
        return None;
    };
    let records: Vec<&Map> = list
        .iter()
        .filter_map(|value| match value {
            Value::Map(map) => Some(map),
            _ => None,
        })
        .collect();
    (!records.is_empty() && records.len() == list.len()).then_some(records)
}

/// The keys of maps, each once: numbers by value, then words.
pub(super) fn keys_of<'a>(maps: impl IntoIterator<Item = &'a Map>) -> Vec<&'a str> {
    let order = |key: &str| {
        let number = key.parse::<f64>().ok().filter(|x| x.is_finite());
        // The bits of numbers that are not negative are in the numbers' order.
        let place = number.filter(|x| *x >= 0.0).map_or(u64::MAX, f64::to_bits);
        (place, key.to_owned())
    };
    let keys: BTreeMap<(u64, String), &str> = maps
        .into_iter()
        .flat_map(BTreeMap::keys)
        .map(|key| (order(key), key.as_str()))
        .collect();
    keys.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::{Grid, keys_of, records};
    use evenkeel_lab::results::{Number, Value, map};

    #[test]
    fn records_are_a_table_with_words_first() {
        let run = |init: &str, loss: f64| {
            let mut run = map([("depth", 5_u64)]);
            run.insert("init".into(), Value::Text(init.into()));
            run.insert(
                "loss".into(),
                Value::List(vec![Value::Number(Number(loss)); 10]),
            );
            Value::Map(run)
        };
        let runs = Value::List(vec![run("xavier", 0.5), run("naive", f64::NAN)]);
        let grid = Grid::of_records("runs", &records(&runs).unwrap());
        let names: Vec<_> = grid.columns.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["initialisation", "depth", "loss"]);
        assert_eq!(grid.rows[1][2], "NaN → NaN (10 values)");
        assert!(grid.columns[1].numeric && !grid.columns[2].numeric);
        assert_eq!(grid.name, "Runs");
    }

    #[test]
    fn keys_come_as_a_reader_counts() {
        let (a, b) = (
            map([("9", 1_u64), ("abs", 1)]),
            map([("10", 1_u64), ("9", 2)]),
        );
        assert_eq!(keys_of([&a, &b]), ["9", "10", "abs"]);
    }
}
