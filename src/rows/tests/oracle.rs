//! The csv crate as an oracle: where a text is legal, both read the same.

use proptest::prelude::*;

use crate::rows::{Quoting, ReadSettings, RowProblem};

use super::{Given, cases, read_with};

/// The line in which the record after `byte` bytes begins.
fn line_at(text: &[u8], byte: u64) -> u64 {
    let byte = usize::try_from(byte).unwrap();
    let blank = text[byte..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
    let before = String::from_utf8_lossy(&text[..byte + blank]).replace("\r\n", "\n").replace('\r', "\n");
    before.matches('\n').count() as u64 + 1
}

/// The records that the csv crate reads, each with the line of its beginning.
fn oracle(text: &[u8], delimiter: u8, quoting: bool) -> Vec<(u64, Vec<Vec<u8>>)> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .quoting(quoting)
        .from_reader(text);
    reader
        .byte_records()
        .map(|record| {
            let record = record.unwrap();
            (line_at(text, record.position().unwrap().byte()), record.iter().map(<[u8]>::to_vec).collect())
        })
        .collect()
}

fn fields(rows: &[Given]) -> Vec<Vec<Vec<u8>>> {
    rows.iter().map(|row| row.fields.clone()).collect()
}

proptest! {
    #![proptest_config(cases(400))]

    /// What the csv crate writes is read as the csv crate reads it, whatever the dialect.
    #[test]
    fn what_is_written_is_read(
        rows in prop::collection::vec(prop::collection::vec("[ab\u{e9}山😀,;|\t\"\n \\\\']{0,8}", 3), 0..12),
        delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|']),
        always in any::<bool>(),
        crlf in any::<bool>(),
    ) {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .quote_style(if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary })
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .from_writer(Vec::new());
        writer.write_record(["id", "email", "name"]).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = writer.into_inner().unwrap();
        let settings = ReadSettings { delimiter: Some(delimiter), ..ReadSettings::default() };
        let (header, given) = read_with(&text, &settings);
        prop_assert_eq!(header.columns, vec!["id", "email", "name"]);
        let expected = oracle(&text, delimiter, true);
        prop_assert_eq!(fields(&given), expected[1..].iter().map(|(_, row)| row.clone()).collect::<Vec<_>>());
        prop_assert_eq!(given.iter().map(|row| row.line).collect::<Vec<_>>(), expected[1..].iter().map(|(line, _)| *line).collect::<Vec<_>>());
        prop_assert!(given.iter().all(|row| row.problem.is_none()));
    }

    /// Any text at all: unless a stray quotation mark is reported, the rows are those of the csv crate.
    #[test]
    fn any_text_is_read_alike_or_reported(body in "[ab,\"\"\n\r\u{e9}]{0,80}") {
        let text = format!("p,q,r\n{body}\n");
        let settings = ReadSettings { delimiter: Some(b','), ..ReadSettings::default() };
        let (_, given) = read_with(&text, &settings);
        let expected: Vec<_> = oracle(text.as_bytes(), b',', true)[1..].iter().map(|(_, row)| row.clone()).collect();
        if given.iter().all(|row| !matches!(row.problem, Some(RowProblem::StrayQuote { .. }))) {
            prop_assert_eq!(fields(&given), expected);
        }
        prop_assert!(given.windows(2).all(|pair| pair[0].line < pair[1].line));
    }

    /// Without quoting there are no stray marks, and the rows are always those of the csv crate.
    #[test]
    fn any_text_without_quoting(body in "[ab,\"\n\r\u{e9}]{0,80}") {
        let text = format!("p,q,r\n{body}\n");
        let settings = ReadSettings { delimiter: Some(b','), quoting: Some(Quoting::Never), ..ReadSettings::default() };
        let (_, given) = read_with(&text, &settings);
        let expected: Vec<_> = oracle(text.as_bytes(), b',', false)[1..].iter().map(|(_, row)| row.clone()).collect();
        prop_assert_eq!(fields(&given), expected);
    }

    /// Any bytes at all: no panic, and every piece size gives the same.
    #[test]
    fn any_bytes(bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"\",\n\r;\xef\xbb\xbf\0".to_vec())], 0..200)) {
        let _ = super::try_read(&bytes, &ReadSettings::default());
    }
}
