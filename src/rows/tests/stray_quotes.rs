//! A stray quotation mark costs its own row, not the rows up to the next mark.

use crate::rows::{ReadLimits, ReadSettings, RowProblem};

use super::{Given, lines, read, read_with, texts};

/// A file of `count` rows of three columns in lines 2 and on; `change` may change a row.
fn file(count: usize, change: impl Fn(usize, String) -> String) -> String {
    let mut text = String::from("id,email,name\n");
    for row in 1..=count {
        text += &change(row, format!("C{row},c{row}@example.com,Name {row}"));
        text.push('\n');
    }
    text
}

fn bad(rows: &[Given]) -> Vec<&Given> {
    rows.iter().filter(|row| row.problem.is_some()).collect()
}

#[test]
fn a_mark_that_is_never_closed() {
    for (row, broken) in
        [(1, "C1,\"c1@example.com,N"), (40, "C40,c40@example.com,\"N"), (100, "\"C100,c100@example.com,N")]
    {
        let (_, rows) = read(file(100, |number, text| if number == row { broken.to_owned() } else { text }));
        assert_eq!(rows.len(), 100);
        assert_eq!(lines(&rows), (2..=101).collect::<Vec<_>>());
        let bad = bad(&rows);
        assert_eq!(bad.len(), 1, "row {row}");
        assert_eq!(bad[0].line, row as u64 + 1);
        assert!(
            matches!(bad[0].problem, Some(RowProblem::StrayQuote { from_line, .. }) if from_line == row as u64 + 1)
        );
        assert_eq!(bad[0].texts().len(), 3, "its fields are still in their columns");
    }
}

#[test]
fn the_lines_that_would_be_swallowed_are_named() {
    let text = file(50, |row, text| match row {
        3 => "C3,\"c3@example.com,N".to_owned(),
        20 => "C20,\"c20@example.com\",\"Smith, John\"".to_owned(),
        _ => text,
    });
    let (_, rows) = read(text);
    let bad = bad(&rows);
    assert_eq!(bad.len(), 1);
    assert_eq!(bad[0].problem, Some(RowProblem::StrayQuote { from_line: 4, to_line: 21 }));
    let reason = bad[0].problem.as_ref().unwrap().to_string();
    assert!(reason.contains("line 4") && reason.contains("lines 5 to 21"), "{reason}");
    assert_eq!(rows[19].texts(), ["C20", "c20@example.com", "Smith, John"]);
}

#[test]
fn a_record_with_the_right_count_is_not_believed_if_its_marks_are_out_of_place() {
    let (_, rows) = read("a,b,c\n1,\"stray,x\n2,b,c\n3,\"quoted\",c\n4,b,c\n");
    assert_eq!(bad(&rows).len(), 1);
    assert_eq!(lines(&rows), [2, 3, 4, 5]);
    assert_eq!(rows[2].texts(), ["3", "quoted", "c"]);
}

#[test]
fn rows_between_two_stray_marks_are_rows() {
    let text = file(30, |row, text| match row {
        5 => "C5,\"c5@example.com,N".to_owned(),
        25 => "C25,c25@example.com,N\"".to_owned(),
        _ => text,
    });
    let (_, rows) = read(text);
    assert_eq!(rows.len(), 30);
    assert_eq!(lines(&bad(&rows).into_iter().cloned().collect::<Vec<_>>()), [6, 26]);
}

#[test]
fn legal_line_breaks_among_the_swallowed_lines_keep_working() {
    let text = "a,b,c\n1,\"open,x\n2,\"two\nlines\",c\n3,\"and, \"\"three\"\"\n\nlines\",c\n4,b,c\n";
    let (_, rows) = read(text);
    assert_eq!(lines(&rows), [2, 3, 5, 8]);
    assert_eq!(bad(&rows).len(), 1);
    assert_eq!(rows[1].texts(), ["2", "two\nlines", "c"]);
    assert_eq!(rows[2].texts(), ["3", "and, \"three\"\n\nlines", "c"]);
}

#[test]
fn the_tail_of_a_broken_record_is_not_taken_for_a_row() {
    // The second line alone splits into three fields, but its mark is out of place.
    let (_, rows) = read("a,b,c\n1,\"x \"y\" z\nk\",2,3\n\"q\",2,3\n");
    assert_eq!(rows.last().unwrap().texts(), ["q", "2", "3"]);
    assert_eq!(bad(&rows).len(), rows.len() - 1);
}

#[test]
fn long_quoted_texts_are_legal_up_to_the_limit() {
    let note = "line, with \"\"marks\"\"\n".repeat(5_000);
    let text = format!("id,note\n1,\"{note}\"\n2,b\n");
    let (_, rows) = read(&text);
    assert_eq!(texts(&rows)[0][1], note.replace("\"\"", "\""));
    assert_eq!(lines(&rows), [2, 5_003]);

    let limits = ReadLimits { max_record_bytes: 1_000, ..ReadLimits::default() };
    let (_, rows) = read_with(&text, &ReadSettings { limits, ..ReadSettings::default() });
    assert!(matches!(rows[0].problem, Some(RowProblem::StrayQuote { from_line: 2, .. })));
    assert_eq!(rows.last().unwrap().line, 5_003);
    assert_eq!(rows.last().unwrap().texts(), ["2", "b"]);
}

#[test]
fn always_quoted_files_resynchronise_as_well() {
    let mut text = String::from("\"id\",\"name\",\"x\"\r\n");
    for row in 1..=50 {
        let line = match row {
            7 => "\"7\",\"open,\"x\"\r\n".to_owned(),
            20 => "\"20\",\"b\",\"open\r\n".to_owned(),
            _ => format!("\"{row}\",\"n\",\"\"\r\n"),
        };
        text.push_str(&line);
    }
    let (_, rows) = read(text);
    assert_eq!(rows.len(), 50);
    assert_eq!(lines(&bad(&rows).into_iter().cloned().collect::<Vec<_>>()), [8, 21]);
    assert_eq!(rows[19].fields[0], b"20", "the identifier is read without its marks");
}
