//! The numbers that a figure shows, as a table that can be saved.

use std::fmt::Write as _;

/// How many rows of a figure's numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Every row, every digit: each number reads back to the same bits.
    All,
    /// At most so many rows, evenly thinned, with six significant digits and without the counts of
    /// a histogram's bins: for a page.
    AtMost(usize),
}

/// One place of the table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Number(f64),
    Text(String),
    /// There is no value here: a layer that a network does not have.
    Empty,
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<usize> for Cell {
    fn from(value: usize) -> Self {
        Self::Number(value as f64)
    }
}

impl From<u64> for Cell {
    fn from(value: u64) -> Self {
        Self::Number(value as f64)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Option<f64>> for Cell {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Self::Empty, Self::Number)
    }
}

/// A head and rows as long as it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sheet {
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
    /// How many columns, from the first, are for a page too.
    brief: usize,
}

impl Sheet {
    pub(crate) fn new(columns: Vec<String>, rows: Vec<Vec<Cell>>) -> Self {
        Self {
            brief: columns.len(),
            columns,
            rows,
        }
    }

    /// As it is, with only so many columns for a page.
    pub(crate) fn with_brief(mut self, columns: usize) -> Self {
        self.brief = columns.min(self.columns.len());
        self
    }

    /// Columns of (key, value) pairs joined on their keys, which rise in the first column.
    pub(crate) fn joined(key: &str, columns: Vec<(String, Vec<(f64, f64)>)>) -> Self {
        let mut keys: Vec<f64> = columns
            .iter()
            .flat_map(|(_, pairs)| pairs.iter().map(|(key, _)| *key))
            .collect();
        keys.sort_by(f64::total_cmp);
        keys.dedup_by(|a, b| a.total_cmp(b).is_eq());
        let mut rows: Vec<Vec<Cell>> = keys
            .iter()
            .map(|&key| {
                let mut row = vec![Cell::Empty; columns.len() + 1];
                row[0] = Cell::Number(key);
                row
            })
            .collect();
        for (column, (_, pairs)) in columns.iter().enumerate() {
            for (key, value) in pairs {
                if let Ok(row) = keys.binary_search_by(|k| k.total_cmp(key)) {
                    rows[row][column + 1] = Cell::Number(*value);
                }
            }
        }
        let names =
            std::iter::once(key.to_owned()).chain(columns.into_iter().map(|(name, _)| name));
        Self::new(names.collect(), rows)
    }

    /// The table as CSV (RFC 4180): lines end in CR LF, the head comes first.
    pub(crate) fn csv(&self, which: Rows) -> String {
        let mut text = String::new();
        let columns = match which {
            Rows::All => self.columns.len(),
            Rows::AtMost(_) => self.brief,
        };
        line(
            &mut text,
            self.columns[..columns].iter().map(|name| quoted(name)),
        );
        let kept = kept(self.rows.len(), which);
        for row in kept.into_iter().map(|i| &self.rows[i]) {
            line(
                &mut text,
                row.iter().take(columns).map(|cell| written(cell, which)),
            );
        }
        text
    }
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    for (i, cell) in cells.enumerate() {
        let comma = if i == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{cell}");
    }
    text.push_str("\r\n");
}

/// The rows that are written: every k-th, the first and the last.
fn kept(count: usize, which: Rows) -> Vec<usize> {
    let most = match which {
        Rows::AtMost(most) if most < count => most,
        _ => return (0..count).collect(),
    };
    if most < 2 {
        return (0..most).collect();
    }
    let last = count - 1;
    let every = last.div_ceil(most - 1);
    let mut kept: Vec<usize> = (0..count).step_by(every).collect();
    if !last.is_multiple_of(every) {
        kept.push(last);
    }
    kept
}

fn written(cell: &Cell, which: Rows) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => quoted(text),
        Cell::Number(x) if x.is_nan() => "NaN".to_owned(),
        Cell::Number(x) if x.is_infinite() => if *x > 0.0 { "inf" } else { "-inf" }.to_owned(),
        Cell::Number(x) => decimal(match which {
            Rows::All => *x,
            Rows::AtMost(_) => format!("{x:.5e}").parse().unwrap_or(*x),
        }),
    }
}

/// The fewest digits that read back to the same number, with a power of ten where zeros would be
/// many.
fn decimal(x: f64) -> String {
    if x == 0.0 {
        "0".to_owned()
    } else if (1e-4..1e15).contains(&x.abs()) {
        format!("{x}")
    } else {
        format!("{x:e}")
    }
}

/// A text in quotes where it needs them. A text that a spreadsheet would take for a formula is led
/// by an apostrophe, which makes it a text there.
fn quoted(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let is_formula = text.starts_with(['=', '+', '-', '@']);
    let text = if is_formula { format!("'{text}") } else { text };
    if text.contains([',', '"']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Rows, Sheet, kept};

    #[test]
    fn values_join_on_their_layer_and_what_is_not_finite_is_named() {
        let a = vec![(0.0, 1.5), (1.0, f64::INFINITY)];
        let b = vec![(1.0, f64::NAN), (2.0, 1e-45)];
        let sheet = Sheet::joined("layer", vec![("a, \"b\"".into(), a), ("c".into(), b)]);
        assert_eq!(
            sheet.csv(Rows::All),
            "layer,\"a, \"\"b\"\"\",c\r\n0,1.5,\r\n1,inf,NaN\r\n2,,1e-45\r\n"
        );
    }

    #[test]
    fn thinned_rows_keep_the_first_and_the_last() {
        for count in 0..40 {
            for most in 2..45 {
                let rows = kept(count, Rows::AtMost(most));
                assert!(rows.len() <= most, "{count} {most}: {rows:?}");
                assert_eq!(rows.first().copied(), (count > 0).then_some(0));
                assert_eq!(rows.last().copied(), count.checked_sub(1));
            }
        }
        assert!(kept(5, Rows::AtMost(0)).is_empty());
        assert_eq!(kept(3, Rows::All), [0, 1, 2]);
    }

    #[test]
    fn every_digit_is_kept_where_every_row_is() {
        let third = 1.0 / 3.0;
        let sheet = Sheet::new(vec!["x".into()], vec![vec![third.into()]]);
        let back = sheet.csv(Rows::All);
        assert_eq!(back.lines().nth(1).unwrap().parse(), Ok(third));
        assert_eq!(sheet.csv(Rows::AtMost(9)), "x\r\n0.333333\r\n");
    }

    #[test]
    fn a_page_has_the_brief_columns_alone() {
        let sheet = Sheet::new(
            vec!["a".into(), "b".into()],
            vec![vec![1.0.into(), 2.0.into()]],
        );
        let sheet = sheet.with_brief(1);
        assert_eq!(sheet.csv(Rows::AtMost(5)), "a\r\n1\r\n");
        assert_eq!(sheet.csv(Rows::All), "a,b\r\n1,2\r\n");
    }

    #[test]
    fn a_name_is_no_formula_and_breaks_no_line() {
        let row = vec![Cell::from("=HYPERLINK(1)"), Cell::from("a\r\nb")];
        let sheet = Sheet::new(vec!["-a".into(), "b".into()], vec![row]);
        assert_eq!(sheet.csv(Rows::All), "'-a,b\r\n'=HYPERLINK(1),ab\r\n");
    }
}
