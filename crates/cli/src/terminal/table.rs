//! Tables of results that fit the terminal.

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use evenkeel_lab::results::{self, Value};

/// A rule under the head, and nothing else.
const RULED: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Draws `table`, at most so many columns wide: words to the left, numbers to the right.
pub(crate) fn draw(table: &results::Table, width: usize) -> String {
    let mut drawn = Table::new();
    let heads = table.columns.iter().enumerate();
    drawn
        .load_style(RULED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX))
        .set_header(heads.map(|(column, head)| {
            let below = table.rows.first().and_then(|row| row.get(column));
            Cell::new(head).set_alignment(below.map_or(CellAlignment::Left, alignment))
        }));
    for row in &table.rows {
        drawn.add_row(
            row.iter()
                .map(|value| Cell::new(value).set_alignment(alignment(value))),
        );
    }
    drawn.to_string()
}

fn alignment(value: &Value) -> CellAlignment {
    match value {
        Value::Text(_) => CellAlignment::Left,
        _ => CellAlignment::Right,
    }
}
