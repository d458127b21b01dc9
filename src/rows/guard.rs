//! Keeps cells of a `rejected.csv` from running as formulas in a spreadsheet, and gives them back as they were.
//!
//! Spreadsheets take a cell that begins with `=`, `+`, `-`, `@`, a tab or a line break for a formula, and so may its
//! full-width forms be taken (OWASP, "CSV Injection"). Such a cell gets an apostrophe in front, which spreadsheets show as text
//! and save again. A cell that has apostrophes before such a character gets one more, so that taking one away always gives
//! the cell as it was: telephone numbers and negative numbers survive.

/// The columns that a `rejected.csv` has after those of the file. A file with these at its end is taken to be one.
pub const ADDED_COLUMNS: [&str; 3] = ["reason", "line", "file"];

const APOSTROPHE: u8 = b'\'';

/// `＝`, `＋`, `－` and `＠` in UTF-8.
const FULL_WIDTH: [&[u8]; 4] = [b"\xef\xbc\x9d", b"\xef\xbc\x8b", b"\xef\xbc\x8d", b"\xef\xbc\xa0"];

/// The columns without those that a `rejected.csv` has at its end; all of them where they are of another file.
pub(super) fn own_columns<C: AsRef<str>>(columns: &[C]) -> &[C] {
    let (own, last) = columns.split_at(columns.len().saturating_sub(ADDED_COLUMNS.len()));
    let are_added = last.iter().map(|column| column.as_ref().trim()).eq(ADDED_COLUMNS);
    if are_added && !own.is_empty() { own } else { columns }
}

/// Whether columns are those of a `rejected.csv`.
pub(super) fn are_added<C: AsRef<str>>(columns: &[C]) -> bool {
    own_columns(columns).len() < columns.len()
}

/// Whether a cell is written with an apostrophe in front.
pub(super) fn needs_guard(cell: &[u8]) -> bool {
    let apostrophes = cell.iter().take_while(|byte| **byte == APOSTROPHE).count();
    let rest = cell.get(apostrophes..).unwrap_or_default();
    matches!(rest.first(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n'))
        || FULL_WIDTH.iter().any(|form| rest.starts_with(form))
}

/// The cell as it was before it was written: without the apostrophe, if it got one.
pub(super) fn unguarded(cell: &[u8]) -> &[u8] {
    match cell.split_first() {
        Some((&APOSTROPHE, rest)) if needs_guard(rest) => rest,
        _ => cell,
    }
}

/// The same for text.
pub(super) fn unguarded_text(cell: &str) -> &str {
    if unguarded(cell.as_bytes()).len() < cell.len() { cell.get(1..).unwrap_or(cell) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_run_is_guarded_and_given_back_as_it_was() {
        for cell in [
            "=1+1",
            "+81 90 1234 5678",
            "-5",
            "@SUM(A1)",
            "\tx",
            "\rx",
            "\nx",
            "＝1",
            "＋1",
            "－1",
            "＠x",
            "'=1",
            "''-5",
        ] {
            assert!(needs_guard(cell.as_bytes()), "{cell:?}");
            let written = format!("'{cell}");
            assert_eq!(unguarded(written.as_bytes()), cell.as_bytes());
            assert_eq!(unguarded_text(&written), cell);
        }
        for cell in ["", "'", "''", "o'neil", "'quoted'", "5-3", " =1", "会員", "a=b"] {
            assert!(!needs_guard(cell.as_bytes()), "{cell:?}");
            assert_eq!(unguarded(cell.as_bytes()), cell.as_bytes(), "nothing is taken away that was not put there");
        }
    }

    #[test]
    fn a_rejected_csv_is_known_by_its_last_columns() {
        assert!(are_added(&["LoyaltyId", "reason", "line", "file"]));
        assert!(are_added(&["LoyaltyId", "reason", " line", "file "]));
        assert!(!are_added(&["reason", "line", "file"]), "a file has columns of its own");
        assert!(!are_added(&["LoyaltyId", "reason", "file", "line"]));
        assert!(!are_added::<&str>(&[]));
    }
}
