//! Tables without lines: columns, two spaces apart.

use comfy_table::{Cell, CellAlignment, Table, presets};

use super::plain::add;

/// A table with titles; the columns of these numbers are numbers, and stand to the right.
pub(super) fn table(header: &[&str], right: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.iter().enumerate().map(|(index, title)| {
        let cell = Cell::new(title);
        if right.contains(&index) { cell.set_alignment(CellAlignment::Right) } else { cell }
    }));
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

/// The lines of a table, without spaces at their ends.
pub(super) fn lines(table: &Table) -> String {
    let mut text = String::new();
    for line in table.lines() {
        add(&mut text, format_args!("{}\n", line.trim_end()));
    }
    text
}
