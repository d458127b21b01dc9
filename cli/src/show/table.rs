//! Tables of text: columns as wide as their widest cell, numbers to the right.

use std::fmt;

use console::{Alignment, measure_text_width, pad_str, style};

use crate::texts;

/// The separator of columns.
const GAP: &str = "  ";

/// A table under a header.
pub(crate) struct Table {
    columns: Vec<(String, Alignment)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows. A column is named by the end of the key of its text, and one of numbers begins with `>`.
    pub(crate) fn new(columns: &[&'static str]) -> Self {
        let columns = columns.iter().map(|name| match name.strip_prefix('>') {
            Some(name) => (heading(name), Alignment::Right),
            None => (heading(name), Alignment::Left),
        });
        Self { columns: columns.collect(), rows: Vec::new() }
    }

    /// Adds a row. Cells may be coloured and of any script.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    fn width(&self, column: usize, name: &str) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| measure_text_width(cell));
        cells.max().unwrap_or(0).max(measure_text_width(name))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: Vec<usize> =
            self.columns.iter().enumerate().map(|(column, (name, _))| self.width(column, name)).collect();
        let text = |cells: Vec<&str>| {
            let padded = cells.iter().zip(&self.columns).zip(&widths);
            let padded: Vec<_> =
                padded.map(|((cell, (_, alignment)), width)| pad_str(cell, *width, *alignment, None)).collect();
            padded.join(GAP).trim_end().to_owned()
        };
        write!(f, "{}", style(text(self.columns.iter().map(|(name, _)| name.as_str()).collect())).dim())?;
        for row in &self.rows {
            write!(f, "\n{}", text(row.iter().map(String::as_str).collect()))?;
        }
        Ok(())
    }
}

fn heading(name: &str) -> String {
    if name.is_empty() { String::new() } else { texts::t(&format!("col-{}", name.replace(' ', "-"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_and_numbers_stay_in_their_columns() {
        let mut table = Table::new(&["segment", ">rows", "outcome"]);
        table.row(vec!["優良顧客".to_owned(), "1,234".to_owned(), "delivered".to_owned()]);
        table.row(vec!["ChurnRisk".to_owned(), "7".to_owned(), String::new()]);
        let text = console::strip_ansi_codes(&table.to_string()).into_owned();
        assert_eq!(text, "segment     rows  outcome\n優良顧客   1,234  delivered\nChurnRisk      7");
    }
}
