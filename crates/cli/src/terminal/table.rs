//! Tables of results that fit the terminal.

use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width,
};
use console::measure_text_width;
use evenkeel_lab::results::{self, Value};

use super::glyphs::{Glyphs, glyphs};

/// Columns of space between two columns of the table: this, and one that the rule's joints take.
const GAP: u16 = 1;

/// Draws `table`, at most so many columns wide: words to the left, numbers to the right.
pub(crate) fn draw(table: &results::Table, width: usize) -> String {
    draw_in(table, width, glyphs())
}

fn draw_in(table: &results::Table, width: usize, glyphs: Glyphs) -> String {
    let text = |shown: String| glyphs.text(&shown).into_owned();
    let heads: Vec<String> = table.columns.iter().map(|h| text(h.clone())).collect();
    let cells: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| row.iter().map(|value| text(value.to_string())).collect())
        .collect();
    let aligned = |column: usize| {
        let below = table.rows.first().and_then(|row| row.get(column));
        below.map_or(CellAlignment::Left, alignment)
    };
    let mut drawn = Table::new();
    drawn
        .load_style(ruled(glyphs))
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX))
        .set_header(
            heads
                .iter()
                .enumerate()
                .map(|(column, head)| Cell::new(head).set_alignment(aligned(column))),
        );
    for (row, values) in cells.iter().zip(&table.rows) {
        let row = row.iter().zip(values);
        drawn.add_row(row.map(|(cell, value)| Cell::new(cell).set_alignment(alignment(value))));
    }
    let words = longest_words(&heads, &cells);
    keep_words_whole(&mut drawn, &words, width);
    drawn.trim_fmt()
}

/// A rule under the head, and nothing else.
fn ruled(glyphs: Glyphs) -> TableStyle {
    let line = match glyphs {
        Glyphs::Unicode => '─',
        Glyphs::Ascii => '-',
    };
    TableStyle::new().header_separator(LineStyle::none().fill(line).junction(line))
}

/// The width of the longest word of each column.
fn longest_words(heads: &[String], cells: &[Vec<String>]) -> Vec<u16> {
    let longest = |text: &str| text.split(' ').map(measure_text_width).max();
    let of = |column: usize| {
        let below = cells.iter().filter_map(|row| row.get(column));
        let all = below.chain(heads.get(column));
        let width = all.filter_map(|text| longest(text)).max().unwrap_or(0);
        u16::try_from(width).unwrap_or(u16::MAX)
    };
    (0..heads.len()).map(of).collect()
}

/// Lets no word be cut, where all of them find room beside each other.
fn keep_words_whole(table: &mut Table, words: &[u16], width: usize) {
    let last = words.len().saturating_sub(1);
    let gaps = usize::from(GAP + 1) * last;
    let fits = words.iter().map(|&word| usize::from(word)).sum::<usize>() + gaps <= width;
    for (index, column) in table.column_iter_mut().enumerate() {
        let gap = if index == last { 0 } else { GAP };
        column.set_padding((0, gap));
        if let (true, Some(&word)) = (fits, words.get(index)) {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(word + gap)));
        }
    }
}

fn alignment(value: &Value) -> CellAlignment {
    match value {
        Value::Text(_) => CellAlignment::Left,
        _ => CellAlignment::Right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> results::Table {
        results::Table {
            name: "Gains".to_owned(),
            columns: ["activation", "gain", "the last of the layers", "outside"]
                .map(str::to_owned)
                .to_vec(),
            rows: vec![
                vec![
                    "relu_squared".into(),
                    0.8165.into(),
                    f64::INFINITY.into(),
                    "0%".into(),
                ],
                vec![
                    "hardshrink(0.5)".into(),
                    (-1.0158).into(),
                    0.4605.into(),
                    "6%".into(),
                ],
            ],
        }
    }

    #[test]
    fn a_table_with_room_has_a_line_a_row() {
        let drawn = draw_in(&table(), 78, Glyphs::Unicode);
        let lines = [
            "activation          gain  the last of the layers  outside",
            "─────────────────────────────────────────────────────────",
            "relu_squared      0.8165                       ∞  0%",
            "hardshrink(0.5)  −1.0158                  0.4605  6%",
        ];
        assert_eq!(drawn, lines.join("\n"));
    }

    #[test]
    fn words_are_whole_in_a_narrow_one_and_none_is_wider_than_asked() {
        for width in 44..60 {
            let drawn = draw_in(&table(), width, Glyphs::Unicode);
            assert!(drawn.contains("hardshrink(0.5)"), "{width}\n{drawn}");
            assert!(drawn.contains("relu_squared"), "{width}\n{drawn}");
            for line in drawn.lines() {
                assert!(measure_text_width(line) <= width, "{width}\n{drawn}");
                assert_eq!(line, line.trim_end());
            }
        }
        // Too narrow for its words it is cut, and no wider.
        let drawn = draw_in(&table(), 30, Glyphs::Unicode);
        assert!(
            drawn.lines().all(|line| measure_text_width(line) <= 30),
            "{drawn}"
        );
    }

    #[test]
    fn ascii_is_ascii() {
        let drawn = draw_in(&table(), 78, Glyphs::Ascii);
        assert!(drawn.is_ascii(), "{drawn}");
        assert!(
            drawn.contains("-1.0158") && drawn.contains("inf"),
            "{drawn}"
        );
    }
}
