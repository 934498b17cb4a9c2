//! What an experiment measured and what was predicted, sorted for a reader: first what can be
//! compared, then what stands alone, the settings apart.

use std::collections::BTreeSet;

use evenkeel_lab::results::{Experiment, Map, Value};

use super::names::{self, headline, phrase};
use super::table::{Grid, keys_of, records};
use super::value::{text, texts};

/// A quantity with what was measured and what was predicted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) measured: String,
    pub(super) predicted: String,
}

/// A quantity and its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Single {
    pub(super) name: String,
    pub(super) value: String,
}

/// An experiment's quantities.
#[derive(Debug, Default)]
pub(super) struct Quantities {
    /// Both measured and predicted.
    pub(super) pairs: Vec<Pair>,
    /// Measured only.
    pub(super) measured: Vec<Single>,
    /// Predicted only.
    pub(super) predicted: Vec<Single>,
    /// What the experiment was given.
    pub(super) settings: Vec<Single>,
    /// Quantities with several cases, and lists of records.
    pub(super) tables: Vec<Grid>,
}

impl Quantities {
    pub(super) fn of(experiment: &Experiment) -> Self {
        let (measured, predicted) = (&experiment.measured, &experiment.predicted);
        let mut sorted = Self::default();
        let mut cases: Vec<Cases<'_>> = Vec::new();
        let names: BTreeSet<&String> = measured.keys().chain(predicted.keys()).collect();
        for name in names {
            let (m, p) = (measured.get(name), predicted.get(name));
            if m.and_then(records).is_some() {
                sorted.single(name, None, p);
            } else if is_map(m) || is_map(p) {
                cases.push(Cases { name, m, p });
            } else {
                sorted.single(name, m, p);
            }
        }
        sorted.tables.extend(tables_of(&cases));
        sorted.tables.extend(
            measured
                .iter()
                .filter_map(|(name, value)| Some(Grid::of_records(name, &records(value)?))),
        );
        sorted
    }

    /// Puts a quantity without cases where it belongs.
    fn single(&mut self, name: &str, m: Option<&Value>, p: Option<&Value>) {
        let shown = headline(&phrase(name));
        let alone = |value| Single {
            name: shown.clone(),
            value: text(value),
        };
        match (m, p) {
            (Some(_), Some(_)) => {
                let mut both = texts(&[m, p]).into_iter();
                self.pairs.push(Pair {
                    measured: both.next().unwrap_or_default(),
                    predicted: both.next().unwrap_or_default(),
                    name: shown,
                });
            }
            (Some(value), None) if names::is_setting(name) => self.settings.push(alone(value)),
            (Some(value), None) => self.measured.push(alone(value)),
            (None, Some(value)) => self.predicted.push(alone(value)),
            (None, None) => {}
        }
    }
}

fn is_map(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Map(_)))
}

/// Measured or predicted.
#[derive(Clone, Copy)]
enum Side {
    Measured,
    Predicted,
}

impl Side {
    const BOTH: [Self; 2] = [Self::Measured, Self::Predicted];

    fn word(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Predicted => "predicted",
        }
    }
}

/// A quantity that has a value in each of several cases, on one side at least.
#[derive(Clone, Copy)]
struct Cases<'a> {
    name: &'a str,
    m: Option<&'a Value>,
    p: Option<&'a Value>,
}

impl<'a> Cases<'a> {
    fn side(self, side: Side) -> Option<&'a Value> {
        match side {
            Side::Measured => self.m,
            Side::Predicted => self.p,
        }
    }

    fn map(self, side: Side) -> Option<&'a Map> {
        match self.side(side) {
            Some(Value::Map(map)) => Some(map),
            _ => None,
        }
    }

    /// The one value of a side that does not tell its cases apart.
    fn whole(self, side: Side) -> Option<&'a Value> {
        self.side(side).filter(|_| self.map(side).is_none())
    }

    fn keys(self) -> Vec<&'a str> {
        keys_of(Side::BOTH.into_iter().filter_map(|side| self.map(side)))
    }
}

/// One table for the quantities that have the same cases.
fn tables_of(cases: &[Cases<'_>]) -> Vec<Grid> {
    let mut groups: Vec<(Vec<&str>, Vec<Cases<'_>>)> = Vec::new();
    for &one in cases {
        let keys = one.keys();
        match groups.iter_mut().find(|(known, _)| *known == keys) {
            Some((_, group)) => group.push(one),
            None => groups.push((keys, vec![one])),
        }
    }
    let table = |(keys, group): &(Vec<&str>, Vec<Cases<'_>>)| {
        if group.len() > keys.len() {
            quantity_by_row(keys, group)
        } else {
            case_by_row(keys, group)
        }
    };
    groups.iter().map(table).collect()
}

/// More cases than quantities: a row a case, and for each quantity what was measured and predicted.
fn case_by_row(keys: &[&str], group: &[Cases<'_>]) -> Grid {
    let whole: Vec<Value> = group.iter().flat_map(|one| wholes(*one)).collect();
    let mut labels: Vec<Value> = keys
        .iter()
        .map(|key| Value::from(names::case(key)))
        .collect();
    if !whole.is_empty() {
        labels.push(Value::from("all"));
    }
    let head = group.first().map_or("", |one| names::keys_of(one.name));
    let mut columns = vec![(head.to_owned(), labels.iter().map(Some).collect())];
    for one in group {
        for side in Side::BOTH {
            let mut values: Vec<_> = keys.iter().map(|key| one.map(side)?.get(*key)).collect();
            if !whole.is_empty() {
                values.push(one.whole(side));
            }
            let name = match group {
                [_] => side.word().to_owned(),
                _ => format!("{}, {}", phrase(one.name), side.word()),
            };
            columns.push((name, values));
        }
    }
    let names: Vec<String> = group.iter().map(|one| phrase(one.name)).collect();
    Grid::of(headline(&names.join("; ")), told(columns))
}

fn wholes(one: Cases<'_>) -> impl Iterator<Item = Value> {
    Side::BOTH
        .into_iter()
        .filter_map(move |side| one.whole(side).cloned())
}

/// More quantities than cases: a row a quantity, and its cases beside each other.
fn quantity_by_row(keys: &[&str], group: &[Cases<'_>]) -> Grid {
    let labels: Vec<Value> = group
        .iter()
        .map(|one| Value::from(phrase(one.name)))
        .collect();
    let mut columns = vec![("quantity".to_owned(), labels.iter().map(Some).collect())];
    let both = Side::BOTH.map(|side| group.iter().any(|one| one.map(side).is_some()));
    for key in keys {
        for side in Side::BOTH {
            let name = match both {
                [true, true] => format!("{}, {}", phrase(key), side.word()),
                _ => phrase(key),
            };
            let values = group.iter().map(|one| one.map(side)?.get(*key)).collect();
            columns.push((name, values));
        }
    }
    for side in Side::BOTH {
        let values = group.iter().map(|one| one.whole(side)).collect();
        columns.push((side.word().to_owned(), values));
    }
    Grid::of("Case by case".to_owned(), told(columns))
}

/// The columns that hold a value at all.
fn told(columns: Vec<(String, Vec<Option<&Value>>)>) -> Vec<(String, Vec<Option<&Value>>)> {
    let holds = |values: &[Option<&Value>]| values.iter().any(Option::is_some);
    columns
        .into_iter()
        .filter(|(_, values)| holds(values))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use evenkeel_lab::results::{Experiment, Map, Value, map};

    use super::{Pair, Quantities, Single};

    fn quantities(measured: Map, predicted: Map) -> Quantities {
        let bare = r#"{"id": "e", "title": "", "question": "", "verdict": "", "agrees": true,
            "measured": {}, "predicted": {}, "command": ""}"#;
        let experiment: Experiment = serde_json::from_str(bare).unwrap();
        Quantities::of(&Experiment {
            measured,
            predicted,
            ..experiment
        })
    }

    fn joined(maps: [Map; 2]) -> Map {
        maps.into_iter().flatten().collect()
    }

    fn single(name: &str, value: &str) -> Single {
        Single {
            name: name.into(),
            value: value.into(),
        }
    }

    #[test]
    fn pairs_come_apart_from_what_stands_alone_and_from_settings() {
        let measured = joined([
            map([("depth", 100_u64), ("one_layer_seeds", 1000)]),
            map([("mean", 9.03), ("alone", 0.5)]),
        ]);
        let sorted = quantities(measured, map([("mean", 9.027_03), ("std", 1.0)]));
        let pair = Pair {
            name: "Mean".into(),
            measured: "9.030".into(),
            predicted: "9.027".into(),
        };
        assert_eq!(sorted.pairs, [pair]);
        assert_eq!(sorted.measured, [single("Alone", "0.5")]);
        assert_eq!(sorted.predicted, [single("Std", "1")]);
        assert_eq!(
            sorted.settings,
            [
                single("Depth", "100"),
                single("Seeds of the single layer", "1000")
            ]
        );
        assert!(sorted.tables.is_empty());
    }

    #[test]
    fn cases_are_a_table_with_both_sides() {
        let measured = map([("first_nonfinite", map([("28", 8_u64), ("9", 2)]))]);
        let predicted = map([("first_nonfinite", map([("28", 7.5), ("30", 0.25)]))]);
        let sorted = quantities(measured, predicted);
        assert!(sorted.pairs.is_empty());
        let grid = &sorted.tables[0];
        assert_eq!(grid.name, "First layer with ∞ or NaN");
        let heads: Vec<_> = grid.columns.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(heads, ["layer", "measured", "predicted"]);
        assert_eq!(
            grid.rows,
            [["9", "2", "–"], ["28", "8", "7.50"], ["30", "–", "0.25"]]
        );
    }

    #[test]
    fn quantities_with_few_cases_are_rows_and_their_prediction_stays_with_them() {
        let case = |accuracy: f64| map([("last_loss", 0.25), ("test_accuracy", accuracy)]);
        let names = [
            "xavier_at_5_layers",
            "xavier_at_14_layers",
            "kaiming_at_5_layers",
        ];
        let measured = map(names.map(|name| (name, case(0.9))));
        let predicted = map(names.map(|name| (name, "learns")));
        let grid = &quantities(measured, predicted).tables[0];
        let heads: Vec<_> = grid.columns.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(
            heads,
            ["quantity", "last loss", "test accuracy", "predicted"]
        );
        assert_eq!(
            grid.rows[0],
            ["Kaiming at 5 layers", "0.25", "0.9", "learns"]
        );
    }

    #[test]
    fn a_side_that_does_not_tell_cases_apart_is_shown_for_all() {
        let measured = map([("a", map([("x", 1_u64), ("y", 2)]))]);
        let grid = &quantities(measured, map([("a", 3_u64)])).tables[0];
        assert_eq!(
            grid.rows,
            [["x", "1", "–"], ["y", "2", "–"], ["all", "–", "3"]]
        );
    }

    #[test]
    fn records_are_tables_and_a_prediction_of_them_is_kept() {
        let runs = Value::List(vec![Value::Map(map([("depth", 5_u64)]))]);
        let measured: Map = BTreeMap::from([("runs".to_owned(), runs)]);
        let sorted = quantities(measured, map([("runs", "learns")]));
        assert_eq!(sorted.tables[0].rows, [["5"]]);
        assert_eq!(sorted.predicted, [single("Runs", "learns")]);
    }
}
