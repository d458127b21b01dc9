//! Dialects that a file can have, and the awkward but legal cases of each.

use crate::rows::{LineEnding, Quoting, ReadSettings, RowReader};

use super::{Pieces, block_on, lines, read, read_with, texts};

#[test]
fn every_delimiter_is_recognised_and_quoted_ones_do_not_count() {
    for (delimiter, other) in [(',', ';'), (';', ','), ('\t', '|'), ('|', '\t')] {
        let text = format!(
            "LoyaltyId,EMail,Note\r\nC1,ai@example.jp,\"{other}{other}{other}{other} a,b\"\r\nC2,bo@example.com,\"say \"\"hi\"\"\"\r\n"
        )
        .replace("LoyaltyId,EMail,Note", &["LoyaltyId", "EMail", "Note"].join(&delimiter.to_string()))
        .replace("C1,ai@example.jp,", &format!("C1{delimiter}ai@example.jp{delimiter}"))
        .replace("C2,bo@example.com,", &format!("C2{delimiter}bo@example.com{delimiter}"))
        .replace("a,b", &format!("a{delimiter}b"));
        let (header, rows) = read(&text);
        assert_eq!(header.dialect.delimiter, delimiter as u8, "{text}");
        assert_eq!(header.columns, ["LoyaltyId", "EMail", "Note"]);
        let note = format!("{other}{other}{other}{other} a{delimiter}b");
        assert_eq!(texts(&rows), [["C1", "ai@example.jp", &note], ["C2", "bo@example.com", "say \"hi\""]]);
    }
}

#[test]
fn decimal_commas_and_lists_do_not_pass_for_delimiters() {
    let (header, rows) = read("id;email;points\n1;a@example.de;3,5\n2;b@example.de;12,75\n");
    assert_eq!(header.dialect.delimiter, b';');
    assert_eq!(texts(&rows)[1], ["2", "b@example.de", "12,75"]);

    let (header, _) = read("id,tags\n1,a;b;c;d\n2,a;b;c\n");
    assert_eq!(header.dialect.delimiter, b',');

    let (header, _) = read("id|address\n1|12, Main St, Springfield\n2|3, Rue X, Paris\n");
    assert_eq!(header.dialect.delimiter, b'|');
}

#[test]
fn without_a_header_the_rows_agree_on_the_delimiter() {
    let settings =
        ReadSettings { columns: Some(vec!["id".into(), "tags".into(), "email".into()]), ..ReadSettings::default() };
    let (header, rows) = read_with("1,a;b;c;d,x@example.com\n2,a,y@example.com\n3,,z@example.com\n", &settings);
    assert_eq!(header.dialect.delimiter, b',');
    assert_eq!(texts(&rows)[0], ["1", "a;b;c;d", "x@example.com"]);
}

#[test]
fn a_delimiter_that_is_set_is_not_questioned() {
    let settings = ReadSettings { delimiter: Some(b'^'), ..ReadSettings::default() };
    let (header, rows) = read_with("id^a,b,c\n1^x,y,z\n", &settings);
    assert_eq!(header.dialect.delimiter, b'^');
    assert_eq!(texts(&rows), [["1", "x,y,z"]]);
}

#[test]
fn a_single_column_is_read_whatever_is_in_it() {
    let (header, rows) = read("email\na@example.com\n\"b@example.com\"\n\"\"\n");
    assert_eq!(header.columns, ["email"]);
    assert_eq!(texts(&rows), [["a@example.com"], ["b@example.com"], [""]]);
}

#[test]
fn the_three_line_endings_are_distinguished_and_may_be_mixed() {
    for (ending, expected) in [("\n", LineEnding::Lf), ("\r\n", LineEnding::CrLf), ("\r", LineEnding::Cr)] {
        let text = ["a,b", "1,2", "", "3,4"].join(ending);
        for text in [text.clone(), format!("{text}{ending}"), format!("{text}{ending}{ending}{ending}")] {
            let (header, rows) = read(&text);
            assert_eq!(header.dialect.line_ending, expected);
            assert_eq!(texts(&rows), [["1", "2"], ["3", "4"]]);
            assert_eq!(lines(&rows), [2, 4]);
        }
    }
    let (_, rows) = read("a,b\r\n1,2\n3,4\r5,6\r\n\n\r\r\n7,8");
    assert_eq!(texts(&rows), [["1", "2"], ["3", "4"], ["5", "6"], ["7", "8"]]);
    assert_eq!(lines(&rows), [2, 3, 4, 8]);
}

#[test]
fn line_numbers_are_physical() {
    let text = "\n\nid,note\n1,plain\n2,\"two\nlines\"\n\n3,\"three\r\nlines\r\n, here\"\n4,\"old\rMac\"\n5,last";
    let (_, rows) = read(text);
    assert_eq!(
        texts(&rows),
        [["1", "plain"], ["2", "two\nlines"], ["3", "three\r\nlines\r\n, here"], ["4", "old\rMac"], ["5", "last"]]
    );
    assert_eq!(lines(&rows), [4, 5, 8, 11, 13]);
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}

#[test]
fn quotes_are_read_as_csv_readers_read_them() {
    let text = "a,b,c\n\"\",\"\"\"\",\"\"\"x\"\"\"\n\"a,b\",\" \",\"\n\"\n5\" pipe,x\"y\"z, \"q\"\n,,\n";
    let (header, rows) = read(text);
    assert_eq!(header.dialect.quoting, Quoting::Minimal);
    assert_eq!(
        texts(&rows),
        [["", "\"", "\"x\""], ["a,b", " ", "\n"], ["5\" pipe", "x\"y\"z", " \"q\""], ["", "", ""]]
    );
}

#[test]
fn text_behind_a_closing_mark_is_no_row() {
    let (_, rows) = read("a,b,c\n1,x,y\n\"a\"b,c,d\n2,\"z\",w\n");
    let problems: Vec<bool> = rows.iter().map(|row| row.problem.is_some()).collect();
    assert_eq!(problems, [false, true, false]);
}

#[test]
fn backslashes_before_marks_are_read_as_spark_writes_them() {
    let text =
        "Company,Id,Note\n\"Screens 48\\\"\",7,\"Made, there, by, us\"\nfine,8,x\n\"foo \\\" bar\",9,\"C:\\dir\\\\\"\n";
    let expected = [["Screens 48\"", "7", "Made, there, by, us"], ["fine", "8", "x"], ["foo \" bar", "9", "C:\\dir\\"]];
    let (header, rows) = read(text);
    assert!(header.dialect.backslash_escapes);
    assert_eq!(texts(&rows), expected);
    let set = ReadSettings { backslash_escapes: Some(true), ..ReadSettings::default() };
    assert_eq!(texts(&read_with(text, &set).1), expected);
    let doubled = ReadSettings { backslash_escapes: Some(false), ..ReadSettings::default() };
    assert!(read_with(text, &doubled).1.iter().any(|row| row.problem.is_some()));
    // A backslash at the end of a field is a character where marks are doubled.
    let (header, rows) = read("a,b\n\"C:\\\",\"5\"\"\"\n");
    assert!(!header.dialect.backslash_escapes);
    assert_eq!(texts(&rows), [["C:\\", "5\""]]);
}

#[test]
fn a_delimiter_at_the_end_of_every_row_is_no_field_of_its_own() {
    for text in
        ["Id,Email\n1,a@example.com,\n2,b@example.com,\n", "Id,Email\r\n1,\"a@example.com\",\r\n2,b@example.com,"]
    {
        let (header, rows) = read(text);
        assert_eq!(header.columns, ["Id", "Email"]);
        assert!(rows.iter().all(|row| row.problem.is_none()), "{rows:?}");
        assert_eq!((rows[0].texts()[1].as_str(), rows.len()), ("a@example.com", 2));
    }
    // One row that has it may have an unquoted delimiter elsewhere.
    let (_, rows) = read("Id,Name,Email\n1,Ann,a@example.com\n2,Lee, Bo,\n");
    assert!(rows[1].problem.is_some());
    let (_, rows) = read("Id,Email\n1,a@example.com,\n2,b@example.com,x\n3,\n");
    assert_eq!(rows.iter().map(|row| row.problem.is_some()).collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn always_quoted_files_are_recognised() {
    let (header, rows) = read("\"Id\";\"Name\"\r\n\"1\";\"山田 太郎 😀\"\r\n\"2\";\"O\"\"Neil; \"\"Jr\"\"\"\r\n");
    assert_eq!(header.dialect.quoting, Quoting::Always);
    assert_eq!(header.columns, ["Id", "Name"]);
    assert_eq!(texts(&rows), [["1", "山田 太郎 😀"], ["2", "O\"Neil; \"Jr\""]]);
}

#[test]
fn where_nothing_is_quoted_quotation_marks_are_characters() {
    let settings = ReadSettings { quoting: Some(Quoting::Never), ..ReadSettings::default() };
    let (header, rows) = read_with("id,size,note\n1,\"5,open\n2,\"a\",\"\"\n", &settings);
    assert_eq!(header.dialect.quoting, Quoting::Never);
    assert_eq!(texts(&rows), [["1", "\"5", "open"], ["2", "\"a\"", "\"\""]]);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_column() {
    for text in ["\u{feff}id,name\n1,é\n", "\u{feff}\"id\",name\n1,é\n", "\u{feff}\r\nid,name\n1,é\n"] {
        let (header, rows) = read(text);
        assert!(header.dialect.byte_order_mark);
        assert_eq!(header.columns, ["id", "name"]);
        assert_eq!(texts(&rows), [["1", "é"]]);
    }
    let (header, _) = read("id\n1\n");
    assert!(!header.dialect.byte_order_mark);
}

#[test]
fn a_reader_can_move_between_threads() {
    fn movable<T: Send>(_: &T) {}
    let opening = RowReader::open(Pieces::new(b"id\n1\n", 1), ReadSettings::default());
    movable(&opening);
    let mut reader = block_on(opening).unwrap();
    movable(&reader.next_row());
}
