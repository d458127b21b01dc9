//! Records written back are read as what they were.

use proptest::prelude::*;

use crate::rows::{Dialect, LineEnding, Quoting, ReadSettings, RecordWriter, TextEncoding};

use super::{cases, read, read_with, texts};

fn dialects() -> Vec<Dialect> {
    let mut dialects = Vec::new();
    for delimiter in [b',', b';', b'\t', b'|'] {
        for quoting in [Quoting::Minimal, Quoting::Always] {
            for line_ending in [LineEnding::Lf, LineEnding::CrLf, LineEnding::Cr] {
                for byte_order_mark in [false, true] {
                    dialects.push(Dialect {
                        delimiter,
                        quoting,
                        line_ending,
                        gzip: false,
                        byte_order_mark,
                        backslash_escapes: false,
                        surplus_field: false,
                        encoding: TextEncoding::default(),
                    });
                }
            }
        }
    }
    dialects
}

#[test]
fn rows_survive_with_further_columns() {
    let source = "id;name;note\r\n1;山田 😀;\"a; \"\"b\"\"\r\nc\"\r\n;;\r\n";
    let (header, rows) = read(source);
    let writer = RecordWriter::new(header.dialect);
    let mut text = Vec::new();
    writer.write_header(&header.columns, &["reason", "line"], &mut text);
    for row in &rows {
        writer.write(&row.record, &["too; bad", &row.line.to_string()], &mut text);
    }
    let expected =
        "id;name;note;reason;line\r\n1;山田 😀;\"a; \"\"b\"\"\r\nc\";\"too; bad\";2\r\n;;;\"too; bad\";4\r\n";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
}

#[test]
fn further_columns_stay_in_their_place_beside_broken_rows() {
    let (header, rows) = read("a,b\n1\n1,2,3\n");
    let writer = RecordWriter::new(header.dialect);
    let mut text = Vec::new();
    for row in &rows {
        writer.write_aligned(&row.record, 2, 0, &["why"], &mut text);
    }
    assert_eq!(text, b"1,,why\n1,2,why,3\n");

    let (header, rows) = read("a,b,x,y\n1,2,3,4\n1\n1,2,3,4,5\n");
    let mut text = Vec::new();
    for row in &rows {
        RecordWriter::new(header.dialect).write_aligned(&row.record, 1, 2, &["why"], &mut text);
    }
    assert_eq!(text, b"1,why,4\n1,why\n1,why,4,5\n", "columns left out are not written");
}

#[test]
fn without_quoting_a_delimiter_in_a_reason_becomes_a_space() {
    let settings = ReadSettings { quoting: Some(Quoting::Never), ..ReadSettings::default() };
    let (header, rows) = read_with("a,b\n\"1,2\n", &settings);
    let mut text = Vec::new();
    RecordWriter::new(header.dialect).write(&rows[0].record, &["no, really\n"], &mut text);
    assert_eq!(text, b"\"1,2,no  really \n");
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn any_field_survives_any_dialect(
        fields in prop::collection::vec(prop::collection::vec("[a\u{e9}山,;|\t\"\n\r \u{feff}]{0,6}", 2), 1..8),
        choice in 0_usize..48,
    ) {
        let dialect = dialects()[choice];
        let settings = ReadSettings { delimiter: Some(dialect.delimiter), ..ReadSettings::default() };
        let mut text = Vec::new();
        let writer = RecordWriter::new(dialect);
        writer.write_header(&["p".into(), "q".into()], &[], &mut text);
        for row in &fields {
            let row: Vec<&str> = row.iter().map(String::as_str).collect();
            let empty = read("z\n\"\"\n").1[0].record.clone();
            let mut line = Vec::new();
            // The record's own field is empty here; its delimiter is cut off again.
            writer.write(&empty, &row, &mut line);
            let own = if dialect.quoting == Quoting::Always { 3 } else { 1 };
            text.extend_from_slice(&line[own..]);
        }
        // A mark for byte order at the start of a line is dropped unless it is quoted, and it was no first field here.
        prop_assume!(dialect.quoting == Quoting::Always || fields.iter().all(|row| !row[0].starts_with('\u{feff}')));
        let (header, rows) = read_with(&text, &settings);
        prop_assert_eq!(header.dialect, dialect);
        prop_assert_eq!(texts(&rows), fields);
    }
}
